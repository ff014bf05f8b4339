"""The mutations of governance, one for each action, made from its declaration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import msgspec
from graphql import GraphQLResolveInfo

from forebear.actions.performer import Requester
from forebear.api.context import Context
from forebear.api.types.made import ID, Argument, Field, Types, list_of, plain
from forebear.api.types.properties import PropertyTypes
from forebear.api.types.scalars import JSON
from forebear.domain.outcome import Outcome
from forebear.graph.declaration import Graph, Property
from forebear.graph.query.field import LookupField, LookupsField, Rule
from forebear.verbs.verb import Action


class ActionTypes:
    """Makes the mutation fields of actions, and the types of their outcome."""

    def __init__(self, types: Types, properties: PropertyTypes, graph: Graph, actions: Iterable[Action]) -> None:
        self._types = types
        self._properties = properties
        self._actions = tuple(actions)
        self._node = LookupField(tuple(graph.kinds), required=False)

    def fields(self) -> Mapping[str, Field]:
        """The fields by name."""
        types = self._types
        self._outcomes()
        self._dry_run()
        answer = types.union("Outcome", "What came of an action.", "Done", "Refused", "Conflict", "Planned")
        return {a.name: self._field(a, answer) for a in self._actions}

    def _field(self, action: Action, answer: Any) -> Field:
        arguments: dict[str, Argument] = {p.name: Argument(self._argument(p), p.doc) for p in action.input.members}
        arguments["idempotencyKey"] = Argument(
            str | None,
            "A key of your choice, one for each request. A repeated request with the same key "
            "answers its first outcome and does nothing twice.",
        )
        arguments["expectedRevision"] = Argument(
            int | None,
            "The subject's `revision` on which you decided. If the subject has another one by now, the outcome is Conflict.",
        )
        return Field(answer, action.doc, resolve=partial(act, action.name), arguments=arguments)

    def _argument(self, p: Property) -> Any:
        if not p.names:
            return self._properties.input(p)
        type: Any = self._types.named(f"{p.names[0]}Fact") if p.is_fact else ID
        type = list_of(type) if p.item_type is not None else type
        return type if p.required else type | None

    def _outcomes(self) -> None:
        make, named = self._types.make, self._types.named

        def fetched(annotation: Any, doc: str, name: str, rule: Rule) -> Field:
            return Field(annotation, doc, resolve=partial(fetch, rule, name), fetches=rule)

        decisions = fetched(
            list_of(named("Decision")), "The decisions that the action put on record.", "decisions", LookupsField()
        )
        subject = fetched(named("Node") | None, "The node that the action was about, as it is now.", "subject", self._node)
        make(
            "Reason",
            "One reason of a refusal.",
            {
                "code": Field(str, "The code. It stays the same between versions."),
                "message": Field(str, "What stands in the way."),
                "remedy": Field(str, "What to do about it."),
            },
        )
        make(
            "Done",
            "The action was done.",
            {
                "subject": subject,
                "decisions": decisions,
                "changed": Field(list[ID], "The ids of all nodes that the action wrote."),
                "unchanged": Field(bool, "Whether nothing had to change, because it was so already."),
                "undescribed": Field(
                    list[ID], "The ids that a report names and that nobody has described. They are placeholders until then."
                ),
                "rejected": Field(
                    list_of(named("Reason")),
                    "Why parts of a batch were left out, such as sightings. Each message begins with the part.",
                ),
            },
        )
        make(
            "Refused",
            "The action was refused.",
            {
                "reasons": Field(list_of(named("Reason")), "Every reason for the refusal."),
                "decisions": decisions,
            },
        )
        make(
            "Conflict",
            "Somebody changed the subject since the revision that you expected. Nothing changed.",
            {
                "subject": subject,
                "expected": Field(int, "The revision that you expected."),
                "revision": Field(int, "The revision that the subject has now."),
            },
        )

    def _dry_run(self) -> None:
        make, named = self._types.make, self._types.named
        make(
            "Considered",
            "An option that the decision weighed.",
            {
                "id": Field(ID, "Its id."),
                "chosen": Field(bool, "Whether the decision would choose it."),
                "reasons": Field(list_of(named("Reason")), "Every reason against it."),
                "remarks": Field(list[str], "Remarks for it and against it."),
            },
        )
        make(
            "Planned",
            "The result of a dry run: what the action would do. Nothing changed.",
            {
                "changes": Field(JSON, "What the action would write: values by node and property, and the ends of edges."),
                "considered": Field(list_of(named("Considered")), "The options that the decision weighed, the best first."),
            },
        )


async def act(
    verb: str,
    root: object,
    info: GraphQLResolveInfo[Context],
    /,
    idempotencyKey: str | None = None,
    expectedRevision: int | None = None,
    **arguments: Any,
) -> dict[str, Any]:
    """Resolve an action."""
    context: Context = info.context
    by = Requester(context.actor, "graphql", idempotencyKey, expectedRevision)
    input = {key: plain(value) for key, value in arguments.items() if value is not None}
    for p in context.performer.actions[verb].input.members:
        if p.is_fact and p.name in input:
            input[p.name] = _of_kind(p.names[0], input[p.name])
    return client_outcome(await context.performer.do(verb, input, by))


def _of_kind(kind: str, value: Any) -> Any:
    """Return facts as documents that name their kind."""
    return [_of_kind(kind, each) for each in value] if isinstance(value, list) else {"kind": kind, **value}


def client_outcome(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as clients see it."""
    return {"__typename": type(outcome).__name__, **msgspec.to_builtins(outcome)}


async def fetch(rule: Rule, name: str, value: Mapping[str, Any], info: GraphQLResolveInfo[Context]) -> Any:
    """Resolve a field whose value names nodes: fetch them in one statement, with all that is selected of them."""
    ids = value[name]
    if not ids:
        return ids
    argument = "ids" if isinstance(rule, LookupsField) else "id"
    return await info.context.fetcher.fetch(info, rule, {argument: ids})
