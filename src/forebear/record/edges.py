"""Recording edges: they are connected, completed, or refused if a fact contradicts the graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from forebear.graph.complaint import shown
from forebear.graph.declaration import Edge
from forebear.graph.rows import EdgeRow
from forebear.graph.statements import upsert
from forebear.record.identity import Own, alike, candidates, changed, ends, own, standing
from forebear.record.level import Ends, Identity
from forebear.record.names import Names
from forebear.record.writing import Writing, in_pieces


class EdgeWriter:
    """The edges that a transaction connects."""

    def __init__(self, writing: Writing, names: Names) -> None:
        self._writing = writing
        self._names = names

    async def connect(self, edges: Mapping[Ends, Mapping[Identity, tuple[int, EdgeRow]]]) -> None:
        """Connect the ends of a level's edges. Raises `Renamed`."""
        pieces = [
            (key, piece)
            for key in sorted(edges)
            for group in alike(row for _, row in edges[key].values())
            for piece in in_pieces(group)
        ]
        answers = await self._writing.run_each(
            (self._connect(piece[0], target), [ends(row) for row in piece]) for (_, _, target), piece in pieces
        )
        for ((source, name, target), piece), answer in zip(pieces, answers, strict=True):
            self._writing.summary.connected += answer["connected"]
            self._writing.summary.undescribed.update(answer["undescribed"])
            if answer["undescribed"]:
                await self._names.of_placeholders(self._writing.graph.kinds[target], answer["undescribed"])
            await self._settle(piece[0].edge, edges[source, name, target], answer["trouble"])

    def _connect(self, row: EdgeRow, target: str) -> str:
        return upsert.connect(row.edge, target, vague=row.is_vague, locks=row.edge in self._writing.graph.holding(target))

    async def _settle(
        self,
        edge: Edge,
        rows: Mapping[Identity, tuple[int, EdgeRow]],
        troubles: Sequence[Mapping[str, Any]],
    ) -> None:
        """Complete edges that have fewer properties in the graph. Refuse the others that the graph did not take."""
        if not troubles:
            return
        if retired := [t for t in troubles if t["gone"]]:
            of, targets = next(iter(rows.values()))[1], [t["target"] for t in retired]
            await self._names.lead_on(self._writing.graph.kinds[of.target_kind], targets)
        crowds: dict[tuple[str, str], list[str]] = {}
        if edge.one:
            answers = await self._writing.run(
                upsert.others(edge), [{"source": t["source"], "target": t["target"]} for t in troubles]
            )
            crowds = {(row["source"], row["target"]): sorted(row["others"]) for row in answers}
        # If a row may mean one of several edges, read all of them.
        there = await self._standing(edge, rows, troubles) if edge.vague else {}
        completed = []
        for key, trouble in {_key(edge, t): t for t in troubles}.items():
            position, row = rows[key]
            before = candidates(row, there[row.source, row.target]) if edge.vague else [own(edge, trouble["stored"])]
            if row.is_vague and not trouble["gone"] and any(one.items() >= row.properties.items() for one in before):
                continue
            if len(before) > 1:
                self._writing.refuse(
                    position,
                    f"{edge.name} → {row.target}: there are several{self._writing.told(edge, before)}; say which one is meant",
                )
            elif self._completes(position, row, trouble["gone"], before[0], crowds.get((row.source, row.target), [])):
                completed.append((changed(row, before[0]), {**before[0], **row.properties}))
        if completed:
            await self.renew(edge, completed[0][0].target_kind, completed, None)

    async def _standing(
        self, edge: Edge, edges: Mapping[Identity, tuple[int, EdgeRow]], troubles: Sequence[Mapping[str, Any]]
    ) -> Mapping[tuple[str, str], list[Own]]:
        """Return all edges between the ends of the rows that the graph did not take."""
        _, row = edges[_key(edge, troubles[0])]
        places = sorted({(t["source"], t["target"]) for t in troubles})
        rows = [{"source": source, "target": target} for source, target in places]
        return standing(edge, await self._writing.run(upsert.edge_facts(edge, row.target_kind), rows))

    def _completes(self, position: int, row: EdgeRow, retracted_at: str | None, before: Own, others: Sequence[str]) -> bool:
        """Return whether a fact only adds to an edge. Refuse it otherwise."""
        edge, where = row.edge, f"{row.edge.name} → {row.target}"
        reasons = []
        if retracted_at:
            when = f" at {retracted_at}" if self._writing.reads else ""
            reasons.append(f"{where}: {row.target} was retracted{when}; record it again before naming it")
        if others:
            elsewhere = f"to {', '.join(others)}" if self._writing.reads else "elsewhere"
            reasons.append(
                f"{edge.name}: {row.source} leads {elsewhere} already, and can lead to one only; "
                "retract that edge first if it was wrong"
            )
        for name, value in row.properties.items():
            if before.get(name, value) != value:
                reasons.append(
                    f"{where}: {name} is {self._writing.shown(before[name])}, recorded before, "
                    f"and this fact says {shown(value)}; a Correction can say that it was wrong"
                )
        for problem in self._writing.backwards(edge.stored_properties, {**before, **row.properties}):
            reasons.append(f"{where}: {problem}, recorded before")
        for reason in reasons:
            self._writing.refuse(position, reason)
        return not reasons

    async def renew(
        self,
        edge: Edge,
        target_kind: str,
        rows: Sequence[tuple[EdgeRow, Mapping[str, Any]]],
        reason: str | None,
    ) -> None:
        """Replace edges by ones with other properties. The former ones stay on record."""
        await self._writing.run(upsert.retire(edge, target_kind), [ends(old) for old, _ in rows], reason)
        for group in alike(changed(old, values) for old, values in rows):
            await self._writing.run(upsert.renew(edge, target_kind, vague=group[0].is_vague), [ends(new) for new in group])
        for old, values in rows:
            new = changed(old, values)
            if new.identity == old.identity:
                self._writing.changed(old, old.properties, values, {**old.properties, **values}, reason)
            else:
                self._writing.changed(old, old.properties, None, old.properties, reason)
                self._writing.changed(new, {}, values, values, reason)
        self._writing.summary.revised += len(rows)


def _key(edge: Edge, trouble: Mapping[str, Any]) -> Identity:
    return (trouble["source"], trouble["target"], *(trouble[p.name] for p in edge.identity))
