"""How a release stands: everything that a decision about it rests on, read in one go, and what that comes to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import msgspec

from forebear.domain import evaluation, foundation
from forebear.domain.evidence import Baseline, Check, Measured, Pack
from forebear.domain.foundation import Ground
from forebear.domain.interface import Interface
from forebear.domain.outcome import Reason
from forebear.domain.part import Part
from forebear.domain.policy import InvalidPolicy, Policy, missing_of_candidate, parse, standing_after
from forebear.domain.votes import Candidacy, Count, Vote, count_votes
from forebear.graph.digest import of_fields
from forebear.graph.kinds.release import ArtifactState, DecisionType, Direction, EvidenceType, ReleaseState, Verdict
from forebear.graph.kinds.training import RunStatus


class Row(msgspec.Struct, frozen=True, rename="camel"):
    """A row of facts; its names are those of the graph."""


class ReleaseRow(Row, frozen=True):
    """The release itself."""

    id: str
    state: ReleaseState
    revision: int
    recorded_by: str
    stale_from: str | None = None
    trainers: list[str] | None = None
    """Who had trained its version when it was registered: who owns a run may be said otherwise later."""


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
    """Those that justify it."""
    completed_by: list[str] = []
    """Who named its checkpoints, or said of it later what its registration had left out."""

    @property
    def interface(self) -> Interface:
        """What it needs."""
        return Interface(self.id, self.rate_hz, self.memory_mib, self.robot_software)

    @property
    def bound(self) -> dict[str, Any]:
        """All that makes it executable, and its interface, by the names of the graph; with its id."""
        names = zip(self.__struct_fields__, self.__struct_encode_fields__, strict=True)
        about_it = ("recorded_by", "experiments", "completed_by")
        return {encoded: getattr(self, name) for name, encoded in names if name not in about_it}

    @property
    def digest(self) -> str:
        """What approvals are bound to: the digest of all that makes it executable, and of its interface."""
        bound = self.bound.values()
        return "sha256:" + of_fields(json.dumps(v) if isinstance(v, (list, float)) else v for v in bound)


BOUND = frozenset(VersionRow.__struct_encode_fields__) - {"id", "recordedBy", "experiments"}
"""What approvals are bound to: the properties that make a version executable, and its interface."""


class PolicyRow(Row, frozen=True):
    """The policy in force in its line."""

    id: str
    document: str | None = None

    def policy(self) -> Policy:
        """The policy itself. Raises `InvalidPolicy`: an imported one may be of an older registry's making."""
        return _read(self.document or "{}")


@lru_cache(maxsize=256)
def _read(document: str) -> Policy:
    # A policy is never edited, and every decision in its line reads it.
    return parse(json.loads(document))


class ComingRow(PolicyRow, frozen=True, kw_only=True):
    """A policy that is to take effect in its line, and when."""

    valid_from: str

    @property
    def stale_from(self) -> str | None:
        """From when it makes the approvals that it finds stale; None: never, or it cannot be read."""
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
        """The pack as evaluation reads it."""
        metrics = {
            m["name"]: (m.get("unit"), Direction[m["direction"]] if m.get("direction") else None)
            for m in json.loads(self.metrics or "[]")
        }
        return Pack(self.id, metrics, frozenset(self.slices or ()))


class SourceRow(Row, frozen=True):
    """What a run used or wrote, and what makes it what it is: a digest or a commit."""

    id: str
    value: str | None = None


