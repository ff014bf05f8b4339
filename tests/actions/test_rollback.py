"""Going back to what ran before: what could be, what would be, and that it is."""

from __future__ import annotations

from typing import Any

from forebear.app import Forebear
from forebear.domain.outcome import Done, Option, Planned, Reason, Refused
from forebear.domain.roles import Role
from tests.actions.plant import (
    CANARY,
    FLEET,
    RITA,
    ROBOTS,
    SECOND_RELEASE,
    active,
    artifact,
    node,
    ready,
    registered,
    reported,
    requested,
    stale,
)
from tests.actions.world import ADA, ANNA, EVA, LINE, OLAF, RELEASE, VERSION, ago, do, done, person
from tests.audit.auditing import findings
from tests.record.asking import ask, everything, history, record
from tests.record.asking import now as moment

TARGETS = """query($p: ID!) { rollbackTargets(place: $p) { nodes { artifact { id } version { id } allowed basis deprecated
    undoneBy { id } decisions { type } ranItself
    lastRan hoursWell incidents { id } openIncidents { id } remarks reasons { code } } } }"""


async def targets(registry: Forebear, place: str = FLEET) -> list[dict[str, Any]]:
    """What could be gone back to."""
    return list((await ask(registry, TARGETS, p=place))["rollbackTargets"]["nodes"])


async def ranked(registry: Forebear, place: str = FLEET) -> list[tuple[str, bool, str | None]]:
    """What could be gone back to: the artifact, whether it may, and on what."""
    return [(t["artifact"]["id"], t["allowed"], t["basis"]) for t in await targets(registry, place)]


async def refused(registry: Forebear, **said: Any) -> list[str]:
    """Why nothing is gone back to."""
    outcome = await do(registry, OLAF, "rollBack", **{"on": FLEET, "reason": "Bad."} | said)
    assert isinstance(outcome, Refused), outcome
    return [r.code for r in outcome.reasons]


async def replaced(registry: Forebear) -> tuple[str, str, str]:
    """A fleet on which a second version took the place of the first; when each began, and now."""
    await ready(registry)
    first, second = ago(days=9), ago(days=1)
    await active(registry, 1, "deployment:first", first)
    await active(registry, 2, "deployment:second", second)
    return first, second, ago()


async def test_what_ran_before_can_be_gone_back_to_and_it_is_said_how_well_it_ran(registry: Forebear) -> None:
    _, second, _ = await replaced(registry)
    assert await targets(registry) == [
        {
            "artifact": {"id": artifact(1)}, "version": {"id": VERSION}, "allowed": True, "basis": "APPROVAL",
            "deprecated": False, "undoneBy": None,
            "decisions": [{"type": "APPROVAL"}], "ranItself": True, "lastRan": second, "hoursWell": 192.0,
            "incidents": [], "openIncidents": [], "reasons": [],
            "remarks": [f"it ran there for 8 days, last until {second[:16]}Z, without an incident"],
        }
    ]  # fmt: skip


async def test_going_back_is_requested_like_any_deployment_and_confirmed_by_reports(registry: Forebear) -> None:
    _, second, now = await replaced(registry)
    outcome = await done(registry, OLAF, "rollBack", on=FLEET, reason="It drops film.", id="deployment:back")
    assert outcome == Done("deployment:back", changed=("deployment:back",))
    intent = "state basis reason artifact { id } replaces { nodes { id } } rollsBack { nodes { id } }"
    one = {"nodes": [{"id": "deployment:second"}]}
    assert await node(registry, "Deployment", "deployment:back", intent) == {
        "state": "PLANNED", "basis": "APPROVAL", "reason": "It drops film.", "artifact": {"id": artifact(1)},
        "replaces": one, "rollsBack": one,
    }  # fmt: skip
    await reported(registry, "deployment:back", "ACTIVE", now)
    assert await node(registry, "Deployment", "deployment:second", "state validFrom validTo") == {
        "state": "ENDED", "validFrom": second, "validTo": now,
    }  # fmt: skip
    states = [await node(registry, "Release", id, "state") for id in (RELEASE, SECOND_RELEASE)]
    assert states == [{"state": "DEPLOYED"}, {"state": "APPROVED"}]


