"""Who asks, what they may do, and their tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any

from graphql import GraphQLResolveInfo

from forebear.api.actions import client_outcome
from forebear.api.context import Context
from forebear.api.document.errors import forbidden
from forebear.api.types.made import ID, Argument, Field, Types, list_of
from forebear.api.types.scalars import DateTime
from forebear.domain.outcome import Refused
from forebear.domain.roles import Actor, Role, in_order, listed
from forebear.identity.tokens import Token
from forebear.verbs.permissions import PERMISSIONS, may, refusal_of_all


def permitted(
    resolve: Callable[..., Any], verb: str | Callable[[Mapping[str, Any]], Sequence[str]], *, mutates: bool
) -> Callable[..., Any]:
    """Return a resolver for those who may do its verb. `verb` is that, or returns several by the arguments; one suffices.

    Others get the error FORBIDDEN or, for a mutation, `Refused`.
    """

    def guarded(root: Any, info: GraphQLResolveInfo[Context], **arguments: Any) -> Any:
        if mutates and root is not None:
            # The mutation is done already, and this is its outcome.
            return root[info.path.key]
        reason = refusal_of_all(info.context.actor, (verb,) if isinstance(verb, str) else verb(arguments))
        if reason is None:
            return resolve(root, info, **arguments)
        if mutates:
            return client_outcome(Refused((reason,)))
        raise forbidden(reason)

    return guarded


class IdentityTypes:
    """Makes the types and the fields of identity."""

    def __init__(self, types: Types) -> None:
        self._types = types
        self._roles = list_of(types.enum("Role", {role.name: role.doc for role in Role}, "What somebody is trusted with."))
        self._me()
        self._token()

    def fields(self) -> Mapping[str, Field]:
        """Return the root fields of queries."""
        types = self._types
        return {
            "me": Field(types.named("Me"), "The actor who asks, and what it may do.", resolve=me, verb=None),
            "tokens": Field(
                list_of(types.named("ApiToken")),
                "Lists all API tokens, the newest first, including those that are valid no more.",
                resolve=tokens,
                verb="readTokens",
            ),
        }

    def mutations(self) -> Mapping[str, Field]:
        """Return the mutations."""
        union = self._types.union
        return {
            "createToken": Field(
                union("CreateTokenOutcome", "The outcome of making a token.", "TokenCreated", "Refused"),
                "Makes an API token. This is the only time that it is shown.",
                resolve=create_token,
                arguments={
                    "name": Argument(str, "The name under which the owner acts."),
                    "roles": Argument(self._roles, "The owner's roles."),
                    "lines": Argument(
                        list[ID] | None, "The release lines that the owner may write to. By default these are all lines."
                    ),
                    "machine": Argument(bool, "Whether the owner is a machine and not a person.", False),
                    "connector": Argument(
                        str | None,
                        "The connector that the token is for, such as `facts`. Its doors alone accept the token then. "
                        "By default every door does.",
                    ),
                    "expiresAt": Argument(
                        DateTime | None,
                        "The moment until which the token is valid. By default it is valid until somebody revokes it.",
                    ),
                },
            ),
            "revokeToken": Field(
                union("RevokeTokenOutcome", "The outcome of revoking tokens.", "TokensRevoked", "Refused"),
                "Revokes an API token, or all tokens of a name. This process refuses them "
                "at once, and others within ten seconds.",
                resolve=revoke_token,
                arguments={"token": Argument(str, "The token's id, or the name of its owner.")},
            ),
        }

    def _me(self) -> None:
        doc = (
            "Something that an actor may do: a mutation, importHistory (`imported` facts), "
            "query, readAudit, readTokens, readWebhooks, readInbox, readMetrics or export."
        )
        verbs = {verb: f"Allowed for {listed(allowed, 'and')}." for verb, allowed in PERMISSIONS.items()}
        self._types.make(
            "Me",
            "The actor who asks, and what it may do.",
            {
                **self._who(),
                "may": Field(list_of(self._types.enum("Verb", verbs, doc)), "What the actor's roles allow."),
            },
        )

    def _token(self) -> None:
        self._types.make(
            "ApiToken",
            "What Forebear keeps of an API token. It keeps a hash of the token, and not the token.",
            {
                "id": Field(ID, "Its id."),
                **self._who(),
                "connector": Field(
                    str | None, "The connector whose doors alone accept the token. Null means that every door does."
                ),
                "createdAt": Field(DateTime, "The moment when it was made."),
                "createdBy": Field(str, "Who made it."),
                "expiresAt": Field(
                    DateTime | None, "The moment until which it is valid. Null means until somebody revokes it."
                ),
                "revokedAt": Field(DateTime | None, "The moment when somebody revoked it."),
                "revokedBy": Field(str | None, "Who revoked it."),
                "lastUsedAt": Field(DateTime | None, "When it was last used, to the minute."),
            },
        )
        self._types.make(
            "TokenCreated",
            "A new token.",
            {
                "secret": Field(str, "The token. Send it as `Authorization: Bearer …`. Forebear cannot show it again."),
                "token": Field(self._types.named("ApiToken"), "What Forebear keeps of the token."),
            },
        )
        self._types.make(
            "TokensRevoked",
            "Tokens that Forebear accepts no more.",
            {"tokens": Field(list_of(self._types.named("ApiToken")), "The tokens.")},
        )

    def _who(self) -> dict[str, Field]:
        return {
            "name": Field(str, "The name under which the actor acts."),
            "roles": Field(self._roles, "The actor's roles."),
            "lines": Field(list[ID] | None, "The release lines that the actor may write to. Null means all lines."),
            "machine": Field(bool, "Whether the actor is a machine and not a person."),
        }


def me(root: object, info: GraphQLResolveInfo[Context]) -> dict[str, Any]:
    """Resolve `me`."""
    actor: Actor = info.context.actor
    return {**_who(actor), "may": may(actor)}


async def tokens(root: object, info: GraphQLResolveInfo[Context]) -> list[dict[str, Any]]:
    """Resolve `tokens`."""
    context: Context = info.context
    return [_token(token) for token in await context.tokens.all()]


async def create_token(
    root: object,
    info: GraphQLResolveInfo[Context],
    name: str,
    roles: list[Enum],
    machine: bool,
    lines: list[str] | None = None,
    connector: str | None = None,
    expiresAt: str | None = None,
) -> dict[str, Any]:
    """Resolve `createToken`."""
    context: Context = info.context
    outcome = await context.tokens.create(
        context.actor,
        name,
        [Role[role.name] for role in roles],
        lines,
        machine=machine,
        connector=connector,
        expires_at=expiresAt,
    )
    if isinstance(outcome, Refused):
        return client_outcome(outcome)
    return {"__typename": "TokenCreated", "secret": outcome.secret, "token": _token(outcome.token)}


async def revoke_token(root: object, info: GraphQLResolveInfo[Context], token: str) -> dict[str, Any]:
    """Resolve `revokeToken`."""
    context: Context = info.context
    outcome = await context.tokens.revoke(context.actor, token)
    if isinstance(outcome, Refused):
        return client_outcome(outcome)
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
        "connector": token.connector,
        "createdAt": token.created_at,
        "createdBy": token.created_by,
        "expiresAt": token.expires_at,
        "revokedAt": token.revoked_at,
        "revokedBy": token.revoked_by,
        "lastUsedAt": token.last_used_at,
    }
