"""Races about what runs: whatever comes of two at once, some order of the two explains it, and nothing is half done."""

from __future__ import annotations

import itertools

import pytest

from forebear.app import Forebear
from forebear.domain.outcome import Done, Refused
from tests.actions.plant import FLEET, RITA, artifact, node, ready, registered, reported, requested
from tests.actions.test_races import ROUNDS, together
from tests.actions.world import ANNA, BEN, EVA, OLAF, RELEASE, ago, done
from tests.audit.auditing import findings
from tests.record.asking import ask, record

pytestmark = pytest.mark.usefixtures("anew")


async def test_of_two_requests_for_one_fleet_one_waits_for_the_other(registry: Forebear) -> None:
    await ready(registry)
    for n in range(ROUNDS):
        asked = [
            (
                OLAF,
                "requestDeployment",
                {"artifact": artifact(b), "on": FLEET, "reason": "x", "id": f"deployment:{n}-{b}"},
                None,
            )
            for b in (1, 2)
        ]
        outcomes = await together(registry, *asked)
        (won,) = (o for o in outcomes if isinstance(o, Done))
        (lost,) = (o for o in outcomes if isinstance(o, Refused))
        assert [(r.code, r.message) for r in lost.reasons] == [("PENDING", f"{won.subject} is PLANNED on {FLEET} already")]
        await reported(registry, won.subject, "ENDED", ago(minutes=1))
    deployments = await ask(registry, "{ deployments(first: 1000) { totalCount } }")
    assert deployments == {"deployments": {"totalCount": ROUNDS}}


async def test_equal_idempotency_keys_at_once_are_one_deployment(registry: Forebear) -> None:
    await ready(registry)
    for n in range(ROUNDS):
        asked = (OLAF, "requestDeployment", {"artifact": artifact(1 + n % 2), "on": FLEET, "reason": "x"}, f"key-{n}")
        first, second, third = await together(registry, asked, asked, asked)
        assert isinstance(first, Done)
        assert first == second == third
        await reported(registry, first.subject, "ACTIVE", ago())
    assert await ask(registry, "{ deployments(first: 1) { totalCount } }") == {"deployments": {"totalCount": ROUNDS}}


async def test_a_build_is_deployed_or_deleted_and_never_both(registry: Forebear) -> None:
    await ready(registry)
    for n in range(ROUNDS):
        build, id = n + 10, f"deployment:{n}"
        await registered(registry, build)
        request, delete = await together(
            registry,
            (OLAF, "requestDeployment", {"artifact": artifact(build), "on": FLEET, "reason": "x", "id": id}, None),
            (EVA, "deleteArtifact", {"artifact": artifact(build), "reason": "Space."}, None),
        )
        match request, delete:
            case Done(), Refused(reasons=(reason,)):
                assert reason.code == "IN_USE"
                await reported(registry, id, "ENDED", ago(minutes=1))
            case Refused(reasons=(reason,)), Done():
                assert reason.code == "NOT_AVAILABLE"
            case other:
                raise AssertionError(other)


async def test_a_fleet_leaves_service_or_is_deployed_to_and_never_both(registry: Forebear) -> None:
    await ready(registry)
    for n in range(ROUNDS):
        id = f"deployment:{n}"
        request, out = await together(
            registry,
            (OLAF, "requestDeployment", {"artifact": artifact(1), "on": FLEET, "reason": "x", "id": id}, None),
            (OLAF, "decommission", {"place": FLEET, "reason": "Sold."}, None),
        )
        match request, out:
            case Done(), Refused(reasons=(reason,)):
                assert reason.code == "NOT_OVER"
                await reported(registry, id, "ENDED", ago(minutes=1))
            case Refused(reasons=reasons), Done():
                assert {reason.code for reason in reasons} == {"DECOMMISSIONED"}
                await done(registry, OLAF, "recommission", place=FLEET, reason="Bought back.")
            case other:
                raise AssertionError(other)


async def test_a_fleet_is_asked_to_stop_before_a_request_or_after_it(registry: Forebear) -> None:
    await ready(registry)
    stop = (OLAF, "requestStop", {"place": [FLEET], "reason": "Smoke."}, None)
    requests = []
    for n in range(ROUNDS):
        id = f"deployment:{n}"
        request = (OLAF, "requestDeployment", {"artifact": artifact(1), "on": FLEET, "reason": "x", "id": id}, None)
        assert all(isinstance(o, Done) for o in await together(registry, stop, request, stop))
        stops = (await ask(registry, "{ stops(first: 1000) { nodes { requestedAt } } }"))["stops"]["nodes"]
        moments = sorted(s["requestedAt"] for s in stops)
        asked = await node(registry, "Deployment", id, "state recordedAt")
        # A stop ends what was planned before, and what is requested later is not stopped.
        assert asked["state"] == ("PLANNED" if asked["recordedAt"] > moments[-1] else "ENDED")
        requests.append(asked["recordedAt"])
        await reported(registry, id, "ENDED", ago(minutes=1))
    # Nobody asks twice for the same: between two stops something was requested.
    for former, later in itertools.pairwise(moments):
        assert any(former < at < later for at in requests)


