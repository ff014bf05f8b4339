"""Generated histories: batches of facts over all kinds, with the moments at which they are recorded."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from forebear.graph.declaration import Admission, Change, Digest, Edge, Graph, Json, Kind, Long, Property
from forebear.graph.moments import moment
from tests.api.memory import FINAL, Memory, instant
from tests.api.questions.permission import permit

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
NOW = moment(BEGIN + timedelta(days=90))

TEXTS = (
    "", "a", "b", "B", "aa", "a b", "Ünïcödé ß", "日本語", "🤖🦾", "\u01c6\ud7ff", "it's", 'say "hi"', "`tick`", "back\\slash",
    "line\nbreak", "tab\t", "$p0", "{curly}", "null", "?", "1.5", " lead", "\u202eright", "e\u0301", "x" * 300,
)  # fmt: skip
WRITTEN = tuple(text for text in TEXTS if text.strip())
"""Texts that are not blank, as required ones are."""
INTEGERS = (0, 1, -1, 2, 7, 10, 2**31 - 1, -(2**31))
LONGS = (*INTEGERS, 2**31, 3_000_000_000, 2**53 - 1, -(2**53) + 1)
FLOATS = (0.0, 1.0, -1.5, 0.1, 1 / 3, 100.0, 1e7, 1.5e-5, 1e16, 123456789.125, 1.7976931348623157e308, 5e-324, 7)
MOMENTS = (
    "0001-01-01T00:00:00Z", "1969-12-31T23:59:59.999999Z", "2025-06-01T12:00:00+02:00", "2026-01-01T00:00:00Z",
    "2026-01-01T00:00:00.000001Z", "2026-01-03T00:00:00-05:00", "2026-01-05T00:00:00Z", "2026-01-08T09:10:11.123456Z",
    "2026-02-01T00:00:00Z", "2026-04-01T00:00:00Z", "2027-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z",
)  # fmt: skip
PAST = MOMENTS[:-2]
"""Moments that were past when this was written."""
DIGESTS = (f"sha256:{64 * '0'}", f"sha256:{32 * 'a1'}", f"md5:{32 * 'f'}", "blake3:0f1e")
DOCUMENTS: tuple[Any, ...] = (
    {}, [], "", "text", 0, 1.5, True, False, [None], {"a": None}, {"z": 1, "a": [1, 2.0, "三"], "ä": {"b": {}}}, [[], [[1]]],
    {"quote\"": "`'\\", "": "empty key", "\n": 1e300, "big": 2**53 + 1}, [True, False, None, -1, "🤖"],
)  # fmt: skip
NAMES = ("a", "b-1", "c.d~e", "F/g", "x%20y", "n=1+2")
VERSIONS = ("1", "1.0.0", "2/line:x")


@dataclass(frozen=True)
class Batch:
    """Documents that are recorded at one moment."""

    moment: str
    by: str
    source: str
    documents: tuple[Mapping[str, Any], ...]


SIZES: Mapping[str, int] = {
    "Installation": 18, "Deployment": 10, "DatasetVersion": 9, "Robot": 8, "Artifact": 5, "Decision": 9, "Incident": 6,
    "MaintenanceEvent": 3, "Run": 5, "Checkpoint": 5, "ModelVersion": 5, "Release": 5, "Evidence": 4, "Fleet": 3, "Cohort": 3,
    "Site": 2, "Customer": 2, "Dataset": 2, "Model": 2, "Experiment": 2, "Stop": 1, "Recall": 1,
}  # fmt: skip
"""How many nodes of a kind there are where a history is full of what the questions ask about; of other kinds a few."""


@dataclass
class History:
    """A generated history: batches that can be recorded, one after the other, and the graph that they come to."""

    graph: Graph
    random: random.Random
    sizes: Mapping[str, int] = field(default_factory=dict)
    """How many nodes of some kinds there are, and how often facts are about them, where it is not as often as of others."""
    ids: Mapping[str, Sequence[str]] = field(init=False)
    memory: Memory = field(init=False)
    edges: list[dict[str, Any]] = field(default_factory=list)
    day: int = 0

    def __post_init__(self) -> None:
        self.ids = {kind.name: self._ids(kind) for kind in self.graph.kinds.values()}
        self.memory = Memory(self.graph)

    def _ids(self, kind: Kind) -> tuple[str, ...]:
        names = [*NAMES, *(f"{name}{i}" for i in range(2, 4) for name in NAMES)]
        size = self._size(kind)
        chosen = self.random.sample(names[: max(len(NAMES), size)], size)
        return tuple(
            f"{kind.prefix}:{name}" + (f"@{VERSIONS[i % len(VERSIONS)]}" if kind.versioned else "")
            for i, name in enumerate(chosen)
        )

    def _size(self, kind: Kind) -> int:
        return self.sizes.get(kind.name, 1 if self.sizes else 4)

    def batches(self, count: int, size: int) -> Iterator[Batch]:
        """Batches of facts, each a day after the other."""
        for i in range(count):
            at, self.day = moment(BEGIN + timedelta(days=i, microseconds=i)), i
            by, source = self.random.choice(TEXTS[1:9]), self.random.choice(TEXTS[1:9])
            documents: list[dict[str, Any]] = []
            last: dict[str, str] = {}
            for _ in range(size):
                document = self._document(i)
                id = document.get("id", document.get("of"))
                # What one batch says of a node again, before anything else, it says at once.
                again = "id" in document and last.get(id) == "fact"
                if not again and self.memory.accepts(document):
                    last[id] = "fact" if "id" in document else "amendment"
                    self.memory.record([document], at, by, source)
                    documents.append(document)
            permit(self.memory, (at, by, source))
            yield Batch(at, by, source, tuple(documents))

    def _document(self, age: int) -> dict[str, Any]:
        what = self.random.random()
        if age and what < 0.07:
            return self._amend_node()
        if age and what < 0.2 and (open := self._amendable()):
            return self._amend_edge(open)
        kinds = list(self.graph.kinds.values())
        return self._fact(self.random.choices(kinds, list(map(self._size, kinds)))[0])

    def _fact(self, kind: Kind) -> dict[str, Any]:
        id = self.random.choice(self.ids[kind.name])
        document: dict[str, Any] = {"kind": kind.name, "id": id}
        known = self._known(kind, id) if self.sizes else {}
        for p in kind.properties.values():
            if p.name in known:
                if p.required:
                    document[p.name] = known[p.name]
                continue
            # An immutable value that differs would be refused: most facts say few of them.
            likely = 0.4 if self.sizes else 0.25 if p.change is Change.IMMUTABLE else 0.6
            if p.required or self.random.random() < likely:
                document[p.name] = self._said(kind, id, p)
        _in_order(document, kind.properties.values())
        if any(p.name in document for p in kind.told) and self.random.random() < 0.6:
            document["asOf"] = moment(BEGIN + timedelta(days=self.random.randint(-3, self.day)))
        for e in kind.stated:
            if e.name not in known and self.random.random() < ((0.9 if self.sizes else 0.4) if e.one else 0.6):
                document[e.name] = self._ends(e, id)
        return document

    def _known(self, kind: Kind, id: str) -> Mapping[str, Any]:
        """What is known of a node and cannot change."""
        node = self.memory.nodes.get(id)
        if node is None:
            return {}
        values = node.states[-1].values
        ends = {e.name: True for e in kind.edges if e.one and any(self.memory.links_of(node, e, False, None))}
        return ends | {n: v for n, v in values.items() if kind.properties[n].change is Change.IMMUTABLE}

    def _ends(self, e: Edge, source: str) -> Any:
        ends: dict[Any, dict[str, Any]] = {}
        for _ in range(1 if e.one else self.random.randint(0, 3 if self.sizes else 4)):
            others = [id for id in self.ids[self.random.choice(e.targets)] if id != source]
            if not others:
                continue
            end: dict[str, Any] = {"id": self.random.choice(others)}
            for p in e.stored_properties:
                if p.required or self.random.random() < 0.4:
                    end[p.name] = self._value(p)
            _in_order(end, e.stored_properties)
            parts = {p.name: end.get(p.name) for p in e.identity}
            ends[end["id"], *parts.values()] = end
            self.edges.append({"of": source, "edge": e.name, "to": end["id"], **parts, "_": e})
        if e.vague:
            # Beside uses that are told apart, one that is not would mean any of them.
            apart = {end["id"] for end in ends.values() if e.vague.name in end}
            ends = {key: end for key, end in ends.items() if e.vague.name in end or end["id"] not in apart}
        given = [end["id"] if len(end) == 1 and self.random.random() < 0.5 else end for end in ends.values()]
        return (given[0] if given else None) if e.one else given

    def _amend_node(self) -> dict[str, Any]:
        kind = self.random.choice([k for k in self.graph.kinds.values() if k.standing not in FINAL])
        of = self.random.choice(self.ids[kind.name])
        if self.random.random() < 0.4:
            return {"kind": "Retraction", "of": of, "reason": "it never was"}
        chosen = self.random.sample(list(kind.properties.values()), 2)
        values = {p.name: self._said(kind, of, p) if p.required or self.random.random() < 0.8 else None for p in chosen}
        return {"kind": "Correction", "of": of, "values": values, "reason": "it was wrong"}

    def _amendable(self) -> list[dict[str, Any]]:
        """The edges that facts may amend, and that were recorded."""
        return [
            named
            for named in self.edges
            if self.graph.kinds[named["_"].source].standing is Admission.PLAIN and named["of"] in self.memory.nodes
        ]

    def _amend_edge(self, amendable: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        named = dict(self.random.choice(amendable))
        e: Edge = named.pop("_")
        named = {n: v for n, v in named.items() if v is not None and (n != "role" or self.random.random() < 0.8)}
        open = [p for p in e.stored_properties if p.name != "validFrom"]
        if not open or self.random.random() < 0.5:
            return {"kind": "Retraction", **named, "reason": "it never was"}
        p = self.random.choice(open)
        value = self._value(p) if p.required or self.random.random() < 0.7 else None
        return {"kind": "Correction", **named, "values": {p.name: value}, "reason": "it was wrong"}

    def _said(self, kind: Kind, id: str, p: Property) -> Any:
        """A value of a node. What has one name is one node, so its names are its own."""
        value = self._value(p)
        if not kind.has_other_ids or p.name not in (*kind.reported_by, "externalIds"):
            return value
        if p.type is Digest:
            return f"sha256:{hashlib.sha256(f'{value} of {id}'.encode()).hexdigest()}"
        return [f"{name} of {id}" for name in value]

    def _value(self, p: Property) -> Any:
        return value(p, self.random)


def _in_order(given: dict[str, Any], properties: Iterable[Property]) -> None:
    """Turns intervals that end before they begin."""
    for p in properties:
        since, until = p.after and given.get(p.after), given.get(p.name)
        if p.after and since and until and instant(until) < instant(since):
            given[p.after], given[p.name] = until, since


def value(p: Property, random: random.Random) -> Any:
    """A value of a property, as a fact says it."""
    if p.value_type is not None:
        return [
            {m.name: value(m, random) for m in p.value_type.members if m.required or random.random() < 0.5}
            for _ in range(random.randint(0, 3))
        ]
    if p.item_type is not None:
        return random.choices(TEXTS, k=random.randint(0, 3))
    if p.is_enum:
        assert issubclass(p.type, Enum)
        return random.choice([m.name for m in p.type])
    pools: Mapping[Any, Sequence[Any]] = {
        str: WRITTEN if p.required else TEXTS, int: INTEGERS, Long: LONGS, float: FLOATS, bool: (True, False),
        datetime: MOMENTS if p.ahead else PAST, Json: DOCUMENTS, Digest: DIGESTS,
    }  # fmt: skip
    pool = pools[p.type]
    if p.type in (int, Long, float):
        pool = [n for n in pool if (p.least is None or n >= p.least) and (p.most is None or n <= p.most)]
    return random.choice(pool)
