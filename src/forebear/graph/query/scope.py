"""Where a variable can be read: from the clause that binds it to the end of the next one that projects."""

from __future__ import annotations

import re

from forebear.graph.query.lexer import brace_end

_STEP = re.compile(
    r"'[^']*'|CALL \([\w, ]*\) (?P<block>\{)|(?P<open>[{(\[])|(?P<close>[})\]])"
    r"|\b(?:(?P<projection>WITH(?! \*)|RETURN)|(?P<clause>MATCH|WITH|CALL|UNWIND|UNION|OPTIONAL|WHERE|ORDER))\b"
)
_GATHERS = re.compile(r"\b(?:DISTINCT|collect|count|min|max|sum|avg)\b")


def reach(text: str, start: int) -> list[tuple[int, int]]:
    """Return the spans of a text, from an index on, in which a variable can be read that is bound there.

    They end with the next WITH or RETURN that lists what goes on, its ORDER BY included unless it gathers rows. A block
    `CALL (a) { … }` reads nothing that it does not import. The other subqueries read all that is around them.

    >>> text = "WITH *, 1 AS a MATCH (b) WHERE b.x = a CALL (b) { RETURN 2 AS c } WITH b ORDER BY a RETURN b"
    >>> [text[begin:end] for begin, end in reach(text, 14)]
    [' MATCH (b) WHERE b.x = a ', ' WITH b ORDER BY a ']
    """
    spans: list[tuple[int, int]] = []
    begin, at, depth, projected = start, start, 0, -1
    while step := _STEP.search(text, at):
        at = step.end()
        if step["block"]:
            spans.append((begin, step.start()))
            begin = at = brace_end(text, step.end()) + 1
        elif step["open"] or step["close"]:
            depth += 1 if step["open"] else -1
            if depth < 0:
                return [*spans, (begin, step.start())]
        elif depth or step[0].startswith("'"):
            continue
        elif step["clause"] == "UNION" or (projected >= 0 and not _still(text, projected, step)):
            return [*spans, (begin, step.start())]
        elif step["projection"]:
            projected = step.start()
    return [*spans, (begin, len(text))]


def _still(text: str, projected: int, step: re.Match[str]) -> bool:
    """Whether a clause behind a projection still sees what was before it: an ORDER BY does, unless rows are gathered."""
    return step[0] == "ORDER" and not _GATHERS.search(text[projected : step.start()])
