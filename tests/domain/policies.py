"""Generated policies, packs, measurements and votes, over names so few that they meet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from forebear.domain.clause import InvalidPolicy
from forebear.domain.evaluation import evaluate
from forebear.domain.evidence import Baseline, CheckResult, MeasuredValue, Pack
from forebear.domain.part import Part
from forebear.domain.policy import Policy, parse
from forebear.domain.roles import Role
from forebear.domain.votes import Candidacy, Vote
from forebear.graph.kinds.release import ArtifactState, Direction, EvidenceType
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


values = st.integers(0, 9).map(lambda tenths: tenths / 10)
DEFINED = [
    ("pack:replay@1", "success_rate", None),
    ("pack:replay@1", "success_rate", "film"),
    ("pack:replay@1", "interventions", None),
    ("pack:latency@1", "latency_p95", None),
]
UNDEFINED = [
    ("pack:replay@1", "mood", None),
    ("pack:replay@1", "unheard-of", None),
    ("pack:latency@1", "latency_p95", "boxes"),
    ("pack:none@1", "success_rate", None),
]
metrics = st.sampled_from([*DEFINED, *DEFINED, *DEFINED, *UNDEFINED])


def mostly(value: object, *others: object) -> st.SearchStrategy[Any]:
    """A value, and now and then another."""
    return st.sampled_from([*[value] * 4 * len(others), *others])


@st.composite
def asked(draw: st.DrawFn) -> dict[str, Any]:
    """Which measurement is asked for, as a document."""
    pack, metric, slice = draw(metrics)
    document: dict[str, Any] = {"pack": pack, "metric": metric}
    if slice is not None:
        document["slice"] = slice
    if type := draw(mostly(None, *EvidenceType)):
        document["type"] = type.value
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
def documents(draw: st.DrawFn, asking: int = 0) -> dict[str, Any]:
    """A document of a policy, whose parts are right and may contradict each other; `asking`: for how much at least."""
    document: dict[str, Any] = {
        "riskTier": draw(st.sampled_from(["LOW", "MEDIUM", "HIGH"])),
        "standingApprovals": draw(
            st.sampled_from(["KEEP", "REAPPROVE", {"rule": "GRACE", "until": "2026-07-01T02:00:00+02:00"}])
        ),
    }
    optional: dict[str, st.SearchStrategy[Any]] = {
        "candidate": st.lists(st.sampled_from([part.value for part in Part]), max_size=4),
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
    asked = {
        "evidence": st.lists(requirements(), min_size=asking, max_size=3),
        "noRegression": st.lists(comparisons(), min_size=asking, max_size=2),
    }
    return document | draw(st.fixed_dictionaries(asked if asking else {}, optional=optional if asking else optional | asked))


def _policy(document: dict[str, Any]) -> Policy | None:
    try:
        return parse(document)
    except InvalidPolicy:
        return None


policies = documents().map(_policy).filter(lambda policy: policy is not None)


# What can be wrong with a measurement. Each is drawn alone: what is wrong in two ways does not count either.
flaws: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        *[{}] * 12,
        {"superseded_by": "evidence:10"},
        {"unit": "furlong"},
        *({"type": type} for type in (None, *EvidenceType)),
        *({"measured_at": days_ago(days)} for days in (-2, -1, 40, 120)),
        *({"target": target, "artifact": target and f"artifact:{target}"} for target in (None, *TARGETS)),
        *({"target": LINE_TARGET, "artifact": "artifact:a", "artifact_state": state} for state in ArtifactState),
    ]
)


@st.composite
def measurements(draw: st.DrawFn, policy: Policy | None = None) -> MeasuredValue:
    """A measurement, mostly of what a policy asks for; mostly it counts."""
    wanted = [*policy.evidence, *policy.no_regression] if policy else []
    one = draw(st.sampled_from([*wanted * 4, None]))
    pack, metric, slice = (one.pack, one.metric, one.slice) if one else draw(metrics)
    target = one.target or (LINE_TARGET if one.on_target else None) if one else None
    good = MeasuredValue(
        evidence=f"evidence:{draw(st.integers(1, 9))}",
        pack=pack,
        type=one.type if one else None,
        metric=metric,
        slice=slice,
        value=draw(values),
        unit=None,
        sample_size=None,
        spread=None,
        measured_at=days_ago(draw(st.integers(0, 5))),
        target=target,
        artifact=target and f"artifact:{target}",
    )
    return replace(good, **draw(flaws))


@dataclass(frozen=True)
class Case:
    """All that an evaluation is made from, and one measurement more."""

    policy: Policy
    target: str | None
    measured: list[MeasuredValue]
    baseline: Baseline | None
    more: MeasuredValue

    @property
    def checks(self) -> tuple[CheckResult, ...]:
        """What it comes to, without the one more."""
        return evaluate(self.policy, self.target, self.measured, PACKS, self.baseline, NOW)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A case of an evaluation."""
    policy = draw(documents(asking=1).map(_policy).filter(lambda policy: policy is not None))
    assert policy is not None
    # One evidence measures a thing once.
    some = st.lists(measurements(policy), min_size=1, max_size=6, unique_by=lambda m: (m.evidence, m.artifact))
    baseline = Baseline("model:picker@1", tuple(draw(some))) if draw(mostly(True, False)) else None
    return Case(policy, draw(mostly(LINE_TARGET, None)), draw(some), baseline, draw(measurements(policy)))


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
    st.frozensets(st.sampled_from((*PEOPLE, *MACHINES)), max_size=2),
    st.frozensets(st.sampled_from((*PEOPLE, *MACHINES)), max_size=2),
)
