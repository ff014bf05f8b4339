"""One world judged: what was named, how good a test would be that is told the cause, and whom the newest rollout blames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.attribution.worlds import World
from forebear.domain.suspects.episodes import episodes
from forebear.domain.suspects.exposure import cells
from forebear.domain.suspects.families import LEVEL
from forebear.domain.suspects.groups import Suspect
from forebear.domain.suspects.judgement import GroupFinding, Judgement, Standing, judge
from forebear.domain.suspects.rates import Strata, distribution, shifted


@dataclass(frozen=True)
class Trial:
    """What came of a world.

    `place` is where the cause stands, from 0. `named` are all groups that are named. `power` is the probability with which a
    test names the cause that is told it, at Holm's level. `blamed` says whether the newest rollout brought the cause.
    """

    judgement: Judgement
    first: GroupFinding
    named: tuple[GroupFinding, ...]
    place: int | None
    power: float
    blamed: bool

    @property
    def cause_named(self) -> bool:
        """Whether the cause is named."""
        return self.place is not None and self.judgement.findings[self.place].standing is Standing.NAMED


def tried(world: World) -> Trial:
    """Judges a world."""
    made = cells(world.stretches, world.profiles, episodes(world.incidents))
    judgement = judge(made, world.upstream)
    place = next((n for n, f in enumerate(judgement.findings) if world.cause in f.group.suspects), None)
    power = 0.0
    if place is not None:
        finding = judgement.findings[place]
        family = judgement.tests if not finding.crude else judgement.crude_tests
        power = informed(finding.strata, world.ratio, LEVEL / max(1, family))
    named = tuple(f for f in judgement.findings if f.standing is Standing.NAMED)
    return Trial(judgement, judgement.findings[0], named, place, power, blames(world))


def informed(strata: Strata, ratio: float, level: float) -> float:
    """The power of the test that knows the suspect: how probably its p is at most a level, if it has the ratio."""
    if not strata.incidents.sum():
        return 0.0
    above = np.cumsum(distribution(strata.incidents, strata.share)[::-1], axis=0)[::-1, 0]
    critical = np.flatnonzero(above <= level)
    if not len(critical):
        return 0.0
    share = shifted(strata.share, np.array([np.log(ratio)]))
    return float(distribution(strata.incidents, share)[critical[0] :, 0].sum())


def blames(world: World) -> bool:
    """Whether the newest rollout before the last incident, on its robot, brought the cause: what ran before had it not."""
    if not world.incidents or world.cause is None:
        return False
    last = max(world.incidents, key=lambda o: o.at)
    runs = sorted(at_artifact for at_artifact in world.rollouts if at_artifact[1] == last.place and at_artifact[0] <= last.at)
    brought = _made_of(world, runs[-1][2]) - (_made_of(world, runs[-2][2]) if len(runs) > 1 else set())
    return world.cause in brought


def _made_of(world: World, artifact: str) -> set[Suspect]:
    return {Suspect(kind, id, upstream=True) for kind, id in world.upstream[artifact]}
