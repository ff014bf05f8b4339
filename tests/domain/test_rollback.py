"""What is gone back to, of what ran at a place."""

from __future__ import annotations

import json
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forebear.domain.artifact import ArtifactFactsRow, ArtifactRow, BuiltVersionRow, TargetRow
from forebear.domain.case import Case, case
from forebear.domain.deployment import Request
from forebear.domain.outcome import Describe, Revise
from forebear.domain.place import DeploymentRow, FleetRow, PlaceFactsRow, PlaceRow
from forebear.domain.rollback import IncidentFactsRow, IncidentRow, OpenIncidentRow, roll_back, targets, undone
from forebear.domain.standing import LineRow, ReleaseRow, StandingFactsRow
from forebear.domain.standing import VersionRow as StandingVersion
from forebear.graph.kinds.fleet import DeploymentState
from forebear.graph.kinds.release import ArtifactState, ReleaseState

NOW = "2026-06-30T00:00:00.000000Z"
LINE = LineRow("line:l", "target:t")
VERSIONS = ("model:m@1", "model:m@2", "model:m@3")


def day(n: int) -> str:
    """A day of the month before."""
    return f"2026-06-{n:02}T00:00:00.000000Z"


def build(n: int, state: ArtifactState = ArtifactState.AVAILABLE) -> ArtifactFactsRow:
    """The n-th build, of which each version has two."""
    artifact = ArtifactRow(f"artifact:{n}", {}, described_at=NOW, state=state)
    return ArtifactFactsRow(artifact, BuiltVersionRow(VERSIONS[n // 2], NOW), TargetRow("target:t", NOW))


def release(n: int, state: ReleaseState, stale_from: str | None = None) -> Case:
    """The release of the n-th version."""
    id = f"release:m@{n + 1}/l"
    row = ReleaseRow(id, state, 0, "eva", stale_from)
    found = case(StandingFactsRow(row, LINE, StandingVersion(VERSIONS[n], "eva")), NOW)
    assert found is not None
    return found


def deployment(n: int, artifact: int, since: int, until: int | None) -> DeploymentRow:
    """The n-th deployment, of a build, with its interval in days."""
    state = DeploymentState.ACTIVE if until is None else DeploymentState.ENDED
    return DeploymentRow(
        f"deployment:{n}",
        "fleet:f",
        f"artifact:{artifact}",
        state,
        valid_from=day(since),
        valid_to=None if until is None else day(until),
        version=VERSIONS[artifact // 2],
        target="target:t",
    )


def failed(n: int, artifact: int, at: int, since: int | None = None) -> DeploymentRow:
    """The n-th deployment, which failed on a day, and maybe ran until then."""
    said = [{"at": day(at), "state": "FAILED"}] + ([{"at": day(since), "state": "ACTIVE"}] if since else [])
    return msgspec.structs.replace(
        deployment(n, artifact, since or at, at),
        state=DeploymentState.FAILED,
        valid_from=day(since) if since else None,
        valid_to=day(at) if since else None,
        reports=json.dumps(said),
    )


def pending(n: int, artifact: int, state: DeploymentState, back: int | None = None) -> DeploymentRow:
    """The n-th deployment, which is pending, and maybe goes back from another."""
    back_from = () if back is None else (f"deployment:{back}",)
    said = msgspec.structs.replace(deployment(n, artifact, 1, 1), state=state, valid_from=None, valid_to=None)
    return msgspec.structs.replace(said, rolls_back=back_from)


def place(*deployments: DeploymentRow) -> PlaceFactsRow:
    """A fleet in the line."""
    return PlaceFactsRow(PlaceRow("fleet:f"), (FleetRow("fleet:f", (LINE,)),), deployments=deployments)


NONE = IncidentFactsRow()
APPROVED = [release(n, ReleaseState.APPROVED) for n in range(3)]


def test_a_run_went_well_until_its_first_incident() -> None:
    at = place(deployment(1, 0, 1, 11), deployment(2, 0, 12, 15), deployment(3, 2, 15, None))
    incidents = IncidentFactsRow(
        (IncidentRow("incident:a", day(4)), IncidentRow("incident:b", day(6)), IncidentRow("incident:c", day(20)))
    )
    (target,) = targets([build(0), build(2)], at, APPROVED, incidents, NOW)
    assert target.incidents == ["incident:a", "incident:b"]
    assert target.went_well == timedelta(days=3 + 3)
    assert target.last_ran == day(15)
    assert target.remarks == ("it ran there for 13 days, last until 2026-06-15T00:00Z, incident:a, incident:b began meanwhile",)


def test_the_order_is_by_permission_incidents_basis_build_and_time() -> None:
    at = place(deployment(1, 0, 1, 3), deployment(2, 2, 3, 5), deployment(3, 0, 5, 7), deployment(4, 4, 7, None))
    cases = [release(0, ReleaseState.APPROVED), release(1, ReleaseState.APPROVED)]
    builds = [build(n) for n in range(5)]

    def order(*more: Case, incidents: IncidentFactsRow = NONE) -> list[str]:
        return [t.artifact for t in targets(builds, at, [*cases[len(more) :], *more], incidents, NOW)]

    assert order() == ["artifact:0", "artifact:2", "artifact:1", "artifact:3"]
    touched = IncidentFactsRow(open=(OpenIncidentRow("incident:x", VERSIONS[0]),))
    assert order(incidents=touched) == ["artifact:2", "artifact:3", "artifact:0", "artifact:1"]
    happened = IncidentFactsRow((IncidentRow("incident:x", day(6)),))
    assert order(incidents=happened) == ["artifact:2", "artifact:0", "artifact:3", "artifact:1"]
    assert order(release(0, ReleaseState.APPROVED, day(9))) == ["artifact:2", "artifact:3", "artifact:0", "artifact:1"]
    assert order(release(0, ReleaseState.EVALUATED)) == ["artifact:2", "artifact:3", "artifact:0", "artifact:1"]


@pytest.mark.parametrize(
    ("deployments", "expected"),
    [
        pytest.param((), None, id="nothing was ever there"),
        pytest.param((deployment(1, 0, 1, None),), "deployment:1", id="what is active"),
        pytest.param((deployment(1, 0, 1, 3), failed(2, 2, 5, 3)), "deployment:2", id="what ran and failed"),
        pytest.param((deployment(1, 0, 1, None), failed(2, 2, 5)), "deployment:2", id="what failed beside what is active"),
        pytest.param((failed(1, 0, 4), failed(2, 2, 6), failed(3, 2, 5)), "deployment:2", id="the newest that failed"),
        pytest.param((failed(1, 2, 4), deployment(2, 0, 5, None)), "deployment:2", id="not what something ran in the place of"),
        pytest.param((failed(1, 2, 4), deployment(2, 0, 5, 7)), None, id="not even if that is over as well"),
        pytest.param(
            (failed(1, 2, 4), pending(2, 4, DeploymentState.IN_PROGRESS)), "deployment:2", id="what is under way before it"
        ),
        pytest.param((failed(1, 2, 4), pending(2, 2, DeploymentState.PLANNED)), "deployment:1", id="not what is only planned"),
        pytest.param(
            (failed(1, 2, 4), msgspec.structs.replace(failed(2, 0, 6), rolls_back=("deployment:1",))),
            "deployment:1",
            id="not what went back in vain",
        ),
        pytest.param(
            (deployment(1, 2, 1, None), pending(2, 0, DeploymentState.IN_PROGRESS, 1)), "deployment:1", id="not what goes back"
        ),
        pytest.param(
            (deployment(1, 2, 1, 4), msgspec.structs.replace(failed(2, 0, 6), rolls_back=("deployment:1",))),
            "deployment:1",
            id="what a rollback that failed was to undo, though it is over",
        ),
        pytest.param(
            (
                deployment(1, 2, 1, 4),
                msgspec.structs.replace(failed(2, 0, 6), rolls_back=("deployment:1",)),
                deployment(3, 4, 7, 8),
            ),
            None,
            id="not once something ran after that rollback",
        ),
    ],
)
def test_what_is_undone(deployments: tuple[DeploymentRow, ...], expected: str | None) -> None:
    found = undone(place(*deployments))
    assert (found and found.id) == expected


def test_what_failed_comes_after_what_did_not() -> None:
    at = place(deployment(1, 0, 1, 3), failed(2, 2, 5, 3), deployment(3, 4, 5, None))
    best, other = targets([build(0), build(2), build(4)], at, APPROVED, NONE, NOW)
    assert (best.artifact, other.artifact) == ("artifact:0", "artifact:2")
    assert other.remarks == ("it ran there for 2 days, last until 2026-06-05T00:00Z, without an incident, and failed",)


def test_another_build_of_what_is_undone_is_no_way_back_unless_it_ran_there() -> None:
    every = [build(0), build(2), build(3)]
    at = place(deployment(1, 0, 1, 3), deployment(2, 2, 3, None))
    assert [t.artifact for t in targets(every, at, APPROVED, NONE, NOW)] == ["artifact:0"]
    at = place(deployment(1, 3, 1, 3), deployment(2, 2, 3, None))
    assert [t.artifact for t in targets(every, at, APPROVED, NONE, NOW)] == ["artifact:3"]


def test_going_back_ends_what_is_only_planned_and_waits_for_what_is_under_way() -> None:
    runs = (deployment(1, 0, 1, 3), deployment(2, 2, 3, None))
    asked = Request("deployment:back", None, "fleet:f", "Bad.")
    for state in (DeploymentState.PLANNED, DeploymentState.IN_PROGRESS):
        at = place(*runs, pending(3, 4, state))
        verdict = roll_back(asked, at, targets([build(0), build(2)], at, APPROVED, NONE, NOW))
        intended, *ended = verdict.effects
        assert isinstance(intended, Describe)
        assert intended.document["replaces"] == ["deployment:2", "deployment:3"]
        assert ended == (
            [Revise("deployment:3", {"state": "PLANNED"}, {"state": "ENDED"})] if state is DeploymentState.PLANNED else []
        )


intervals = st.tuples(st.integers(0, 5), st.integers(1, 20), st.integers(1, 9)).map(
    lambda drawn: deployment(0, drawn[0], drawn[1], drawn[1] + drawn[2])
)
states = st.lists(st.sampled_from(list(ReleaseState)), min_size=3, max_size=3)
builds = st.lists(st.sampled_from(list(ArtifactState)), min_size=6, max_size=6)
incidents = st.builds(
    IncidentFactsRow,
    st.lists(st.builds(lambda n: IncidentRow(f"incident:{n}", day(n)), st.integers(1, 29)), max_size=3).map(tuple),
    st.lists(st.builds(OpenIncidentRow, st.just("incident:open"), st.sampled_from(VERSIONS)), max_size=2).map(tuple),
)


@given(st.lists(intervals, max_size=5), states, builds, incidents, st.integers(0, 5), st.randoms(use_true_random=False))
def test_the_best_comes_first_whatever_the_order_of_what_is_known(
    past: list[DeploymentRow],
    states: list[ReleaseState],
    stands: list[ArtifactState],
    happened: IncidentFactsRow,
    now: int,
    random: object,
) -> None:
    at = place(*past, deployment(9, now, 29, None))
    cases = [release(n, state) for n, state in enumerate(states)]
    every = [build(n, state) for n, state in enumerate(stands)]
    found = targets(every, at, cases, happened, NOW)
    shuffled = [*every]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert targets(shuffled, at, cases, happened, NOW) == found

    ran, very = {d.version for d in at.deployments}, {d.artifact for d in past}
    assert {t.artifact for t in found} == {
        f"artifact:{n}"
        for n in range(6)
        if n != now and VERSIONS[n // 2] in ran and (f"artifact:{n}" in very or VERSIONS[n // 2] != VERSIONS[now // 2])
    }
    assert [t.allowed for t in found] == sorted((t.allowed for t in found), reverse=True)
    allowed = [t for t in found if t.allowed]
    order = [(t.undone_by is not None, t.is_deprecated, bool(t.open)) for t in allowed]
    assert order == sorted(order)
    assert all(t.went_well <= sum((run.lasted for run in t.every_run), timedelta()) for t in found)

    verdict = roll_back(Request("deployment:back", None, "fleet:f", "Bad."), at, found)
    if not allowed:
        assert verdict.effects == ()
        assert verdict.reasons[0].code == "NO_TARGET"
        return
    (intended,) = verdict.effects
    assert isinstance(intended, Describe)
    assert intended.document["artifact"] == allowed[0].artifact
    assert intended.document["rollsBack"] == intended.document["replaces"] == ["deployment:9"]
    assert [o.id for o in verdict.considered if o.chosen] == [allowed[0].artifact]


def back(n: int, artifact: int, since: int, undoes: int, until: int | None = None) -> DeploymentRow:
    """The n-th deployment, by which somebody went back to a build from another deployment."""
    return msgspec.structs.replace(deployment(n, artifact, since, until), rolls_back=(f"deployment:{undoes}",))


UNDONE = (deployment(1, 0, 1, 3), deployment(2, 2, 3, 5), back(3, 0, 5, 2, 7))
in_vain = msgspec.structs.replace(failed(3, 0, 5), rolls_back=("deployment:2",))


def chosen(*deployments: DeploymentRow, cases: list[Case] = APPROVED) -> str | None:
    """What is gone back to by itself."""
    at = place(*deployments)
    found = targets([build(n) for n in range(6)], at, cases, NONE, NOW)
    verdict = roll_back(Request("deployment:back", None, "fleet:f", "Bad."), at, found)
    return next((str(e.document["artifact"]) for e in verdict.effects if isinstance(e, Describe)), None)


@pytest.mark.parametrize(
    ("deployments", "expected"),
    [
        pytest.param(
            (deployment(1, 0, 1, 3), deployment(2, 2, 3, 5), back(3, 0, 5, 2)), None, id="what was undone is not gone back to"
        ),
        pytest.param(
            (deployment(1, 0, 1, 3), failed(2, 2, 5, 3), back(3, 0, 6, 2)), None, id="nor is what failed and was undone"
        ),
        pytest.param(
            (deployment(1, 0, 1, 3), deployment(2, 2, 3, 5), deployment(3, 4, 5, 7), back(4, 2, 7, 3)),
            "artifact:0",
            id="it goes further back",
        ),
        pytest.param(
            (deployment(1, 0, 1, 3), deployment(2, 2, 3, 5), deployment(3, 4, 5, 7), back(4, 2, 7, 3, 9), back(5, 0, 9, 4)),
            None,
            id="all is undone",
        ),
        pytest.param(
            (*UNDONE, deployment(4, 2, 7, 8), deployment(5, 4, 8, None)),
            "artifact:2",
            id="what somebody deployed again is gone back to",
        ),
        pytest.param(
            (*UNDONE, back(4, 2, 7, 3, 8), deployment(5, 4, 8, None)),
            "artifact:2",
            id="also what somebody went back to by its name",
        ),
        pytest.param(
            (*UNDONE, deployment(4, 4, 7, None)),
            "artifact:0",
            id="not what was undone before somebody deployed something else",
        ),
        pytest.param(
            (deployment(1, 0, 1, 3), deployment(2, 2, 3, None), in_vain),
            "artifact:0",
            id="what went back in vain undid nothing, and may be tried again",
        ),
        pytest.param(
            (deployment(1, 0, 1, 3), deployment(2, 4, 3, 4), deployment(3, 2, 4, 5),
             msgspec.structs.replace(failed(4, 4, 7, 5), rolls_back=("deployment:3",))),
            "artifact:0",
            id="what went back and failed then is undone as well",
        ),
        pytest.param(
            (deployment(1, 2, 1, 3), deployment(2, 3, 3, 5), back(3, 2, 5, 2)), None, id="another build of a version is undone"
        ),
        pytest.param(
            (deployment(1, 0, 1, 2), deployment(2, 2, 2, 3), deployment(3, 3, 3, 5), back(4, 2, 5, 3)),
            "artifact:0",
            id="and beyond both is what ran before them",
        ),
        pytest.param(
            (deployment(1, 0, 1, 3), deployment(2, 2, 3, 6), failed(3, 4, 5),
             msgspec.structs.replace(back(4, 0, 6, 3), replaces=("deployment:2",))),
            None,
            id="nor is what ran on beside a rollout that failed, until something else took its place",
        ),
        pytest.param(
            (deployment(1, 0, 1, 2), deployment(2, 2, 2, 4), deployment(3, 4, 4, 5), deployment(4, 1, 5, 6), back(5, 2, 6, 4)),
            "artifact:0",
            id="what ran before it goes before what was passed over by name",
        ),
        pytest.param(
            (failed(1, 2, 5, 5), deployment(2, 0, 6, None)), "artifact:2", id="what failed in the moment that it was active ran"
        ),
    ],
)  # fmt: skip
def test_going_back_never_goes_forward_again(deployments: tuple[DeploymentRow, ...], expected: str | None) -> None:
    assert chosen(*deployments) == expected


def test_a_chain_of_five_is_undone_one_by_one() -> None:
    chain = [deployment(n, n, n, n + 1) for n in range(1, 5)]
    newest, at = deployment(5, 5, 5, None), 6
    gone = []
    # Every build is of a version of its own.
    rows = [msgspec.structs.replace(d, version=f"model:m@{d.artifact}") for d in (*chain, newest)]
    cases = [_release_of(f"model:m@artifact:{n}") for n in range(1, 6)]
    builds = [
        ArtifactFactsRow(build(n).artifact, BuiltVersionRow(f"model:m@artifact:{n}", NOW), TargetRow("target:t", NOW))
        for n in range(1, 6)
    ]
    while True:
        here = place(*rows)
        found = targets(builds, here, cases, NONE, NOW)
        verdict = roll_back(Request(f"deployment:{at}", None, "fleet:f", "Bad."), here, found)
        if verdict.reasons:
            break
        (intended,) = verdict.effects
        assert isinstance(intended, Describe)
        to = int(intended.document["artifact"].rpartition(":")[2])
        gone.append(to)
        rows[-1] = msgspec.structs.replace(rows[-1], state=DeploymentState.ENDED, valid_to=day(at))
        went = msgspec.structs.replace(back(at, to, at, at - 1), version=f"model:m@artifact:{to}")
        rows.append(went)
        at += 1
    assert gone == [4, 3, 2, 1]
    assert [r.code for r in verdict.reasons] == ["NO_TARGET", *["UNDONE"] * 4]


def _release_of(version: str) -> Case:
    row = ReleaseRow(f"release:{version}/l", ReleaseState.APPROVED, 0, "eva")
    found = case(StandingFactsRow(row, LINE, StandingVersion(version, "eva")), NOW)
    assert found is not None
    return found


steps = st.lists(st.tuples(st.sampled_from(["deploy", "back", "name", "fail"]), st.integers(0, 4)), min_size=1, max_size=12)


@given(steps)
def test_what_comes_of_going_back_is_what_a_list_of_what_ran_and_was_undone_says(told: list[tuple[str, int]]) -> None:
    versions = [f"model:v@{n}" for n in range(5)]
    builds = [
        ArtifactFactsRow(build(n).artifact, BuiltVersionRow(versions[n], NOW), TargetRow("target:t", NOW)) for n in range(5)
    ]
    cases = [_release_of(v) for v in versions]
    rows: list[DeploymentRow] = []
    ran: list[int] = []
    undone: set[int] = set()
    present: int | None = None
    for n, (what, of) in enumerate(told, 1):
        here = place(*rows)
        found = targets(builds, here, cases, NONE, NOW)
        assert {int(t.artifact[9:]) for t in found} == {*ran} - {present}
        assert {int(t.artifact[9:]) for t in found if t.undone_by} == undone - {present}
        undoes = None
        if what == "fail":
            if rows and rows[-1].is_active:
                reports = json.dumps([{"at": rows[-1].valid_from, "state": "ACTIVE"}, {"at": day(n), "state": "FAILED"}])
                rows[-1] = msgspec.structs.replace(rows[-1], state=DeploymentState.FAILED, valid_to=day(n), reports=reports)
            continue
        if what != "deploy":
            to = f"artifact:{of}" if what == "name" else None
            verdict = roll_back(Request(f"deployment:{n}", to, "fleet:f", "Bad."), here, found)
            ways = {*ran} - {present} - (set() if to else undone)
            assert bool(verdict.reasons) == (present is None or not ways & ({of} if to else ways)), verdict
            if verdict.reasons:
                continue
            assert isinstance(verdict.effects[0], Describe)
            of = int(verdict.effects[0].document["artifact"][9:])
            assert of in ways
            (undoes,) = verdict.effects[0].document["rollsBack"]
        # What runs takes the place of what ran, and is deployed again; what it went back from is undone.
        undone.discard(of)
        if undoes is not None and present is not None:
            undone.add(present)
        if rows and rows[-1].is_active:
            rows[-1] = msgspec.structs.replace(rows[-1], state=DeploymentState.ENDED, valid_to=day(n))
        row = msgspec.structs.replace(deployment(n, of, n, None), version=versions[of], recorded_at=day(n))
        rows.append(msgspec.structs.replace(row, rolls_back=() if undoes is None else (undoes,)))
        ran, present = [*ran, of], of


def test_a_cohort_rejoins_its_fleet_where_it_goes_back_to_what_every_fleet_of_its_runs() -> None:
    fleets = (FleetRow("fleet:f", (LINE,)), FleetRow("fleet:g", (LINE,)))
    canary = msgspec.structs.replace(deployment(1, 2, 5, None), place="cohort:c")
    here, there = deployment(2, 0, 1, None), msgspec.structs.replace(deployment(3, 0, 1, None), place="fleet:g")

    def rejoins(fleets: tuple[FleetRow, ...], *deployments: DeploymentRow) -> bool:
        at = PlaceFactsRow(PlaceRow("cohort:c"), fleets, deployments=deployments)
        found = targets([build(0), build(2)], at, APPROVED, NONE, NOW)
        verdict = roll_back(Request("deployment:back", None, "cohort:c", "Bad."), at, found)
        (intended,) = verdict.effects
        assert isinstance(intended, Describe)
        assert intended.document["artifact"] == "artifact:0"
        return bool(intended.document.get("rejoins"))

    assert rejoins(fleets[:1], canary, here)
    assert rejoins(fleets, canary, here, there)
    assert not rejoins(fleets, canary, here)
    assert not rejoins(fleets[:1], canary, deployment(2, 0, 1, 3))
