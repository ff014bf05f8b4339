"""Names in one transaction of facts: who has them, and which placeholders they lead to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from forebear.graph.declaration import Kind
from forebear.graph.ids import nameof, unescape
from forebear.graph.rows import Amendment, Row
from forebear.graph.statements import placeholder, upsert
from forebear.graph.statements.placeholder import Renamed
from forebear.record.writing import Writing


@dataclass(frozen=True)
class NamedNode:
    """A node whose values may hold names, as the fact at a position says."""

    position: int
    id: str
    values: Mapping[str, Any]

    @property
    def external_ids(self) -> Sequence[str] | None:
        """Its external ids. None if the fact does not mention them."""
        return self.values["externalIds"] or () if "externalIds" in self.values else None


class Names:
    """The names of nodes that a transaction writes."""

    def __init__(self, writing: Writing) -> None:
        self._graph = writing.graph
        self._writing = writing

    async def give(self, kind: Kind, nodes: Sequence[NamedNode]) -> None:
        """Give nodes their external ids, and let them replace placeholders. Raises `Renamed`."""
        rows = [{"id": n.id, "externalIds": list(n.external_ids)} for n in nodes if n.external_ids is not None]
        of = {p: n.id for n in nodes for p in placeholder.placeholders(kind, n.id, n.values)}
        if rows and kind.has_other_ids:
            names = sorted({name for row in rows for name in row["externalIds"]})
            await self._writing.transaction.run(placeholder.HOLD, {"names": names})
        if rows and kind.one_by_name:
            await self._claim(kind, nodes, rows)
        if rows:
            await self._writing.run(upsert.identify(kind), rows)
        if of:
            waiting = await self._waiting(kind, of)
            await self._join(kind, [{"id": of[id], "placeholder": id} for id in waiting])

    async def _claim(self, kind: Kind, nodes: Sequence[NamedNode], rows: Sequence[Mapping[str, Any]]) -> None:
        """Ensure that an external id names one node. Raises `Renamed` if a new node exists already."""
        position = {n.id: n.position for n in nodes}
        present, refused = placeholder.one_each(await self._writing.run(placeholder.claims(kind), rows), position)
        if present:
            raise Renamed(present)
        for id, why in refused:
            one = f"what has one name is one {kind.name}: take the name from the other, or retract one of the two"
            self._writing.refuse(position[id], f"{why}; {one}")

    async def of_placeholders(self, kind: Kind, ids: Iterable[str]) -> None:
        """Look up who has the names in the ids of nodes that are only named. Raises `Renamed`."""
        if kind.reported_by:
            rows = [{"id": id, "name": unescape(nameof(id))} for id in sorted(ids)]
            answers = await self._writing.run(placeholder.owners(kind), rows)
            if present := {str(row["id"]): str(row["owner"]) for row in answers}:
                raise Renamed(present)

    async def lead_on(self, kind: Kind, ids: Iterable[str]) -> None:
        """Raise `Renamed` if another node replaced a named node."""
        if kind.has_other_ids:
            parameters = {"ids": sorted({*ids})}
            answers = await self._writing.transaction.run(placeholder.same_as(kind.name), parameters)
            if present := {str(row["id"]): str(row["present"]) for row in answers}:
                raise Renamed(present)

    async def keep(self, present: Mapping[str, str]) -> None:
        """Keep where ids of this transaction's facts lead on to."""
        for kind in self._graph.kinds.values():
            ids = sorted(id for id in present if kind.has_other_ids and id.startswith(f"{kind.prefix}:"))
            if ids:
                await self._writing.run(placeholder.stand_in(kind), [{"id": id} for id in ids])
                waiting = await self._waiting(kind, ids)
                await self._join(kind, [{"id": present[id], "placeholder": id} for id in waiting])

    async def _join(self, kind: Kind, rows: Sequence[Mapping[str, str]]) -> None:
        """Let nodes replace placeholders, which are retracted: rows `{id, placeholder}`."""
        if rows:
            await self._writing.run(placeholder.join(self._graph, kind), rows)
            self._writing.summary.revised += len(rows)
            for row in rows:
                self._writing.changed(row["placeholder"], {}, None, (), None)

    async def _waiting(self, kind: Kind, ids: Iterable[str]) -> list[str]:
        rows = await self._writing.transaction.run(placeholder.waiting(kind.name), {"ids": sorted(ids)})
        return [cast(str, row["id"]) for row in rows]


def renamed(rows: Iterable[tuple[int, Row]], present: Mapping[str, str]) -> list[tuple[int, Row]]:
    """Return rows with each id replaced by the one that it leads on to."""
    return [(position, _renamed(row, present)) for position, row in rows]


def _renamed(row: Row, present: Mapping[str, str]) -> Row:
    if isinstance(row, Amendment):
        return replace(row, of=present.get(row.of, row.of), to=row.to and present.get(row.to, row.to))
    edges = tuple(replace(e, source=present.get(e.source, e.source), target=present.get(e.target, e.target)) for e in row.edges)
    return replace(row, id=present.get(row.id, row.id), edges=edges)
