"""Walks over shapes that break naive ones: right, bounded, and honest about what was cut."""

from typing import Any

import pytest

from forebear.app import Forebear
from forebear.store import Store
from tests import engines
from tests.record.asking import ask, history

LINEAGE = """
query Lineage($of: ID!, $direction: LineageDirection!, $first: Int!, $maxDepth: Int!, $asKnownAt: DateTime) {
  lineage(of: $of, direction: $direction, first: $first, maxDepth: $maxDepth, asKnownAt: $asKnownAt) {
    nodes { depth hidden node { id } } edges { source target } counts { kind count } total truncated
  }
}
"""
PATHS = """
query Paths($from: ID!, $to: ID!, $first: Int!, $maxLength: Int!, $asKnownAt: DateTime) {
  paths(from: $from, to: $to, first: $first, maxLength: $maxLength, asKnownAt: $asKnownAt) {
    paths { length nodes { id } } truncated
  }
}
"""
IMPACT = """
query Impact($of: ID!, $first: Int!) { impact(of: $of, first: $first) { totalCount nodes { via node { id } path { id } } } }
"""
WIDE, DEEP, SPOKES, CHAIN = 3, 25, 20_000, 60
LATER = "9999-01-01T00:00:00Z"


RUNNING = {"near": "l13", "far": "l12"}
"""Fleets, and what the model that each runs was trained on: its version is 50 and 51 edges away from the chain's end."""


def running(name: str, trained_on: str) -> list[dict[str, object]]:
    """A fleet that runs a model that was trained on a dataset."""
    return [
        {"kind": "Run", "id": f"run:{name}", "trainedOn": [f"dataset:{trained_on}@1"]},
        {"kind": "Checkpoint", "id": f"checkpoint:{name}/step-1", "producedBy": f"run:{name}"},
        {
            "kind": "ModelVersion",
            "id": f"model:{name}@1",
            "model": f"model:{name}",
            "promotedFrom": [f"checkpoint:{name}/step-1"],
        },
        {"kind": "Artifact", "id": f"artifact:{name}", "builtFrom": f"model:{name}@1"},
        {
            "kind": "Deployment",
            "id": f"deployment:{name}",
            "artifact": f"artifact:{name}",
            "on": f"fleet:{name}",
            "state": "ACTIVE",
            "validFrom": "2026-01-01T00:00:00Z",
        },
    ]


async def lineage(registry: Forebear, of: str, direction: str = "UPSTREAM", first: int = 500, max_depth: int = 50) -> Any:
    found = await ask(registry, LINEAGE, of=of, direction=direction, first=first, maxDepth=max_depth)
    return found["lineage"]


async def paths(registry: Forebear, start: str, end: str, first: int = 5) -> list[Any]:
    found = await ask(registry, PATHS, **{"from": start, "to": end, "first": first, "maxLength": 50})
    return list(found["paths"]["paths"])


@pytest.fixture(scope="module")
async def shapes(engine_registry: Forebear, engine_store: Store) -> Forebear:
    """A registry that holds every shape, none joined to another."""
    await engines.empty(engine_store)

    def version(name: str, *parents: str) -> dict[str, object]:
        return {"kind": "DatasetVersion", "id": f"dataset:{name}@1", "derivedFrom": [f"dataset:{p}@1" for p in parents]}

    await history(
        engine_registry,
        *(
            version(f"d{layer:02}-{i}", *(f"d{layer + 1:02}-{j}" for j in range(WIDE) if layer + 1 < DEEP))
            for layer in range(DEEP)
            for i in range(WIDE)
        ),
        version("top", *(f"d00-{j}" for j in range(WIDE))),
        *(version(f"c{i}", f"c{(i + 1) % 5}") for i in range(5)),
        *(version(f"l{i:02}", *([f"l{i + 1:02}"] if i < CHAIN else [])) for i in range(CHAIN + 1)),
        version("hub"),
        *(fact for name, trained_on in RUNNING.items() for fact in running(name, trained_on)),
    )
    for start in range(0, SPOKES, 2_000):
        await history(engine_registry, *(version(f"s{i:05}", "hub") for i in range(start, start + 2_000)))
    return engine_registry


