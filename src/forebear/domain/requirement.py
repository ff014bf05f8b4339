"""What a policy asks to be measured: values that a version must reach, and values that must not be worse than before."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, Strict, StrictBool, model_validator

from forebear.domain.clause import Clause, InvalidPolicy, Mistake, Number, PackId, TargetId, Text, number, percent
from forebear.graph.kinds.release import Direction, EvidenceType


class MeasurementRule(Clause):
    """The measurement that a rule asks for: a metric of a pack, and what to measure it on."""

    pack: PackId = Field(description="The evaluation pack with its version, as an id.")
    metric: Text = Field(description="The metric, as the pack calls it.")
    slice: Text | None = Field(default=None, description="The slice of the pack. Without it, the whole pack.")
    type: EvidenceType | None = Field(
        default=None,
        description=f"The type of evidence that counts, of {', '.join(EvidenceType)}. Without it, any type counts.",
    )
    target: TargetId | None = Field(
        default=None,
        description="The hardware target on which it must be measured, on an artifact built for it. Without it, a measurement "
        "of the version itself counts, and so does one on an artifact for the line's own target.",
    )
    on_target: StrictBool = Field(
        default=False, description="Whether it must be measured on an artifact built for the line's own hardware target."
    )
    minimum_trials: Annotated[int, Strict(), Field(ge=1)] | None = Field(
        default=None,
        description="The least number of trials, of all measurements that count together; for a RATE, the least exposure. "
        "Without it, any number.",
    )
    confidence: Annotated[float, Strict(), Field(gt=0.5, lt=1)] | None = Field(
        default=None,
        description="The confidence, such as 0.95, with which it must be reached: the one-sided bound counts, of all "
        "measurements that count together. Without it, the value of the newest.",
    )

    @property
    def key(self) -> tuple[object, ...]:
        """The values that tell this measurement from another."""
        return (self.pack, self.metric, self.slice, self.type, self.target, self.on_target)

    @property
    def what(self) -> str:
        """The metric and its slice, as part of a sentence."""
        return self.metric + (f" on {self.slice}" if self.slice else "")

    @property
    def surely(self) -> str:
        """What it asks of trials, as the end of a sentence about the value."""
        surely = f" with {percent(self.confidence)} confidence" if self.confidence else ""
        return surely + (f", of at least {self.minimum_trials} trials" if self.minimum_trials else "")

    def where(self, line_target: str | None = None) -> str:
        """Return the pack, the type and the target of the measurement, in brackets."""
        on = self.target or ((line_target or "the line's target") if self.on_target else None)
        return f"({', '.join(part for part in (self.pack, self.type, on and f'on {on}') if part)})"

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if self.target and self.on_target:
            raise InvalidPolicy([Mistake("target", "onTarget already asks for the line's own target: give one of the two")])
        return self


class Requirement(MeasurementRule):
    """A value that a version must reach: exactly one of minimum and maximum, in the pack's unit."""

    minimum: Number | None = Field(default=None, description="The least value that suffices, in the pack's unit.")
    maximum: Number | None = Field(default=None, description="The greatest value that suffices, in the pack's unit.")
    maximum_age: Annotated[int, Strict(), Field(ge=1, le=36_500)] | None = Field(
        default=None, description="The greatest age of the measurement, in days. Without it, any age."
    )

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if (self.minimum is None) == (self.maximum is None):
            mistake = "both are given" if self.minimum is not None else "neither is given"
            raise InvalidPolicy([Mistake("minimum", f"give exactly one of minimum and maximum; {mistake}")])
        return self

    @property
    def threshold(self) -> float:
        """The value to reach."""
        threshold = self.minimum if self.minimum is not None else self.maximum
        assert threshold is not None
        return threshold

    @property
    def direction(self) -> Direction:
        """Whether the threshold is a minimum or a maximum."""
        return Direction.HIGHER_IS_BETTER if self.minimum is not None else Direction.LOWER_IS_BETTER

    def bound(self, unit: str | None = None) -> str:
        """The value to reach, as part of a sentence."""
        return f"at {'least' if self.minimum is not None else 'most'} {number(self.threshold, unit)}"

    def in_words(self, unit: str | None = None, line_target: str | None = None) -> str:
        """The requirement in words."""
        age = "" if self.maximum_age is None else f", at most {self.maximum_age} days old"
        return f"{self.what} {self.bound(unit)}{self.surely} {self.where(line_target)}{age}"


class NoRegression(MeasurementRule):
    """A value that must not be worse than that of the deployed version by more than a margin."""

    margin: Annotated[float, Strict(), Field(ge=0)] = Field(
        default=0.0, description="How much worse it may be, in the pack's unit."
    )

    def in_words(self, unit: str | None = None, line_target: str | None = None) -> str:
        """The requirement in words."""
        margin = f" by more than {number(self.margin, unit)}" if self.margin else ""
        return f"{self.what} not worse than deployed{margin}{self.surely} {self.where(line_target)}"
