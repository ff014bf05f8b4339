"""Whoever is limited to lines adds, and amends nothing that belongs to another line."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from typing import Any

import pytest

from forebear.app import Forebear
from forebear.domain.roles import Actor, Role
from forebear.graph.declaration import EdgeClass
from forebear.graph.kinds import GRAPH
from forebear.record.summary import Origin, Summary
from tests.record.asking import everything, history, record

SINCE = "2026-01-01T00:00:00Z"
MINE = frozenset({"line:mine"})
LIA = Actor("lia", frozenset({Role.RECORDER, Role.ENGINEER, Role.OPERATOR}), MINE)
BATCHES = 60
BEYOND = "lia's writes are limited to line:mine, and {} would reach line:other"


def to(*ids: str) -> list[dict[str, str]]:
    """Ends of edges that hold since the beginning."""
    return [{"id": id, "validFrom": SINCE} for id in ids]


WORLD: tuple[dict[str, Any], ...] = (
    {"kind": "ReleaseLine", "id": "line:mine", "target": "target:orin"},
    {"kind": "ReleaseLine", "id": "line:other", "target": "target:orin"},
    {"kind": "Fleet", "id": "fleet:mine", "lines": to("line:mine"), "sites": to("site:mine", "site:shared")},
    {
        "kind": "Fleet", "id": "fleet:other", "lines": to("line:other"), "sites": to("site:other", "site:shared"),
        "customers": to("customer:other"), "externalIds": ["mdm:other"],
    },
    {"kind": "Fleet", "id": "fleet:free"},
    {"kind": "Cohort", "id": "cohort:mine", "fleets": to("fleet:mine")},
    {"kind": "Cohort", "id": "cohort:other", "fleets": to("fleet:other")},
    {"kind": "Robot", "id": "robot:mine", "memberOf": to("fleet:mine"), "serial": "m"},
    {"kind": "Robot", "id": "robot:other", "memberOf": to("fleet:other", "cohort:other", "fleet:free"), "serial": "o"},
    {"kind": "Robot", "id": "robot:free", "memberOf": to("fleet:free")},
    {"kind": "Run", "id": "run:other", "trainedOn": ["dataset:other@1"], "experiment": "experiment:e", "status": "SUCCEEDED"},
    {"kind": "Run", "id": "run:free", "trainedOn": ["dataset:other@1"]},
    {"kind": "DatasetVersion", "id": "dataset:other@1", "collectedFrom": ["robot:other", "robot:mine", "fleet:mine"]},
    {"kind": "DatasetVersion", "id": "dataset:free@1"},
    {"kind": "Checkpoint", "id": "checkpoint:other", "producedBy": "run:other"},
    {"kind": "ModelVersion", "id": "model:m@1", "model": "model:m", "promotedFrom": ["checkpoint:other"]},
    {"kind": "Release", "id": "release:m@1/other", "state": "CANDIDATE", "version": "model:m@1", "line": "line:other"},
    {"kind": "Incident", "id": "incident:other", "validFrom": SINCE, "at": ["robot:other"]},
    {"kind": "Incident", "id": "incident:mine", "validFrom": SINCE, "at": ["robot:mine"]},
    {"kind": "MaintenanceEvent", "id": "maintenance:other", "validFrom": SINCE, "at": ["fleet:other"]},
)  # fmt: skip


async def lia(registry: Forebear, *facts: dict[str, Any], partial: bool = False) -> Summary:
    """Records facts as somebody who is limited to a line."""
    return await registry.recorder.record(facts, Origin(LIA, "tests"), partial=partial)


def retraction(of: str, **values: object) -> dict[str, Any]:
    return {"kind": "Retraction", "of": of, "reason": "t", **values}


def correction(of: str, values: dict[str, Any], **edge: object) -> dict[str, Any]:
    return {"kind": "Correction", "of": of, "reason": "t", "values": values, **edge}


# ── by name ─────────────────────────────────────────────────────────────────────────────────────────────────

OWN_SITE = {"kind": "Site", "id": "site:new", "externalIds": ["mdm:other"]}


async def test_what_belongs_to_another_line_is_not_amended_by_any_fact(registry: Forebear) -> None:
    await history(registry, *WORLD)
    member, closed = {"edge": "memberOf", "to": "fleet:other", "validFrom": SINCE}, {"validTo": "2026-02-01T00:00:00Z"}
    for fact, verb in (
        (retraction("fleet:other"), "changeLines"),
        (correction("fleet:other", closed, edge="lines", to="line:other", validFrom=SINCE), "record"),
        (retraction("cohort:other"), "record"),
        (retraction("robot:other"), "record"),
        (retraction("robot:mine"), "record"),
        (retraction("robot:other", **member), "record"),
        (correction("robot:other", closed, **member), "record"),
        (retraction("dataset:other@1"), "record"),
        (retraction("run:other"), "record"),
        (retraction("fleet:free"), "record"),
        (retraction("site:shared"), "record"),
        (correction("robot:other", {"serial": "x"}), "record"),
        (correction("run:other", {"seed": 2}), "record"),
        ({"kind": "Fleet", "id": "fleet:other", "name": "Mine"}, "record"),
        ({"kind": "Fleet", "id": "fleet:other", "lines": to("line:mine")}, "changeLines"),
        ({"kind": "Fleet", "id": "fleet:other", "sites": to("site:mine")}, "record"),
        ({"kind": "Robot", "id": "robot:other", "software": "9"}, "record"),
        ({"kind": "Robot", "id": "robot:other", "memberOf": to("fleet:mine")}, "record"),
        ({"kind": "Robot", "id": "robot:other", "memberOf": [{"id": "fleet:free", "validFrom": SINCE, **closed}]}, "record"),
        ({"kind": "Robot", "id": "robot:mine", "memberOf": to("fleet:other")}, "record"),
        ({"kind": "Cohort", "id": "cohort:new", "fleets": to("fleet:other")}, "record"),
        ({"kind": "Incident", "id": "incident:other", "validFrom": SINCE, "validTo": "2026-01-02T00:00:00Z"}, "record"),
        ({"kind": "Run", "id": "run:other", "metrics": {"loss": 1}}, "record"),
        ({"kind": "Robot", "id": "robot:other", "software": "8", "asOf": SINCE}, "record"),
        (OWN_SITE, "record"),
    ):
        before = await everything(registry)
        (rejection,) = (await lia(registry, fact)).rejections
        assert rejection.reasons[0].partition(";")[0] == BEYOND.format(verb), fact
        assert await everything(registry) == before


async def test_what_adds_to_another_line_or_says_the_same_of_it_is_taken(registry: Forebear) -> None:
    await history(registry, *WORLD)
    added = await lia(
        registry,
        {"kind": "Run", "id": "run:new", "trainedOn": ["dataset:other@1"]},
        {"kind": "DatasetVersion", "id": "dataset:new@1", "collectedFrom": ["fleet:other"], "derivedFrom": ["dataset:other@1"]},
        {"kind": "Incident", "id": "incident:new", "validFrom": SINCE, "at": ["fleet:other"]},
        {"kind": "Robot", "id": "robot:new", "memberOf": to("fleet:mine", "cohort:mine", "fleet:free")},
        {"kind": "Fleet", "id": "fleet:free", "lines": to("line:mine")},
        {"kind": "Robot", "id": "robot:other", "serial": "o", "memberOf": to("fleet:other")},
        {"kind": "Fleet", "id": "fleet:mine", "name": "Mine"},
        retraction("incident:mine"),
        correction("robot:mine", {"serial": "n"}),
    )
    assert added.rejections == []


@pytest.mark.parametrize("roles", [{Role.RECORDER}, {Role.OPERATOR}])
async def test_a_fleets_first_line_is_recorded_and_what_changes_its_lines_is_an_operators(
    registry: Forebear, roles: set[Role]
) -> None:
    by = Origin(Actor("rita", frozenset(roles)), "tests")
    facts = [
        {"kind": "Fleet", "id": "fleet:f", "lines": to("line:mine")},
        {"kind": "Fleet", "id": "fleet:f", "lines": to("line:mine"), "name": "F"},
    ]
    assert [(await registry.recorder.record([fact], by)).rejections for fact in facts] == [[], []]
    ended = {"kind": "Fleet", "id": "fleet:f", "lines": [{"id": "line:mine", "validFrom": SINCE, "validTo": SINCE}]}
    gone = retraction("fleet:f", edge="lines", to="line:mine", validFrom=SINCE)
    for fact in ({"kind": "Fleet", "id": "fleet:f", "lines": to("line:other")}, ended, gone, retraction("fleet:f")):
        rejections = (await registry.recorder.record([fact], by)).rejections
        if Role.OPERATOR in roles:
            assert rejections == []
        else:
            (rejection,) = rejections
            assert rejection.reasons == (
                "rita may not changeLines: that needs OPERATOR, and rita has RECORDER; "
                "ask somebody who has OPERATOR, or an admin for the role",
            )


# ── whatever is done ────────────────────────────────────────────────────────────────────────────────────────

Edge = tuple[str, str, str, str]


async def state(registry: Forebear) -> tuple[dict[str, str], set[Edge]]:
    """Every node with its properties, and every edge of a declared type with its own."""
    nodes = await registry.store.read("MATCH (n) WHERE n.recordedAt IS NOT NULL RETURN n.id AS id, properties(n) AS p")
    edges = await registry.store.read("MATCH (a)-[e]->(b) RETURN a.id AS a, type(e) AS type, b.id AS b, properties(e) AS p")
    return (
        {str(row["id"]): json.dumps(row["p"], sort_keys=True) for row in nodes},
        {
            (str(r["a"]), str(r["type"]), str(r["b"]), json.dumps(r["p"], sort_keys=True))
            for r in edges
            if r["type"] in GRAPH.edge_types or r["type"] == "IDENTIFIES"
        },
    )


def belonging(edges: set[Edge]) -> tuple[set[str], set[str]]:
    """What leads outwards to a line that is not Lia's, and what something in such a line leads outwards to."""
    ahead, behind = defaultdict(set), defaultdict(set)
    for a, type, b, _ in edges:
        if type != "IDENTIFIES":
            behind[b].add(a)
        if type not in ("IDENTIFIES", "COLLECTED_FROM"):
            ahead[a].add(b)

    def closure(starts: set[str], step: dict[str, set[str]]) -> set[str]:
        seen, open = set(starts), list(starts)
        while open:
            new = step[open.pop()] - seen
            seen |= new
            open += new
        return seen

    others = {b for _, type, b, _ in edges if type == "IN_LINE" and b not in MINE}
    standing = {a for a, type, b, _ in edges if type == "IN_LINE" and b in others}
    return closure(others, behind), closure(others | standing, ahead)


