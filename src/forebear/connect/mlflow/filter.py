"""The filters of MLflow's searches: comparisons joined by AND, such as `name LIKE 'pick%' AND tag.team = 'arms'`.

`parse` reads one. `FilterParameters` says the same as parameters of a statement: patterns that a value has to match as a whole,
in the syntax that Java's regular expressions and Python's have in common.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from forebear.connect.mlflow.errors import MlflowError, invalid
from forebear.graph.document import json_text

IS_PROMPT = "mlflow.prompt.is_prompt"
"""The key of the tag that marks a prompt. A search leaves prompts out unless its filter names them."""

MODELS = ("name",)
VERSIONS = ("name", "version_number", "run_id", "source_path")

TEXT_OPERATORS = ("=", "!=", "LIKE", "ILIKE")
NUMBER_OPERATORS = ("=", "!=", "<", "<=", ">", ">=")

LONGEST = 20_000
"""The longest filter, in characters."""


@dataclass(frozen=True)
class FilterTerm:
    """One comparison. `tag`: `key` is the key of a tag, and not an attribute."""

    key: str
    operator: str
    value: str | int | tuple[str, ...]
    tag: bool = False


_TOKEN = re.compile(
    r"""\s+ | (?P<operator><=|>=|!=|<>|==|=|<|>) | (?P<mark>[(),]) | (?P<string>'(?:''|\\.|[^'\\])*'|"(?:""|\\.|[^"\\])*")
    | (?P<number>-?\d+(?:\.\d+)?(?![\w.])) | (?P<word>(?:[^\s'"`=<>!(),]|`[^`]*`|(?<=\.)'[^']*'|(?<=\.)"[^"]*")+)""",
    re.X | re.S,
)


def parse(text: str | None, attributes: Sequence[str]) -> tuple[FilterTerm, ...]:
    """Return the comparisons of a filter. Raises `MlflowError`."""
    if not text or not text.strip():
        return ()
    if len(text) > LONGEST:
        raise invalid(f"Invalid filter: it is longer than {LONGEST} characters.")
    return tuple(_Reader(text, attributes).comparisons())


class _Reader:
    def __init__(self, text: str, attributes: Sequence[str]) -> None:
        self._text = text
        self._attributes = attributes
        self._tokens = [*self._read()]
        self._next = 0

    def _read(self) -> Iterator[tuple[str, str]]:
        at = 0
        while at < len(self._text):
            token = _TOKEN.match(self._text, at)
            if token is None:
                raise invalid(f"Invalid clause(s) in filter string: {self._text[at:]}")
            at = token.end()
            if token.lastgroup:
                yield token.lastgroup, token[0]

    def comparisons(self) -> Iterator[FilterTerm]:
        yield self._comparison()
        while self._next < len(self._tokens):
            start = self._next
            kind, text = self._take()
            if kind != "word" or text.upper() != "AND" or self._next == len(self._tokens):
                raise self._wrong(start)
            yield self._comparison()

    def _take(self) -> tuple[str, str]:
        if self._next == len(self._tokens):
            return "end", ""
        self._next += 1
        return self._tokens[self._next - 1]

    def _wrong(self, start: int) -> MlflowError:
        return invalid(f"Invalid clause(s) in filter string: {' '.join(text for _, text in self._tokens[start:])}")

    def _comparison(self) -> FilterTerm:
        start = self._next
        kind, text = self._take()
        if kind != "word" or text.upper() in ("NOT", "AND", "OR"):
            raise self._wrong(start)
        kind, operator = self._take()
        operator = operator.upper()
        if kind not in ("operator", "word") or (kind == "word" and operator not in ("LIKE", "ILIKE", "IN")):
            raise self._wrong(start)
        tag, key = self._identifier(text)
        if key == "version_number" and not tag:
            return FilterTerm(key, self._operator(operator, NUMBER_OPERATORS, key), self._number(start, key))
        if operator == "IN" and key == "run_id" and not tag:
            return FilterTerm(key, operator, self._list(start))
        return FilterTerm(key, self._operator(operator, TEXT_OPERATORS, None if tag else key), self._string(start, tag), tag)

    def _identifier(self, text: str) -> tuple[bool, str]:
        entity, dot, key = text.partition(".")
        if not dot:
            entity, key = "attribute", text
        if entity not in ("attribute", "tag", "tags"):
            raise invalid(f"Invalid entity type '{entity}'. Valid entity types are ('attribute', 'tag', 'tags')")
        if len(key) > 1 and key[0] == key[-1] and key[0] in "`'\"":
            key = key[1:-1]
        if entity == "attribute" and key not in self._attributes:
            raise invalid(f"Invalid attribute key '{key}' specified. Valid keys are '{sorted(self._attributes)}'")
        return entity != "attribute", key

    @staticmethod
    def _operator(operator: str, allowed: Sequence[str], key: str | None) -> str:
        if operator not in allowed:
            raise invalid(f"Invalid comparator for {f'attribute {key}' if key else 'tag'}: {operator}")
        return operator

    def _number(self, start: int, key: str) -> int:
        kind, text = self._take()
        if kind == "end":
            raise self._wrong(start)
        digits = text.strip("'\"") if kind == "string" else text
        if kind not in ("number", "string") or not re.fullmatch(r"-?\d+", digits):
            raise invalid(f"Invalid value for numeric attribute '{key}': {text}")
        return int(digits)

    def _string(self, start: int, tag: bool) -> str:
        kind, text = self._take()
        if kind == "string":
            return _unquoted(text)
        if kind == "word":
            raise invalid(
                f"Parameter value is either not quoted or unidentified quote types used for string value {text}. "
                "Use either single or double quotes."
            )
        if kind == "end":
            raise self._wrong(start)
        what = "tag (e.g. 'my-value')" if tag else "attributes"
        raise invalid(f"Expected a quoted string value for {what}. Got value {text}")

    def _list(self, start: int) -> tuple[str, ...]:
        expected = "While parsing a list in the query, expected a non-empty list of string values, but got"
        if self._take() != ("mark", "("):
            raise self._wrong(start)
        values: list[str] = []
        while True:
            kind, text = self._take()
            if (kind, text) == ("mark", ")"):
                break
            if kind == "number":
                raise invalid(
                    "While parsing a list in the query, expected string value, punctuation, or whitespace, but got different "
                    f"type in list: {text}"
                )
            if kind != "string":
                raise invalid(f"{expected} ill-formed list.")
            values.append(_unquoted(text))
            kind, text = self._take()
            if (kind, text) == ("mark", ")"):
                break
            if (kind, text) != ("mark", ","):
                raise invalid(f"{expected} ill-formed list.")
        if not values:
            raise invalid(f"{expected} empty list")
        return tuple(values)


def _unquoted(text: str) -> str:
    # As MLflow does, which takes the quotes off and leaves escapes as they are.
    return text[1:-1]


@dataclass(frozen=True)
class Patterns:
    """What a value has to match, and what it must not match."""

    matching: list[str] = field(default_factory=list)
    avoiding: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class FilterParameters:
    """A filter as parameters of a statement."""

    names: list[str] | None
    """The only names that can meet it. None: any name may."""
    of: dict[str, Patterns]
    """Patterns for the attributes `name`, `run_id` and `source_path`, and for `tags`: the text that the graph holds of them."""
    least: int = 0
    most: int = 2**63 - 1
    other_than: list[int] = field(default_factory=list)
    """Bounds of the version's number."""

    def parameters(self) -> dict[str, Any]:
        """Return the parameters by name."""
        patterns = {
            f"{prefix}_{name}": patterns
            for name, each in self.of.items()
            for prefix, patterns in (("like", each.matching), ("unlike", each.avoiding))
        }
        return {"names": self.names, "least": self.least, "most": self.most, "other_than": self.other_than, **patterns}


def select(comparisons: Sequence[FilterTerm]) -> FilterParameters:
    """Return what meets all comparisons. Prompts do not, unless a comparison names them."""
    of = {name: Patterns() for name in ("name", "run_id", "source_path", "tags")}
    names: list[str] | None = None
    least, most, other_than = 0, 2**63 - 1, []
    prompts = any(map(_names_prompts, comparisons))
    for c in comparisons:
        if c.tag:
            if c.key != IS_PROMPT or prompts:
                _add_tag(of["tags"], c)
        elif isinstance(c.value, int):
            n = max(-1, min(c.value, 2**62))
            match c.operator:
                case "!=":
                    other_than.append(n)
                case "=":
                    least, most = max(least, n), min(most, n)
                case "<" | "<=":
                    most = min(most, n - (c.operator == "<"))
                case _:
                    least = max(least, n + (c.operator == ">"))
        elif isinstance(c.value, tuple):
            of[c.key].matching.append(f"(?s)(?:{'|'.join(map(re.escape, c.value))})")
        else:
            if c.key == "name" and c.operator == "=":
                names = [c.value] if names in (None, [c.value]) else []
            (of[c.key].avoiding if c.operator == "!=" else of[c.key].matching).append(
                f"(?s){_value(c.operator, c.value, _PLAIN)}"
            )
    if not prompts:
        of["tags"].avoiding.append(_tag(IS_PROMPT, "true"))
    return FilterParameters(names, of, least, most, other_than)


def _names_prompts(c: FilterTerm) -> bool:
    named = (c.operator, str(c.value).lower()) in (("=", "true"), ("!=", "false"))
    return c.tag and c.key == IS_PROMPT and named


def _add_tag(patterns: Patterns, c: FilterTerm) -> None:
    """Add a comparison of a tag. A tag that is missing never meets one."""
    assert isinstance(c.value, str)
    if c.operator == "!=":
        patterns.matching.append(_tag(c.key, _ANYTHING, whole=True))
        patterns.avoiding.append(_tag(c.key, c.value))
    else:
        patterns.matching.append(_tag(c.key, _value(c.operator, c.value, _JSON), whole=True))


def _tag(key: str, value: str, *, whole: bool = False) -> str:
    """Return the pattern of tags that hold a key with a value. `whole`: the value is a pattern already.

    A quote inside a text of JSON is escaped, so nothing but a tag looks like one.
    """
    pattern = value if whole else re.escape(_inside(value))
    return f'(?s).*\\{{"key":"{re.escape(_inside(key))}","value":"{pattern}"\\}}.*'


def _inside(text: str) -> str:
    """Return a text as it is inside a text of JSON."""
    return json_text(text)[1:-1]


_PLAIN = (".*", ".")
_ANYTHING = r'[^"\\]*(?:\\.[^"\\]*)*'
_JSON = (_ANYTHING, r'(?:[^"\\]|\\u[0-9a-f]{4}|\\[^u])')
"""What the wildcards `%` and `_` stand for: in a text as it is, and in a text of JSON."""


def _value(operator: str, value: str, wildcards: tuple[str, str]) -> str:
    """Return the pattern of the values that meet a comparison."""
    inside = _inside if wildcards is _JSON else str
    if operator in ("=", "!="):
        return re.escape(inside(value))
    any_text, any_one = wildcards
    parts = (any_text if c == "%" else any_one if c == "_" else re.escape(inside(c)) for c in value)
    pattern = "".join(parts)
    return f"(?iu:{pattern})" if operator == "ILIKE" else pattern
