"""The items of a recall that stands: what there is to do, and what became of it by what is on record."""

from __future__ import annotations

from typing import Any

from forebear.app import Forebear
from forebear.cli.recall_items import perform
from forebear.cli.registry import Local
from forebear.domain.recall.affected import digest
from forebear.domain.roles import Actor, Role
from tests.actions.plant import FLEET, RITA, SECOND_RELEASE, SINCE, artifact, node, reported
from tests.actions.test_recall import AFFECTED, DATA, codes, descending, messages
from tests.actions.world import ANNA, BEN, OLAF, ago, do, done, person
from tests.record.asking import ask, now, record

ITEMS = """query($recall: ID!, $states: [RecallItemState!], $first: Int!, $after: String, $at: DateTime, $asKnownAt: DateTime) {
  recallItems(recall: $recall, states: $states, first: $first, after: $after, at: $at, asKnownAt: $asKnownAt) {
    recall { id } at totalCount endCursor hasNextPage truncated totalCustomers
    counts { state deployments robots releases }
    items { node { id } kind state customers step place artifact version deployment request lastSeenAt excuse excusedBy
      reasons { code } }
    customers { customer { id } fleets { id } counts { state robots } }
  } }"""


async def items(registry: Forebear, recall: str, **asked: Any) -> dict[str, Any]:
    """What the items of a recall are."""
    found: dict[str, Any] = (await ask(registry, ITEMS, recall=recall, first=100, **asked))["recallItems"]
    return found


async def states(registry: Forebear, recall: str, **asked: Any) -> dict[str, str]:
    """The state of each item."""
    return {item["node"]["id"]: item["state"] for item in (await items(registry, recall, **asked))["items"]}


async def seen(registry: Forebear, robot: str, build: int, **said: Any) -> None:
    """Has a robot report what it runs now."""
    await done(registry, RITA, "reportInstallation", robot=robot, artifact=artifact(build), since=now(), **said)


async def executed(registry: Forebear, recall: str, items: int | None = None) -> list[tuple[str, str]]:
    """Has somebody execute a recall, who is interrupted after some items; what they did."""
    doing, done = perform(Local(registry), recall, "Torn film."), []
    async for each in doing:
        assert each["outcome"]["__typename"] == "Done", each
        done.append((each["item"]["node"]["id"], each["item"]["step"]))
        if len(done) == items:
            break
    await doing.aclose()
    return done


async def rollbacks(registry: Forebear) -> list[str]:
    """The ids of all rollbacks."""
    rows = await registry.store.read("MATCH (d:Deployment)-[back:ROLLS_BACK]->(former:Deployment) RETURN d.id AS id")
    return [str(row["id"]) for row in rows]