class RunRow(Row, frozen=True):
    """A run that the version came from, with who recorded it and who owns it, and what is known of how it was made.

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
        """What it says of a candidate that came of it."""
        known = {
            Part.DATASET: self.trained,
            Part.CODE: self.coded,
            Part.ENVIRONMENT: self.equipped,
            Part.COMPUTE: self.computed,
            Part.CONFIGURATION: self.configured,
        }
        return frozenset(part for part, said in known.items() if said)

    def grounds(self, version: str) -> Iterator[Ground]:
        """What it carries for a version that came of it, edge by edge."""
        for checkpoint in self.checkpoints:
            yield Ground(Part.CHECKPOINT, version, "promotedFrom", checkpoint.id, checkpoint.value)
            yield Ground(Part.CHECKPOINT, checkpoint.id, "producedBy", self.id, self.status)
        for part, edge, sources in (
            (Part.DATASET, "trainedOn", self.trained),
            (Part.CODE, "ran", self.coded),
            (Part.ENVIRONMENT, "inEnvironment", self.equipped),
            (Part.COMPUTE, "onCompute", self.computed),
        ):
            yield from (Ground(part, self.id, edge, source.id, source.value) for source in sources)
        if self.configured:
            yield Ground(Part.CONFIGURATION, self.id, value=str(self.corrections))


class DecisionRow(Row, frozen=True):
    """A decision about it. `approves`: the release stands approved by it."""

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
    """What it froze, where it approves."""
    grounds: str | None = None
    """What the candidate requirements rested on; null in decisions that did not freeze it."""
    asked: str | None = None
    """The policy that it was taken under, where it approves and froze no grounds."""

    def is_granted(self, *types: DecisionType) -> bool:
        """Whether it is of one of these types, and was granted."""
        return self.type in types and self.verdict is Verdict.GRANTED


class EvidenceRow(Row, frozen=True):
    """Evidence about its version or the deployed one, or about an artifact of either."""

    id: str
    version: str
    type: EvidenceType | None = None
    measurements: str | None = None
    measured_at: str | None = None
    recorded_at: str = ""
    corrected_at: str | None = None
    """When a digest of its version was corrected last."""
    packs: list[str] = []
    superseded_by: list[str] = []
    artifact: str | None = None
    artifact_state: ArtifactState | None = None
    target: str | None = None

    def measured(self) -> Iterator[Measured]:
        """What it measured, value by value."""
        for m in json.loads(self.measurements or "[]"):
            for pack in self.packs:
                yield Measured(
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
                )


class DeploymentRow(Row, frozen=True):
    """A deployment in it that is not over, and where: a decision about it authorised it, or it is on a fleet of its line.

    Where nothing says any more in which line it is, it counts in each that its version stands in.
    """

    id: str
    state: str
    place: str | None
    to_cohort: bool = False
    part_of: tuple[str, ...] = ()

    @property
    def fleets(self) -> tuple[str, ...]:
        """The fleet that it is on, or those that its cohort is part of now."""
        return self.part_of if self.to_cohort else (self.place,) if self.place else ()


class BaselineRow(Row, frozen=True):
    """The version that is deployed in its line, whatever allowed that, and its release there, if it has one."""

    version: str
    release: str | None = None


class Standing(Row, frozen=True):
    """A row of `cypher/actions/standing_facts.cypher`; its release is null where there is none.

    `candidate` is the id of the version that is asked to have a release in the line, whether it is known or not.
    """

    release: ReleaseRow | None = None
    line: LineRow | None = None
    version: VersionRow | None = None
    candidate: str | None = None
    policy: PolicyRow | None = None
    coming: list[ComingRow] = []
    baseline: BaselineRow | None = None
    packs: list[PackRow] = []
    runs: list[RunRow] = []
    unproduced: bool = False
    """Whether nothing says which run produced one of its checkpoints."""
    decisions: list[DecisionRow] = []
    evidence: list[EvidenceRow] = []
    built_evidence: list[EvidenceRow] = []
    deployments: list[DeploymentRow] = []


class Installed(Row, frozen=True):
    """The row of `cypher/actions/installed_facts.cypher`: the robots that are seen to run a release, by id."""

    robots: tuple[str, ...] = ()


# Votes are for what their voters saw; after any of these they are of another time.
_ENDS_VOTES = (
    (DecisionType.EVALUATION, Verdict.REFUSED),
    (DecisionType.REJECTION, Verdict.GRANTED),
    (DecisionType.WITHDRAWAL, Verdict.GRANTED),
    (DecisionType.RESTORATION, Verdict.GRANTED),
    (DecisionType.APPROVAL, Verdict.GRANTED),
    (DecisionType.PROMOTION, Verdict.GRANTED),
)

# What people decide against a release, they have decided against its override as well.
_ENDS_OVERRIDE = (DecisionType.REJECTION, DecisionType.WITHDRAWAL, DecisionType.DEPRECATION, DecisionType.ARCHIVAL)


@dataclass(frozen=True)
class Case:
    """A release before a decision: a standing in which release, line and version are known, at a moment."""

    standing: Standing
    release: ReleaseRow
    line: LineRow
    version: VersionRow
    now: str

    def with_release(self, **changed: Any) -> Case:
        """The case as if its release had other values."""
        # What is cached is of its evidence and its policy, never of the release, and stays with the copy.
        case = copy(self)
        object.__setattr__(case, "release", msgspec.structs.replace(self.release, **changed))
        return case

    @cached_property
    def digest(self) -> str:
        """What approvals of it are bound to."""
        return self.version.digest

    @cached_property
    def policy(self) -> Policy | Reason:
        """The policy in force in its line, or why there is none to decide by."""
        row = self.standing.policy
        adopt = f"have an admin adopt a policy for {self.line.id}"
        if row is None:
            return Reason("NO_POLICY", f"no policy is in force in {self.line.id}", adopt)
        try:
            return row.policy()
        except InvalidPolicy as error:
            return Reason("UNREADABLE_POLICY", f"{row.id}, in force in {self.line.id}, cannot be read: {error}", adopt)

    @property
    def is_approved(self) -> bool:
        """Whether it stands approved, stale or not."""
        return self.release.state in (ReleaseState.APPROVED, ReleaseState.DEPLOYED)

    @property
    def is_way_back(self) -> bool:
        """Whether it is deprecated and may be gone back to. Only a deprecation that says so forbids it; older ones do not."""
        said = [d.rollback_allowed for d in self.standing.decisions if d.is_granted(DecisionType.DEPRECATION)]
        return self.release.state is ReleaseState.DEPRECATED and said[-1:] != [False]

    @property
    def is_stale(self) -> bool:
        """Whether a newer policy asks for more than its approval was given on, or what that was has been corrected."""
        return self.release.stale_from is not None and self.release.stale_from <= self.now

    @cached_property
    def checks(self) -> tuple[Check, ...]:
        """What its evidence comes to under the policy: a check a requirement. None where no policy is in force."""
        if isinstance(self.policy, Reason):
            return ()
        measured = self._measured
        by_version = {v: tuple(m for m in measured if m.evidence in ids) for v, ids in self._evidence_ids.items()}
        baseline = self.standing.baseline
        return evaluation.evaluate(
            self.policy,
            self.line.target,
            by_version.get(self.version.id, ()),
            {p.id: p.pack for p in self.standing.packs},
            Baseline(baseline.version, by_version.get(baseline.version, ())) if baseline else None,
            self.now,
        )

    @cached_property
    def fallen(self) -> tuple[str, ...]:
        """What its approval was given on, and does not hold any more."""
        approving = [d for d in self.standing.decisions if d.approves]
        frozen = [check for d in approving for check in json.loads(d.checks or "[]")]
        return (*foundation.fallen(frozen, self._measured), *(said for d in approving for said in self._lost(d)))

    def _lost(self, approval: DecisionRow) -> tuple[str, ...]:
        """What an approval was given on of the lineage, and is there no more. One that froze none is held to its own policy."""
        if approval.grounds is not None:
            return foundation.lost(json.loads(approval.grounds), self.grounds)
        try:
            asked = _read(approval.asked) if approval.asked else None
        except InvalidPolicy:
            return ()
        lacks = missing_of_candidate(asked, self._carried) if asked else ()
        return tuple(reason.message for reason in lacks)

    @cached_property
    def grounds(self) -> tuple[Ground, ...]:
        """What it carries of its lineage."""
        version = self.version.id
        justified = (Ground(Part.EXPERIMENT, version, "justifiedBy", id) for id in self.version.experiments)
        return (*justified, *(ground for run in self.standing.runs for ground in run.grounds(version)))

    @cached_property
    def _measured(self) -> list[Measured]:
        return [m for e in (*self.standing.evidence, *self.standing.built_evidence) for m in e.measured()]

    @cached_property
    def incomplete(self) -> tuple[Reason, ...]:
        """What it does not carry of what the policy asks of a candidate. None where no policy is in force.

        Where it came of several runs, it carries what is known of each of them; nothing of them, where one is not known.
        """
        if isinstance(self.policy, Reason):
            return ()
        return missing_of_candidate(self.policy, self._carried, self._completes)

    @property
    def _completes(self) -> str:
        """How to say of its version what was not said before: that of an approved one only an admin may."""
        id = self.version.id
        if self.approvals:
            return f"have an admin say it: forebear correct {id} --values '{{\"PART\": VALUE}}' --reason REASON"
        return f'say it: forebear register-candidate \'{{"id": "{id}", "PART": VALUE}}\''

    @cached_property
    def _carried(self) -> frozenset[Part]:
        bound = self.version.bound
        carried = {part for part in Part if bound.get(part) is not None}
        if self.version.experiments:
            carried.add(Part.EXPERIMENT)
        if self.standing.runs:
            carried.add(Part.CHECKPOINT)
            if not self.standing.unproduced:
                carried |= frozenset.intersection(*(run.carried for run in self.standing.runs))
        return frozenset(carried)

    @cached_property
    def unmet(self) -> tuple[Reason, ...]:
        """What it lacks under the policy before anybody need vote: of what it must carry, and of evidence."""
        return evaluation.missing(self.checks, candidate=self.incomplete)

    @property
    def stale_from(self) -> str | None:
        """From when an approval of now is stale, by the policies that are to take effect in its line; None: never."""
        return min((c.stale_from for c in self.standing.coming if c.stale_from is not None), default=None)

    @property
    def _evidence_ids(self) -> Mapping[str, set[str]]:
        ids: dict[str, set[str]] = {}
        for e in (*self.standing.evidence, *self.standing.built_evidence):
            ids.setdefault(e.version, set()).add(e.id)
        return ids

    @property
    def votes(self) -> list[Vote]:
        """The votes that stand: for this digest, under this policy, since the last decision that ended votes."""
        standing: list[Vote] = []
        for d in self.standing.decisions:
            if (d.type, d.verdict) in _ENDS_VOTES:
                standing = []
            elif d.is_granted(DecisionType.VOTE) and d.digest == self.digest and self._under(d):
                standing.append(Vote(d.id, d.actor or "", frozenset(d.roles or ()), bool(d.machine), d.decided_at or ""))
        return standing

    def _under(self, decision: DecisionRow) -> bool:
        return self.standing.policy is not None and self.standing.policy.id in decision.policies

    def count(self, votes: Sequence[Vote]) -> Count:
        """Counts votes by the policy. Only where one is in force."""
        assert isinstance(self.policy, Policy)
        # Who first named a version may be somebody else than who made it a candidate here, or who completed it.
        registrants = frozenset({self.version.recorded_by, self.release.recorded_by, *self.version.completed_by})
        return count_votes(self.policy, votes, Candidacy(registrants, self.trainers))

    @property
    def trainers(self) -> frozenset[str]:
        """Who trained its version, now or when it was registered: those who recorded the runs or own them."""
        owners = (owner["name"] for r in self.standing.runs for owner in json.loads(r.owners or "[]"))
        return frozenset({*(self.release.trainers or ()), *(r.recorded_by for r in self.standing.runs), *owners})

    @property
    def has_new_evidence(self) -> bool:
        """Whether a check rests on evidence that came since somebody last decided against it: what was known is weighed."""
        against = [d for d in self.standing.decisions if d.is_granted(DecisionType.REJECTION, DecisionType.DEPRECATION)]
        return not against or self._has_news_since(against[-1])

    def has_news(self, type: DecisionType) -> bool:
        """Whether evidence or a policy came since the last decision of a type, granted or refused, that its checks rest on."""
        last = [d for d in self.standing.decisions if d.type is type]
        return not last or not self._under(last[-1]) or self._has_news_since(last[-1])

    def _has_news_since(self, decision: DecisionRow) -> bool:
        cited = {e for check in self.checks for e in (check.evidence, check.baseline_evidence)}
        evidence = (*self.standing.evidence, *self.standing.built_evidence)
        return any(e.recorded_at > (decision.decided_at or "") for e in evidence if e.id in cited)

    @property
    def refused_before(self) -> bool:
        """Whether people have decided against it: then it does not promote itself again."""
        return any(d.is_granted(DecisionType.REJECTION, DecisionType.WITHDRAWAL) for d in self.standing.decisions)

    @property
    def approvals(self) -> list[str]:
        """The decisions that it stands approved by."""
        return [d.id for d in self.standing.decisions if d.approves]

    @property
    def running(self) -> list[DeploymentRow]:
        """The deployments that are active."""
        return [d for d in self.standing.deployments if d.state == "ACTIVE"]

    @property
    def pending(self) -> list[DeploymentRow]:
        """The deployments that are planned, under way or active."""
        return self.standing.deployments

    def override(self) -> DecisionRow | None:
        """The override that lets it run now, if there is one: not expired, of its digest, nothing decided against it since."""
        for d in reversed(self.standing.decisions):
            if d.is_granted(*_ENDS_OVERRIDE):
                return None
            lasts = d.expires_at is None or d.expires_at > self.now
            if d.is_granted(DecisionType.OVERRIDE) and d.digest == self.digest and lasts:
                return d
        return None


def case(standing: Standing, now: str) -> Case | None:
    """The case of a release; None where it is not known."""
    if standing.release is None or standing.line is None or standing.version is None:
        return None
    return Case(standing, standing.release, standing.line, standing.version, now)
