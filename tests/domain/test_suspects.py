"""Which difference explains incidents: exposure, tests of rates, and what they name."""

from __future__ import annotations

from itertools import product
from math import comb, exp, log
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.attribution.__main__ import judged
from forebear.domain.suspects.dispersion import dispersion
from forebear.domain.suspects.episodes import HOUR, Episode, Occurrence, episodes
from forebear.domain.suspects.exposure import DAY, Stretch, cells
from forebear.domain.suspects.families import holm, reachable
from forebear.domain.suspects.groups import Suspect
from forebear.domain.suspects.judgement import Arm, GroupFinding, Judgement, Standing, judge
from forebear.domain.suspects.rates import (
    IntervalMethod,
    Strata,
    exact_ratio,
    exact_test,
    least_attainable,
    log_likelihood_ratio,
    rate_ratio,
)

JANUARY = 1_767_225_600_000
"""2026-01-01."""


def strata(*rows: tuple[int, float, int, float]) -> Strata:
    """Strata of one suspect: incidents and hours with it, and without it."""
    table = np.array(rows, dtype=float)
    return Strata(table[:, 0] + table[:, 2], table[:, 1] + table[:, 3], table[:, 0, None], table[:, 1, None])


def test_incidents_of_one_robot_and_category_within_an_hour_are_one_episode() -> None:
    drops = [("a", "r1", "drop", 0), ("b", "r1", "drop", HOUR), ("c", "r1", "drop", 2 * HOUR + 1)]
    others = [("d", "r1", "collision", 5), ("e", "r2", "drop", 5), ("f", "r2", None, 5)]
    assert episodes(Occurrence(*o) for o in [*others, *reversed(drops)]) == [
        Episode("r1", "collision", 5, ("d",)),
        Episode("r1", "drop", 0, ("a", "b")),
        Episode("r1", "drop", 2 * HOUR + 1, ("c",)),
        Episode("r2", None, 5, ("f",)),
        Episode("r2", "drop", 5, ("e",)),
    ]


def test_exposure_is_cut_at_months_and_where_time_since_installation_and_maintenance_reaches_a_band() -> None:
    begin = JANUARY + 20 * DAY
    made = cells([Stretch("r", begin, begin + 40 * DAY, begin, begin - DAY, 0)], [{"artifact": "a", "site": "s"}], [])
    order = np.argsort(made.begin)
    rows = [
        (
            float(made.hours[n]) / 24,
            made.names["sinceInstallation"][made.values["sinceInstallation"][n]],
            made.names["sinceMaintenance"][made.values["sinceMaintenance"][n]],
            made.names["period"][made.values["period"][n]],
        )
        for n in order
    ]
    assert rows == [
        (1.0, "under a day", "1 to 7 days", "2026-01"),
        (5.0, "1 to 7 days", "1 to 7 days", "2026-01"),
        (1.0, "1 to 7 days", "7 to 30 days", "2026-01"),
        (4.0, "7 to 30 days", "7 to 30 days", "2026-01"),
        (18.0, "7 to 30 days", "7 to 30 days", "2026-02"),
        (1.0, "7 to 30 days", "over 30 days", "2026-02"),
        (9.0, "over 30 days", "over 30 days", "2026-02"),
        (1.0, "over 30 days", "over 30 days", "2026-03"),
    ]


def test_an_episode_counts_in_the_cell_that_it_began_in_and_is_unplaced_where_nothing_ran() -> None:
    stretches = [Stretch("r", JANUARY, JANUARY + DAY, JANUARY, None, 0), Stretch("q", JANUARY, JANUARY + DAY, JANUARY, None, 0)]
    found = [
        Episode(robot, None, JANUARY + at, (robot,)) for robot, at in (("r", 0), ("r", DAY), ("r", -1), ("x", 5), ("q", 7))
    ]
    made = cells(stretches, [{"artifact": "a", "site": "s"}], found)
    assert [(made.robots[r], int(n)) for r, n in zip(made.robot, made.counts, strict=True)] == [("r", 1), ("q", 1)]
    assert made.unplaced == [found[1], found[2], found[3]]


def test_the_exact_test_of_one_stratum_is_the_tail_of_a_binomial() -> None:
    # 7 incidents in 100 hours with it, 3 in 300 hours without it: of 10, at least 7 with a probability of a quarter each.
    expected = sum(comb(10, k) * 0.25**k * 0.75 ** (10 - k) for k in range(7, 11))
    assert exact_test(strata((7, 100, 3, 300))) == pytest.approx([expected])
    assert least_attainable(strata((7, 100, 3, 300))) == pytest.approx([0.25**10])


ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 9), st.integers(0, 3), st.integers(1, 9)), min_size=1, max_size=4)


