"""Dispersion: whether incidents gather on few robots, more than chance explains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forebear.domain.suspects.exposure import Floats, Ints, sums

DRAWS = 399
SEED = 12
LIMIT = 0.05
"""Below this p, incidents are overdispersed."""


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
    Statistical Association 84, 467). Its p comes from draws with a fixed seed, so the same incidents have the same p.
    """
    if counts.sum() < 2:
        return NONE
    incidents = sums(stratum, counts)
    kept = (incidents[stratum] > 0) & (weight > 0)
    pair, where = np.unique(stratum[kept] * (int(robot.max()) + 1) + robot[kept], return_inverse=True)
    weight, observed = sums(where, weight[kept]), sums(where, counts[kept])
    stratum, robot = np.divmod(pair, int(robot.max()) + 1)
    _, robot = np.unique(robot, return_inverse=True)
    _, starts, stratum = np.unique(stratum, return_index=True, return_inverse=True)
    incidents = incidents[incidents > 0]
    totals = np.add.reduceat(weight, starts)
    expected = sums(robot, (incidents / totals)[stratum] * weight)

    def gathered(by_robot: Floats) -> float:
        return float(((by_robot - expected) ** 2).sum())

    ends = np.cumsum(weight)
    below = np.concatenate([[0.0], ends])[starts]
    drawing = np.repeat(np.arange(len(starts)), incidents.astype(np.int64))
    dice = np.random.default_rng(SEED)
    one, drawn = np.ones(len(drawing)), []
    for _ in range(DRAWS):
        points = below[drawing] + dice.random(len(drawing)) * totals[drawing]
        cells = np.minimum(np.searchsorted(ends, points, side="right"), len(ends) - 1)
        drawn.append(gathered(sums(robot[cells], one, len(expected))))
    actual = gathered(sums(robot, observed))
    p = (1 + sum(each >= actual * (1 - 1e-9) for each in drawn)) / (DRAWS + 1)
    return Dispersion(round(actual / float(np.mean(drawn)), 3) if any(drawn) else 1.0, p)
