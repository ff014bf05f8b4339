"""Suspects: what some of the exposure had and the rest had not, and which of them no test can tell apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forebear.domain.suspects.exposure import STRATA, Cells, Floats, Ints, sums

ARTIFACT = "artifact"
Mask = NDArray[np.bool_]


@dataclass(frozen=True, order=True)
class Suspect:
    """Something that may explain incidents: a value in a dimension, such as `site`, or a node that what ran was made from.

    `dimension` is the kind of such a node, such as `DatasetVersion`, and `value` its id.
    """

    dimension: str
    value: str
    upstream: bool = False


@dataclass(frozen=True)
class Group:
    """Suspects whose hours differ by less than one expected incident: no test tells them apart.

    `present` says for each class whether it had the first of them.
    """

    suspects: tuple[Suspect, ...]
    present: Mask

    @property
    def only_strata(self) -> bool:
        """Whether it is a site, a hardware target or a month, and nothing else."""
        return all(s.dimension in STRATA for s in self.suspects)


@dataclass(frozen=True)
class Classes:
    """Cells with the same values everywhere, put together: a class for each row."""

    of_cell: Ints
    """The class of each cell."""
    hours: Floats
    counts: Floats
    values: Mapping[str, Ints]

    @property
    def rate(self) -> float:
        """The incidents per robot-hour of all exposure."""
        return float(self.counts.sum() / self.hours.sum()) if self.hours.sum() else 0.0


def classes(cells: Cells) -> Classes:
    """Put together the cells that have the same values in every dimension."""
    code = joined(
        ((column, len(cells.names[dimension])) for dimension, column in sorted(cells.values.items())), len(cells.hours)
    )
    _, first, of_cell = np.unique(code, return_index=True, return_inverse=True)
    values = {dimension: column[first] for dimension, column in cells.values.items()}
    return Classes(of_cell, sums(of_cell, cells.hours), sums(of_cell, cells.counts), values)


def candidates(made: Classes, cells: Cells, upstream: Mapping[str, Iterable[tuple[str, str]]]) -> list[tuple[Suspect, Mask]]:
    """Return every suspect that some exposure had, with the classes that had it.

    `upstream` holds what each artifact was made from: kinds and ids.
    """
    found: list[tuple[Suspect, Mask]] = []
    for dimension, column in sorted(made.values.items()):
        for place, name in enumerate(cells.names[dimension]):
            if name:
                found.append((Suspect(dimension, name), column == place))
    carriers: dict[Suspect, list[int]] = {}
    for place, artifact in enumerate(cells.names.get(ARTIFACT, ())):
        for kind, node in upstream.get(artifact, ()):
            carriers.setdefault(Suspect(kind, node, upstream=True), []).append(place)
    masks: dict[tuple[int, ...], Mask] = {}
    for suspect, places in sorted(carriers.items()):
        mask = masks.setdefault(tuple(places), np.isin(made.values[ARTIFACT], places))
        found.append((suspect, mask))
    return [(suspect, mask) for suspect, mask in found if mask.any()]


def grouped(made: Classes, found: Iterable[tuple[Suspect, Mask]]) -> list[Group]:
    """Put together suspects whose hours differ by less than one expected incident from those of the first of a group."""
    leaders: list[tuple[float, Mask, list[Suspect]]] = []
    rate = made.rate
    ordered = sorted(((float(made.hours[mask].sum()), suspect, mask) for suspect, mask in found), key=lambda f: (-f[0], f[1]))
    for hours, suspect, mask in ordered:
        for most, leader, names in reversed(leaders):
            if (most - hours) * rate >= 1:
                # Leaders stand in the order of their hours: all others differ by more.
                mine = None
                break
            if made.hours[leader ^ mask].sum() * rate < 1:
                mine = names
                break
        else:
            mine = None
        if mine is None:
            leaders.append((hours, mask, [suspect]))
        else:
            mine.append(suspect)
    return [Group(tuple(names), mask) for _, mask, names in leaders]


def strata_of(made: Classes, cells: Cells, dimensions: Iterable[str]) -> Ints:
    """Return the stratum of each class if these dimensions are held constant."""
    code = joined(((made.values[d], len(cells.names[d])) for d in dimensions), len(made.hours))
    return np.asarray(np.unique(code, return_inverse=True)[1])


def joined(columns: Iterable[tuple[Ints, int]], length: int) -> Ints:
    """Return one number for the values of several columns, each with its count of possible values."""
    code, most = np.zeros(length, dtype=np.int64), 1
    for column, number in columns:
        if most * number > np.iinfo(np.int64).max:
            distinct, code = np.unique(code, return_inverse=True)
            most = len(distinct)
        code, most = code * number + column, most * number
    return code
