"""The kinds of nodes and edges of a model registry: the one declaration that drives everything.

Edges point from a thing to what it came from, rests on or belongs to.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from forebear.graph.declaration import (
    ENDS,
    PROSE,
    Change,
    Digest,
    EdgeClass,
    EdgeProperties,
    EdgeType,
    Graph,
    Json,
    Long,
    Node,
    Standing,
    Value,
    edge,
    prop,
)

APPENDED = Change.APPENDED
TOLD = Change.TOLD
UPDATED = Change.UPDATED
GOVERNED = Standing.GOVERNED
OBSERVED = Standing.OBSERVED
SETTLED = Standing.SETTLED

DERIVED_FROM = EdgeType("DERIVED_FROM", EdgeClass.LINEAGE, "A dataset version was made of another.")
CURATED_BY = EdgeType("CURATED_BY", EdgeClass.LINEAGE, "A dataset version was curated by rules.")
COLLECTED_FROM = EdgeType("COLLECTED_FROM", EdgeClass.LINEAGE, "Data was collected from robots, a fleet or a site.")
LABELLED_BY = EdgeType("LABELLED_BY", EdgeClass.LINEAGE, "A model labelled the data.")
TRAINED_ON = EdgeType("TRAINED_ON", EdgeClass.LINEAGE, "A run read a dataset version as training data.")
RAN = EdgeType("RAN", EdgeClass.LINEAGE, "A run executed a code version.")
IN_ENVIRONMENT = EdgeType("IN_ENVIRONMENT", EdgeClass.LINEAGE, "A run used a software environment.")
ON_COMPUTE = EdgeType("ON_COMPUTE", EdgeClass.LINEAGE, "A run used a compute profile.")
INITIALIZED_FROM = EdgeType("INITIALIZED_FROM", EdgeClass.LINEAGE, "A run started from existing weights.")
GUIDED_BY = EdgeType("GUIDED_BY", EdgeClass.LINEAGE, "A run learned from another model: a teacher or a reward.")
PRODUCED_BY = EdgeType("PRODUCED_BY", EdgeClass.LINEAGE, "A run wrote a checkpoint.")
PROMOTED_FROM = EdgeType("PROMOTED_FROM", EdgeClass.LINEAGE, "A model version is a promoted checkpoint.")
OF = EdgeType("OF", EdgeClass.LINEAGE, "A release, deployment or installation is of a version or an artifact.")
BUILT_FROM = EdgeType("BUILT_FROM", EdgeClass.LINEAGE, "An artifact was built from a model version.")
JUSTIFIED_BY = EdgeType("JUSTIFIED_BY", EdgeClass.AUTHORITY, "An experiment justifies a model version.")
APPROVED_BY = EdgeType("APPROVED_BY", EdgeClass.AUTHORITY, "A decision approved a release.")
SAMPLED_FROM = EdgeType("SAMPLED_FROM", EdgeClass.AUTHORITY, "An evaluation pack was sampled from a dataset version.")
MEASURED_WITH = EdgeType("MEASURED_WITH", EdgeClass.AUTHORITY, "Evidence was measured with an evaluation pack.")
UNDER = EdgeType("UNDER", EdgeClass.AUTHORITY, "A decision was taken under a policy.")
CITES = EdgeType("CITES", EdgeClass.AUTHORITY, "A decision rests on evidence.")
AUTHORIZED_BY = EdgeType("AUTHORIZED_BY", EdgeClass.AUTHORITY, "A decision authorised an artifact or a deployment.")
VERSION_OF = EdgeType("VERSION_OF", EdgeClass.CONTEXT, "One version of a named thing.")
PART_OF = EdgeType("PART_OF", EdgeClass.CONTEXT, "A part of a larger whole.")
SUPERSEDES = EdgeType("SUPERSEDES", EdgeClass.CONTEXT, "It takes another's place; it does not inherit from it.")
FOR = EdgeType("FOR", EdgeClass.CONTEXT, "What or whom it is for.")
IN_LINE = EdgeType("IN_LINE", EdgeClass.CONTEXT, "It stands in a release line.")
ABOUT = EdgeType("ABOUT", EdgeClass.CONTEXT, "What evidence or a decision is about.")
GOVERNS = EdgeType("GOVERNS", EdgeClass.CONTEXT, "A policy governs a release line.")
COMPARED_WITH = EdgeType("COMPARED_WITH", EdgeClass.CONTEXT, "The release that a decision compared with.")
COUNTS = EdgeType("COUNTS", EdgeClass.CONTEXT, "The votes that a grant counted; what a withdrawal withdraws.")
MEMBER_OF = EdgeType("MEMBER_OF", EdgeClass.CONTEXT, "A robot belongs to a fleet or a cohort.")
AT = EdgeType("AT", EdgeClass.CONTEXT, "Where it is or happened.")
ON = EdgeType("ON", EdgeClass.CONTEXT, "Where a deployment is meant to run, or an installation was seen.")
REPLACES = EdgeType("REPLACES", EdgeClass.CONTEXT, "The deployment that it takes the place of.")
ROLLS_BACK = EdgeType("ROLLS_BACK", EdgeClass.CONTEXT, "The deployment that it undoes.")
INSTALLED_BY = EdgeType("INSTALLED_BY", EdgeClass.CONTEXT, "The deployment that brought an installation about.")
EXPLAINS = EdgeType("EXPLAINS", EdgeClass.CONTEXT, "The incident that an attribution explains.")
DECOMMISSIONS = EdgeType("DECOMMISSIONS", EdgeClass.CONTEXT, "It takes a robot, a cohort or a fleet out of service.")
CONCERNS = EdgeType("CONCERNS", EdgeClass.CONTEXT, "A fleet or a robot that a decommissioning changed something for.")
SUSPECTS = EdgeType("SUSPECTS", EdgeClass.CONTEXT, "What an attribution suspects.")


class Mixing(EdgeProperties):
    """How one dataset version entered another, or a run."""

    role: str | None = prop("What it was used as, such as train, validation or finetune.", default=None, identity=True)
    weight: float | None = prop("Its sampling weight in the mixture (dimensionless).", default=None, least=0)


class Collection(EdgeProperties):
    """When data was collected."""

    collected_from: datetime | None = prop("Since when data was collected; null where unknown.", default=None)
    collected_to: datetime | None = prop(
        "Until when (exclusive); null where unknown or ongoing.", default=None, after="collected_from"
    )


class Guidance(EdgeProperties):
    """As what a model guided a run."""

    role: str = prop("teacher or reward.", identity=True)


class Dataset(Node, prefix="dataset"):
    """A named collection of data, whose versions are what runs read."""


class DatasetVersion(Node, prefix="dataset", versioned=True):
    """One immutable version of a dataset."""

    digest: Digest | None = prop("Digest of its manifest, as `algorithm:hex`.", default=None, indexed=True)
    uri: str | None = prop("Where it lies.", default=None)
    episodes: Long | None = prop("Number of episodes.", default=None, least=0)
    frames: Long | None = prop("Number of frames.", default=None, least=0)
    bytes: Long | None = prop("Size in bytes.", default=None, least=0)
    license: str | None = prop("License of the data, as an SPDX identifier where there is one.", default=None)
    created_at: datetime | None = prop("When it was made, in the world.", default=None)

    dataset = edge(
        VERSION_OF, "Dataset", one=True, doc="The dataset that it is a version of.",
        back="versions", back_doc="Its versions.",
    )  # fmt: skip
    derived_from = edge(
        DERIVED_FROM, "DatasetVersion", properties=Mixing, doc="What it was made of.",
        back="derivatives", back_doc="What was made of it.",
    )  # fmt: skip
    curated_by = edge(
        CURATED_BY, "CurationRuleset", doc="The rules by which it was curated.",
        back="curated", back_doc="The dataset versions that were curated by it.",
    )  # fmt: skip
    collected_from = edge(
        COLLECTED_FROM, "Fleet", "Robot", "Site", properties=Collection, doc="Where its data was collected.",
        back="collected", back_doc="Dataset versions with data collected here.",
    )  # fmt: skip
    labelled_by = edge(
        LABELLED_BY, "ModelVersion", doc="The model versions that labelled it.",
        back="labelled", back_doc="The dataset versions that it labelled.",
    )  # fmt: skip


class CurationRuleset(Node, prefix="curation", versioned=True):
    """A versioned set of curation rules."""

    digest: Digest | None = prop("Digest of the rules, as `algorithm:hex`.", default=None, indexed=True)
    uri: str | None = prop("Where the rules lie.", default=None)
    rules: Json | None = prop("The rules themselves.", default=None)


class CodeVersion(Node, prefix="code", versioned=True):
    """A repository at a commit."""

    repository: str | None = prop("The repository's address.", default=None)
    commit: str | None = prop("The commit.", default=None, indexed=True)


class SoftwareEnvironment(Node, prefix="environment"):
    """A dependency surface: what was installed where a run ran."""

    digest: Digest | None = prop("Digest of the lock file or image, as `algorithm:hex`.", default=None, indexed=True)
    packages: Json | None = prop("Package names with their versions.", default=None)


class ComputeProfile(Node, prefix="compute"):
    """Hardware and scale that a run used."""

    accelerator: str | None = prop("Accelerator, such as A100-80GB.", default=None)
    accelerator_count: int | None = prop("How many accelerators.", default=None, least=0)
    hosts: int | None = prop("How many hosts.", default=None, least=0)


class ExperimentDecision(StrEnum):
    """What an experiment concluded."""

    ADOPT = "ADOPT"
    REJECT = "REJECT"
    CONTINUE = "CONTINUE"


class Experiment(Node, prefix="experiment"):
    """A hypothesis, the comparison that tests it, and the decision that was drawn from it."""

    hypothesis: str | None = prop("What was expected, and why.", default=None, searchable=True, length=PROSE)
    comparison: str | None = prop("What was compared with what.", default=None, length=PROSE)
    decision: ExperimentDecision | None = prop("What was concluded.", change=APPENDED, default=None)
    rationale: str | None = prop("Why.", change=APPENDED, default=None, searchable=True, length=PROSE)


class RunStatus(StrEnum):
    """Where a run stands."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class Run(Node, prefix="run"):
    """One training run: its configuration, its times, its status, its metrics."""

    status: RunStatus | None = prop("Where it stands.", change=TOLD, default=None)
    configuration: Json | None = prop("Its configuration.", default=None)
    started_at: datetime | None = prop("When it started.", default=None)
    ended_at: datetime | None = prop("When it ended.", change=TOLD, default=None, after="started_at")
    seed: Long | None = prop("Its random seed.", default=None)
    metrics: Json | None = prop("Its final metrics.", change=TOLD, default=None)

    experiment = edge(
        PART_OF, "Experiment", one=True, doc="The experiment that it is part of.",
        back="runs", back_doc="Its runs.",
    )  # fmt: skip
    trained_on = edge(
        TRAINED_ON, "DatasetVersion", properties=Mixing, doc="The training data that it read.",
        back="trainingRuns", back_doc="The runs that were trained on it.",
    )  # fmt: skip
    ran = edge(
        RAN,
        "CodeVersion",
        doc="The code that it executed.",
        back="runs",
        back_doc="The runs that executed it.",
    )
    in_environment = edge(
        IN_ENVIRONMENT, "SoftwareEnvironment", doc="The software environment that it used.",
        back="runs", back_doc="The runs that used it.",
    )  # fmt: skip
    on_compute = edge(
        ON_COMPUTE, "ComputeProfile", doc="The compute that it used.",
        back="runs", back_doc="The runs that used it.",
    )  # fmt: skip
    initialized_from = edge(
        INITIALIZED_FROM, "Checkpoint", "ModelVersion", doc="The weights that it started from.",
        back="initialized", back_doc="The runs that started from it.",
    )  # fmt: skip
    guided_by = edge(
        GUIDED_BY, "ModelVersion", properties=Guidance, doc="The models that it learned from.",
        back="guided", back_doc="The runs that learned from it.",
    )  # fmt: skip