async def test_a_dry_run_says_exactly_what_would_be_done_and_writes_nothing(registry: Forebear) -> None:
    _, second, _ = await replaced(registry)
    await registered(registry, 3)
    before = await everything(registry)
    dry = {"on": FLEET, "reason": "It drops film.", "dryRun": True, "id": "deployment:back"}
    planned = await do(registry, OLAF, "rollBack", key="k", **dry)
    assert isinstance(planned, Planned)
    approval = (await node(registry, "Release", RELEASE, "approvedBy { nodes { id } }"))["approvedBy"]["nodes"][0]["id"]
    ran = f"ran there for 8 days, last until {second[:16]}Z, without an incident"
    assert planned == Planned(
        {
            "deployment:back": {
                "state": "PLANNED", "basis": "APPROVAL", "reason": "It drops film.", "artifact": artifact(1), "on": FLEET,
                "authorizedBy": [approval], "replaces": ["deployment:second"], "rollsBack": ["deployment:second"],
            }
        },
        (
            Option(artifact(1), True, (), (f"it {ran}",)),
            Option(artifact(3), False, (), (f"another build of {VERSION} {ran}",)),
        ),
    )  # fmt: skip
    assert await everything(registry) == before
    await done(registry, OLAF, "rollBack", key="k", **dry | {"dryRun": False})
    written = await node(registry, "Deployment", "deployment:back", "artifact { id } authorizedBy { nodes { id } }")
    assert written == {"artifact": {"id": artifact(1)}, "authorizedBy": {"nodes": [{"id": approval}]}}


async def test_a_dry_run_is_answered_as_a_plan(registry: Forebear) -> None:
    await replaced(registry)
    mutation = """mutation($on: ID!) { rollBack(on: $on, reason: "Bad.", dryRun: true, id: "deployment:back") {
        ... on Planned { changes considered { id chosen reasons { code } remarks } } ... on Done { subject { id } } } }"""
    answer = (await ask(registry, mutation, on=FLEET))["rollBack"]
    assert answer["changes"]["deployment:back"]["artifact"] == artifact(1)
    assert [(c["id"], c["chosen"], c["reasons"]) for c in answer["considered"]] == [(artifact(1), True, [])]


async def test_what_ran_on_an_approval_that_is_stale_by_now_is_marked_and_may_be_gone_back_to(registry: Forebear) -> None:
    await replaced(registry)
    await stale(registry)
    assert await ranked(registry) == [(artifact(1), True, "STALE_APPROVAL")]
    await done(registry, OLAF, "rollBack", on=FLEET, reason="Bad.", id="deployment:back")
    marked = await node(registry, "Deployment", "deployment:back", "basis authorizedBy { nodes { type } }")
    assert marked == {"basis": "STALE_APPROVAL", "authorizedBy": {"nodes": [{"type": "APPROVAL"}]}}


async def test_what_may_not_run_is_listed_with_the_reason_and_not_gone_back_to(registry: Forebear) -> None:
    await replaced(registry)
    await done(registry, ANNA, "deprecate", release=RELEASE, reason="Old.", rollbackAllowed=False)
    overriding = f"an ADMIN can let it run in an emergency: forebear override {RELEASE} --expires-at 8h --reason '…'"
    (only,) = await targets(registry)
    assert (only["allowed"], only["basis"], only["reasons"]) == (False, None, [{"code": "DEPRECATED"}])
    outcome = await do(registry, OLAF, "rollBack", on=FLEET, reason="Bad.")
    assert outcome == Refused(
        (
            Reason(
                "NO_TARGET",
                f"nothing that ran on {FLEET} before may run there now",
                "make one of these possible, or request another artifact (eligible lists what may run there)",
            ),
            Reason(
                "DEPRECATED",
                f"{artifact(1)}: {RELEASE} is deprecated, so it is not to be deployed any more, nor to be gone back to",
                f"an APPROVER can restore it: forebear restore-release {RELEASE} --reason '…'; {overriding}",
            ),
        )
    )
    assert await refused(registry, to=artifact(1)) == ["DEPRECATED"]
    await done(registry, ANNA, "restore", release=RELEASE, reason="Wanted back.")
    (restored,) = await targets(registry)
    assert (restored["allowed"], restored["basis"]) == (True, "APPROVAL")
    assert restored["remarks"][-1] == f"{RELEASE} was deprecated, and restored"
    await done(registry, ANNA, "withdrawApproval", release=RELEASE, reason="Film tears.")
    outcome = await do(registry, OLAF, "rollBack", on=FLEET, reason="Bad.")
    assert isinstance(outcome, Refused)
    assert outcome.reasons[1] == Reason(
        "NOT_APPROVED",
        f"{artifact(1)}: {RELEASE} is EVALUATED, not approved",
        f"an APPROVER can approve it: forebear approve {RELEASE} (missingForApproval lists what is needed); {overriding}",
    )


