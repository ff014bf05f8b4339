"""Deployments are requested, authorised or refused, and reported by their manager."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from forebear.app import Forebear
from forebear.domain.outcome import Done, Reason, Refused
from forebear.domain.roles import Actor, Role
from tests.actions.plant import (
    CANARY,
    FLEET,
    RITA,
    SECOND,
    SECOND_RELEASE,
    SINCE,
    active,
    approve,
    artifact,
    build,
    node,
    plant,
    ready,
    registered,
    reported,
    requested,
    stale,
)
from tests.actions.world import ADA, ANNA, BEN, EVA, LINE, OLAF, POLICY, RELEASE, VERSION, ago, do, done, person
from tests.record.asking import ask, history, record

INTENT = """state basis reason plannedFor validFrom validTo artifact { id } on { id }
    authorizedBy { nodes { type } } replaces { nodes { id } } rollsBack { nodes { id } }"""
COURSE = "state validFrom validTo"


async def asked(registry: Forebear, n: int, on: str = FLEET) -> Refused:
    """Requests the deployment of the n-th build, which must be refused."""
    outcome = await do(registry, OLAF, "requestDeployment", artifact=artifact(n), on=on, reason="Better.")
    assert isinstance(outcome, Refused), outcome
    return outcome


async def codes(registry: Forebear, n: int, on: str = FLEET) -> list[str]:
    """Why the n-th build is not deployed."""
    return [r.code for r in (await asked(registry, n, on)).reasons]


async def courses(registry: Forebear, *ids: str) -> dict[str, tuple[str, str | None, str | None]]:
    """The state and interval of deployments."""
    found = {id: await node(registry, "Deployment", id, COURSE) for id in ids}
    return {id: (d["state"], d["validFrom"], d["validTo"]) for id, d in found.items()}


async def state(registry: Forebear, release: str = RELEASE) -> str:
    """Where a release stands."""
    return str((await node(registry, "Release", release, "state"))["state"])


async def test_a_request_is_authorised_and_recorded_as_an_intent(registry: Forebear) -> None:
    await ready(registry)
    when = ago(days=-3)
    outcome = await done(
        registry, OLAF, "requestDeployment", artifact=artifact(1), on=FLEET, reason="Better on film.", plannedFor=when
    )
    assert outcome == Done(outcome.subject, changed=(outcome.subject,))
    assert await node(registry, "Deployment", outcome.subject, INTENT) == {
        "state": "PLANNED", "basis": "APPROVAL", "reason": "Better on film.", "plannedFor": when,
        "validFrom": None, "validTo": None, "artifact": {"id": artifact(1)}, "on": {"id": FLEET},
        "authorizedBy": {"nodes": [{"type": "APPROVAL"}]}, "replaces": {"nodes": []}, "rollsBack": {"nodes": []},
    }  # fmt: skip


async def test_a_report_makes_it_active_and_its_release_deployed(registry: Forebear) -> None:
    await ready(registry)
    await requested(registry, 1, "deployment:d")
    began, ended = ago(hours=2), ago(hours=1)
    await reported(registry, "deployment:d", "IN_PROGRESS", ago(hours=3))
    assert await courses(registry, "deployment:d") == {"deployment:d": ("IN_PROGRESS", None, None)}
    outcome = await reported(registry, "deployment:d", "ACTIVE", began)
    assert outcome == Done("deployment:d", changed=("deployment:d", RELEASE))
    assert await courses(registry, "deployment:d") == {"deployment:d": ("ACTIVE", began, None)}
    assert await state(registry) == "DEPLOYED"
    assert await reported(registry, "deployment:d", "ACTIVE", began) == Done("deployment:d", unchanged=True)
    await reported(registry, "deployment:d", "ENDED", ended)
    assert await courses(registry, "deployment:d") == {"deployment:d": ("ENDED", began, ended)}
    assert await state(registry) == "APPROVED"


async def test_what_runs_on_other_hardware_is_no_deployment_in_a_line_of_the_same_fleet(registry: Forebear) -> None:
    await ready(registry)
    nano = f"release:{VERSION.partition(':')[2]}/nano"
    await record(
        registry,
        {"kind": "ReleaseLine", "id": "line:nano", "target": "target:nano"},
        {"kind": "Fleet", "id": FLEET, "lines": [{"id": "line:nano", "validFrom": SINCE}]},
    )
    policy = {"kind": "ReleasePolicy", "id": "policy:nano@1", "document": POLICY}
    await done(registry, ADA, "adoptPolicy", policy=policy, lines=["line:nano"], reason="The first.")
    await done(registry, EVA, "registerCandidate", versions=[{"kind": "ModelVersion", "id": VERSION}], lines=["line:nano"])
    await active(registry, 1, "deployment:orin", ago(hours=1))
    await approve(registry, nano)
    assert (await state(registry), await state(registry, nano)) == ("DEPLOYED", "APPROVED")
    await done(registry, ANNA, "deprecate", release=nano, reason="Old.")
    await done(registry, ANNA, "archive", release=nano, reason="Over.")
    assert (await state(registry), await state(registry, nano)) == ("DEPLOYED", "ARCHIVED")


async def test_what_becomes_active_takes_the_place_of_what_was(registry: Forebear) -> None:
    await ready(registry)
    first, second = ago(days=3), ago(days=1)
    await active(registry, 1, "deployment:first", first)
    await active(registry, 2, "deployment:second", second)
    replaces = await node(registry, "Deployment", "deployment:second", "replaces { nodes { id } }")
    assert replaces == {"replaces": {"nodes": [{"id": "deployment:first"}]}}
    assert await courses(registry, "deployment:first", "deployment:second") == {
        "deployment:first": ("ENDED", first, second),
        "deployment:second": ("ACTIVE", second, None),
    }
    assert (await state(registry), await state(registry, SECOND_RELEASE)) == ("APPROVED", "DEPLOYED")


async def test_reports_in_any_order_end_in_the_same_deployments(registry: Forebear) -> None:
    moments = {n: ago(hours=24 - n) for n in range(6)}
    reports = [
        ("deployment:first", "ACTIVE", moments[1]),
        ("deployment:second", "IN_PROGRESS", moments[2]),
        ("deployment:second", "ACTIVE", moments[3]),
        ("deployment:first", "ENDED", moments[4]),
    ]
    ends = []
    for order in list(permutations(reports))[::5]:
        await ready_again(registry)
        for id, stands, at in order:
            await reported(registry, id, stands, at)
            await reported(registry, id, stands, at)
        about = await courses(registry, "deployment:first", "deployment:second")
        ends.append((about, await state(registry), await state(registry, SECOND_RELEASE)))
    expected = {
        "deployment:first": ("ENDED", moments[1], moments[3]),
        "deployment:second": ("ACTIVE", moments[3], None),
    }
    assert ends == [(expected, "APPROVED", "DEPLOYED")] * len(ends)


async def ready_again(registry: Forebear) -> None:
    """An empty registry, and in it two deployments to the fleet that are planned."""
    await registry.store.write(lambda transaction: transaction.run("MATCH (n) DETACH DELETE n"))
    planned = ((1, "deployment:first"), (2, "deployment:second"))
    facts = ({"kind": "Deployment", "id": id, "state": "PLANNED", "artifact": artifact(n), "on": FLEET} for n, id in planned)
    await ready(registry, *facts)


async def test_a_canary_is_promoted_by_a_deployment_to_its_fleet(registry: Forebear) -> None:
    await ready(registry)
    first, tried, everywhere = ago(days=9), ago(days=3), ago(days=1)
    await active(registry, 1, "deployment:first", first)
    await active(registry, 2, "deployment:canary", tried, CANARY)
    assert await courses(registry, "deployment:first", "deployment:canary") == {
        "deployment:first": ("ACTIVE", first, None),
        "deployment:canary": ("ACTIVE", tried, None),
    }
    await active(registry, 2, "deployment:second", everywhere)
    replaces = await node(registry, "Deployment", "deployment:second", "replaces { nodes { id } }")
    assert replaces == {"replaces": {"nodes": [{"id": "deployment:canary"}, {"id": "deployment:first"}]}}
    assert await courses(registry, "deployment:first", "deployment:canary") == {
        "deployment:first": ("ENDED", first, everywhere),
        "deployment:canary": ("ENDED", tried, everywhere),
    }
    assert await state(registry, SECOND_RELEASE) == "DEPLOYED"


async def test_a_cohort_that_runs_another_artifact_keeps_it(registry: Forebear) -> None:
    await ready(registry)
    tried = ago(days=3)
    await active(registry, 2, "deployment:canary", tried, CANARY)
    await active(registry, 1, "deployment:first", ago(days=1))
    assert await courses(registry, "deployment:canary") == {"deployment:canary": ("ACTIVE", tried, None)}


async def test_a_second_request_waits_for_what_is_pending(registry: Forebear) -> None:
    await ready(registry)
    await requested(registry, 1, "deployment:first")
    assert await asked(registry, 2) == Refused(
        (
            Reason(
                "PENDING",
                f"deployment:first is PLANNED on {FLEET} already",
                "report deployment:first ACTIVE, FAILED or ENDED first; to undo it, roll back (rollBack)",
            ),
        )
    )
    # Elsewhere nothing is pending, and the same request again is the same.
    await requested(registry, 2, "deployment:canary", CANARY)
    await requested(registry, 1, "deployment:first")
    await reported(registry, "deployment:first", "ENDED", ago(hours=1), reason="Cancelled.")
    await requested(registry, 2, "deployment:second")
    other = await do(registry, OLAF, "requestDeployment", artifact=artifact(2), on=FLEET, reason="x", id="deployment:first")
    before, this = (f"of {artifact(n)} on {FLEET}" for n in (1, 2))
    assert other == Refused(
        (
            Reason(
                "IMMUTABLE",
                f"id: deployment:first is {before} already, and this request is {this}",
                "give the other deployment another id, or none",
            ),
        )
    )


async def test_what_is_not_known_is_refused_with_every_reason(registry: Forebear) -> None:
    await plant(registry)
    outcome = await do(registry, OLAF, "requestDeployment", artifact=artifact(9), on="fleet:nope", reason="x")
    assert outcome == Refused(
        (
            Reason("UNKNOWN", "on: fleet:nope is not known", "record the fleet or cohort first"),
            Reason("UNKNOWN", f"artifact: {artifact(9)} is not registered", "register it first (registerArtifact)"),
        )
    )


async def test_nothing_is_planned_for_what_is_past(registry: Forebear) -> None:
    await ready(registry)
    asked = {"artifact": artifact(1), "on": FLEET, "reason": "Better.", "id": "deployment:d"}
    outcome = await do(registry, OLAF, "requestDeployment", **asked, plannedFor="2001-01-01T00:00:00Z")
    assert outcome == Refused(
        (
            Reason(
                "IN_PAST",
                "plannedFor: 2001-01-01T00:00:00.000000Z is past",
                "give a moment to come, or leave it out to begin at once",
            ),
        )
    )
    # Clocks differ, and the same request again is no new one.
    for unchanged in (False, True):
        again = await done(registry, OLAF, "requestDeployment", **asked, plannedFor=ago(minutes=4 + 30 * unchanged))
        assert again.unchanged is unchanged


async def test_only_what_is_available_and_approved_in_the_fleets_line_is_deployed(registry: Forebear) -> None:
    await plant(registry)
    await registered(registry, 1, state="EVALUATION_ONLY")
    approved = "have it approved first (missingForApproval lists what is needed)"
    assert await asked(registry, 1) == Refused(
        (
            Reason(
                "NOT_AVAILABLE",
                f"{artifact(1)} is EVALUATION_ONLY",
                "register it again once its version is approved (registerArtifact)",
            ),
            Reason("NOT_APPROVED", f"{RELEASE} is CANDIDATE, not approved", approved),
        )
    )


async def test_an_approval_elsewhere_or_for_other_hardware_does_not_count(registry: Forebear) -> None:
    await ready(registry)
    since = ago(days=5)
    await record(
        registry,
        {"kind": "ReleaseLine", "id": "line:other", "target": "target:orin"},
        {"kind": "ReleaseLine", "id": "line:small", "target": "target:nano"},
        {"kind": "Fleet", "id": "fleet:other", "lines": [{"id": "line:other", "validFrom": since}]},
        {"kind": "Fleet", "id": "fleet:small", "lines": [{"id": "line:small", "validFrom": since}]},
        {"kind": "Fleet", "id": "fleet:none"},
        {"kind": "Cohort", "id": "cohort:none"},
    )
    assert await asked(registry, 1, "fleet:other") == Refused(
        (
            Reason(
                "NOT_IN_LINE",
                f"{VERSION} is not in line:other, which fleet:other runs; its approval in {LINE} does not count here",
                "register it as a candidate in line:other (registerCandidate), and have it approved there",
            ),
        )
    )
    assert await asked(registry, 1, "fleet:small") == Refused(
        (
            Reason(
                "OTHER_TARGET",
                f"{artifact(1)} is built for target:orin, and line:small, which fleet:small runs, is for target:nano",
                f"build {VERSION} for target:nano, and register it",
            ),
        )
    )
    assert await codes(registry, 1, "fleet:none") == ["NO_LINE"]
    assert await codes(registry, 1, "cohort:none") == ["NO_FLEET"]


async def test_a_line_counts_while_the_fleet_is_in_it(registry: Forebear) -> None:
    await ready(registry)
    since, until = ago(days=5), ago(days=1)
    await record(
        registry, {"kind": "Fleet", "id": "fleet:moved", "lines": [{"id": LINE, "validFrom": since, "validTo": until}]}
    )
    assert await codes(registry, 1, "fleet:moved") == ["NO_LINE"]


async def test_a_release_is_deployed_until_its_deployment_is_over_whatever_fleets_become(registry: Forebear) -> None:
    await ready(registry)
    await active(registry, 1, "deployment:fleet", ago(days=2))
    await active(registry, 2, "deployment:canary", ago(days=1), CANARY)
    left = ago(hours=1)
    await record(
        registry,
        {"kind": "Fleet", "id": FLEET, "lines": [{"id": LINE, "validFrom": SINCE, "validTo": left}]},
        {"kind": "Cohort", "id": CANARY, "fleets": [{"id": FLEET, "validFrom": SINCE, "validTo": left}]},
    )
    for release, deployment, place in ((RELEASE, "fleet", FLEET), (SECOND_RELEASE, "canary", CANARY)):
        await done(registry, ANNA, "deprecate", release=release, reason="Old.")
        assert await do(registry, ANNA, "archive", release=release, reason="Old.") == Refused(
            (
                Reason(
                    "STILL_RUNS",
                    f"deployment:{deployment} on {place} is ACTIVE",
                    f"have {place} run something else, or report deployment:{deployment} ENDED",
                ),
            )
        )
        await done(registry, ANNA, "restore", release=release, reason="Needed.")
        assert await state(registry, release) == "DEPLOYED"
        await reported(registry, f"deployment:{deployment}", "ENDED", ago())
        assert await state(registry, release) == "APPROVED"


async def test_it_is_deployed_even_if_nobody_knows_any_more_that_its_fleet_was_in_the_line(registry: Forebear) -> None:
    await ready(registry)
    await active(registry, 1, "deployment:d", ago(days=2))
    gone = {"kind": "Retraction", "of": FLEET, "edge": "lines", "to": LINE, "validFrom": SINCE, "reason": "Never there."}
    assert (await record(registry, gone)).rejections == []
    await reported(registry, "deployment:d", "ACTIVE", ago(days=1))
    assert await state(registry) == "DEPLOYED"
    await reported(registry, "deployment:d", "FAILED", ago())
    assert await state(registry) == "APPROVED"


async def test_a_line_that_a_fleet_left_before_or_for_other_hardware_has_nothing_deployed(registry: Forebear) -> None:
    await ready(registry)
    await record(
        registry,
        {"kind": "ReleaseLine", "id": "line:before", "target": "target:orin"},
        {"kind": "ReleaseLine", "id": "line:after", "target": "target:orin"},
        {"kind": "ReleaseLine", "id": "line:never", "target": "target:orin"},
        {"kind": "ReleaseLine", "id": "line:nano", "target": "target:nano"},
        {
            "kind": "Fleet", "id": FLEET, "lines": [
                {"id": "line:before", "validFrom": SINCE, "validTo": ago(days=3)},
                {"id": "line:after", "validFrom": ago(days=1)},
                {"id": "line:nano", "validFrom": SINCE},
            ],
        },
    )  # fmt: skip
    releases = {name: f"release:picker@1/{name}" for name in ("before", "after", "never", "nano")}
    for name, release in releases.items():
        line = f"line:{name}"
        await history(registry, {"kind": "Release", "id": release, "state": "APPROVED", "version": VERSION, "line": line})
    await active(registry, 1, "deployment:d", ago(days=2))
    found = {name: await state(registry, release) for name, release in releases.items()}
    assert found == {"before": "APPROVED", "after": "DEPLOYED", "never": "APPROVED", "nano": "APPROVED"}


async def test_what_is_stale_deprecated_withdrawn_or_in_quarantine_is_not_deployed(registry: Forebear) -> None:
    await ready(registry)
    await done(registry, ANNA, "deprecate", release=RELEASE, reason="Old.")
    assert await codes(registry, 1) == ["DEPRECATED"]
    await done(registry, ANNA, "restore", release=RELEASE, reason="Needed.")
    await done(registry, ANNA, "withdrawApproval", release=RELEASE, reason="Film tears.")
    assert await codes(registry, 1) == ["NOT_APPROVED"]
    await stale(registry)
    assert await codes(registry, 2) == ["APPROVAL_STALE"]
    await done(registry, EVA, "quarantineArtifact", artifact=artifact(2), reason="It stops.")
    assert await codes(registry, 2) == ["NOT_AVAILABLE", "APPROVAL_STALE"]


async def test_what_an_override_authorises_names_it(registry: Forebear) -> None:
    await ready(registry)
    await done(registry, ANNA, "withdrawApproval", release=RELEASE, reason="Film tears.")
    await done(registry, ADA, "override", release=RELEASE, reason="Line down.", expiresAt=ago(hours=-8))
    await requested(registry, 1, "deployment:d")
    found = await node(registry, "Deployment", "deployment:d", "basis authorizedBy { nodes { type } }")
    assert found == {"basis": "OVERRIDE", "authorizedBy": {"nodes": [{"type": "OVERRIDE"}]}}
    # A release that nobody approved is not deployed by what runs: its state is what people decided.
    await reported(registry, "deployment:d", "ACTIVE", ago(hours=1))
    assert await state(registry) == "EVALUATED"


async def test_the_interface_must_fit_the_robots(registry: Forebear) -> None:
    await ready(registry)
    await history(registry, {"kind": "ModelVersion", "id": VERSION, "robotSoftware": ">=5"})
    assert await codes(registry, 1) == ["OTHER_ROBOT_SOFTWARE", "OTHER_ROBOT_SOFTWARE"]
    assert [r.message for r in (await asked(registry, 1, CANARY)).reasons] == [
        f"{VERSION} works with robot software >=5, and robot:a runs 4.2.1"
    ]


async def test_a_report_that_cannot_be_says_what_to_do(registry: Forebear) -> None:
    await ready(registry)
    await requested(registry, 1, "deployment:d")
    outcome = await do(registry, RITA, "reportDeployment", deployment="deployment:nope", state="PLANNED", at=ago(hours=-1))
    assert isinstance(outcome, Refused)
    assert [(r.code, r.remedy) for r in outcome.reasons] == [
        (
            "NOT_FOUND",
            "request it first under this id (requestDeployment); what robots run is reported in any case (reportInstallation)",
        ),
        ("NOT_REPORTED", "report IN_PROGRESS, ACTIVE, FAILED or ENDED"),
        ("IN_FUTURE", "report it when it has happened, or set the clock right"),
    ]
    for state in ("ACTIVE", "FAILED", "ENDED"):
        said = {
            "deployment": "deployment:d",
            "state": state,
            "at": "2026-05-01T00:00:00Z",
            "activeFrom": "2026-05-02T00:00:00Z",
        }
        outcome = await do(registry, RITA, "reportDeployment", **said)
        assert isinstance(outcome, Refused)
        assert [(r.code, r.message.partition(":")[0]) for r in outcome.reasons] == [("BACKWARDS", "activeFrom")]


async def test_a_report_is_taken_whatever_was_decided_meanwhile(registry: Forebear) -> None:
    await ready(registry)
    await requested(registry, 1, "deployment:d")
    await done(registry, ANNA, "withdrawApproval", release=RELEASE, reason="Film tears.")
    await done(registry, EVA, "quarantineArtifact", artifact=artifact(1), reason="It stops.")
    began = ago(hours=1)
    await reported(registry, "deployment:d", "ACTIVE", began, failedRobots=["robot:b"])
    found = await node(registry, "Deployment", "deployment:d", "state validFrom failedRobots reports { state at }")
    assert found == {
        "state": "ACTIVE", "validFrom": began, "failedRobots": ["robot:b"], "reports": [{"state": "ACTIVE", "at": began}],
    }  # fmt: skip
    assert await state(registry) == "EVALUATED"


async def test_history_from_elsewhere_goes_on_by_reports(registry: Forebear) -> None:
    first, second = ago(days=30), ago(days=1)
    old = {
        "kind": "Deployment", "id": "deployment:old", "state": "ACTIVE", "validFrom": first,
        "artifact": artifact(1), "on": FLEET,
    }  # fmt: skip
    await ready(registry, old)
    await active(registry, 2, "deployment:new", second)
    assert await courses(registry, "deployment:old") == {"deployment:old": ("ENDED", first, second)}
    assert await state(registry) == "APPROVED"
    earlier = ago(days=2)
    await reported(registry, "deployment:old", "ENDED", earlier)
    assert await courses(registry, "deployment:old") == {"deployment:old": ("ENDED", first, earlier)}


async def test_what_was_known_of_a_deployment_stays_known(registry: Forebear) -> None:
    await ready(registry)
    await requested(registry, 1, "deployment:d")
    query = 'query($t: DateTime) { deployment(id: "deployment:d", asKnownAt: $t) { state validFrom } }'
    then = ago()
    await reported(registry, "deployment:d", "ACTIVE", ago(hours=3))
    assert await ask(registry, query, t=then) == {"deployment": {"state": "PLANNED", "validFrom": None}}


async def test_writes_are_limited_to_roles_and_lines(registry: Forebear) -> None:
    await ready(registry)
    for actor in (RITA, person("lia", Role.OPERATOR, lines=frozenset({"line:other"}))):
        outcome = await do(registry, actor, "requestDeployment", artifact=artifact(1), on=FLEET, reason="x")
        assert isinstance(outcome, Refused)
        assert [r.code for r in outcome.reasons] == ["FORBIDDEN"]


async def test_reports_of_deployments_are_limited_to_lines_and_what_is_seen_is_not(registry: Forebear) -> None:
    await ready(registry)
    await requested(registry, 1, "deployment:d")

    def limited(*lines: str) -> Actor:
        return person("lia", Role.OPERATOR, lines=frozenset(lines))

    async def told(actor: Actor, state: str, at: str) -> list[tuple[str, str]]:
        outcome = await do(registry, actor, "reportDeployment", deployment="deployment:d", state=state, at=at)
        return [(r.code, r.message.partition(", and ")[2]) for r in getattr(outcome, "reasons", ())]

    other = limited("line:other")
    assert await told(other, "ACTIVE", ago(hours=3)) == [("FORBIDDEN", f"reportDeployment would reach {LINE}")]
    assert await told(limited(LINE), "ACTIVE", ago(hours=3)) == []
    await done(registry, other, "reportInstallation", robot="robot:a", since=ago(hours=2), artifact=artifact(1))
    # Whose fleet has moved since, it stays in the line that it was authorised in.
    line = {"id": "line:other", "validFrom": ago(hours=1)}
    await record(
        registry,
        {"kind": "ReleaseLine", "id": "line:other", "target": "target:orin"},
        {"kind": "Fleet", "id": FLEET, "lines": [{"id": LINE, "validFrom": SINCE, "validTo": ago(hours=1)}, line]},
    )
    assert await told(other, "ENDED", ago()) == [("FORBIDDEN", f"reportDeployment would reach {LINE}")]
    assert await told(limited(LINE), "ENDED", ago()) == [("FORBIDDEN", "reportDeployment would reach line:other")]
    assert await told(limited(LINE, "line:other"), "ENDED", ago()) == []
    outcome = await do(registry, other, "reportDeployment", deployment="deployment:nope", state="ENDED", at=ago())
    assert [r.code for r in getattr(outcome, "reasons", ())] == ["NOT_FOUND"]


async def test_facts_of_deployments_are_requests_and_reports(registry: Forebear) -> None:
    await ready(registry)
    began = ago(hours=1)
    fact: dict[str, Any] = {"kind": "Deployment", "id": "deployment:d"}
    what = {"artifact": artifact(1), "on": FLEET}
    for said in ({"state": "PLANNED", "reason": "Better.", **what}, {"state": "ACTIVE", "validFrom": began}):
        assert (await record(registry, fact | said)).rejections == []
        assert (await record(registry, fact | said)).changed == 0
    (rejection,) = (await record(registry, fact | what | {"state": "ACTIVE", "validTo": ago(days=-1)})).rejections
    assert rejection.reasons == (
        "artifact: this fact asks for reportDeployment, which takes no artifact; leave it out",
        "on: this fact asks for reportDeployment, which takes no on; leave it out",
    )
    tomorrow = ago(days=-1)
    (rejection,) = (await record(registry, fact | {"state": "ENDED", "validTo": tomorrow})).rejections
    assert rejection.reasons == (f"validTo: {tomorrow} is yet to come; report it when it has happened, or set the clock right",)
    (rejection,) = (await record(registry, fact | {"state": "ENDED"})).rejections
    assert rejection.reasons == ("validFrom: is required; correct the field and try again",)
    assert await courses(registry, "deployment:d") == {"deployment:d": ("ACTIVE", began, None)}


async def test_what_may_run_on_a_fleet_is_listed_and_why_the_rest_may_not(registry: Forebear) -> None:
    await ready(registry)
    await history(
        registry,
        {"kind": "ModelVersion", "id": "model:picker@3"},
        {
            "kind": "Release",
            "id": "release:picker@3/ur5e-orin",
            "state": "CANDIDATE",
            "version": "model:picker@3",
            "line": LINE,
        },
    )
    await done(registry, ANNA, "deprecate", release=RELEASE, reason="Old.")
    await done(registry, EVA, "registerArtifact", artifact=build(3, target="target:nano", state="EVALUATION_ONLY"))
    query = """query($p: ID!) { eligible(place: $p) { totalCount nodes {
        artifact { id } version { id } allowed basis releases { id } decisions { type } reasons { code } } } }"""

    def row(n: int | None, version: str, *codes: str, **said: object) -> dict[str, object]:
        found = {"artifact": n and {"id": artifact(n)}, "version": {"id": version}, "reasons": [{"code": c} for c in codes]}
        return found | {"allowed": not codes, "basis": None, "releases": [], "decisions": []} | said

    by = {"basis": "APPROVAL", "releases": [{"id": SECOND_RELEASE}], "decisions": [{"type": "APPROVAL"}]}
    expected = [
        row(2, SECOND, **by),
        row(1, VERSION, "DEPRECATED"),
        row(3, VERSION, "NOT_AVAILABLE", "OTHER_TARGET"),
        row(None, "model:picker@3", "NOT_APPROVED", "NOT_BUILT"),
    ]
    for place in (FLEET, CANARY):
        assert await ask(registry, query, p=place) == {"eligible": {"totalCount": 4, "nodes": expected}}


@pytest.mark.parametrize(
    ("verb", "says"), [("reject", "NOT_APPROVED"), ("archive", "NOT_APPROVED"), ("withdrawApproval", "NOT_APPROVED")]
)
async def test_what_is_decided_against_a_release_ends_its_override(registry: Forebear, verb: str, says: str) -> None:
    await plant(registry, success=90.0)
    await registered(registry, 1, state="EVALUATION_ONLY")
    if verb == "archive":
        await done(registry, ANNA, "reject", release=RELEASE, reason="No.")
    if verb == "withdrawApproval":
        await approve(registry, RELEASE)
    await done(registry, ADA, "override", release=RELEASE, reason="Line down.", expiresAt=ago(hours=-8))
    await registered(registry, 2)
    await done(registry, ANNA, verb, release=RELEASE, reason="It is worse.")
    outcome = await do(registry, OLAF, "requestDeployment", artifact=artifact(2), on=FLEET, reason="Line down.")
    assert isinstance(outcome, Refused)
    assert [r.code for r in outcome.reasons] == [says]


async def test_what_is_compared_with_is_what_runs_whatever_is_decided_about_it(registry: Forebear) -> None:
    await ready(registry)
    compared = POLICY | {"noRegression": [{"pack": "pack:replay@1", "metric": "success"}]}
    await active(registry, 2, "deployment:second", ago(days=1))
    await done(
        registry, ADA, "adoptPolicy", policy={"kind": "ReleasePolicy", "id": "policy:ur5e@2", "document": compared},
        lines=[LINE], reason="Nothing worse.",
    )  # fmt: skip
    await done(registry, ANNA, "withdrawApproval", release=RELEASE, reason="Film tears.")
    for verb in ("deprecate", "restore", "withdrawApproval"):
        await done(registry, ANNA, verb, release=SECOND_RELEASE, reason="As it should be.")
        outcome = await do(registry, BEN, "approve", release=RELEASE)
        assert isinstance(outcome, Refused)
        assert [r.code for r in outcome.reasons] == ["REGRESSION"]
    query = "query($id: ID!) { node(id: $id) { ... on Decision { comparedWith { nodes { id } } } } }"
    assert await ask(registry, query, id=outcome.decisions[-1]) == {
        "node": {"comparedWith": {"nodes": [{"id": SECOND_RELEASE}]}}
    }


async def test_a_canary_is_not_what_the_fleet_is_compared_with(registry: Forebear) -> None:
    await ready(registry)
    await active(registry, 2, "deployment:fleet", ago(days=2))
    await active(registry, 1, "deployment:canary", ago(days=1), on=CANARY)
    compared = POLICY | {"noRegression": [{"pack": "pack:replay@1", "metric": "success"}]}
    await done(
        registry, ADA, "adoptPolicy", policy={"kind": "ReleasePolicy", "id": "policy:ur5e@2", "document": compared},
        lines=[LINE], reason="Nothing worse.",
    )  # fmt: skip
    third, digest = "model:picker@3", f"sha256:{3:064x}"
    await done(
        registry,
        EVA,
        "registerCandidate",
        versions=[{"kind": "ModelVersion", "id": third, "weightsDigest": digest}],
        lines=[LINE],
    )
    await done(registry, EVA, "attachEvidence", evidence={
        "kind": "Evidence", "id": "evidence:third", "type": "REPLAY", "measuredAt": ago(hours=1),
        "about": [third], "measuredWith": ["pack:replay@1"],
        "measurements": [{"metric": "success", "value": 92, "unit": "%"}],
    })  # fmt: skip
    outcome = await do(registry, ANNA, "approve", release="release:picker@3/ur5e-orin")
    assert isinstance(outcome, Refused)
    assert [r.message for r in outcome.reasons] == [
        "success is 92 % (evidence:third); model:picker@2, which is deployed, has 95 % (evidence:second), "
        "so the policy asks for at least 95 %"
    ]


PERMITTED = """query($d: ID!) { permitted(deployment: $d) {
    deployment { id state basis } allowed basis releases { id } decisions { type } reasons { code } } }"""


async def test_whether_a_deployment_may_still_start_is_decided_anew(registry: Forebear) -> None:
    await ready(registry)
    await requested(registry, 1, "deployment:d")

    async def permitted() -> dict[str, Any]:
        found: dict[str, Any] = (await ask(registry, PERMITTED, d="deployment:d"))["permitted"]
        return found

    def answer(state: str, *codes: str, **said: object) -> dict[str, Any]:
        # What it was requested on stays said of it.
        found = {"deployment": {"id": "deployment:d", "state": state, "basis": "APPROVAL"}, "allowed": not codes}
        none = {"basis": None, "releases": [], "decisions": []}
        return found | none | {"reasons": [{"code": code} for code in codes]} | said

    by = {"basis": "APPROVAL", "releases": [{"id": RELEASE}], "decisions": [{"type": "APPROVAL"}]}
    assert await permitted() == answer("PLANNED", **by)
    await done(registry, ANNA, "withdrawApproval", release=RELEASE, reason="Film tears.")
    assert await permitted() == answer("PLANNED", "NOT_APPROVED")
    await done(registry, EVA, "quarantineArtifact", artifact=artifact(1), reason="It stops.")
    assert await permitted() == answer("PLANNED", "NOT_AVAILABLE", "NOT_APPROVED")
    await done(registry, ADA, "override", release=RELEASE, reason="Line down.", expiresAt=ago(hours=-8))
    overridden = {"basis": "OVERRIDE", "releases": [{"id": RELEASE}], "decisions": [{"type": "OVERRIDE"}]}
    assert await permitted() == answer("PLANNED", "NOT_AVAILABLE", **overridden)
    await reported(registry, "deployment:d", "FAILED", ago())
    assert await permitted() == answer("FAILED", "OVER", "NOT_AVAILABLE", **overridden)


async def test_going_back_may_start_on_a_stale_approval_and_nothing_else(registry: Forebear) -> None:
    await ready(registry)
    await active(registry, 1, "deployment:first", ago(days=3))
    await active(registry, 2, "deployment:second", ago(days=1))
    await done(registry, OLAF, "rollBack", on=FLEET, reason="Film tears.", id="deployment:back")
    await requested(registry, 1, "deployment:canary", CANARY)
    await stale(registry)

    async def permitted(id: str) -> tuple[bool, str | None, list[str]]:
        found = (await ask(registry, PERMITTED, d=id))["permitted"]
        return found["allowed"], found["basis"], [reason["code"] for reason in found["reasons"]]

    assert await permitted("deployment:back") == (True, "STALE_APPROVAL", [])
    assert await permitted("deployment:canary") == (False, None, ["APPROVAL_STALE"])


async def test_a_deployment_that_nobody_requested_anywhere_may_not_start(registry: Forebear) -> None:
    await plant(registry)
    await history(
        registry,
        {"kind": "Deployment", "id": "deployment:d", "state": "PLANNED", "replaces": ["deployment:unheard"]},
    )
    for id in ("deployment:d", "deployment:unheard"):
        found = (await ask(registry, PERMITTED, d=id))["permitted"]
        assert (found["allowed"], found["basis"], found["reasons"]) == (False, None, [{"code": "UNKNOWN"}])
