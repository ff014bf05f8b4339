"""Release: what is approved of model versions, on which evidence, under which policy, and what is built of them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from forebear.graph.declaration import (
    ENDS,
    PROSE,
    Admission,
    Change,
    Digest,
    EdgeProperties,
    Json,
    Node,
    Scale,
    Value,
    edge,
    prop,
)
from forebear.graph.kinds.edge_types import (
    ABOUT,
    APPROVED_BY,
    AUTHORIZED_BY,
    BUILT_FROM,
    CITES,
    COMPARED_WITH,
    COUNTS,
    FOR,
    GOVERNS,
    IN_LINE,
    MEASURED_WITH,
    OF,
    PERMITTED,
    SAMPLED_FROM,
    SUPERSEDES,
    UNDER,
)


class HardwareTarget(Node, prefix="target", standing=Admission.SETTLED):
    """A kind of hardware that artifacts are built for."""

    accelerator: str | None = prop("Its accelerator.", default=None)
    memory_mib: float | None = prop("Its memory, in MiB.", default=None, least=0)


class ReleaseLine(Node, prefix="line", standing=Admission.SETTLED, locked_after="ModelVersion"):
    """What a release is approved for: a class of robots, a hardware target and an environment."""

    robot_class: str | None = prop("The class of robots.", default=None)
    environment: str | None = prop("The customer environment.", default=None)

    target = edge(
        FOR, "HardwareTarget", one=True, doc="The hardware target of the line.",
        back="lines", back_doc="The release lines for it.",
    )  # fmt: skip


class ReleaseState(StrEnum):
    """The state of a release."""

    CANDIDATE = "CANDIDATE"
    EVALUATED = "EVALUATED"
    APPROVED = "APPROVED"
    DEPLOYED = "DEPLOYED"
    REJECTED = "REJECTED"
    DEPRECATED = "DEPRECATED"
    ARCHIVED = "ARCHIVED"


class Basis(StrEnum):
    """What lets a release run: an approval, an override, or an approval that is stale. Where several do, the first counts."""

    APPROVAL = "APPROVAL"
    OVERRIDE = "OVERRIDE"
    STALE_APPROVAL = "STALE_APPROVAL"


class Permitting(EdgeProperties):
    """On what a release may go on running."""

    basis: Basis = prop("What lets it run.", identity=True)


class Release(Node, prefix="release", versioned=True, standing=Admission.GOVERNED, locked_after="ReleaseLine"):
    """One model version in one release line. It holds the state."""

    state: ReleaseState = prop("Where it stands now.", change=Change.APPENDED, indexed=True)
    stale_from: datetime | None = prop(
        "The moment from which its approval is stale, because a newer policy asks for more or somebody "
        "corrected its evidence. Null while the approval holds.",
        change=Change.APPENDED, default=None, ahead=True,
    )  # fmt: skip
    trainers: list[str] | None = prop(
        "The actors who had trained its version, as Forebear knew at the registration.", default=None
    )

    version = edge(
        OF, "ModelVersion", one=True, doc="The version whose standing it is.",
        back="releases", back_doc="Its standing in each release line.",
    )  # fmt: skip
    line = edge(
        IN_LINE, "ReleaseLine", one=True, doc="The release line.",
        back="releases", back_doc="The releases in this line.",
    )  # fmt: skip
    approved_by = edge(
        APPROVED_BY, "Decision", doc="The decisions that approved it.",
        back="approves", back_doc="The releases that it approved.",
    )  # fmt: skip
    permitted_in = edge(
        PERMITTED, "ReleaseLine", interval=True, properties=Permitting, derived=True,
        doc="Where what runs of it may go on running, when, and on which basis. It follows from decisions and policies.",
        back="permits", back_doc="The releases that may go on running in this line, when, and on which basis.",
    )  # fmt: skip


class Direction(StrEnum):
    """Which way a metric is better."""

    HIGHER_IS_BETTER = "HIGHER_IS_BETTER"
    LOWER_IS_BETTER = "LOWER_IS_BETTER"


class Statistic(StrEnum):
    """What a metric is, which says what follows from its trials."""

    PROPORTION = "PROPORTION"
    RATE = "RATE"
    MEAN = "MEAN"
    QUANTILE = "QUANTILE"


class Metric(Value):
    """A metric that a pack defines."""

    name: str = prop("Its name.")
    unit: str | None = prop("Its unit. Null if it has none.", default=None)
    direction: Direction | None = prop("Whether higher or lower is better.", default=None)
    statistic: Statistic | None = prop(
        "What it is: a share of trials, a rate of events, a mean or a quantile. If the pack does not say, no interval follows.",
        default=None,
    )


class EvaluationPack(Node, prefix="pack", versioned=True, standing=Admission.SETTLED):
    """A versioned benchmark or replay pack. It defines metrics with unit and direction, and slices."""

    digest: Digest | None = prop("Digest of the pack.", default=None, indexed=True)
    uri: str | None = prop("Where it lies.", default=None)
    metrics: list[Metric] | None = prop("The metrics that it defines.", default=None)
    slices: list[str] | None = prop("The slices that it defines.", default=None)

    sampled_from = edge(
        SAMPLED_FROM, "DatasetVersion", "Incident", doc="The data, or the incidents, that it was sampled from.",
        back="packs", back_doc="The evaluation packs sampled from it.",
    )  # fmt: skip


class EvidenceType(StrEnum):
    """What kind of result a piece of evidence is."""

    REPLAY = "REPLAY"
    BENCHMARK = "BENCHMARK"
    LATENCY = "LATENCY"
    INTERVENTION_RATE = "INTERVENTION_RATE"
    ROLLOUT_NOTE = "ROLLOUT_NOTE"
    EXTERNAL_DECISION = "EXTERNAL_DECISION"


class Measurement(Value):
    """One measured value of one metric on one slice."""

    metric: str = prop("The metric.")
    slice: str | None = prop("The slice. Null for the whole pack.", default=None)
    value: float = prop("The measured value, in the metric's unit.")
    unit: str | None = prop("The unit.", default=None)
    sample_size: int | None = prop(
        "The number of trials. For a RATE, the exposure in the denominator of its unit, such as hours.", default=None, least=1
    )
    spread: float | None = prop(
        "The spread, in the metric's unit. For a MEAN, the sample standard deviation.", default=None, least=0
    )


class Evidence(Node, prefix="evidence", standing=Admission.GOVERNED, plural="evidence"):
    """One result about a version or an artifact: replay, benchmark, latency, intervention rate, rollout note, or what another
    system decided about it."""

    type: EvidenceType | None = prop("What kind of result it is.", default=None)
    measurements: list[Measurement] | None = prop("What was measured.", default=None, items=ENDS)
    uri: str | None = prop("Where the report lies.", default=None)
    digest: Digest | None = prop("Digest of the report.", default=None, indexed=True)
    measured_at: datetime | None = prop("When it was measured.", default=None)

    about = edge(
        ABOUT, "ModelVersion", "Artifact", doc="What it is about.",
        back="evidence", back_doc="The evidence about it.",
    )  # fmt: skip
    measured_with = edge(
        MEASURED_WITH, "EvaluationPack", doc="The pack that it was measured with.",
        back="evidence", back_doc="The evidence measured with it.",
    )  # fmt: skip
    supersedes = edge(
        SUPERSEDES, "Evidence", doc="The evidence that it corrects.",
        back="supersededBy", back_doc="The evidence that corrects it.",
    )  # fmt: skip


class RiskTier(Scale):
    """How much can go wrong in a release line."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