class Sequence:
    """What somebody tries: facts and amendments of the world's nodes and of a few new ones."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.ids: dict[str, list[str]] = defaultdict(list)
        for fact in WORLD:
            self.ids[fact["kind"]].append(fact["id"])
        self.ids |= {
            "Site": ["site:mine", "site:other", "site:shared"],
            "Customer": ["customer:other"],
            "Dataset": ["dataset:d"],
        }
        self.ids |= {"Experiment": ["experiment:e"], "CodeVersion": ["code:c@1"]}
        plain = ("Fleet", "Cohort", "Robot", "Run", "DatasetVersion", "Checkpoint", "Incident", "Site", "Experiment")
        self.kinds = [GRAPH.kinds[name] for name in plain]
        for kind in self.kinds:
            self.ids[kind.name].append(f"{kind.prefix}:new" + ("@1" if kind.versioned else ""))

    def batch(self) -> list[dict[str, Any]]:
        """A few documents."""
        return [self.random.choice([self._fact, self._fact, self._amendment])() for _ in range(self.random.randint(1, 4))]

    def _end(self, edge: Any) -> Any:
        target = self.random.choice([t for t in edge.targets if self.ids.get(t)] or [None])
        if target is None:
            return None
        end: dict[str, Any] = {"id": self.random.choice(self.ids[target])}
        if edge.interval:
            end["validFrom"] = self.random.choice([SINCE, "2026-03-01T00:00:00Z"])
            if self.random.random() < 0.3:
                end["validTo"] = "2026-04-01T00:00:00Z"
        return end

    def _fact(self) -> dict[str, Any]:
        kind = self.random.choice(self.kinds)
        fact: dict[str, Any] = {"kind": kind.name, "id": self.random.choice(self.ids[kind.name])}
        if kind.name == "Incident":
            fact["validFrom"] = SINCE
        if self.random.random() < 0.3:
            fact |= self.random.choice([{"name": "New"}, {"labels": ["x"]}, {"externalIds": ["mdm:other"]}])
        if kind.name == "Run" and self.random.random() < 0.3:
            fact["status"] = self.random.choice(["RUNNING", "FAILED"])
            if self.random.random() < 0.5:
                fact["asOf"] = self.random.choice([SINCE, "2026-03-01T00:00:00Z"])
        for edge in kind.edges:
            if self.random.random() < 0.4 and (end := self._end(edge)):
                fact[edge.name] = end if edge.one else [end]
        return fact

    def _amendment(self) -> dict[str, Any]:
        kind = self.random.choice(self.kinds)
        of = self.random.choice(self.ids[kind.name])
        if self.random.random() < 0.4:
            return retraction(of)
        if kind.edges and self.random.random() < 0.6 and (end := self._end(edge := self.random.choice(kind.edges))):
            named = {"edge": edge.name, "to": end["id"]} | ({"validFrom": SINCE} if edge.interval else {})
            if edge.interval and self.random.random() < 0.5:
                return correction(of, {"validTo": "2026-05-01T00:00:00Z"}, **named)
            return retraction(of, **named)
        return correction(of, {"name": "Wrong"})


@pytest.mark.parametrize("seed", range(2))
async def test_whatever_somebody_limited_does_nothing_of_another_line_changes_or_ends(registry: Forebear, seed: int) -> None:
    await history(registry, *WORLD)
    sequence, taken, refused = Sequence(seed), 0, 0
    lineage = {name for name, type in GRAPH.edge_types.items() if type.edge_class is EdgeClass.LINEAGE}
    for _ in range(BATCHES):
        batch = sequence.batch()
        nodes, edges = await state(registry)
        leading, reached = belonging(edges)
        summary = await lia(registry, *batch, partial=True)
        taken += summary.changed
        refused += sum(any(" would reach " in r for r in rejection.reasons) for rejection in summary.rejections)
        after, edges_after = await state(registry)
        for id in leading | reached:
            assert after[id] == nodes[id], (id, batch)
        for edge in edges - edges_after:
            assert edge[0] not in leading | reached, (edge, batch)
            assert edge[2] not in leading | reached or edge[0] not in leading | reached, (edge, batch)
        for source, type, target, _ in edges_after - edges:
            assert type in lineage or source not in leading | reached, (source, type, target, batch)
            assert type not in ("MEMBER_OF", "PART_OF", "IN_LINE") or target not in leading, (source, type, target, batch)
            assert type != "IDENTIFIES" or source != "mdm:other", batch
    assert taken > BATCHES // 3
    assert refused > BATCHES // 3


async def test_who_is_not_limited_is_held_by_none_of_it(registry: Forebear) -> None:
    await history(registry, *WORLD)
    assert (
        await record(registry, retraction("dataset:free@1"), retraction("robot:free"), retraction("run:other"))
    ).rejections == []
