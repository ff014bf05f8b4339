"""Robots and telemetry report what runs: always accepted, in any order."""

from __future__ import annotations

from itertools import permutations
from typing import Any

from forebear.app import Forebear
from forebear.domain.outcome import Done, Refused
from forebear.graph.ids import named_id
from tests.actions.plant import CANARY, FLEET, RITA, active, artifact, node, plant, ready, registered, reported, requested
from tests.actions.world import EVA, ago, do, done
from tests.record.asking import ask, now, record


async def seen(registry: Forebear, since: str, *, robot: str = "robot:a", **said: Any) -> Done:
    """Reports what was seen on a robot."""
    return await done(registry, RITA, "reportInstallation", robot=robot, since=since, **said)


async def ran(registry: Forebear, robot: str = "robot:a") -> list[tuple[str, str, str | None, str | None]]:
    """What was seen on a robot: artifact, since when, until when, and what brought it about."""
    query = """query($id: ID!) { robot(id: $id) { installations(orderBy: {field: validFrom}) { nodes {
        validFrom validTo artifact { id } installedBy { id } } } } }"""
    nodes = (await ask(registry, query, id=robot))["robot"]["installations"]["nodes"]
    return [(n["artifact"]["id"], n["validFrom"], n["validTo"], n["installedBy"] and n["installedBy"]["id"]) for n in nodes]


async def test_what_robots_run_is_accepted_whatever_it_is_and_ends_what_ran_before(registry: Forebear) -> None:
    await plant(registry)
    first, second, third, fourth = (ago(hours=h) for h in (9, 7, 5, 3))
    await registered(registry, 1, state="EVALUATION_ONLY", externalIds=["ci:41"])
    digest = artifact(2).removeprefix("artifact:")
    outcome = await seen(registry, first, artifact=artifact(1))
    assert outcome == Done(outcome.subject, changed=(outcome.subject,))
    await seen(registry, second, digest=digest)
    await seen(registry, third, externalId="ci:41")
    over = ago(hours=2)
    await seen(registry, fourth, externalId="cloud:unheard of", until=over)
    assert await ran(registry) == [
        (artifact(1), first, second, None),
        (artifact(2), second, third, None),
        (artifact(1), third, fourth, None),
        ("artifact:cloud:unheard%20of", fourth, over, None),
    ]
    unknown = await node(registry, "Artifact", artifact(2), "described state")
    assert unknown == {"described": False, "state": None}


async def test_a_robot_that_nobody_knows_is_made_known_by_name(registry: Forebear) -> None:
    await plant(registry)
    since = ago(hours=1)
    new = await seen(registry, since, robot="robot:new", artifact=artifact(1))
    assert new.undescribed == (artifact(1), "robot:new")
    assert (await seen(registry, since, artifact=artifact(1))).undescribed == (artifact(1),)
    assert await ran(registry, "robot:new") == [(artifact(1), since, None, None)]
    assert await node(registry, "Robot", "robot:new", "described") == {"described": False}


async def test_reports_in_any_order_and_twice_are_the_same_installations(registry: Forebear) -> None:
    await plant(registry)
    moments = [ago(hours=h) for h in (9, 7, 5)]
    over = ago(hours=6)
    reports: list[dict[str, Any]] = [
        {"since": moments[0], "artifact": artifact(1)},
        {"since": moments[1], "artifact": artifact(2), "until": over},
        {"since": moments[2], "artifact": artifact(1)},
    ]
    for n, order in enumerate(permutations(reports)):
        for said in (*order, *order):
            await seen(registry, robot=f"robot:{n}", **said)
        assert await ran(registry, f"robot:{n}") == [
            (artifact(1), moments[0], moments[1], None),
            (artifact(2), moments[1], over, None),
            (artifact(1), moments[2], None, None),
        ]
    assert await seen(registry, robot="robot:0", **reports[0]) == Done(
        f"installation:0/{moments[0]}/{artifact(1).removeprefix('artifact:')}",
        unchanged=True,
        undescribed=(artifact(1), "robot:0"),
    )


async def test_plain_facts_and_reports_are_one_history(registry: Forebear) -> None:
    await plant(registry)
    first, second, third = (ago(hours=h) for h in (9, 7, 5))
    fact = {"kind": "Installation", "robot": "robot:a"}
    await record(registry, fact | {"id": "installation:one", "artifact": artifact(1), "validFrom": first})
    same = await seen(registry, first, artifact=artifact(1))
    assert same == Done("installation:one", unchanged=True, undescribed=(artifact(1),))
    await seen(registry, third, artifact=artifact(2))
    await seen(registry, second, artifact=artifact(3))
    assert await ran(registry) == [
        (artifact(1), first, second, None),
        (artifact(3), second, third, None),
        (artifact(2), third, None, None),
    ]


async def test_what_brought_an_installation_about_is_found(registry: Forebear) -> None:
    await ready(registry)
    await active(registry, 1, "deployment:first", ago(days=2))
    await requested(registry, 2, "deployment:canary", CANARY)
    before, now = ago(days=1), ago(minutes=-1)
    for robot in ("robot:a", "robot:b"):
        await seen(registry, before, robot=robot, artifact=artifact(1))
        await seen(registry, now, robot=robot, artifact=artifact(2))
    assert await ran(registry) == [
        (artifact(1), before, now, "deployment:first"),
        (artifact(2), now, None, "deployment:canary"),
    ]
    assert await ran(registry, "robot:b") == [
        (artifact(1), before, now, "deployment:first"),
        (artifact(2), now, None, None),
    ]


