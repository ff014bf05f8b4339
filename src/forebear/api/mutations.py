"""The mutations: what changes the graph, with outcomes as unions."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, cast

import strawberry
from graphql import GraphQLError, GraphQLResolveInfo
from strawberry.types.field import StrawberryField

from forebear.actions import governed
from forebear.actions.action import Action
from forebear.api.actions import ActionBuilder
from forebear.api.context import Context
from forebear.api.identity import IdentityBuilder
from forebear.api.metadata import RESOLVE, VERB
from forebear.api.scalars import JSON, DateTime
from forebear.api.types import TypeBuilder, input_field, list_of, plain
from forebear.graph.amendment import which
from forebear.graph.declaration import AS_OF, LINE, Edge, Kind
from forebear.graph.facts import Facts, as_of_doc
from forebear.record.recorder import FEW, MAX_FACTS, recording
from forebear.record.summary import MAX_UNDESCRIBED, Origin, Rejection, Summary


class MutationBuilder:
    """Makes the Mutation type and the input types of facts."""

    def __init__(self, types: TypeBuilder, facts: Facts) -> None:
        self._types = types
        self._facts = facts

    def build(self, actions: Iterable[Action], identity: IdentityBuilder) -> type:
        """Makes everything; returns the Mutation type."""
        for kind in self._facts.graph.kinds.values():
            self._fact(kind)
        self._amendments()
        self._fact_input()
        self._recorded()
        # First the actions: they make `Refused`, which is an outcome of every mutation.
        acting = ActionBuilder(self._types, actions).fields()
        fields = {"record": self._record(), **acting, **identity.mutations()}
        return cast(
            type, self._types.make("Mutation", "Everything that you can change.", {n: (None, f) for n, f in fields.items()})
        )

    def _fact(self, kind: Kind) -> None:
        types = self._types
        fields: dict[str, tuple[Any, Any]] = {"id": (strawberry.ID, input_field("Its id.", required=True))}
        for p in kind.properties.values():
            fields[p.name] = (types.input(p), input_field(p.doc, required=p.required))
        if kind.told:
            fields[AS_OF] = (DateTime | None, input_field(as_of_doc(kind), required=False))
        for edge in kind.edges:
            end: Any = self._end(edge)
            annotation = end | None if edge.one else list_of(end) | None
            fields[edge.name] = (annotation, input_field(edge.doc, required=False))
        types.make(f"{kind.name}Fact", f"A fact of the kind {kind.name}. {kind.doc}", fields, input=True)

    def _end(self, edge: Edge) -> Any:
        if not edge.stored_properties:
            return strawberry.ID
        name = f"{edge.source}{edge.name[0].upper()}{edge.name[1:]}Fact"
        fields: dict[str, tuple[Any, Any]] = {
            "id": (strawberry.ID, input_field("The id of the node that the edge leads to.", required=True))
        }
        for p in edge.stored_properties:
            fields[p.name] = (self._types.input(p), input_field(p.doc, required=p.required))
        self._types.make(name, edge.doc, fields, input=True)
        return self._types.named(name)

    def _amendments(self) -> None:
        edge: dict[str, tuple[Any, Any]] = {
            "of": (strawberry.ID, input_field("The id of the node, or of the node where the edge begins.", required=True)),
            "edge": (
                str | None,
                input_field("The name of the edge's field, such as trainedOn. Leave it out to mean the node.", required=False),
            ),
            "to": (strawberry.ID | None, input_field("The id of the node that the edge leads to.", required=False)),
            **{
                name: (self._types.input(p) | None, input_field(which(p), required=False))
                for name, p in self._facts.graph.identities.items()
            },
            "reason": (str, input_field("Why.", required=True)),
        }
        values = {
            "values": (
                JSON,
                input_field("The corrected values by property. A null takes a value away.", required=True),
            ),
            AS_OF: (
                DateTime | None,
                input_field(
                    "For a property that changes in the world: the moment at which the "
                    "corrected value held. By default it is now.",
                    required=False,
                ),
            ),
        }
        self._types.make("RetractionFact", "Takes back a node with all its edges, or one edge of it.", edge, input=True)
        self._types.make("CorrectionFact", "Replaces values of a node, or of one edge of it.", edge | values, input=True)

    def _fact_input(self) -> None:
        fields: dict[str, tuple[Any, Any]] = {}
        for kind in self._facts.graph.kinds.values():
            fields[_lower(kind.name)] = (
                self._types.named(f"{kind.name}Fact") | None,
                input_field(kind.doc, required=False),
            )
        for name in ("Retraction", "Correction"):
            fields[_lower(name)] = (
                self._types.named(f"{name}Fact") | None,
                input_field("Takes back or corrects what was recorded before.", required=False),
            )
        self._types.make("FactInput", "One fact. Give exactly one of these fields.", fields, input=True, one_of=True)

    def _recorded(self) -> None:
        def field(annotation: Any, doc: str) -> tuple[Any, Any]:
            return annotation, strawberry.field(description=doc)

        make, rejections = self._types.make, list_of(self._types.named("Rejection"))
        make(
            "Rejection",
            "A fact that Forebear did not record.",
            {
                "position": field(int, "The fact's position in the request, from 0."),
                "id": field(strawberry.ID | None, "The fact's id, if it has one."),
                "reasons": field(list[str], "Every reason. Each names the field."),
            },
        )
        make(
            "RecordedKind",
            "The number of recorded facts of one kind.",
            {
                "kind": field(str, "The kind, or Retraction or Correction."),
                "facts": field(int, "The number of facts."),
            },
        )
        make(
            "Recorded",
            "Forebear recorded the facts.",
            {
                "kinds": field(list_of(self._types.named("RecordedKind")), "The number of recorded facts by kind."),
                "described": field(int, "The number of nodes that a fact described for the first time."),
                "connected": field(int, "The number of new edges."),
                "revised": field(int, "The number of nodes and edges whose values changed. Their former values stay known."),
                "updated": field(int, "The number of other nodes with a new name, description, label, owner or external id."),
                "retracted": field(int, "The number of retracted nodes and edges."),
                "undescribed": field(
                    list[strawberry.ID],
                    f"The ids of nodes that edges name and no fact has described yet, at most {MAX_UNDESCRIBED}.",
                ),
                "undescribedCount": field(int, "The number of such nodes."),
                "rejections": field(rejections, "The facts that Forebear left out, if `partial` allowed it."),
            },
        )
        make(
            "NotRecorded",
            "Forebear recorded nothing, because it rejected some facts.",
            {"rejections": field(rejections, "The rejected facts with every reason.")},
        )

    def _record(self) -> StrawberryField:
        types = self._types
        return types.resolved(
            "Records facts in one transaction. If Forebear rejects one, it records none, unless "
            "`partial` is set. The same fact twice changes nothing.",
            {RESOLVE: record, VERB: lambda arguments: verbs_of(imported=arguments["imported"])},
            types.union("RecordOutcome", "The outcome of recording.", "Recorded", "NotRecorded", "Refused"),
            {
                "facts": (list_of(types.named("FactInput")), f"The facts, at most {MAX_FACTS}.", None),
                "partial": (bool, "Whether to record the other facts if some are rejected.", False),
                "imported": (
                    bool,
                    "Whether the facts are history from an older registry. Forebear then takes governed kinds and marks them.",
                    False,
                ),
                "source": (str, "Where the facts come from. Forebear keeps it with each node and edge.", "graphql"),
            },
        )


def verbs_of(*, imported: bool) -> tuple[str, ...]:
    """What somebody may be allowed of who records facts: plain ones, or those that are actions. Which, each fact decides."""
    return (recording(imported=imported), *(() if imported else governed.VERBS))


async def record(
    root: object,
    info: GraphQLResolveInfo[Context],
    facts: list[dict[str, Any]],
    partial: bool,
    imported: bool,
    source: str,
) -> dict[str, Any]:
    """Resolves `record`. Raises `GraphQLError` where there are too many facts."""
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
    """A coerced FactInput as the document of a fact."""
    ((name, values),) = fact.items()
    return {"kind": name[0].upper() + name[1:], **plain(values)}


def outcome(summary: Summary) -> dict[str, Any]:
    """A summary as clients see it, the same through every door."""
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
    """A rejection as clients see it."""
    return {"position": r.position, "id": r.id, "reasons": list(r.reasons)}


def _lower(name: str) -> str:
    return name[0].lower() + name[1:]
