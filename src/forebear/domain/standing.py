"""The standing of a release: the rows of everything that a decision about it rests on, read in one statement."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec

from forebear.domain.clause import InvalidPolicy
from forebear.domain.evidence import MeasuredValue, Pack, SampledIncident
from forebear.domain.foundation import LineageGround
from forebear.domain.interface import Interface
from forebear.domain.part import Part
from forebear.domain.policy import Policy, parse, standing_after
from forebear.graph.digest import of_fields
from forebear.graph.kinds.incident import Severity
from forebear.graph.kinds.release import ArtifactState, DecisionType, EvidenceType, ReleaseState, Verdict
from forebear.graph.kinds.training import RunStatus


class Row(msgspec.Struct, frozen=True, rename="camel"):
    """A row of facts. Its names are those of the graph."""


class RecallRow(Row, frozen=True):
    """A recall that is not over, and since when it stands. `subject` is what it recalls, as text."""

    id: str
    subject: str
    reason: str
    valid_from: str
    stands: bool
    """Whether it stood at the moment of the decision. If it began since, an action decides anew."""


class UpstreamRow(Row, frozen=True):
    """A node that something descends from, or the thing itself: what it was made from, and the recalls that name it."""

    id: str
    sources: tuple[str, ...] = ()
    recalls: tuple[RecallRow, ...] = ()


class ReleaseRow(Row, frozen=True):
    """The release itself."""

    id: str
    state: ReleaseState
    revision: int
    recorded_by: str
    stale_from: str | None = None
    trainers: list[str] | None = None
    """The trainers of its version when it was registered. Somebody may change the owners of a run later."""


class LineRow(Row, frozen=True):
    """Its line, with the id of its hardware target."""

    id: str
    target: str | None = None


class VersionRow(Row, frozen=True):
    """Its version: what makes it executable, and its interface."""

    id: str
    recorded_by: str
    weights_digest: str | None = None
    normalization_digest: str | None = None
    action_space_digest: str | None = None
    controller_digest: str | None = None
    sensors: list[str] | None = None
    action_space: str | None = None
    rate_hz: float | None = None
    memory_mib: float | None = None
    robot_software: str | None = None
    experiments: list[str] = []
    """The experiments that justify it."""
    completed_by: list[str] = []
    """The people who named its checkpoints, or added what its registration had left out."""

    @property
    def interface(self) -> Interface:
        """The interface of the version."""
        return Interface(self.id, self.rate_hz, self.memory_mib, self.robot_software)

    @property
    def bound(self) -> dict[str, Any]:
        """All that makes it executable, and its interface, by the names of the graph, with its id."""
        names = zip(self.__struct_fields__, self.__struct_encode_fields__, strict=True)
        about_it = ("recorded_by", "experiments", "completed_by")
        return {encoded: getattr(self, name) for name, encoded in names if name not in about_it}

    @property
    def digest(self) -> str:
        """The digest of all that makes it executable and of its interface. Approvals are bound to it."""
        bound = self.bound.values()
        return "sha256:" + of_fields(json.dumps(v) if isinstance(v, (list, float)) else v for v in bound)


BOUND = frozenset(VersionRow.__struct_encode_fields__) - {"id", "recordedBy", "experiments"}
"""The properties that approvals are bound to: those that make a version executable, and its interface."""


class PolicyRow(Row, frozen=True):
    """The policy in force in its line."""

    id: str
    document: str | None = None

    def policy(self) -> Policy:
        """Return the policy. Raises `InvalidPolicy`: an imported one may come from an older registry."""
        return policy_of(self.document or "{}")


@lru_cache(maxsize=256)
def policy_of(document: str) -> Policy:
    """Return the policy of a stored document. Raises `InvalidPolicy`."""
    # A policy is never edited, and every decision in its line reads it.
    return parse(json.loads(document))


class ComingPolicyRow(PolicyRow, frozen=True, kw_only=True):
    """A policy that will take effect in its line, and when."""

    valid_from: str

    @property
    def stale_from(self) -> str | None:
        """The moment from which it makes existing approvals stale. None: never, or its document cannot be read."""
        try:
            return standing_after(self.policy(), self.valid_from)
        except InvalidPolicy:
            return None


class PackRow(Row, frozen=True):
    """A pack that the policy asks for."""

    id: str
    metrics: str | None = None
    slices: list[str] | None = None

    @property
    def pack(self) -> Pack:
        """The pack in the form that evaluation reads."""
        return Pack.of(self.id, json.loads(self.metrics or "[]"), self.slices or ())


class LineIncidentRow(Row, frozen=True):
    """An incident in the line, and the packs that were sampled from it."""

    id: str
    valid_from: str
    severity: Severity | None = None
    packs: tuple[PackRow, ...] = ()

    @property
    def incident(self) -> SampledIncident:
        """The incident in the form that evaluation reads."""
        return SampledIncident(self.id, self.severity, self.valid_from, tuple(pack.pack for pack in self.packs))


class SourceRow(Row, frozen=True):
    """A node that a run used or wrote, and the value that identifies it: a digest or a commit."""

    id: str
    value: str | None = None


class RunRow(Row, frozen=True):
    """A run that the version came from: who recorded it, who owns it, and how it was made.

    `corrections`: how often its configuration was corrected.
    """

    id: str
    recorded_by: str
    owners: str | None = None
    status: RunStatus | None = None
    checkpoints: list[SourceRow] = []
    trained: list[SourceRow] = []
    coded: list[SourceRow] = []
    equipped: list[SourceRow] = []
    computed: list[SourceRow] = []
    configured: bool = False
    corrections: int = 0

    @property
    def carried(self) -> frozenset[Part]:
        """The parts of a candidate's lineage that the run knows."""
        values = {
            Part.DATASET: self.trained,
            Part.CODE: self.coded,
            Part.ENVIRONMENT: self.equipped,
            Part.COMPUTE: self.computed,
            Part.CONFIGURATION: self.configured,
        }
        return frozenset(part for part, value in values.items() if value)

    def grounds(self, version: str) -> Iterator[LineageGround]:
        """Return the lineage that it gives a version, edge by edge."""
        for checkpoint in self.checkpoints:
            yield LineageGround(Part.CHECKPOINT, version, "promotedFrom", checkpoint.id, checkpoint.value)
            yield LineageGround(Part.CHECKPOINT, checkpoint.id, "producedBy", self.id, self.status)
        for part, edge, sources in (
            (Part.DATASET, "trainedOn", self.trained),
            (Part.CODE, "ran", self.coded),
            (Part.ENVIRONMENT, "inEnvironment", self.equipped),
            (Part.COMPUTE, "onCompute", self.computed),
        ):
            yield from (LineageGround(part, self.id, edge, source.id, source.value) for source in sources)
        if self.configured:
            yield LineageGround(Part.CONFIGURATION, self.id, value=str(self.corrections))