class ReleasePolicy(Node, prefix="policy", versioned=True, standing=Admission.GOVERNED, plural="releasePolicies"):
    """A versioned policy: thresholds, approvals and risk tier."""

    risk_tier: RiskTier | None = prop("How much can go wrong.", default=None)
    document: Json | None = prop("The policy itself.", default=None)
    packs: list[str] | None = prop("The evaluation packs that it asks for, as ids.", default=None)

    governs = edge(
        GOVERNS, "ReleaseLine", interval=True, doc="The release lines that it governs, and when.",
        back="policies", back_doc="The policies that govern it, and when.",
    )  # fmt: skip


class DecisionType(StrEnum):
    """What kind of decision it is."""

    EVALUATION = "EVALUATION"
    VOTE = "VOTE"
    APPROVAL = "APPROVAL"
    REJECTION = "REJECTION"
    WITHDRAWAL = "WITHDRAWAL"
    DEPRECATION = "DEPRECATION"
    ARCHIVAL = "ARCHIVAL"
    RESTORATION = "RESTORATION"
    PROMOTION = "PROMOTION"
    OVERRIDE = "OVERRIDE"


class Verdict(StrEnum):
    """The verdict of a decision."""

    GRANTED = "GRANTED"
    REFUSED = "REFUSED"


