"""Cases written side by side in Markdown: what is given, and the whole statement that it becomes.

    ## name of the case
    ### what is given, or what it becomes
    ```
    text
    ```

With FOREBEAR_REWRITE=1 in the environment, what differs is written back, to be read in the diff.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

_CASE = re.compile(r"^## (?P<name>.+?)\n(?P<blocks>.*?)(?=^## |\Z)", re.M | re.S)
_BLOCK = re.compile(r"^### (?P<label>.+?)\n```\w*\n(?P<text>.*?)\n```$", re.M | re.S)


class Case(dict[str, str]):
    """The blocks of a case by their labels."""

    def __init__(self, file: Path, name: str, blocks: dict[str, str]) -> None:
        super().__init__(blocks)
        self.file = file
        self.name = name

    def compare(self, label: str, text: str) -> None:
        """Asserts that a block is the text, but for line breaks and indentation."""
        if os.environ.get("FOREBEAR_REWRITE") == "1" and words(self.get(label, "")) != words(text):
            self._rewrite(label, text)
            return
        assert words(text) == words(self[label])

    def _rewrite(self, label: str, text: str) -> None:
        source = self.file.read_text("utf-8")
        for case in _CASE.finditer(source):
            if case["name"] == self.name:
                rest = re.sub(rf"^### {re.escape(label)}\n```\w*\n.*?\n```\n", "", case["blocks"], flags=re.M | re.S)
                rest = f"{rest.rstrip()}\n\n### {label}\n```\n{broken(text)}\n```\n"
                self.file.write_text(f"{source[: case.start('blocks')]}\n{rest.lstrip()}\n{source[case.end() :]}", "utf-8")
                return


def cases(name: str) -> Iterator[Case]:
    """The cases of a file beside this one."""
    file = Path(__file__).parent / "statements" / name
    for case in _CASE.finditer(file.read_text("utf-8")):
        yield Case(file, case["name"], {b["label"]: b["text"] for b in _BLOCK.finditer(case["blocks"])})


def words(text: str) -> list[str]:
    """A text without its layout."""
    return text.split()


def broken(text: str) -> str:
    """A statement broken into lines, indented by its braces."""
    lines, depth = [], 0
    for line in re.split(r"\n| (?=(?:MATCH|RETURN|WITH|CALL|UNWIND|UNION) )", text):
        line = line.strip()
        closes = len(line) - len(line.lstrip("}"))
        lines.append("  " * max(0, depth - closes) + line)
        depth += line.count("{") - line.count("}")
    return "\n".join(line.rstrip() for line in lines)
