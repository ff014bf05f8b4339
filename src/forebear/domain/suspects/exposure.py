"""Exposure: the robot-hours that incidents are counted against, cut wherever something changed.

A stretch is an interval in which one robot ran one artifact, and in which nothing of what `Stretch` names changed. Stretches
are cut further, at the beginnings of calendar months, and where the time since the installation or since the last maintenance
reaches the next band. A cell is what comes out: within it, everything that could explain an incident is the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from forebear.domain.suspects.episodes import HOUR, Episode

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

DAY = 24 * HOUR

AGES = ((DAY, "under a day"), (7 * DAY, "1 to 7 days"), (30 * DAY, "7 to 30 days"), (None, "over 30 days"))
"""The bands of the time since an installation and since the last maintenance, each with its end."""
NEVER = "no maintenance on record"
NOT_YET = 1 << 52
"""A moment that has not come, in milliseconds."""

INSTALLED = "sinceInstallation"
MAINTAINED = "sinceMaintenance"
PERIOD = "period"
SITE = "site"
TARGET = "hardwareTarget"
STRATA = (SITE, TARGET, PERIOD)
"""What is held constant: incidents are compared within one site, hardware target and calendar month."""


class Stretch(NamedTuple):
    """One robot that ran one artifact. `begin` and `end` (exclusive) are milliseconds since 1970, UTC.

    `installed` is when it began to run the artifact, `maintained` when the last maintenance of the robot was, if there was
    one. `profile` is the place of its values in `Exposure.profiles`. `unsure` marks hours that count until now, because
    nobody has said when the robot was last seen.
    """

    robot: str
    begin: int
    end: int
    installed: int
    maintained: int | None
    profile: int
    unsure: bool = False


Profile = Mapping[str, str]
"""What is the same all along a stretch, by dimension: `artifact`, `site`, `robotClass` and so on."""


@dataclass
class Cells:
    """The cells of exposure, a column for each fact. `values` holds the place of a cell's value in `names` by dimension."""

    robots: list[str]
    robot: Ints
    hours: Floats
    counts: Ints
    values: dict[str, Ints]
    names: dict[str, list[str]]
    unsure: NDArray[np.bool_]
    begin: Ints
    end: Ints
    unplaced: list[Episode] = field(default_factory=list)
    """Episodes of robots that ran nothing known at the moment."""

    def since(self, moment: int) -> Cells:
        """The cells that began at a moment or later. The moment is one at which stretches were cut."""
        return self.where(self.begin >= moment)

    def where(self, keep: NDArray[np.bool_]) -> Cells:
        """The cells that are kept."""
        values = {name: column[keep] for name, column in self.values.items()}
        return replace(
            self,
            robot=self.robot[keep],
            hours=self.hours[keep],
            counts=self.counts[keep],
            values=values,
            unsure=self.unsure[keep],
            begin=self.begin[keep],
            end=self.end[keep],
        )


class _Pieces:
    """Stretches while they are cut: `origin` is the place of the stretch that a piece comes from."""

    def __init__(self, begin: Ints, end: Ints) -> None:
        self.begin, self.end, self.origin = begin, end, np.arange(len(begin))

    def cut(self, at: Ints) -> None:
        """Cuts every piece that a moment of its stretch lies in. `at` has a moment for each stretch."""
        moments = at[self.origin]
        inside = (self.begin < moments) & (moments < self.end)
        end = self.end[inside]
        self.origin = np.concatenate([self.origin, self.origin[inside]])
        self.end = np.concatenate([np.where(inside, moments, self.end), end])
        self.begin = np.concatenate([self.begin, moments[inside]])


