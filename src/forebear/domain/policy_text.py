"""A policy as people write it: YAML or JSON, with the line of every field.

YAML is read as its version 1.2 does (the core schema): `no`, `on` and `yes` are texts, dates are texts, `010` is ten. Tags,
aliases and repeated names are mistakes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from forebear.domain.clause import InvalidPolicy, Mistake
from forebear.graph.document import InvalidDocument, not_finite


@dataclass(frozen=True)
class PolicyText:
    """The document of a text, and the line (from 1) at which each path begins."""

    document: object
    lines: Mapping[str, int]

    def located(self, mistakes: Iterable[Mistake]) -> tuple[Mistake, ...]:
        """Return the mistakes with their lines, in the order of the text. A missing field has the line of its parent."""
        located = (replace(mistake, line=self._line(mistake.path)) for mistake in mistakes)
        return tuple(sorted(located, key=lambda mistake: mistake.line or 0))

    def _line(self, path: str) -> int | None:
        while path and path not in self.lines:
            path = path.rpartition(".")[0]
        return self.lines.get(path)


def read(text: str) -> PolicyText:
    """Read a text. Raises `InvalidPolicy` if it is neither YAML nor JSON, or repeats a name."""
    reading = _Reading()
    # Some editors begin a file with a byte order mark.
    text = text.removeprefix("\ufeff")
    try:
        is_json, document = _json(text)
        # JSON is YAML, except for tabs between its tokens. Its texts contain none.
        node = yaml.compose(text.replace("\t", " ") if is_json else text, _Loader)
        if node is None:
            raise InvalidPolicy([Mistake("", "is empty")])
        document_of_yaml = reading.value(node, "")
        for path, number in not_finite(document if is_json else document_of_yaml):
            reading.mistakes.append(
                Mistake(path, f"{number} is no number of JSON, which knows finite ones only", reading.lines.get(path))
            )
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = ": ".join(part for part in (error.context, error.problem) if part)
        raise InvalidPolicy([Mistake("", f"is no YAML: {message}", mark.line + 1 if mark else None)]) from None
    except yaml.YAMLError as error:
        raise InvalidPolicy([Mistake("", f"is no YAML: {' '.join(str(error).split())}")]) from None
    except (RecursionError, InvalidDocument):
        raise InvalidPolicy([Mistake("", "is nested too deeply")]) from None
    if reading.mistakes:
        raise InvalidPolicy(reading.mistakes)
    return PolicyText(document if is_json else document_of_yaml, reading.lines)


def _json(text: str) -> tuple[bool, object]:
    try:
        return True, json.loads(text)
    except ValueError:
        return False, None


_SCALARS: Mapping[str, tuple[str, tuple[str, ...], Callable[[str], object]]] = {
    "null": (r"~|null|Null|NULL|", ("~", "n", "N", ""), lambda text: None),
    "bool": (r"true|True|TRUE|false|False|FALSE", tuple("tTfF"), lambda text: text.lower() == "true"),
    "int": (r"[-+]?[0-9]+", tuple("-+0123456789"), int),
    "float": (r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", tuple("-+.0123456789"), float),
    "str": (r"(?s:.*)", (), str),
}
"""The scalars of YAML's core schema by tag: their form, their first characters, and how to read them."""

_TAG = "tag:yaml.org,2002:"


class _Loader(yaml.SafeLoader):
    """PyYAML's loader, which knows YAML 1.1, with the scalars of YAML 1.2 and without aliases."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 - PyYAML's own, to be filled anew

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            mark = self.get_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "aliases are not allowed: write it out", mark)
        return super().compose_node(parent, index)


for _name, (_form, _first, _) in _SCALARS.items():
    if _first:
        _Loader.add_implicit_resolver(_TAG + _name, re.compile(rf"(?:{_form})\Z"), [*_first])


@dataclass
class _Reading:
    """The lines and the mistakes on the way through a text."""

    lines: dict[str, int] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)

    def value(self, node: yaml.Node, path: str) -> object:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
            return [self.value(item, f"{path}.{i}".lstrip(".")) for i, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
            return self.mapping(node, path)
        tag = node.tag.removeprefix(_TAG)
        form, _, says = _SCALARS.get(tag, (None, (), str))
        if not isinstance(node, yaml.ScalarNode) or form is None or not re.fullmatch(form, node.value):
            self.mistake(path, f"has the tag {tag!r}: write it without a tag", node)
            return None
        try:
            return says(node.value)
        except ValueError:
            self.mistake(path, "is a number with too many digits", node)
            return None

    def mapping(self, node: yaml.MappingNode, path: str) -> dict[str, object]:
        values: dict[str, object] = {}
        for key, item in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.mistake(path, "has a name that is no text", key)
                continue
            name = f"{path}.{key.value}".lstrip(".")
            if key.value in values:
                self.mistake(name, f"is given twice, before in line {self.lines[name]}", key)
            self.lines[name] = key.start_mark.line + 1
            values[key.value] = self.value(item, name)
        return values

    def mistake(self, path: str, message: str, node: yaml.Node) -> None:
        self.mistakes.append(Mistake(path, message, node.start_mark.line + 1))
