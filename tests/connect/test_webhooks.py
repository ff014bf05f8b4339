"""Webhooks on a registry: what is kept of them, who may change them, and what a receiver gets, on each engine."""

import asyncio
import ipaddress
import json
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from cryptography.fernet import Fernet
from standardwebhooks import Webhook as Signature

from forebear.app import Forebear
from forebear.connect import deliverer as delivering
from forebear.connect import outbox, posting
from forebear.connect.deliverer import Deliverer
from forebear.connect.outbox import Outbox
from forebear.connect.posting import NotDelivered, Post
from forebear.connect.secrecy import Encryption
from forebear.connect.webhooks import Replayed, Webhooks, WebhookWithSecret
from forebear.domain import webhook
from forebear.domain.outcome import Refused
from forebear.domain.roles import Actor, Role
from forebear.domain.webhook import DeliveryState
from forebear.domain.webhook_target import wrong_url
from forebear.graph.document import json_text
from forebear.graph.kinds import GRAPH
from forebear.identity.tokens import CreatedToken
from forebear.record.archive import export, restore
from forebear.store import Store, WriteTransaction
from forebear.store.lease import Lease
from tests import engines
from tests.actions.world import done, person
from tests.api.served import until
from tests.record.asking import history, origin, record

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
KEY = Fernet.generate_key().decode()
ADA = Actor("ada", frozenset({Role.ENGINEER, Role.RECORDER}))
BOB = Actor("bob", frozenset({Role.OPERATOR}), frozenset({"line:l"}))
EVE = Actor("eve", frozenset({Role.AUDITOR}))
RITA = person("rita", Role.RECORDER)
ROOT = Actor("root", frozenset({Role.ADMIN}))


