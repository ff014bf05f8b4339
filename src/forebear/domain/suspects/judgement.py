"""What exposure says of each group of suspects: named, confounded with what, or unknown for want of what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations
from math import ceil, log

import numpy as np

from forebear.domain.suspects.dispersion import NONE, Dispersion, dispersion
from forebear.domain.suspects.exposure import STRATA, Cells, Floats, Ints, sums
from forebear.domain.suspects.families import LEVEL, holm, reachable
from forebear.domain.suspects.groups import Classes, Group, Mask, Suspect, candidates, classes, grouped, strata_of
from forebear.domain.suspects.rates import RateRatio, Strata, exact_test, least_attainable, log_likelihood_ratio, rate_ratio

FEW = 2
"""With fewer incidents the hours of no two suspects differ by one expected incident."""
MANY = 20
"""How many robots with incidents a row names."""


class Standing(StrEnum):
    """What exposure says of a group of suspects."""

    NAMED = "NAMED"
    """It raises the rate, at an adjusted p of at most 0.05, with site, hardware target and month held constant."""
    OVERDISPERSED = "OVERDISPERSED"
    """The test would name it, but incidents gather on few robots, so the test cannot be relied on."""
    APPARENT = "APPARENT"
    """A site, a hardware target or a month with a higher rate: the cause may be anything else that is particular to it."""
    CONFOUNDED = "CONFOUNDED"
    """No exposure without it is comparable: it always came with a site, a hardware target or a month."""
    NOT_NAMED = "NOT_NAMED"
    """It was tested, and what was observed is no evidence against it."""
    UNKNOWN = "UNKNOWN"
    """There is too little exposure, or there are too few incidents, to say anything."""


@dataclass(frozen=True)
class Arm:
    """Incidents on robot-hours."""

    incidents: int
    hours: float


@dataclass(frozen=True)
class GroupFinding:
    """What exposure says of one group. Without a test, `p` and `adjusted` are None.

    `with_it` and `without` are all exposure; `strata` are those that hold both. `crude` names the dimensions that
    had to be let go, so that anything could be compared.
    """

    group: Group
    standing: Standing
    with_it: Arm
    without: Arm
    strata: Strata
    crude: tuple[str, ...]
    likelihood: float
    p: float | None
    adjusted: float | None
    ratio: RateRatio | None
    confounded_with: tuple[Suspect, ...]
    needed: str | None
    robots: int
    robots_with_incidents: tuple[str, ...]
    unsure_hours: float
    dispersion: Dispersion | None = None

    @property
    def comparable(self) -> tuple[Arm, Arm]:
        """The exposure with it and without it in strata that hold both."""
        incidents, hours = int(self.strata.incidents.sum()), float(self.strata.hours.sum())
        mine = Arm(int(self.strata.with_it.sum()), float(self.strata.exposed.sum()))
        return mine, Arm(incidents - mine.incidents, hours - mine.hours)


@dataclass(frozen=True)
class Judgement:
    """All findings, the likeliest first, and how incidents spread over robots under the first of them."""

    findings: tuple[GroupFinding, ...]
    dispersion: Dispersion
    tests: int
    """How many groups could reach significance and were tested with all strata held constant."""
    crude_tests: int = 0
    """How many sites, hardware targets and months were tested, each with the others held constant."""


@dataclass(frozen=True)
class Contrast:
    """A suspect's comparable exposure since a moment. `p` is that of one test: the suspect was named before."""

    with_it: Arm
    without: Arm
    p: float
    ratio: RateRatio | None


@dataclass(frozen=True)
class _Compared:
    """A group in its strata: those that hold both, after `crude` was let go."""

    strata: Strata
    crude: tuple[str, ...]
    stratum: Ints


