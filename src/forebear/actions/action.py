"""What an action is: its input, the facts that its decision rests on, and the decision."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

import msgspec

from forebear.domain.outcome import Reason, Verdict
from forebear.domain.roles import Actor
from forebear.graph.declaration import Value
from forebear.graph.rows import NodeRow

T = TypeVar("T")
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Given:
    """What a decision is taken from: the input (JSON values by name, only what was given) and the rows of facts statements."""

    input: Mapping[str, Any]
    facts: Mapping[str, Rows]
    actor: Actor
    now: str
    described: Callable[[Mapping[str, Any]], NodeRow]
    """A fact of the input, as rows: its values in the graph's form."""

    def new_ids(self, prefix: str, count: int) -> tuple[str, ...]:
        """New ids that sort by the moment they were made at, and among themselves by their place."""
        at = f"{datetime.fromisoformat(self.now):%Y%m%dT%H%M%S%f}"
        return tuple(f"{prefix}:{at}-{n:03}-{secrets.token_hex(4)}" for n in range(count))

    def rows(self, name: str, type: type[T]) -> list[T]:
        """The rows of a facts statement as what they are."""
        return [msgspec.convert(row, type) for row in self.facts[name]]


@dataclass(frozen=True)
class Action:
    """A verb: the same for GraphQL, the command line and governed facts.

    `input` declares what it takes, and its docstring says what it does. `facts` are statements in `cypher/actions`, read in
    their order, which is the order of their locks; `asks` makes their parameters of the input, by default those of the same
    names. `decide` is pure.
    """

    name: str
    input: type[Value]
    facts: tuple[str, ...]
    decide: Callable[[Given], Verdict]
    asks: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict

    @cached_property
    def doc(self) -> str:
        """What it does."""
        return " ".join((self.input.__doc__ or "").split())


class Undecidable(ValueError):
    """A question that cannot be decided as it is asked, with every reason."""

    def __init__(self, reasons: Iterable[Reason]) -> None:
        super().__init__("; ".join(f"{r.message}: {r.remedy}" for r in reasons))


@dataclass(frozen=True)
class Inquiry:
    """A question whose answer is a decision, and which writes nothing: the rows that `cypher/questions/<name>.cypher` takes.

    `facts` and `asks` are those of an action, read without their locks; `decide` is pure and answers rows: maps of scalars, of
    lists of scalars and of lists of maps. It may raise `Undecidable`.
    """

    name: str
    facts: tuple[str, ...]
    decide: Callable[[Given], Sequence[Mapping[str, Any]]]
    asks: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict
