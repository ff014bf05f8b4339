"""Attaching evidence: whether it fits its pack, and what it does to releases.

Evidence is immutable. To correct it, attach newer evidence that supersedes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from forebear.domain import release
from forebear.domain.case import Case, case
from forebear.domain.clause import suggestion
from forebear.domain.evaluation import ARTIFACT_UNUSABLE, NO_TARGET, OTHER_UNIT, SUPERSEDED, UNDEFINED
from forebear.domain.evidence import Pack
from forebear.domain.outcome import Describe, Effect, Reason, Ruling
from forebear.domain.reference import unknown
from forebear.domain.release import Decider
from forebear.domain.restatement import restated, unsaid
from forebear.domain.standing import EvidenceRow, PackRow, Row
from forebear.domain.values import against
from forebear.graph.kinds.release import ArtifactState, EvidenceType
from forebear.graph.rows import NodeRow

MISSING = "MISSING"
"""The code of a refusal because evidence leaves out what it must say."""
ONE_ALONE = "ONE_ALONE"
REPEATED = "REPEATED"
OTHER_SUBJECT = "OTHER_SUBJECT"

_REPORT = ("uri", "digest")


class MeasuredArtifactRow(Row, frozen=True):
    """An artifact that evidence is about: its version, its state and its hardware target."""

    id: str
    version: str | None = None
    state: ArtifactState | None = None
    target: str | None = None


class SupersededEvidenceRow(Row, frozen=True):
    """Evidence that the new evidence supersedes: what it is about, and what supersedes it already."""

    id: str
    about: list[str]
    superseded_by: list[str]


class EvidenceFactsRow(Row, frozen=True):
    """The row of `cypher/actions/evidence_facts.cypher`: what evidence names, as far as it is described."""

    stored: dict[str, Any] | None = None
    version: str | None = None
    artifact: MeasuredArtifactRow | None = None
    packs: tuple[PackRow, ...] = ()
    superseded: tuple[SupersededEvidenceRow, ...] = ()
    cited: bool = False
    """Whether the approval of a release rests on it."""


@dataclass(frozen=True)
class Attachment:
    """Evidence that somebody wants to attach, as a document and as rows, and what it names."""

    document: Mapping[str, Any]
    row: NodeRow
    grounds: EvidenceFactsRow
    cases: Sequence[Case]
    by: Decider

    def ruling(self) -> Ruling:
        """Attach the evidence and change the releases that follow, or return every reason against it.

        The same request again changes nothing.
        """
        if self.grounds.stored is not None:
            other = "attach what is right as new evidence that supersedes it"
            # The report's address has no weight. It may be added once, until an approval rests on the evidence.
            late = [] if self.grounds.cited else [n for n in unsaid(self.row, self.grounds.stored) if n in _REPORT]
            again = restated(self.row, self.grounds.stored, other, completing=late)
            reasons = (*again.reasons, *self._against_digest())
            return Ruling(self.row.id, () if reasons else again.effects, reasons)
        if reasons := (*self._against(), *self._against_measurements()):
            return Ruling(self.row.id, reasons=reasons)
        effects: list[Effect] = [Describe(self.document)]
        for n, current in enumerate(self.cases):
            by = self.by.on(n)
            effects += release.evaluate(self._with_evidence(current), by).effects
        return Ruling(self.row.id, tuple(effects))

    # ── what is in the way ──────────────────────────────────────────────────────────────────────────────

    def _against(self) -> Iterator[Reason]:
        """Refuse names and moments that are wrong."""
        values = self.row.guaranteed
        yield from against(self.row.kind.properties.values(), values, self.by.now)
        if "type" not in values:
            yield Reason(MISSING, "type: is missing", f"say what kind of result it is, of {', '.join(EvidenceType)}")
        about = self._named("about")
        if len(about) != 1:
            message = f"about: evidence is about one version or artifact; {len(about)} are named"
            yield Reason(ONE_ALONE, message, "attach evidence of each by itself")
        elif self.grounds.version is None and self.grounds.artifact is None:
            yield unknown("about", about[0], "register it first")
        else:
            yield from self._against_artifact()
        yield from self._against_superseded(about)

    def _against_digest(self) -> Iterator[Reason]:
        yield from against((self.row.kind.properties["digest"],), self.row.guaranteed, self.by.now)

    def _against_artifact(self) -> Iterator[Reason]:
        artifact = self.grounds.artifact
        if artifact is None:
            return
        if artifact.state is ArtifactState.DELETED:
            remedy = "measure an artifact that is there"
            differs = Reason(ARTIFACT_UNUSABLE, f"about: {artifact.id} cannot be measured any more", remedy)
            yield Reason(ARTIFACT_UNUSABLE, f"about: {artifact.id} is DELETED", remedy, differs)
        if artifact.version is None or artifact.target is None:
            lacks = "version" if artifact.version is None else "hardware target"
            yield Reason(NO_TARGET, f"about: the {lacks} of {artifact.id} is unknown", "register the artifact first")

    def _against_superseded(self, about: list[str]) -> Iterator[Reason]:
        rows = {former.id: former for former in self.grounds.superseded}
        for id in self._named("supersedes"):
            former = rows.get(id)
            if former is None:
                yield unknown("supersedes", id, "name evidence that was attached before")
            elif {*former.about} != {*about}:
                message = (
                    f"supersedes: {id} is about {', '.join(former.about) or 'nothing'}, and "
                    f"this evidence is about {', '.join(about)}"
                )
                remedy = "correct it by evidence about the same"
                differs = Reason(OTHER_SUBJECT, f"supersedes: {id} is about something else", remedy)
                yield Reason(OTHER_SUBJECT, message, remedy, differs)
            elif former.superseded_by:
                newer = former.superseded_by[0]
                differs = Reason(SUPERSEDED, f"supersedes: {id} is superseded already", "supersede the newer one instead")
                message = f"supersedes: {id} is superseded by {newer} already"
                yield Reason(SUPERSEDED, message, f"supersede {newer} instead", differs)

    def _against_measurements(self) -> Iterator[Reason]:
        note = self.row.guaranteed.get("type") == EvidenceType.ROLLOUT_NOTE
        measured, packs = self._measured, self._named("measuredWith")
        if not measured and not note:
            yield Reason(MISSING, "measurements: there is none", "give what was measured, or make it a ROLLOUT_NOTE")
        if measured and not note and "measuredAt" not in self.row.guaranteed:
            message = "measuredAt: is missing, and the newest measurement decides"
            yield Reason(MISSING, message, "say when it was measured")
        if len(packs) > 1 or not (packs or note):
            message = f"measuredWith: evidence is measured with one pack; {len(packs)} are named"
            yield Reason(ONE_ALONE, message, "name the pack that defines its metrics")
        yield from (unknown("measuredWith", id) for id in packs if id not in {pack.id for pack in self.grounds.packs})
        pack = self.grounds.packs[0].pack if len(self.grounds.packs) == 1 else None
        first: dict[tuple[str, str | None], int] = {}
        for i, m in enumerate(measured):
            if (before := first.setdefault((m["metric"], m.get("slice")), i)) != i:
                message = f"measurements.{i}: repeats measurements.{before}"
                yield Reason(REPEATED, message, "keep one of the two")
            if pack is not None:
                yield from _against_pack(i, m, pack)

    # ── what comes of it ────────────────────────────────────────────────────────────────────────────────

    def _with_evidence(self, current: Case) -> Case:
        """Return the release as it is once the evidence is attached."""
        values, standing, artifact = self.row.guaranteed, current.standing, self.grounds.artifact
        assert self._version is not None
        new = EvidenceRow(
            id=self.row.id,
            version=self._version,
            type=EvidenceType(values["type"]),
            measurements=values.get("measurements"),
            measured_at=values.get("measuredAt"),
            recorded_at=self.by.now,
            packs=self._named("measuredWith"),
            artifact=artifact.id if artifact else None,
            artifact_state=artifact.state if artifact else None,
            target=artifact.target if artifact else None,
        )
        superseded = {*self._named("supersedes")}

        def corrected(rows: list[EvidenceRow]) -> list[EvidenceRow]:
            return [msgspec.structs.replace(e, superseded_by=[new.id]) if e.id in superseded else e for e in rows]

        evidence, built = corrected(standing.evidence), corrected(standing.built_evidence)
        (built if artifact else evidence).append(new)
        after = case(msgspec.structs.replace(standing, evidence=evidence, built_evidence=built), current.now)
        assert after is not None
        return after

    # ── what it says ────────────────────────────────────────────────────────────────────────────────────

    @property
    def _version(self) -> str | None:
        """The version that the evidence is about, directly or through an artifact."""
        return self.grounds.artifact.version if self.grounds.artifact else self.grounds.version

    @property
    def _measured(self) -> list[dict[str, Any]]:
        measured: list[dict[str, Any]] = json.loads(self.row.guaranteed.get("measurements") or "[]")
        return measured

    def _named(self, edge: str) -> list[str]:
        return [e.target for e in self.row.edges if e.edge.name == edge]


def _against_pack(i: int, m: Mapping[str, Any], pack: Pack) -> Iterator[Reason]:
    """Refuse a metric, a slice or a unit that the pack does not define."""
    where, metric, slice, unit = f"measurements.{i}", m["metric"], m.get("slice"), m.get("unit")
    remedy = "measure what the pack defines, or name the pack version that defines it"
    if slice is not None and slice not in pack.slices:
        message = f"{where}.slice: {pack.id} defines no slice {slice!r}"
        yield Reason(UNDEFINED, message + suggestion(slice, sorted(pack.slices)), remedy, Reason(UNDEFINED, message, remedy))
    if metric not in pack.metrics:
        message = f"{where}.metric: {pack.id} defines no metric {metric!r}"
        yield Reason(UNDEFINED, message + suggestion(metric, pack.metrics), remedy, Reason(UNDEFINED, message, remedy))
        return
    defined, _ = pack.metrics[metric]
    if unit is not None and unit != defined:
        message = f"{where}.unit: {pack.id} measures {metric} in {defined or 'no unit'}, and this is in {unit}"
        other = f"{where}.unit: {pack.id} does not measure {metric} in {unit}"
        differs = Reason(OTHER_UNIT, other, "give the value in the unit that the pack defines")
        yield Reason(OTHER_UNIT, message, f"give the value in {defined}" if defined else "leave out the unit", differs)
