"""What a recall affects, and what to do about it."""

from __future__ import annotations

import hashlib
from itertools import permutations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forebear.domain.outcome import Reason
from forebear.domain.place import DeploymentRow, PlaceFactsRow, RetiredRow
from forebear.domain.recall.affected import AUTHORITY, LINEAGE, Affected, AffectedChange, AffectingEdge, change, digest, paths
from forebear.domain.recall.subject import Subject, SubjectKind
from forebear.domain.recall.target import RecallStep, RecallTarget, RobotStanding, of_deployment, of_robot
from forebear.domain.rollback import IncidentFactsRow, RollbackTarget, targets
from forebear.graph.kinds.fleet import DeploymentState
from forebear.graph.kinds.release import Basis, ReleaseState
from tests.domain.test_rollback import APPROVED, NOW, build, day, deployment, pending, place, release

JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists)
SUBJECTS = st.one_of(
    st.sampled_from(["dataset:a@1", "code:x=y@9be", "robot:r"]).map(lambda id: Subject(SubjectKind.NODE, id)),
    st.text(min_size=1).filter(str.strip).map(lambda text: Subject(SubjectKind.TOOLCHAIN, text)),
    st.just(Subject(SubjectKind.DATA_OF, "customer:c")),
    JSON.map(lambda value: Subject.of({"setting": {"name": "optimizer.lr", "value": value}})),
)


@given(SUBJECTS)
def test_the_text_and_the_input_of_a_subject_say_the_same(subject: Subject) -> None:
    assert Subject.parse(str(subject)) == subject
    assert Subject.of(subject.input) == subject


def test_a_setting_may_be_written_without_quotes() -> None:
    assert str(Subject.parse("setting=optimizer.name=adam")) == 'setting=optimizer.name="adam"'
    assert str(Subject.parse("setting= lr =1e-3")) == "setting=lr=0.001"


@pytest.mark.parametrize("text", ["", " ", "toolchain=", "setting=", "setting==1", "dataOf= ", "dataOf=fleet:f"])
def test_a_subject_without_a_name_or_of_another_kind_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"name what is recalled|has no name|fleet:f is no customer"):
        Subject.parse(text)


def test_a_subject_is_named_by_exactly_one_member() -> None:
    with pytest.raises(ValueError, match="of: names 0 of node, toolchain, dataOf, setting; name one"):
        Subject.of({"node": None})


def test_runs_begin_a_recall_of_their_setting() -> None:
    subject = Subject.parse("setting=optimizer.lr=0.1")
    assert subject.begins('{"optimizer": {"lr": 0.1, "name": "adam"}}')
    assert not subject.begins('{"optimizer": {"lr": 0.01}}')
    assert not subject.begins(None)


def test_the_digest_is_of_kind_id_and_way() -> None:
    one, other = (
        Affected("Artifact", "artifact:a", LINEAGE, ("artifact:a", "dataset:d@1")),
        Affected("Release", "release:b", AUTHORITY),
    )
    sighted = Affected("Robot", "robot:a", LINEAGE)
    assert {digest(order) for order in permutations((one, other))} == {digest((other, one, one)), digest((one, sighted, other))}
    assert digest([one]) == f"sha256:{hashlib.sha256(b'Artifact:artifact:a:LINEAGE').hexdigest()}"
    by_authority = Affected("Artifact", "artifact:a", AUTHORITY)
    assert digest([one]) != digest([by_authority])
    assert change([one, other], [by_authority, other]) == AffectedChange((by_authority,), (one,))


def test_paths_are_the_shortest_by_lineage_before_authority_and_the_first_by_ids() -> None:
    links = [
        AffectingEdge("run:2", "data:a", LINEAGE),
        AffectingEdge("run:1", "data:a", LINEAGE),
        AffectingEdge("model:m", "run:2", LINEAGE),
        AffectingEdge("model:m", "run:1", LINEAGE),
        AffectingEdge("release:m", "model:m", LINEAGE),
        AffectingEdge("release:m", "decision:d", AUTHORITY),
        AffectingEdge("decision:d", "evidence:e", AUTHORITY),
        AffectingEdge("evidence:e", "data:a", AUTHORITY),
        AffectingEdge("deployment:x", "decision:d", AUTHORITY),
    ]
    assert paths({"data:a": ("data:a", "dataset:a")}, links) == {
        "data:a": (LINEAGE, ("data:a", "dataset:a")),
        "run:1": (LINEAGE, ("run:1", "data:a", "dataset:a")),
        "run:2": (LINEAGE, ("run:2", "data:a", "dataset:a")),
        "model:m": (LINEAGE, ("model:m", "run:1", "data:a", "dataset:a")),
        "release:m": (LINEAGE, ("release:m", "model:m", "run:1", "data:a", "dataset:a")),
        "evidence:e": (AUTHORITY, ("evidence:e", "data:a", "dataset:a")),
        "decision:d": (AUTHORITY, ("decision:d", "evidence:e", "data:a", "dataset:a")),
        "deployment:x": (AUTHORITY, ("deployment:x", "decision:d", "evidence:e", "data:a", "dataset:a")),
    }


NODES = st.sampled_from("abcdef")
LINKS = st.lists(st.builds(AffectingEdge, NODES, NODES, st.sampled_from([LINEAGE, AUTHORITY])), max_size=14)
ORIGINS = st.dictionaries(NODES, st.integers(0, 3), min_size=1, max_size=3)


