"""Compares audit entries with the graph, to find a change that went past the audit.

A temporary database on disk keeps the last word of each chain about a node, so that memory stays flat.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

import msgspec

from forebear.audit.append import FACTS
from forebear.audit.chain import Entry
from forebear.audit.check import Finding
from forebear.audit.link import Links, Statements
from forebear.audit.statement import AuditStatement
from forebear.audit.statement import last as last_of
from forebear.audit.trail import BATCH
from forebear.domain.artifact import TAKEN_AWAY
from forebear.domain.permit_history import History, derived
from forebear.domain.permitted import in_order
from forebear.graph.declaration import Digest, Graph, Kind, Long, Property
from forebear.graph.digest import normal_or_same
from forebear.graph.document import json_text
from forebear.graph.ids import Ids, InvalidId
from forebear.graph.moments import parse

Field = tuple[str | None, ...]
"""What a statement is about: `("node",)` itself, `("value", name)`, an edge of an action `("edge", name, to)`, an edge of a
batch of facts `("link", name, to, identity)`, and a property of that `("link", name, to, identity, property)`. The identity is
the JSON that an entry has of it. Older entries have less of it."""


class Witness:
    """Hears entries, then compares nodes with them."""

    def __init__(self, graph: Graph) -> None:
        self.compared = 0
        self._graph = graph
        self._ids = Ids(graph)
        # A database without a name is on disk once it is large, and gone with its connection.
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute(
            "CREATE TABLE said (node TEXT, field TEXT, chain TEXT, number INTEGER, at TEXT, value TEXT, "
            "PRIMARY KEY (node, field, chain)) WITHOUT ROWID"
        )
        self._db.execute("CREATE TABLE governed (node TEXT PRIMARY KEY) WITHOUT ROWID")
        self._db.execute("BEGIN")

    def hear(self, entry: Entry) -> None:
        """Take the next entry of a chain."""
        of_facts = entry.subject.startswith(FACTS)
        if of_facts and '"changes":' not in (entry.after or ""):
            return
        try:
            before, after = (msgspec.json.decode(t, type=dict[str, Any]) if t else {} for t in (entry.before, entry.after))
            statements = list(self._of_facts(after) if of_facts else self._of_action(before, _dated(after, entry.at)))
            rows = [
                (node, json_text(field), entry.subject, entry.number, entry.at, json_text(value))
                for node, field, value in statements
            ]
            self._db.executemany("INSERT OR REPLACE INTO said VALUES (?, ?, ?, ?, ?, ?)", rows)
        except (msgspec.MsgspecError, sqlite3.Error, AttributeError, KeyError, TypeError):
            # Forebear writes no entry like this. It was tampered with, and its hash shows that.
            return

    def expect(self, ids: Iterable[str]) -> None:
        """Take ids of governed nodes. Some entry must mention each."""
        self._db.executemany("INSERT OR IGNORE INTO governed VALUES (?)", ((id,) for id in ids))

    def _of_action(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, Field, Any]]:
        for node in {**before, **after}:
            try:
                kind = self._graph.kinds[self._ids.kind(node)]
            except InvalidId:
                continue
            if node in after and after[node] is None:
                yield node, ("node",), None
                continue
            was, became = before.get(node) or {}, after.get(node) or {}
            edges = {e.name for e in kind.stated}
            for name in {**was, **became}:
                if name in _compared_values(kind):
                    yield node, ("value", name), became.get(name)
                elif name in edges:
                    now = _targets(became.get(name))
                    for to in _targets(was.get(name)) | now:
                        yield node, ("edge", name, to), to in now

    def _of_facts(self, after: Mapping[str, Any]) -> Iterator[tuple[str, Field, Any]]:
        """Return what a batch of facts says about nodes that were on record before."""
        for change in after["changes"]:
            node, values = change["of"], change["after"]
            identity = {name: change[name] for name in self._graph.identities if name in change}
            edge: Field = (change["edge"], change["to"], json_text(identity)) if "edge" in change else ()
            if values is None:
                yield node, ("link", *edge) if edge else ("node",), None
                continue
            names = () if edge else _compared_values(self._graph.kinds[self._ids.kind(node)])
            for name, value in values.items():
                if edge or name in names:
                    yield node, ("link", *edge, name) if edge else ("value", name), value

    def node_ids(self) -> Iterator[list[str]]:
        """Return the ids of the nodes to compare, some at a time."""
        cursor = self._db.execute("SELECT node FROM said UNION SELECT node FROM governed")
        while batch := cursor.fetchmany(BATCH):
            yield [id for (id,) in batch]

    def compare(self, ids: Iterable[str], nodes: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
        """Compare nodes, as `trail.current` answers them, with the entries. Return what differs."""
        nodes_by_id = {node["id"]: node for node in nodes}
        for id in ids:
            self.compared += 1
            of_node = self._statements_about(id)
            node = nodes_by_id.get(id)
            if node is None:
                if of_node:
                    last = max((s for statements in of_node.values() for s in statements), key=lambda s: s.at)
                    yield Finding(id, f"is gone, and {last.entry} speaks of it")
            elif node["governed"] and not of_node:
                yield Finding(id, "is governed, and no entry speaks of it")
            else:
                yield from self._values(node, of_node)
                yield from self._edges(node, of_node)
                yield from _permits(node)

    def _statements_about(self, id: str) -> dict[Field, list[AuditStatement]]:
        statements: dict[Field, list[AuditStatement]] = defaultdict(list)
        rows = self._db.execute("SELECT field, chain, number, at, value FROM said WHERE node = ?", (id,))
        for field, chain, number, at, value in rows:
            statements[tuple(msgspec.json.decode(field))].append(AuditStatement(chain, number, at, msgspec.json.decode(value)))
        return dict(statements)

    def _retractions(self, *ids: str) -> list[AuditStatement]:
        """Return the retractions of nodes, which end their edges as well."""
        return [s for id in ids for s in self._statements_about(id).get(("node",), [])]

    def _values(self, node: Mapping[str, Any], statements: Mapping[Field, list[AuditStatement]]) -> Iterator[Finding]:
        declared = self._graph.kinds[self._ids.kind(node["id"])].properties
        ends = statements.get(("node",), [])
        values: Mapping[str, Any] = node["values"]
        named = {str(field[1]) for field in statements if field[0] == "value"}
        for name in sorted(named | ({*values, "retractedAt"} if ends else set())):
            last = last_of(statements.get(("value", name), []), ends)
            if name == "retractedAt":
                now = node["retractedAt"]
                fits = any((s in ends) == (now is not None) for s in last)
            else:
                now = values.get(name)
                fits = any(_same(declared.get(name), s.value, now) for s in last)
            if not fits:
                then = "retracted" if last[-1] in ends else json_text(last[-1].value)
                yield Finding(node["id"], f"has {name} {json_text(now)}, and by {last[-1].entry} it is {then}")
        if node["governed"]:
            for name in sorted({*values} - named):
                yield Finding(node["id"], f"has {name} {json_text(values[name])}, and no entry says so")

    def _edges(self, node: Mapping[str, Any], of_node: Mapping[Field, list[AuditStatement]]) -> Iterator[Finding]:
        id = node["id"]
        ends = {(e["name"], e["to"]) for e in node["edges"]}
        links: dict[tuple[str, str], dict[str, Statements]] = defaultdict(lambda: defaultdict(dict))
        spoken = set()
        for field, statements in of_node.items():
            match field:
                case ("edge", str(name), str(to)):
                    spoken.add((name, to))
                    # A fact may retract what an action wrote of a plain node, such as the end of a membership.
                    retracted = [s for f, each in of_node.items() if f[:3] == ("link", name, to) and len(f) == 4 for s in each]
                    last = last_of(statements if (name, to) in ends else [*statements, *retracted], self._retractions(id, to))
                    if not any(bool(s.value) == ((name, to) in ends) for s in last):
                        has = "an" if (name, to) in ends else "no"
                        yield Finding(id, f"has {has} edge {name} to {to}, which differs from {last[-1].entry}")
                case ("link", str(name), str(to), str(identity), *property):
                    spoken.add((name, to))
                    links[name, to][identity][property[0] if property else None] = statements
        for (name, to), by_identity in links.items():
            between = [e for e in node["edges"] if (e["name"], e["to"]) == (name, to)]
            node_ends = self._retractions(id, to)
            yield from (Finding(id, text) for text in Links(f"{name} to {to}", between, by_identity, node_ends).differing())
        if node["governed"]:
            for name, to in sorted(ends - spoken):
                yield Finding(id, f"has an edge {name} to {to}, and no entry says so")


def _permits(node: Mapping[str, Any]) -> Iterator[Finding]:
    """Compare the intervals in which a release may go on running with those that follow from its history."""
    if "history" not in node:
        return
    try:
        history = msgspec.convert(node["history"], History)
    except msgspec.ValidationError as error:
        yield Finding(node["id"], f"holds what Forebear does not write: {error}")
        return
    stored = {row.permit for row in history.permitted}
    follow = {derived_permit.permit for derived_permit in derived(history) if derived_permit.retracted_at is None}
    for permit in sorted(stored - follow, key=in_order):
        yield Finding(node["id"], f"may go on running on {permit}, which does not follow from its decisions and policies")
    for permit in sorted(follow - stored, key=in_order):
        yield Finding(node["id"], f"does not say that it may go on running on {permit}, which follows from its history")


_SINCE: Mapping[str, str] = {state.value: since for state, since in TAKEN_AWAY.items()}


def _dated(after: Mapping[str, Any], at: str) -> Mapping[str, Any]:
    """Return what an action says, with the moment from which an artifact must not be used. Older entries leave it out."""
    return {
        node: {since: at, **values} if isinstance(values, dict) and (since := _SINCE.get(str(values.get("state")))) else values
        for node, values in after.items()
    }


def _compared_values(kind: Kind) -> set[str]:
    """Return the names of the values that are compared with entries. Plain updates are outside of the guarantee."""
    return {*kind.kept, "retractedAt"}


def _same(p: Property | None, expected: Any, stored: Any) -> bool:
    """Return whether a value, in a document's or the graph's form, is the stored one."""
    if p is None or expected is None or stored is None or expected == stored:
        return bool(expected == stored)
    if p.is_json:
        return any(_comparable(value) == _comparable(msgspec.json.decode(stored)) for value in _readings(expected))
    if p.type is datetime and isinstance(expected, str):
        with suppress(ValueError):
            return parse(expected) == str(stored)
    if p.type is Digest and isinstance(expected, str):
        return normal_or_same(expected) == normal_or_same(stored)
    return p.type is Long and expected == str(stored)


def _readings(value: Any) -> Iterator[Any]:
    """Return the possible meanings of JSON: a document itself, or the text of one."""
    yield value
    if isinstance(value, str):
        with suppress(msgspec.DecodeError):
            yield msgspec.json.decode(value)


def _comparable(document: Any) -> Any:
    """Return a document without members that are null. A structured value that leaves one out is the same."""
    match document:
        case dict():
            return {name: _comparable(value) for name, value in document.items() if value is not None}
        case list():
            return [_comparable(item) for item in document]
    return document


def _targets(ends: Any) -> set[str]:
    """Return the ids in an edge field's value: one end or several, each an id or an object with one."""
    listed = ends if isinstance(ends, list) else [] if ends is None else [ends]
    return {end["id"] if isinstance(end, dict) else end for end in listed}
