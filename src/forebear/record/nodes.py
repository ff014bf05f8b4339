"""Recording nodes: they are described, completed, revised, or refused if a fact contradicts the graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from forebear.graph.complaint import shown
from forebear.graph.declaration import SAME_AS, Change, Kind
from forebear.graph.moments import latest
from forebear.graph.statements import upsert
from forebear.graph.statements.placeholder import Renamed
from forebear.graph.telling import stored_tellings
from forebear.graph.values import agree
from forebear.record.level import LevelNode
from forebear.record.names import NamedNode, Names
from forebear.record.writing import Writing, in_pieces


class NodeWriter:
    """The nodes that a transaction describes."""

    def __init__(self, writing: Writing, names: Names) -> None:
        self._writing = writing
        self._names = names

    async def describe(self, nodes: Mapping[str, Mapping[str, LevelNode]]) -> None:
        """Describe the nodes of a level, by kind and id. Raises `Renamed`."""
        pieces = [
            (group[0].kind, piece)
            for group in (sorted(nodes[kind].values(), key=lambda n: n.id) for kind in sorted(nodes))
            for piece in in_pieces(group)
        ]
        answers = await self._writing.run_each((upsert.describe(kind), [self._row(n) for n in piece]) for kind, piece in pieces)
        for (kind, piece), answer in zip(pieces, answers, strict=True):
            self._writing.summary.described += answer["described"]
            self._writing.summary.updated += answer["updated"]
            revisions = []
            for stored in answer["trouble"]:
                if present := stored.get(SAME_AS):
                    raise Renamed({stored["id"]: present})
                if revision := self._revision(nodes[kind.name][stored["id"]], stored):
                    revisions.append(revision)
                    self._writing.revised.add(stored["id"])
                    names = [name for name in ("retractedAt", *kind.kept) if name in revision["changes"]]
                    self._writing.changed(stored["id"], stored, revision["changes"], names, None)
            await self._writing.revise(kind, revisions)
            await self._names.give(kind, [NamedNode(n.facts[0][0], n.id, {**n.guaranteed, **n.updated}) for n in piece])

    def _row(self, node: LevelNode) -> dict[str, Any]:
        """Return a node as `upsert.describe` takes it."""
        row = {"id": node.id, "guaranteed": node.guaranteed, "updated": node.updated}
        if not node.kind.told:
            return row
        for position, fact in node.facts:
            if late := next((t.as_of for t in fact.told if t.as_of and t.as_of > latest(self._writing.now)), None):
                self._writing.refuse(
                    position, f"asOf: {late} lies ahead, it is {self._writing.now}; tell what holds then once it does"
                )
        present = {t.of.name: t.value for t in node.told if t.as_of is None}
        return row | {
            "guaranteed": node.guaranteed | present,
            "first": node.guaranteed | stored_tellings({}, node.told, self._writing.now),
            "told": [t.row for t in node.told if t.as_of],
        }

    def _revision(self, node: LevelNode, stored: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return what facts change of a stored node. None if they change nothing, or if they must not, which is refused."""
        if stored.get("retractedAt") is not None:
            return {
                "id": node.id,
                "changes": {
                    **node.guaranteed,
                    **stored_tellings({}, node.told, self._writing.now),
                    "describedAt": self._writing.now,
                    "retractedAt": None,
                },
                "changed": ["retractedAt", *node.guaranteed, *dict.fromkeys(t.of.name for t in node.told)],
            }
        refused = False
        for position, fact in node.facts:
            for name, value in fact.guaranteed.items():
                before = stored.get(name)
                if before is None or name == "imported" or (p := node.kind.properties[name]).change is not Change.IMMUTABLE:
                    continue
                if not agree(p, before, value):
                    refused = True
                    self._writing.refuse(
                        position,
                        f"{name}: {node.id} has {self._writing.shown(before)}, recorded before, "
                        f"and this fact says {shown(value)}; it cannot change (a Correction can say that it was wrong)",
                    )
        properties = node.kind.properties
        changes = {n: v for n, v in node.guaranteed.items() if n != "imported" and not agree(properties[n], stored.get(n), v)}
        changes |= {n: v for n, v in stored_tellings(stored, node.told, self._writing.now).items() if stored.get(n) != v}
        for reason in self._writing.backwards(properties.values(), {**stored, **changes}) if changes else ():
            refused = True
            self._writing.refuse(node.facts[-1][0], f"{reason}, recorded before of {node.id}")
        if refused:
            return None
        return {"id": node.id, "changes": changes, "changed": declared(node.kind, changes)} if changes else None


def declared(kind: Kind, names: Iterable[str]) -> list[str]:
    """Return the properties behind some stored names. A revision says which property changed, not how its values are kept."""
    of = {name: p.name for p in kind.told for name in (p.told, p.since)}
    return [*dict.fromkeys(of.get(name, name) for name in names)]
