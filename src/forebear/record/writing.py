"""One transaction of facts: its moment, its statements, its refusals and its changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from forebear.graph import complaint, values
from forebear.graph.declaration import Edge, Graph, Kind, Property
from forebear.graph.kinds.training import RunStatus
from forebear.graph.moments import moment
from forebear.graph.query.dialect import Engine, anchored
from forebear.graph.rows import EdgeRow
from forebear.graph.statements import upsert
from forebear.record.identity import Own, identified, listed
from forebear.record.summary import Origin, Summary
from forebear.store import WriteTransaction
from forebear.verbs.permissions import reads

T = TypeVar("T")

MAX_ROWS = 2_000
"""How many rows one statement has at most. More are no faster on either engine."""


class Writing:
    """The writing of one transaction. First it takes its moment."""

    def __init__(self, transaction: WriteTransaction, engine: Engine, origin: Origin, graph: Graph) -> None:
        self.transaction = transaction
        self.graph = graph
        self.reads = reads(origin.actor)
        self._engine = engine
        self.now = moment(datetime.now(UTC))
        self.stamp = {
            "now": self.now,
            "by": origin.recorder,
            "from": origin.source,
            "stamp": {"recordedAt": self.now, "recordedBy": origin.recorder, "source": origin.source},
        }
        self.summary = Summary()
        self.changes: list[dict[str, Any]] = []
        """The changes and retractions of what was on record. The batch's digest covers what is new."""
        self.refused: dict[int, list[str]] = {}
        self.revised: set[str] = set()
        """The nodes that a fact has changed."""

    def batch(self, rows: Sequence[Mapping[str, Any]], reason: str | None = None) -> dict[str, Any]:
        """Return rows as the parameters of a statement that writes them."""
        return {"batch": {"rows": rows, "reason": reason, **self.stamp}}

    async def run(self, text: str, rows: Sequence[Mapping[str, Any]], reason: str | None = None) -> list[dict[str, Any]]:
        """Run a statement for some rows, and return its rows."""
        return await self.transaction.run(anchored(text, self._engine), self.batch(rows, reason))

    async def run_each(self, statements: Iterable[tuple[str, Sequence[Mapping[str, Any]]]]) -> list[dict[str, Any]]:
        """Send statements of one row one behind the other, and return their rows."""
        anchored_statements = ((anchored(text, self._engine), self.batch(rows)) for text, rows in statements)
        return [answer for (answer,) in await self.transaction.run_each(anchored_statements)]

    def changed(
        self,
        of: str | EdgeRow,
        before: Mapping[str, Any],
        after: Mapping[str, Any] | None,
        names: Iterable[str],
        reason: str | None,
    ) -> None:
        """Note which properties of a node or an edge change. `after` is None if it is retracted."""
        change: dict[str, Any] = {"of": of} if isinstance(of, str) else identified(of)
        differing = [name for name in names if after is None or before.get(name) != after.get(name)]
        change["before"] = {name: before.get(name) for name in differing}
        change["after"] = None if after is None else {name: after.get(name) for name in differing}
        self.changes.append(change | ({"reason": reason} if reason else {}))
        if after is None or reason or (before.get("status") == RunStatus.SUCCEEDED and "status" in differing):
            self.summary.amended |= {change["of"]} | ({change["to"]} if "to" in change else set())

    def shown(self, stored: object) -> str:
        """Return a stored value for a refusal, or a general phrase if the actor may not read."""
        return complaint.shown(stored) if self.reads else "another value"

    def backwards(self, properties: Iterable[Property], stored: Mapping[str, Any]) -> Iterator[str]:
        """Return the intervals that would end before they begin. Only those who may read see stored ends."""
        for reason in values.backwards(properties, stored):
            name, _, _ = reason.partition(":")
            yield reason if self.reads else f"{name}: it would lie before the beginning"

    def told(self, edge: Edge, those: Iterable[Own]) -> str:
        """Return a list of the edges for a refusal, if the actor may read."""
        return f", {listed(edge, those)}" if self.reads else ""

    def refuse(self, position: int, reason: str) -> None:
        """Refuse the fact at a position."""
        self.refused.setdefault(position, []).append(reason)

    async def revise(self, kind: Kind, rows: Sequence[Mapping[str, Any]], reason: str | None = None) -> None:
        """Revise nodes of a kind: rows `{id, changes, changed}`."""
        if rows:
            await self.run(upsert.revise(kind), rows, reason)
            self.summary.revised += len(rows)


def in_pieces(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut rows into pieces, one for each statement."""
    return (rows[i : i + MAX_ROWS] for i in range(0, len(rows), MAX_ROWS))
