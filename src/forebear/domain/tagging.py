"""Tags: what people say of models and their versions by key and value."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from forebear.domain.outcome import Ruling, Update
from forebear.domain.reference import unknown
from forebear.domain.standing import Row
from forebear.graph.document import json_text

LINES = "forebear.lines"
"""The key of the tag of a model that names the release lines in which its versions become candidates, separated by commas."""


class TaggedRow(Row, frozen=True):
    """A model or a version, with its tags as the graph holds them."""

    id: str
    described: bool = False
    tags: str | None = None


class TaggedFactsRow(Row, frozen=True):
    """The row of `cypher/actions/tagged_facts.cypher`."""

    node: TaggedRow | None = None
    lines: tuple[str, ...] = ()
    """The lines that the version, or any version of the model, stands in."""


def read(tags: str | None) -> dict[str, str]:
    """Return tags by key, from the text that the graph holds."""
    return by_key(json.loads(tags or "[]"))


def listed(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return tags by key as a list of values, in the order of their keys."""
    return [{"key": key, "value": tags[key]} for key in sorted(tags)]


def by_key(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return a list of tags by key. Of equal keys the last one counts."""
    return {tag["key"]: tag.get("value") or "" for tag in tags}


def lines_of(tags: str | None) -> list[str] | None:
    """Return the release lines that a model's tags name, or None if no tag names any."""
    named = read(tags).get(LINES)
    return None if named is None else [line.strip() for line in named.split(",") if line.strip()]


def annotated(
    id: str,
    row: TaggedFactsRow,
    description: str | None,
    tags: Iterable[Mapping[str, str]],
    untagged: Collection[str],
    now: str,
) -> Ruling:
    """Describe and tag a node anew. `description` None leaves it as it is, and so do tags that it has already."""
    node = row.node
    if node is None or not node.described:
        return Ruling(id, reasons=(unknown("of", id),))
    before = read(node.tags)
    after = {key: value for key, value in (before | by_key(tags)).items() if key not in untagged}
    values: dict[str, Any] = {}
    if after != before:
        values["tags"] = json_text(listed(after)) if after else None
    if description is not None:
        values |= {"description": description, "updatedAt": now}
    return Ruling(id, (Update(id, values),) if values else ())
