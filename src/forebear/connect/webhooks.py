"""Webhooks: making, listing, changing and removing them, and their deliveries.

A webhook is made by an actor, and gets what that actor may see. Whoever made it may change it, and so may an ADMIN. Its
secret is shown once, when it is made or rotated, and is kept encrypted.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from forebear.audit.append import Chains
from forebear.connect.secrecy import Encryption, UnreadableSecret, new_secret
from forebear.domain.outcome import Reason, Refused
from forebear.domain.roles import Actor, Role, in_order
from forebear.domain.webhook import DeliveryState, EventFilter
from forebear.domain.webhook_target import Network, wrong_url
from forebear.graph.complaint import a, meant
from forebear.graph.document import json_text
from forebear.graph.ids import Ids, InvalidId
from forebear.graph.moments import moment
from forebear.store import Store, WriteTransaction
from forebear.store.statements import statements
from forebear.verbs.permissions import EVENTS, refusal

T = TypeVar("T")

FORMER_HOURS = 24
"""How long messages are signed by the former secret as well, after it was rotated."""

MOST_REPLAYED = 10_000
"""How many dead deliveries one request has sent again."""

_STATEMENTS = statements("webhooks")
_TOLD = ("url", "events", "kinds", "lines")


@dataclass(frozen=True)
class Webhook:
    """A webhook without its secrets. Moments are in the graph's form. `roles` are those of its maker."""

    id: str
    url: str
    wanted: EventFilter
    roles: frozenset[Role]
    created_at: str
    created_by: str
    rotated_at: str | None
    problem: str | None
    """Why nothing is delivered at all, if that is so."""
    pending: int = 0
    dead: int = 0

    @classmethod
    def of(cls, stored: Mapping[str, Any], problem: str | None = None, pending: int = 0, dead: int = 0) -> Webhook:
        """Return a webhook from its node's properties."""
        filters = (None if (each := stored.get(name)) is None else frozenset(each) for name in ("events", "kinds", "lines"))
        return cls(
            stored["id"],
            stored["url"],
            EventFilter(*filters),
            frozenset(Role[role] for role in stored["roles"]),
            stored["createdAt"],
            stored["createdBy"],
            stored.get("rotatedAt"),
            problem,
            pending,
            dead,
        )


@dataclass(frozen=True)
class WebhookWithSecret:
    """A webhook with a new secret. It is shown only this once."""

    secret: str
    webhook: Webhook


@dataclass(frozen=True)
class Removed:
    """A webhook that is gone."""

    webhook: Webhook


@dataclass(frozen=True)
class Replayed:
    """How many dead deliveries are sent again."""

    deliveries: int


