"""Recording amendments: retractions and corrections of nodes and of edges."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from forebear.graph.declaration import Admission, Edge, Kind
from forebear.graph.rows import Amendment, EdgeRow
from forebear.graph.statements import upsert
from forebear.graph.telling import corrected
from forebear.graph.values import agree
from forebear.record import footing
from forebear.record.edges import EdgeWriter
from forebear.record.identity import Own, candidates, changed, ends, listed, named, standing
from forebear.record.names import NamedNode, Names
from forebear.record.nodes import declared
from forebear.record.writing import Writing


@dataclass
class _Nodes:
    """The changes of nodes of one kind: rows, by the reason for them."""

    kind: Kind
    gone: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    corrected: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    updated: list[dict[str, Any]] = field(default_factory=list)
    named: list[NamedNode] = field(default_factory=list)


class AmendmentWriter:
    """The amendments of a transaction."""

    def __init__(self, writing: Writing, names: Names, edges: EdgeWriter) -> None:
        self._writing = writing
        self._names = names
        self._edges = edges
        self._loosened: dict[Edge, dict[str, int]] = defaultdict(dict)
        """Observations of which an edge was taken back, by that edge, with the position of the fact."""

    async def amend_nodes(self, rows: Sequence[tuple[int, Amendment]]) -> None:
        """Retract or correct nodes of one kind. Raises `Renamed`."""
        kind = rows[0][1].kind
        await self._names.lead_on(kind, (a.of for _, a in rows))
        answers = await self._writing.run(upsert.node_facts(kind), [{"id": a.of} for _, a in rows])
        stored = {row["stored"]["id"]: row["stored"] for row in answers}
        reasons = await self._retraction_refusals(kind, [a.of for _, a in rows if a.values is None and a.of in stored])
        amended = _Nodes(kind)
        for position, a in rows:
            if a.of not in stored:
                self._writing.refuse(position, f"of: {a.of} is not known")
            elif a.values is None:
                if a.of in reasons:
                    self._writing.refuse(position, reasons[a.of])
                else:
                    self._retract(amended, a, stored[a.of])
            else:
                self._correct(amended, position, a, stored[a.of])
        await self._write(amended)

    def _retract(self, amended: _Nodes, a: Amendment, stored: Mapping[str, Any]) -> None:
        if stored["retractedAt"] is None:
            names = [name for name in amended.kind.kept if stored.get(name) is not None]
            amended.gone[a.reason].append({"id": a.of, "changed": ["retractedAt", *declared(amended.kind, names)]})
            self._writing.changed(a.of, stored, None, names, a.reason)

    def _correct(self, amended: _Nodes, position: int, a: Amendment, stored: Mapping[str, Any]) -> None:
        kind, now = amended.kind, self._writing.now
        if stored["describedAt"] is None:
            state = "was retracted" if stored["retractedAt"] else "is not described yet"
            self._writing.refuse(position, f"of: {a.of} {state}: there is nothing to correct; record its fact")
        elif a.as_of and a.as_of > now:
            self._writing.refuse(position, f"asOf: {a.as_of} lies ahead, it is {now}")
        elif backward := [*self._writing.backwards(kind.properties.values(), {**stored, **(a.values or {})})]:
            for reason in backward:
                self._writing.refuse(position, f"values.{reason}, as {a.of} then had it")
        elif changes := _corrected(stored, a, now):
            self._writing.changed(a.of, stored, changes, changes, a.reason)
            amended.named.append(NamedNode(position, a.of, changes))
            if revised := {n: v for n, v in changes.items() if n in kind.kept}:
                amended.corrected[a.reason].append({"id": a.of, "changes": revised, "changed": declared(kind, revised)})
            if replaced := {n: v for n, v in changes.items() if n not in kind.kept}:
                amended.updated.append({"id": a.of, "values": replaced})

    async def _write(self, amended: _Nodes) -> None:
        kind = amended.kind
        nothing = dict.fromkeys((*kind.properties, *kind.kept)) | {"describedAt": None, "retractedAt": self._writing.now}
        for reason, of_reason in amended.gone.items():
            detach = upsert.detach(kind.name, tuple(sorted(self._writing.graph.edge_types)))
            await self._writing.run(detach, [{"id": each["id"]} for each in of_reason], reason)
            await self._writing.run(upsert.revise(kind), [{**each, "changes": nothing} for each in of_reason], reason)
            self._writing.summary.retracted += len(of_reason)
        for reason, revisions in amended.corrected.items():
            await self._writing.revise(kind, revisions, reason)
        if amended.updated:
            await self._writing.run(upsert.update(kind), amended.updated)
            revised = {row["id"] for rows in amended.corrected.values() for row in rows}
            self._writing.summary.updated += len({row["id"] for row in amended.updated} - revised)
        await self._names.give(kind, amended.named)

    async def _retraction_refusals(self, kind: Kind, ids: Sequence[str]) -> dict[str, str]:
        """Return which of some locked nodes cannot be retracted, each with the reason."""
        statement = footing.holders(self._writing.graph, kind)
        if statement is None or not ids:
            return {}
        answers = await self._writing.run(statement, [{"id": id} for id in ids])
        reasons = {row["id"]: footing.refusal(self._writing.graph, kind, row, reads=self._writing.reads) for row in answers}
        return {id: reason for id, reason in reasons.items() if reason}

    async def amend_edges(self, rows: Sequence[tuple[int, Amendment]]) -> None:
        """Retract or correct edges of one kind to one kind of target. Raises `Renamed`."""
        first = rows[0][1]
        assert first.edge is not None
        assert first.to_kind is not None
        edge, to_kind = first.edge, first.to_kind
        await self._names.lead_on(first.kind, (a.of for _, a in rows))
        await self._names.lead_on(self._writing.graph.kinds[to_kind], (a.to for _, a in rows if a.to))
        answers = await self._writing.run(upsert.edge_facts(edge, to_kind), [{"source": a.of, "target": a.to} for _, a in rows])
        there = standing(edge, answers)
        retired: dict[str, list[EdgeRow]] = defaultdict(list)
        replaced: dict[str, list[tuple[EdgeRow, Own]]] = defaultdict(list)
        for position, a in rows:
            assert a.to is not None
            beside = there[a.of, a.to]
            if (one := self._one(edge, position, a, beside)) is None:
                continue
            row = EdgeRow(edge, a.of, a.to, to_kind, dict(one))
            if a.values is None:
                if a.kind.standing is Admission.OBSERVED:
                    self._loosened[edge][a.of] = position
                retired[a.reason].append(row)
                self._writing.changed(row, row.properties, None, row.properties, a.reason)
            elif (values := self._corrected_edge(position, row, a.values, beside)) is not None:
                replaced[a.reason].append((row, values))
        for reason, edges in retired.items():
            await self._writing.run(upsert.retire(edge, to_kind), [ends(row) for row in edges], reason)
            self._writing.summary.retracted += len(edges)
        for reason, renewed in replaced.items():
            await self._edges.renew(edge, to_kind, renewed, reason)

    def _one(self, edge: Edge, position: int, a: Amendment, beside: Sequence[Own]) -> Own | None:
        """Return the edge that an amendment names. None if there is none, or if several match, which is refused."""
        those = named(a, beside)
        if not those and a.values is not None:
            self._writing.refuse(position, f"{edge.name}: {a.of} has no such edge to {a.to}: record it instead")
        if len(those) > 1:
            message = f"{a.of} has several to {a.to}{self._writing.told(edge, those)}"
            parts = " and ".join(p.name for p in edge.identity)
            self._writing.refuse(position, f"{edge.name}: {message}; name one by its {parts}")
        return those[0] if len(those) == 1 else None

    def _corrected_edge(self, position: int, row: EdgeRow, new_values: Mapping[str, Any], beside: Sequence[Own]) -> Own | None:
        """Return an edge's properties after the correction. None if it changes nothing or is refused."""
        edge = row.edge
        values = {n: v for n, v in {**row.properties, **new_values}.items() if v is not None}
        if clash := candidates(changed(row, values), [one for one in beside if one != row.properties]):
            also = f"{row.source} leads to {row.target} with {listed(edge, clash)} as well"
            self._writing.refuse(position, f"{edge.name}: {also}; retract one of the two instead")
        elif backward := [*self._writing.backwards(edge.stored_properties, values)]:
            for wrong in backward:
                self._writing.refuse(position, f"values.{wrong}, as the edge then had it")
        elif values != row.properties:
            return values
        return None

    async def keep_footing(self) -> None:
        """Refuse to retract an edge that an observation needs: without it the observation has no subject or no place."""
        for edge, positions in self._loosened.items():
            for row in await self._writing.run(upsert.footless(edge), [{"id": id} for id in sorted(positions)]):
                self._writing.refuse(positions[row["id"]], footing.lost(row["id"], edge))


def _corrected(stored: Mapping[str, Any], a: Amendment, now: str) -> dict[str, Any]:
    """Return what a correction changes of a node's stored values."""
    of_world = {p.name: p for p in a.kind.told}
    changes: dict[str, Any] = {}
    for name, value in (a.values or {}).items():
        changes |= corrected(stored, of_world[name], value, a.as_of, now) if name in of_world else {name: value}
    declared = a.kind.properties
    return {
        name: value
        for name, value in changes.items()
        if stored.get(name) != value and not (name in declared and agree(declared[name], stored.get(name), value))
    }
