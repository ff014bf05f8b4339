"""What was known at a moment, as Cypher: of an edge a condition, of a node its state."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from forebear.graph.declaration import REVISES, REVISION
from forebear.graph.query.lexer import conditions
from forebear.graph.query.pattern import MATCH
from forebear.graph.query.scope import reach

KNOWN_AT = "$asKnownAt"

_MARK = re.compile(r"«(\w+)»")


def known(edge: str, types: str, at: str = KNOWN_AT) -> str:
    """Return the condition that an edge of some types (or its retracted remains) was known at a moment."""
    listed = ", ".join(f"'{t}'" for t in types.split("|"))
    # Retracted remains alone have a `type` and a `retractedAt`. Neo4j's planner would make two conditions of an OR.
    return f"{edge}.recordedAt <= {at} AND coalesce({edge}.type IN [{listed}] AND {edge}.retractedAt > {at}, true)"


def state(node: str, at: str = KNOWN_AT) -> str:
    """Return a node's guaranteed properties as they were known at a moment: the first later revision, or the node itself."""
    later = f"[(v:{REVISION})-[:{REVISES}]->({node}) WHERE v.revisedAt > {at} | v]"
    return f"reduce(was = {node}, v IN {later} | CASE WHEN was = {node} OR v.number < was.number THEN v ELSE was END)"


def named_states(text: str) -> str:
    """Return a text with the states of nodes, as they were known at `$asKnownAt`, in place of `«node»`.

    A pattern whose conditions read states gives them names behind the pattern, as long as the names can be read. Each other
    mark looks up its state where it stands. A node had no state before something was told of it.
    """
    names: Counter[str] = Counter()
    at = 0
    while m := MATCH.search(text, at):
        at = m.end()
        text = f"{text[:at]}{_behind(m['pattern'], *conditions(text, at), names)}"
    # A later fact may have described it without a revision.
    return _MARK.sub(lambda r: f"[s IN [{state(r[1])}] WHERE s.describedAt <= {KNOWN_AT}][0]", text)


def _behind(pattern: str, where: Sequence[str], rest: str, names: Counter[str]) -> str:
    """Return the conditions of a pattern and the rest of the text. Those that read a state come behind the pattern."""
    nodes = [node for node in dict.fromkeys(re.findall(r"\((\w+)", pattern)) if any(f"«{node}»" in c for c in where)]
    if not nodes:
        return f"{' AND '.join(where)}{rest}"
    later = [c for c in where if any(f"«{node}»" in c for node in nodes)]
    at_once = " AND ".join(c for c in where if c not in later) or "true"
    named: dict[str, str] = {}
    for node in nodes:
        names[node] += 1
        named[node] = f"{node}_known{names[node] if names[node] > 1 else ''}"
    text = f" WHERE {' AND '.join(later)}{rest}"
    for begin, end in reversed(reach(text, 0)):
        text = text[:begin] + _MARK.sub(lambda r: named.get(r[1], r[0]), text[begin:end]) + text[end:]
    return f"{at_once} WITH *, {', '.join(f'«{node}» AS {name}' for node, name in named.items())}{text}"
