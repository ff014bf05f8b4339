"""API tokens: making, listing and revoking them, and the actor of each.

A token is `forebear_` and 256 random bits in hexadecimal, a form that secret scanners can learn. It is shown once, and Forebear
keeps its SHA-256. Slow hashes are for passwords, which can be guessed. Nobody can guess 256 random bits, so a slow hash would
protect nothing and cost every request. The beginning of the hash is the token's id.
"""

from __future__ import annotations

import asyncio
import hmac
import re
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from hashlib import sha256
from time import monotonic
from typing import Any

import structlog
from cachetools import TTLCache

from forebear.audit.append import Chains
from forebear.domain.outcome import Reason, Refused
from forebear.domain.roles import Actor, Role, in_order
from forebear.graph.complaint import a
from forebear.graph.document import json_text
from forebear.graph.ids import Ids, InvalidId
from forebear.graph.moments import moment
from forebear.identity.errors import Unauthenticated
from forebear.store import Store, WriteTransaction
from forebear.store.errors import StoreError
from forebear.store.statements import statements
from forebear.verbs.permissions import refusal

PREFIX = "forebear_"

CACHED_SECONDS = 10
"""How long a looked-up token is believed. A revocation by another process takes effect here after that time."""

MOST_CACHED = 10_000

USE_SECONDS = 60
"""How exact the stored moment of a token's last use is."""

_FORM = re.compile(rf"{PREFIX}[0-9a-f]{{64}}")
_NAME = re.compile(r"\w[\w.@+|-]{0,99}")
_TOLD = ("name", "roles", "lines", "machine", "connector", "expiresAt")
_STATEMENTS = statements("identity")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Token:
    """The stored properties of a token without its hash. Moments are in the graph's form."""

    id: str
    name: str
    roles: frozenset[Role]
    lines: frozenset[str] | None
    machine: bool
    connector: str | None
    created_at: str
    created_by: str
    expires_at: str | None
    revoked_at: str | None
    revoked_by: str | None
    last_used_at: str | None

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Token:
        """Return a token from its node's properties."""
        lines = stored.get("lines")
        return cls(
            id=stored["id"],
            name=stored["name"],
            roles=frozenset(Role[role] for role in stored["roles"]),
            lines=None if lines is None else frozenset(lines),
            machine=stored["machine"],
            connector=stored.get("connector"),
            created_at=stored["createdAt"],
            created_by=stored["createdBy"],
            expires_at=stored.get("expiresAt"),
            revoked_at=stored.get("revokedAt"),
            revoked_by=stored.get("revokedBy"),
            last_used_at=stored.get("lastUsedAt"),
        )

    @cached_property
    def actor(self) -> Actor:
        """The actor of the token."""
        return Actor(self.name, self.roles, self.lines, self.machine, self.connector)

    def check(self, now: datetime) -> None:
        """Raise `Unauthenticated` if it is no longer valid."""
        if self.revoked_at is not None:
            raise Unauthenticated(f"the token was revoked at {self.revoked_at}")
        if self.expires_at is not None and self.expires_at <= moment(now):
            raise Unauthenticated(f"the token expired at {self.expires_at}")


@dataclass(frozen=True)
class CreatedToken:
    """A new token. It is shown only this once."""

    secret: str
    token: Token


@dataclass(frozen=True)
class Revocation:
    """The tokens that are no longer accepted."""

    tokens: Sequence[Token]


