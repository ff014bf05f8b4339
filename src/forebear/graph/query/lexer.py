"""The words of a Cypher text: strings, comments, parameters and names, and where brackets close."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum, auto
from typing import NamedTuple


class Word(StrEnum):
    """The kind of a token."""

    COMMENT = auto()
    STRING = auto()
    """A text in quotes, or a name in backticks."""
    SPACE = auto()
    NUMBER = auto()
    PARAMETER = auto()
    """`$now`."""
    NAME = auto()
    """A keyword, a variable, a label, a property or a function."""
    SIGN = auto()
    """One character: an operator, a bracket, a comma."""


class Lexeme(NamedTuple):
    """A word of a text, and the line that it begins on, counted from 1."""

    word: Word
    text: str
    line: int


_TOKEN = re.compile(
    r"(?P<comment>//[^\n]*|/\*.*?\*/)"
    r"|(?P<string>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`)"
    r"|(?P<space>\s+)"
    r"|(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
    r"|(?P<parameter>\$\w+)"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<sign>.)",
    re.S,
)
_WORDS = {word.value: word for word in Word}
_OPENING = {"(": ")", "[": "]", "{": "}"}
SILENT = (Word.SPACE, Word.COMMENT)
"""The tokens between words."""


def tokens(source: str, line: int = 1) -> Iterator[Lexeme]:
    """Return the tokens of a text whose first line has the number `line`. Their texts joined are the source."""
    for m in _TOKEN.finditer(source):
        yield Lexeme(_WORDS[m.lastgroup or ""], m[0], line)
        line += m[0].count("\n")


def source_of(read: Sequence[Lexeme]) -> str:
    """Return the text of tokens."""
    return "".join(token.text for token in read)


def closing(read: Sequence[Lexeme], opening: int) -> int | None:
    """Return the index of the bracket that closes the one at `opening`, or None."""
    expected: list[str] = []
    for i in range(opening, len(read)):
        text = read[i].text if read[i].word is Word.SIGN else ""
        if text in _OPENING:
            expected.append(_OPENING[text])
        elif text in (")", "]", "}"):
            if expected.pop() != text:
                return None
            if not expected:
                return i
    return None


def cut(read: Sequence[Lexeme]) -> list[list[Lexeme]]:
    """Return a list of expressions, cut at its commas outside of brackets, without the space around each."""
    parts: list[list[Lexeme]] = [[]]
    depth = 0
    for token in read:
        sign = token.text if token.word is Word.SIGN else ""
        depth += (sign in ("(", "[", "{")) - (sign in (")", "]", "}"))
        if sign == "," and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return [stripped(part) for part in parts]


def listed(text: str) -> list[str]:
    """The expressions of a list as texts, cut at its commas outside of brackets and quotes.

    >>> listed("a.b, {c: 1, d: '2, 3'}")
    ['a.b', "{c: 1, d: '2, 3'}"]
    """
    return [source_of(part) for part in cut([*tokens(text)])]


def stripped(read: Sequence[Lexeme]) -> list[Lexeme]:
    """Return tokens without the space at either end."""
    within = [i for i, token in enumerate(read) if token.word is not Word.SPACE]
    return list(read[within[0] : within[-1] + 1]) if within else []


def beside(read: Sequence[Lexeme], i: int, step: int) -> str:
    """Return the next text before (`step` -1) or behind (1) an index that is neither space nor comment, or an empty text."""
    i += step
    while 0 <= i < len(read) and read[i].word in SILENT:
        i += step
    return read[i].text if 0 <= i < len(read) else ""


_STEP = re.compile(
    r"'[^']*'|[{}()\[\]]|\s(?:AND|OR|XOR)\s|\s*(?:$|\b(?:MATCH|WITH|RETURN|CALL|UNWIND|UNION|OPTIONAL|ORDER)\b)|\b(?:CASE|END)\b"
)


def conditions(text: str, start: int) -> tuple[list[str], str]:
    """Return the conditions of a WHERE that AND joins, from an index on, and the text behind them.

    >>> conditions("a.x = 1 AND EXISTS { MATCH (b) WHERE b.y AND b.z } RETURN a", 0)
    (['a.x = 1', 'EXISTS { MATCH (b) WHERE b.y AND b.z }'], ' RETURN a')
    """
    depth, end, loose = 0, len(text), False
    cuts: list[re.Match[str]] = []
    for m in _STEP.finditer(text, start):
        step = m[0].strip()
        if step in ("(", "[", "{", "CASE"):
            depth += 1
        elif depth and step in (")", "]", "}", "END"):
            depth -= 1
        elif depth or step.startswith("'"):
            continue
        elif step in ("OR", "XOR"):
            loose = True
        elif step == "AND":
            cuts.append(m)
        else:
            end = m.start()
            break
    cuts = [] if loose else cuts
    starts, ends = [start, *(m.end() for m in cuts)], [*(m.start() for m in cuts), end]
    return [text[a:b].strip() for a, b in zip(starts, ends, strict=True)], text[end:]


def brace_end(text: str, start: int) -> int:
    """Return the index of the brace that closes the one opened before `start`, or the text's length if none does."""
    depth = 1
    for i in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[i], 0)
        if depth == 0:
            return i
    return len(text)
