"""The release lines that a batch of facts changes, for actors who may not write to all lines.

An actor with limited lines may add. It may not amend what belongs to another line: what leads to that line, and what something
in that line leads to. `docs/reference/roles.md` states the rule for users. A few statements check it before anything is
written, and other actors pay nothing for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from forebear.domain.roles import Actor
from forebear.graph.declaration import EdgeClass, Graph
from forebear.graph.ids import Ids
from forebear.graph.kinds.fleet import Fleet
from forebear.graph.kinds.release import ReleaseLine
from forebear.graph.query.dialect import Dialect, Engine
from forebear.graph.rows import Amendment, EdgeRow, NodeRow, Row
from forebear.graph.statements import reach
from forebear.verbs.permissions import refusal

LINES = next(e for e in Fleet.kind.edges if ReleaseLine.kind.name in e.targets)
"""The edge by which a fleet is in a line."""

CHANGES_LINES = "changeLines"
"""The verb for ending, replacing or retracting a line of a fleet."""

Rows = Sequence[Mapping[str, Any]]
Run = Callable[[str, Rows], Awaitable[list[dict[str, Any]]]]


@dataclass
class _Concerned:
    """The nodes that a fact changes, by their kinds and ids."""

    amended: set[tuple[str, str]] = field(default_factory=set)
    retracted: set[tuple[str, str]] = field(default_factory=set)
    joined: set[tuple[str, str]] = field(default_factory=set)
    """The nodes that it adds something to for a time, such as the fleet of a robot."""


class Lines:
    """Compares the rows of a batch with the lines of the actor who records them."""

    def __init__(self, graph: Graph, engine: Engine, run: Run, actor: Actor) -> None:
        self._graph = graph
        self._dialect = Dialect(graph, engine)
        self._ids = Ids(graph)
        self._run = run
        self._actor = actor

    async def refusals(self, rows: Iterable[tuple[int, Row]]) -> dict[int, list[str]]:
        """Return why the actor may not record some facts, by position. It reads the graph before the batch."""
        limited = self._actor.lines is not None
        if not limited and refusal(self._actor, CHANGES_LINES) is None:
            return {}
        facts = list(rows) if limited else [(p, row) for p, row in rows if row.kind.name == Fleet.kind.name]
        news = await self._news([(p, e) for p, row in facts if isinstance(row, NodeRow) for e in row.edges])
        reasons: dict[int, list[str]] = defaultdict(list)
        for position, lines in (await self._fleet_lines(facts, news)).items():
            if reason := refusal(self._actor, CHANGES_LINES, lines):
                reasons[position].append(f"{reason.message}; {reason.remedy}")
        if limited:
            for position, lines in (await self._touched(facts, news)).items():
                if position not in reasons and (reason := refusal(self._actor, "record", lines)):
                    reasons[position].append(f"{reason.message}; {reason.remedy}")
        return reasons

    # ── what changes ────────────────────────────────────────────────────────────────────────────────────

    async def _news(self, edges: Sequence[tuple[int, EdgeRow]]) -> list[tuple[int, EdgeRow, bool]]:
        """Return the edges that the graph does not have as the facts say, each with whether it has one with other values."""
        news: list[tuple[int, EdgeRow, bool]] = []
        ends: dict[tuple[str, str, str], list[tuple[int, EdgeRow]]] = defaultdict(list)
        for position, e in edges:
            ends[e.edge.source, e.edge.name, e.target_kind].append((position, e))
        for (_, _, target), rows in sorted(ends.items(), key=lambda item: item[0]):
            questions = [
                {"at": n, "source": e.source, "target": e.target, "properties": e.properties} for n, (_, e) in enumerate(rows)
            ]
            differs: dict[int, bool] = {}
            for row in await self._run(reach.standing(rows[0][1].edge, target), questions):
                differs[row["at"]] = differs.get(row["at"], True) and row["differs"]
            news += [(p, e, n in differs) for n, (p, e) in enumerate(rows) if differs.get(n, True)]
        return news

    async def _fleet_lines(
        self, facts: Iterable[tuple[int, Row]], news: Iterable[tuple[int, EdgeRow, bool]]
    ) -> dict[int, set[str]]:
        """Return the lines of fleets whose lines a fact changes, and the lines that it names. A fleet's first line is free."""
        named: dict[int, set[str]] = defaultdict(set)
        for position, e, _ in news:
            if e.edge == LINES:
                named[position].add(e.target)
        fleets: dict[int, str] = {}
        for position, row in facts:
            if isinstance(row, NodeRow) and position in named:
                fleets[position] = row.id
            elif isinstance(row, Amendment) and row.kind.name == Fleet.kind.name and _takes_lines(row):
                fleets[position] = row.of
                named[position] |= {row.to} if row.to else set()
        if not fleets:
            return {}
        answers = await self._run(reach.ends(LINES), [{"at": p, "id": id} for p, id in fleets.items()])
        return {row["at"]: {*row["ends"]} | named[row["at"]] for row in answers if row["ends"]}

    async def _concerned(
        self, facts: Sequence[tuple[int, Row]], news: Iterable[tuple[int, EdgeRow, bool]]
    ) -> dict[int, _Concerned]:
        concerned: dict[int, _Concerned] = defaultdict(_Concerned)
        described: dict[str, list[tuple[int, NodeRow]]] = defaultdict(list)
        names = []
        for position, row in facts:
            if isinstance(row, Amendment):
                is_retraction = row.edge is None and row.values is None
                into = concerned[position].retracted if is_retraction else concerned[position].amended
                into.add((row.kind.name, row.of))
                external = (row.values or {}).get("externalIds") if row.edge is None else None
            else:
                described[row.kind.name].append((position, row))
                external = row.updated.get("externalIds")
            id = row.of if isinstance(row, Amendment) else row.id
            names += [{"at": position, "id": id, "external": name} for name in external or ()]
        for kind, of_kind in sorted(described.items()):
            questions = [
                {
                    "at": p,
                    "id": row.id,
                    "values": {**row.guaranteed, **row.updated, **{t.of.name: t.value for t in row.told if t.as_of is None}},
                    "told": [t.row for t in row.told if t.as_of],
                }
                for p, row in of_kind
            ]
            for answer in await self._run(reach.differing(self._graph.kinds[kind]), questions):
                concerned[answer["at"]].amended.add((kind, answer["id"]))
        for position, e, already in news:
            if already or e.edge.type.edge_class is not EdgeClass.LINEAGE:
                concerned[position].amended.add((e.edge.source, e.source))
            if e.edge.interval:
                concerned[position].joined.add((e.target_kind, e.target))
        if names:
            for answer in await self._run(reach.NAMED, names):
                concerned[answer["at"]].amended.add((self._ids.kind(answer["id"]), answer["id"]))
        return concerned

    async def _touched(
        self, facts: Sequence[tuple[int, Row]], news: Iterable[tuple[int, EdgeRow, bool]]
    ) -> dict[int, set[str]]:
        """Return the lines that facts change, by the facts' positions."""
        concerned = await self._concerned(facts, news)
        lines: dict[int, set[str]] = defaultdict(set)
        parts: tuple[tuple[str, tuple[reach.Direction, ...]], ...] = (
            ("amended", (reach.outwards, reach.made_of)),
            ("retracted", (reach.outwards, reach.inwards, reach.beside)),
            ("joined", (reach.outwards,)),
        )
        for part, directions in parts:
            by_kind: dict[str, set[str]] = defaultdict(set)
            for each in concerned.values():
                for kind, id in getattr(each, part):
                    by_kind[kind].add(id)
            for kind, ids in sorted(by_kind.items()):
                text = self._dialect.rewrite(reach.lines(self._graph, kind, directions))
                by_id = {row["id"]: row["lines"] for row in await self._run(text, [{"id": id} for id in sorted(ids)])}
                for position, each in concerned.items():
                    for of, id in getattr(each, part):
                        if of == kind:
                            lines[position] |= {*by_id.get(id, ())}
        return lines


def _takes_lines(amendment: Amendment) -> bool:
    """Return whether an amendment of a fleet changes its lines: it is of such an edge, or retracts the fleet."""
    return amendment.edge == LINES if amendment.edge else amendment.values is None