DEPRECATIONS = """query($id: ID!, $known: DateTime) { release(id: $id, asKnownAt: $known) { state
    decisions(filter: {type: {eq: DEPRECATION}}) { nodes { rollbackAllowed } } } }"""


async def test_what_is_deprecated_may_be_gone_back_to_by_an_operator_alone_unless_it_is_said_otherwise(
    registry: Forebear,
) -> None:
    await replaced(registry)
    await done(registry, ANNA, "deprecate", release=RELEASE, reason="Old.")
    (only,) = await targets(registry)
    assert (only["allowed"], only["basis"], only["deprecated"], only["reasons"]) == (True, "APPROVAL", True, [])
    assert only["remarks"][-1] == f"{RELEASE} is deprecated, and you may go back to it"
    # What is deprecated is deployed no more.
    codes = await do(registry, OLAF, "requestDeployment", artifact=artifact(1), on=FLEET, reason="Better.")
    assert isinstance(codes, Refused)
    assert [r.code for r in codes.reasons] == ["DEPRECATED"]
    await done(registry, OLAF, "rollBack", on=FLEET, reason="Bad.", id="deployment:back")
    allowed = await ask(registry, '{ permitted(deployment: "deployment:back") { allowed basis } }')
    assert allowed == {"permitted": {"allowed": True, "basis": "APPROVAL"}}
    marked = await node(registry, "Deployment", "deployment:back", "basis authorizedBy { nodes { type } }")
    assert marked == {"basis": "APPROVAL", "authorizedBy": {"nodes": [{"type": "APPROVAL"}]}}
    await reported(registry, "deployment:back", "ACTIVE", ago(minutes=1))
    assert await node(registry, "Release", RELEASE, "state") == {"state": "DEPRECATED"}
    known = moment()
    # It may be said anew, on record; the same again changes nothing.
    assert (await done(registry, ANNA, "deprecate", release=RELEASE, reason="Old.", rollbackAllowed=True)).unchanged
    await done(registry, ANNA, "deprecate", release=RELEASE, reason="It tears.", rollbackAllowed=False)
    said = [{"rollbackAllowed": True}]
    assert (await ask(registry, DEPRECATIONS, id=RELEASE))["release"]["decisions"]["nodes"] == [
        *said,
        {"rollbackAllowed": False},
    ]
    assert (await ask(registry, DEPRECATIONS, id=RELEASE, known=known))["release"]["decisions"]["nodes"] == said
    allowed = await ask(registry, '{ permitted(deployment: "deployment:back") { allowed reasons { code } } }')
    assert allowed == {"permitted": {"allowed": False, "reasons": [{"code": "DEPRECATED"}]}}
    fact = {"kind": "Decision", "id": "decision:anew", "type": "DEPRECATION", "about": [RELEASE], "reasons": ["It holds."]}
    assert (await record(registry, fact | {"rollbackAllowed": True})).rejections == []
    assert (await ask(registry, '{ permitted(deployment: "deployment:back") { allowed } }')) == {"permitted": {"allowed": True}}
    (rejected,) = (
        await record(registry, fact | {"id": "decision:no", "type": "REJECTION", "rollbackAllowed": True})
    ).rejections
    assert rejected.reasons == ("rollbackAllowed: this fact asks for reject, which takes no rollbackAllowed; leave it out",)


async def test_a_deprecation_that_says_nothing_of_it_lets_go_back(registry: Forebear) -> None:
    version, release = "model:picker@0", "release:picker@0/ur5e-orin"
    since = {"state": "ENDED", "validFrom": ago(days=20), "validTo": ago(days=9)}
    await replaced(registry)
    await history(
        registry,
        {"kind": "ModelVersion", "id": version},
        {"kind": "Release", "id": release, "state": "DEPRECATED", "version": version, "line": LINE},
        {"kind": "Decision", "id": "decision:old", "type": "DEPRECATION", "verdict": "GRANTED", "about": [release]},
        {"kind": "Artifact", "id": artifact(9), "state": "AVAILABLE", "builtFrom": version, "target": "target:orin"},
        {"kind": "Deployment", "id": "deployment:zero", "artifact": artifact(9), "on": FLEET} | since,
    )
    await stale(registry)
    # It ranks behind what is stale, and what is touched by an open incident.
    await record(
        registry,
        {
            "kind": "Installation", "id": "installation:far", "artifact": artifact(1), "robot": "robot:far",
            "validFrom": ago(days=3),
        },
        {"kind": "Incident", "id": "incident:open", "validFrom": ago(days=2), "at": ["robot:far"]},
    )  # fmt: skip
    assert await ranked(registry) == [(artifact(1), True, "STALE_APPROVAL"), (artifact(9), True, "APPROVAL")]


