"""The changes of one action to the graph, composed into one statement.

An action, unlike a batch of facts, has read under locks what it changes. So nothing is compared any more: nodes are described,
revised with a revision record, connected and disconnected as its decision says. The audit entries, the outbox entries and the
remembered request are written as well. The text depends on the kinds and edges that change, never on a value.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeVar

from forebear.graph.declaration import REQUEST, Graph, Kind
from forebear.graph.rows import EdgeRow, NodeRow
from forebear.graph.statements import audit, placeholder, upsert


@dataclass(frozen=True)
class Revision:
    """New values of a node's guaranteed properties. Null removes a value."""

    kind: Kind
    id: str
    values: Mapping[str, Any]


@dataclass
class ActionWrite:
    """All that one action writes.

    Rows of nodes are new, or complete a placeholder. Rows of edges alone extend existing nodes.
    """

    graph: Graph
    nodes: list[NodeRow] = field(default_factory=list)
    updates: list[NodeRow] = field(default_factory=list)
    """Existing nodes that get plain updates."""
    revisions: list[Revision] = field(default_factory=list)
    edges: list[EdgeRow] = field(default_factory=list)
    retired: list[EdgeRow] = field(default_factory=list)
    named: list[tuple[Kind, str, str]] = field(default_factory=list)
    """Placeholders, with the external id that each was made by."""
    joined: list[tuple[Kind, str, str]] = field(default_factory=list)
    """Nodes, with the placeholder that each replaces."""
    links: list[Mapping[str, Any]] = field(default_factory=list)
    """Audit entries with their outbox messages, as `audit.CONTINUE` takes them."""
    request: Mapping[str, Any] | None = None

    def statement(self) -> tuple[str, dict[str, Any]]:
        """Return the statement, and what its parameter `$change` holds besides `now`, `by`, `from`, `stamp` and `reason`."""
        parts: list[tuple[str, Sequence[Any]]] = []
        for nodes in _grouped(self.nodes, lambda n: n.kind.name).values():
            rows = [{"id": n.id, "values": {**n.guaranteed, **n.updated}} for n in nodes]
            parts.append((upsert.create(nodes[0].kind), _by_id(rows)))
            parts += _identified(nodes[0].kind, ((n.id, n.updated) for n in nodes))
        for nodes in _grouped(self.updates, lambda n: n.kind.name).values():
            parts.append((upsert.update(nodes[0].kind), _by_id([{"id": n.id, "values": n.updated} for n in nodes])))
            parts += _identified(nodes[0].kind, ((n.id, n.updated) for n in nodes))
        for revisions in _grouped(self.revisions, lambda r: r.kind.name).values():
            rows = [{"id": r.id, "changes": dict(r.values), "changed": sorted(r.values)} for r in revisions]
            parts.append((upsert.revise(revisions[0].kind), _by_id(rows)))
        parts += _edge_parts(self.retired, _retire)
        parts += _edge_parts([*(e for n in self.nodes for e in n.edges), *self.edges], _join)
        for named in _grouped(self.named, lambda n: n[0].name).values():
            parts.append((placeholder.name(named[0][0]), [{"id": id, "externalIds": [name]} for _, id, name in named]))
        for joined in _grouped(self.joined, lambda j: j[0].name).values():
            rows = [{"id": id, "placeholder": former} for _, id, former in joined]
            parts.append((placeholder.join(self.graph, joined[0][0]), rows))
        if self.links:
            parts.append((audit.CONTINUE, self.links))
        if self.request:
            parts.append((_REQUEST, [self.request]))
        return _composed(*(text for text, _ in parts)), {f"rows{i}": rows for i, (_, rows) in enumerate(parts)}


T = TypeVar("T")

_COUNT = "count(*) AS written"
_WRITTEN = f"RETURN {_COUNT}"


@lru_cache(maxsize=1024)
def _composed(*parts: str) -> str:
    """Return one statement made from several, each with rows of its own."""
    texts = (
        part.replace("$batch.rows", f"$change.rows{i}").replace("$batch", "$change").replace(_WRITTEN, f"WITH {_COUNT}\n")
        for i, part in enumerate(parts)
    )
    return "".join((*texts, "RETURN written AS done"))


_REQUEST = f"UNWIND $batch.rows AS row\nCREATE (asked:{REQUEST})\nSET asked += row\nRETURN count(*) AS written"


def _grouped(items: Iterable[T], key: Callable[[T], Any]) -> dict[Any, list[T]]:
    groups: dict[Any, list[T]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return dict(sorted(groups.items()))


def _by_id(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: row["id"])


def _identified(kind: Kind, values: Iterable[tuple[str, Mapping[str, Any]]]) -> list[tuple[str, Sequence[Any]]]:
    """Return what points the external ids in nodes' values at the nodes."""
    rows = [
        {"id": id, "externalIds": node_values["externalIds"] or []}
        for id, node_values in values
        if "externalIds" in node_values
    ]
    return [(upsert.identify(kind), rows)] if rows else []


def _edge_parts(edges: Iterable[EdgeRow], text: Callable[[EdgeRow], str]) -> list[tuple[str, Sequence[Any]]]:
    groups = _grouped(edges, lambda e: (e.edge.source, e.edge.name, e.target_kind, e.is_vague))
    return [
        (text(rows[0]), sorted((_edge_row(row) for row in rows), key=lambda row: (row["source"], row["target"])))
        for rows in groups.values()
    ]


def _retire(row: EdgeRow) -> str:
    return upsert.retire(row.edge, row.target_kind)


def _join(row: EdgeRow) -> str:
    return upsert.join(row.edge, row.target_kind, vague=row.is_vague)


def _edge_row(row: EdgeRow) -> dict[str, Any]:
    return {"source": row.source, "target": row.target, "properties": row.properties}