class Check(Value):
    """One requirement of a policy, and the result at the decision."""

    requirement: str = prop("The requirement of the policy.", length=PROSE)
    code: str | None = prop("The result, such as MET, THRESHOLD_MISSED or TOO_OLD.", default=None)
    pack: str | None = prop("Id of the evaluation pack.", default=None)
    metric: str | None = prop("The metric.", default=None)
    slice: str | None = prop("The slice.", default=None)
    target: str | None = prop("Id of the hardware target on which it had to be measured.", default=None)
    threshold: float | None = prop("The value to reach, in the metric's unit.", default=None)
    direction: Direction | None = prop("Whether the threshold is the least value that suffices, or the greatest.", default=None)
    unit: str | None = prop("The unit of the values.", default=None)
    measured: float | None = prop("The measured value. Null if no evidence counted.", default=None)
    evidence: str | None = prop("Id of the evidence.", default=None)
    baseline: float | None = prop("The value of the deployed version, if the check compared with it.", default=None)
    baseline_evidence: str | None = prop("Id of the evidence of the baseline.", default=None)
    passed: bool = prop("Whether the check passed.")
    message: str | None = prop("The result in words.", default=None, length=PROSE)
    statistic: Statistic | None = prop("What the metric is, if the policy asks something of trials.", default=None)
    minimum_trials: int | None = prop("The number of trials that the policy asks for.", default=None)
    confidence: float | None = prop("The confidence with which the threshold had to be reached.", default=None)
    trials: int | None = prop("The number of trials that counted, if the policy asks something of them.", default=None)
    bound: float | None = prop(
        "The one-sided bound that was held against the threshold instead of the measured value, if the policy asks for a "
        "confidence.",
        default=None,
    )
    pooled: list[str] | None = prop("Ids of all evidence whose trials counted.", default=None)
    baseline_pooled: list[str] | None = prop("Ids of all evidence of the baseline whose trials counted.", default=None)
    incident: str | None = prop("Id of the incident that an evaluation pack had to cover.", default=None)


class Ground(Value):
    """What a candidate carried at its approval: an edge of its lineage, or a value of a node there."""

    part: str = prop("The requirement for a candidate, such as dataset.")
    of: str = prop("Id of the node that carried it.")
    edge: str | None = prop("The name of the edge's field. Null for a value of the node itself.", default=None)
    to: str | None = prop("Id of the node that the edge led to.", default=None)
    value: str | None = prop(
        "The value: a digest, a commit, the status of a run that succeeded, or the number of corrections of a configuration.",
        default=None,
    )


