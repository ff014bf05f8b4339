"""Levels: rows that are written at once, folded and grouped by the statements that write them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from forebear.graph.complaint import shown
from forebear.graph.declaration import Change, Graph, Kind
from forebear.graph.rows import Amendment, EdgeRow, NodeRow, Row
from forebear.graph.statements import upsert
from forebear.graph.telling import Telling
from forebear.graph.values import agree, backwards
from forebear.record import footing

Ends = tuple[str, str, str]
"""What the edges of one statement share: the source's kind, the edge's name, the target's kind."""

Identity = tuple[Any, ...]
"""What identifies an edge of one kind: its source, its target, and its identifying properties."""


@dataclass
class LevelNode:
    """All that one level says of a node: the combined values of its facts, and the facts."""

    kind: Kind
    id: str
    facts: list[tuple[int, NodeRow]]
    guaranteed: dict[str, Any]
    updated: dict[str, Any]
    told: tuple[Telling, ...] = ()


@dataclass
class Level:
    """Rows in which no node is both written or named and amended, and none is amended twice."""

    nodes: dict[str, dict[str, LevelNode]] = field(default_factory=lambda: defaultdict(dict))
    """By kind and id."""
    edges: dict[Ends, dict[Identity, tuple[int, EdgeRow]]] = field(default_factory=lambda: defaultdict(dict))
    """The edges, each with the position of the last fact that names it."""
    amendments: dict[Ends, list[tuple[int, Amendment]]] = field(default_factory=lambda: defaultdict(list))
    """The amendments. Those of nodes have neither an edge nor a target's kind."""
    _uses: dict[Identity, list[Identity]] = field(default_factory=lambda: defaultdict(list))
    """For each vague edge, the named edges that it may mean."""
    contradictions: dict[int, list[str]] = field(default_factory=dict)
    """The contradictions of a fact to an earlier one, by its position."""

    def add(self, position: int, row: Row) -> None:
        """Add a row. If it contradicts an earlier one, note that; the earlier one holds."""
        if isinstance(row, Amendment):
            self.amendments[row.kind.name, row.edge.name if row.edge else "", row.to_kind or ""].append((position, row))
            return
        self._add_node(position, row)
        for e in row.edges:
            self._add_edge(position, e)

    def statements(self, graph: Graph) -> Iterator[str]:
        """Return the statements that write the level if the graph takes all of it as it is."""
        for nodes in self.nodes.values():
            yield upsert.describe(next(iter(nodes.values())).kind)
        for (_, _, target), edges in self.edges.items():
            for vague, edge in {row.is_vague: row.edge for _, row in edges.values()}.items():
                yield upsert.connect(edge, target, vague=vague, locks=edge in graph.holding(target))
        for (_, _, target), ((_, amendment), *_) in self.amendments.items():
            if amendment.edge:
                yield upsert.edge_facts(amendment.edge, target)
                yield upsert.retire(amendment.edge, target)
            else:
                yield upsert.node_facts(amendment.kind)
                if holders := footing.holders(graph, amendment.kind):
                    yield holders
                yield upsert.revise(amendment.kind)

    def _add_node(self, position: int, row: NodeRow) -> None:
        nodes = self.nodes[row.kind.name]
        node = nodes.get(row.id)
        if node is None:
            nodes[row.id] = LevelNode(row.kind, row.id, [(position, row)], row.guaranteed, row.updated, row.told)
            return
        for name, value in row.guaranteed.items():
            before = node.guaranteed.get(name)
            if before is None or name == "imported" or (p := row.kind.properties[name]).change is not Change.IMMUTABLE:
                continue
            if not agree(p, before, value):
                message = f"says {shown(before)} of {row.id}, this one says {shown(value)}"
                self._contradict(position, f"{name}: an earlier fact of this batch {message}")
        node.facts.append((position, row))
        node.guaranteed = node.guaranteed | row.guaranteed
        node.updated = node.updated | row.updated | _latest(node, row)
        # Of several values that hold from their recording on, the last counts.
        again = {t.of for t in row.told if t.as_of is None}
        node.told = (*(t for t in node.told if t.as_of or t.of not in again), *row.told)
        for reason in backwards(row.kind.properties.values(), node.guaranteed | {t.of.name: t.value for t in node.told}):
            self._contradict(position, f"{reason}, as an earlier fact of this batch says")

    def _add_edge(self, position: int, row: EdgeRow) -> None:
        edges = self.edges[row.edge.source, row.edge.name, row.target_kind]
        key = (row.source, row.target, *row.identity)
        if key not in edges:
            uses = self._uses[row.place] if row.edge.vague else []
            if row.is_vague and uses:
                # It means one of those and adds nothing.
                return
            if uses and edges[uses[0]][1].is_vague:
                del edges[uses.pop()]
            uses.append(key)
            edges[key] = (position, row)
            return
        _, before = edges[key]
        for name, value in row.properties.items():
            if before.properties.get(name) not in (None, value):
                self._contradict(
                    position,
                    f"{row.edge.name} → {row.target}: an earlier fact of this batch gives {name} as "
                    f"{before.properties[name]!r}, this one as {value!r}",
                )
        merged = {**before.properties, **row.properties}
        for reason in backwards(row.edge.stored_properties, merged):
            self._contradict(position, f"{row.edge.name} → {row.target}: {reason}, as an earlier fact of this batch says")
        edges[key] = (position, replace(row, properties=merged))

    def _contradict(self, position: int, reason: str) -> None:
        self.contradictions.setdefault(position, []).append(reason)