async def test_going_back_again_goes_further_back_or_says_what_there_is(registry: Forebear) -> None:
    await replaced(registry)
    await third(registry)
    await record(
        registry, {"kind": "Incident", "id": "incident:bad", "severity": "CRITICAL", "validFrom": ago(hours=1), "at": [FLEET]}
    )

    async def back(id: str, at: str, **said: Any) -> str:
        await done(registry, OLAF, "rollBack", **{"on": FLEET, "reason": "Bad.", "id": id} | said)
        await reported(registry, id, "ACTIVE", at)
        found: str = (await node(registry, "Deployment", id, "artifact { id }"))["artifact"]["id"]
        return found

    assert await back("deployment:back-1", ago(minutes=50)) == artifact(2)
    assert await back("deployment:back-2", ago(minutes=40)) == artifact(1)
    rows = [(t["artifact"]["id"], t["allowed"], t["undoneBy"], t["remarks"][1:2]) for t in await targets(registry)]
    named = "undid it there, so rollBack goes back to it only if you name it"
    assert rows == [
        (artifact(2), True, {"id": "deployment:back-2"}, [f"deployment:back-2 {named}"]),
        (artifact(4), True, {"id": "deployment:back-1"}, [f"deployment:back-1 {named}"]),
    ]
    outcome = await do(registry, OLAF, "rollBack", on=FLEET, reason="Bad.")
    assert outcome == Refused(
        (
            Reason(
                "NO_TARGET",
                f"a rollback undid everything that ran on {FLEET} before and may run there now",
                "name what to go back to (to), or request another artifact (eligible lists what may run there)",
            ),
            *(
                Reason(
                    "UNDONE",
                    f"{artifact(n)}: deployment:back-{by} undid it there, and nobody deployed it there again",
                    f"an OPERATOR can name it: forebear roll-back {FLEET} --to {artifact(n)} --reason '…'",
                )
                for n, by in ((2, 2), (4, 1))
            ),
        )
    )
    # To name it is to deploy it again, on purpose; then what it undoes is undone.
    assert await back("deployment:named", ago(minutes=30), to=artifact(2)) == artifact(2)
    assert [(t["artifact"]["id"], t["undoneBy"]) for t in await targets(registry)] == [
        (artifact(1), {"id": "deployment:named"}),
        (artifact(4), {"id": "deployment:back-1"}),
    ]
    # So is to request it.
    await active(registry, 1, "deployment:again", ago(minutes=20))
    assert [t["undoneBy"] for t in await targets(registry)] == [None, {"id": "deployment:back-1"}]
    await active(registry, 4, "deployment:third-again", ago(minutes=10))
    assert await back("deployment:back-3", ago(minutes=5)) == artifact(1)


async def test_what_failed_is_undone_for_good(registry: Forebear) -> None:
    await replaced(registry)
    await reported(registry, "deployment:second", "FAILED", ago(minutes=5))
    await done(registry, OLAF, "rollBack", on=FLEET, reason="Bad.", id="deployment:back")
    await reported(registry, "deployment:back", "ACTIVE", ago(minutes=1))
    assert [(t["artifact"]["id"], t["undoneBy"]) for t in await targets(registry)] == [(artifact(2), {"id": "deployment:back"})]
    assert await refused(registry) == ["NO_TARGET", "UNDONE"]
    # The rollback failed in its turn: there is nothing better for that.
    await reported(registry, "deployment:back", "FAILED", ago(seconds=30))
    assert await refused(registry) == ["NO_TARGET", "UNDONE"]


async def test_what_is_undone_at_a_fleet_is_undone_for_its_cohort_and_not_the_other_way_round(registry: Forebear) -> None:
    await replaced(registry)
    # The cohort leaves what its fleet runs, which stays as it is.
    await done(registry, OLAF, "rollBack", on=CANARY, reason="Bad here.", id="deployment:cohort")
    await reported(registry, "deployment:cohort", "ACTIVE", ago(hours=20))
    assert await node(registry, "Deployment", "deployment:cohort", "state rejoins") == {"state": "ACTIVE", "rejoins": None}
    assert [(t["artifact"]["id"], t["undoneBy"]) for t in await targets(registry, CANARY)] == [
        (artifact(2), {"id": "deployment:cohort"})
    ]
    await third(registry)
    assert [(t["artifact"]["id"], t["undoneBy"]) for t in await targets(registry)] == [
        (artifact(2), None),
        (artifact(1), None),
    ]
    # Back to the second, on the whole fleet: the third is undone for the cohort as well.
    await done(registry, OLAF, "rollBack", on=FLEET, reason="Bad.", id="deployment:fleet")
    await reported(registry, "deployment:fleet", "ACTIVE", ago(hours=2))
    undone = {t["artifact"]["id"]: t["undoneBy"] for t in await targets(registry, CANARY)}
    assert undone == {artifact(2): None, artifact(4): {"id": "deployment:fleet"}}