@given(ROWS)
@settings(max_examples=60, deadline=None)
def test_the_exact_test_over_strata_sums_every_way_in_which_incidents_can_fall(rows: list[tuple[int, int, int, int]]) -> None:
    least = sum(k for k, *_ in rows)
    expected = 0.0
    for ways in product(*(range(k + m + 1) for k, _, m, _ in rows)):
        if sum(ways) >= least:
            chances = [
                comb(k + m, w) * (e / (e + r)) ** w * (r / (e + r)) ** (k + m - w)
                for w, (k, e, m, r) in zip(ways, rows, strict=True)
            ]
            expected += float(np.prod(chances))
    assert exact_test(strata(*rows)) == pytest.approx([expected])


@given(ROWS)
@settings(max_examples=60, deadline=None)
def test_the_likelihood_ratio_is_that_of_the_likeliest_ratio_that_raises_the_rate(
    rows: list[tuple[int, int, int, int]],
) -> None:
    def gained(ratio: float) -> float:
        return sum(k * log(ratio) - (k + m) * log((ratio * e + r) / (e + r)) for k, e, m, r in rows)

    best = max(gained(exp(x / 200)) for x in range(4001))
    assert log_likelihood_ratio(strata(*rows))[0] == pytest.approx(best, abs=2e-4)


def test_the_rate_ratio_over_strata_is_that_of_mantel_and_haenszel_with_the_interval_of_greenland_and_robins() -> None:
    upper, lower = 8 * 300 / 400 + 5 * 50 / 250, 6 * 100 / 400 + 1 * 200 / 250
    variance = (14 * 100 * 300 / 400**2 + 6 * 200 * 50 / 250**2) / (upper * lower)
    margin = exp(NormalDist().inv_cdf(0.975) * variance**0.5)
    found = rate_ratio(strata((8, 100, 6, 300), (5, 200, 1, 50), (0, 10, 0, 10)))
    assert found is not None
    assert (found.estimate, found.low, found.high) == pytest.approx(
        (upper / lower, upper / lower / margin, upper / lower * margin)
    )
    assert found.method is IntervalMethod.GREENLAND_ROBINS


def test_the_interval_of_one_stratum_is_exact_and_open_where_one_side_has_no_incident() -> None:
    found = rate_ratio(strata((10, 100, 10, 100)))
    # Clopper and Pearson of 10 in 20 is 0.272 to 0.728.
    assert found is not None
    assert (found.estimate, found.low, found.high) == pytest.approx((1.0, 0.2720 / 0.7280, 0.7280 / 0.2720), rel=1e-3)
    alone = exact_ratio(3, 0, 100, 300)
    assert (alone.estimate, alone.high, alone.method) == (None, None, IntervalMethod.EXACT)
    assert alone.low == pytest.approx((0.025 ** (1 / 3)) / (1 - 0.025 ** (1 / 3)) * 3)
    assert exact_ratio(0, 3, 100, 300).low == 0.0
    assert rate_ratio(strata((0, 100, 0, 100))) is None


def test_a_test_that_could_never_be_significant_costs_nothing() -> None:
    assert reachable([0.001, 0.02, 0.4, 0.9]) == [0, 1]
    assert reachable([0.04, 0.04, 0.04]) == []
    assert reachable([]) == []
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


def test_incidents_that_gather_on_one_robot_are_overdispersed_and_as_many_on_a_busy_robot_are_not() -> None:
    robot, stratum = np.arange(20), np.zeros(20, dtype=np.int64)
    gathered = np.where(robot == 3, 12, np.where(robot < 9, 1, 0))
    busy = np.where(robot == 3, 40.0, 1.0)
    assert dispersion(robot, np.ones(20), stratum, gathered).over
    assert not dispersion(robot, busy, stratum, gathered).over
    assert dispersion(robot, np.ones(20), stratum, gathered) == dispersion(robot, np.ones(20), stratum, gathered)


def observed(*rows: tuple[str, str, str, float, int], upstream: dict[str, list[tuple[str, str]]] | None = None) -> Judgement:
    """A judgement of rows of robot, artifact, site, days and incidents, one after the other in January for each robot."""
    stretches, profiles, found = [], [], []
    begins: dict[str, int] = {}
    for robot, artifact, site, days, count in rows:
        begin = begins.get(robot, JANUARY)
        end = begins[robot] = begin + int(days * DAY)
        stretches.append(Stretch(robot, begin, end, JANUARY - 90 * DAY, None, len(profiles)))
        profiles.append({"artifact": artifact, "site": site, "hardwareTarget": "t"})
        found += [Episode(robot, None, begin + 2 * n * HOUR, (f"{robot}/{n}",)) for n in range(count)]
    return judge(cells(stretches, profiles, found), upstream or {})