async def test_the_items_of_a_recall_follow_from_what_is_requested_and_reported(registry: Forebear) -> None:
    await descending(registry)
    owned = [{"id": "customer:acme", "validFrom": SINCE}]
    assert (
        await record(
            registry,
            {"kind": "Customer", "id": "customer:acme"},
            {"kind": "Fleet", "id": FLEET, "silentAfter": 3600, "customers": owned},
            {"kind": "Robot", "id": "robot:c"},
            {"kind": "Robot", "id": "robot:lost"},
        )
    ).rejections == []
    since = ago(minutes=1)
    await done(registry, RITA, "reportInstallation", robot="robot:c", artifact=artifact(2), since=since)
    await done(registry, OLAF, "decommission", place="robot:lost", reason="Sold.")
    await seen(registry, "robot:lost", 2)

    # While votes are missing, there is nothing to do.
    asked = {"subject": DATA, "affected": digest(AFFECTED), "reason": "Torn film in the labels."}
    id = (await done(registry, ANNA, "recall", **asked)).subject
    assert (await items(registry, id))["items"] == []
    await done(registry, BEN, "recall", **asked)
    robots = ("robot:a", "robot:b", "robot:c", "robot:lost")
    found = await items(registry, id)
    rows = {item["node"]["id"]: item for item in found["items"]}
    assert [*rows] == ["deployment:second", *robots, SECOND_RELEASE]
    back = {"step": "GO_BACK", "place": FLEET, "artifact": artifact(1), "version": "model:picker@1", "request": None}
    assert rows["deployment:second"] == {
        "node": {"id": "deployment:second"}, "kind": "Deployment", "state": "PLANNED", "customers": ["customer:acme"], **back,
        "deployment": None, "lastSeenAt": None, "excuse": None, "excusedBy": None, "reasons": [],
    }  # fmt: skip
    shown = {id: (row["state"], row["step"], row["place"], row["deployment"]) for id, row in rows.items()}
    assert shown == {
        "deployment:second": ("PLANNED", "GO_BACK", FLEET, None),
        "robot:a": ("PLANNED", "GO_BACK", FLEET, "deployment:second"),
        "robot:b": ("PLANNED", "GO_BACK", FLEET, "deployment:second"),
        "robot:c": ("PLANNED", "STOP", "robot:c", None),
        "robot:lost": ("IMPOSSIBLE", None, "robot:lost", None),
        SECOND_RELEASE: ("PLANNED", "WITHDRAW", None, None),
    }
    assert [reason["code"] for reason in rows["robot:lost"]["reasons"]] == ["DECOMMISSIONED"]
    assert found["counts"] == [
        {"state": "PLANNED", "deployments": 1, "robots": 3, "releases": 1},
        {"state": "IMPOSSIBLE", "deployments": 0, "robots": 1, "releases": 0},
    ]
    assert found["customers"] == [
        {"customer": {"id": "customer:acme"}, "fleets": [{"id": FLEET}], "counts": [{"state": "PLANNED", "robots": 2}]},
        {
            "customer": None, "fleets": [],
            "counts": [{"state": "PLANNED", "robots": 1}, {"state": "IMPOSSIBLE", "robots": 1}],
        },
    ]  # fmt: skip
    page = await items(registry, id, states=["PLANNED"], after="1 robot:b")
    assert (page["totalCount"], [item["node"]["id"] for item in page["items"]]) == (5, ["robot:c", SECOND_RELEASE])

    # What is asked for is requested. A robot that was not seen for longer than its fleet allows is unreachable.
    # Whoever executes it and is interrupted goes on, and does nothing twice. A rollback that failed is requested again.
    planned = now()
    assert await executed(registry, id, 1) == [("deployment:second", "GO_BACK")]
    assert await executed(registry, id) == [("robot:c", "STOP"), (SECOND_RELEASE, "WITHDRAW")]
    assert await executed(registry, id) == []
    (failing,) = await rollbacks(registry)
    await reported(registry, failing, "FAILED", now())
    assert (await states(registry, id))["deployment:second"] == "PLANNED"
    assert ("deployment:second", "GO_BACK") in await executed(registry, id)
    (going,) = set(await rollbacks(registry)) - {failing}
    await done(registry, RITA, "reportInstallation", robot="robot:a", artifact=artifact(2), since=ago(hours=20), seenAt=now())
    requested = {
        "deployment:second": "REQUESTED", "robot:a": "REQUESTED", "robot:b": "UNREACHABLE", "robot:c": "REQUESTED",
        "robot:lost": "IMPOSSIBLE", SECOND_RELEASE: "CONFIRMED",
    }  # fmt: skip
    assert await states(registry, id) == requested
    (robot,) = (await items(registry, id, states=["UNREACHABLE"]))["items"]
    assert (robot["request"], robot["lastSeenAt"] is not None) == (going, True)

    # Reports confirm it, robot by robot, until the recalled build is seen again.
    await reported(registry, going, "ACTIVE", now())
    await seen(registry, "robot:a", 1)
    await done(registry, RITA, "reportInstallation", robot="robot:c", artifact=artifact(2), since=since, until=now())
    confirmed = requested | {"deployment:second": "CONFIRMED", "robot:a": "CONFIRMED", "robot:c": "CONFIRMED"}
    assert await states(registry, id) == confirmed
    then = now()
    await seen(registry, "robot:a", 2)
    assert await states(registry, id) == confirmed | {"robot:a": "REQUESTED"}

    # A moment in the past has the states of then. As known then, nobody knows how long a robot was silent.
    assert await states(registry, id, at=then) == confirmed
    assert await states(registry, id, at=planned) == {item: row["state"] for item, row in rows.items()}
    known = confirmed | {"robot:b": "REQUESTED"}
    assert await states(registry, id, asKnownAt=then) == known
    assert (await items(registry, id, at="2026-01-01T00:00:00Z"))["items"] == []

    await excused(registry, id)
    await seen(registry, "robot:a", 1)
    await done(registry, ANNA, "endRecall", recall=id, reason="Done.")
    ended = confirmed | {"robot:lost": "EXCUSED"}
    assert await states(registry, id) == ended
    await seen(registry, "robot:a", 2)
    assert await states(registry, id) == ended
    again = await do(registry, ANNA, "excuseRecallItem", recall=id, item="robot:b", reason="Sold, too.")
    assert messages(again) == [f"item: robot:b is no item of {id}, which is over"]


async def excused(registry: Forebear, id: str) -> None:
    """A person excuses an item, with a reason."""
    asked = {"recall": id, "item": "robot:lost", "reason": "Sold for parts."}
    carl = person("carl", Role.APPROVER, lines=frozenset({"line:other"}))
    bot = Actor("bot", frozenset({Role.APPROVER}), machine=True)
    refusals = [
        await do(registry, OLAF, "excuseRecallItem", **asked),
        await do(registry, carl, "excuseRecallItem", **asked),
        await do(registry, bot, "excuseRecallItem", **asked),
        await do(registry, ANNA, "excuseRecallItem", **asked | {"recall": "recall:none"}),
        await do(registry, ANNA, "excuseRecallItem", **asked | {"item": "deployment:first"}),
    ]
    assert [codes(outcome) for outcome in refusals] == [
        ["FORBIDDEN"], ["FORBIDDEN"], ["UNTRUSTED_MACHINE"], ["UNKNOWN"], ["NO_ITEM"],
    ]  # fmt: skip
    assert (await done(registry, ANNA, "excuseRecallItem", **asked)).changed == (id,)
    assert (await done(registry, ANNA, "excuseRecallItem", **asked)).unchanged
    (item,) = (await items(registry, id, states=["EXCUSED"]))["items"]
    assert (item["node"]["id"], item["excuse"], item["excusedBy"]) == ("robot:lost", "Sold for parts.", "anna")
    kept = (await node(registry, "Recall", id, "excuses { item reason actor }"))["excuses"]
    assert kept == [{"item": "robot:lost", "reason": "Sold for parts.", "actor": "anna"}]
