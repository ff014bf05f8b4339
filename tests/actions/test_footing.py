"""A guard never passes because an edge is missing: what older versions let lose its footing still counts."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from forebear.app import Forebear
from forebear.domain.outcome import Done, Reason, Refused
from forebear.domain.roles import Role
from forebear.record import footing
from tests.actions.plant import CANARY, FLEET, RITA, active, artifact, node, ready, reported
from tests.actions.world import ANNA, EVA, OLAF, RELEASE, VERSION, ago, company, do, done, person
from tests.record.asking import ask, history, record

NOWHERE = "deployment:d is ACTIVE, and its place is unknown"
REPORT = "report deployment:d ENDED once it has ended (reportDeployment)"


def retraction(of: str) -> dict[str, Any]:
    return {"kind": "Retraction", "of": of, "reason": "t"}


async def as_before(registry: Forebear, monkeypatch: pytest.MonkeyPatch, *facts: dict[str, Any]) -> None:
    """Records facts as versions did that let anything be retracted."""
    with monkeypatch.context() as patched:
        patched.setattr(footing, "holders", lambda graph, kind: None)
        assert (await record(registry, *facts)).rejections == []


@pytest.mark.parametrize("place", [FLEET, CANARY])
async def test_a_deployment_without_its_place_counts_until_it_is_reported_over(
    registry: Forebear, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    await ready(registry)
    await active(registry, 1, "deployment:d", ago(hours=1), place)
    assert len((await record(registry, retraction(place))).rejections) == 1
    await as_before(registry, monkeypatch, retraction(place))
    await done(registry, ANNA, "deprecate", release=RELEASE, reason="Old.")

    for actor, verb, code, input in (
        (ANNA, "archive", "STILL_RUNS", {"release": RELEASE}),
        (EVA, "deleteArtifact", "IN_USE", {"artifact": artifact(1)}),
    ):
        assert await do(registry, actor, verb, reason="Old.", **input) == Refused((Reason(code, NOWHERE, REPORT),))
    query = '{ permitted(deployment: "deployment:d") { allowed reasons { code } } }'
    assert (await ask(registry, query))["permitted"] == {"allowed": False, "reasons": [{"code": "UNKNOWN"}]}
    limited = person("lia", Role.OPERATOR, lines=frozenset({"line:other"}))
    said = {"deployment": "deployment:d", "state": "ENDED", "at": ago()}
    outcome = await do(registry, limited, "reportDeployment", **said)
    assert isinstance(outcome, Refused)
    assert [r.code for r in outcome.reasons] == ["FORBIDDEN"]

    assert await reported(registry, "deployment:d", "ENDED", ago()) == Done("deployment:d", changed=("deployment:d",))
    await done(registry, ANNA, "archive", release=RELEASE, reason="Old.")


async def test_a_report_without_a_place_still_says_that_the_release_runs_no_more(
    registry: Forebear, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ready(registry)
    await active(registry, 1, "deployment:d", ago(hours=1))
    await as_before(registry, monkeypatch, retraction(FLEET))
    outcome = await do(registry, OLAF, "requestDeployment", artifact=artifact(1), on=FLEET, reason="Again.")
    assert isinstance(outcome, Refused)
    assert outcome.reasons[0] == Reason("UNKNOWN", f"on: {FLEET} is not known", "record the fleet or cohort first")
    assert await node(registry, "Release", RELEASE, "state") == {"state": "DEPLOYED"}
    await reported(registry, "deployment:d", "ENDED", ago())
    assert await node(registry, "Release", RELEASE, "state") == {"state": "APPROVED"}


async def test_an_imported_deployment_that_is_nowhere_counts_in_every_line_of_its_version(registry: Forebear) -> None:
    await company(registry)
    await history(
        registry,
        {"kind": "Artifact", "id": artifact(1), "state": "AVAILABLE", "builtFrom": VERSION, "target": "target:orin"},
        {"kind": "Deployment", "id": "deployment:d", "state": "ACTIVE", "artifact": artifact(1)},
    )
    outcome = await do(registry, ANNA, "archive", release=RELEASE, reason="Old.")
    assert outcome == Refused((Reason("STILL_RUNS", NOWHERE, REPORT),))


async def test_an_installation_without_its_robot_counts_and_a_robot_that_is_seen_is_known_again(
    registry: Forebear, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ready(registry)
    await done(registry, ANNA, "deprecate", release=RELEASE, reason="Old.")
    seen = await done(registry, RITA, "reportInstallation", robot="robot:new", artifact=artifact(1), since=ago(hours=2))
    await as_before(registry, monkeypatch, retraction("robot:new"))
    outcome = await do(registry, ANNA, "archive", release=RELEASE, reason="Old.")
    assert isinstance(outcome, Refused)
    assert [r.message for r in outcome.reasons] == [f"{VERSION} is seen to run on {seen.subject}"]

    again = await done(registry, RITA, "reportInstallation", robot="robot:new", artifact=artifact(1), since=ago(hours=1))
    assert again == Done(again.subject, changed=(again.subject, "robot:new"), undescribed=("robot:new",))
    query = '{ robot(id: "robot:new") { described installations { nodes { id } } } }'
    assert await ask(registry, query) == {"robot": {"described": False, "installations": {"nodes": [{"id": again.subject}]}}}


async def test_of_a_retraction_and_what_would_lead_there_at_once_one_is_refused(registry: Forebear) -> None:
    await ready(registry)
    version = {"weightsDigest": f"sha256:{'a' * 64}", "kind": "ModelVersion"}
    for n in range(4):
        checkpoint, incident, cohort, deployment = f"checkpoint:{n}", f"incident:{n}", f"cohort:{n}", f"deployment:{n}"
        await record(
            registry,
            {"kind": "Checkpoint", "id": checkpoint, "producedBy": "run:a"},
            {"kind": "Site", "id": f"site:{n}"},
            # Of a node with many edges Neo4j takes no lock when it makes one more.
            *(
                {"kind": "Fleet", "id": f"fleet:{n}-{i}", "sites": [{"id": f"site:{n}", "validFrom": ago(days=1)}]}
                for i in range(60)
            ),
            {"kind": "Cohort", "id": cohort, "fleets": [{"id": FLEET, "validFrom": ago(days=1)}]},
        )
        candidate = version | {"id": f"model:picker@{n + 10}", "promotedFrom": [checkpoint]}
        both: list[tuple[Any, Any]] = [
            (
                do(registry, EVA, "registerCandidate", versions=[candidate], lines=[]),
                record(registry, retraction(checkpoint)),
            ),
            (
                record(registry, {"kind": "Incident", "id": incident, "validFrom": ago(), "at": [f"site:{n}"]}),
                record(registry, retraction(f"site:{n}")),
            ),
            (
                do(registry, OLAF, "requestDeployment", id=deployment, artifact=artifact(1), on=cohort, reason="Now."),
                record(registry, retraction(cohort)),
            ),
        ]
        for leads, gone in both:
            led, retracted = await asyncio.gather(*((leads, gone) if n % 2 else (gone, leads)))
            if not n % 2:
                led, retracted = retracted, led
            taken = isinstance(led, Done) if isinstance(led, (Done, Refused)) else not led.rejections
            assert taken is bool(retracted.rejections), (led, retracted)
