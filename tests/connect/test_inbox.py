"""The inbox: what comes is kept before it is recorded, comes to the same in any order, and stays with its reason."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import httpx
import pytest

import forebear.app
from forebear.api.doors import doors
from forebear.app import Forebear
from forebear.connect import intake as intake_module
from forebear.connect.folding import StateRow, arrive, fold
from forebear.connect.inbox import OPEN_KEPT, RECORDED_KEPT
from forebear.connect.intake import Intake
from forebear.connect.translator import Outcome, Status
from forebear.domain.roles import Actor, Role
from forebear.record.archive import export
from forebear.store import Store
from forebear.store.errors import EngineUnavailable
from tests.connect.parts import Parts, part
from tests.record.asking import serving

PARTS = Parts()
SENDER = Actor("sender", frozenset({Role.RECORDER}), machine=True)
ANNA = Actor("anna", frozenset({Role.ENGINEER}))
TAKEN, KNOWN = Outcome(Status.TAKEN), Outcome(Status.KNOWN)


@pytest.fixture
def intake(registry: Forebear) -> Intake:
    return Intake(registry.store, registry.recorder, registry.performer, (PARTS,))


async def labels(store: Store) -> Mapping[str, Sequence[str]]:
    """The labels of the datasets that are recorded."""
    rows = await store.read("MATCH (d:Dataset) WITH d ORDER BY d.id RETURN d.id AS id, d.labels AS labels")
    return {str(row["id"]): row["labels"] for row in rows}  # type: ignore[misc]


async def opened(intake: Intake) -> list[tuple[str, str | None, tuple[str, ...]]]:
    """What is not recorded whole: the thing, what is open, and the reasons."""
    return [(event.about or "", event.open, event.reasons) for _, event in await intake.inbox.open(None, None, 100)]


async def test_events_are_recorded_once_in_any_order_and_what_is_refused_stays_with_its_reasons(
    intake: Intake, store: Store
) -> None:
    # The second part waits for the first. The same event again changes nothing, in one request or in two.
    assert await intake.take(PARTS, [part(2)], SENDER) == [TAKEN]
    assert await labels(store) == {}
    assert await intake.take(PARTS, [part(1), part(2), part(1), part(1, "b")], SENDER) == [TAKEN, KNOWN, KNOWN, TAKEN]
    assert await labels(store) == {"dataset:a": ["part-1", "part-2"], "dataset:b": ["part-1"]}
    assert await intake.take(PARTS, [{"part": 1.0, "thing": "a"}], SENDER) == [KNOWN]
    assert await opened(intake) == []

    # A wrong part of an event is reported, and the rest is taken. What has no place is said, and is no mistake.
    assert await intake.take(PARTS, [part(4, note=7, colour="red")], SENDER) == [
        Outcome(Status.PARTLY, ("note: is no text",), ("colour",))
    ]
    # What is refused later is refused with the reasons of the recorder and of the action.
    refused = (
        "a fact: id: 'dataset:!': its name '!' holds what an id cannot; percent-encoded it would be '%21'",
        "deprecate: sender may not deprecate: that needs APPROVER, and sender has RECORDER; ask somebody who has APPROVER, or "
        "an admin for the role",
    )
    (outcome,) = await intake.take(PARTS, [part(3)], SENDER)
    assert (outcome.status, [reason.partition(": ")[2] for reason in outcome.reasons]) == (
        Status.PARTLY, [reason.partition(": ")[2] for reason in refused],
    )  # fmt: skip
    assert await labels(store) == {
        "dataset:a": ["part-1", "part-2", "part-3", "part-4"],
        "dataset:b": ["part-1"],
    }
    # What cannot be translated at all is kept as well, and a bug of a translator loses nothing.
    assert await intake.take(PARTS, [7, part(0), {}, part(5, bug=True)], SENDER) == [
        Outcome(Status.REJECTED, ("the event is no JSON object",)),
        Outcome(Status.REJECTED, ("part: must be from 1; it is 0",)),
        Outcome(Status.REJECTED, ("thing: is no text",)),
        Outcome(
            Status.REJECTED,
            ("the translator parts failed at it, a bug of Forebear's: KeyError('label'); replay it when that is mended",),
        ),
    ]
    assert sorted(status for _, status, _ in await opened(intake) if status) == ["PARTLY", "PARTLY", *["REJECTED"] * 4]


async def test_what_a_killed_process_kept_is_recorded_by_the_next_one_or_when_it_is_sent_again(
    intake: Intake, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for thing in ("a", "b"):
        # This is as far as the process came.
        await intake.inbox.keep(PARTS, [arrive(PARTS, part(1, thing), SENDER.name)], SENDER)
    assert await opened(intake) == [("a", "PENDING", ()), ("b", "PENDING", ())]
    assert await intake.take(PARTS, [part(1)], SENDER) == [TAKEN]
    assert await labels(store) == {"dataset:a": ["part-1"]}
    await intake.resume()
    assert await opened(intake) == [("b", "PENDING", ())], "somebody may be at work at it"
    monkeypatch.setattr(intake_module, "ABANDONED", timedelta(0))
    await intake.resume()
    assert await opened(intake) == []
    rows = await store.read("MATCH (d:Dataset) WITH d ORDER BY d.id RETURN d.id AS id, d.recordedBy AS by, d.source AS source")
    assert rows == [{"id": f"dataset:{thing}", "by": "sender", "source": "parts"} for thing in ("a", "b")]


async def test_two_services_that_fold_into_one_state_lose_nothing(registry: Forebear, intake: Intake, store: Store) -> None:
    other = Intake(store, registry.recorder, registry.performer, (PARTS,))
    numbers = [n for n in range(1, 13) if n != 3]
    await asyncio.gather(*((intake, other)[n % 2].take(PARTS, [part(n)], SENDER) for n in numbers))
    assert await labels(store) == {"dataset:a": [f"part-{n}" for n in numbers]}
    assert await opened(intake) == []


async def test_nobody_records_with_the_rights_of_another(intake: Intake, store: Store) -> None:
    reader = Actor("reader", frozenset({Role.VIEWER}))
    (outcome,) = await intake.take(PARTS, [part(1, "b")], reader)
    assert (outcome.status, outcome.reasons) == (
        Status.REJECTED,
        (
            "dataset:b: reader may not record: that needs RECORDER, ENGINEER or OPERATOR, and reader has VIEWER",
        ),
    )  # fmt: skip
    # Another actor's event about the same thing does not take along what the reader said.
    assert await intake.take(PARTS, [part(2, "b")], SENDER) == [TAKEN]
    assert await labels(store) == {}
    # Somebody may decide to record it in her own name.
    ((_, event),) = await intake.inbox.open("parts", None, 10)
    assert [outcome for _, outcome in await intake.replay([event], ANNA)] == [TAKEN]
    assert await labels(store) == {"dataset:b": ["part-1"]}
    assert await opened(intake) == []


async def test_the_inbox_is_kept_for_a_time_and_goes_along_in_an_archive(registry: Forebear, intake: Intake) -> None:
    await intake.take(PARTS, [part(1), part(0)], SENDER)
    kept = [json.loads(line).get("node") for line in [line async for line in export(registry.store, registry.schema.graph)]]
    assert (kept.count("InboxEvent"), kept.count("InboxState")) == (2, 1)

    async def left() -> list[int]:
        rows = [await registry.store.read(f"MATCH (n:{label}) RETURN count(n) AS n") for label in ("InboxEvent", "InboxState")]
        return [int(row["n"]) for ((row),) in rows]  # type: ignore[call-overload]

    now = datetime.now(UTC)
    await intake.inbox.drop(now + RECORDED_KEPT - timedelta(minutes=1))
    assert await left() == [2, 1]
    await intake.inbox.drop(now + RECORDED_KEPT + timedelta(minutes=1))
    assert await left() == [1, 1]
    await intake.inbox.drop(now + OPEN_KEPT + timedelta(minutes=1))
    assert await left() == [0, 0]


@pytest.fixture
async def door(registry: Forebear, intake: Intake, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service that has the connector of parts, on each engine."""
    monkeypatch.setattr(forebear.app, "DOORS", doors((PARTS,)))
    async with serving(replace(registry, intake=intake)) as client:
        yield client


