"""The role of a name in a Cypher text: a variable, where one is bound, a function, or something else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum, auto

from forebear.graph.query.lexer import SILENT, Lexeme, Word, beside, cut, tokens


class Mention(StrEnum):
    """The role of a name."""

    VARIABLE = auto()
    BOUND = auto()
    """A variable that is bound here, or bound already and part of a pattern."""
    CALLED = auto()
    """A function or a rule."""
    OTHER = auto()
    """A keyword, a label, a property, the key of a map."""


CLAUSES = frozenset([
    "MATCH", "OPTIONAL", "WHERE", "WITH", "RETURN", "UNWIND", "CALL", "UNION", "ORDER", "LIMIT", "SKIP", "OFFSET", "FINISH",
    "USE", "YIELD", "LOAD", "CREATE", "MERGE", "SET", "DELETE", "DETACH", "REMOVE", "FOREACH", "DROP", "INSERT",
])  # fmt: skip
"""The words that begin a clause, or a part of one."""

_CONSTANTS = frozenset(["true", "false", "null"])
SUBQUERIES = frozenset(["EXISTS", "COUNT", "COLLECT"])
"""The words that make an expression from a subquery in braces."""


def variables(read: Sequence[Lexeme]) -> set[str]:
    """Return the names of all variables."""
    return {
        token.text for token, mention in zip(read, mentions(read), strict=True) if mention in (Mention.VARIABLE, Mention.BOUND)
    }


def left(text: str) -> tuple[str, ...]:
    """Return the variables that a text leaves in scope if its last clause is a WITH that lists them; else none.

    >>> left("MATCH (a)-[e:MADE]->(b) WITH a, count(b) AS made WHERE made > 1 WITH * ORDER BY made")
    ('a', 'made')
    """
    read = [token for token in tokens(text) if token.word is not Word.COMMENT]
    names: tuple[str, ...] = ()
    depth = 0
    for i, token in enumerate(read):
        depth += token.word is Word.SIGN and (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
        if depth or token.word is not Word.NAME or token.text not in CLAUSES - {"WHERE", "ORDER", "SKIP", "LIMIT"}:
            continue
        if token.text != "WITH":
            names = ()
        elif beside(read, i, 1) != "*":
            names = tuple(item[-1].text for item in cut(_clause(read[i + 1 :])))
    return names


def _clause(read: Sequence[Lexeme]) -> list[Lexeme]:
    """Return the tokens up to the next clause, or the next part of one."""
    depth = 0
    for i, token in enumerate(read):
        depth += token.word is Word.SIGN and (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
        if not depth and token.word is Word.NAME and token.text in CLAUSES:
            return list(read[:i])
    return list(read)


@dataclass
class _Frame:
    """A bracket that is open."""

    bracket: str
    name: str
    """The word before it: a function, or the beginning of a subquery."""
    clause: str
    """For a subquery: the clause that is being read."""

    @property
    def is_map(self) -> bool:
        """Whether its names before colons are keys."""
        return self.bracket == "{" and not self.clause


def mentions(read: Sequence[Lexeme]) -> list[Mention]:
    """Return the role of each token. A variable, a function and a rule begin with a small letter."""
    kinds = [Mention.OTHER] * len(read)
    frames = [_Frame("{", "", "START")]
    solid = [i for i, token in enumerate(read) if token.word not in SILENT]
    # The words before and behind each one. At the ends there is nothing.
    texts = ["", "", *(read[i].text for i in solid), ""]
    for at, i in enumerate(solid, 2):
        token = read[i]
        if token.word is Word.SIGN and token.text in "([{":
            frames.append(_opened(token.text, texts[at - 1], frames[-1]))
        elif token.word is Word.SIGN and token.text in ")]}" and len(frames) > 1:
            frames.pop()
        elif token.word is Word.NAME:
            around = next((frame for frame in reversed(frames) if frame.bracket == "{"), frames[0])
            if token.text in CLAUSES and around.clause:
                around.clause = token.text
            elif token.text[0].islower() or token.text[0] == "_":
                kinds[i] = _mention(texts[at - 2 : at + 2], frames[-1], around)
                if kinds[i] is Mention.VARIABLE and i + 1 < len(read) and read[i + 1].text == "(":
                    kinds[i] = Mention.CALLED
    return kinds


def _opened(bracket: str, before: str, within: _Frame) -> _Frame:
    """Return a bracket that opens behind a word or sign and within another bracket."""
    if bracket != "{":
        return _Frame(bracket, before.lower(), "")
    if before in SUBQUERIES:
        return _Frame("{", before, "MATCH")
    # `CALL (a) { … }` and `CALL { … }`. A map comes elsewhere: in a pattern, behind a variable, a colon, an operator.
    called = before == "CALL" or (before == ")" and within.clause == "CALL")
    return _Frame("{", before, "START" if called else "")


def _mention(texts: Sequence[str], frame: _Frame, around: _Frame) -> Mention:
    """Return the role of a name that begins with a small letter, unless it is called.

    `texts`: two words or signs before it, itself, and the one behind. `frame`: the bracket around it. `around`: the map or the
    subquery.
    """
    twice, before, name, behind = texts
    if (before == "." and twice != ".") or name in _CONSTANTS or (behind == ":" and before in ("{", ",") and frame.is_map):
        return Mention.OTHER
    listed = behind.upper() == "IN" and (
        before == "["
        or (before == "(" and frame.name in ("any", "all", "none", "single"))
        or (before == "," and frame.name == "reduce")
    )
    in_pattern = around.clause == "MATCH" and (
        (before == "(" and behind in (")", ":", "{")) or (before == "[" and behind in (":", "]"))
    )
    is_path = before.upper() == "MATCH" and behind == "="
    gathers = before == "(" and frame.name == "reduce" and behind == "="
    if before.upper() == "AS" or listed or in_pattern or is_path or gathers:
        return Mention.BOUND
    return Mention.VARIABLE