async def test_of_a_version_whose_build_is_gone_another_build_is_gone_back_to(registry: Forebear) -> None:
    await replaced(registry)
    await registered(registry, 3)
    assert [t[0] for t in await ranked(registry)] == [artifact(1), artifact(3)]
    await done(registry, EVA, "quarantineArtifact", artifact=artifact(1), reason="It stops.")
    assert await ranked(registry) == [(artifact(3), True, "APPROVAL"), (artifact(1), False, "APPROVAL")]


async def test_what_had_incidents_or_is_touched_by_an_open_one_comes_later(registry: Forebear) -> None:
    first, second, _ = await replaced(registry)
    await third(registry)
    assert [t[0] for t in await ranked(registry)] == [artifact(2), artifact(1)]
    began, over = ago(hours=20), ago(hours=19)
    await record(
        registry,
        {"kind": "Incident", "id": "incident:closed", "validFrom": began, "validTo": over, "at": [FLEET]},
    )
    assert [(t["artifact"]["id"], t["incidents"]) for t in await targets(registry)] == [
        (artifact(1), []),
        (artifact(2), [{"id": "incident:closed"}]),
    ]
    # One that is open weighs more, wherever it is: here at a robot elsewhere that ran the first version.
    await record(
        registry,
        {
            "kind": "Installation", "id": "installation:far", "artifact": artifact(1), "robot": "robot:far",
            "validFrom": ago(days=3),
        },
        {"kind": "Incident", "id": "incident:open", "validFrom": ago(days=2), "at": ["robot:far"]},
    )  # fmt: skip
    best, other = await targets(registry)
    assert (best["artifact"]["id"], best["openIncidents"]) == (artifact(2), [])
    assert (other["artifact"]["id"], other["openIncidents"]) == (artifact(1), [{"id": "incident:open"}])
    assert other["remarks"] == [
        f"it ran there for 8 days, last until {second[:16]}Z, without an incident",
        f"incident:open is open and touches {VERSION}",
    ]
    assert first < second
    # A false alarm counts for nothing.
    await done(registry, RITA, "dismissIncident", incidents=["incident:closed", "incident:open"])
    assert [(t["artifact"]["id"], t["incidents"], t["openIncidents"]) for t in await targets(registry)] == [
        (artifact(2), [], []),
        (artifact(1), [], []),
    ]


async def test_what_an_attribution_suspects_is_touched_until_another_takes_its_place(registry: Forebear) -> None:
    await replaced(registry)
    await record(registry, {"kind": "Incident", "id": "incident:open", "validFrom": ago(hours=2), "at": ["site:s"]})
    await done(registry, OLAF, "attribute", incidents=["incident:open"], suspects=[artifact(1)])
    (touched,) = await targets(registry)
    assert touched["openIncidents"] == [{"id": "incident:open"}]
    await done(registry, OLAF, "attribute", incidents=["incident:open"], suspects=["robot:a"])
    (cleared,) = await targets(registry)
    assert cleared["openIncidents"] == []


async def third(registry: Forebear) -> None:
    """Has a third version take the place of the second."""
    version, release = "model:picker@3", "release:picker@3/ur5e-orin"
    await history(
        registry,
        {"kind": "ModelVersion", "id": version},
        {"kind": "Release", "id": release, "state": "APPROVED", "version": version, "line": LINE},
    )
    await registered(registry, 4, builtFrom=version)
    await active(registry, 4, "deployment:third", ago(hours=12))


async def test_what_failed_after_it_ran_is_undone_and_no_way_back(registry: Forebear) -> None:
    await replaced(registry)
    await reported(registry, "deployment:second", "FAILED", ago(minutes=5), failedRobots=["robot:a", "robot:b"])
    # A retry of it that is only planned changes nothing about that.
    await requested(registry, 2, "deployment:retry")
    assert await ranked(registry) == [(artifact(1), True, "APPROVAL")]
    await done(registry, OLAF, "rollBack", on=FLEET, reason="Bad.", id="deployment:back")
    assert await node(registry, "Deployment", "deployment:back", "artifact { id } rollsBack { nodes { id } }") == {
        "artifact": {"id": artifact(1)}, "rollsBack": {"nodes": [{"id": "deployment:second"}]},
    }  # fmt: skip
    await reported(registry, "deployment:back", "ACTIVE", ago(minutes=1))
    # Once that is done, it is not undone again.
    assert (await do(registry, OLAF, "rollBack", on=FLEET, reason="Bad.", dryRun=True, to=artifact(1))) == Refused(
        (
            Reason(
                "NEVER_RAN",
                f"to: {artifact(1)} did not run on {FLEET} before the deployment that the rollback would undo",
                "request it as a deployment (requestDeployment); rollbackTargets lists what ran there",
            ),
        )
    )