class DecisionRow(Row, frozen=True):
    """A decision about it. `approves`: the release is approved by it."""

    id: str
    type: DecisionType | None = None
    verdict: Verdict | None = None
    actor: str | None = None
    roles: list[str] | None = None
    machine: bool | None = None
    digest: str | None = None
    decided_at: str | None = None
    expires_at: str | None = None
    policies: list[str] = []
    rollback_allowed: bool | None = None
    approves: bool = False
    checks: str | None = None
    """The checks that it froze, if it approves."""
    grounds: str | None = None
    """The lineage that it rests on. None if it did not freeze it."""
    approved_under: str | None = None
    """The policy that it was taken under, if it approves and froze no lineage."""

    def is_granted(self, *types: DecisionType) -> bool:
        """Return whether it is of one of these types, and granted."""
        return self.type in types and self.verdict is Verdict.GRANTED


class EvidenceRow(Row, frozen=True):
    """Evidence about its version or the deployed one, or about an artifact of either."""

    id: str
    version: str
    type: EvidenceType | None = None
    measurements: str | None = None
    measured_at: str | None = None
    recorded_at: str = ""
    digest: str | None = None
    """Of the report."""
    corrected_at: str | None = None
    """When somebody last corrected a digest of its version."""
    packs: list[str] = []
    superseded_by: list[str] = []
    artifact: str | None = None
    artifact_state: ArtifactState | None = None
    target: str | None = None

    def measured(self) -> Iterator[MeasuredValue]:
        """Return its measurements, value by value."""
        for m in json.loads(self.measurements or "[]"):
            for pack in self.packs:
                yield MeasuredValue(
                    evidence=self.id,
                    pack=pack,
                    type=self.type,
                    metric=m["metric"],
                    slice=m.get("slice"),
                    value=m["value"],
                    unit=m.get("unit"),
                    sample_size=m.get("sampleSize"),
                    spread=m.get("spread"),
                    measured_at=self.measured_at or "",
                    target=self.target,
                    artifact=self.artifact,
                    artifact_state=self.artifact_state,
                    superseded_by=self.superseded_by[0] if self.superseded_by else None,
                    outdated=self.corrected_at is not None and self.recorded_at <= self.corrected_at,
                    report=self.digest,
                )


class LineDeploymentRow(Row, frozen=True):
    """A deployment in the line that is not over, and its place.

    A decision about the release authorised it, or it is on a fleet of the line.

    If nothing says which line it is in, it counts in every line that its version is in.
    """

    id: str
    state: str
    place: str | None
    to_cohort: bool = False
    part_of: tuple[str, ...] = ()

    @property
    def fleets(self) -> tuple[str, ...]:
        """The fleet that it is on, or the fleets that its cohort is part of now."""
        return self.part_of if self.to_cohort else (self.place,) if self.place else ()


class BaselineRow(Row, frozen=True):
    """The version that is deployed in the line, on whatever basis, and its release there, if it has one."""

    version: str
    release: str | None = None


class StandingFactsRow(Row, frozen=True):
    """A row of `cypher/actions/standing_facts.cypher`. The release is None if there is none.

    `candidate` is the id of the version that is to get a release in the line, whether it is known or not.
    """

    release: ReleaseRow | None = None
    line: LineRow | None = None
    version: VersionRow | None = None
    upstream: tuple[UpstreamRow, ...] = ()
    """What the version descends from, itself included, if a recall names any of it."""
    candidate: str | None = None
    policy: PolicyRow | None = None
    coming: list[ComingPolicyRow] = []
    baseline: BaselineRow | None = None
    packs: list[PackRow] = []
    runs: list[RunRow] = []
    unproduced: bool = False
    """Whether a checkpoint of its version has no run."""
    decisions: list[DecisionRow] = []
    evidence: list[EvidenceRow] = []
    built_evidence: list[EvidenceRow] = []
    deployments: list[LineDeploymentRow] = []
    incidents: list[LineIncidentRow] = []
    """The incidents in the line, if a policy asks to cover them."""


class InstalledFactsRow(Row, frozen=True):
    """The row of `cypher/actions/installed_facts.cypher`: the ids of the robots that run a release."""

    robots: tuple[str, ...] = ()