async def test_diamonds_are_walked_once_each_node(shapes: Forebear) -> None:
    walk = await lineage(shapes, "dataset:top@1")

    assert [(n["node"]["id"], n["depth"], n["hidden"]) for n in walk["nodes"]] == [
        ("dataset:top@1", 0, 0),
        *((f"dataset:d{layer:02}-{i}@1", layer + 1, 0) for layer in range(DEEP) for i in range(WIDE)),
    ]
    assert len(walk["edges"]) == WIDE + (DEEP - 1) * WIDE * WIDE
    assert (walk["counts"], walk["total"], walk["truncated"]) == ([{"kind": "DatasetVersion", "count": 76}], 76, False)


async def test_diamonds_are_walked_as_they_were_known_too(shapes: Forebear) -> None:
    variables = {"of": "dataset:top@1", "direction": "UPSTREAM", "first": 500, "maxDepth": 50}
    now = await ask(shapes, LINEAGE, **variables)
    assert await ask(shapes, LINEAGE, **variables, asKnownAt=LATER) == now


async def test_of_many_shortest_paths_some_are_shown(shapes: Forebear) -> None:
    found = await paths(shapes, "dataset:top@1", "dataset:d24-0@1")

    assert [path["length"] for path in found] == [DEEP] * 5
    ways = [[node["id"] for node in path["nodes"]] for path in found]
    assert len({*map(tuple, ways)}) == 5
    for way in ways:
        assert way[0] == "dataset:top@1"
        assert way[-1] == "dataset:d24-0@1"
        assert [id[9:11] for id in way[1:]] == [f"{layer:02}" for layer in range(DEEP)]


async def test_diamonds_are_impact_once_each_node(shapes: Forebear) -> None:
    found = (await ask(shapes, IMPACT, of="dataset:d24-0@1", first=1000))["impact"]

    assert found["totalCount"] == 1 + (DEEP - 1) * WIDE
    assert {row["via"] for row in found["nodes"]} == {"LINEAGE"}
    way = {row["node"]["id"]: [n["id"] for n in row["path"]] for row in found["nodes"]}["dataset:top@1"]
    assert (way[0], way[-1], len(way)) == ("dataset:top@1", "dataset:d24-0@1", DEEP + 1)


async def test_a_cycle_ends(shapes: Forebear) -> None:
    ring = [f"dataset:c{i}@1" for i in range(5)]
    walk = await lineage(shapes, ring[0])

    assert [(n["node"]["id"], n["depth"], n["hidden"]) for n in walk["nodes"]] == [(id, i, 0) for i, id in enumerate(ring)]
    assert [(e["source"], e["target"]) for e in walk["edges"]] == [*zip(ring, [*ring[1:], ring[0]], strict=True)]
    assert walk["truncated"] is False
    found = await ask(shapes, IMPACT, of=ring[0], first=10)
    assert [row["node"]["id"] for row in found["impact"]["nodes"]] == ring[1:]


async def test_a_cycle_has_a_way_each_way_round(shapes: Forebear) -> None:
    found = await paths(shapes, "dataset:c0@1", "dataset:c2@1")
    assert [[node["id"] for node in path["nodes"]] for path in found] == [
        [f"dataset:c{i}@1" for i in (0, 1, 2)],
        [f"dataset:c{i}@1" for i in (0, 4, 3, 2)],
    ]


