"""Reading the facts of decisions: the statements, their parameters, and the order of their locks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any

from forebear.graph.query.dialect import InvalidStatement
from forebear.store.statements import FactsStatement
from forebear.verbs.verb import Action, DecisionFacts, Rows


class FactsReader:
    """The facts statements of one engine, by name."""

    def __init__(self, statements: Mapping[str, FactsStatement]) -> None:
        self.by_name = statements

    def statements(self, facts: type[DecisionFacts]) -> list[FactsStatement]:
        """Return the statements of a decision's facts, in order."""
        return [self.by_name[name] for name in facts.statements()]

    async def rows(
        self,
        facts: type[DecisionFacts],
        now: str,
        input: Mapping[str, object],
        more: Mapping[str, object],
        read: Callable[[str, dict[str, object]], Awaitable[Rows]],
        *,
        locked: bool = False,
    ) -> dict[str, Rows]:
        """Read the facts of a decision, one statement after the other, and return the rows of each. A question takes no locks.

        What follows from the rows of one is a parameter of those after it (`DecisionFacts.follows`). If the input has a moment
        `asKnownAt`, the facts are as they were known then.
        """
        values = self._values(facts, now, input, more)
        known = input.get("asKnownAt")
        found: dict[str, Rows] = {}
        for statement in self.statements(facts):
            values |= await asyncio.to_thread(facts.follows, input, found)
            parameters = statement.bound(values)
            text = statement.text if locked else statement.unlocked if known is None else statement.as_known
            found[statement.name] = await read(text, parameters if known is None else statement.known(parameters, str(known)))
        return found

    def bound(
        self, facts: type[DecisionFacts], now: str, input: Mapping[str, object], more: Mapping[str, object]
    ) -> list[tuple[FactsStatement, dict[str, object]]]:
        """Return the statements of a decision with their parameters: the input by its own names, and `more`.

        Raises `InvalidStatement` if no statement has a parameter that `more` gives.
        """
        values = self._values(facts, now, input, more)
        return [(statement, statement.bound(values)) for statement in self.statements(facts)]

    def _values(
        self, facts: type[DecisionFacts], now: str, input: Mapping[str, object], more: Mapping[str, object]
    ) -> dict[str, object]:
        if unknown := more.keys() - {p.name for statement in self.statements(facts) for p in statement.parameters}:
            raise InvalidStatement(f"{facts.__name__}: none of its statements has a parameter ${min(unknown)}")
        return {"now": now, **input, **more}

    def check(self, action: Action, order: Sequence[str]) -> None:
        """Raise `InvalidStatement` if an action's facts are missing, answer no chains or break the one order of locks."""
        if missing := [name for name in action.facts if name not in self.by_name]:
            raise InvalidStatement(f"{action.name} reads {missing[0]}: there is no cypher/actions/{missing[0]}_facts.cypher")
        if not any("AS chains" in statement.text for statement in self.statements(action.reads)):
            raise InvalidStatement(
                f"{action.name}: none of its facts answers `chains([ids]) AS chains`, the chains that it continues"
            )
        locks = [kind for statement in self.statements(action.reads) for kind in statement.locks]
        if locks != sorted(locks, key=lambda kind: order.index(kind) if kind in order else -1):
            raise InvalidStatement(f"{action.name} locks {', '.join(locks)}; the order of locks is {', '.join(order)}")


def listed(value: Any) -> Sequence[Any]:
    """Return a value, several or none, as a list."""
    return value if isinstance(value, list) else [] if value is None else [value]


def recorded(facts: Any) -> Iterator[str]:
    """Return the moments at which the facts were recorded, as far as the rows have them."""
    open = [facts]
    while open:
        value = open.pop()
        if isinstance(value, dict):
            if isinstance(at := value.get("recordedAt"), str):
                yield at
            value = value.values()
        open += [v for v in value if isinstance(v, (dict, list))]


def revision_of(facts: Mapping[str, Rows], subject: str) -> int | None:
    """Return the revision of the subject in the facts."""
    nodes = (node for rows in facts.values() for row in rows for value in row.values() for node in listed(value))
    revisions = (n["revision"] for n in nodes if isinstance(n, dict) and n.get("id") == subject and "revision" in n)
    return next(revisions, None)
