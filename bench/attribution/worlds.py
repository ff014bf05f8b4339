"""Generated worlds: fleets that run versions with a lineage over months, and incidents with a cause, or without one."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import accumulate, pairwise
from math import exp, log

from forebear.domain.suspects.episodes import HOUR, Occurrence
from forebear.domain.suspects.exposure import DAY, Profile, Stretch
from forebear.domain.suspects.groups import Suspect

START = 1_767_225_600_000
"""2026-01-01 in milliseconds since 1970."""
MONTH = 30.4 * DAY


@dataclass
class World:
    """Exposure, what artifacts were made from, incidents, and the cause of them with its rate ratio."""

    stretches: list[Stretch] = field(default_factory=list)
    profiles: list[Profile] = field(default_factory=list)
    upstream: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    incidents: list[Occurrence] = field(default_factory=list)
    cause: Suspect | None = None
    ratio: float = 1.0
    rollouts: list[tuple[int, str, str]] = field(default_factory=list)
    """When a robot began to run an artifact: moment, robot, artifact."""

    def has(self, profile: Profile, suspect: Suspect) -> bool:
        """Whether what is on record of a stretch includes a suspect."""
        if suspect.upstream:
            return (suspect.dimension, suspect.value) in self.upstream[profile["artifact"]]
        return profile.get(suspect.dimension) == suspect.value


@dataclass(frozen=True)
class Shape:
    """How a world is made. `uneven` worlds send each version to some sites more than to others."""

    robots: tuple[int, int] = (60, 300)
    sites: tuple[int, int] = (3, 8)
    months: tuple[int, int] = (6, 12)
    versions: tuple[int, int] = (4, 8)
    incidents: tuple[int, int] = (20, 400)
    uneven: bool = False


def world(seed: int, shape: Shape = Shape()) -> tuple[World, random.Random]:
    """A world without incidents, and the dice that go on."""
    dice = random.Random(seed)
    made = World()
    months = dice.randint(*shape.months)
    sites = [f"site:{n}" for n in range(dice.randint(*shape.sites))]
    customers = {site: f"customer:{dice.randrange(max(2, len(sites) - 1))}" for site in sites}
    targets = [f"target:{n}" for n in range(dice.randint(1, 2))]
    versions = _lineage(dice, made, dice.randint(*shape.versions), targets)
    plans = {site: _plan(dice, versions, months, shape.uneven) for site in sites}
    places: dict[tuple[tuple[str, str], ...], int] = {}
    for n in range(dice.randint(*shape.robots)):
        site, target = dice.choice(sites), dice.choice(targets)
        fixed = {
            "site": site,
            "customer": customers[site],
            "hardwareTarget": target,
            "robotClass": f"{target}/{dice.choice('ab')}",
        }
        _live(dice, made, f"robot:{n}", fixed, plans[site], months, places)
    return made, dice


def _lineage(dice: random.Random, made: World, count: int, targets: list[str]) -> list[str]:
    """Versions that each change something of the one before."""
    data, code, base, environment, toolchain = {0, 1}, 0, 0, 0, 0
    names = []
    for v in range(count):
        if v:
            data = {d for d in data if dice.random() > 0.25} | {v + 1}
            data |= {dice.randrange(v + 2)} if dice.random() < 0.4 else set()
            code += dice.random() < 0.6
            base += dice.random() < 0.2
            environment += dice.random() < 0.3
            toolchain += dice.random() < 0.3
        sources = [("DatasetVersion", f"dataset:{d}") for d in sorted(data)]
        sources += [("CurationRuleset", f"ruleset:{r}") for r in sorted({d // 2 for d in data})]
        sources += [("CodeVersion", f"code:{code}"), ("Checkpoint", f"base:{base}")]
        sources += [("SoftwareEnvironment", f"environment:{environment}"), ("ModelVersion", f"version:{v}")]
        for target in targets:
            made.upstream[f"artifact:{v}/{target}"] = [*sources, ("Toolchain", f"toolchain:{toolchain}")]
        names.append(f"version:{v}")
    return names


def _plan(dice: random.Random, versions: list[str], months: int, uneven: bool) -> list[tuple[float, int]]:
    """When a site takes which version, in months. Sites skip versions, and more so where versions spread unevenly."""
    keep = 0.55 if uneven else 0.85
    taken = [v for v in range(len(versions)) if dice.random() < keep] or [dice.randrange(len(versions))]
    pace = months / len(versions)
    return [(max(0.0, v * pace + dice.uniform(-0.7, 0.7) * pace), v) for v in taken]


def _live(
    dice: random.Random,
    made: World,
    robot: str,
    fixed: dict[str, str],
    plan: list[tuple[float, int]],
    months: int,
    places: dict[tuple[tuple[str, str], ...], int],
) -> None:
    """The stretches of one robot. It follows its site's plan, late by its wave, and passes over a version now and then."""
    begin = dice.uniform(0, months * 0.6) if dice.random() < 0.4 else 0.0
    end = dice.uniform(begin + 0.5, months) if dice.random() < 0.2 and begin + 0.5 < months else float(months)
    wave = dice.choice((0.0, 0.3, 0.8, 1.6)) + dice.uniform(0, 0.2)
    switches = sorted((at + wave, v) for at, v in plan if dice.random() < 0.85) or [(0.0, plan[0][1])]
    # What it runs first is the last version that had reached it by then, or the first that comes.
    reached = [v for at, v in switches if at <= begin]
    runs = [(begin, reached[-1] if reached else switches[0][1])] + [(at, v) for at, v in switches if at > begin]
    software = sorted((dice.uniform(0, months), s) for s in (2, 3))
    serviced = sorted(dice.uniform(0, months) for _ in range(dice.randint(0, 3)))
    cuts = sorted({begin, end, *(at for at, _ in runs), *(at for at, _ in software), *serviced})
    cuts = [c for c in cuts if begin <= c <= end]
    for since, until in pairwise(cuts):
        installed, v = max((at, v) for at, v in runs if at <= since)
        own = max((s for at, s in software if at <= since), default=1)
        artifact = f"artifact:{v}/{fixed['hardwareTarget']}"
        profile = {**fixed, "artifact": artifact, "robotSoftware": f"4.{own}"}
        key = tuple(sorted(profile.items()))
        if key not in places:
            places[key] = len(made.profiles)
            made.profiles.append(profile)
        last = max((at for at in serviced if at <= since), default=None)
        made.stretches.append(
            Stretch(
                robot,
                _moment(since),
                _moment(until),
                _moment(installed),
                None if last is None else _moment(last),
                places[key],
            )
        )
    made.rollouts += [(_moment(at), robot, f"artifact:{v}/{fixed['hardwareTarget']}") for at, v in runs if at < end]


