"""What a policy asks of a rollout: canaries, which run an artifact before a whole fleet does."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, Strict

from forebear.domain.clause import Clause, Number, number
from forebear.domain.incident_clause import IncidentClause
from forebear.domain.interval import Rate, garwood

CONFIDENCE = 0.95
"""The confidence of the rate that a canary bounds."""


class Canary(IncidentClause):
    """How many robots have to run an artifact, for how long and with how few incidents, before it reaches a whole fleet."""

    robots: Annotated[int, Strict(), Field(ge=1, le=10_000)] = Field(
        description="On how many robots of the line the artifact has to be observed. A cohort of at most so many robots is a "
        "canary: the artifact may be deployed there before that."
    )
    hours: Annotated[Number, Field(gt=0, le=87_600)] = Field(description="For how many hours on each of them.")
    maximum_incidents: Annotated[int, Strict(), Field(ge=0, le=10_000)] = Field(
        default=0, description="How many incidents may have happened while robots of the line ran the artifact."
    )

    @property
    def bound(self) -> float:
        """The rate of incidents per hour that such a canary bounds, with 95 % confidence: the exact one-sided Poisson bound.

        >>> round(1000 * Canary(robots=2, hours=72).bound, 1)
        20.8
        """
        return garwood(Rate(self.maximum_incidents, self.robots * self.hours), 1 - CONFIDENCE).high

    @property
    def exposure(self) -> str:
        """The robots and the hours, as part of a sentence."""
        return f"{_counted(self.robots, 'robot')} and {_counted(self.hours, 'hour')}"

    @property
    def allowed(self) -> str:
        """The incidents that it allows, as part of a sentence."""
        if self.maximum_incidents == 0:
            return f"without an incident{self.severe}"
        return f"with at most {_counted(self.maximum_incidents, 'incident')}{self.severe}"

    @property
    def in_words(self) -> str:
        """What it asks for, in words."""
        robots, each = _counted(self.robots, "robot"), " each" if self.robots > 1 else ""
        return f"before a fleet, a canary of {robots} for {_counted(self.hours, 'hour')}{each}, {self.allowed}"

    @property
    def in_numbers(self) -> str:
        """The rate that it bounds, in words: "2 robots and 72 hours without an incident bound it at 21 per 1,000 hours"."""
        rate = 1000 * self.bound
        rate = round(rate) if rate >= 10 else float(f"{rate:.2g}")
        return f"{self.exposure} {self.allowed} bound it at {number(rate)} per 1,000 hours"


class Rollout(Clause):
    """What has to be observed before a version reaches a whole fleet."""

    canary: Canary = Field(description="What a canary has to show.")


def _counted(count: float, what: str) -> str:
    return f"{number(count)} {what}{'' if count == 1 else 's'}"