async def test_a_chain_is_walked_to_its_bound_and_the_last_says_that_there_is_more(shapes: Forebear) -> None:
    walk = await lineage(shapes, "dataset:l00@1")

    assert [(n["node"]["id"], n["depth"]) for n in walk["nodes"]] == [(f"dataset:l{i:02}@1", i) for i in range(51)]
    assert [n["hidden"] for n in walk["nodes"]] == [0] * 50 + [1]
    assert (walk["total"], walk["truncated"]) == (51, True)


async def test_a_walk_of_some_depth_says_what_lies_beyond(shapes: Forebear) -> None:
    walk = await lineage(shapes, "dataset:top@1", max_depth=1)

    assert [(n["node"]["id"], n["hidden"]) for n in walk["nodes"]] == [
        ("dataset:top@1", 0),
        *((f"dataset:d00-{i}@1", WIDE) for i in range(WIDE)),
    ]
    assert (walk["total"], walk["truncated"]) == (4, True)


async def test_of_a_walk_the_nearest_are_shown_and_the_others_counted(shapes: Forebear) -> None:
    walk = await lineage(shapes, "dataset:top@1", first=3)

    assert [(n["node"]["id"], n["depth"], n["hidden"]) for n in walk["nodes"]] == [
        ("dataset:top@1", 0, 1),
        ("dataset:d00-0@1", 1, WIDE),
        ("dataset:d00-1@1", 1, WIDE),
    ]
    assert (walk["counts"], walk["total"], walk["truncated"]) == ([{"kind": "DatasetVersion", "count": 76}], 76, True)


async def test_no_path_is_longer_than_its_bound(shapes: Forebear) -> None:
    assert [p["length"] for p in await paths(shapes, "dataset:l00@1", "dataset:l50@1")] == [50]
    assert await paths(shapes, "dataset:l00@1", "dataset:l51@1") == []


async def test_a_way_that_is_too_long_to_be_shown_is_said_to_be_there(shapes: Forebear) -> None:
    async def found(start: str, end: str, **changed: object) -> tuple[list[int], bool]:
        variables = {"from": f"dataset:{start}@1", "to": f"dataset:{end}@1", "first": 5, "maxLength": 50} | changed
        answer = (await ask(shapes, PATHS, **variables))["paths"]
        return [path["length"] for path in answer["paths"]], answer["truncated"]

    assert await found("l10", "l60") == ([50], False)
    assert await found("l60", "l10") == ([50], True)
    assert await found("l00", "l51") == ([], True)
    assert await found("l10", "l15", maxLength=5) == ([5], False)
    assert await found("l10", "l15", maxLength=4) == ([], True)
    assert await found("c0", "c2", first=2) == ([2, 3], False)
    assert await found("c0", "c2", first=1) == ([2], True)
    assert await found("top", "d24-0") == ([DEEP] * 5, True)
    assert await found("l10", "l60", asKnownAt=LATER) == ([50], False)
    assert await found("l00", "l51", asKnownAt=LATER) == ([], True)


WITHIN, BEYOND = {"truncated": False}, {"truncated": True}


@pytest.mark.parametrize("known", [None, LATER])
@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("lineage(of: $of, asKnownAt: $known) { total truncated }", {
            "dataset:l10@1": {"total": 51} | WITHIN,
            "dataset:l09@1": {"total": 51} | BEYOND,
        }),
        ("impact(of: $of, asKnownAt: $known) { totalCount truncated }", {
            "dataset:l50@1": {"totalCount": 62} | WITHIN,
            "dataset:l60@1": {"totalCount": 55} | BEYOND,
        }),
        ("fleetsRunning(trainedOn: $of, asKnownAt: $known) { nodes { fleet { id } } truncated }", {
            "dataset:l50@1": {"nodes": [{"fleet": {"id": "fleet:far"}}, {"fleet": {"id": "fleet:near"}}]} | WITHIN,
            "dataset:l58@1": {"nodes": [{"fleet": {"id": "fleet:near"}}]} | BEYOND,
        }),
        ("lineageDiff(of: $of, to: $known) { totalCount truncated }", {
            "dataset:l10@1": {"totalCount": 0} | WITHIN,
            "dataset:l09@1": {"totalCount": 0} | BEYOND,
        }),
    ],
    ids=lambda given: given.partition("(")[0] if isinstance(given, str) else "",
)  # fmt: skip
async def test_an_answer_says_whether_its_walk_met_the_bound(
    shapes: Forebear, known: str | None, asked: str, expected: dict[str, Any]
) -> None:
    query = f"query ($of: ID!, $known: DateTime) {{ found: {asked} }}"
    assert {of: (await ask(shapes, query, of=of, known=known))["found"] for of in expected} == expected


