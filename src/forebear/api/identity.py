"""Who asks, what they may do, and the tokens by which they are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any

import strawberry
from graphql import GraphQLError, GraphQLResolveInfo
from strawberry.types.field import StrawberryField

from forebear.api.actions import told
from forebear.api.scalars import DateTime
from forebear.api.types import RESOLVE, VERB, TypeBuilder, list_of
from forebear.domain.outcome import Reason, Refused
from forebear.domain.roles import PERMISSIONS, Actor, Role, in_order, listed, may, refusal_of_all
from forebear.identity.tokens import Token

if TYPE_CHECKING:
    from forebear.api.mutations import Context


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


def forbidden(reason: Reason) -> GraphQLError:
    """The error of who asks for what their roles do not allow."""
    return GraphQLError(reason.message, extensions={"code": reason.code, "remedy": reason.remedy})


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
            "me": types.resolved("Who asks, and what they may do.", {RESOLVE: me, VERB: None}, types.named("Me"), {}),
            "tokens": types.resolved(
                "All API tokens, the newest first, also those that are not valid any more.",
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
                union("CreateTokenOutcome", "What came of making a token.", "TokenCreated", "Refused"),
                {
                    "name": (str, "Under which name its bearer acts.", None),
                    "roles": (self._roles, "What its bearer is trusted with.", None),
                    "lines": (
                        list[strawberry.ID] | None,
                        "The release lines that its bearer's writes are limited to; by default all.",
                        strawberry.UNSET,
                    ),
                    "machine": (bool, "Whether its bearer is a machine and no person.", False),
                    "expiresAt": (DateTime | None, "Until when it is valid; by default until it is revoked.", strawberry.UNSET),
                },
            ),
            "revokeToken": self._types.resolved(
                "Ends an API token, or all tokens of a name: at once in this process, within ten seconds in others.",
                {RESOLVE: revoke_token},
                union("RevokeTokenOutcome", "What came of ending tokens.", "TokensRevoked", "Refused"),
                {"token": (str, "The token's id, or the name that it speaks for.", None)},
            ),
        }

    def _me(self) -> None:
        doc = "What somebody may do: a mutation, importHistory (`imported` facts), query, readAudit, readTokens or export."
        verbs = {verb: f"For {listed(allowed, 'and')}." for verb, allowed in PERMISSIONS.items()}
        self._types.make(
            "Me",
            "Who asks, and what they may do.",
            {
                **self._who(),
                "may": (list_of(self._types.enum("Verb", verbs, doc)), strawberry.field(description="What the roles allow.")),
            },
        )

    def _token(self) -> None:
        def field(annotation: Any, doc: str) -> tuple[Any, Any]:
            return annotation, strawberry.field(description=doc)

        self._types.make(
            "ApiToken",
            "An API token, but for the token itself, of which only a hash is kept.",
            {
                "id": field(strawberry.ID, "Its id."),
                **self._who(),
                "createdAt": field(DateTime, "When it was made."),
                "createdBy": field(str, "Who made it."),
                "expiresAt": field(DateTime | None, "Until when it is valid; null: until it is revoked."),
                "revokedAt": field(DateTime | None, "Since when it is revoked."),
                "revokedBy": field(str | None, "Who revoked it."),
                "lastUsedAt": field(DateTime | None, "When it was last used, to the minute."),
            },
        )
        self._types.make(
            "TokenCreated",
            "A new token.",
            {
                "secret": field(str, "The token itself, to be sent as `Authorization: Bearer …`. It cannot be shown again."),
                "token": field(self._types.named("ApiToken"), "What is kept of it."),
            },
        )
        self._types.make(
            "TokensRevoked",
            "Tokens that are not accepted any more.",
            {"tokens": field(list_of(self._types.named("ApiToken")), "The tokens.")},
        )

    def _who(self) -> dict[str, tuple[Any, Any]]:
        return {
            "name": (str, strawberry.field(description="Under which name they act.")),
            "roles": (self._roles, strawberry.field(description="What they are trusted with.")),
            "lines": (
                list[strawberry.ID] | None,
                strawberry.field(description="The release lines that their writes are limited to; null: all."),
            ),
            "machine": (bool, strawberry.field(description="Whether it is a machine and no person.")),
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