class Checkpoint(Node, prefix="checkpoint"):
    """A training artifact: weights at a step of a run."""

    step: Long | None = prop("Optimizer steps taken.", default=None, least=0)
    uri: str | None = prop("Where it lies.", default=None)
    digest: Digest | None = prop("Digest of its content, as `algorithm:hex`.", default=None, indexed=True)
    metrics: Json | None = prop("Metrics at this step.", default=None)

    produced_by = edge(
        PRODUCED_BY, "Run", one=True, doc="The run that wrote it.",
        back="checkpoints", back_doc="The checkpoints that it wrote.",
    )  # fmt: skip


class Model(Node, prefix="model"):
    """A named model, whose versions are governed."""


class ModelVersion(Node, prefix="model", versioned=True, standing=GOVERNED):
    """One version of a model: the governed object, everything that makes a robot policy executable."""

    weights_digest: Digest | None = prop("Digest of the weights.", default=None, indexed=True)
    normalization_digest: Digest | None = prop("Digest of the normalisation statistics.", default=None)
    action_space_digest: Digest | None = prop("Digest of the action space's definition.", default=None)
    controller_digest: Digest | None = prop("Digest of the controller convention.", default=None)
    uri: str | None = prop("Where it lies.", default=None)
    parameters: Long | None = prop("Number of parameters.", default=None, least=0)
    sensors: list[str] | None = prop("The sensors that it reads.", default=None)
    action_space: str | None = prop("What it commands, such as 7-DoF end-effector deltas.", default=None)
    rate_hz: float | None = prop("At which rate it must be run, in Hz.", default=None, least=0)
    memory_mib: float | None = prop("Memory that it needs, in MiB.", default=None, least=0)
    robot_software: str | None = prop("Range of robot software versions that it works with, such as >=4.2,<5.", default=None)
    license: str | None = prop("License of the weights.", default=None)
    created_at: datetime | None = prop("When it was registered, in the world.", default=None)

    model = edge(
        VERSION_OF, "Model", one=True, doc="The model that it is a version of.",
        back="versions", back_doc="Its versions.",
    )  # fmt: skip
    promoted_from = edge(
        PROMOTED_FROM, "Checkpoint", doc="The checkpoints that it was promoted from.",
        back="promotions", back_doc="The model versions promoted from it.",
    )  # fmt: skip
    justified_by = edge(
        JUSTIFIED_BY, "Experiment", doc="The experiments that justify it.",
        back="justifies", back_doc="The model versions that it justifies.",
    )  # fmt: skip
    supersedes = edge(
        SUPERSEDES, "ModelVersion", doc="The versions whose place it takes.",
        back="supersededBy", back_doc="The versions that take its place.",
    )  # fmt: skip


