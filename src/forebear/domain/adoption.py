"""The adoption of a policy: the lines that it governs, and what that does to their releases.

Nobody edits a policy version. It ends where the next one begins. The graph keeps which policy was in force in a line at each
moment.

A policy version is never edited, and ends where the next one begins. What one line had in force at which moment stays known.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

import msgspec

from forebear.domain import release
from forebear.domain.case import Case, case
from forebear.domain.clause import InvalidPolicy
from forebear.domain.outcome import Connect, Describe, Disconnect, Effect, Reason, Revise, Ruling
from forebear.domain.policy import Policy, check_against, parse, standing_after
from forebear.domain.reference import unknown
from forebear.domain.release import Decider
from forebear.domain.restatement import IMMUTABLE, restated
from forebear.domain.standing import PackRow, PolicyRow, Row
from forebear.graph.document import json_text
from forebear.graph.moments import CLOCK_SKEW, moment
from forebear.graph.rows import NodeRow

INVALID_POLICY = "INVALID_POLICY"
MISSING = "MISSING"
CONTRADICTS = "CONTRADICTS"
NOTHING_GOVERNED = "NOTHING_GOVERNED"
REPEATED = "REPEATED"
IN_PAST = "IN_PAST"
NO_END = "NO_END"
OUT_OF_ORDER = "OUT_OF_ORDER"


class Governance(Row, frozen=True):
    """The interval in which a policy governs a line."""

    policy: str
    valid_from: str
    valid_to: str | None = None


class GovernedLineRow(Row, frozen=True):
    """A line, with the policies that govern it now or will, ordered by when they begin."""

    id: str
    governed: tuple[Governance, ...] = ()


class PolicyFactsRow(Row, frozen=True):
    """The row of `cypher/actions/policy_facts.cypher`: a policy and what it names, as far as it is described."""

    stored: dict[str, Any] | None = None
    lines: tuple[GovernedLineRow, ...] = ()
    packs: tuple[PackRow, ...] = ()


@dataclass(frozen=True)
class Rule:
    """A policy that can govern lines: its id, its rules, and the packs that it names."""

    id: str
    policy: Policy
    packs: tuple[PackRow, ...]

    def over(self, before: Case, since: str) -> Case:
        """Return the release as it is once the policy governs its line from `since` on."""
        row = PolicyRow(self.id, json_text(self.policy.document()))
        release_after = msgspec.structs.replace(before.release, stale_from=self.stale_from(before, since))
        after = case(
            msgspec.structs.replace(before.standing, release=release_after, policy=row, packs=[*self.packs], coming=[]),
            before.now,
        )
        assert after is not None
        return after

    def stale_from(self, current: Case, since: str) -> str | None:
        """Return the moment from which the release's approval is stale once the policy governs its line, or None if it holds.

        What an earlier policy made stale stays stale. An approval that was given under this very policy stays valid.
        """
        before, after = current.release.stale_from, standing_after(self.policy, since)
        approving = [d for d in current.standing.decisions if d.approves]
        if after is None or not approving or all(self.id in d.policies for d in approving):
            return before
        return min(before, after) if before else after


def understood(document: object, packs: Iterable[PackRow]) -> Policy | tuple[Reason, ...]:
    """Parse a document and compare it with the packs. Return the policy, or every mistake with its path."""
    try:
        policy = parse(document)
        if mistakes := check_against(policy, {pack.id: pack.pack for pack in packs}):
            raise InvalidPolicy(mistakes)
    except InvalidPolicy as error:
        remedy = "correct it; `forebear policy check` shows every mistake with its line"
        return tuple(Reason(INVALID_POLICY, f"document{'.' if m.path else ': '}{m}", remedy) for m in error.mistakes)
    return policy


@dataclass(frozen=True)
class Adoption:
    """A policy that somebody wants to adopt: its fact, what it names, and the releases of its lines.

    `lines` are those that it is to govern from now on. Those that it governs from a later moment are in the fact, under
    `governs`.
    """

    document: Mapping[str, Any]
    row: NodeRow
    lines: Sequence[str]
    grounds: PolicyFactsRow
    cases: Sequence[Case]
    by: Decider

    def ruling(self) -> Ruling:
        """Adopt the policy, end the former one, and change the releases that follow; or return every reason against it.

        The same request again changes nothing.
        """
        policy = understood(self._says, self.grounds.packs) if self._says is not None else ()
        if not isinstance(policy, Policy):
            unsaid = Reason(MISSING, "document: is missing", "give the policy itself")
            return Ruling(self.row.id, reasons=policy or (unsaid,))
        if reasons := (*self._against_fact(policy), *self._against_lines()):
            return Ruling(self.row.id, reasons=reasons)
        rule = Rule(self.row.id, policy, self.grounds.packs)
        effects = [*self._stated(policy), *self._governs(), *self._releases(rule)]
        return Ruling(self.row.id, tuple(effects))

    @cached_property
    def starts(self) -> Mapping[str, str]:
        """Return for each line the moment from which the policy governs it. A moment that has just passed becomes now."""
        now = self.by.now
        return {
            **dict.fromkeys(self.lines, now),
            **{e.target: max(now, e.properties["validFrom"]) for e in self.row.edges},
        }

    # ── what is in the way ──────────────────────────────────────────────────────────────────────────────

    def _against_fact(self, policy: Policy) -> Iterator[Reason]:
        """Refuse values of the fact that contradict its document or the version that is stored."""
        for name, derived in (("riskTier", policy.risk_tier.value), ("packs", sorted(policy.packs))):
            value = self.row.guaranteed.get(name)
            if value is not None and (sorted(value) if isinstance(value, list) else value) != derived:
                yield Reason(
                    CONTRADICTS, f"{name}: {value} differs from the document, which says {derived}", f"leave out {name}"
                )
        if self.grounds.stored is not None:
            before, after = _comparable(self.grounds.stored["document"]), policy.document()
            for name in sorted(before.keys() | after.keys()):
                if before.get(name) != after.get(name):
                    had, says = (json_text(values.get(name)) for values in (before, after))
                    message = f"document.{name}: {self.row.id} has {had} already, and the request says {says}"
                    yield Reason(IMMUTABLE, message, "adopt it as a new version")

    def _against_lines(self) -> Iterator[Reason]:
        lines = {line.id: line for line in self.grounds.lines}
        earliest = moment(datetime.fromisoformat(self.by.now) - CLOCK_SKEW)
        if not self.starts and self.grounds.stored is None:
            yield Reason(NOTHING_GOVERNED, "lines: there is none", "name the lines that it is to govern")
        for e in self.row.edges:
            if e.target in self.lines or [o.target for o in self.row.edges].count(e.target) > 1:
                yield Reason(REPEATED, f"governs: {e.target} occurs more than once", "say once from when it governs it")
            if e.properties["validFrom"] < earliest:
                message = f"governs: the policy would govern {e.target} from {e.properties['validFrom']}, which is past"
                yield Reason(IN_PAST, message, "name the line under `lines`, and it governs from now on")
            if "validTo" in e.properties:
                message = f"governs: {e.target} has an end"
                yield Reason(NO_END, message, "leave it out: a policy ends where the next one begins")
        for id, since in self.starts.items():
            if id not in lines:
                yield unknown("lines" if id in self.lines else "governs", id)
            elif not self._governs_already(lines[id], since):
                for g in lines[id].governed:
                    if g.valid_from >= since:
                        message = f"{g.policy} governs {id} from {g.valid_from} on, and {self.row.id} would not begin later"
                        yield Reason(OUT_OF_ORDER, message, f"have it govern {id} from a moment after {g.valid_from}")

    # ── what comes of it ────────────────────────────────────────────────────────────────────────────────

    def _stated(self, policy: Policy) -> Iterable[Effect]:
        document = {name: value for name, value in self.document.items() if name != "governs"}
        derived = {"document": policy.document(), "riskTier": policy.risk_tier.value, "packs": sorted(policy.packs)}
        if self.grounds.stored is None:
            return (Describe({**document, **derived}),)
        return restated(replace(self.row, guaranteed={}, edges=()), self.grounds.stored, "").effects

    @cached_property
    def _new(self) -> Mapping[str, tuple[GovernedLineRow, str]]:
        """Return the lines that the policy does not govern yet, each with the moment from which it will."""
        lines = ((line, self.starts[line.id]) for line in self.grounds.lines)
        return {line.id: (line, since) for line, since in lines if not self._governs_already(line, since)}

    def _governs_already(self, line: GovernedLineRow, since: str) -> bool:
        last = line.governed[-1] if line.governed else None
        return last is not None and last.policy == self.row.id and last.valid_to is None and last.valid_from <= since

    def _governs(self) -> Iterator[Effect]:
        """Begin to govern the new lines, and end the policies before it. What they governed stays on record."""
        for line, since in self._new.values():
            for g in line.governed:
                if g.valid_to is None or g.valid_to > since:
                    yield Disconnect(g.policy, "governs", line.id, {"validFrom": g.valid_from})
                    yield Connect(g.policy, "governs", line.id, {"validFrom": g.valid_from, "validTo": since})
            yield Connect(self.row.id, "governs", line.id, {"validFrom": since})

    def _releases(self, rule: Rule) -> Iterator[Effect]:
        """Make approvals stale as the policy says, and evaluate the releases of lines that it governs at once."""
        for n, before in enumerate(self.cases):
            if before.line.id not in self._new:
                continue
            since = self._new[before.line.id][1]
            after = rule.over(before, since)
            by = self.by.on(n)
            yield from succeeded(before, after, by, evaluates=since <= self.by.now)

    @property
    def _says(self) -> object:
        """Return the document of the fact or, if it has none, that of the stored version."""
        if "document" in self.document:
            return self.document["document"]
        return json.loads(self.grounds.stored["document"] or "null") if self.grounds.stored else None


def succeeded(before: Case, after: Case, by: Decider, *, evaluates: bool) -> list[Effect]:
    """Return the effects on a release when another policy governs its line: `before` and `after` that."""
    was, becomes = before.release.stale_from, after.release.stale_from
    stale = Revise(before.release.id, {"staleFrom": was}, {"staleFrom": becomes})
    return release.together([stale, *(release.evaluate(after, by).effects if evaluates else ())])


def _comparable(stored: str | None) -> dict[str, Any]:
    """Return a stored version's document with its defaults; a document of an older registry stays as it is."""
    document: dict[str, Any] = json.loads(stored or "{}")
    try:
        return parse(document).document()
    except InvalidPolicy:
        return document
