"""Dispersion: whether incidents gather on few robots, more than chance explains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forebear.domain.suspects.exposure import Floats, Ints, sums

DRAWS = 399
SEED = 12
TOGETHER = 16
"""So many draws are made at once: what they need stays in the processor's cache."""
LIMIT = 0.05
"""Below this p, incidents are overdispersed."""
ENOUGH = 20
"""After so many draws that gather as much, p is above the limit, whatever comes."""


@dataclass(frozen=True)
class Dispersion:
    """How incidents spread over robots. `index` is 1 if chance alone spreads them, and more if they gather.

    `p` is the probability of as much gathering by chance.
    """

    index: float
    p: float

    @property
    def over(self) -> bool:
        """Whether chance does not explain how they gather. Then tests that treat incidents as independent claim too much."""
        return self.p <= LIMIT


NONE = Dispersion(1.0, 1.0)
"""The dispersion if nothing could gather."""


def dispersion(robot: Ints, weight: Floats, stratum: Ints, counts: Ints) -> Dispersion:
    """Return how the incidents of each stratum spread over the robots in it.

    Cells have a robot, a stratum, a count and a weight: their hours, times the rate ratio where they had the suspect. Within
    a stratum each incident falls on a cell with a probability in proportion to its weight. The statistic is that of the score
    test for gamma frailty, the sum over robots of (observed - expected)² (Dean and Lawless 1989, Journal of the American
    Statistical Association 84, 467). The index is the statistic by its expectation. The p comes from draws with a fixed seed,
    so the same incidents have the same p; they end once p is above the limit (Besag and Clifford 1991, Biometrika 78, 301).
    """
    if counts.sum() < 2:
        return NONE
    incidents = sums(stratum, counts)
    kept = (incidents[stratum] > 0) & (weight > 0)
    robots = int(robot.max()) + 1
    pair, where = np.unique(stratum[kept] * robots + robot[kept], return_inverse=True)
    weight, observed = sums(where, weight[kept]), sums(where, counts[kept])
    stratum, robot = np.divmod(pair, robots)
    starts = np.flatnonzero(np.diff(stratum, prepend=-1))
    incidents = incidents[stratum[starts]]
    totals = np.add.reduceat(weight, starts)
    sizes = np.diff(starts, append=len(stratum))
    expected = sums(robot, np.repeat(incidents / totals, sizes) * weight)

    shares = weight / np.repeat(totals, sizes)
    by_chance = float((np.repeat(incidents, sizes) * shares * (1 - shares)).sum())
    actual = float(_gathered(np.repeat(robot, observed.astype(np.int64))[None, :], expected)[0])
    if by_chance <= actual * 1e-9:
        return NONE

    ends = np.cumsum(weight)
    below = np.concatenate([[0.0], ends])[starts]
    drawing = np.repeat(np.arange(len(starts)), incidents.astype(np.int64))
    dice = np.random.default_rng(SEED)
    drawn = exceeded = 0
    while drawn < DRAWS and exceeded < ENOUGH:
        points = below[drawing] + dice.random((min(TOGETHER, DRAWS - drawn), len(drawing))) * totals[drawing]
        # Which incident falls where does not matter, and sorted points are found several times as fast.
        points.sort(axis=1)
        cells = np.minimum(np.searchsorted(ends, points, side="right"), len(ends) - 1)
        exceeded += int(np.count_nonzero(_gathered(robot[cells], expected) >= actual * (1 - 1e-9)))
        drawn += len(points)
    p = exceeded / drawn if exceeded >= ENOUGH else (1 + exceeded) / (DRAWS + 1)
    return Dispersion(round(actual / by_chance, 3), p)


def _gathered(robots: Ints, expected: Floats) -> Floats:
    """The sum over robots of (observed - expected)² for each row of incidents, of which `robots` has the robot.

    It is the sum of expected², and of observed - 2 expected over incidents, so robots without incidents cost nothing.
    """
    place = np.arange(len(robots))[:, None] * len(expected) + robots
    return np.asarray((expected**2).sum() + (np.bincount(place.ravel())[place] - 2 * expected[robots]).sum(axis=1))