@pytest.mark.parametrize("known", [None, LATER])
async def test_provenance_says_whether_its_walk_met_the_bound(shapes: Forebear, known: str | None) -> None:
    query = """query ($id: ID!, $known: DateTime) {
      modelVersion(id: $id, asKnownAt: $known) { provenance { ancestors { id } truncated } } }"""
    expected = {
        "model:near@1": {"ancestors": [{"id": f"dataset:l{i}@1"} for i in range(14, 61)]} | WITHIN,
        "model:far@1": {"ancestors": [{"id": f"dataset:l{i}@1"} for i in range(13, 60)]} | BEYOND,
    }
    found = {id: (await ask(shapes, query, id=id, known=known))["modelVersion"]["provenance"] for id in expected}
    assert found == expected


async def test_whether_a_bound_was_met_is_said_of_diamonds_and_cycles_too(shapes: Forebear) -> None:
    query = """query ($of: ID!) { impact(of: $of) { truncated } lineageDiff(of: $of) { truncated }
      fleetsRunning(trainedOn: $of) { truncated } lineage(of: $of) { truncated } }"""
    for of in ("dataset:top@1", "dataset:d24-0@1", "dataset:c0@1", "dataset:hub@1"):
        cut = {"truncated": False}
        assert await ask(shapes, query, of=of) == dict.fromkeys(("impact", "lineageDiff", "fleetsRunning", "lineage"), cut)


async def test_a_hub_is_shown_in_part_and_counted_to_the_bound(shapes: Forebear) -> None:
    walk = await lineage(shapes, "dataset:hub@1", "DOWNSTREAM", first=100)

    assert [(n["node"]["id"], n["depth"], n["hidden"]) for n in walk["nodes"]] == [
        ("dataset:hub@1", 0, SPOKES - 99),
        *((f"dataset:s{i:05}@1", 1, 0) for i in range(99)),
    ]
    assert len(walk["edges"]) == 99
    assert (walk["counts"], walk["total"], walk["truncated"]) == ([{"kind": "DatasetVersion", "count": 10_000}], 10_000, True)


async def test_all_that_a_hub_reached_is_counted_however_often_it_is_asked(shapes: Forebear) -> None:
    for _ in range(3):
        found = (await ask(shapes, IMPACT, of="dataset:hub@1", first=2))["impact"]
        assert found == {
            "totalCount": SPOKES,
            "nodes": [
                {"via": "LINEAGE", "node": {"id": id}, "path": [{"id": id}, {"id": "dataset:hub@1"}]}
                for id in ("dataset:s00000@1", "dataset:s00001@1")
            ],
        }


async def test_a_hubs_neighbours_are_paged(shapes: Forebear) -> None:
    query = """query ($after: String) { node(id: "dataset:hub@1") { ... on DatasetVersion {
      derivatives(first: 1000, after: $after) { totalCount nodes { id } pageInfo { hasNextPage endCursor } } } } }"""
    first = (await ask(shapes, query))["node"]["derivatives"]
    second = (await ask(shapes, query, after=first["pageInfo"]["endCursor"]))["node"]["derivatives"]

    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (SPOKES, True)
    assert [n["id"] for n in first["nodes"] + second["nodes"]] == [f"dataset:s{i:05}@1" for i in range(2_000)]
