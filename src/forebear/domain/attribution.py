"""Attributions: what somebody concludes about incidents, and which earlier conclusions it supersedes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from forebear.domain.outcome import Describe, Reason, Ruling
from forebear.domain.reference import unknown
from forebear.domain.restatement import restated
from forebear.domain.standing import Row
from forebear.graph.rows import NodeRow

SAID = ("method", "confidence", "actor", "findings", "description")
"""The properties of an attribution that say what is concluded."""


class StoredAttributionRow(Row, frozen=True):
    """A stored attribution. Of the incidents' attributions it is one that no other supersedes."""

    id: str
    method: str | None = None
    confidence: float | None = None
    actor: str | None = None
    findings: str | None = None
    description: str | None = None
    explains: tuple[str, ...] = ()
    suspects: tuple[str, ...] = ()


class ExplainedFactsRow(Row, frozen=True):
    """The row of `cypher/actions/explained_facts.cypher`. `described` and `suspects` are the ids that somebody described."""

    described: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    attributions: tuple[StoredAttributionRow, ...] = ()
    suspects: tuple[str, ...] = ()


@dataclass(frozen=True)
class Conclusion:
    """What somebody concludes about incidents. `id` is that of its attribution, if the request names one."""

    id: str | None
    incidents: Sequence[str]
    suspects: Sequence[str]
    findings: Sequence[Mapping[str, Any]]
    actor: str
    method: str | None = None
    confidence: float | None = None
    description: str | None = None

    @property
    def named(self) -> tuple[str, ...]:
        """The nodes that it suspects, by themselves and in its findings."""
        found = (finding["id"] for finding in self.findings if finding.get("id"))
        return tuple(dict.fromkeys((*self.suspects, *found)))

    def document(self, id: str) -> dict[str, Any]:
        """Return the fact of its attribution."""
        values: dict[str, Any] = {
            "kind": "Attribution",
            "id": id,
            "method": self.method,
            "confidence": self.confidence,
            "actor": self.actor,
            "findings": [*self.findings],
            "description": self.description,
            "explains": [*dict.fromkeys(self.incidents)],
            "suspects": [*self.named],
        }
        return {name: value for name, value in values.items() if value not in (None, [])}


def concluded(
    conclusion: Conclusion, explained: ExplainedFactsRow, new: str, described: Callable[[Mapping[str, Any]], NodeRow]
) -> Ruling:
    """Record a conclusion, in place of the current ones that explain none but its incidents.

    The same conclusion of the same actor again changes nothing. `new` is the id for an attribution that has none.
    """
    id = conclusion.id or new
    if reasons := tuple(_against(conclusion, explained)):
        return Ruling(id, reasons=reasons)
    stored = {row.id: row for row in explained.attributions}
    row = described(conclusion.document(id))
    if former := stored.get(id):
        again = restated(row, msgspec.to_builtins(former), "record another attribution, which supersedes this one")
        return Ruling(id, again.effects, again.reasons)
    if same := next((former for former in explained.attributions if _says(former) == _said(row)), None):
        return Ruling(same.id)
    superseded = [former.id for former in explained.attributions if {*former.explains} <= {*conclusion.incidents}]
    document = conclusion.document(id) | ({"supersedes": superseded} if superseded else {})
    return Ruling(id, (Describe(document),))


def _against(conclusion: Conclusion, explained: ExplainedFactsRow) -> Iterator[Reason]:
    if not conclusion.incidents:
        yield Reason("INVALID_INPUT", "incidents: is empty", "name an incident at least")
    for id in dict.fromkeys(conclusion.incidents):
        if id not in explained.described:
            yield unknown("incidents", id, "report it first (reportIncident)")
    for id in conclusion.named:
        if id not in explained.suspects:
            field = "suspects" if id in conclusion.suspects else "findings"
            yield unknown(field, id, "record what it is first, or leave its id out")
    for n, finding in enumerate(conclusion.findings):
        low, high = finding.get("low"), finding.get("high")
        if low is not None and high is not None and low > high:
            yield Reason("INVALID_INPUT", f"findings.{n}.high: is below low", "give the upper bound of the interval as high")


def _says(stored: StoredAttributionRow) -> tuple[Any, ...]:
    values = (getattr(stored, name) for name in SAID)
    return (*values, sorted(stored.explains), sorted(stored.suspects))


def _said(row: NodeRow) -> tuple[Any, ...]:
    values = {**row.guaranteed, **row.updated}
    ends = (sorted(e.target for e in row.edges if e.edge.name == name) for name in ("explains", "suspects"))
    return (*(values.get(name) for name in SAID), *ends)
