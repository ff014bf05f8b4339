"""What is gone back to, of what ran at a place."""

from __future__ import annotations

import json
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forebear.domain.artifact import ArtifactRow, Build, TargetRow, VersionRow
from forebear.domain.deployment import Request
from forebear.domain.outcome import Describe, Revise
from forebear.domain.place import DeploymentRow, FleetRow, Place, PlaceRow
from forebear.domain.rollback import IncidentRow, Incidents, TouchedRow, roll_back, targets, undone
from forebear.domain.standing import Case, LineRow, ReleaseRow, Standing, case
from forebear.domain.standing import VersionRow as StandingVersion
from forebear.graph.kinds import ArtifactState, DeploymentState, ReleaseState

NOW = "2026-06-30T00:00:00.000000Z"
LINE = LineRow("line:l", "target:t")
VERSIONS = ("model:m@1", "model:m@2", "model:m@3")


def day(n: int) -> str:
    """A day of the month before."""
    return f"2026-06-{n:02}T00:00:00.000000Z"


def build(n: int, state: ArtifactState = ArtifactState.AVAILABLE) -> Build:
    """The n-th build, of which each version has two."""
    artifact = ArtifactRow(f"artifact:{n}", {}, described_at=NOW, state=state)
    return Build(artifact, VersionRow(VERSIONS[n // 2], NOW), TargetRow("target:t", NOW))


def release(n: int, state: ReleaseState, stale_from: str | None = None) -> Case:
    """The release of the n-th version."""
    id = f"release:m@{n + 1}/l"
    row = ReleaseRow(id, state, 0, "eva", stale_from)
    found = case(Standing(row, LINE, StandingVersion(VERSIONS[n], "eva")), NOW)
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


def place(*deployments: DeploymentRow) -> Place:
    """A fleet in the line."""
    return Place(PlaceRow("fleet:f"), (FleetRow("fleet:f", (LINE,)),), deployments=deployments)


NONE = Incidents()
APPROVED = [release(n, ReleaseState.APPROVED) for n in range(3)]


def test_a_run_went_well_until_its_first_incident() -> None:
    at = place(deployment(1, 0, 1, 11), deployment(2, 0, 12, 15), deployment(3, 2, 15, None))
    incidents = Incidents(
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

    def order(*more: Case, incidents: Incidents = NONE) -> list[str]:
        return [t.artifact for t in targets(builds, at, [*cases[len(more) :], *more], incidents, NOW)]

    assert order() == ["artifact:0", "artifact:2", "artifact:1", "artifact:3"]
    touched = Incidents(open=(TouchedRow("incident:x", VERSIONS[0]),))
    assert order(incidents=touched) == ["artifact:2", "artifact:3", "artifact:0", "artifact:1"]
    happened = Incidents((IncidentRow("incident:x", day(6)),))
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
    Incidents,
    st.lists(st.builds(lambda n: IncidentRow(f"incident:{n}", day(n)), st.integers(1, 29)), max_size=3).map(tuple),
    st.lists(st.builds(TouchedRow, st.just("incident:open"), st.sampled_from(VERSIONS)), max_size=2).map(tuple),
)


@given(st.lists(intervals, max_size=5), states, builds, incidents, st.integers(0, 5), st.randoms(use_true_random=False))
def test_the_best_comes_first_whatever_the_order_of_what_is_known(
    past: list[DeploymentRow],
    states: list[ReleaseState],
    stands: list[ArtifactState],
    happened: Incidents,
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
    assert [bool(t.open) for t in allowed] == sorted(bool(t.open) for t in allowed)
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