REJECTED = """query($first: Int!, $after: String) { rejectedEvents(first: $first, after: $after) {
  nodes { id about status reasons receivedBy body } endCursor } }"""
REPLAY = """mutation($ids: [ID!]!) { replayEvents(ids: $ids) {
  ... on EventsReplayed { events { id status reasons } } ... on Refused { reasons { code message } } } }"""


async def graphql(client: httpx.AsyncClient, query: str, **variables: object) -> Any:
    answer = (await client.post("/graphql", json={"query": query, "variables": variables})).json()
    assert "errors" not in answer, answer
    return answer["data"]


async def test_the_door_takes_bounded_json_and_the_inbox_is_shown_and_replayed(
    door: httpx.AsyncClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    zipped = await door.post(
        "/parts",
        content=gzip.compress(json.dumps([part(1)]).encode()),
        headers={"Content-Type": "application/json; charset=utf-8", "Content-Encoding": "gzip"},
    )
    assert (zipped.status_code, zipped.json()) == (200, {"events": [{"status": "TAKEN"}]})
    refused = {}
    for kind, content in (
        ("text/plain", b"[]"),
        ("application/x-www-form-urlencoded", b"[]"),
        ("application/json", b"[,"),
        ("application/json", b"{}"),
        ("application/json", b"[" + b"1," * 1000 + b"1]"),
    ):
        answer = await door.post("/parts", content=content, headers={"Content-Type": kind})
        refused[kind, content[:2]] = (answer.status_code, answer.json()["errors"][0]["message"].partition(" (")[0])
    assert refused == {
        ("text/plain", b"[]"): (415, "content type text/plain is not understood; send application/json"),
        ("application/x-www-form-urlencoded", b"[]"): (
            415,
            "content type application/x-www-form-urlencoded is not understood; send application/json",
        ),
        ("application/json", b"[,"): (400, "the body is no JSON event: JSON is malformed: invalid character"),
        ("application/json", b"{}"): (400, "the body is no JSON array of events"),
        ("application/json", b"[1"): (413, "at most 1000 events at a time; 1001 were sent: send fewer events at a time"),
    }

    answer = await door.post("/parts", json=[part(0), part(0, "b"), part(2)])
    reasons = ["part: must be from 1; it is 0"]
    assert (answer.status_code, answer.json()) == (
        422,
        {"events": [*[{"status": "REJECTED", "reasons": reasons}] * 2, {"status": "TAKEN"}]},
    )
    page = (await graphql(door, REJECTED, first=1))["rejectedEvents"]
    rest = (await graphql(door, REJECTED, first=5, after=page["endCursor"]))["rejectedEvents"]
    assert rest["endCursor"] is None
    nodes = page["nodes"] + rest["nodes"]
    ids = [node.pop("id") for node in nodes]
    shown = {"status": "REJECTED", "reasons": reasons, "receivedBy": "development"}
    assert sorted(nodes, key=lambda node: node["about"]) == [
        {"about": thing, "body": part(0, thing), **shown} for thing in ("a", "b")
    ]
    assert await graphql(door, REPLAY, ids=ids[:1]) == {
        "replayEvents": {"events": [{"id": ids[0], "status": "REJECTED", "reasons": reasons}]}
    }
    assert await graphql(door, REPLAY, ids=["parts/nobody/1"]) == {
        "replayEvents": {
            "reasons": [{"code": "UNKNOWN_EVENT", "message": "ids: the inbox has no event parts/nobody/1"}]
        }
    }  # fmt: skip
    # Mended, it is taken.
    monkeypatch.setattr(Parts, "fold", lambda self, state, event: {**state, "thing": event["thing"], "parts": [1]})
    replayed = (await graphql(door, REPLAY, ids=ids))["replayEvents"]["events"]
    assert sorted(replayed, key=str) == [{"id": id, "status": "TAKEN", "reasons": []} for id in sorted(ids)]
    assert await labels(store) == {"dataset:a": ["part-1"], "dataset:b": ["part-1"]}

    async def away(*_: object, **__: object) -> None:
        raise EngineUnavailable(retry_after=1)

    monkeypatch.setattr(store, "write", away)
    answer = await door.post("/parts", json=[part(7)])
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


def test_a_state_is_the_same_in_any_order() -> None:
    events = [part(1), part(2), part(4), part(2)]
    states = []
    for order in permutations(events):
        state: Mapping[str, Any] = {}
        for event in order:
            state = PARTS.fold(state, event)
        states.append(state)
    assert states == [states[0]] * 24


def test_a_state_that_grows_too_large_rejects_the_event_and_stays() -> None:
    class Growing(Parts):
        def fold(self, state: Mapping[str, Any], event: Mapping[str, Any]) -> Mapping[str, Any]:
            return {"thing": "a", "parts": [1], "text": "x" * (1 << 20)}

    arrival = arrive(Growing(), part(1), "sender")
    assert arrival.state is not None
    folded = fold(Growing(), [arrival], {arrival.state: StateRow(arrival.state, {}, 0)}, frozenset())
    assert (folded.states, folded.said) == ([], {})
    (kept,) = folded.fresh.values()
    assert kept.reason == (
        "what a says with it cannot be kept: must be at most 1048576 characters of JSON long; it has 1048611"
    )
