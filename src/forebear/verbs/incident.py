"""The verbs about incidents: what went wrong, how bad it is, and whether it is over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from forebear.domain.incident import IncidentInterval, IncidentTelling, ReportedFactsRow, id_of, told
from forebear.domain.outcome import Effect, Reason, Ruling
from forebear.graph.declaration import PROSE, prop
from forebear.graph.kinds.incident import IncidentState, Quantity, Severity
from forebear.graph.moments import latest, moment
from forebear.graph.values import IN_FUTURE
from forebear.verbs.report import NameOwners, Report, asked_of, cannot_be
from forebear.verbs.verb import DecisionFacts, Verb

INCIDENT = ("Incident",)
REPORTERS = "RECORDER ENGINEER OPERATOR"
"""The roles that may report what happened: those that may record facts of it."""


@dataclass(frozen=True)
class IncidentFacts(DecisionFacts):
    """The names in the reports, which are locked and not read, and the stored incidents."""

    held: list[dict[str, Any]]
    reported: ReportedFactsRow


class IncidentReport(Report):
    """What somebody reports of an incident."""

    as_of: datetime | None = prop(
        "The moment from which the report holds. By default it is `since`. After the incident was resolved, only a report of a "
        "later moment opens it again.",
        default=None,
        after="since",
    )
    severity: Severity | None = prop("How bad it is.", default=None)
    measured: list[Quantity] | None = prop("What was measured.", default=None)
    logs: list[str] | None = prop("Links to logs.", default=None)
    artifacts: list[str] | None = prop(
        "The artifacts that ran there, as far as the reporter knows.", default=None, names=("Artifact",)
    )


def _telling(report: Mapping[str, Any]) -> IncidentTelling:
    """Return a report as a telling."""
    as_of = report.get("asOf") or report["since"]
    return IncidentTelling(
        as_of,
        IncidentState.OPEN.value,
        report.get("severity"),
        report.get("category"),
        IncidentInterval(as_of, report["since"], report.get("until")),
        description=report.get("description"),
        measured=tuple(report.get("measured") or ()),
        logs=tuple(report.get("logs") or ()),
        external_ids=tuple(report.get("externalIds") or ()),
        at=tuple(report["at"]),
        artifacts=tuple(report.get("artifacts") or ()),
    )


class IncidentVerb(Verb[IncidentFacts]):
    """A verb about incidents."""

    def told(self, facts: IncidentFacts, tellings: Iterable[tuple[str, IncidentTelling]]) -> Ruling:
        """Return the ruling on tellings, each with its incident, if the actor may write to the lines there."""
        reported = facts.reported
        stored = {row.id: row for row in reported.known}
        whose = NameOwners.of(reported.known, reported.named)
        of: dict[str, list[IncidentTelling]] = defaultdict(list)
        for id, telling in tellings:
            of[whose.node(id, telling.external_ids)].append(telling)
        effects: list[Effect] = []
        lines: set[str] = set()
        for id, each in of.items():
            changes = [*told(id, stored.get(id), each)]
            effects += changes
            lines |= {*stored[id].lines} if changes and id in stored else set()
        subject = next(iter(of))
        if reason := self.refusal(facts.actor, lines):
            return Ruling(subject, reasons=(reason,))
        named = {id for each in of.values() for t in each for id in (*t.at, *t.artifacts, *t.duplicate_of)}
        named |= {id for id, each in of.items() if all(t.interval is None for t in each)}
        there = {*reported.described, *(row.id for row in reported.known if row.described)}
        return Ruling(subject, tuple(effects), undescribed=tuple(sorted(named - there)))


class ReportIncident(IncidentVerb, roles=REPORTERS):
    """Reports incidents, one or many. Forebear never refuses a report for what it names: a place or an artifact that nobody
    knows becomes a placeholder, and the answer lists it as `undescribed`. Reports may come late, twice and out of order. A
    report with the name of an incident is about that incident. Without a name, a report of the same category, place and
    moment is the same report."""

    reports: list[IncidentReport] = prop("The incidents.")
    reason: str | None = prop("A reason, or any remark. It is kept in the audit trail.", default=None, length=PROSE)

    def asks(self) -> dict[str, Any]:
        """The incidents by their ids and names, and what the reports name."""
        ids = {id_of(_telling(report)) for report in self._documents}
        return asked_of(ids, self._documents)

    @property
    def _documents(self) -> list[Mapping[str, Any]]:
        return self.reports  # type: ignore[return-value]

    def decide(self, facts: IncidentFacts) -> Ruling:
        """Take the reports: what they tell has happened."""
        if not self.reports:
            return Ruling("", reasons=(Reason("INVALID_INPUT", "reports: is empty", "report an incident at least"),))
        tellings = [(id_of(telling), telling) for telling in map(_telling, self._documents)]
        if reasons := tuple(cannot_be(IncidentReport.members, self._documents, facts.now)):
            return Ruling(tellings[0][0], reasons=reasons)
        return self.told(facts, tellings)


class IncidentChange(IncidentVerb):
    """A verb that tells more about incidents."""

    incidents: list[str] = prop("The incidents, one or many.", names=INCIDENT)
    reason: str | None = prop("A reason, or any remark. It is kept in the audit trail.", default=None, length=PROSE)
    as_of: datetime | None = prop("The moment from which it holds. By default it is now.", default=None)

    def asks(self) -> dict[str, Any]:
        """The incidents by their ids."""
        return asked_of({*self.incidents, *self.others})

    @property
    def others(self) -> tuple[str, ...]:
        """The other incidents that it names."""
        return ()

    def telling(self, as_of: str, *, now: bool) -> IncidentTelling:
        """Return what it tells of each incident."""
        raise NotImplementedError

    def decide(self, facts: IncidentFacts) -> Ruling:
        """Keep what it tells, if the actor may write to the lines that the incidents happened in."""
        if not self.incidents:
            return Ruling("", reasons=(Reason("INVALID_INPUT", "incidents: is empty", "name an incident at least"),))
        as_of = moment(self.as_of) if self.as_of is not None else None
        if as_of is not None and as_of > latest(facts.now):
            message = f"asOf: {as_of} is yet to come"
            reason = Reason(IN_FUTURE, message, "report it when it has happened, or set the clock right")
            return Ruling(self.incidents[0], reasons=(reason,))
        telling = self.telling(as_of or facts.now, now=as_of is None)
        return self.told(facts, [(id, telling) for id in self.incidents])


class EscalateIncident(IncidentChange, roles=REPORTERS):
    """Changes how bad incidents are, from a moment on. An incident that nobody has reported yet becomes known."""

    severity: Severity = prop("How bad they are.")

    def telling(self, as_of: str, *, now: bool) -> IncidentTelling:
        """The severity."""
        return IncidentTelling(as_of, severity=self.severity.value, now=now)


class ResolveIncident(IncidentChange, roles=REPORTERS):
    """Says since when incidents are over. An incident that nobody has reported yet becomes known."""

    def telling(self, as_of: str, *, now: bool) -> IncidentTelling:
        """That they are resolved."""
        return IncidentTelling(as_of, IncidentState.RESOLVED.value, now=now)


class ReopenIncident(IncidentChange, roles=REPORTERS):
    """Says since when incidents are open again. An incident that nobody has reported yet becomes known."""

    def telling(self, as_of: str, *, now: bool) -> IncidentTelling:
        """That they are open."""
        return IncidentTelling(as_of, IncidentState.OPEN.value, now=now)


class DismissIncident(IncidentChange, roles=REPORTERS):
    """Says that incidents were a false alarm, or duplicates of another incident. Only a report of a later moment, or
    `reopenIncident`, opens them again."""

    duplicate_of: str | None = prop(
        "The incident that they are duplicates of. Leave it out for a false alarm.", default=None, names=INCIDENT
    )

    @property
    def others(self) -> tuple[str, ...]:
        """The incident that they are duplicates of."""
        return () if self.duplicate_of is None else (self.duplicate_of,)

    def telling(self, as_of: str, *, now: bool) -> IncidentTelling:
        """That they are no incidents of their own."""
        if self.duplicate_of is None:
            return IncidentTelling(as_of, IncidentState.FALSE_ALARM.value, now=now)
        return IncidentTelling(as_of, IncidentState.DUPLICATE.value, now=now, duplicate_of=(self.duplicate_of,))

    def decide(self, facts: IncidentFacts) -> Ruling:
        """Dismiss them, unless one would be a duplicate of itself."""
        if self.duplicate_of in self.incidents:
            message = f"duplicateOf: {self.duplicate_of} cannot be a duplicate of itself"
            return Ruling(self.duplicate_of or "", reasons=(Reason("INVALID_INPUT", message, "name the other incident"),))
        return super().decide(facts)
