"""Canaries: what robots were observed to run of an artifact, held against what a line's policy asks for before a whole fleet.

Only observation counts, not intention: the hours for which robots of the line were seen to run the very artifact. An open
installation counts until somebody saw it last.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from forebear.domain.clause import InvalidPolicy, number
from forebear.domain.outcome import Reason
from forebear.domain.place import PlaceFactsRow
from forebear.domain.remedy import whoever
from forebear.domain.roles import Role
from forebear.domain.rollout import Canary
from forebear.domain.standing import PolicyRow, Row
from forebear.graph.kinds.incident import Severity

CANARY_MISSING = "CANARY_MISSING"
CANARY_INCIDENTS = "CANARY_INCIDENTS"

SHOWN = 5
"""How many robots or incidents a reason names."""


class ObservedInstallationRow(Row, frozen=True):
    """An installation of the artifact. `until`: its end or, while it is open, when it was seen last."""

    robot: str
    since: str
    until: str | None = None


class BelongedRow(Row, frozen=True):
    """How a robot belonged to a fleet that ran the line: the intervals that had to hold at once."""

    robot: str
    since: tuple[str, ...]
    until: tuple[str, ...] = ()


class ObservedIncidentRow(Row, frozen=True):
    """An incident that began on a robot while it ran the artifact or, without a robot, one that names the artifact."""

    id: str
    at: str
    severity: Severity | None = None
    robot: str | None = None


class CanaryFactsRow(Row, frozen=True):
    """A row of `cypher/actions/canary_facts.cypher`: an artifact, and a line whose policy asks for a canary."""

    artifact: str
    line: str
    policy: PolicyRow
    installations: tuple[ObservedInstallationRow, ...] = ()
    belonged: tuple[BelongedRow, ...] = ()
    incidents: tuple[ObservedIncidentRow, ...] = ()

    @property
    def canary(self) -> Canary | None:
        """What the policy asks for. None if it asks for no canary, or cannot be read."""
        try:
            rollout = self.policy.policy().rollout
        except InvalidPolicy:
            return None
        return rollout.canary if rollout else None


@dataclass(frozen=True)
class Observation:
    """What robots of a line were observed to run of an artifact, until now."""

    row: CanaryFactsRow
    now: str

    @cached_property
    def hours(self) -> Mapping[str, float]:
        """The hours that each robot of the line was observed to run it, those with the most first."""
        pieces: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for seen in self.row.installations:
            for since, until in self._spans.get(seen.robot, ()):
                pieces[seen.robot].append((max(since, seen.since), min(until, seen.until or seen.since, self.now)))
        hours = {robot: _union(each) / timedelta(hours=1) for robot, each in pieces.items()}
        return dict(sorted(hours.items(), key=lambda each: (-each[1], each[0])))

    @cached_property
    def _spans(self) -> Mapping[str, list[tuple[str, str]]]:
        """The intervals in which each robot belonged to the line."""
        spans: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for b in self.row.belonged:
            spans[b.robot].append((max(b.since), min(b.until, default=self.now)))
        return spans

    def incidents(self, canary: Canary) -> list[str]:
        """The incidents that count."""
        return sorted({i.id for i in self.row.incidents if canary.counts(i.severity) and self._counts(i)})

    def lacks(self, place: PlaceFactsRow, release: str) -> Iterator[Reason]:
        """Return what the artifact lacks before it may be deployed to a place: nothing if the place is a canary itself.

        `release` is the release that lets it run there.
        """
        row, canary = self.row, self.row.canary
        if canary is None or _is_canary(place, canary):
            return
        override = whoever("let it run without", "override", Role.ADMIN, release, expires_at="8h", reason="…")
        enough = [robot for robot, hours in self.hours.items() if hours >= canary.hours]
        if len(enough) < canary.robots:
            so_far = [f"{robot} for {number(round(hours, 1))} h" for robot, hours in self.hours.items()]
            yield Reason(
                CANARY_MISSING,
                f"{row.artifact} was observed for {number(canary.hours)} hours on {len(enough)} robots of {row.line}, and "
                f"{row.policy.id} asks for {canary.robots} before a fleet ({_shown(so_far) or 'no robot was seen to run it'})",
                f"deploy it to a cohort of at most {canary.robots} robots first (requestDeployment), and report what they run "
                f"(reportInstallation with seenAt); {override}",
            )
        if len(found := self.incidents(canary)) > canary.maximum_incidents:
            yield Reason(
                CANARY_INCIDENTS,
                f"{row.policy.id} asks for a canary {canary.allowed}, and {len(found)} happened while robots of {row.line} ran "
                f"{row.artifact}: {_shown(found)}",
                f"find out why, and build a version that mends it; dismiss what was no incident (dismissIncident); {override}",
            )

    def _counts(self, incident: ObservedIncidentRow) -> bool:
        spans = self._spans.get(incident.robot or "", ())
        return incident.robot is None or any(since <= incident.at < until for since, until in spans)


def _is_canary(place: PlaceFactsRow, canary: Canary) -> bool:
    """Return whether a place is a cohort of so few robots that it is a canary."""
    fleets = {fleet.id for fleet in place.fleets}
    return place.place is not None and place.place.id not in fleets and len(place.robots) <= canary.robots


def _shown(items: Sequence[str]) -> str:
    """Return the first of several items as part of a sentence, and how many more there are."""
    more = f" and {len(items) - SHOWN} more" if len(items) > SHOWN else ""
    return ", ".join(items[:SHOWN]) + more


def _union(pieces: Iterable[tuple[str, str]]) -> timedelta:
    """Return how long intervals last together: where several overlap, once."""
    total, reached = timedelta(), ""
    for since, until in sorted(pieces):
        since = max(since, reached)
        if until > since:
            total += datetime.fromisoformat(until) - datetime.fromisoformat(since)
            reached = until
    return total