def cells(
    stretches: Sequence[Stretch], profiles: Sequence[Profile], found: Iterable[Episode], cuts: Iterable[int] = ()
) -> Cells:
    """Cuts stretches into cells, also at the moments `cuts`, and counts each episode in the cell that it began in."""
    robots = sorted({s.robot for s in stretches})
    place = {robot: n for n, robot in enumerate(robots)}
    rows = [
        (place[robot], begin, end, installed, NOT_YET if maintained is None else maintained, profile, unsure)
        for robot, begin, end, installed, maintained, profile, unsure in stretches
        if begin < end
    ]
    robot, begin, end, installed, maintained, profile, unsure = np.array(rows, dtype=np.int64).reshape(-1, 7).T
    pieces = _Pieces(begin, end)
    for moment in (*_months(begin, end), *cuts):
        pieces.cut(np.full(len(begin), moment))
    for since in (installed, maintained):
        for limit, _ in AGES:
            if limit is not None:
                pieces.cut(since + limit)
    values, names = _profiled(profiles, profile[pieces.origin])
    never = (maintained == NOT_YET)[pieces.origin]
    values[INSTALLED] = _bands(pieces.begin - installed[pieces.origin])
    values[MAINTAINED] = np.where(never, len(AGES), _bands(pieces.begin - maintained[pieces.origin]))
    labels = [label for _, label in AGES]
    names |= {INSTALLED: labels, MAINTAINED: [*labels, NEVER]}
    values[PERIOD], names[PERIOD] = _periods(pieces.begin)
    made = Cells(
        robots,
        robot[pieces.origin],
        (pieces.end - pieces.begin) / HOUR,
        np.zeros(len(pieces.begin), dtype=np.int64),
        values,
        names,
        unsure[pieces.origin].astype(bool),
        pieces.begin,
        pieces.end,
    )
    _count(made, place, found)
    return made


def _months(begin: Ints, end: Ints) -> Ints:
    """The beginnings of calendar months between the first moment and the last."""
    if not len(begin):
        return np.zeros(0, dtype=np.int64)
    first, last = np.array([begin.min(), end.max()]).astype("M8[ms]").astype("M8[M]")
    return np.asarray(np.arange(first + 1, last + 1).astype("M8[ms]").astype(np.int64))


def sums(place: Ints, weights: Floats | Ints, number: int = 0) -> Floats:
    """The sum of the weights at each place, from 0 to at least `number`."""
    return np.asarray(np.bincount(place, weights, number), dtype=np.float64)


def _bands(age: Ints) -> Ints:
    return np.searchsorted(np.array([limit for limit, _ in AGES if limit is not None]), age, side="right")


def _periods(begin: Ints) -> tuple[Ints, list[str]]:
    months, column = np.unique(begin.astype("M8[ms]").astype("M8[M]"), return_inverse=True)
    return column, [str(month) for month in months]


def _profiled(profiles: Sequence[Profile], column: Ints) -> tuple[dict[str, Ints], dict[str, list[str]]]:
    """The values of each dimension. A profile without a value has the empty text there, which is no suspect."""
    names = {d: sorted({p.get(d, "") for p in profiles}) for d in sorted({SITE, TARGET}.union(*profiles))}
    values = {}
    for dimension, of in names.items():
        place = {name: n for n, name in enumerate(of)}
        values[dimension] = np.array([place[p.get(dimension, "")] for p in profiles], dtype=np.int64)[column]
    return values, names


_SPAN = 1 << 43
"""More milliseconds than moments have, so that a robot and a moment make one number."""


def _count(made: Cells, place: Mapping[str, int], found: Iterable[Episode]) -> None:
    """Counts episodes in the cells that they began in."""
    order = np.argsort(made.robot * _SPAN + made.begin)
    keys = (made.robot * _SPAN + made.begin)[order]
    for episode in found:
        robot = place.get(episode.place, -1)
        before = int(np.searchsorted(keys, robot * _SPAN + episode.at, side="right")) - 1
        cell = int(order[before]) if before >= 0 else -1
        if robot < 0 or cell < 0 or made.robot[cell] != robot or made.end[cell] <= episode.at:
            made.unplaced.append(episode)
        else:
            made.counts[cell] += 1
