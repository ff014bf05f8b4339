"""Generated policies, packs, measurements and votes, over names so few that they meet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from forebear.domain.evidence import Baseline, Measured, Pack
from forebear.domain.policy import InvalidPolicy, Part, Policy, parse
from forebear.domain.roles import Role
from forebear.domain.votes import Candidacy, Vote
from forebear.graph.kinds import ArtifactState, Direction, EvidenceType
from forebear.graph.moments import moment

NOW = moment(datetime(2026, 6, 1, 12, tzinfo=UTC))

PACKS = {
    "pack:replay@1": Pack(
        "pack:replay@1",
        {
            "success_rate": ("%", Direction.HIGHER_IS_BETTER),
            "interventions": ("1/h", Direction.LOWER_IS_BETTER),
            "mood": (None, None),
        },
        frozenset({"boxes", "film"}),
    ),
    "pack:latency@1": Pack("pack:latency@1", {"latency_p95": ("ms", Direction.LOWER_IS_BETTER)}),
}
LINE_TARGET = "target:orin"
TARGETS = (LINE_TARGET, "target:rtx-4090")
PEOPLE = ("ada", "ben", "cleo", "dan", "eve")
MACHINES = ("gate", "bench")


def days_ago(days: float) -> str:
    """The moment so many days before `NOW`."""
    return moment(datetime.fromisoformat(NOW) - timedelta(days=days))


values = st.integers(0, 40).map(lambda tenths: tenths / 10)
metrics = st.sampled_from(
    [
        ("pack:replay@1", "success_rate"),
        ("pack:replay@1", "interventions"),
        ("pack:replay@1", "mood"),
        ("pack:latency@1", "latency_p95"),
        ("pack:replay@1", "unheard-of"),
        ("pack:none@1", "success_rate"),
    ]
)


@st.composite
def asked(draw: st.DrawFn) -> dict[str, Any]:
    """Which measurement is asked for, as a document."""
    pack, metric = draw(metrics)
    document: dict[str, Any] = {"pack": pack, "metric": metric}
    if draw(st.booleans()):
        document["slice"] = draw(st.sampled_from(["boxes", "film", "glass"]))
    if draw(st.booleans()):
        document["type"] = draw(st.sampled_from(EvidenceType)).value
    match draw(st.sampled_from(["anything", "target", "onTarget"])):
        case "target":
            document["target"] = draw(st.sampled_from(TARGETS))
        case "onTarget":
            document["onTarget"] = True
    return document


@st.composite
def requirements(draw: st.DrawFn) -> dict[str, Any]:
    """A requirement, as a document."""
    document = draw(asked()) | {draw(st.sampled_from(["minimum", "maximum"])): draw(values)}
    return document | ({"maximumAge": draw(st.integers(1, 100))} if draw(st.booleans()) else {})


@st.composite
def comparisons(draw: st.DrawFn) -> dict[str, Any]:
    """A comparison with what is deployed, as a document."""
    return draw(asked()) | ({"margin": draw(values)} if draw(st.booleans()) else {})


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """A document of a policy, whose parts are right and may contradict each other."""
    document: dict[str, Any] = {
        "riskTier": draw(st.sampled_from(["LOW", "MEDIUM", "HIGH"])),
        "standingApprovals": draw(
            st.sampled_from(["KEEP", "REAPPROVE", {"rule": "GRACE", "until": "2026-07-01T02:00:00+02:00"}])
        ),
    }
    optional: dict[str, st.SearchStrategy[Any]] = {
        "candidate": st.lists(st.sampled_from([part.value for part in Part]), max_size=4),
        "evidence": st.lists(requirements(), max_size=3),
        "noRegression": st.lists(comparisons(), max_size=2),
        "automaticPromotion": st.booleans(),
        "approvals": st.fixed_dictionaries(
            {},
            optional={
                "count": st.integers(1, 3),
                "roles": st.lists(st.sampled_from([role.value for role in Role]), min_size=1, max_size=2),
                "selfApproval": st.booleans(),
                "byTrainer": st.booleans(),
                "trustedMachines": st.lists(st.sampled_from(MACHINES), max_size=2),
            },
        ),
    }
    return document | draw(st.fixed_dictionaries({}, optional=optional))


def _policy(document: dict[str, Any]) -> Policy | None:
    try:
        return parse(document)
    except InvalidPolicy:
        return None


policies: st.SearchStrategy[Policy] = documents().map(_policy).filter(lambda policy: policy is not None)  # type: ignore[assignment]


@st.composite
def measurements(draw: st.DrawFn) -> Measured:
    """A measurement, which counts or does not."""
    pack, metric = draw(metrics)
    target = draw(st.sampled_from([None, *TARGETS]))
    states = [None, *ArtifactState] if target else [None]
    return Measured(
        evidence=f"evidence:{draw(st.integers(1, 9))}",
        pack=pack,
        type=draw(st.sampled_from([None, *EvidenceType])),
        metric=metric,
        slice=draw(st.sampled_from([None, "boxes", "film"])),
        value=draw(values),
        unit=draw(st.sampled_from([None, "%", "ms"])),
        sample_size=draw(st.sampled_from([None, 400])),
        spread=None,
        measured_at=days_ago(draw(st.integers(-2, 120))),
        target=target,
        artifact=f"artifact:{target}" if target else None,
        artifact_state=draw(st.sampled_from(states)),
        superseded_by=draw(st.sampled_from([None, "evidence:10"])),
    )


baselines = st.none() | st.lists(measurements(), max_size=4).map(
    lambda measured: Baseline("release:picker@1/parcels", "model:picker@1", tuple(measured))
)


@st.composite
def votes(draw: st.DrawFn) -> Vote:
    """A vote of a person or of a machine."""
    actor = draw(st.sampled_from((*PEOPLE, *MACHINES)))
    return Vote(
        decision=f"decision:{draw(st.integers(1, 99)):02}",
        actor=actor,
        roles=frozenset(draw(st.lists(st.sampled_from(Role), max_size=2))),
        machine=actor in MACHINES,
        at=days_ago(draw(st.integers(0, 9))),
    )


candidacies = st.builds(
    Candidacy,
    st.sampled_from([None, *PEOPLE, *MACHINES]),
    st.frozensets(st.sampled_from((*PEOPLE, *MACHINES)), max_size=2),
)
