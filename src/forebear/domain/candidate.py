"""Registering candidates: versions of a model, each with a release in some lines, whose policies say which lineage it needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import msgspec

from forebear.domain import interface, release
from forebear.domain.case import Case
from forebear.domain.case import case as case_of
from forebear.domain.lifecycle import INITIAL
from forebear.domain.outcome import Describe, Effect, Reason, Ruling
from forebear.domain.recall.standing import recalled
from forebear.domain.reference import UNKNOWN, unknown
from forebear.domain.release import Decider
from forebear.domain.restatement import IMMUTABLE, restated, unsaid
from forebear.domain.standing import BOUND, ReleaseRow, Row, RunRow, SourceRow, StandingFactsRow, UpstreamRow, VersionRow
from forebear.domain.values import against
from forebear.graph.document import json_text
from forebear.graph.ids import Ids, InvalidId, release_id
from forebear.graph.kinds import GRAPH
from forebear.graph.kinds.release import ReleaseState
from forebear.graph.rows import NodeRow

NO_VERSION = "NO_VERSION"
REPEATED = "REPEATED"
SEVERAL_MODELS = "SEVERAL_MODELS"
NOTHING_SAID = "NOTHING_SAID"
ID_TAKEN = "ID_TAKEN"
INVALID_ID = "INVALID_ID"
GOVERNED = "GOVERNED"

_IDS = Ids(GRAPH)


class CheckpointRow(Row, frozen=True):
    """A described checkpoint, and the run that produced it."""

    id: str
    runs: list[RunRow]
    digest: str | None = None
    upstream: tuple[UpstreamRow, ...] = ()
    """What it descends from, itself included, if a recall names any of it."""


class TakenIdRow(Row, frozen=True):
    """A release that already has the id of a new one, with its version and its line."""

    id: str
    version: str
    line: str


class CandidateFactsRow(Row, frozen=True):
    """The row of `cypher/actions/candidate_facts.cypher`.

    `described` holds the lines, experiments and versions that are described, and `retracted` the models that are retracted.
    """

    registered: list[dict[str, Any]]
    checkpoints: list[CheckpointRow]
    described: list[str]
    taken: list[TakenIdRow]
    retracted: list[str]


def model_of(document: Mapping[str, Any]) -> str:
    """Return the model that a version's fact names or, if it names none, the model in its id."""
    return str(document.get("model") or document["id"].partition("@")[0])


@dataclass(frozen=True)
class Candidate:
    """A version that is to become a candidate: its fact, as a document and as rows."""

    document: Mapping[str, Any]
    row: NodeRow

    @property
    def id(self) -> str:
        """The version's id."""
        return self.row.id

    @property
    def model(self) -> str:
        """The model that it is a version of."""
        return model_of(self.document)

    def named(self, edge: str) -> list[str]:
        """Return the ids that an edge of the fact leads to."""
        return [e.target for e in self.row.edges if e.edge.name == edge]