def of(judgement: Judgement, dimension: str, value: str) -> GroupFinding:
    """The finding of the group that a suspect is in."""
    return next(f for f in judgement.findings if Suspect(dimension, value) in [*_plain(f)])


def _plain(finding: GroupFinding) -> list[Suspect]:
    return [Suspect(s.dimension, s.value) for s in finding.group.suspects]


def fleet(artifact: str, site: str, robots: int, count: int) -> list[tuple[str, str, str, float, int]]:
    """Robots that ran an artifact at a site for 30 days, each with so many incidents."""
    return [(f"{site}/{artifact}/{n}", artifact, site, 30.0, count) for n in range(robots)]


def test_what_raises_the_rate_within_sites_is_named_with_all_its_names() -> None:
    rows = [*fleet("new", "s1", 10, 2), *fleet("old", "s1", 20, 0), *fleet("new", "s2", 5, 2), *fleet("old", "s2", 20, 0)]
    rows[25] = (*rows[25][:4], 2)
    judgement = observed(*rows, upstream={"new": [("DatasetVersion", "d2"), ("Code", "c")], "old": [("Code", "c")]})
    first = judgement.findings[0]
    assert [(s.dimension, s.value) for s in first.group.suspects] == [("DatasetVersion", "d2"), ("artifact", "new")]
    assert (first.standing, first.with_it, first.without) == (Standing.NAMED, Arm(30, 10_800.0), Arm(2, 28_800.0))
    assert (len(first.strata.hours), first.robots, len(first.robots_with_incidents)) == (2, 15, 15)
    assert first.adjusted is not None
    assert first.adjusted < 1e-9
    everywhere = of(judgement, "Code", "c")
    assert (everywhere.standing, everywhere.needed) == (
        Standing.UNKNOWN,
        "robot-hours without it, at a time and a place where others have it",
    )


def test_what_came_with_a_site_alone_is_confounded_with_it_and_the_site_stands_apart() -> None:
    rows = [*fleet("new", "s1", 10, 2), *fleet("old", "s2", 20, 0), *fleet("older", "s2", 20, 0)]
    rows[12] = (*rows[12][:4], 1)
    judgement = observed(*rows)
    first = judgement.findings[0]
    assert [(s.dimension, s.value) for s in first.group.suspects] == [("artifact", "new"), ("site", "s1")]
    assert (first.standing, first.crude, first.confounded_with) == (
        Standing.CONFOUNDED,
        ("site",),
        (Suspect("site", "s1"),),
    )
    more = observed(*rows, *fleet("old", "s1", 10, 2))
    assert (of(more, "site", "s1").standing, of(more, "artifact", "new").standing) == (Standing.APPARENT, Standing.NOT_NAMED)


def test_too_few_incidents_leave_a_suspect_unknown_and_say_how_many_it_would_take() -> None:
    judgement = observed(*fleet("new", "s1", 10, 0)[:9], ("r", "new", "s1", 30.0, 3), *fleet("old", "s1", 10, 0))
    finding = of(judgement, "artifact", "new")
    assert (finding.standing, finding.p) == (Standing.UNKNOWN, None)
    assert finding.needed == (
        "at least 5 incidents where it can be compared, some 24,000 robot-hours at the rate of all; "
        "so far 3 on 7,200 robot-hours with it and 7,200 without it"
    )


def test_nothing_is_named_where_its_incidents_are_those_of_one_robot() -> None:
    rows = [*fleet("new", "s1", 10, 0), *fleet("old", "s1", 10, 0)]
    rows[3] = (*rows[3][:4], 30)
    finding = of(observed(*rows), "artifact", "new")
    assert finding.standing is Standing.OVERDISPERSED
    assert finding.dispersion is not None
    assert finding.dispersion.over


def test_without_exposure_there_is_nothing_to_judge() -> None:
    assert judge(cells([], [], []), {}).findings == ()


def test_on_generated_worlds_causes_are_named_and_nothing_else_is() -> None:
    quiet = [judged(kind, seed) for kind in ("quiet", "frail", "bursting", "located", "seasonal") for seed in range(6)]
    assert sum(o.wrongly for o in quiet) <= 2
    planted = [o for o in (judged("planted", seed) for seed in range(40)) if o.power >= 0.95]
    assert len(planted) >= 5
    assert sum(o.first for o in planted) >= 0.85 * len(planted)
    assert sum(o.named for o in planted) >= 0.8 * len(planted)
