"""Imported history ends where actions begin."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from forebear.graph.rows import EdgeRow
from forebear.graph.statements import audit, upsert
from forebear.record.identity import ends
from forebear.record.level import Ends, Level
from forebear.record.writing import Writing
from forebear.verbs.governed import is_action

_ACTED = "is decided about by actions; history cannot change it any more, so ask for the action"


async def end_history(writing: Writing, levels: Sequence[Level]) -> None:
    """Refuse changes by imported facts to nodes that actions decide about, or to edges to or from them.

    A repetition changes nothing, so it is allowed. So is a governed kind that no action records: it has no other way in.
    """
    nodes = [n for level in levels for kind in level.nodes.values() for n in kind.values() if is_action(n.kind.name)]
    edges = [
        (key, edge) for level in levels for key, rows in level.edges.items() if is_action(key[0]) for edge in rows.values()
    ]
    ids = {n.id for n in nodes} | {e.target for _, (_, e) in edges}
    acted = {row["id"] for row in await writing.run(audit.BEGUN, [{"id": id} for id in sorted(ids)])}
    for node in nodes:
        if node.id in acted & writing.revised:
            for position, _ in node.facts:
                writing.refuse(position, f"id: {node.id} {_ACTED}")
    touching: dict[Ends, list[tuple[int, EdgeRow]]] = defaultdict(list)
    for key, (position, e) in edges:
        if not acted.isdisjoint((e.source, e.target)):
            touching[key].append((position, e))
    for (_, name, target), rows in sorted(touching.items()):
        answers = await writing.run(upsert.edge_facts(rows[0][1].edge, target), [ends(e) for _, e in rows])
        new = {(row["source"], row["target"]) for row in answers if row["stored"]["recordedAt"] == writing.now}
        for position, e in rows:
            if (e.source, e.target) in new:
                which = e.target if e.target in acted else e.source
                writing.refuse(position, f"{name} → {e.target}: {which} {_ACTED}")
