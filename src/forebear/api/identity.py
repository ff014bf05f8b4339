"""Who asks, and what they may do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import strawberry
from graphql import GraphQLResolveInfo
from strawberry.types.field import StrawberryField

from forebear.api.types import RESOLVE, TypeBuilder, list_of
from forebear.domain.roles import PERMISSIONS, Actor, Role, in_order, listed, may

if TYPE_CHECKING:
    from forebear.api.mutations import Context


class IdentityBuilder:
    """Makes the types and the fields that say who asks."""

    def __init__(self, types: TypeBuilder) -> None:
        self._types = types

    def fields(self) -> Mapping[str, StrawberryField]:
        """The root fields of queries."""
        types = self._types
        roles = list_of(types.enum("Role", {role.name: role.doc for role in Role}, "What somebody is trusted with."))
        verbs = {verb: f"{listed(allowed, 'and')} may." for verb, allowed in PERMISSIONS.items()}
        may_ = list_of(
            types.enum(
                "Verb",
                verbs,
                "What somebody may do: a mutation, importHistory (facts that are `imported`), "
                "query (reading), readAudit or readTokens.",
            )
        )
        types.make(
            "Me",
            "Who asks, and what they may do.",
            {
                "name": (str, strawberry.field(description="Under which name it is kept what they did.")),
                "roles": (roles, strawberry.field(description="What they are trusted with.")),
                "lines": (
                    list[strawberry.ID] | None,
                    strawberry.field(description="The release lines that their writes are limited to; null: all."),
                ),
                "machine": (bool, strawberry.field(description="Whether it is a machine and no person.")),
                "may": (may_, strawberry.field(description="What the roles allow.")),
            },
        )
        return {"me": types.resolved("Who asks, and what they may do.", {RESOLVE: me}, types.named("Me"), {})}


def me(root: object, info: GraphQLResolveInfo[Context]) -> dict[str, Any]:
    """Resolves `me`."""
    actor: Actor = info.context.actor
    return {
        "name": actor.name,
        "roles": in_order(actor.roles),
        "lines": None if actor.lines is None else sorted(actor.lines),
        "machine": actor.machine,
        "may": may(actor),
    }