@dataclass(frozen=True)
class Registration:
    """Versions of one model that are to become candidates in some lines, and the facts about them."""

    candidates: Sequence[Candidate]
    lines: Sequence[str]
    grounds: CandidateFactsRow
    standings: Sequence[StandingFactsRow]
    by: Decider
    deferred: bool = False
    """Whether a candidate may lack what its line's policy asks for. Its approval still needs that."""

    @property
    def subject(self) -> str:
        """What the ruling is about: the version or, if there are several, their model."""
        models = [c.model for c in self.candidates]
        return self.candidates[0].id if len(self.candidates) == 1 else models[0] if models else ""

    @property
    def lines_amended(self) -> set[str]:
        """The lines of registered versions that the request changes, apart from new releases."""
        return {line for c in self.candidates if self._described(c) for line in self._registered.get(c.id, {}).get("lines", ())}

    def ruling(self) -> Ruling:
        """Register the versions and their releases, and evaluate them at once; or return every reason against it.

        What is on record stays as it is. A registered version gets a release in each line where it has none.
        """
        if reasons := (*self._inconsistencies(), *(r for c in self.candidates for r in self._against(c))):
            return Ruling(self.subject, reasons=reasons)
        cases, barred = [], []
        for case in self._cases():
            if isinstance(case, Reason):
                barred.append(case)
            else:
                cases.append(case)
                barred += [_named(reason, case) for reason in (() if self.deferred else case.incomplete)]
        if barred:
            return Ruling(self.subject, reasons=tuple(barred))
        effects = [e for c in self.candidates for e in self._described(c)]
        for n, case in enumerate(cases):
            by = self.by.on(n)
            effects += [_release(case), *release.evaluate(case, by).effects]
        for n, case in enumerate(self._completed, start=len(self.candidates) * len(self.lines)):
            effects += release.completed(case, self.by.on(n), self.by.on(n + len(self.standings)))
        return Ruling(self.subject, tuple(effects))

    # ── what is in the way ──────────────────────────────────────────────────────────────────────────────

    def _inconsistencies(self) -> Iterator[Reason]:
        if not self.candidates:
            yield Reason(NO_VERSION, "versions: there is none", "name at least one version")
        twice = [id for id, times in Counter(c.id for c in self.candidates).items() if times > 1]
        yield from (Reason(REPEATED, f"versions: {id} occurs more than once", "say all of it once") for id in twice)
        if len(models := dict.fromkeys(c.model for c in self.candidates)) > 1:
            message = f"versions: they are of several models: {', '.join(models)}"
            yield Reason(SEVERAL_MODELS, message, "register the versions of each model by themselves")
        for id in self.lines:
            if id not in self._described_ids:
                yield unknown("lines", id)
        for id in self.grounds.retracted:
            yield Reason(UNKNOWN, f"model: {id} was retracted", f"record {id} again first")

    def _against(self, candidate: Candidate) -> Iterator[Reason]:
        """Explain what is wrong with a version, in whatever line."""
        stored = self._registered.get(candidate.id)
        values = candidate.row.guaranteed
        for edge in ("aliasIn", "stagedIn"):
            if candidate.named(edge):
                verb = "setAlias" if edge == "aliasIn" else "setStage"
                yield Reason(GOVERNED, f"{edge}: a fact cannot say it", f"leave it out, and use {verb}")
        yield from against(candidate.row.kind.properties.values(), values, self.by.now)
        if (software := values.get("robotSoftware")) and (reason := interface.unreadable(software)):
            yield reason
        for edge, described in (
            ("promotedFrom", self._checkpoints),
            ("justifiedBy", self._described_ids),
            ("supersedes", self._described_ids),
        ):
            yield from (unknown(edge, id) for id in candidate.named(edge) if id not in described)
        if stored is None or "promotedFrom" in self._unsaid(candidate):
            checkpoints = (self._checkpoints[id] for id in candidate.named("promotedFrom") if id in self._checkpoints)
            yield from (reason for c in checkpoints if (reason := recalled(c.id, c.upstream)))
        if stored is not None:
            unsaid = self._unsaid(candidate)
            yield from _closed(candidate, unsaid, self._standing(candidate.id))
            yield from restated(candidate.row, stored, "register it as a new version", _GROWING, unsaid).reasons
        elif not values and not candidate.row.edges:
            message = f"{candidate.id} is not registered, and the request gives nothing but its id"
            yield Reason(NOTHING_SAID, message, "say what makes it executable, and the checkpoints that it comes from")

    # ── what comes of it ────────────────────────────────────────────────────────────────────────────────

    def _described(self, candidate: Candidate) -> Iterable[Effect]:
        if stored := self._registered.get(candidate.id):
            return restated(candidate.row, stored, "", _GROWING, self._unsaid(candidate)).effects
        derived = {"model": {"id": candidate.model}, "createdAt": self.by.now}
        return (Describe({**derived, **candidate.document}),)

    def _cases(self) -> Iterator[Case | Reason]:
        """Return each new release as if it were registered, or the reason against it."""
        candidates = {c.id: c for c in self.candidates}
        standings = {(s.candidate, s.line.id): s for s in self.standings if s.candidate and s.line}
        namesakes = {t.id: t for t in self.grounds.taken}
        unruled: set[str] = set()
        for (id, line), standing in sorted(standings.items()):
            if standing.release is not None:
                continue
            if barred := recalled(id, standing.upstream):
                yield barred
                continue
            name = release_id(id, line)
            if (other := namesakes.get(name)) is not None:
                message = f"{name} is the release of {other.version} in {other.line} already"
                yield Reason(ID_TAKEN, message, "give the version another id")
                continue
            try:
                _IDS.parse(name)
            except InvalidId as error:
                yield Reason(INVALID_ID, f"{id} in {line}: {error}", "give the version a shorter id")
                continue
            case = self._case(candidates[id], standing, name)
            if not isinstance(case.policy, Reason):
                yield case
            elif line not in unruled:
                unruled.add(line)
                yield case.policy

    def _case(self, candidate: Candidate, standing: StandingFactsRow, name: str) -> Case:
        assert standing.line is not None
        by = self.by.actor.name
        if candidate.id in self._registered:
            assert standing.version is not None
            version, runs = self._as_said(candidate, standing.version, standing.runs)
            unproduced = standing.unproduced
        else:
            values = {"id": candidate.id, "recordedBy": by, "experiments": candidate.named("justifiedBy")}
            version = msgspec.convert({**candidate.row.guaranteed, **values}, VersionRow)
            checkpoints = [self._checkpoints[id] for id in candidate.named("promotedFrom")]
            runs = _runs(checkpoints)
            unproduced = not all(c.runs for c in checkpoints)
        to_be = ReleaseRow(name, INITIAL, 0, by)
        standing_after = msgspec.structs.replace(standing, release=to_be, version=version, runs=runs, unproduced=unproduced)
        return Case(standing_after, to_be, standing.line, version, self.by.now)

    def _as_said(self, candidate: Candidate, version: VersionRow, runs: Sequence[RunRow]) -> tuple[VersionRow, list[RunRow]]:
        """Return a registered version and its runs, with what the request adds."""
        unsaid = self._unsaid(candidate)
        values = {name: value for name, value in candidate.row.guaranteed.items() if name in unsaid}
        justified = list(dict.fromkeys([*version.experiments, *candidate.named("justifiedBy")]))
        after = msgspec.convert({**msgspec.to_builtins(version), **values, "experiments": justified}, VersionRow)
        if "promotedFrom" not in unsaid:
            return after, [*runs]
        return after, _runs(self._checkpoints[id] for id in candidate.named("promotedFrom"))

    @cached_property
    def _completed(self) -> list[Case]:
        """Return the releases of registered versions to which the request adds something, as they are after it."""
        completed = []
        for candidate in self.candidates:
            for before in self._standing(candidate.id) if self._unsaid(candidate) else ():
                version, runs = self._as_said(candidate, before.version, before.standing.runs)
                standing = msgspec.structs.replace(before.standing, version=version, runs=runs)
                completed.append(Case(standing, before.release, before.line, version, self.by.now))
        return completed

    # ── what is known ───────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def _registered(self) -> Mapping[str, Mapping[str, Any]]:
        return {stored["id"]: stored for stored in self.grounds.registered}

    def _unsaid(self, candidate: Candidate) -> list[str]:
        """Return the members of a fact that a registered version does not have yet."""
        stored = self._registered.get(candidate.id)
        return [] if stored is None else unsaid(candidate.row, stored, _GROWING)

    def _standing(self, version: str) -> list[Case]:
        """Return the releases of a registered version."""
        cases = (case_of(s, self.by.now) for s in self.standings if s.candidate is None)
        return [each for each in cases if each is not None and each.version.id == version]

    @cached_property
    def _checkpoints(self) -> Mapping[str, CheckpointRow]:
        return {c.id: c for c in self.grounds.checkpoints}

    @cached_property
    def _described_ids(self) -> frozenset[str]:
        return frozenset(self.grounds.described)