class HardwareTarget(Node, prefix="target", standing=SETTLED):
    """Hardware that artifacts are built for."""

    accelerator: str | None = prop("Its accelerator.", default=None)
    memory_mib: float | None = prop("Its memory, in MiB.", default=None, least=0)


class ReleaseLine(Node, prefix="line", standing=SETTLED):
    """Robot class, hardware target and customer environment: what a release is approved for."""

    robot_class: str | None = prop("The class of robots.", default=None)
    environment: str | None = prop("The customer environment.", default=None)

    target = edge(
        FOR, "HardwareTarget", one=True, doc="The hardware target of the line.",
        back="lines", back_doc="The release lines for it.",
    )  # fmt: skip


class ReleaseState(StrEnum):
    """Where one version stands in one release line."""

    CANDIDATE = "CANDIDATE"
    EVALUATED = "EVALUATED"
    APPROVED = "APPROVED"
    DEPLOYED = "DEPLOYED"
    REJECTED = "REJECTED"
    DEPRECATED = "DEPRECATED"
    ARCHIVED = "ARCHIVED"


class Release(Node, prefix="release", versioned=True, standing=GOVERNED):
    """One model version's standing in one release line: the state lives here."""

    state: ReleaseState = prop("Where it stands now.", change=APPENDED, indexed=True)
    stale_from: datetime | None = prop(
        "From when its approval is stale, as a newer policy asks for more or its evidence was corrected; null while it stands.",
        change=APPENDED, default=None, ahead=True,
    )  # fmt: skip
    trainers: list[str] | None = prop("Who had trained its version, as it was known when it was registered.", default=None)

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