@given(LINKS, ORIGINS)
def test_no_other_path_comes_before_the_one_that_is_told(links: list[AffectingEdge], far: dict[str, int]) -> None:
    origins = {id: (id, *(f"{id}{n}" for n in range(length))) for id, length in far.items()}

    def every(ways: tuple[object, ...]) -> dict[str, tuple[str, ...]]:
        best: dict[str, tuple[str, ...]] = {}
        open_ = [*origins.values()]
        while open_:
            path = open_.pop()
            if path[0] not in best or (len(path), path) < (len(best[path[0]]), best[path[0]]):
                best[path[0]] = path
            open_ += [
                (link.source, *path)
                for link in links
                if link.target == path[0] and link.way in ways and link.source not in path
            ]
        return best

    lineage, both = every((LINEAGE,)), every((LINEAGE, AUTHORITY))
    assert paths(origins, links) == {
        id: (LINEAGE, lineage[id]) if id in lineage else (AUTHORITY, path) for id, path in both.items()
    }


def options(at: PlaceFactsRow, bad: DeploymentRow) -> list[RollbackTarget]:
    return targets([build(n) for n in range(6)], at, APPROVED, IncidentFactsRow(), NOW, bad=bad)


def test_a_deployment_goes_back_to_the_best_that_is_not_affected() -> None:
    bad = deployment(3, 4, 8, None)
    at = place(deployment(1, 0, 1, 4), deployment(2, 2, 4, 8), bad)
    back = of_deployment(bad.id, at, options(at, bad), {"artifact:4"})
    assert (back.step, back.place, back.artifact, back.version, back.basis) == (
        RecallStep.GO_BACK, "fleet:f", "artifact:2", "model:m@2", Basis.APPROVAL,
    )  # fmt: skip
    assert back.remarks[0] == "it ran there for 4 days, last until 2026-06-08T00:00Z, without an incident"
    further = of_deployment(bad.id, at, options(at, bad), {"artifact:4", "artifact:2", "artifact:3"})
    assert (further.step, further.artifact) == (RecallStep.GO_BACK, "artifact:0")


def test_a_place_whose_planned_deployment_is_affected_keeps_what_runs() -> None:
    runs, planned = deployment(1, 0, 1, None), pending(2, 2, DeploymentState.PLANNED)
    at = place(runs, planned)
    assert of_deployment(planned.id, at, options(at, planned), {"artifact:2", "artifact:3"}).artifact == "artifact:0"


def test_a_place_without_anything_to_go_back_to_stops() -> None:
    bad = deployment(2, 4, 8, None)
    alone = place(bad)
    nothing = "nothing else that the recall does not affect ran on fleet:f"
    assert of_deployment(bad.id, alone, options(alone, bad), {"artifact:4", "artifact:5"}) == RecallTarget(
        "deployment:2",
        RecallStep.STOP,
        "fleet:f",
        reasons=(
            Reason("NO_TARGET", nothing, "have another artifact approved and deploy it (eligible lists what may run there)"),
        ),
    )
    at = place(deployment(1, 0, 1, 8), bad)
    rejected = targets([build(0)], at, [release(0, ReleaseState.REJECTED)], IncidentFactsRow(), NOW, bad=bad)
    stop = of_deployment(bad.id, at, rejected, {"artifact:4"})
    assert (stop.step, [r.code for r in stop.reasons]) == (RecallStep.STOP, ["NOT_APPROVED"])


def test_a_place_out_of_service_or_unknown_does_neither() -> None:
    bad = deployment(2, 4, 8, None)
    at = msgspec.structs.replace(place(bad), retired=(RetiredRow("decommissioning:1", "fleet:f", day(9)),))
    assert [(t.step, [r.code for r in t.reasons]) for t in (of_deployment(bad.id, at, options(at, bad), {"artifact:4"}),)] == [
        (RecallStep.NEITHER, ["DECOMMISSIONED"])
    ]
    lost = PlaceFactsRow(deployments=(bad,))
    assert [r.code for r in of_deployment(bad.id, lost, (), {"artifact:4"}).reasons] == ["UNKNOWN"]


def test_a_robot_does_what_its_deployment_does_or_goes_back_to_what_it_is_meant_to_run() -> None:
    bad, good = deployment(2, 4, 8, None), deployment(3, 0, 8, None)
    step = RecallTarget("deployment:2", RecallStep.STOP, "fleet:f")
    robot = RobotStanding("robot:r", ("cohort:c", "fleet:f"))
    assert of_robot(robot, {"fleet:f": [bad]}, {"deployment:2": step}, {"artifact:4"}) == RecallTarget(
        "robot:r", RecallStep.STOP, "fleet:f", deployment="deployment:2"
    )
    back = of_robot(robot, {"cohort:c": [good], "fleet:f": [bad]}, {"deployment:2": step}, {"artifact:4"})
    assert (back.step, back.place, back.artifact, back.deployment) == (
        RecallStep.GO_BACK,
        "cohort:c",
        "artifact:0",
        "deployment:3",
    )


def test_a_robot_stops_rather_than_going_back_to_what_somebody_asked_to_stop() -> None:
    stopped = msgspec.structs.replace(deployment(3, 0, 8, None), stop="stop:1")
    stops = of_robot(RobotStanding("robot:r", ("fleet:f",)), {"fleet:f": [stopped]}, {}, {"artifact:4"})
    assert (stops.step, stops.place, [r.message for r in stops.reasons]) == (
        RecallStep.STOP,
        "robot:r",
        ["fleet:f is to stop what it runs (stop:1)"],
    )


def test_a_robot_without_a_deployment_stops_unless_it_is_out_of_service() -> None:
    alone = of_robot(RobotStanding("robot:r"), {}, {}, ())
    assert (alone.step, alone.place, [r.code for r in alone.reasons]) == (RecallStep.STOP, "robot:r", ["NO_TARGET"])
    retired = of_robot(RobotStanding("robot:r", ("fleet:f",), day(9)), {}, {}, ())
    assert (retired.step, [r.code for r in retired.reasons]) == (RecallStep.NEITHER, ["DECOMMISSIONED"])
