"""Robots say what they run as often as they like, and only what is new leaves a trace."""

from __future__ import annotations

import asyncio
from typing import Any

from forebear.app import Forebear
from forebear.domain.outcome import Done, Refused
from tests.actions.plant import RITA, active, artifact, ready, registered
from tests.actions.test_installation import ran
from tests.actions.world import EVA, ago, do, done
from tests.record.asking import ask, everything


def sighting(at: str, n: int, robot: str = "robot:a") -> dict[str, Any]:
    """The n-th build on a robot, by its digest."""
    return {"robot": robot, "at": at, "digest": artifact(n).removeprefix("artifact:")}


async def sighted(registry: Forebear, *sightings: dict[str, Any]) -> Done:
    return await done(registry, RITA, "reportSightings", sightings=[*sightings])


async def last(registry: Forebear, robot: str = "robot:a") -> list[str]:
    """When each installation on a robot was seen last."""
    query = "query($id: ID!) { robot(id: $id) { installations(orderBy: {field: validFrom}) { nodes { lastSeenAt } } } }"
    return [n["lastSeenAt"] for n in (await ask(registry, query, id=robot))["robot"]["installations"]["nodes"]]


def without_last(graph: tuple[list[Any], list[Any]]) -> tuple[list[Any], list[Any]]:
    """A graph without when something was seen last."""
    nodes, edges = graph
    return [
        node.split('"lastSeenAt"')[0] + node[node.find('"lastSeenAt"') + 45 :] if "lastSeenAt" in node else node
        for node in nodes
    ], edges


async def test_a_robot_that_runs_what_it_ran_leaves_no_trace_but_when_it_was_seen_last(registry: Forebear) -> None:
    await ready(registry)
    await active(registry, 1, "deployment:first", ago(days=2))
    one, two, three, four, five = (ago(hours=h) for h in (9, 8, 7, 6, 5))
    new = await sighted(registry, sighting(one, 1), sighting(one, 7, "robot:new"))
    assert new.undescribed == (artifact(7), "robot:new")
    before = without_last(await everything(registry))
    again = await sighted(registry, sighting(four, 1), sighting(two, 7, "robot:new"), sighting(three, 1))
    assert again == Done("robot:a", unchanged=True, undescribed=(artifact(7), "robot:new"))
    assert without_last(await everything(registry)) == before
    assert (await last(registry), await last(registry, "robot:new")) == ([four], [two])
    assert (await sighted(registry, {"robot": "robot:a", "at": two, "artifact": artifact(1)})).unchanged
    assert await last(registry) == [four]
    many = [sighting(ago(hours=6, minutes=-m), 1) for m in (3, 9, 1, 27, 12)]
    assert (await sighted(registry, *many)).unchanged
    four = many[3]["at"]
    assert await last(registry) == [four]
    # Something else inside splits it, and after it begins the next.
    late = await sighted(registry, sighting(five, 3), sighting(three, 2))
    assert late.undescribed == (artifact(3),)
    assert await ran(registry) == [
        (artifact(1), one, three, "deployment:first"),
        (artifact(2), three, four, None),
        (artifact(1), four, five, "deployment:first"),
        (artifact(3), five, None, None),
    ]
    assert await last(registry) == [one, three, four, five]
    assert (await sighted(registry, sighting(three, 2), sighting(five, 3))).unchanged
    # It was registered meanwhile under another id: the same artifact.
    await registered(registry, 3)
    assert (await sighted(registry, sighting(five, 3))).unchanged


async def test_what_cannot_be_is_left_out_and_told_of_and_the_others_are_taken(registry: Forebear) -> None:
    await ready(registry)
    await registered(registry, 3, externalIds=["ci:41"])
    await registered(registry, 4, externalIds=["ci:41"])
    since, ahead = ago(hours=1), ago(hours=-1)
    some = [
        sighting(ahead, 1),
        {"robot": "robot:b", "at": since, "externalId": "ci:41"},
        {"robot": "robot:b", "at": since},
        sighting(since, 1),
        {"robot": "robot:b", "at": since, "digest": "sha256:01"},
    ]
    outcome = await sighted(registry, *some)
    assert [(r.code, r.message) for r in outcome.rejected] == [
        ("IN_FUTURE", f"sightings.0.at: {ahead} is yet to come"),
        ("AMBIGUOUS", f"sightings.1.externalId: ci:41 is the name of 2 artifacts: {artifact(3)}, {artifact(4)}"),
        ("AMBIGUOUS", "sightings.2.artifact, digest, externalId: none of them is given"),
        ("INVALID_DIGEST", "sightings.4.digest: 'sha256:01' has 2 digits, and sha256 has 64"),
    ]
    assert await ran(registry) == [(artifact(1), since, None, None)]
    refused = await do(registry, RITA, "reportSightings", sightings=some[:1])
    assert isinstance(refused, Refused)
    assert refused.reasons == outcome.rejected[:1]
    empty = await do(registry, RITA, "reportSightings", sightings=[])
    assert isinstance(empty, Refused)
    assert [r.message for r in empty.reasons] == ["sightings: is empty"]
    forbidden = await do(registry, EVA, "reportSightings", sightings=some)
    assert isinstance(forbidden, Refused)
    assert [r.code for r in forbidden.reasons] == ["FORBIDDEN"]


async def test_racing_batches_of_the_same_robots_are_one_history(registry: Forebear) -> None:
    robots = [f"robot:{n}" for n in range(8)]
    moments = [ago(minutes=m) for m in (50, 40, 30, 20)]
    builds = (1, 1, 2, 2)
    batches = [[sighting(at, n, robot) for robot in robots] for at, n in zip(moments, builds, strict=True)]
    await asyncio.gather(*(sighted(registry, *batch) for batch in (*batches, *reversed(batches))))
    # In the order of moments they say what the race left out.
    await sighted(registry, *(each for batch in batches for each in batch))
    for robot in robots:
        spans = [(build, since, until) for build, since, until, _ in await ran(registry, robot)]
        # A late one begins an installation of its own before those that there are.
        assert spans[0][1] == moments[0]
        assert [until for *_, until in spans] == [*(since for _, since, _ in spans[1:]), None]
        assert {since for _, since, _ in spans} <= {*moments}
        assert [next(b for b, s, u in spans if s <= at and (u is None or at < u)) for at in moments] == [
            artifact(n) for n in builds
        ]
        assert (await last(registry, robot))[-1] == moments[-1]
