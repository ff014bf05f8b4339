"""What a policy asks to be tested again: the incidents of the line, each in an evaluation pack that the candidate passes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field, Strict

from forebear.domain.clause import Number, Text, number
from forebear.domain.evidence import SampledIncident
from forebear.domain.incident_clause import IncidentClause
from forebear.graph.moments import moment


class Covers(IncidentClause):
    """Which incidents of the line have to be in an evaluation pack in which the candidate reaches a value."""

    days: Annotated[int, Strict(), Field(ge=1, le=36_500)] = Field(description="For how many days an incident counts.")
    metric: Text = Field(description="The metric of the packs.")
    minimum: Number = Field(description="The least value that suffices, in the pack's unit.")

    def asks_for(self, incident: SampledIncident, now: datetime) -> bool:
        """Return whether an incident has to be covered."""
        return self.counts(incident.severity) and moment(now - timedelta(days=self.days)) <= incident.began

    @property
    def reached(self) -> str:
        """What a candidate has to reach in a pack, as part of a sentence."""
        return f"{self.metric} is at least {number(self.minimum)}"

    @property
    def in_words(self) -> str:
        """What it asks for, in words."""
        return f"each incident{self.severe} of the last {self.days} days is in a pack in which {self.reached}"
