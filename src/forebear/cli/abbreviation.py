"""Short forms of ids: `model:parcel-picker@latest`, and digests that are cut, as commands print them."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from forebear.cli.terminal import Code, Failure

LATEST = "@latest"
SHORT = re.compile(rf"(?P<prefix>[a-z-]+):(?:\S+{LATEST}|\S*sha256:[0-9a-f]{{6,63}}…?)")

Ask = Callable[[str, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]
"""Asks a document with variables. Answers the data."""


async def written_out(ask: Ask, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return variables with the ids that their short forms mean. Raises `Failure` if one means several."""
    short = {text for value in variables.values() for text in _texts(value) if SHORT.fullmatch(text)}
    ids = {text: await _id(ask, text) for text in sorted(short)}
    return {name: _replaced(value, ids) for name, value in variables.items()}


async def _id(ask: Ask, short: str) -> str:
    """Return the id that is meant. What means none stays as it is: whoever is asked says that nobody knows it."""
    from forebear.graph.ids import Ids, InvalidId
    from forebear.graph.kinds import GRAPH

    start = short.removesuffix("…")
    try:
        plural = GRAPH.kinds[Ids(GRAPH).kind(start)].plural
    except InvalidId:
        return short
    start = start.removesuffix("latest") if short.endswith(LATEST) else start
    query = f"""query($start: ID!, $after: String) {{
      {plural}(first: 1000, after: $after, filter: {{id: {{startsWith: $start}}}}) {{
        nodes {{ id }} pageInfo {{ hasNextPage endCursor }} }} }}"""
    ids, following = [], {"hasNextPage": True, "endCursor": None}
    while following["hasNextPage"]:
        page = (await ask(query, {"start": start, "after": following["endCursor"]}))[plural]
        ids += [node["id"] for node in page["nodes"]]
        following = page["pageInfo"]
    if short in ids or not ids:
        return short.removesuffix("…")
    if short.endswith(LATEST):
        return str(max(ids, key=natural))
    if len(ids) > 1:
        raise Failure(f"{short} may be {ids[0]} or {ids[1]}: write more of it", Code.WRONG)
    return str(ids[0])


def natural(text: str) -> list[tuple[int, int, str]]:
    """Return what sorts texts as people do: numbers by their value. A version before its release comes before it.

    >>> sorted(["m@10", "m@2", "m@1.0.0", "m@1.0.0-rc1"], key=natural)
    ['m@1.0.0-rc1', 'm@1.0.0', 'm@2', 'm@10']
    """
    parts = [(1, int(part), "") if part.isdecimal() else (2, 0, part) for part in re.findall(r"\d+|[^\d]+", text)]
    # The end comes before a number, and after a hyphen: 1.0.0-rc1 (SemVer 2.0.0, section 11).
    return [*((-1, 0, part) if kind == 2 and part.startswith("-") else (kind, n, part) for kind, n, part in parts), (0, 0, "")]


def _texts(value: Any) -> list[str]:
    match value:
        case str():
            return [value]
        case list():
            return [text for each in value for text in _texts(each)]
        case Mapping():
            return [text for each in value.values() for text in _texts(each)]
    return []


def _replaced(value: Any, ids: Mapping[str, str]) -> Any:
    match value:
        case str():
            return ids.get(value, value)
        case list():
            return [_replaced(each, ids) for each in value]
        case Mapping():
            return {name: _replaced(each, ids) for name, each in value.items()}
    return value