async def test_a_rollout_that_failed_is_undone_by_what_ran_before_it(registry: Forebear) -> None:
    await ready(registry)
    await registered(registry, 3)
    await active(registry, 3, "deployment:zero", ago(days=20))
    await active(registry, 1, "deployment:first", ago(days=9))
    await requested(registry, 2, "deployment:second")
    await reported(registry, "deployment:second", "IN_PROGRESS", ago(minutes=10))
    await reported(registry, "deployment:second", "FAILED", ago(minutes=5), failedRobots=["robot:a"])
    assert await ranked(registry) == [(artifact(1), True, "APPROVAL"), (artifact(3), True, "APPROVAL")]
    await done(registry, OLAF, "rollBack", on=FLEET, reason="Bad.", id="deployment:back")
    ends = "artifact { id } replaces { nodes { id } } rollsBack { nodes { id } }"
    assert await node(registry, "Deployment", "deployment:back", ends) == {
        "artifact": {"id": artifact(1)},
        "replaces": {"nodes": [{"id": "deployment:first"}]},
        "rollsBack": {"nodes": [{"id": "deployment:second"}]},
    }


async def test_what_is_planned_where_something_goes_back_is_over_at_once(registry: Forebear) -> None:
    await replaced(registry)
    await registered(registry, 3)
    await requested(registry, 3, "deployment:planned")
    outcome = await done(registry, OLAF, "rollBack", on=FLEET, reason="Bad.", id="deployment:back")
    assert outcome.changed == ("deployment:back", "deployment:planned")
    planned = "{ deployments(filter: {state: {eq: PLANNED}}) { nodes { id } } }"
    assert await ask(registry, planned) == {"deployments": {"nodes": [{"id": "deployment:back"}]}}
    # Its manager had begun it without saying so.
    await reported(registry, "deployment:planned", "IN_PROGRESS", ago(minutes=3))
    assert await node(registry, "Deployment", "deployment:planned", "state") == {"state": "IN_PROGRESS"}
    await reported(registry, "deployment:back", "ACTIVE", ago(minutes=1))
    assert await node(registry, "Deployment", "deployment:planned", "state") == {"state": "ENDED"}


async def test_a_rollout_that_goes_wrong_is_undone_while_it_is_under_way(registry: Forebear) -> None:
    await ready(registry)
    await active(registry, 1, "deployment:first", ago(days=9))
    await requested(registry, 2, "deployment:second")
    await reported(registry, "deployment:second", "IN_PROGRESS", ago(hours=1))
    back = await done(registry, OLAF, "rollBack", on=FLEET, reason="Bad.", id="deployment:back")
    ends = "artifact { id } replaces { nodes { id } } rollsBack { nodes { id } }"
    assert await node(registry, "Deployment", back.subject, ends) == {
        "artifact": {"id": artifact(1)},
        "replaces": {"nodes": [{"id": "deployment:first"}, {"id": "deployment:second"}]},
        "rollsBack": {"nodes": [{"id": "deployment:second"}]},
    }
    # Whoever asks again is told that it is under way, whichever its state is.
    for state in ("PLANNED", "IN_PROGRESS"):
        assert await done(registry, EVE, "rollBack", on=FLEET, reason="Bad.") == Done("deployment:back", unchanged=True)
        if state == "PLANNED":
            await reported(registry, "deployment:back", "IN_PROGRESS", ago(minutes=5))
    await reported(registry, "deployment:back", "ACTIVE", ago(minutes=1))
    found = [(await node(registry, "Deployment", f"deployment:{d}", "state"))["state"] for d in ("first", "second", "back")]
    assert found == ["ENDED", "ENDED", "ACTIVE"]


EVE = person("eve", Role.OPERATOR)


