"""The documents of actions, and what they ask of the outcomes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from forebear.graph.declaration import Digest, ExternalName, Json, Long, Property

STATES = " ".join(
    f"... on {kind} {{ {kind.lower()}State: state }}" for kind in ("Release", "Artifact", "Deployment", "Incident")
)
NAMED = f"id {STATES}"
DECISION = "id type verdict actor state about { nodes { id } }"
REASONS = "reasons { code message remedy }"
# An actor who may not read gets what the outcome itself holds, and no nodes.
OUTCOME = f"""__typename
  ... on Done {{ subject @include(if: $reads) {{ {NAMED} }} decisions @include(if: $reads) {{ {DECISION} }}
    changed unchanged undescribed rejected {{ code message remedy }} }}
  ... on Refused {{ {REASONS} decisions @include(if: $reads) {{ {DECISION} }} }}
  ... on Conflict {{ subject @include(if: $reads) {{ {NAMED} }} expected revision }}
  ... on Planned {{ changes considered {{ id chosen {REASONS} remarks }} }}"""

_SCALARS: Mapping[Any, str] = {
    str: "String", int: "Int", float: "Float", bool: "Boolean", datetime: "DateTime", Json: "JSON", Long: "Long",
    Digest: "String", ExternalName: "String",
}  # fmt: skip


def mutation(name: str, members: Iterable[Property]) -> str:
    """Return the document of an action, by its name and the members of its input."""
    types = {p.name: _type(p) for p in members} | {"idempotencyKey": "String", "expectedRevision": "Int"}
    declared = ", ".join(f"${argument}: {type}" for argument, type in types.items())
    passed = ", ".join(f"{argument}: ${argument}" for argument in types)
    return f"mutation({declared}, $reads: Boolean!) {{ {name}({passed}) {{ {OUTCOME} }} }}"


def _type(p: Property) -> str:
    """Return the GraphQL type of a member of an action's input."""
    if p.is_fact:
        named = f"{p.names[0]}Fact"
    elif p.names:
        named = "ID"
    elif p.value_type is not None:
        named = f"{p.value_type.__name__}Input"
    else:
        item = p.item_type or p.type
        named = _SCALARS.get(item) or item.__name__
    named = f"[{named}!]" if p.item_type is not None else named
    return f"{named}!" if p.required else named