def _runs(checkpoints: Iterable[CheckpointRow]) -> list[RunRow]:
    """Return the runs that produced some checkpoints, each with its own ones."""
    runs: dict[str, RunRow] = {}
    for c in checkpoints:
        for run in c.runs:
            row = runs.get(run.id, run)
            runs[run.id] = msgspec.structs.replace(row, checkpoints=[*row.checkpoints, SourceRow(c.id, c.digest)])
    return list(runs.values())


# An approval is for what a version is made of. Its experiments and the version that it supersedes may be added later.
_GROWING = ("justifiedBy", "supersedes")

_APPROVED = (ReleaseState.APPROVED, ReleaseState.DEPLOYED, ReleaseState.DEPRECATED)
"""The states with an approval. The approval of a deprecated release holds again after a restoration."""


def _closed(candidate: Candidate, unsaid: Iterable[str], standing: Iterable[Case]) -> Iterator[Reason]:
    """Explain why nobody can add to an approved version: the approval is for what was known of it."""
    lets = [f"{c.release.id} is {c.release.state}" for c in standing if c.release.state in _APPROVED]
    lets += [f"{c.release.id} runs by an override" for c in standing if c.release.state not in _APPROVED and c.override()]
    for name in unsaid if lets else ():
        message = f"{name}: {candidate.id} was registered without it, and {', '.join(lets)}"
        remedy = "register it as a new version"
        if name in candidate.row.guaranteed:
            values = json_text({name: candidate.row.guaranteed[name]})
            anew = ", after which it is to be approved anew" if name in BOUND else ""
            remedy += (
                f", or have an admin correct it{anew}: forebear correct {candidate.id} --values '{values}' --reason REASON"
            )
        yield Reason(IMMUTABLE, message, remedy)


def _release(case: Case) -> Describe:
    return Describe(
        {
            "kind": "Release",
            "id": case.release.id,
            "state": case.release.state.value,
            "version": case.version.id,
            "line": case.line.id,
            **({"trainers": sorted(case.trainers)} if case.trainers else {}),
        }
    )


def _named(reason: Reason, case: Case) -> Reason:
    """Return the reason with the candidate and the line that it is about."""
    return replace(reason, message=f"{case.version.id} in {case.line.id}: {reason.message}")