def judge(cells: Cells, upstream: Mapping[str, Iterable[tuple[str, str]]]) -> Judgement:
    """What the exposure says of everything in it and of all that it was made from."""
    if not len(cells.hours):
        return Judgement((), NONE, 0)
    made = classes(cells)
    groups = grouped(made, candidates(made, cells, upstream))
    compared = _compared(made, cells, groups)
    plain = [g for g, c in enumerate(compared) if not c.crude]
    crude = [g for g, c in enumerate(compared) if c.crude and groups[g].only_strata]
    tested = {**_tested(compared, plain), **_tested(compared, crude)}
    likelihoods = _by_strata(compared, range(len(groups)), log_likelihood_ratio)
    limit = LEVEL / max(1, sum(g in tested for g in plain))
    findings = [
        _finding(made, cells, group, compared[g], likelihoods[g], tested.get(g), limit) for g, group in enumerate(groups)
    ]
    checked = [_checked(made, cells, f, compared[g]) for g, f in enumerate(findings)]
    order = sorted(range(len(groups)), key=lambda g: (-round(likelihoods[g], 9), -checked[g].with_it.hours, groups[g].suspects))
    first = checked[order[0]].dispersion or _spread(made, cells, checked[order[0]], compared[order[0]])
    return Judgement(tuple(checked[g] for g in order), first, *(sum(g in tested for g in family) for family in (plain, crude)))


def _compared(made: Classes, cells: Cells, groups: Sequence[Group]) -> list[_Compared]:
    """Each group in strata that hold both: those of all dimensions or, where there are none, of as many as possible."""
    found: dict[int, _Compared] = {}
    present = np.array([g.present for g in groups]).T
    for few in range(len(STRATA) + 1):
        best: dict[int, _Compared] = {}
        open_ = [g for g in range(len(groups)) if g not in found]
        for dropped in combinations(STRATA, few):
            stratum = strata_of(made, cells, [d for d in STRATA if d not in dropped])
            for g, strata in zip(open_, _strata(made, stratum, present[:, open_]), strict=True):
                if g not in best or strata.exposed.sum() > best[g].strata.exposed.sum():
                    best[g] = _Compared(strata, dropped, stratum)
        found |= {g: c for g, c in best.items() if c.strata.exposed.any() or few == len(STRATA)}
    return [found[g] for g in range(len(groups))]


def _strata(made: Classes, stratum: Ints, present: Mask) -> Iterable[Strata]:
    """The strata of each group, a column of `present`."""
    number = int(stratum.max()) + 1
    hours = sums(stratum, made.hours, number)
    incidents = sums(stratum, made.counts, number)
    for column in present.T:
        exposed = sums(stratum[column], made.hours[column], number)
        counted = sums(stratum[column], made.counts[column], number)
        both = (exposed > hours * 1e-12) & (exposed < hours * (1 - 1e-12))
        yield Strata(incidents, hours, np.where(both, counted, 0.0)[:, None], np.where(both, exposed, 0.0)[:, None])


def _by_strata(compared: Sequence[_Compared], which: Iterable[int], answer: Callable[[Strata], Floats]) -> dict[int, float]:
    """What a function of strata answers for each group. Groups with the same strata are taken together."""
    alike: dict[int, list[int]] = {}
    for g in which:
        alike.setdefault(id(compared[g].stratum), []).append(g)
    found: dict[int, float] = {}
    for together in alike.values():
        strata = [compared[g].strata for g in together]
        some = strata[0].incidents > 0
        joined = Strata(
            strata[0].incidents[some],
            strata[0].hours[some],
            np.hstack([s.with_it[some] for s in strata]),
            np.hstack([s.exposed[some] for s in strata]),
        )
        found |= dict(zip(together, answer(joined).tolist(), strict=True))
    return found


def _tested(compared: Sequence[_Compared], family: Sequence[int]) -> dict[int, tuple[float, float]]:
    """The p and the adjusted p of the groups of a family that could reach significance."""
    least = _by_strata(compared, family, least_attainable)
    some = [family[i] for i in reachable([least[g] for g in family])]
    p = _by_strata(compared, some, exact_test)
    return {g: (p[g], adjusted) for g, adjusted in zip(some, holm([p[g] for g in some]), strict=True)}


def _finding(
    made: Classes,
    cells: Cells,
    group: Group,
    compared: _Compared,
    likelihood: float,
    tested: tuple[float, float] | None,
    limit: float,
) -> GroupFinding:
    present = group.present
    of_cell = present[made.of_cell]
    with_it = Arm(int(made.counts[present].sum()), float(made.hours[present].sum()))
    without = Arm(int(made.counts.sum()) - with_it.incidents, max(0.0, float(made.hours.sum()) - with_it.hours))
    strata = compared.strata.of(0)
    hurt = np.unique(cells.robot[of_cell & (cells.counts > 0)])
    robots = int(np.count_nonzero(np.bincount(cells.robot[of_cell])))
    standing = _standing(group, compared, tested)
    return GroupFinding(
        group=group,
        standing=standing,
        with_it=with_it,
        without=without,
        strata=strata,
        crude=compared.crude,
        likelihood=likelihood,
        p=tested[0] if tested else None,
        adjusted=tested[1] if tested else None,
        ratio=rate_ratio(strata),
        confounded_with=_confounded_with(made, cells, group, compared) if standing is Standing.CONFOUNDED else (),
        needed=_needed(made, group, strata, limit) if standing is Standing.UNKNOWN else None,
        robots=robots,
        robots_with_incidents=tuple(cells.robots[r] for r in hurt[:MANY]),
        unsure_hours=float(cells.hours[of_cell & cells.unsure].sum()),
    )