class Webhooks:
    """The webhooks of one store. `networks` are those besides the public ones to which they may lead."""

    def __init__(
        self,
        store: Store,
        ids: Ids,
        kinds: Collection[str],
        chains: Chains,
        encryption: Encryption,
        networks: Sequence[Network] = (),
    ) -> None:
        self._store = store
        self._ids = ids
        self._kinds = kinds
        self._chains = chains
        self.encryption = encryption
        self.networks = networks

    # ── reading ─────────────────────────────────────────────────────────────────────────────────────────

    async def all(self, by: Actor) -> list[Webhook]:
        """Return the webhooks that an actor may see, the newest first. Raises `StoreError`."""
        return [
            Webhook.of(row["webhook"], self.encryption.problem(row["webhook"].get("secret")), row["pending"], row["dead"])
            for row in _rows(await self._store.read(_STATEMENTS["webhooks"]))
            if _sees(by, row["webhook"])
        ]

    async def deliveries(
        self, by: Actor, id: str, states: Collection[DeliveryState], most: int
    ) -> list[Mapping[str, Any]] | None:
        """Return the properties of a webhook's newest deliveries, or None if the actor sees no such webhook.

        Raises `StoreError`.
        """
        row = await self._store.read_one(_STATEMENTS["webhook"], {"id": id})
        if row is None or not _sees(by, _rows([row])[0]["webhook"]):
            return None
        # The ids are those of the webhook and the message, with a slash between them. A 0 comes after a slash.
        parameters = {"since": f"{id}/", "until": f"{id}0", "states": sorted(states), "most": most}
        return [row["delivery"] for row in _rows(await self._store.read(_STATEMENTS["deliveries"], parameters))]

    # ── changing ────────────────────────────────────────────────────────────────────────────────────────

    async def create(
        self,
        by: Actor,
        url: str,
        events: Sequence[str] | None = None,
        kinds: Sequence[str] | None = None,
        lines: Sequence[str] | None = None,
    ) -> WebhookWithSecret | Refused:
        """Make a webhook. It gets the events from now on. Raises `StoreError`."""
        if reasons := tuple(self._reasons(by, url, events, kinds, lines)):
            return Refused(reasons)
        secret, now = new_secret(), moment(datetime.now(UTC))
        stored = {
            "id": f"webhook:{secrets.token_hex(8)}",
            "url": url,
            **{name: _set(each) for name, each in (("events", events), ("kinds", kinds), ("lines", lines))},
            "roles": in_order(by.roles),
            "createdAt": now,
            "createdBy": by.name,
            "secret": self.encryption.encrypted(secret),
            "spreadTo": now,
        }

        async def work(transaction: WriteTransaction) -> WebhookWithSecret:
            await transaction.run(_STATEMENTS["create_webhook"], {"webhook": stored})
            told = {name: stored[name] for name in _TOLD if stored[name] is not None}
            await self._tell(transaction, str(stored["id"]), now, by, "createWebhook", None, told)
            return WebhookWithSecret(secret, Webhook.of(stored))

        return await self._store.write(work)

    async def rotate(self, by: Actor, id: str) -> WebhookWithSecret | Refused:
        """Give a webhook a new secret. The former one signs as well for a while. Raises `StoreError`."""
        if not self.encryption.possible:
            return Refused((NO_KEY,))
        secret, now = new_secret(), moment(datetime.now(UTC))
        kept = self.encryption.encrypted(secret)

        async def work(transaction: WriteTransaction, stored: Mapping[str, Any]) -> WebhookWithSecret:
            values = {"secret": kept, "formerSecret": stored.get("secret"), "rotatedAt": now}
            (row,) = _rows(await transaction.run(_STATEMENTS["change_webhook"], {"id": id, "values": values}))
            before, after = {"rotatedAt": stored.get("rotatedAt")}, {"rotatedAt": now}
            await self._tell(transaction, id, now, by, "rotateWebhookSecret", before, after)
            return WebhookWithSecret(secret, Webhook.of(row["webhook"]))

        return await self._change(by, "rotateWebhookSecret", id, work)

    async def delete(self, by: Actor, id: str) -> Removed | Refused:
        """Remove a webhook. What is on its way may still arrive. Raises `StoreError`."""
        now = moment(datetime.now(UTC))

        async def work(transaction: WriteTransaction, stored: Mapping[str, Any]) -> Removed:
            await transaction.run(_STATEMENTS["delete_webhook"], {"id": id})
            told = {name: stored[name] for name in _TOLD if stored.get(name) is not None}
            await self._tell(transaction, id, now, by, "deleteWebhook", told, dict.fromkeys(told))
            return Removed(Webhook.of(stored))

        return await self._change(by, "deleteWebhook", id, work)

    async def replay(self, by: Actor, id: str, message: str | None = None) -> Replayed | Refused:
        """Have the dead deliveries of a webhook sent again, or one of them by its message's id. Raises `StoreError`."""
        now = moment(datetime.now(UTC))

        async def work(transaction: WriteTransaction, stored: Mapping[str, Any]) -> Replayed | Refused:
            parameters = {"held": held(id, DeliveryState.DEAD), "message": message or "", "most": MOST_REPLAYED}
            rows = _rows(await transaction.run(_STATEMENTS["replayable"], parameters))
            if message and not rows:
                return Refused(
                    (
                        Reason(
                            "UNKNOWN_DELIVERY",
                            f"message: {id} has no dead delivery of {message!r}",
                            "name one that the deliveries of the webhook show as DEAD, or none to replay them all",
                        ),
                    )
                )
            if rows:
                parameters = {"ids": [row["id"] for row in rows], "held": held(id, DeliveryState.PENDING), "now": now}
                await transaction.run(_STATEMENTS["replay"], parameters)
                after = {"replayed": len(rows), **({"message": message} if message else {})}
                await self._tell(transaction, id, now, by, "replayDeliveries", None, after)
            return Replayed(len(rows))

        return await self._change(by, "replayDeliveries", id, work)

    async def _change(
        self, by: Actor, verb: str, id: str, work: Callable[[WriteTransaction, Mapping[str, Any]], Awaitable[T]]
    ) -> T | Refused:
        """Do some work on a webhook in a transaction, if the actor may. The work takes the transaction and the properties."""

        async def changing(transaction: WriteTransaction) -> T | Refused:
            if forbidden := refusal(by, verb):
                return Refused((forbidden,))
            rows = _rows(await transaction.run(_STATEMENTS["webhook"], {"id": id}))
            if not rows or not _manages(by, rows[0]["webhook"]):
                return Refused(
                    (
                        Reason(
                            "UNKNOWN_WEBHOOK",
                            f"webhook: {by.name} has none with the id {id!r}",
                            "name one that the list of webhooks shows; an ADMIN may change those of others",
                        ),
                    )
                )
            return await work(transaction, rows[0]["webhook"])

        return await self._store.write(changing)

    def _reasons(
        self,
        by: Actor,
        url: str,
        events: Sequence[str] | None,
        kinds: Sequence[str] | None,
        lines: Sequence[str] | None,
    ) -> Iterator[Reason]:
        if forbidden := refusal(by, "createWebhook", lines):
            yield forbidden
        if not self.encryption.possible:
            yield NO_KEY
        if wrong := wrong_url(url, self.networks):
            yield Reason("INVALID_URL", f"url: {wrong}", "give the https:// URL of the receiver")
        yield from self.against(events, kinds, lines)

    def against(
        self, events: Sequence[str] | None, kinds: Sequence[str] | None, lines: Sequence[str] | None
    ) -> Iterator[Reason]:
        """Return the reasons against a filter of events."""
        for field, given, known in (("events", events, EVENTS), ("kinds", kinds, self._kinds)):
            if given is not None and not given:
                yield Reason("EMPTY_FILTER", f"{field}: the list is empty, so nothing would be delivered", _LEFT_OUT)
            for name in given or ():
                if name not in known:
                    remedy = f"name one of {', '.join(sorted(known))}"
                    yield Reason("UNKNOWN_NAME", f"{field}: there is no {name!r}{meant(name, known)}", remedy)
        if lines is not None and not lines:
            yield Reason("EMPTY_FILTER", "lines: the list is empty, so nothing would be delivered", _LEFT_OUT)
        for line in lines or ():
            if no_line := self._no_line(line):
                yield Reason("INVALID_LINE", f"lines: {no_line}", "name release lines by their ids, such as line:NAME")

    def _no_line(self, id: str) -> str | None:
        """Return why an id is not that of a release line, or None."""
        try:
            kind = self._ids.kind(id)
        except InvalidId as error:
            return str(error)
        return None if kind == "ReleaseLine" else f"{id} is the id of {a(kind)}"

    async def _tell(
        self,
        transaction: WriteTransaction,
        id: str,
        at: str,
        by: Actor,
        action: str,
        before: Mapping[str, Any] | None,
        after: Mapping[str, Any],
    ) -> None:
        """Append to the webhook's audit trail."""
        await self._chains.append(
            transaction,
            change=after,
            subject=id,
            at=at,
            by=by.name,
            action=action,
            before=None if before is None else json_text({id: before}),
            after=json_text({id: after}),
        )