async def test_what_is_said_to_have_brought_it_about_is_believed(registry: Forebear) -> None:
    await ready(registry)
    since = ago(hours=1)
    await seen(registry, since, artifact=artifact(1), deployment="deployment:by-hand")
    assert await ran(registry) == [(artifact(1), since, None, "deployment:by-hand")]
    # A deployment that was only named so far can still be requested.
    await requested(registry, 1, "deployment:by-hand", FLEET)
    await reported(registry, "deployment:by-hand", "ACTIVE", since)


async def test_what_cannot_be_is_refused(registry: Forebear) -> None:
    await plant(registry)
    outcome = await do(registry, RITA, "reportInstallation", robot="robot:a", since=ago(hours=-1))
    assert isinstance(outcome, Refused)
    assert [r.code for r in outcome.reasons] == ["AMBIGUOUS", "IN_FUTURE"]
    assert await ran(registry) == []
    outcome = await do(registry, EVA, "reportInstallation", robot="robot:a", since=ago(hours=1), artifact=artifact(1))
    assert isinstance(outcome, Refused)
    assert [r.code for r in outcome.reasons] == ["FORBIDDEN"]


async def test_what_was_seen_stays_known(registry: Forebear) -> None:
    await plant(registry)
    await seen(registry, ago(hours=9), artifact=artifact(1))
    then = ago()
    await seen(registry, ago(hours=5), artifact=artifact(2))
    query = """query($t: DateTime) { robot(id: "robot:a", asKnownAt: $t) { installations { nodes { validTo } } } }"""
    assert await ask(registry, query, t=then) == {"robot": {"installations": {"nodes": [{"validTo": None}]}}}


async def test_a_blank_name_names_nothing(registry: Forebear) -> None:
    await plant(registry)
    for name in ("digest", "externalId"):
        for blank in ("", " \t"):
            outcome = await do(registry, RITA, "reportInstallation", robot="robot:a", since=ago(hours=1), **{name: blank})
            assert isinstance(outcome, Refused)
            assert [(r.code, r.message) for r in outcome.reasons] == [("BLANK", f"{name}: is blank, and names nothing")]
    assert await ran(registry) == []


async def test_reports_have_installations_of_their_own_however_robots_and_artifacts_are_called(registry: Forebear) -> None:
    await plant(registry)
    may, june = "2026-05-01T00:00:00Z", "2026-06-01T00:00:00Z"
    first = await seen(registry, may, robot="robot:q", externalId="b/2026-06-01T00:00:00Z/c")
    second = await seen(registry, june, robot="robot:q/2026-05-01T00:00:00Z/b", externalId="c")
    assert first.subject == "installation:q/2026-05-01T00:00:00Z/b/2026-06-01T00:00:00Z/c"
    assert second.subject == "installation:q%2F2026-05-01T00:00:00Z%2Fb/2026-06-01T00:00:00Z/c"
    longest = "robot:" + "r" * 506
    digest = "sha256:" + "0f" * 32
    third = await seen(registry, may, robot=longest, digest=digest)
    assert len(third.subject) == 512
    again = await seen(registry, may, robot=longest, digest=digest)
    assert again == Done(third.subject, unchanged=True, undescribed=(f"artifact:{digest}", longest))
    long = "oci:" + "q/" * 400
    await seen(registry, june, robot=longest, externalId=long)
    assert [artifact for artifact, *_ in await ran(registry, longest)] == [f"artifact:{digest}", named_id("artifact", long)]


async def test_when_it_was_seen_last_is_the_latest_moment_of_all_reports(registry: Forebear) -> None:
    await ready(registry)
    await registered(registry, 1)
    since, early, late = ago(hours=3), ago(hours=2), ago(hours=1)
    outcome = await seen(registry, since, artifact=artifact(1), seenAt=late)
    known = now()
    assert (await seen(registry, since, artifact=artifact(1), seenAt=early)).unchanged
    assert (await seen(registry, since, artifact=artifact(1))).unchanged
    query = """query ($known: DateTime) { installations(asKnownAt: $known) { nodes { id lastSeenAt } }
      whatWasRunning(place: "robot:a", asKnownAt: $known) { nodes { observed { id } lastSeenAt } } }"""
    assert await ask(registry, query) == {
        "installations": {"nodes": [{"id": outcome.subject, "lastSeenAt": late}]},
        "whatWasRunning": {"nodes": [{"observed": {"id": artifact(1)}, "lastSeenAt": late}]},
    }
    assert await ask(registry, query, known=known) == {
        "installations": {"nodes": [{"id": outcome.subject, "lastSeenAt": None}]},
        "whatWasRunning": {"nodes": [{"observed": {"id": artifact(1)}, "lastSeenAt": None}]},
    }
    fact = {"kind": "Installation", "id": outcome.subject, "validFrom": since, "artifact": artifact(1), "robot": "robot:a"}
    for told, kept in ((early, late), (None, late), (latest := ago(minutes=1), latest)):
        summary = await record(registry, fact | {"lastSeenAt": told}, fact | {"lastSeenAt": early}, imported=True)
        assert (summary.rejections, summary.changed) == ([], int(kept == latest))
        assert (await ask(registry, query))["installations"]["nodes"][0]["lastSeenAt"] == kept
    refused = await do(registry, RITA, "reportInstallation", robot="robot:a", since=early, artifact=artifact(1), seenAt=since)
    assert isinstance(refused, Refused)
    assert [r.code for r in refused.reasons] == ["BACKWARDS"]