def _latest(node: LevelNode, row: NodeRow) -> dict[str, str]:
    """Return the moments of which the latest is kept, from what two facts say of a node."""
    latest = (p.name for p in node.kind.properties.values() if p.change is Change.LATEST)
    said = {name: [values[name] for values in (node.updated, row.updated) if values.get(name)] for name in latest}
    return {name: max(moments) for name, moments in said.items() if moments}


def levels(rows: Iterable[tuple[int, Row]]) -> list[Level]:
    """Cut rows into levels that are written one after another, as few as their order needs. Amendments separate levels.

    Rows that have nothing to do with each other may change places.
    """
    cut: list[Level] = []
    used: dict[str, int] = {}
    described: dict[str, int] = {}
    amended: dict[str, int] = {}
    vague: dict[Identity, int] = {}
    distinct: dict[Identity, int] = {}
    freed = 0
    for position, row in rows:
        if isinstance(row, Amendment):
            ids = [row.of, *([row.to] if row.to else [])]
            level = 1 + max(max(used.get(id, 0), amended.get(id, 0)) for id in ids)
            amended.update(dict.fromkeys(ids, level))
            if row.edge is None and row.values is None:
                freed = max(freed, level)
        else:
            ids = [row.id, *(e.target for e in row.edges)]
            level = 1 + max(amended.get(id, 0) for id in ids)
            # A fact may bring a retracted node back. No edge can lead to the node before that.
            level = max(level, used.get(row.id, 0), *(described.get(e.target, 0) for e in row.edges))
            # A retraction ends the edges to a node, so an edge that may have one end only can then lead elsewhere.
            if any(e.edge.one for e in row.edges):
                level = max(level, 1 + freed)
            # A vague edge means one of the edges that were named before it, so write it after those and before others.
            means = [e for e in row.edges if e.edge.vague and (e.says_more or not e.is_vague)]
            level = max(level, *(1 + (distinct if e.is_vague else vague).get(e.place, 0) for e in means)) if means else level
            for e in means:
                (vague if e.is_vague else distinct)[e.place] = level
            used.update({id: max(level, used.get(id, 0)) for id in ids})
            described[row.id] = level
        while level > len(cut):
            cut.append(Level())
        cut[level - 1].add(position, row)
    return cut