class Tokens:
    """The API tokens of one store.

    `connectors` are the names of the connectors for which a token may be made. `clock` counts seconds.
    """

    def __init__(
        self,
        store: Store,
        ids: Ids,
        chains: Chains,
        connectors: Collection[str] = (),
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._store = store
        self._ids = ids
        self._chains = chains
        self._connectors = connectors
        self._known: TTLCache[str, Token] = TTLCache(MOST_CACHED, CACHED_SECONDS, timer=clock)
        self._revocations = 0
        self._noted: TTLCache[str, None] = TTLCache(MOST_CACHED, USE_SECONDS, timer=clock)
        self._uses: dict[str, str] = {}
        self._writing: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Wait until the last uses of tokens are stored."""
        if self._writing is not None:
            await self._writing

    # ── whom a token speaks for ─────────────────────────────────────────────────────────────────────────

    async def actor(self, secret: str) -> Actor:
        """Return the actor of a token. Raises `Unauthenticated` and `StoreError`."""
        if not _FORM.fullmatch(secret):
            raise Unauthenticated(f"the token is malformed: it should be {PREFIX} and 64 hexadecimal digits")
        hash = sha256(secret.encode()).hexdigest()
        token = self._known.get(hash) or await self._look_up(hash)
        token.check(datetime.now(UTC))
        self._use(token)
        return token.actor

    async def _look_up(self, hash: str) -> Token:
        revocations = self._revocations
        row = await self._store.read_one(_STATEMENTS["token"], {"id": _id(hash)})
        stored: Any = row["token"] if row else None
        if stored is None or not hmac.compare_digest(stored["hash"], hash):
            raise Unauthenticated("the token is not known")
        token = Token.of(stored)
        # A token that was read before a revocation may be outdated.
        if self._revocations == revocations:
            self._known[hash] = token
        return token

    def _use(self, token: Token) -> None:
        """Note that a token is used. That is written beside the request, not before its answer."""
        if token.id in self._noted:
            return
        self._noted[token.id] = None
        self._uses[token.id] = moment(datetime.now(UTC))
        if self._writing is None or self._writing.done():
            # Use a context of its own, since this is no part of the request that happened to begin it.
            self._writing = asyncio.create_task(self._write_uses(), context=Context())

    async def _write_uses(self) -> None:
        while self._uses:
            uses, self._uses = self._uses, {}
            try:
                await self._store.write(partial(_used, uses))
            except StoreError as error:
                _log.warning("when tokens were last used is not kept", reason=str(error))

    # ── making and ending them ──────────────────────────────────────────────────────────────────────────

    async def create(
        self,
        by: Actor,
        name: str,
        roles: Sequence[Role],
        lines: Sequence[str] | None = None,
        *,
        machine: bool = False,
        connector: str | None = None,
        expires_at: str | None = None,
    ) -> CreatedToken | Refused:
        """Make a token that speaks for `name`. Raises `StoreError`."""
        now = moment(datetime.now(UTC))
        if reasons := tuple(self._reasons(by, name, roles, lines, connector, expires_at, now)):
            return Refused(reasons)
        secret = PREFIX + secrets.token_hex(32)
        hash = sha256(secret.encode()).hexdigest()
        stored = {
            "id": _id(hash),
            "name": name,
            "hash": hash,
            "roles": in_order(frozenset(roles)),
            "lines": None if lines is None else sorted(set(lines)),
            "machine": machine,
            "connector": connector,
            "createdAt": now,
            "createdBy": by.name,
            "expiresAt": expires_at,
        }

        async def work(transaction: WriteTransaction) -> Token:
            (token,) = _tokens(await transaction.run(_STATEMENTS["create_token"], {"token": stored}))
            record = {name: stored[name] for name in _TOLD if stored[name] is not None}
            await self._tell(transaction, token, now, by, "createToken", None, record)
            return token

        return CreatedToken(secret, await self._store.write(work))

    def _reasons(
        self,
        by: Actor,
        name: str,
        roles: Sequence[Role],
        lines: Sequence[str] | None,
        connector: str | None,
        expires_at: str | None,
        now: str,
    ) -> Iterator[Reason]:
        if forbidden := refusal(by, "createToken", lines):
            yield forbidden
        if not _NAME.fullmatch(name):
            yield Reason(
                "INVALID_NAME",
                f"name: {name!r} is no name of an actor",
                "begin with a letter or digit; letters, digits and . _ @ + | - may follow, 100 characters at most",
            )
        if not roles:
            yield Reason("NO_ROLE", "roles: without a role a token may do nothing", "give it at least one role")
        for line in lines or ():
            if wrong := self._no_line(line):
                yield Reason("INVALID_LINE", f"lines: {wrong}", "name release lines by their ids, such as line:NAME")
        if connector is not None and connector not in self._connectors:
            yield Reason(
                "UNKNOWN_CONNECTOR",
                f"connector: there is none called {connector!r}",
                f"name one of {', '.join(sorted(self._connectors))}, or none for a token that every door accepts",
            )
        if expires_at is not None and expires_at <= now:
            yield Reason("EXPIRED", f"expiresAt: {expires_at} is in the past", "let it expire later, or never")

    def _no_line(self, id: str) -> str | None:
        """Return why an id is not that of a release line, or None."""
        try:
            kind = self._ids.kind(id)
        except InvalidId as error:
            return str(error)
        return None if kind == "ReleaseLine" else f"{id} is the id of {a(kind)}"

    async def all(self) -> list[Token]:
        """Return all tokens, the newest first, with those that are no longer valid. Raises `StoreError`."""
        return _tokens(await self._store.read(_STATEMENTS["tokens"]))

    async def revoke(self, by: Actor, named: str) -> Revocation | Refused:
        """Revoke a token by its id, or all tokens of a name. Raises `StoreError`.

        This process rejects it from then on. Others may believe it for `CACHED_SECONDS`.
        """

        async def work(transaction: WriteTransaction) -> Revocation | Refused:
            tokens = _tokens(await transaction.run(_STATEMENTS["revocable_tokens"], {"named": named}))
            if not tokens:
                return Refused(
                    (
                        Reason(
                            "UNKNOWN_TOKEN",
                            f"token: none that is not revoked yet has the id or the name {named!r}",
                            "name it as the list of tokens does",
                        ),
                    )
                )
            for token in tokens:
                if forbidden := refusal(by, "revokeToken", token.lines):
                    return Refused((forbidden,))
            now = moment(datetime.now(UTC))
            parameters = {"ids": [token.id for token in tokens], "now": now, "by": by.name}
            ended = _tokens(await transaction.run(_STATEMENTS["revoke_tokens"], parameters))
            for token in ended:
                await self._tell(transaction, token, now, by, "revokeToken", {"revokedAt": None}, {"revokedAt": now})
            return Revocation(ended)

        outcome = await self._store.write(work)
        if isinstance(outcome, Revocation):
            self._revocations += 1
            ended = {token.id for token in outcome.tokens}
            for hash in [hash for hash, token in self._known.items() if token.id in ended]:
                self._known.pop(hash, None)
        return outcome

    async def _tell(
        self,
        transaction: WriteTransaction,
        token: Token,
        at: str,
        by: Actor,
        action: str,
        before: Mapping[str, Any] | None,
        after: Mapping[str, Any],
    ) -> None:
        """Append to the token's audit trail."""
        await self._chains.append(
            transaction,
            change={"name": token.name},
            subject=token.id,
            at=at,
            by=by.name,
            action=action,
            before=None if before is None else json_text({token.id: before}),
            after=json_text({token.id: after}),
        )


async def _used(at: Mapping[str, str], transaction: WriteTransaction) -> None:
    await transaction.run(_STATEMENTS["use_tokens"], {"uses": [{"id": id, "at": at[id]} for id in sorted(at)]})


def _id(hash: str) -> str:
    return f"token:{hash[:16]}"


def _tokens(rows: Sequence[Mapping[str, Any]]) -> list[Token]:
    return [Token.of(row["token"]) for row in rows]
