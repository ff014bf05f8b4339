"""Cases: a release before a decision, and what the decision's grounds amount to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from forebear.domain import evaluation, foundation
from forebear.domain.clause import InvalidPolicy
from forebear.domain.evidence import Baseline, CheckResult, MeasuredValue
from forebear.domain.foundation import LineageGround
from forebear.domain.outcome import Reason
from forebear.domain.part import Part
from forebear.domain.policy import Policy, missing_of_candidate
from forebear.domain.recall.standing import recalled
from forebear.domain.standing import (
    DecisionRow,
    LineDeploymentRow,
    LineRow,
    ReleaseRow,
    StandingFactsRow,
    VersionRow,
    policy_of,
)
from forebear.domain.votes import Candidacy, Count, Vote, count_votes
from forebear.graph.kinds.release import DecisionType, ReleaseState, Verdict

# Votes are for what their voters saw. After any of these decisions earlier votes no longer count.
_ENDS_VOTES = (
    (DecisionType.EVALUATION, Verdict.REFUSED),
    (DecisionType.REJECTION, Verdict.GRANTED),
    (DecisionType.WITHDRAWAL, Verdict.GRANTED),
    (DecisionType.RESTORATION, Verdict.GRANTED),
    (DecisionType.APPROVAL, Verdict.GRANTED),
    (DecisionType.PROMOTION, Verdict.GRANTED),
)

# A decision against a release is also one against its override.
_ENDS_OVERRIDE = (DecisionType.REJECTION, DecisionType.WITHDRAWAL, DecisionType.DEPRECATION, DecisionType.ARCHIVAL)


@dataclass(frozen=True)
class Case:
    """A release before a decision, at a moment. Its line and its version are known."""

    standing: StandingFactsRow
    release: ReleaseRow
    line: LineRow
    version: VersionRow
    now: str

    def with_release(self, **changed: Any) -> Case:
        """Return the case with other values of its release."""
        # The cached values depend on its evidence and its policy, never on the release, so the copy keeps them.
        case = copy(self)
        object.__setattr__(case, "release", msgspec.structs.replace(self.release, **changed))
        return case

    @cached_property
    def digest(self) -> str:
        """The digest that approvals of it are bound to."""
        return self.version.digest

    @cached_property
    def policy(self) -> Policy | Reason:
        """The policy in force in its line, or the reason why there is none."""
        row = self.standing.policy
        adopt = f"have an admin adopt a policy for {self.line.id}"
        if row is None:
            return Reason("NO_POLICY", f"no policy is in force in {self.line.id}", adopt)
        try:
            return row.policy()
        except InvalidPolicy as error:
            return Reason("UNREADABLE_POLICY", f"{row.id}, in force in {self.line.id}, cannot be read: {error}", adopt)

    @cached_property
    def recalled(self) -> Reason | None:
        """The reason that nothing of it may run, because a recall that stands names its version by lineage."""
        return recalled(self.version.id, self.standing.upstream)

    @property
    def is_approved(self) -> bool:
        """Whether it is approved, stale or not."""
        return self.release.state in (ReleaseState.APPROVED, ReleaseState.DEPLOYED)

    @property
    def is_way_back(self) -> bool:
        """Whether it is deprecated and a rollback to it is allowed. Only a deprecation that says so forbids it."""
        answers = [d.rollback_allowed for d in self.standing.decisions if d.is_granted(DecisionType.DEPRECATION)]
        return self.release.state is ReleaseState.DEPRECATED and answers[-1:] != [False]

    @property
    def is_stale(self) -> bool:
        """Whether a newer policy asks for more than its approval was given on, or somebody corrected what it was given on."""
        return self.release.stale_from is not None and self.release.stale_from <= self.now

    @cached_property
    def checks(self) -> tuple[CheckResult, ...]:
        """One check for each requirement of its policy. None if no policy is in force."""
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
            [row.incident for row in self.standing.incidents],
        )

    @cached_property
    def fallen(self) -> tuple[str, ...]:
        """The grounds of its approval that no longer hold."""
        approving = [d for d in self.standing.decisions if d.approves]
        frozen = [check for d in approving for check in json.loads(d.checks or "[]")]
        return (*foundation.fallen(frozen, self._measured), *(message for d in approving for message in self._lost(d)))

    def _lost(self, approval: DecisionRow) -> tuple[str, ...]:
        """Return the lineage that an approval rests on and that is gone.

        An approval without frozen lineage is held to its own policy.
        """
        if approval.grounds is not None:
            return foundation.lost(json.loads(approval.grounds), self.grounds)
        try:
            policy = policy_of(approval.approved_under) if approval.approved_under else None
        except InvalidPolicy:
            return ()
        lacks = missing_of_candidate(policy, self._carried) if policy else ()
        return tuple(reason.message for reason in lacks)

    @cached_property
    def grounds(self) -> tuple[LineageGround, ...]:
        """The lineage that it has."""
        version = self.version.id
        justified = (LineageGround(Part.EXPERIMENT, version, "justifiedBy", id) for id in self.version.experiments)
        return (*justified, *(ground for run in self.standing.runs for ground in run.grounds(version)))

    @cached_property
    def _measured(self) -> list[MeasuredValue]:
        return [m for e in (*self.standing.evidence, *self.standing.built_evidence) for m in e.measured()]

    @cached_property
    def incomplete(self) -> tuple[Reason, ...]:
        """What it lacks of the lineage that the policy asks for. None if no policy is in force.

        If it came of several runs, each run must have a part for the candidate to have it.
        """
        if isinstance(self.policy, Reason):
            return ()
        return missing_of_candidate(self.policy, self._carried, self._completes)

    @property
    def _completes(self) -> str:
        """Explain how to add what its version lacks. If the version is approved, only an admin can."""
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
        """What it lacks under the policy before anybody need vote: lineage and evidence."""
        return evaluation.missing(self.checks, candidate=self.incomplete)

    @property
    def stale_from(self) -> str | None:
        """The moment from which an approval given now is stale, because of a policy that begins later; None: never."""
        return min((c.stale_from for c in self.standing.coming if c.stale_from is not None), default=None)

    @property
    def _evidence_ids(self) -> Mapping[str, set[str]]:
        ids: dict[str, set[str]] = {}
        for e in (*self.standing.evidence, *self.standing.built_evidence):
            ids.setdefault(e.version, set()).add(e.id)
        return ids

    @property
    def votes(self) -> list[Vote]:
        """The votes that count: for this digest, under this policy, since the last decision that ended votes."""
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
        """Count votes by the policy. A policy must be in force."""
        assert isinstance(self.policy, Policy)
        # One person may name a version first, another make it a candidate here, and a third complete it.
        registrants = frozenset({self.version.recorded_by, self.release.recorded_by, *self.version.completed_by})
        return count_votes(self.policy, votes, Candidacy(registrants, self.trainers))

    @property
    def trainers(self) -> frozenset[str]:
        """The names of those who trained its version: they recorded its runs or own them, now or when it was registered."""
        owners = (owner["name"] for r in self.standing.runs for owner in json.loads(r.owners or "[]"))
        return frozenset({*(self.release.trainers or ()), *(r.recorded_by for r in self.standing.runs), *owners})

    @property
    def has_new_evidence(self) -> bool:
        """Whether a check rests on evidence that is newer than the last decision against it."""
        against = [d for d in self.standing.decisions if d.is_granted(DecisionType.REJECTION, DecisionType.DEPRECATION)]
        return not against or self._has_news_since(against[-1])

    def has_news(self, type: DecisionType) -> bool:
        """Whether evidence or a policy is newer than the last decision of a type."""
        last = [d for d in self.standing.decisions if d.type is type]
        return not last or not self._under(last[-1]) or self._has_news_since(last[-1])

    def _has_news_since(self, decision: DecisionRow) -> bool:
        cited = {e for check in self.checks for e in check.rests_on}
        evidence = (*self.standing.evidence, *self.standing.built_evidence)
        return any(e.recorded_at > (decision.decided_at or "") for e in evidence if e.id in cited)

    @property
    def refused_before(self) -> bool:
        """Whether people decided against it. Then the policy does not promote it."""
        return any(d.is_granted(DecisionType.REJECTION, DecisionType.WITHDRAWAL) for d in self.standing.decisions)

    @property
    def approvals(self) -> list[str]:
        """The decisions that approve it."""
        return [d.id for d in self.standing.decisions if d.approves]

    @property
    def running(self) -> list[LineDeploymentRow]:
        """The deployments that are active."""
        return [d for d in self.standing.deployments if d.state == "ACTIVE"]

    @property
    def pending(self) -> list[LineDeploymentRow]:
        """The deployments that are planned, under way or active."""
        return self.standing.deployments

    def override(self) -> DecisionRow | None:
        """The override that lets it run now, if there is one.

        It has not expired, it is for this digest, and nobody decided against it since.
        """
        for d in reversed(self.standing.decisions):
            if d.is_granted(*_ENDS_OVERRIDE):
                return None
            lasts = d.expires_at is None or d.expires_at > self.now
            if d.is_granted(DecisionType.OVERRIDE) and d.digest == self.digest and lasts:
                return d
        return None


def case(standing: StandingFactsRow, now: str) -> Case | None:
    """Return the case of a release, or None if the release is unknown."""
    if standing.release is None or standing.line is None or standing.version is None:
        return None
    return Case(standing, standing.release, standing.line, standing.version, now)


def cases(standings: Iterable[StandingFactsRow], now: str) -> list[Case]:
    """Return the cases of the releases that are known."""
    return [release for standing in standings if (release := case(standing, now))]
