"""The mutations of governance, one for each action, made from its declaration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import msgspec
import strawberry
from graphql import GraphQLResolveInfo
from strawberry.types.field import StrawberryField

from forebear.actions.action import Action
from forebear.actions.performer import By
from forebear.api.context import Context
from forebear.api.metadata import FETCHES, RESOLVE
from forebear.api.scalars import JSON
from forebear.api.types import TypeBuilder, list_of, plain
from forebear.domain.outcome import Outcome
from forebear.graph.declaration import Property
from forebear.graph.query.field import LookupField, LookupsField, Rule


class ActionBuilder:
    """Makes the mutation fields of actions, and the types of their outcome."""

    def __init__(self, types: TypeBuilder, actions: Iterable[Action]) -> None:
        self._types = types
        self._actions = tuple(actions)
        self._node = LookupField(tuple(types.graph.kinds), required=False)

    def fields(self) -> Mapping[str, StrawberryField]:
        """The fields by name."""
        types = self._types
        self._outcomes()
        answer = types.union("Outcome", "What came of an action.", "Done", "Refused", "Conflict", "Planned")
        return {a.name: self._field(a, answer) for a in self._actions}

    def _field(self, action: Action, answer: Any) -> StrawberryField:
        arguments: dict[str, tuple[Any, str, Any]] = {
            p.name: (self._argument(p), p.doc, None if p.required else strawberry.UNSET) for p in action.input.members
        }
        arguments["idempotencyKey"] = (
            str | None,
            "A key of your choice, one for each request. A repeated request with the same key "
            "answers its first outcome and does nothing twice.",
            strawberry.UNSET,
        )
        arguments["expectedRevision"] = (
            int | None,
            "The subject's `revision` on which you decided. If the subject has another one by now, the outcome is Conflict.",
            strawberry.UNSET,
        )
        return self._types.resolved(action.doc, {RESOLVE: partial(act, action.name)}, answer, arguments)

    def _argument(self, p: Property) -> Any:
        if not p.names:
            return self._types.input(p)
        made: Any = self._types.named(f"{p.names[0]}Fact") if p.is_fact else strawberry.ID
        made = list_of(made) if p.item_type is not None else made
        return made if p.required else made | None

    def _outcomes(self) -> None:
        make, named = self._types.make, self._types.named

        def field(annotation: Any, doc: str) -> tuple[Any, Any]:
            return annotation, strawberry.field(description=doc)

        def fetched(annotation: Any, doc: str, name: str, rule: Rule) -> tuple[Any, Any]:
            return None, self._types.resolved(doc, {RESOLVE: partial(fetch, rule, name), FETCHES: rule}, annotation, {})

        decisions = fetched(
            list_of(named("Decision")), "The decisions that the action put on record.", "decisions", LookupsField()
        )
        subject = fetched(named("Node") | None, "The node that the action was about, as it is now.", "subject", self._node)
        make(
            "Reason",
            "One reason of a refusal.",
            {
                "code": field(str, "The code. It stays the same between versions."),
                "message": field(str, "What stands in the way."),
                "remedy": field(str, "What to do about it."),
            },
        )
        make(
            "Done",
            "The action was done.",
            {
                "subject": subject,
                "decisions": decisions,
                "changed": field(list[strawberry.ID], "The ids of all nodes that the action wrote."),
                "unchanged": field(bool, "Whether nothing had to change, because it was so already."),
            },
        )
        make(
            "Refused",
            "The action was refused.",
            {
                "reasons": field(list_of(named("Reason")), "Every reason for the refusal."),
                "decisions": decisions,
            },
        )
        make(
            "Considered",
            "An option that the decision weighed.",
            {
                "id": field(strawberry.ID, "Its id."),
                "chosen": field(bool, "Whether the decision would choose it."),
                "reasons": field(list_of(named("Reason")), "Every reason against it."),
                "remarks": field(list[str], "Remarks for it and against it."),
            },
        )
        make(
            "Planned",
            "The result of a dry run: what the action would do. Nothing changed.",
            {
                "changes": field(JSON, "What the action would write: values by node and property, and the ends of edges."),
                "considered": field(list_of(named("Considered")), "The options that the decision weighed, the best first."),
            },
        )
        make(
            "Conflict",
            "Somebody changed the subject since the revision that you expected. Nothing changed.",
            {
                "subject": subject,
                "expected": field(int, "The revision that you expected."),
                "revision": field(int, "The revision that the subject has now."),
            },
        )


async def act(
    name: str,
    root: object,
    info: GraphQLResolveInfo[Context],
    idempotencyKey: str | None = None,
    expectedRevision: int | None = None,
    **arguments: Any,
) -> dict[str, Any]:
    """Resolves an action."""
    context: Context = info.context
    by = By(context.actor, "graphql", idempotencyKey, expectedRevision)
    input = {key: plain(value) for key, value in arguments.items() if value is not None}
    for p in context.performer.actions[name].input.members:
        if p.is_fact and p.name in input:
            input[p.name] = _of_kind(p.names[0], input[p.name])
    return told(await context.performer.do(name, input, by))


def _of_kind(kind: str, given: Any) -> Any:
    """Facts as documents, which name their kind."""
    return [_of_kind(kind, each) for each in given] if isinstance(given, list) else {"kind": kind, **given}


def told(outcome: Outcome) -> dict[str, Any]:
    """An outcome as clients see it."""
    return {"__typename": type(outcome).__name__, **msgspec.to_builtins(outcome)}


async def fetch(rule: Rule, name: str, value: Mapping[str, Any], info: GraphQLResolveInfo[Context]) -> Any:
    """Resolves a field whose value names nodes: they are fetched with all that is selected of them, in one statement."""
    ids = value[name]
    if not ids:
        return ids
    argument = "ids" if isinstance(rule, LookupsField) else "id"
    return await info.context.fetcher.fetch(info, rule, {argument: ids})