async def test_a_canary_goes_back_to_what_its_fleet_runs(registry: Forebear) -> None:
    await ready(registry)
    await active(registry, 1, "deployment:first", ago(days=9))
    await active(registry, 2, "deployment:canary", ago(days=1), CANARY)
    assert await ranked(registry, CANARY) == [(artifact(1), True, "APPROVAL")]
    await done(registry, OLAF, "rollBack", on=CANARY, reason="Bad.", id="deployment:back")
    ends = "on { id } artifact { id } replaces { nodes { id } } rollsBack { nodes { id } }"
    canary = {"nodes": [{"id": "deployment:canary"}]}
    assert await node(registry, "Deployment", "deployment:back", ends) == {
        "on": {"id": CANARY}, "artifact": {"id": artifact(1)}, "replaces": canary, "rollsBack": canary,
    }  # fmt: skip
    # The fleet had one version only, so there is nothing to go back to.
    assert await ranked(registry) == []
    assert await refused(registry) == ["NO_TARGET"]


RUNS = """query($p: ID!, $at: DateTime) { whatWasRunning(place: $p, at: $at) { nodes {
    deployment { id } intended { id } standing } } drift(fleet: "fleet:north", at: $at) { nodes { robot { id } } } }"""


async def runs(registry: Forebear, at: str | None = None) -> tuple[str | None, str | None, str, list[str]]:
    """What the canary's robot is to run by which deployment, how that stands, and the robots that drift."""
    answer = await ask(registry, RUNS, p=ROBOTS[0], at=at)
    (row,) = answer["whatWasRunning"]["nodes"]
    deployment, intended = ((row[name] or {}).get("id") for name in ("deployment", "intended"))
    return deployment, intended, row["standing"], [d["robot"]["id"] for d in answer["drift"]["nodes"] if d["robot"]]


async def test_a_canary_that_went_back_to_what_its_fleet_runs_rejoins_it(registry: Forebear) -> None:
    await ready(registry)
    first, canary, back, next = ago(days=9), ago(days=3), ago(days=2), ago(days=1)
    await active(registry, 1, "deployment:first", first)
    await active(registry, 2, "deployment:canary", canary, CANARY)
    await done(registry, RITA, "reportInstallation", robot=ROBOTS[0], artifact=artifact(2), since=canary)
    await done(registry, RITA, "reportInstallation", robot=ROBOTS[1], artifact=artifact(1), since=first)
    assert await runs(registry) == ("deployment:canary", artifact(2), "AS_INTENDED", [])
    planned = await do(registry, OLAF, "rollBack", on=CANARY, reason="Bad.", id="deployment:back", dryRun=True)
    assert isinstance(planned, Planned)
    assert planned.changes["deployment:back"]["rejoins"] is True
    await done(registry, OLAF, "rollBack", on=CANARY, reason="Bad.", id="deployment:back")
    await reported(registry, "deployment:back", "IN_PROGRESS", ago(days=2, hours=1))
    # Until it is confirmed, the canary is what is meant to run.
    assert await runs(registry) == ("deployment:canary", artifact(2), "AS_INTENDED", [])
    await reported(registry, "deployment:back", "ACTIVE", back)
    over = {"state": "ENDED", "validFrom": back, "validTo": back, "rejoins": True}
    fields = "state validFrom validTo rejoins"
    assert await node(registry, "Deployment", "deployment:back", fields) == over
    assert (await node(registry, "Deployment", "deployment:canary", "state validTo")) == {"state": "ENDED", "validTo": back}
    assert await runs(registry) == ("deployment:first", artifact(1), "DIFFERENT", [ROBOTS[0]])
    # The same report again, and a late one of progress, change nothing.
    await reported(registry, "deployment:back", "ACTIVE", ago(days=1, hours=12))
    await reported(registry, "deployment:back", "IN_PROGRESS", ago(days=1, hours=11))
    assert await node(registry, "Deployment", "deployment:back", fields) == over
    await done(registry, RITA, "reportInstallation", robot=ROBOTS[0], artifact=artifact(1), since=back)
    assert await runs(registry) == ("deployment:first", artifact(1), "AS_INTENDED", [])
    # The fleet's next rollout reaches it.
    await registered(registry, 3)
    await active(registry, 3, "deployment:next", next)
    assert await runs(registry) == ("deployment:next", artifact(3), "DIFFERENT", [*ROBOTS])
    assert (await runs(registry, ago(days=2, hours=12)))[:3] == ("deployment:canary", artifact(2), "AS_INTENDED")
    assert (await runs(registry, back))[:3] == ("deployment:first", artifact(1), "AS_INTENDED")
    states = [await node(registry, "Release", id, "state") for id in (RELEASE, SECOND_RELEASE)]
    assert states == [{"state": "DEPLOYED"}, {"state": "APPROVED"}]
    assert await findings(registry.store) == []
    # It is undone there; the fleet may have it yet.
    rows = {t["artifact"]["id"]: t["undoneBy"] for t in await targets(registry, CANARY)}
    assert rows == {artifact(1): None, artifact(2): {"id": "deployment:back"}}