async def test_a_report_and_a_resolution_at_once_are_one_history_in_either_order(registry: Forebear) -> None:
    for n in range(ROUNDS):
        reference, day = f"pager:{n}", "2026-01-0{}T00:00:00.000000Z".format
        report = {"at": ["robot:a"], "externalIds": [reference]}
        outcomes = await together(
            registry,
            (RITA, "reportIncident", {"reports": [report | {"since": day(1)}]}, None),
            (OLAF, "resolveIncident", {"incidents": [f"incident:{reference}"], "asOf": day(3)}, None),
            (RITA, "reportIncident", {"reports": [report | {"since": day(2), "severity": "HIGH"}]}, None),
        )
        assert {o.subject for o in outcomes if isinstance(o, Done)} == {f"incident:{reference}"}
    query = "{ incidents(first: 1000) { nodes { state severity validFrom validTo at { nodes { id } } } } }"
    one = {
        "state": "RESOLVED",
        "severity": "HIGH",
        "validFrom": day(1),
        "validTo": day(3),
        "at": {"nodes": [{"id": "robot:a"}]},
    }
    assert (await ask(registry, query))["incidents"]["nodes"] == [one] * ROUNDS
    assert await findings(registry.store) == []


async def test_what_is_seen_while_a_robot_leaves_service_was_seen_before_or_after(registry: Forebear) -> None:
    await ready(registry)
    for n in range(ROUNDS):
        robot, since = f"robot:r{n}", ago(seconds=1)
        await record(registry, {"kind": "Robot", "id": robot, "memberOf": [{"id": FLEET, "validFrom": ago(days=1)}]})
        seen, *both = await together(
            registry,
            (RITA, "reportInstallation", {"robot": robot, "artifact": artifact(1), "since": since}, None),
            (OLAF, "decommission", {"place": robot, "reason": "Sold."}, None),
            (OLAF, "decommission", {"place": robot, "reason": "Sold."}, None),
        )
        assert isinstance(seen, Done)
        assert sorted(o.unchanged for o in both if isinstance(o, Done)) == [False, True]
        query = """query($r: ID!) { robot(id: $r) { installations { nodes { validTo } } outOfService { since } } }"""
        answer = (await ask(registry, query, r=robot))["robot"]
        (found,) = answer["installations"]["nodes"]
        assert found["validTo"] in (None, answer["outOfService"]["since"])


async def test_requesting_while_the_approval_is_withdrawn_ends_as_one_after_the_other(registry: Forebear) -> None:
    await ready(registry)
    for n in range(ROUNDS):
        request, withdrawal = await together(
            registry,
            (OLAF, "requestDeployment", {"artifact": artifact(1), "on": FLEET, "reason": "x", "id": f"deployment:{n}"}, None),
            (ANNA, "withdrawApproval", {"release": RELEASE, "reason": "No."}, None),
        )
        assert isinstance(withdrawal, Done)
        if isinstance(request, Done):
            await reported(registry, f"deployment:{n}", "ENDED", ago(minutes=1))
        else:
            assert isinstance(request, Refused)
            assert [r.code for r in request.reasons] == ["NOT_APPROVED"]
        for actor in (ANNA, BEN):
            await done(registry, actor, "approve", release=RELEASE)


async def test_reports_at_once_end_as_they_would_one_after_the_other(registry: Forebear) -> None:
    await ready(registry)
    last = await requested(registry, 1, "deployment:0")
    await reported(registry, last, "ACTIVE", ago(days=2))
    for n in range(1, ROUNDS + 1):
        id = await requested(registry, 1 + n % 2, f"deployment:{n}")
        over, began = (ago(minutes=2 * (ROUNDS - n) + left) for left in (2, 1))
        outcomes = await together(
            registry,
            (RITA, "reportDeployment", {"deployment": last, "state": "ENDED", "at": over}, None),
            (RITA, "reportDeployment", {"deployment": id, "state": "ACTIVE", "at": began}, None),
        )
        assert all(isinstance(o, Done) for o in outcomes), outcomes
        course = "state validFrom validTo"
        ended, active = [await node(registry, "Deployment", d, course) for d in (last, id)]
        assert (ended["state"], ended["validTo"]) == ("ENDED", over)
        assert active == {"state": "ACTIVE", "validFrom": began, "validTo": None}
        states = (await ask(registry, "{ releases { nodes { state } } }"))["releases"]["nodes"]
        assert [s["state"] for s in states] == (["DEPLOYED", "APPROVED"] if n % 2 == 0 else ["APPROVED", "DEPLOYED"])
        last = id


async def test_installations_reported_at_once_follow_each_other(registry: Forebear) -> None:
    await ready(registry)
    await done(registry, RITA, "reportInstallation", robot="robot:a", artifact=artifact(1), since=ago(days=9))
    moments = sorted(ago(minutes=5 + m) for m in range(2 * ROUNDS))
    for n in range(ROUNDS):
        pair = [moments[n], moments[-1 - n]]
        outcomes = await together(
            registry,
            *(
                (RITA, "reportInstallation", {"robot": "robot:a", "artifact": artifact(b), "since": at}, None)
                for b, at in zip((1, 2), pair, strict=True)
            ),
        )
        assert all(isinstance(o, Done) for o in outcomes), outcomes
    query = """{ robot(id: "robot:a") { installations(first: 1000, orderBy: {field: validFrom}) { nodes {
        validFrom validTo } } } }"""
    nodes = (await ask(registry, query))["robot"]["installations"]["nodes"]
    begins = [n["validFrom"] for n in nodes]
    assert begins[1:] == moments
    assert [n["validTo"] for n in nodes] == [*begins[1:], None]
