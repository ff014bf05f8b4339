"""The patterns of a statement: where they start, the names that they give to edges, and the kinds that they name."""

from __future__ import annotations

import re
from difflib import get_close_matches

from forebear.graph.declaration import IDENTIFIES, OWN_LABELS, RETRACTED, REVISES, Graph

_ENDPOINT = r"\(\w*(?::[\w|]+)?(?: /\* of \w+ \*/)?(?: \{[^{}]*\})?\)"
_CHAIN = re.compile(rf"{_ENDPOINT}(?:<?-\[[^\]]*\]->?{_ENDPOINT})+")
MATCH = re.compile(r"MATCH (?!walk = |path = )(?P<pattern>(?:(?!\b(?:MATCH|RETURN|WITH|CALL|UNWIND)\b).)*?)\s+WHERE\s", re.S)
"""Matches a pattern up to its WHERE."""
EDGE = re.compile(r"\[(?P<name>\w*):(?P<types>[A-Z_|]+)\]")
"""Matches an edge of a pattern."""
STATE = re.compile(r"\b(?P<node>[a-z]\w*) /\* as known \*/")
"""Matches what stands for the state of a node."""
_NAMED = re.compile(rf"{STATE.pattern} AS (\w+)|\b(\w+) IN \[{STATE.pattern.replace('?P<node>', '?:')}\]")
_ROW = re.compile(r"UNWIND (?:\$decided|(\w+)\.\w+) AS (\w+)")
_TYPED = re.compile(r"\btype\((\w+)\)")
_LABEL = re.compile(r"\(\w*:(?P<labels>[\w|]+)")


def misbegun(text: str) -> str | None:
    """Explain why a pattern starts at the wrong end, or return None.

    A pattern starts at a node that is bound, which has no label, or that is found by its id. The embedded engine follows a
    pattern in a subquery from where it is written, and so looks at the whole kind; it turns round one edge to what is bound.
    """
    for chain in _CHAIN.finditer(text):
        first, *others = re.findall(_ENDPOINT, chain[0])
        bound = [node for node in others if "{" in node or (":" not in node and len(others) > 1)]
        if bound and ":" in first and "{" not in first:
            return f"begin {chain[0]} at {bound[0]}, which is given (by two patterns of one MATCH, where it is in the middle)"
    return None


def bound_of(text: str) -> frozenset[str]:
    """Return the names that a text binds to edges, to states of nodes and to rows of a decision: to what is no node."""
    edges = {name for m in MATCH.finditer(text) for name, _ in EDGE.findall(m["pattern"])}
    # The argument of `type(…)` is an edge, too: one of a path.
    return frozenset(edges | {*_TYPED.findall(text)} | {m[2] or m[3] for m in _NAMED.finditer(text)} | _rows_of(text))


def _rows_of(text: str) -> frozenset[str]:
    """Return the names that a text binds to rows of a decision, and to parts of them."""
    rows: set[str] = set()
    for of, name in _ROW.findall(text):
        if not of or of in rows:
            rows.add(name)
    return frozenset(rows)


def undeclared(text: str, graph: Graph) -> str | None:
    """Name a kind or an edge type of a pattern that the graph does not declare, or return None.

    An engine would find nothing by it, and say nothing.
    """
    types = [type for m in re.finditer(r"\[\w*:(?P<types>[A-Z_|]+)", text) for type in m["types"].split("|")]
    kinds = [label for m in _LABEL.finditer(text) for label in m["labels"].split("|")]
    declared_types = {edge.type.name for edge in graph.edges} | {REVISES, IDENTIFIES, RETRACTED}
    declared_kinds = {*graph.kinds, *OWN_LABELS}
    for names, declared, what in ((types, declared_types, "edge type"), (kinds, declared_kinds, "kind")):
        for name in names:
            if name not in declared:
                near = get_close_matches(name, declared, 1)
                return f"no {what} is called {name}{f'; did you mean {near[0]}?' if near else ''}"
    return None