async def test_a_canary_that_goes_elsewhere_or_in_vain_keeps_a_deployment_of_its_own(registry: Forebear) -> None:
    await ready(registry)
    await registered(registry, 3)
    await active(registry, 3, "deployment:zero", ago(days=20))
    await active(registry, 1, "deployment:first", ago(days=9))
    await active(registry, 2, "deployment:canary", ago(days=1), CANARY)
    await done(registry, OLAF, "rollBack", on=CANARY, reason="Bad.", id="deployment:vain")
    await reported(registry, "deployment:vain", "FAILED", ago(hours=5))
    assert (await runs(registry))[:2] == ("deployment:canary", artifact(2))
    await done(registry, OLAF, "rollBack", on=CANARY, reason="Bad.", id="deployment:back", to=artifact(3))
    await reported(registry, "deployment:back", "ACTIVE", ago(hours=4))
    assert (await runs(registry))[:2] == ("deployment:back", artifact(3))
    await active(registry, 2, "deployment:fleet", ago(hours=3))
    assert (await runs(registry))[:2] == ("deployment:back", artifact(3))


async def test_what_never_ran_there_is_no_way_back(registry: Forebear) -> None:
    await ready(registry)
    assert await refused(registry) == ["NOTHING_RUNS"]
    await active(registry, 1, "deployment:first", ago(days=9))
    assert await refused(registry, to=artifact(2)) == ["NEVER_RAN"]
    assert await refused(registry, to=artifact(1)) == ["NEVER_RAN"]
    assert await refused(registry, on="fleet:nope") == ["UNKNOWN"]


async def test_an_override_lets_go_back_to_what_is_approved_no_more(registry: Forebear) -> None:
    await replaced(registry)
    await done(registry, ANNA, "withdrawApproval", release=RELEASE, reason="Film tears.")
    assert await ranked(registry) == [(artifact(1), False, None)]
    await done(registry, ADA, "override", release=RELEASE, reason="Line down.", expiresAt=ago(hours=-8))
    (only,) = await targets(registry)
    assert (only["allowed"], only["basis"]) == (True, "OVERRIDE")
    assert only["remarks"][-1] == f"{RELEASE} may run only by an override"


async def test_nobody_goes_back_beyond_their_lines_or_roles(registry: Forebear) -> None:
    await replaced(registry)
    for actor in (ANNA, person("lia", Role.OPERATOR, lines=frozenset({"line:other"}))):
        outcome = await do(registry, actor, "rollBack", on=FLEET, reason="Bad.", dryRun=True)
        assert isinstance(outcome, Refused)
        assert [r.code for r in outcome.reasons] == ["FORBIDDEN"]


async def test_a_rollback_that_failed_once_what_it_undoes_was_over_is_tried_again(registry: Forebear) -> None:
    await replaced(registry)
    back = (await done(registry, OLAF, "rollBack", on=FLEET, reason="Bad.")).subject
    await reported(registry, "deployment:second", "ENDED", ago(minutes=2))
    await reported(registry, back, "FAILED", ago(minutes=1))
    assert await ranked(registry) == [(artifact(1), True, "APPROVAL")]
    again = (await done(registry, OLAF, "rollBack", on=FLEET, reason="Bad.")).subject
    found = await node(registry, "Deployment", again, "artifact { id } rollsBack { nodes { id } }")
    assert found == {"artifact": {"id": artifact(1)}, "rollsBack": {"nodes": [{"id": "deployment:second"}]}}
    # Once it runs there, there is nothing before it to go back to.
    await reported(registry, again, "ACTIVE", ago())
    assert await refused(registry) == ["NO_TARGET", "UNDONE"]


async def test_a_fact_of_a_deployment_that_rolls_back_goes_back(registry: Forebear) -> None:
    await replaced(registry)
    summary = await record(
        registry,
        {
            "kind": "Deployment", "id": "deployment:back", "state": "PLANNED", "artifact": artifact(1), "on": FLEET,
            "reason": "Bad.", "rollsBack": ["deployment:second"],
        },
    )  # fmt: skip
    assert summary.rejections == []
    found = await node(registry, "Deployment", "deployment:back", "rollsBack { nodes { id } }")
    assert found == {"rollsBack": {"nodes": [{"id": "deployment:second"}]}}
