"""Recording facts: the mutation, and its outcome for all doors."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo

from forebear.api.context import Context
from forebear.api.types.made import ID, Argument, Field, Types, list_of, plain
from forebear.graph.declaration import LINE
from forebear.record.recorder import FEW, MAX_FACTS, recording
from forebear.record.summary import MAX_UNDESCRIBED, Origin, Rejection, Summary
from forebear.verbs import governed


def _outcomes(types: Types) -> None:
    make, rejections = types.make, list_of(types.named("Rejection"))
    make(
        "Rejection",
        "A fact that Forebear did not record.",
        {
            "position": Field(int, "The fact's position in the request, from 0."),
            "id": Field(ID | None, "The fact's id, if it has one."),
            "reasons": Field(list[str], "Every reason. Each names the field."),
        },
    )
    make(
        "RecordedKind",
        "The number of recorded facts of one kind.",
        {
            "kind": Field(str, "The kind, or Retraction or Correction."),
            "facts": Field(int, "The number of facts."),
        },
    )
    make(
        "Recorded",
        "Forebear recorded the facts.",
        {
            "kinds": Field(list_of(types.named("RecordedKind")), "The number of recorded facts by kind."),
            "described": Field(int, "The number of nodes that a fact described for the first time."),
            "connected": Field(int, "The number of new edges."),
            "revised": Field(int, "The number of nodes and edges whose values changed. Their former values stay known."),
            "updated": Field(int, "The number of other nodes with a new name, description, label, owner or external id."),
            "retracted": Field(int, "The number of retracted nodes and edges."),
            "undescribed": Field(
                list[ID],
                f"The ids of nodes that edges name and no fact has described yet, at most {MAX_UNDESCRIBED}.",
            ),
            "undescribedCount": Field(int, "The number of such nodes."),
            "rejections": Field(rejections, "The facts that Forebear left out, if `partial` allowed it."),
        },
    )
    make(
        "NotRecorded",
        "Forebear recorded nothing, because it rejected some facts.",
        {"rejections": Field(rejections, "The rejected facts with every reason.")},
    )


def recording_field(types: Types) -> Field:
    """Return the mutation that records facts. Makes the types of its outcome."""
    _outcomes(types)
    return Field(
        types.union("RecordOutcome", "The outcome of recording.", "Recorded", "NotRecorded", "Refused"),
        "Records facts in one transaction. If Forebear rejects one, it records none, unless "
        "`partial` is set. The same fact twice changes nothing.",
        resolve=record,
        verb=lambda arguments: verbs_of(imported=arguments["imported"]),
        arguments={
            "facts": Argument(list_of(types.named("FactInput")), f"The facts, at most {MAX_FACTS}."),
            "partial": Argument(bool, "Whether to record the other facts if some are rejected.", False),
            "imported": Argument(
                bool,
                "Whether the facts are history from an older registry. Forebear then takes governed kinds and marks them.",
                False,
            ),
            "source": Argument(str, "Where the facts come from. Forebear keeps it with each node and edge.", "graphql"),
        },
    )


def verbs_of(*, imported: bool) -> tuple[str, ...]:
    """Return the verbs of which an actor who records facts needs one. Each fact decides which."""
    return (recording(imported=imported), *(() if imported else governed.NAMES))


async def record(
    root: object,
    info: GraphQLResolveInfo[Context],
    facts: list[dict[str, Any]],
    partial: bool,
    imported: bool,
    source: str,
) -> dict[str, Any]:
    """Resolve `record`. Raises `GraphQLError` if there are too many facts."""
    if len(facts) > MAX_FACTS:
        raise GraphQLError(
            f"facts: at most {MAX_FACTS} at a time; {len(facts)} were given. POST /facts takes any number as NDJSON",
            extensions={"code": "TOO_MANY_FACTS"},
        )
    if len(source) > LINE:
        raise GraphQLError(
            f"source: must be at most {LINE} characters long; it has {len(source)}", extensions={"code": "INVALID_ARGUMENT"}
        )
    context: Context = info.context
    documents = await asyncio.to_thread(lambda: [*map(document, facts)]) if len(facts) > FEW else map(document, facts)
    summary = await context.recorder.record(documents, Origin(context.actor, source), partial=partial, imported=imported)
    if summary.rejections and not partial:
        return {"__typename": "NotRecorded", "rejections": [rejection(r) for r in summary.rejections]}
    return {"__typename": "Recorded", **outcome(summary)}


def document(fact: Mapping[str, Any]) -> dict[str, Any]:
    """Return a coerced FactInput as the document of a fact."""
    ((name, values),) = fact.items()
    return {"kind": name[0].upper() + name[1:], **plain(values)}


def outcome(summary: Summary) -> dict[str, Any]:
    """Return a summary as clients see it, the same at every door."""
    return {
        "kinds": [{"kind": kind, "facts": n} for kind, n in sorted(summary.facts.items())],
        "described": summary.described,
        "connected": summary.connected,
        "revised": summary.revised,
        "updated": summary.updated,
        "retracted": summary.retracted,
        "undescribed": sorted(summary.undescribed)[:MAX_UNDESCRIBED],
        "undescribedCount": len(summary.undescribed),
        "rejections": [rejection(r) for r in summary.rejections],
    }


def rejection(r: Rejection) -> dict[str, Any]:
    """Return a rejection as clients see it."""
    return {"position": r.position, "id": r.id, "reasons": list(r.reasons)}