@dataclass
class Receiver:
    """Something that takes messages on a port of this machine, in this loop, and answers as it is told."""

    port: int = 0
    status: int = 204
    only: str = ""
    """The subject that the status is for. Others get 204."""
    messages: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)
    refused: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/events"

    @property
    def events(self) -> list[Any]:
        return [json.loads(body) for _, body in self.messages]

    @property
    def numbers(self) -> list[tuple[str, int]]:
        return [(event["subject"], event["data"]["number"]) for event in self.events]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().split("\r\n")[1:]
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
                body = await reader.readexactly(int(headers["content-length"]))
                status = self.status if self.only in ("", json.loads(body)["subject"]) else 204
                if status == 204:
                    self.messages.append((headers, body))
                else:
                    self.refused += 1
                location = "Location: http://127.0.0.1:1/\r\n" if 300 <= status < 400 else ""
                writer.write(f"HTTP/1.1 {status} x\r\n{location}Content-Length: 0\r\n\r\n".encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def receiving(**answers: Any) -> AsyncIterator[Receiver]:
    receiver = Receiver(**answers)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()


@dataclass
class Delivery:
    """What delivers, of one service."""

    webhooks: Webhooks
    outbox: Outbox
    deliverer: Deliverer


def service(registry: Forebear, key: str | None = KEY) -> Delivery:
    """What a service with a key has for webhooks."""
    own = registry.webhooks
    webhooks = Webhooks(registry.store, own._ids, GRAPH.kinds, own._chains, Encryption(key), LOOPBACK)
    outbox = Outbox(registry.store, GRAPH, 1)
    return Delivery(webhooks, outbox, Deliverer(registry.store, outbox, webhooks.encryption, LOOPBACK))


@pytest.fixture
async def ours(registry: Forebear, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Delivery]:
    monkeypatch.setattr(delivering, "POLL_SECONDS", 0.02)
    made = service(registry)
    yield made
    await made.deliverer.close()


async def created(webhooks: Webhooks, url: str, by: Actor = ADA, **given: Any) -> WebhookWithSecret:
    outcome = await webhooks.create(by, url, **given)
    assert isinstance(outcome, WebhookWithSecret)
    return outcome


async def kept(store: Store, label: str) -> list[Any]:
    return [row["p"] for row in await store.read(f"MATCH (n:{label}) WITH n ORDER BY n.id RETURN properties(n) AS p")]


async def delivered(ours: Delivery, receiver: Receiver, count: int) -> None:
    """Ticks until a receiver has so many messages."""

    async def enough() -> bool:
        await ours.deliverer.tick()
        return len(receiver.messages) >= count

    await until(enough)


async def settled(ours: Delivery) -> None:
    """Waits until what became of all deliveries is kept, which is after they arrived."""

    async def none_pending() -> bool:
        return all(each.pending == 0 for each in await ours.webhooks.all(ROOT))

    await until(none_pending)


async def test_an_event_arrives_signed_in_its_subjects_order_and_is_listed(registry: Forebear, ours: Delivery) -> None:
    await record(registry, {"kind": "Dataset", "id": "dataset:before"})
    async with receiving() as receiver:
        made = await created(ours.webhooks, receiver.url)
        for n in range(4):
            await record(registry, {"kind": "Dataset", "id": f"dataset:d{n}"})
        await delivered(ours, receiver, 4)
        await settled(ours)

        assert receiver.numbers == [("facts/tester", n) for n in range(1, 5)]
        headers, body = receiver.messages[0]
        assert headers["content-type"] == "application/cloudevents+json"
        event = Signature(made.secret).verify(body, dict(headers))
        assert event["id"] == headers["webhook-id"]
        assert {name: event[name] for name in ("specversion", "type", "source", "subject", "sequence")} == {
            "specversion": "1.0",
            "type": "forebear.record",
            "source": "forebear",
            "subject": "facts/tester",
            "sequence": "000000000001",
        }
        assert (event["data"]["by"], event["data"]["after"]["facts"]) == ("tester", {"Dataset": 1})

        rows = await ours.webhooks.deliveries(ADA, made.webhook.id, [DeliveryState.DELIVERED], 50)
        assert rows is not None
        assert [(row["message"], row["number"], row["attempts"]) for row in rows] == [
            (each["id"], each["data"]["number"], 1) for each in reversed(receiver.events)
        ]
        (listed,) = await ours.webhooks.all(ADA)
        assert (listed.pending, listed.dead, listed.problem) == (0, 0, None)


async def test_what_is_kept_of_a_webhook_holds_no_secret_and_an_archive_less(registry: Forebear, ours: Delivery) -> None:
    store = registry.store
    made = await created(ours.webhooks, "http://127.0.0.1:1/", kinds=["Release"], events=["reject", "approve"])
    former = made.secret
    (stored,) = await kept(store, "Webhook")
    rotated = await ours.webhooks.rotate(ADA, made.webhook.id)
    assert isinstance(rotated, WebhookWithSecret)
    (again,) = await kept(store, "Webhook")
    assert (again["formerSecret"], again["rotatedAt"]) == (stored["secret"], rotated.webhook.rotated_at)
    shown = str(await kept(store, "Webhook|AuditEntry|OutboxEntry"))
    assert not any(secret.removeprefix("whsec_") in shown for secret in (former, rotated.secret))

    # Both secrets sign for a day after the rotation.
    signed = delivering.signing(again, ours.webhooks.encryption, datetime.now(UTC))
    assert signed == [rotated.secret, former]
    assert delivering.signing(
        {**again, "rotatedAt": "2020-01-01T00:00:00.000000Z"}, ours.webhooks.encryption, datetime.now(UTC)
    ) == [rotated.secret]

    entries = [entry for entry in await kept(store, "AuditEntry") if entry["subject"] == made.webhook.id]
    told = {"url": "http://127.0.0.1:1/", "events": ["approve", "reject"], "kinds": ["Release"]}
    assert [(entry["action"], entry["by"], entry["after"]) for entry in entries] == [
        ("createWebhook", "ada", json_text({made.webhook.id: told})),
        ("rotateWebhookSecret", "ada", json_text({made.webhook.id: {"rotatedAt": rotated.webhook.rotated_at}})),
    ]

    archive = [line async for line in export(store, GRAPH)]
    (line,) = [json.loads(line) for line in archive if json.loads(line).get("node") == "Webhook"]
    assert line["properties"].keys() & {"secret", "formerSecret"} == set()
    assert not any(json.loads(line).get("node") == "Lease" for line in archive)
    await engines.empty(store)
    _ = [n async for n in restore(store, GRAPH, archive)]
    assert [each async for each in export(store, GRAPH)] == archive
    (restored,) = await ours.webhooks.all(ADA)
    assert restored.problem == "it has no secret, since it was restored from an archive: rotate its secret"
    (lost,) = await service(registry, Fernet.generate_key().decode()).webhooks.all(ADA)
    assert lost.problem == restored.problem
    await ours.webhooks.rotate(ADA, made.webhook.id)
    assert [each.problem for each in await ours.webhooks.all(ADA)] == [None]
    (lost,) = await service(registry, Fernet.generate_key().decode()).webhooks.all(ADA)
    assert lost.problem == (
        "its secret cannot be decrypted: put the key that encrypted it into FOREBEAR_SECRET_KEY, or rotate the secret"
    )
    both = f"{Fernet.generate_key().decode()}, {KEY}"
    assert [each.problem for each in await service(registry, both).webhooks.all(ADA)] == [None]


async def test_who_may_not_or_asks_for_what_is_wrong_is_told_every_reason(registry: Forebear, ours: Delivery) -> None:
    async def codes(by: Actor, url: str = "http://127.0.0.1:1/", **given: Any) -> list[str]:
        outcome = await ours.webhooks.create(by, url, **given)
        return [reason.code for reason in outcome.reasons] if isinstance(outcome, Refused) else []

    assert await codes(EVE) == ["FORBIDDEN"]
    assert await codes(BOB) == ["FORBIDDEN"]
    assert await codes(BOB, lines=["line:k"]) == ["FORBIDDEN"]
    assert await codes(BOB, lines=["line:l"]) == []
    assert await codes(ADA, "ftp://x", events=["aprove"], kinds=["Releas"], lines=["dataset:a"]) == [
        "INVALID_URL", "UNKNOWN_NAME", "UNKNOWN_NAME", "INVALID_LINE",
    ]  # fmt: skip
    assert await codes(ADA, events=[], kinds=[], lines=[]) == ["EMPTY_FILTER"] * 3
    without = service(registry, None)
    outcome = await without.webhooks.create(ADA, "http://127.0.0.1:1/")
    assert isinstance(outcome, Refused)
    assert [(reason.code, reason.message, reason.remedy) for reason in outcome.reasons] == [
        (
            "NO_SECRET_KEY",
            "this service has no key to encrypt the secrets of webhooks",
            "set FOREBEAR_SECRET_KEY to what `openssl rand -base64 32 | tr '+/' '-_'` prints, keep it, "
            "and start the service again",
        )
    ]

    # A webhook is its maker's and the administrators'; an auditor sees it.
    (made,) = await ours.webhooks.all(ROOT)
    assert (made.created_by, [each.id for each in await ours.webhooks.all(EVE)]) == ("bob", [made.id])
    assert await ours.webhooks.all(ADA) == []
    assert await ours.webhooks.deliveries(ADA, made.id, [], 1) is None
    for outcome in (
        await ours.webhooks.rotate(ADA, made.id),
        await ours.webhooks.delete(ADA, made.id),
        await ours.webhooks.replay(ADA, made.id),
        await ours.webhooks.delete(ROOT, "webhook:nobody"),
    ):
        assert isinstance(outcome, Refused)
        assert [reason.code for reason in outcome.reasons] == ["UNKNOWN_WEBHOOK"]
    assert not isinstance(await ours.webhooks.delete(ROOT, made.id), Refused)
    assert await kept(registry.store, "Webhook") == []


async def test_a_webhook_gets_what_its_filter_takes_and_its_maker_may_see(registry: Forebear, ours: Delivery) -> None:
    async with receiving() as every, receiving() as lined, receiving() as kinds:
        await created(ours.webhooks, every.url, ROOT)
        await created(ours.webhooks, lined.url, BOB, lines=["line:l"])
        await created(ours.webhooks, kinds.url, ADA, kinds=["Dataset", "Incident"])
        assert isinstance(await registry.tokens.create(ROOT, "carl", [Role.VIEWER]), CreatedToken)
        await record(registry, {"kind": "Dataset", "id": "dataset:a"})
        await record(registry, {"kind": "Model", "id": "model:m"})
        await history(
            registry,
            {"kind": "ReleaseLine", "id": "line:l"},
            {"kind": "Fleet", "id": "fleet:f", "lines": [{"id": "line:l", "validFrom": "2026-01-01T00:00:00Z"}]},
            {"kind": "Fleet", "id": "fleet:g"},
        )
        for fleet in ("g", "f"):
            incident = {"at": [f"fleet:{fleet}"], "since": "2026-11-01T00:00:00Z", "externalIds": [f"pager:{fleet}"]}
            await done(registry, RITA, "reportIncident", reports=[incident])
        await delivered(ours, every, 9)
        await delivered(ours, lined, 1)
        await delivered(ours, kinds, 3)
    # Making the first webhook is an event since then, and so is making the others.
    assert sorted(event["type"].removeprefix("forebear.") for event in every.events) == [
        "createToken", *["createWebhook"] * 3, "importHistory", "record", "record", "reportIncident", "reportIncident",
    ]  # fmt: skip
    assert [event["subject"] for event in lined.events] == ["incident:pager:f"]
    assert sorted(event["subject"] for event in kinds.events) == ["facts/tester", "incident:pager:f", "incident:pager:g"]


async def test_one_receiver_that_is_down_holds_up_itself_until_its_deliveries_are_dead_and_replayed(
    registry: Forebear, ours: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = registry.store
    monkeypatch.setattr(webhook, "DELAYS", (timedelta(0),))
    async with receiving(status=302, only="facts/ben") as stubborn, receiving() as willing:
        made = await created(ours.webhooks, stubborn.url)
        other = await created(ours.webhooks, willing.url)
        for n in range(3):
            for name in ("ben", "eva"):
                await registry.recorder.record([{"kind": "Dataset", "id": f"dataset:{name}{n}"}], origin(name))
        await delivered(ours, willing, 6)
        await delivered(ours, stubborn, 3)
        assert stubborn.numbers == [("facts/eva", n) for n in range(3)]
        assert sorted(willing.numbers) == [(f"facts/{name}", n) for name in ("ben", "eva") for n in range(3)]

        async def dead() -> bool:
            await ours.deliverer.tick()
            return {each.id: each.dead for each in await ours.webhooks.all(ROOT)} == {made.webhook.id: 3, other.webhook.id: 0}

        await until(dead)
        rows = await ours.webhooks.deliveries(ADA, made.webhook.id, [DeliveryState.DEAD], 50)
        assert rows is not None
        problem = "the answer was 302, and redirects are not followed"
        assert [(row["number"], row["attempts"], row["problem"]) for row in rows] == [(n, 2, problem) for n in (2, 1, 0)]
        assert stubborn.refused == 6

        # Events go on after dead letters, and a replay arrives late, once.
        stubborn.status = 204
        await registry.recorder.record([{"kind": "Dataset", "id": "dataset:ben3"}], origin("ben"))
        await delivered(ours, stubborn, 4)
        replayed = await ours.webhooks.replay(ADA, made.webhook.id, rows[1]["message"])
        assert replayed == Replayed(1)
        await delivered(ours, stubborn, 5)
        assert await ours.webhooks.replay(ADA, made.webhook.id) == Replayed(2)
        await delivered(ours, stubborn, 7)
        # Each replay waits in a queue of its own, so replays arrive in no order.
        assert (stubborn.numbers[3:5], sorted(stubborn.numbers[5:])) == (
            [("facts/ben", 3), ("facts/ben", 1)],
            [("facts/ben", 0), ("facts/ben", 2)],
        )
        await settled(ours)
        assert await ours.webhooks.replay(ADA, made.webhook.id) == Replayed(0)
        unknown = await ours.webhooks.replay(ADA, made.webhook.id, rows[1]["message"])
        assert isinstance(unknown, Refused)
        assert [reason.code for reason in unknown.reasons] == ["UNKNOWN_DELIVERY"]
        assert len({event["id"] for event in stubborn.events}) == len(stubborn.events) == 7

    # What nobody needs any more goes after a week; what waits or can be replayed stays.
    assert await ours.outbox.clean() == 0
    monkeypatch.setattr(outbox, "KEPT", timedelta(0))
    before = len(await kept(store, "OutboxEntry"))
    await store.write(partial(_set, "MATCH (w:Webhook) SET w.spreadTo = '9999-01-01T00:00:00.000000Z'"))
    await store.write(
        partial(_set, f"MATCH (d:WebhookDelivery {{message: '{rows[0]['message']}'}}) SET d.held = 'x DEAD', d.state = 'DEAD'")
    )
    removed = await ours.outbox.clean()
    left = await kept(store, "OutboxEntry")
    assert removed == before - len(left) > 0
    assert left[0]["id"] == rows[0]["entry"]
    assert min(each["entry"] for each in await kept(store, "WebhookDelivery")) == rows[0]["entry"]
    await ours.webhooks.delete(ADA, made.webhook.id)
    await ours.webhooks.delete(ADA, other.webhook.id)
    await ours.outbox.clean()
    assert await kept(store, "WebhookDelivery") == []


async def _set(text: str, transaction: WriteTransaction) -> None:
    await transaction.run(text)


async def test_a_name_is_checked_where_it_leads_when_it_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def leads_inside(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(posting.socket, "getaddrinfo", leads_inside)
    async with receiving() as receiver:
        url = f"http://hooks.example:{receiver.port}/"
        assert wrong_url(url, ()) is None
        async with Post(url) as post:
            with pytest.raises(NotDelivered) as refused:
                await post.send(b"{}", {})
        assert str(refused.value) == "127.0.0.1 is not public, and none of the networks in FOREBEAR_WEBHOOK_NETWORKS holds it"
        async with Post(url, LOOPBACK) as post:
            await post.send(b'{"subject": "a"}', {})
    assert asked == ["hooks.example", "hooks.example"]
    assert [headers["host"] for headers, _ in receiver.messages] == [f"hooks.example:{receiver.port}"]


async def test_an_answer_that_never_ends_is_waited_for_no_longer_than_the_limit_and_not_read_whole() -> None:
    sent, over = 0, asyncio.Event()

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        with closing(writer), suppress(ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            if not sent:
                sent = 1
                await over.wait()
            writer.write(b"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n")
            while True:
                writer.write(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
                await writer.drain()
                sent += 0x4000

    server = await asyncio.start_server(endless, "127.0.0.1", 0)
    async with server, Post(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", LOOPBACK, seconds=0.2) as post:
        with pytest.raises(NotDelivered, match=r"^no answer came within 0.2 s$"):
            await post.send(b"{}", {})
        post._seconds = 10
        await post.send(b"{}", {})
        over.set()
    assert sent < 20_000_000


def test_a_former_secret_whose_key_is_gone_does_not_stop_deliveries() -> None:
    now = datetime.now(UTC)
    gone, here = (Encryption(Fernet.generate_key().decode()) for _ in range(2))
    stored = {"secret": here.encrypted("new"), "formerSecret": gone.encrypted("old"), "rotatedAt": now.isoformat()}
    assert delivering.signing(stored, here, now) == ["new"]
    assert delivering.signing(stored | {"formerSecret": here.encrypted("old")}, here, now) == ["new", "old"]


async def test_a_lease_has_one_holder_at_a_time_and_passes_on_when_its_holder_is_gone(store: Store) -> None:
    if store.embedded is not None:
        one = Lease(store, "x")
        assert (await one.take(), one.holds(10)) == (True, True)
        return
    seconds = 0.0
    one, two = (Lease(store, "x", lambda: seconds) for _ in range(2))
    assert [await one.take(), await two.take(), await one.take()] == [True, False, True]
    assert (one.holds(19), one.holds(21), two.holds()) == (True, False, False)
    seconds += 6
    assert (await one.take(), one.holds(19)) == (True, True)
    await one.end()
    assert [await two.take(), await one.take()] == [True, False]
    done: list[Lease] = []
    for each in (one, two):
        await each.alone(lambda each=each: asyncio.sleep(0, done.append(each)))
    assert done == [two]
    # Its holder dies, and its time is over.
    await store.write(partial(_set, "MATCH (l:Lease) SET l.heldUntil = '2020-01-01T00:00:00.000000Z'"))
    assert await one.take()
    seconds += 40
    assert not one.holds()