NO_KEY = Reason(
    "NO_SECRET_KEY",
    "this service has no key to encrypt the secrets of webhooks",
    "set FOREBEAR_SECRET_KEY to what `openssl rand -base64 32 | tr '+/' '-_'` prints, keep it, and start the service again",
)

_LEFT_OUT = "leave it out for all, or name some"


def held(webhook: str, state: DeliveryState) -> str:
    """Return what the deliveries of a webhook in a state are looked up by. Those that are delivered have nothing."""
    return f"{webhook} {state}"


def signing(stored: Mapping[str, Any], encryption: Encryption, now: datetime) -> list[str]:
    """Return the secrets that sign a message to a webhook: its secret, and for a while the former one.

    A former secret that cannot be decrypted signs nothing: whoever rotated the key of secrets gave that up. Raises
    `connect.secrecy.UnreadableSecret` if the secret itself cannot be.
    """
    secrets = [encryption.decrypted(stored.get("secret"))]
    rotated, former = stored.get("rotatedAt"), stored.get("formerSecret")
    if former and rotated and now < datetime.fromisoformat(rotated) + timedelta(hours=FORMER_HOURS):
        with suppress(UnreadableSecret):
            secrets.append(encryption.decrypted(former))
    return secrets


def _sees(by: Actor, stored: Mapping[str, Any]) -> bool:
    return _manages(by, stored) or Role.AUDITOR in by.roles


def _manages(by: Actor, stored: Mapping[str, Any]) -> bool:
    return Role.ADMIN in by.roles or stored["createdBy"] == by.name


def _set(values: Sequence[str] | None) -> list[str] | None:
    return None if values is None else sorted({*values})


def _rows(rows: Any) -> list[dict[str, Any]]:
    """Return rows as what they are: their columns are not known to types."""
    return list(rows)
