"""A part of a policy that counts incidents: those of which severity count."""

from __future__ import annotations

from pydantic import Field

from forebear.domain.clause import Clause
from forebear.graph.kinds.incident import Severity


class IncidentClause(Clause):
    """A part of a policy that counts incidents of a severity or worse."""

    severity: Severity | None = Field(
        default=None,
        description=f"The least severity of an incident that counts, of {', '.join(Severity)}. One of unknown severity always "
        "counts. Without it, every incident counts.",
    )

    def counts(self, severity: Severity | None) -> bool:
        """Return whether an incident of a severity counts. None: nobody said how bad it was."""
        return self.severity is None or severity is None or severity.rank >= self.severity.rank

    @property
    def severe(self) -> str:
        """The severity that counts, as it follows `incident` in a sentence."""
        or_worse = "" if self.severity is Severity.CRITICAL else " or worse"
        return f" of severity {self.severity}{or_worse}" if self.severity else ""
