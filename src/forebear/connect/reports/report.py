"""A report: what somebody measured, and from it the evidence to attach."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from forebear.connect.names import id_of
from forebear.graph.document import canonical
from forebear.graph.facts import Facts
from forebear.graph.kinds import GRAPH
from forebear.graph.kinds.release import Evidence
from forebear.graph.moments import moment
from forebear.graph.rows import InvalidFact

_FACTS = Facts(GRAPH)


class InvalidReport(ValueError):
    """A report that cannot be read. The message names the place in it, and no file."""


@dataclass(frozen=True)
class ReportedValue:
    """One value of one metric, for a slice or for the whole pack."""

    metric: str
    value: float
    slice: str | None = None
    unit: str | None = None
    trials: int | None = None
    spread: float | None = None

    def document(self) -> dict[str, Any]:
        """Return it as a measurement of evidence."""
        values = {
            "metric": self.metric,
            "slice": self.slice,
            "value": self.value,
            "unit": self.unit,
            "sampleSize": self.trials,
            "spread": self.spread,
        }
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True)
class EvaluationReport:
    """What a report says."""

    readings: Sequence[ReportedValue]
    measured_at: datetime | None = None
    """When it was measured. None if the report does not say."""
    left_out: Sequence[str] = ()
    """What it says besides that is no measurement, a sentence each."""

    def only(self, metrics: Collection[str]) -> EvaluationReport:
        """Return it with these metrics alone. Raises `InvalidReport` for one that it lacks."""
        reported = sorted({reading.metric for reading in self.readings})
        for metric in metrics:
            if metric not in reported:
                raise InvalidReport(f"it has no metric {metric!r}; it has {', '.join(reported) or 'none'}")
        return replace(self, readings=[reading for reading in self.readings if reading.metric in metrics])

    def whole(self) -> EvaluationReport:
        """Return it without slices."""
        return replace(self, readings=[reading for reading in self.readings if reading.slice is None])

    def evidence(
        self,
        *,
        about: str,
        pack: str,
        type: str,
        measured_at: datetime,
        digest: str | None = None,
        supersedes: str | None = None,
    ) -> Evidence:
        """Return it as evidence about a version or an artifact. Its id follows from all that it says, so it is the same again.

        Raises `InvalidReport` if nothing was measured, or if the evidence cannot be right, with every reason.
        """
        if not self.readings:
            raise InvalidReport("it has no measurement")
        values: dict[str, Any] = {
            "type": type,
            "measurements": [reading.document() for reading in self.readings],
            "measured_at": moment(measured_at),
            "about": [about],
            "measured_with": [pack],
        }
        values |= {"digest": digest} if digest else {}
        values |= {"supersedes": [supersedes]} if supersedes else {}
        said = sha256(canonical(values).encode()).hexdigest()
        evidence = Evidence(id_of(Evidence, f"report-{said[:24]}"), **values)
        try:
            # Only the shape is checked. A governed fact is read as if it were history, and no row of it is used.
            _FACTS.read(dict(evidence.items()), imported=True)
        except InvalidFact as error:
            raise InvalidReport("; ".join(error.reasons)) from None
        return evidence