class Direction(StrEnum):
    """Which way a metric is better."""

    HIGHER_IS_BETTER = "HIGHER_IS_BETTER"
    LOWER_IS_BETTER = "LOWER_IS_BETTER"


class Metric(Value):
    """A metric that a pack defines."""

    name: str = prop("Its name.")
    unit: str | None = prop("Its unit; null where dimensionless.", default=None)
    direction: Direction | None = prop("Which way is better.", default=None)


class EvaluationPack(Node, prefix="pack", versioned=True, standing=SETTLED):
    """A versioned benchmark or replay pack: metrics with unit and direction, and slices."""

    digest: Digest | None = prop("Digest of the pack.", default=None, indexed=True)
    uri: str | None = prop("Where it lies.", default=None)
    metrics: list[Metric] | None = prop("The metrics that it defines.", default=None)
    slices: list[str] | None = prop("The slices that it defines.", default=None)

    sampled_from = edge(
        SAMPLED_FROM, "DatasetVersion", doc="The data that it was sampled from.",
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
    slice: str | None = prop("The slice; null for the whole pack.", default=None)
    value: float = prop("The measured value, in the metric's unit.")
    unit: str | None = prop("The unit.", default=None)
    sample_size: int | None = prop("How many trials.", default=None, least=1)
    spread: float | None = prop("Spread, in the metric's unit.", default=None, least=0)


class Evidence(Node, prefix="evidence", standing=GOVERNED, plural="evidence"):
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


class RiskTier(StrEnum):
    """How much can go wrong in a release line."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


class ReleasePolicy(Node, prefix="policy", versioned=True, standing=GOVERNED, plural="releasePolicies"):
    """A versioned promotion policy: thresholds, approvals, risk tier."""

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
    """What a decision came to."""

    GRANTED = "GRANTED"
    REFUSED = "REFUSED"


class Check(Value):
    """One requirement, as it was checked when the decision was taken."""

    requirement: str = prop("What the policy asked for.", length=PROSE)
    code: str | None = prop("What it came to, such as MET, THRESHOLD_MISSED or TOO_OLD.", default=None)
    pack: str | None = prop("Id of the evaluation pack.", default=None)
    metric: str | None = prop("The metric.", default=None)
    slice: str | None = prop("The slice.", default=None)
    target: str | None = prop("Id of the hardware target on which it had to be measured.", default=None)
    threshold: float | None = prop("The value to reach, in the metric's unit.", default=None)
    direction: Direction | None = prop("Whether that is the least that suffices, or the greatest.", default=None)
    unit: str | None = prop("The unit of the values.", default=None)
    measured: float | None = prop("The value measured; null where no evidence counted.", default=None)
    evidence: str | None = prop("Id of the evidence.", default=None)
    baseline: float | None = prop("The value of the version that was deployed, where it was compared.", default=None)
    baseline_evidence: str | None = prop("Id of the evidence of the baseline.", default=None)
    passed: bool = prop("Whether it was met.")
    message: str | None = prop("What it came to, in words.", default=None, length=PROSE)


class Ground(Value):
    """What a candidate carried when it was approved: an edge of its lineage, or a value of a node in it."""

    part: str = prop("What the policy asked a candidate to carry, such as dataset.")
    of: str = prop("Id of the node that carried it.")
    edge: str | None = prop("The edge, by the name of its field; null for a value of the node itself.", default=None)
    to: str | None = prop("Id of the node that the edge led to.", default=None)
    value: str | None = prop(
        "What stood there: a digest, a commit, the status of a run that succeeded, how often a configuration was corrected.",
        default=None,
    )


class Decision(Node, prefix="decision", standing=GOVERNED):
    """One policy evaluation, approval, refusal, withdrawal or other verdict about a release, with its frozen checks."""

    type: DecisionType | None = prop("What kind of decision it is.", default=None)
    verdict: Verdict | None = prop("What it came to.", default=None)
    actor: str | None = prop("Who decided; the policy itself where it promoted by itself.", default=None)
    roles: list[str] | None = prop("The roles that they had then.", default=None)
    machine: bool | None = prop("Whether it was a machine.", default=None)
    digest: Digest | None = prop("Digest of what it decided about: of the version's digests and interface.", default=None)
    expires_at: datetime | None = prop(
        "Until when it holds (exclusive); null where it holds for good.", default=None, ahead=True
    )
    rollback_allowed: bool | None = prop(
        "Of a deprecation: whether rolling back to the release stays allowed; so it does where this is null.", default=None
    )
    decided_at: datetime | None = prop("When it was decided, in the world.", default=None, indexed=True)
    state: ReleaseState | None = prop("The release's state after it; null where it changed none.", default=None)
    reasons: list[str] | None = prop("Why.", default=None, length=PROSE)
    checks: list[Check] | None = prop("The frozen checks.", default=None, items=ENDS)
    grounds: list[Ground] | None = prop(
        "What the candidate requirements rested on, where it approves.", default=None, items=ENDS
    )

    about = edge(
        ABOUT, "Release", doc="The release that it is about.",
        back="decisions", back_doc="The decisions about it.",
    )  # fmt: skip
    under = edge(
        UNDER, "ReleasePolicy", doc="The policy that it was taken under.",
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


class Basis(StrEnum):
    """What lets something run: an approval, one that is stale by now, or an override."""

    APPROVAL = "APPROVAL"
    STALE_APPROVAL = "STALE_APPROVAL"
    OVERRIDE = "OVERRIDE"


class Artifact(Node, prefix="artifact", standing=GOVERNED, reported_by=("digest", "externalIds"), by_digest=True):
    """One build of a version for one hardware target, named by its digest."""

    state: ArtifactState | None = prop("Whether it may be used.", change=APPENDED, default=None)
    format: str | None = prop("Its format, such as TensorRT.", default=None)
    precision: str | None = prop("Its numeric precision, such as INT8.", default=None)
    digest: Digest | None = prop("Digest of its content, as `algorithm:hex`.", default=None, indexed=True)
    uri: str | None = prop("Where it lies.", default=None)
    toolchain: str | None = prop("What built it.", default=None)
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


class Customer(Node, prefix="customer"):
    """Whose robots they are."""


class Site(Node, prefix="site"):
    """Where fleets work."""

    country: str | None = prop("ISO 3166-1 alpha-2 code of the country.", default=None)


class Fleet(Node, prefix="fleet"):
    """Robots that are run together."""

    sites = edge(AT, "Site", interval=True, doc="Where it works, and when.", back="fleets", back_doc="The fleets here.")
    customers = edge(
        FOR, "Customer", interval=True, doc="Whose it is, and when.",
        back="fleets", back_doc="Its fleets.",
    )  # fmt: skip
    lines = edge(
        IN_LINE, "ReleaseLine", interval=True, doc="The release lines that it runs, and when.",
        back="fleets", back_doc="The fleets in this line.",
    )  # fmt: skip


class Cohort(Node, prefix="cohort"):
    """A named part of a fleet."""

    fleets = edge(
        PART_OF, "Fleet", interval=True, doc="The fleet that it is part of, and when.",
        back="cohorts", back_doc="Its cohorts.",
    )  # fmt: skip


class Robot(Node, prefix="robot"):
    """One robot."""

    serial: str | None = prop("Its serial number.", default=None, indexed=True)
    robot_class: str | None = prop("Its class.", default=None)
    software: str | None = prop("The version of its software, such as 4.2.1.", change=TOLD, default=None)
    rate_hz: float | None = prop("The highest rate at which it takes commands, in Hz.", change=TOLD, default=None, least=0)

    member_of = edge(
        MEMBER_OF, "Fleet", "Cohort", interval=True, doc="The fleets and cohorts that it belongs to, and when.",
        back="robots", back_doc="Its robots.",
    )  # fmt: skip


class Decommissioning(Node, prefix="decommissioning", standing=GOVERNED):
    """An interval in which a robot, a cohort or a fleet is out of service. Each time it is decommissioned is one of these."""

    valid_from: datetime | None = prop("Since when it is out of service.", default=None, indexed=True)
    valid_to: datetime | None = prop(
        "When it was recommissioned (exclusive); null while it is out of service.",
        change=APPENDED,
        default=None,
        after="valid_from",
    )
    reason: str | None = prop("Why it was decommissioned.", default=None, length=PROSE)

    place = edge(
        DECOMMISSIONS, "Robot", "Cohort", "Fleet", one=True, doc="What is out of service.",
        back="decommissionings", back_doc="When it was out of service.",
    )  # fmt: skip
    fleets = edge(
        CONCERNS, "Fleet", doc="The fleets that it was, or belonged to, until then.",
        back="departures", back_doc="The decommissionings of this fleet and of what belonged to it.",
    )  # fmt: skip
    robots = edge(
        CONCERNS, "Robot", doc="The robots that belong to no fleet since then, itself among them where it is one.",
        back="departures", back_doc="The decommissionings since which it belonged to no fleet.",
    )  # fmt: skip


class DeploymentState(StrEnum):
    """Where a deployment stands, as its manager reports it."""

    PLANNED = "PLANNED"
    IN_PROGRESS = "IN_PROGRESS"
    ACTIVE = "ACTIVE"
    FAILED = "FAILED"
    ENDED = "ENDED"


class DeploymentReport(Value):
    """What the deployment manager said of a deployment."""

    state: DeploymentState = prop("Where it stood.")
    at: datetime = prop("Since when.")


class Deployment(Node, prefix="deployment", standing=GOVERNED):
    """The intent to run an artifact on a fleet or a cohort of it, with its interval."""

    state: DeploymentState = prop("Where it stands.", change=APPENDED, indexed=True)
    valid_from: datetime | None = prop("When it became active.", change=APPENDED, default=None, indexed=True)
    valid_to: datetime | None = prop("When it ended (exclusive).", change=APPENDED, default=None, after="valid_from")
    reason: str | None = prop("Why it was requested.", default=None, length=PROSE)
    planned_for: datetime | None = prop("When it is to begin; null where at once.", default=None, ahead=True)
    basis: Basis | None = prop("What it was authorised on.", default=None)
    rejoins: bool | None = prop(
        "Whether a cohort goes back to what its fleet runs: it is over once it is active, and the fleet's deployment holds.",
        default=None,
    )
    reports: list[DeploymentReport] | None = prop(
        "What was reported of it, in the order of moments: of each state the first report and the last.",
        change=APPENDED, default=None, items=ENDS,
    )  # fmt: skip
    failed_robots: list[str] | None = prop(
        "The robots on which it was reported to fail, as ids.", change=APPENDED, default=None, items=ENDS
    )

    artifact = edge(
        OF, "Artifact", one=True, doc="The artifact that it is to run.",
        back="deployments", back_doc="Where it is meant to run.",
    )  # fmt: skip
    on = edge(
        ON, "Fleet", "Cohort", one=True, doc="Where it is to run.",
        back="deployments", back_doc="What is meant to run here.",
    )  # fmt: skip
    authorized_by = edge(
        AUTHORIZED_BY, "Decision", doc="The decisions that authorised it.",
        back="authorizedDeployments", back_doc="The deployments that it authorised.",
    )  # fmt: skip
    replaces = edge(
        REPLACES, "Deployment", doc="The deployments whose place it takes.",
        back="replacedBy", back_doc="The deployments that took its place.",
    )  # fmt: skip
    rolls_back = edge(
        ROLLS_BACK, "Deployment", doc="The deployments that it undoes.",
        back="rolledBackBy", back_doc="The deployments that undid it.",
    )  # fmt: skip


class Installation(Node, prefix="installation", standing=OBSERVED):
    """An artifact observed on a robot for an interval."""

    valid_from: datetime = prop("Since when it was seen.", indexed=True)
    valid_to: datetime | None = prop(
        "Until when it was seen (exclusive); null while it is.", change=APPENDED, default=None, after="valid_from"
    )

    artifact = edge(
        OF, "Artifact", one=True, doc="The artifact that was seen.",
        back="installations", back_doc="Where it was seen.",
    )  # fmt: skip
    robot = edge(
        ON, "Robot", one=True, doc="The robot that it was seen on.",
        back="installations", back_doc="What was seen on it.",
    )  # fmt: skip
    installed_by = edge(
        INSTALLED_BY, "Deployment", one=True, doc="The deployment that brought it about.",
        back="installations", back_doc="The installations that it brought about.",
    )  # fmt: skip


class Severity(StrEnum):
    """How bad an incident is."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"


class IncidentType(StrEnum):
    """What kind of incident it is."""

    INCIDENT = "INCIDENT"
    REGRESSION = "REGRESSION"


class Incident(Node, prefix="incident", standing=OBSERVED, one_by_name=True):
    """An incident or a regression, with its severity."""

    type: IncidentType | None = prop("What kind of incident it is.", default=None)
    severity: Severity | None = prop("How bad it is.", change=TOLD, default=None)
    valid_from: datetime = prop("When it began.", indexed=True)
    valid_to: datetime | None = prop(
        "When it was over; null while it is open.", change=APPENDED, default=None, after="valid_from"
    )

    at = edge(
        AT, "Robot", "Fleet", "Site", doc="Where it happened.",
        back="incidents", back_doc="The incidents here.",
    )  # fmt: skip


class MaintenanceEvent(Node, prefix="maintenance", standing=OBSERVED):
    """Maintenance of a robot, a fleet or a site."""

    valid_from: datetime = prop("When it began.", indexed=True)
    valid_to: datetime | None = prop(
        "When it was over; null while it lasts.", change=APPENDED, default=None, after="valid_from"
    )

    at = edge(
        AT, "Robot", "Fleet", "Site", doc="What was maintained.",
        back="maintenance", back_doc="The maintenance here.",
    )  # fmt: skip


class Attribution(Node, prefix="attribution", standing=GOVERNED):
    """What explains an incident: method, confidence and actor."""

    method: str | None = prop("How it was found.", default=None)
    confidence: float | None = prop("How sure it is, from 0 to 1.", default=None, least=0, most=1)
    actor: str | None = prop("Who says so.", default=None)

    explains = edge(
        EXPLAINS, "Incident", doc="The incident that it explains.",
        back="attributions", back_doc="What explains it.",
    )  # fmt: skip
    suspects = edge(
        SUSPECTS, "DatasetVersion", "CurationRuleset", "CodeVersion", "SoftwareEnvironment", "Run", "Checkpoint",
        "ModelVersion", "Artifact", "HardwareTarget", "Robot", "Site", "Deployment", "MaintenanceEvent",
        doc="What it suspects.", back="suspectedBy", back_doc="The attributions that suspect it.",
    )  # fmt: skip
    supersedes = edge(
        SUPERSEDES, "Attribution", doc="The attributions that it corrects.",
        back="supersededBy", back_doc="The attributions that correct it.",
    )  # fmt: skip


GRAPH = Graph(
    (
        Dataset, DatasetVersion, CurationRuleset, CodeVersion, SoftwareEnvironment, ComputeProfile, Experiment, Run,
        Checkpoint, Model, ModelVersion, HardwareTarget, ReleaseLine, Release, EvaluationPack, Evidence, ReleasePolicy,
        Decision, Artifact, Customer, Site, Fleet, Cohort, Robot, Decommissioning, Deployment, Installation, Incident,
        MaintenanceEvent, Attribution,
    )
)  # fmt: skip
"""The graph of a model registry."""
