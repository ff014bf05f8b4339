"""What explains some incidents: which incidents count, against which exposure, and what that says of every suspect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forebear.domain.standing import Row
from forebear.domain.suspects.episodes import Occurrence, episodes
from forebear.domain.suspects.exposure import SITE, Cells, Ints, Profile, Stretch, cells
from forebear.domain.suspects.groups import ARTIFACT, Suspect
from forebear.domain.suspects.history import FLEET, SOFTWARE, RobotHistory, milliseconds
from forebear.domain.suspects.judgement import Contrast, GroupFinding, Standing, judge, since_named
from forebear.domain.suspects.rates import RateRatio
from forebear.domain.suspects.upstream import Upstream

CAVEATS = (
    "Hours are hours installed, not hours worked: working hours are not on record.",
    "A value that is not rare in itself may stand for something that is not on record.",
    "Somebody who looks again after more incidents tests again: repeated looks are not corrected for.",
)
"""What the answer says of itself."""


class ScenePlaceRow(Row, frozen=True):
    """A place where an incident happened."""

    id: str
    kind: str


class OccurrenceFactsRow(Row, frozen=True):
    """A row of `cypher/actions/occurrence_facts.cypher`."""

    id: str
    at: str
    category: str | None
    severity: str | None
    places: list[ScenePlaceRow]


@dataclass(frozen=True)
class Selection:
    """Which incidents are to be explained. `raised` is the incident that raised the question: no test counts it."""

    category: str | None = None
    severity: str | None = None
    place: str | None = None
    raised: str | None = None

    def takes(self, incident: OccurrenceFactsRow) -> bool:
        """Whether it is about an incident, wherever that happened. One without a category raises the question of its like."""
        alike = self.category == incident.category or (self.category is None and self.raised is None)
        return alike and self.severity in (None, incident.severity)

    def surrounds(self, profile: Profile) -> bool:
        """Whether it is about all robots of a profile: those of its fleet or site, or everywhere."""
        around = (profile.get(FLEET, ""), profile.get(SITE, ""))
        return self.place is None or any(self.place in ids.split(", ") for ids in around)

    def covered(self, told: RobotHistory) -> list[Stretch]:
        """The exposure that it is about: that of its place."""
        inside = [self.surrounds(profile) for profile in told.profiles]
        return [s for s in told.stretches if inside[s.profile] or s.robot == self.place]


@dataclass(frozen=True)
class IncidentExplanation:
    """What explains incidents.

    `apart` are incidents that count for no robot: those of robots that ran nothing on record then, those of places whose
    robots did not all run the same, and those of no place. `unseen` are robots without a single report, whose hours are
    unknown.
    """

    rows: tuple[dict[str, Any], ...]
    incidents: int
    episodes: int
    hours: float
    unsure_hours: float
    apart: tuple[str, ...]
    unseen: tuple[str, ...]
    tests: int
    dispersion: float
    overdispersed: bool

    @property
    def standing(self) -> str:
        """That of the likeliest group."""
        return str(self.rows[0]["standing"]) if self.rows else Standing.UNKNOWN.value

    @property
    def needed(self) -> str | None:
        """What it takes to say anything. None if there are groups, which say it themselves."""
        if self.rows:
            return None
        return (
            f"robot-hours: nobody saw a robot run anything there then, so nothing is on record to compare {len(self.apart)} "
            "incidents with; report what robots run, from when to when"
        )


def explain(
    selection: Selection,
    happened: Sequence[OccurrenceFactsRow],
    told: RobotHistory,
    upstream: Upstream,
    named: Mapping[str, str],
) -> IncidentExplanation:
    """Explains the incidents of a selection by the exposure of its place."""
    covered = selection.covered(told)
    counted, apart = _placed((i for i in happened if selection.takes(i)), _Scene(covered, told.profiles))
    found = episodes(counted)
    tested = [e for e in found if selection.raised not in e.incidents]
    made = cells(covered, told.profiles, tested, {milliseconds(at) for at in named.values()})
    unplaced = [id for episode in made.unplaced for id in episode.incidents]
    sources = {artifact: upstream.of(artifact) for artifact in made.names.get(ARTIFACT, ())}
    judgement = judge(made, sources)
    rows = tuple(_row(n, f, made, sources, upstream, named) for n, f in enumerate(judgement.findings))
    return IncidentExplanation(
        rows=rows,
        incidents=len(counted) - len(unplaced),
        episodes=len(tested) - len(made.unplaced),
        hours=round(float(made.hours.sum()), 2),
        unsure_hours=round(float(made.hours[made.unsure].sum()), 2),
        apart=tuple(sorted([*apart, *unplaced])),
        unseen=tuple(told.unseen) if selection.place is None else (),
        tests=judgement.tests,
        dispersion=judgement.dispersion.index,
        overdispersed=judgement.dispersion.over,
    )


def _placed(happened: Iterable[OccurrenceFactsRow], scene: _Scene) -> tuple[list[Occurrence], list[str]]:
    """Incidents as they count, each for one robot, and the ids of those that count for none."""
    counted, apart = [], []
    for incident in happened:
        at = milliseconds(incident.at)
        robots = sorted(p.id for p in incident.places if p.kind == "Robot")
        groups = [p.id for p in incident.places if p.kind != "Robot"]
        robot = robots[0] if len(robots) == 1 else None if robots else scene.the_same(at, groups)
        if robot is None:
            apart.append(incident.id)
        else:
            counted.append(Occurrence(incident.id, robot, incident.category, at))
    return counted, apart


class _Scene:
    """What ran where, to be looked up for incidents of fleets and sites. Columns are made when there is one."""

    def __init__(self, covered: Sequence[Stretch], profiles: Sequence[Profile]) -> None:
        self._covered, self._profiles = covered, profiles
        self._inside: dict[str, NDArray[np.bool_]] = {}

    @cached_property
    def _columns(self) -> tuple[Ints, Ints, Ints]:
        rows = [(s.begin, s.end, s.profile) for s in self._covered]
        begin, end, profile = np.array(rows, dtype=np.int64).reshape(-1, 3).T
        return begin, end, profile

    def _within(self, group: str) -> NDArray[np.bool_]:
        """Which stretches are of robots of a fleet or site."""
        if group not in self._inside:
            inside = np.array([Selection(place=group).surrounds(p) for p in self._profiles], dtype=np.bool_)
            self._inside[group] = inside[self._columns[2]]
        return self._inside[group]

    def the_same(self, at: int, groups: Sequence[str]) -> str | None:
        """The first robot of some fleets or sites, if all of their robots ran the same artifact with the same software."""
        if not groups or not self._covered:
            return None
        begin, end, profile = self._columns
        there = (begin <= at) & (at < end) & np.logical_or.reduce([self._within(group) for group in groups])
        ran = (self._profiles[place] for place in np.unique(profile[there]))
        same = {(values.get(ARTIFACT), values.get(SOFTWARE)) for values in ran}
        return min(self._covered[n].robot for n in np.flatnonzero(there).tolist()) if len(same) == 1 else None


def _row(
    rank: int,
    finding: GroupFinding,
    made: Cells,
    sources: Mapping[str, list[tuple[str, str]]],
    upstream: Upstream,
    named: Mapping[str, str],
) -> dict[str, Any]:
    first = finding.group.suspects[0]
    mine, rest = finding.comparable
    since = min((named[s.value] for s in finding.group.suspects if s.value in named), default=None)
    contrast = since_named(made, sources, first, milliseconds(since)) if since else None
    return {
        "rank": rank + 1,
        "standing": finding.standing.value,
        "names": [{"dimension": s.dimension, "value": s.value} for s in finding.group.suspects],
        "incidentsWith": finding.with_it.incidents,
        "hoursWith": round(finding.with_it.hours, 2),
        "incidentsWithout": finding.without.incidents,
        "hoursWithout": round(finding.without.hours, 2),
        "comparableIncidentsWith": mine.incidents,
        "comparableHoursWith": round(mine.hours, 2),
        "comparableIncidentsWithout": rest.incidents,
        "comparableHoursWithout": round(rest.hours, 2),
        "strata": len(finding.strata.hours),
        "crude": list(finding.crude),
        "p": finding.p,
        "adjustedP": finding.adjusted,
        **_ratio(finding.ratio),
        "logLikelihoodRatio": round(finding.likelihood, 6),
        "confoundedWith": [{"dimension": s.dimension, "value": s.value} for s in finding.confounded_with],
        "needed": finding.needed,
        "path": _path(first, finding, made, upstream),
        "robots": finding.robots,
        "robotsWithIncidents": list(finding.robots_with_incidents),
        "unsureHours": round(finding.unsure_hours, 2),
        "namedSince": since,
        "sinceNamed": contrast and _contrast(contrast),
    }


def _ratio(ratio: RateRatio | None) -> dict[str, Any]:
    if ratio is None:
        return {"rateRatio": None, "low": None, "high": None, "interval": None}
    return {"rateRatio": ratio.estimate, "low": ratio.low, "high": ratio.high, "interval": ratio.method.value}


def _contrast(contrast: Contrast) -> dict[str, Any]:
    return {
        "incidentsWith": contrast.with_it.incidents,
        "hoursWith": round(contrast.with_it.hours, 2),
        "incidentsWithout": contrast.without.incidents,
        "hoursWithout": round(contrast.without.hours, 2),
        "p": contrast.p,
        **_ratio(contrast.ratio),
    }


def _path(first: Suspect, finding: GroupFinding, made: Cells, upstream: Upstream) -> list[str]:
    """The ids from an artifact that had the suspect, and the most hours among those, to what the suspect is."""
    nodes = [s for s in finding.group.suspects if s.upstream]
    if not nodes or ARTIFACT not in made.names:
        return []
    hours = np.bincount(made.values[ARTIFACT], made.hours, len(made.names[ARTIFACT]))
    for place in np.argsort(-hours, kind="stable"):
        if path := upstream.path(made.names[ARTIFACT][place], nodes[0].dimension, nodes[0].value):
            return path
    return []