def _standing(group: Group, compared: _Compared, tested: tuple[float, float] | None) -> Standing:
    if not compared.strata.exposed.any():
        return Standing.UNKNOWN
    if compared.crude and not group.only_strata:
        return Standing.CONFOUNDED
    if tested is None:
        return Standing.UNKNOWN
    if tested[1] > LEVEL:
        return Standing.NOT_NAMED
    return Standing.APPARENT if compared.crude else Standing.NAMED


def _confounded_with(made: Classes, cells: Cells, group: Group, compared: _Compared) -> tuple[Suspect, ...]:
    """The values that the group always came with, in the dimensions that had to be let go."""
    return tuple(
        Suspect(dimension, cells.names[dimension][place])
        for dimension in compared.crude
        for place in np.unique(made.values[dimension][group.present])
        if cells.names[dimension][place]
    )


def _needed(made: Classes, group: Group, strata: Strata, limit: float) -> str:
    """What would be needed, so that a test could name the group."""
    if len(group.suspects) > 1 and group.present.all() and made.counts.sum() < FEW:
        return f"more incidents: so far {made.counts.sum():.0f} is too few to tell suspects apart"
    if not len(strata.hours):
        return "robot-hours without it, at a time and a place where others have it"
    exposed, rest = float(strata.exposed.sum()), float((strata.hours[:, None] - strata.exposed).sum())
    share = exposed / (exposed + rest)
    number = ceil(log(limit) / log(share))
    there = int(strata.incidents.sum())
    hours = f", some {number / made.rate:,.0f} robot-hours at the rate of all" if made.rate else ""
    return (
        f"at least {number} incidents where it can be compared{hours}; so far {there} on {exposed:,.0f} robot-hours with it "
        f"and {rest:,.0f} without it"
    )


def _checked(made: Classes, cells: Cells, finding: GroupFinding, compared: _Compared) -> GroupFinding:
    """A finding that its test would name, unless incidents gather on robots more than chance explains."""
    if finding.standing not in (Standing.NAMED, Standing.APPARENT):
        return finding
    spread = _spread(made, cells, finding, compared)
    return replace(finding, dispersion=spread, standing=Standing.OVERDISPERSED if spread.over else finding.standing)


def _spread(made: Classes, cells: Cells, finding: GroupFinding, compared: _Compared) -> Dispersion:
    """How incidents spread over robots, within strata, if the suspect raises the rate as estimated."""
    ratio = finding.ratio.estimate if finding.ratio and finding.ratio.estimate else 1.0
    weight: Floats = cells.hours * np.where(finding.group.present[made.of_cell], ratio, 1.0)
    return dispersion(cells.robot, weight, compared.stratum[made.of_cell], cells.counts)


def since_named(
    cells: Cells, upstream: Mapping[str, Iterable[tuple[str, str]]], suspect: Suspect, moment: int
) -> Contrast | None:
    """What has been observed of a suspect since a moment, in milliseconds. None if nothing can be compared."""
    later = cells.since(moment)
    if not len(later.hours):
        return None
    made = classes(later)
    mask = next((mask for found, mask in candidates(made, later, upstream) if found == suspect), None)
    if mask is None:
        return None
    (strata,) = _strata(made, strata_of(made, later, STRATA), mask[:, None])
    strata = strata.of(0)
    mine = Arm(int(strata.with_it.sum()), float(strata.exposed.sum()))
    rest = Arm(int(strata.incidents.sum()) - mine.incidents, float(strata.hours.sum()) - mine.hours)
    return Contrast(mine, rest, float(exact_test(strata)[0]), rate_ratio(strata)) if len(strata.hours) else None
