"""Explanations of what differs between two versions' values: one change, several that are confounded, or none.

Of several changes the registry may hold versions that differ in exactly one of them, from the base or from the candidate. What
these show against it is what is known of that change alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from forebear.domain.pedigree import Difference, Pedigree, differences


class Attributed(StrEnum):
    """Whether a difference of values can be attributed."""

    ONE_CHANGE = "ONE_CHANGE"
    CONFOUNDED = "CONFOUNDED"
    NOTHING_CHANGED = "NOTHING_CHANGED"
    UNKNOWN = "UNKNOWN"


class Side(StrEnum):
    """One of the two versions that are compared."""

    BASE = "BASE"
    CANDIDATE = "CANDIDATE"


@dataclass(frozen=True)
class LoneDifference:
    """A version that differs from one of two in exactly one of their differences."""

    version: str
    differs_from: Side
    difference: Difference


@dataclass(frozen=True)
class Explanation:
    """What may explain a difference of values, in words, and the versions that differ in one of several changes alone."""

    attributed: Attributed
    words: str
    witnesses: tuple[LoneDifference, ...] = ()


def explained(base: Pedigree, candidate: Pedigree, others: Iterable[Pedigree]) -> Explanation:
    """What may explain a difference between the values of two versions."""
    if unknown := [p.row.id for p in (base, candidate) if not p.known]:
        said = f"it is not recorded how {' and '.join(unknown)} came about: name checkpoints whose runs are recorded"
        return Explanation(Attributed.UNKNOWN, said)
    causes = [d for d in differences(base, candidate) if d.causes]
    if not causes:
        return Explanation(Attributed.NOTHING_CHANGED, "nothing that is recorded changed upstream")
    if len(causes) == 1:
        return Explanation(Attributed.ONE_CHANGE, f"one thing changed: {causes[0].words}")
    said = f"{len(causes)} things changed, and their effects are confounded"
    witnesses = tuple(_witnesses(base, candidate, others, causes))
    more = "" if witnesses else "; no version of the registry differs in exactly one of them"
    return Explanation(Attributed.CONFOUNDED, said + more, witnesses)


def _witnesses(
    base: Pedigree, candidate: Pedigree, others: Iterable[Pedigree], causes: Iterable[Difference]
) -> Iterator[LoneDifference]:
    changes = {d.words: d for d in causes}
    for other in sorted(others, key=lambda p: p.row.id):
        if not other.known or other.row.id in (base.row.id, candidate.row.id):
            continue
        for side, found in ((Side.BASE, differences(base, other)), (Side.CANDIDATE, differences(other, candidate))):
            alone = [d for d in found if d.causes]
            if len(alone) == 1 and alone[0].words in changes:
                yield LoneDifference(other.row.id, side, changes[alone[0].words])
