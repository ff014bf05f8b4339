"""Correcting values of a version or an artifact, and what that does to releases.

An approval is for what makes a version executable. If that was wrong, no approval and no vote of it holds. If a digest was
wrong, the measurements are of something else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from forebear.domain import interface, release
from forebear.domain.case import Case, case
from forebear.domain.outcome import Effect, Reason, Revise, Ruling, Update
from forebear.domain.reference import unknown
from forebear.domain.release import Decider
from forebear.domain.standing import EvidenceRow, Row, VersionRow
from forebear.domain.values import against
from forebear.graph.declaration import Kind
from forebear.graph.kinds.release import ReleaseState
from forebear.graph.values import agree

NOT_CORRECTABLE = "NOT_CORRECTABLE"

DIGESTS = ("weightsDigest", "normalizationDigest", "actionSpaceDigest", "controllerDigest")
"""The digests of what makes a version executable."""

_BEYOND: Mapping[tuple[str, str], str] = {
    ("Artifact", "digest"): "register what has another digest as another artifact",
    ("Artifact", "state"): "say it by registerArtifact, quarantineArtifact or deleteArtifact",
    ("Artifact", "quarantinedAt"): "say it by quarantineArtifact",
    ("Artifact", "deletedAt"): "say it by deleteArtifact",
}
"""Properties that nobody can correct, each with what to do instead."""


class CorrectionFactsRow(Row, frozen=True):
    """The row of `cypher/actions/correction_facts.cypher`: the stored values of a version."""

    stored: dict[str, Any] | None = None


@dataclass(frozen=True)
class PendingCorrection:
    """A correction of a node's values: the new values, the stored ones, and the releases that may follow."""

    id: str
    kind: Kind
    values: Mapping[str, Any]
    stored: Mapping[str, Any] | None
    cases: Sequence[Case]
    by: Decider

    def ruling(self) -> Ruling:
        """Correct the values and change the releases that follow, or return every reason against it.

        The same request again changes nothing.
        """
        if self.stored is None:
            return Ruling(self.id, reasons=(unknown("of", self.id, "register it first"),))
        if reasons := tuple(self._against()):
            return Ruling(self.id, reasons=reasons)
        effects = [*self._corrected(self.stored), *(effect for n, c in enumerate(self.cases) for effect in self._follows(n, c))]
        return Ruling(self.id, tuple(effects))

    def _against(self) -> Iterator[Reason]:
        yield from against(self.kind.properties.values(), self.values, self.by.now, "values.")
        for name, value in self.values.items():
            if remedy := _BEYOND.get((self.kind.name, name)):
                yield Reason(NOT_CORRECTABLE, f"values.{name}: it cannot be corrected", remedy)
            elif name == "robotSoftware" and value is not None and (reason := interface.unreadable(value)):
                yield reason

    def _corrected(self, stored: Mapping[str, Any]) -> Iterator[Effect]:
        properties = self.kind.properties
        update = {name: value for name, value in self._changes.items() if not properties[name].is_guaranteed}
        after = {name: value for name, value in self._changes.items() if name not in update}
        if after:
            yield Revise(self.id, {name: stored.get(name) for name in after}, after)
        if update:
            yield Update(self.id, update)

    @property
    def _changes(self) -> dict[str, Any]:
        stored, properties = self.stored or {}, self.kind.properties
        return {name: value for name, value in self.values.items() if not agree(properties[name], stored.get(name), value)}

    def _follows(self, nth: int, before: Case) -> Sequence[Effect]:
        """Return the effects on a release: of this version, or of one that is compared with it."""
        own = before.version.id == self.id
        # A digest that was missing before does not invalidate measurements.
        measured = {name for name in self._changes.keys() & {*DIGESTS} if (self.stored or {}).get(name) is not None}
        if not (own and self._changes.keys() & before.version.bound.keys()) and not measured:
            return ()
        voided = release.void(before) if own else []
        after = self._after(before, voided, outdated=bool(measured))
        by = self.by.on(nth)
        # A release that somebody rejected does not come back because a value was wrong.
        evaluated = () if after.release.state is ReleaseState.REJECTED else release.evaluate(after, by).effects
        return release.together([*voided, *evaluated])

    def _after(self, before: Case, voided: Sequence[Effect], *, outdated: bool) -> Case:
        """Return the release as it is once the correction is made."""
        to, standing = msgspec.structs.replace, before.standing
        state = next(
            (str(e.after["state"]) for e in voided if isinstance(e, Revise) and "state" in e.after), before.release.state
        )

        def redated(rows: list[EvidenceRow]) -> list[EvidenceRow]:
            return [to(e, corrected_at=self.by.now) if outdated and e.version == self.id else e for e in rows]

        release = to(before.release, state=ReleaseState(state), stale_from=None) if voided else before.release
        version = msgspec.convert({**msgspec.to_builtins(before.version), **self._changes}, VersionRow)
        after = case(
            to(
                standing,
                release=release,
                version=version if before.version.id == self.id else before.version,
                decisions=[to(d, approves=d.approves and not voided) for d in standing.decisions],
                evidence=redated(standing.evidence),
                built_evidence=redated(standing.built_evidence),
            ),
            before.now,
        )
        assert after is not None
        return after
