"""What the parts of a policy have in common: a strict model, the values that a document may hold, and its mistakes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict
from pydantic.alias_generators import to_camel

from forebear.graph.complaint import meant, wrong_kind
from forebear.graph.ids import Ids
from forebear.graph.kinds import GRAPH
from forebear.graph.moments import parse as parse_moment

_IDS = Ids(GRAPH)


@dataclass(frozen=True)
class Mistake:
    """One mistake in a policy: the path of the field, empty for the document itself, what is wrong, and the text's line."""

    path: str
    message: str
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class InvalidPolicy(ValueError):
    """A document that is no policy, with every mistake."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("; ".join(map(str, self.mistakes)))


def _id_of(kind: str) -> BeforeValidator:
    def check(value: Any) -> Any:
        if not isinstance(value, str):
            raise ValueError("an id is a text")
        kind_of_id = _IDS.kind(value)
        if kind_of_id != kind:
            raise ValueError(wrong_kind(value, kind_of_id, [kind]))
        return value

    return BeforeValidator(check)


def _moment(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("a moment is a text, such as 2026-11-23T14:52:06Z")
    return parse_moment(value)


Text = Annotated[str, Field(min_length=1)]
Number = Annotated[float, Strict()]
PackId = Annotated[str, _id_of("EvaluationPack")]
TargetId = Annotated[str, _id_of("HardwareTarget")]
Moment = Annotated[str, BeforeValidator(_moment)]


class Clause(BaseModel):
    """A part of a policy: its names are in camel case, and unknown ones are refused."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        validate_by_alias=True,
        validate_by_name=False,
    )


def number(value: float, unit: str | None = None) -> str:
    """Return a number as people write it, with its unit."""
    return repr(float(value)).removesuffix(".0") + (f" {unit}" if unit else "")


def percent(share: float) -> str:
    """A share, such as a confidence, in per cent."""
    return f"{100 * share:.6g} %"


def suggestion(name: str, candidates: Iterable[str]) -> str:
    """Return the end of a sentence about an unknown name: the name that was probably meant, or all names."""
    names = list(candidates)
    return meant(name, names) or (f"; known: {', '.join(names)}" if names else "")