def _moment(month: float) -> int:
    return START + int(month * MONTH)


Rate = Callable[[Stretch, int], float]
"""How often a stretch has incidents at a moment, in any unit."""


def happen(made: World, dice: random.Random, number: int, rate: Rate, most: float, burst: int = 0) -> None:
    """So many incidents, in proportion to hours and to a rate that never exceeds `most`.

    With `burst`, each brings up to so many others on the same robot: within the hour, or within three days.
    """
    weights = list(accumulate(s.end - s.begin for s in made.stretches))
    while len(made.incidents) < number:
        (stretch,) = dice.choices(made.stretches, cum_weights=weights)
        at = dice.randrange(stretch.begin, stretch.end)
        if dice.random() * most >= rate(stretch, at):
            continue
        within = dice.choice((HOUR, 3 * DAY))
        for moment in (at, *(at + dice.randrange(within) for _ in range(dice.randint(0, burst)))):
            made.incidents.append(Occurrence(f"incident:{len(made.incidents)}", stretch.robot, "drop", moment))


def between(dice: random.Random, low: float, high: float) -> float:
    """A number between two, evenly in its logarithm."""
    return exp(dice.uniform(log(low), log(high)))


def quiet(seed: int, shape: Shape = Shape()) -> World:
    """A world in which nothing but hours decides where incidents happen."""
    made, dice = world(seed, shape)
    happen(made, dice, round(between(dice, *shape.incidents)), lambda stretch, at: 1.0, 1.0)
    return made


def frail(seed: int, shape: Shape = Shape()) -> World:
    """A world without a cause, in which some robots fail more often than others: by a gamma variate of variance 1."""
    made, dice = world(seed, shape)
    weak = {robot: dice.gammavariate(1, 1) for robot in sorted({s.robot for s in made.stretches})}
    number = round(between(dice, *shape.incidents))
    happen(made, dice, number, lambda stretch, at: weak[stretch.robot], max(weak.values()))
    return made


def bursting(seed: int, shape: Shape = Shape()) -> World:
    """A world without a cause, in which an incident brings others on the same robot."""
    made, dice = world(seed, shape)
    happen(made, dice, round(between(dice, *shape.incidents)), lambda stretch, at: 1.0, 1.0, burst=5)
    return made


def planted(seed: int, shape: Shape = Shape()) -> World:
    """A world in which something upstream, or a value of what ran, raises the rate."""
    made, dice = world(seed, shape)
    suspects = {Suspect(kind, id, upstream=True) for sources in made.upstream.values() for kind, id in sources}
    suspects |= {Suspect("robotSoftware", p["robotSoftware"]) for p in made.profiles}
    whole = sum(s.end - s.begin for s in made.stretches)
    some = []
    for suspect in sorted(suspects):
        hours = sum(s.end - s.begin for s in made.stretches if made.has(made.profiles[s.profile], suspect))
        if 0.03 < hours / whole < 0.9:
            some.append(suspect)
    made.cause, made.ratio = dice.choice(some), between(dice, 1.5, 6)
    bad = [made.has(p, made.cause) for p in made.profiles]
    number = round(between(dice, *shape.incidents))
    happen(made, dice, number, lambda stretch, at: made.ratio if bad[stretch.profile] else 1.0, made.ratio)
    return made


def located(seed: int, shape: Shape = Shape(uneven=True)) -> World:
    """A world in which one site raises the rate, and versions spread unevenly over sites."""
    made, dice = world(seed, shape)
    made.cause = Suspect("site", dice.choice(sorted({p["site"] for p in made.profiles})))
    made.ratio = between(dice, 1.5, 6)
    bad = [made.has(p, made.cause) for p in made.profiles]
    number = round(between(dice, *shape.incidents))
    happen(made, dice, number, lambda stretch, at: made.ratio if bad[stretch.profile] else 1.0, made.ratio)
    return made


def seasonal(seed: int, shape: Shape = Shape(uneven=True)) -> World:
    """A world in which one month raises the rate, and versions spread unevenly."""
    made, dice = world(seed, shape)
    last = max(s.end for s in made.stretches)
    months = sorted({month_of(START + n * 10 * DAY) for n in range((last - START) // (10 * DAY))})
    made.cause, made.ratio = Suspect("period", dice.choice(months)), between(dice, 1.5, 6)
    month = made.cause.value
    number = round(between(dice, *shape.incidents))
    happen(made, dice, number, lambda stretch, at: made.ratio if month_of(at) == month else 1.0, made.ratio)
    return made


def month_of(at: int) -> str:
    """The calendar month of a moment, such as 2026-03."""
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m}"
