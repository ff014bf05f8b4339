"""The verb about maintenance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from forebear.domain.maintenance import MaintainedFactsRow, MaintenanceWork, done
from forebear.domain.outcome import Effect, Reason, Ruling
from forebear.graph.declaration import PROSE, prop
from forebear.verbs.incident import REPORTERS
from forebear.verbs.report import NameOwners, Report, asked_of, cannot_be
from forebear.verbs.verb import DecisionFacts, Verb


@dataclass(frozen=True)
class MaintenanceFacts(DecisionFacts):
    """The names in the reports, which are locked and not read, and the stored maintenance."""

    held: list[dict[str, Any]]
    maintained: MaintainedFactsRow


class MaintenanceReport(Report):
    """What somebody reports of maintenance."""


def _work(report: Mapping[str, Any]) -> MaintenanceWork:
    return MaintenanceWork(
        tuple(report["at"]),
        report["since"],
        report.get("until"),
        report.get("category"),
        report.get("description"),
        tuple(report.get("externalIds") or ()),
    )


class ReportMaintenance(Verb[MaintenanceFacts], roles=REPORTERS):
    """Reports maintenance of robots, fleets or sites, one or many. Forebear never refuses a report for what it names: a place
    that nobody knows becomes a placeholder, and the answer lists it as `undescribed`. Reports may come late, twice and out of
    order. Of maintenance that is reported several times, the interval is the one that all reports lie in."""

    reports: list[MaintenanceReport] = prop("The maintenance.")
    reason: str | None = prop("A reason, or any remark. It is kept in the audit trail.", default=None, length=PROSE)

    @property
    def _documents(self) -> list[Mapping[str, Any]]:
        return self.reports  # type: ignore[return-value]

    def asks(self) -> dict[str, Any]:
        """The maintenance by its ids and names, and what the reports name."""
        ids = {_work(report).id for report in self._documents}
        return asked_of(ids, self._documents)

    def decide(self, facts: MaintenanceFacts) -> Ruling:
        """Take the reports, if the actor may write to the lines of what is known already."""
        if not self.reports:
            return Ruling("", reasons=(Reason("INVALID_INPUT", "reports: is empty", "report something at least"),))
        works = [*map(_work, self._documents)]
        if reasons := tuple(cannot_be(MaintenanceReport.members, self._documents, facts.now)):
            return Ruling(works[0].id, reasons=reasons)
        stored = {row.id: row for row in facts.maintained.known}
        whose = NameOwners.of(facts.maintained.known, facts.maintained.named)
        of: dict[str, list[MaintenanceWork]] = defaultdict(list)
        for work in works:
            of[whose.node(work.id, work.external_ids)].append(work)
        changes: dict[str, list[Effect]] = {id: [*done(id, stored.get(id), each)] for id, each in of.items()}
        subject = next(iter(of))
        lines = {line for id, effects in changes.items() if effects and id in stored for line in stored[id].lines}
        if reason := self.refusal(facts.actor, lines):
            return Ruling(subject, reasons=(reason,))
        undescribed = sorted({place for work in works for place in work.at} - {*facts.maintained.described})
        return Ruling(subject, tuple(e for effects in changes.values() for e in effects), undescribed=tuple(undescribed))