class Decision(Node, prefix="decision", standing=Admission.GOVERNED):
    """One verdict about a release, such as an evaluation, an approval or a withdrawal, with the checks as they were then."""

    type: DecisionType | None = prop("What kind of decision it is.", default=None)
    verdict: Verdict | None = prop("The verdict.", default=None)
    actor: str | None = prop("Who decided. It is the policy if the policy decided by itself.", default=None)
    roles: list[str] | None = prop("The actor's roles at that moment.", default=None)
    machine: bool | None = prop("Whether the actor was a machine.", default=None)
    digest: Digest | None = prop("The digest of what it decided about: the version's digests and interface.", default=None)
    expires_at: datetime | None = prop("Until when it holds (exclusive). Null means for good.", default=None, ahead=True)
    rollback_allowed: bool | None = prop(
        "For a deprecation: whether rolling back to the release stays allowed. Null means that it does.", default=None
    )
    decided_at: datetime | None = prop("When it was decided, in the world.", default=None, indexed=True)
    state: ReleaseState | None = prop("The release's state after it. Null if it changed no state.", default=None)
    reasons: list[str] | None = prop("Why.", default=None, length=PROSE)
    checks: list[Check] | None = prop("The frozen checks.", default=None, items=ENDS)
    grounds: list[Ground] | None = prop(
        "For an approval: what the requirements for a candidate rested on.", default=None, items=ENDS
    )

    about = edge(
        ABOUT, "Release", doc="The release that it is about.",
        back="decisions", back_doc="The decisions about it.",
    )  # fmt: skip
    under = edge(
        UNDER, "ReleasePolicy", doc="The policy that it applied.",
        back="decisions", back_doc="The decisions taken under it.",
    )  # fmt: skip
    cites = edge(
        CITES, "Evidence", doc="The evidence that it rests on.",
        back="citedBy", back_doc="The decisions that rest on it.",
    )  # fmt: skip
    compared_with = edge(
        COMPARED_WITH, "Release", doc="The release that it compared with.",
        back="comparedIn", back_doc="The decisions that compared with it.",
    )  # fmt: skip
    counts = edge(
        COUNTS, "Decision", doc="The votes that it counted, or what it withdraws.",
        back="countedBy", back_doc="The decisions that count it.",
    )  # fmt: skip


class ArtifactState(StrEnum):
    """Whether an artifact may be used."""

    AVAILABLE = "AVAILABLE"
    EVALUATION_ONLY = "EVALUATION_ONLY"
    QUARANTINED = "QUARANTINED"
    DELETED = "DELETED"


class Artifact(
    Node,
    prefix="artifact",
    standing=Admission.GOVERNED,
    reported_by=("digest", "externalIds"),
    by_digest=True,
    locked_after="Release",
):
    """One build of a version for one hardware target, named by its digest."""

    state: ArtifactState | None = prop("Whether it may be used.", change=Change.APPENDED, default=None)
    quarantined_at: datetime | None = prop(
        "Since when it must not be used; null where nobody put it in quarantine.", change=Change.APPENDED, default=None
    )
    deleted_at: datetime | None = prop(
        "Since when its content is gone; null where nobody deleted it.", change=Change.APPENDED, default=None
    )
    format: str | None = prop("Its format, such as TensorRT.", default=None)
    precision: str | None = prop("Its numeric precision, such as INT8.", default=None)
    digest: Digest | None = prop("Digest of its content, as `algorithm:hex`.", default=None, indexed=True)
    uri: str | None = prop("Where it lies.", default=None)
    toolchain: str | None = prop("The toolchain that built it.", default=None)
    built_at: datetime | None = prop("When it was built.", default=None)

    built_from = edge(
        BUILT_FROM, "ModelVersion", one=True, doc="The version that it was built from.",
        back="artifacts", back_doc="Its builds.",
    )  # fmt: skip
    target = edge(
        FOR, "HardwareTarget", one=True, doc="The hardware target that it was built for.",
        back="artifacts", back_doc="The artifacts built for it.",
    )  # fmt: skip
    authorized_by = edge(
        AUTHORIZED_BY, "Decision", doc="The decisions that authorised it.",
        back="authorizedArtifacts", back_doc="The artifacts that it authorised.",
    )  # fmt: skip
