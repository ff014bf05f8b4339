"""The page about the audit trail is true: its hashes are those of its examples."""

import hashlib
import json
import re
from pathlib import Path

from forebear.audit.chain import Entry, Head

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "audit.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.S)


def test_the_examples_have_the_hashes_that_they_say() -> None:
    entry, head = (json.loads(block) for block in blocks("json"))
    assert Entry.stored(entry).recomputed() == entry["hash"]
    assert Head.stored(head).recomputed() == head["hash"]
    assert json.loads(head["grown"]) == {entry["subject"]: [1, entry["hash"]]}


def test_the_bytes_of_the_example_have_its_hash() -> None:
    (text,) = blocks("text")
    assert hashlib.sha256(text.replace("\n", "").encode()).hexdigest() == json.loads(blocks("json")[0])["hash"]
