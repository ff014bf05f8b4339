"""Who asks, what they may do, and the tokens by which they are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any

import strawberry
from graphql import GraphQLResolveInfo
from strawberry.types.field import StrawberryField

from forebear.api.actions import told
from forebear.api.context import Context
from forebear.api.document.errors import forbidden
from forebear.api.metadata import RESOLVE, VERB
from forebear.api.scalars import DateTime
from forebear.api.types import TypeBuilder, list_of
from forebear.domain.outcome import Refused
from forebear.domain.roles import PERMISSIONS, Actor, Role, in_order, listed, may, refusal_of_all
from forebear.identity.tokens import Token


def permitted(
    resolve: Callable[..., Any], verb: str | Callable[[Mapping[str, Any]], Sequence[str]], *, mutates: bool
) -> Callable[..., Any]:
    """A resolver for those alone who may do what it does. `verb`: what that is; or by its arguments, one of several.

    Others get the error FORBIDDEN or, of a mutation, `Refused`.
    """

    def guarded(root: Any, info: GraphQLResolveInfo[Context], **arguments: Any) -> Any:
        if mutates and root is not None:
            # It is done already, and this is what came of it.
            return root[info.path.key]
        reason = refusal_of_all(info.context.actor, (verb,) if isinstance(verb, str) else verb(arguments))
        if reason is None:
            return resolve(root, info, **arguments)
        if mutates:
            return told(Refused((reason,)))
        raise forbidden(reason)

    return guarded


class IdentityBuilder:
    """Makes the types and the fields of identity."""

    def __init__(self, types: TypeBuilder) -> None:
        self._types = types
        self._roles = list_of(types.enum("Role", {role.name: role.doc for role in Role}, "What somebody is trusted with."))
        self._me()
        self._token()

    def fields(self) -> Mapping[str, StrawberryField]:
        """The root fields of queries."""
        types = self._types
        return {
            "me": types.resolved("The actor who asks, and what it may do.", {RESOLVE: me, VERB: None}, types.named("Me"), {}),
            "tokens": types.resolved(
                "Lists all API tokens, the newest first, including those that are valid no more.",
                {RESOLVE: tokens, VERB: "readTokens"},
                list_of(types.named("ApiToken")),
                {},
            ),
        }

    def mutations(self) -> Mapping[str, StrawberryField]:
        """The mutations."""
        union = self._types.union
        return {
            "createToken": self._types.resolved(
                "Makes an API token. This is the only time that it is shown.",
                {RESOLVE: create_token},
                union("CreateTokenOutcome", "The outcome of making a token.", "TokenCreated", "Refused"),
                {
                    "name": (str, "The name under which the owner acts.", None),
                    "roles": (self._roles, "The owner's roles.", None),
                    "lines": (
                        list[strawberry.ID] | None,
                        "The release lines that the owner may write to. By default these are all lines.",
                        strawberry.UNSET,
                    ),
                    "machine": (bool, "Whether the owner is a machine and not a person.", False),
                    "expiresAt": (
                        DateTime | None,
                        "The moment until which the token is valid. By default it is valid until somebody revokes it.",
                        strawberry.UNSET,
                    ),
                },
            ),
            "revokeToken": self._types.resolved(
                "Revokes an API token, or all tokens of a name. This process refuses them "
                "at once, and others within ten seconds.",
                {RESOLVE: revoke_token},
                union("RevokeTokenOutcome", "The outcome of revoking tokens.", "TokensRevoked", "Refused"),
                {"token": (str, "The token's id, or the name of its owner.", None)},
            ),
        }

    def _me(self) -> None:
        doc = (
            "Something that an actor may do: a mutation, importHistory (`imported` facts), "
            "query, readAudit, readTokens or export."
        )
        verbs = {verb: f"Allowed for {listed(allowed, 'and')}." for verb, allowed in PERMISSIONS.items()}
        self._types.make(
            "Me",
            "The actor who asks, and what it may do.",
            {
                **self._who(),
                "may": (
                    list_of(self._types.enum("Verb", verbs, doc)),
                    strawberry.field(description="What the actor's roles allow."),
                ),
            },
        )

    def _token(self) -> None:
        def field(annotation: Any, doc: str) -> tuple[Any, Any]:
            return annotation, strawberry.field(description=doc)

        self._types.make(
            "ApiToken",
            "What Forebear keeps of an API token. It keeps a hash of the token, and not the token.",
            {
                "id": field(strawberry.ID, "Its id."),
                **self._who(),
                "createdAt": field(DateTime, "The moment when it was made."),
                "createdBy": field(str, "Who made it."),
                "expiresAt": field(
                    DateTime | None, "The moment until which it is valid. Null means until somebody revokes it."
                ),
                "revokedAt": field(DateTime | None, "The moment when somebody revoked it."),
                "revokedBy": field(str | None, "Who revoked it."),
                "lastUsedAt": field(DateTime | None, "When it was last used, to the minute."),
            },
        )
        self._types.make(
            "TokenCreated",
            "A new token.",
            {
                "secret": field(str, "The token. Send it as `Authorization: Bearer …`. Forebear cannot show it again."),
                "token": field(self._types.named("ApiToken"), "What Forebear keeps of the token."),
            },
        )
        self._types.make(
            "TokensRevoked",
            "Tokens that Forebear accepts no more.",
            {"tokens": field(list_of(self._types.named("ApiToken")), "The tokens.")},
        )

    def _who(self) -> dict[str, tuple[Any, Any]]:
        return {
            "name": (str, strawberry.field(description="The name under which the actor acts.")),
            "roles": (self._roles, strawberry.field(description="The actor's roles.")),
            "lines": (
                list[strawberry.ID] | None,
                strawberry.field(description="The release lines that the actor may write to. Null means all lines."),
            ),
            "machine": (bool, strawberry.field(description="Whether the actor is a machine and not a person.")),
        }


def me(root: object, info: GraphQLResolveInfo[Context]) -> dict[str, Any]:
    """Resolves `me`."""
    actor: Actor = info.context.actor
    return {**_who(actor), "may": may(actor)}


async def tokens(root: object, info: GraphQLResolveInfo[Context]) -> list[dict[str, Any]]:
    """Resolves `tokens`."""
    context: Context = info.context
    return [_token(token) for token in await context.tokens.all()]


async def create_token(
    root: object,
    info: GraphQLResolveInfo[Context],
    name: str,
    roles: list[Enum],
    machine: bool,
    lines: list[str] | None = None,
    expiresAt: str | None = None,
) -> dict[str, Any]:
    """Resolves `createToken`."""
    context: Context = info.context
    outcome = await context.tokens.create(
        context.actor, name, [Role[role.name] for role in roles], lines, machine=machine, expires_at=expiresAt
    )
    if isinstance(outcome, Refused):
        return told(outcome)
    return {"__typename": "TokenCreated", "secret": outcome.secret, "token": _token(outcome.token)}


async def revoke_token(root: object, info: GraphQLResolveInfo[Context], token: str) -> dict[str, Any]:
    """Resolves `revokeToken`."""
    context: Context = info.context
    outcome = await context.tokens.revoke(context.actor, token)
    if isinstance(outcome, Refused):
        return told(outcome)
    return {"__typename": "TokensRevoked", "tokens": [_token(token) for token in outcome.tokens]}


def _who(actor: Actor) -> dict[str, Any]:
    return {
        "name": actor.name,
        "roles": in_order(actor.roles),
        "lines": None if actor.lines is None else sorted(actor.lines),
        "machine": actor.machine,
    }


def _token(token: Token) -> dict[str, Any]:
    return {
        **_who(token.actor),
        "id": token.id,
        "createdAt": token.created_at,
        "createdBy": token.created_by,
        "expiresAt": token.expires_at,
        "revokedAt": token.revoked_at,
        "revokedBy": token.revoked_by,
        "lastUsedAt": token.last_used_at,
    }
