"""Paths: the same one at every moment of knowledge, and with every step."""

import itertools
from typing import Any

from forebear.app import Forebear
from tests.record.asking import ask, history, now, record
from tests.record.test_walks import running

SINCE = "2026-01-01T00:00:00Z"
ASKED = """query ($a: ID!, $d: ID!, $known: DateTime) {
  impact(of: $a, asKnownAt: $known, kinds: [DatasetVersion, Run]) { nodes { node { id } path { id } } }
  paths(from: $d, to: $a, first: 1, asKnownAt: $known) { paths { nodes { id } } }
  back: paths(from: $a, to: $d, asKnownAt: $known) { paths { nodes { id } } }
  fleetsRunning(trainedOn: $a, asKnownAt: $known) { nodes { path { id } } }
}"""
EDGES = (("b", "a"), ("c", "a"), ("d", "b"), ("d", "c"))


def ids(nodes: list[dict[str, str]]) -> str:
    """The names of some nodes, as one word where they are those of a diamond."""
    return " ".join(node["id"].removeprefix("dataset:").partition("@")[0].rstrip("0123456789") for node in nodes)


async def ways(registry: Forebear, n: int, known: str | None) -> Any:
    """The ways that are shown in a diamond: of what its beginning reached, between its ends, and of a fleet."""
    found = await ask(registry, ASKED, a=f"dataset:a{n}@1", d=f"dataset:d{n}@1", known=known)
    return (
        [ids(row["path"]) for row in found["impact"]["nodes"]],
        [ids(path["nodes"]) for path in found["paths"]["paths"]],
        [ids(path["nodes"]) for path in found["back"]["paths"]],
        [ids(row["path"]) for row in found["fleetsRunning"]["nodes"]],
    )


async def test_of_two_shortest_ways_the_same_one_is_shown_at_every_moment_of_knowledge(registry: Forebear) -> None:
    diamonds = {n: order for n, order in enumerate(itertools.permutations(EDGES)) if n % 5 == 0}
    for step in range(4):
        told = ((f"{order[step][0]}{n}", f"{order[step][1]}{n}") for n, order in diamonds.items())
        await record(
            registry, *({"kind": "DatasetVersion", "id": f"dataset:{s}@1", "derivedFrom": [f"dataset:{t}@1"]} for s, t in told)
        )
    await history(registry, *(fact for n in diamonds for fact in running(f"m{n}", f"d{n}")))
    then = now()

    def shown(n: int, *middle: str) -> Any:
        d = f"d {middle[0]} a"
        run = f"run:m {d}"
        fleet = f"fleet:m deployment:m artifact:m model:m checkpoint:m{n}/step- run:m {d}"
        return (
            [*("b a" if m == "b" else "c a" for m in ("b", "c") if m in middle or len(middle) == 2), d, run],
            [d], [f"a {m} d" for m in middle], [fleet],
        )  # fmt: skip

    for n in diamonds:
        assert await ways(registry, n, then) == shown(n, "b", "c")
    retracted = dict(zip(diamonds, itertools.cycle(EDGES), strict=False))
    await record(
        registry,
        *(
            {
                "kind": "Retraction", "of": f"dataset:{source}{n}@1", "edge": "derivedFrom", "to": f"dataset:{target}{n}@1",
                "reason": "Another was meant.",
            }
            for n, (source, target) in retracted.items()
        ),
    )  # fmt: skip
    for n, edge in retracted.items():
        assert await ways(registry, n, then) == shown(n, "b", "c")
        left = "c" if "b" in edge else "b"
        found = await ways(registry, n, None)
        assert (found[1], found[2], found[3]) == (shown(n, left)[1], shown(n, left)[2], shown(n, left)[3])


PATHS = """query ($from: ID!, $to: ID!) { paths(from: $from, to: $to) { paths { nodes { id } edges { type } } } }"""


async def way(registry: Forebear, source: str, target: str) -> list[tuple[str, str]]:
    """The ways from one node to another: their nodes, and the types of their edges."""
    found = (await ask(registry, PATHS, **{"from": source, "to": target}))["paths"]["paths"]
    return [(" ".join(node["id"] for node in p["nodes"]), " ".join(e["type"] for e in p["edges"])) for p in found]


async def fleet(registry: Forebear) -> None:
    """A fleet of a customer with a robot in a cohort; what it collected trained what runs on both."""
    since = {"validFrom": SINCE}
    await history(
        registry,
        {"kind": "Fleet", "id": "fleet:f", "customers": [{"id": "customer:k", **since}], "sites": [{"id": "site:s", **since}]},
        {"kind": "Cohort", "id": "cohort:c", "fleets": [{"id": "fleet:f", **since}]},
        {"kind": "Robot", "id": "robot:r", "memberOf": [{"id": "cohort:c", **since}]},
        {"kind": "DatasetVersion", "id": "dataset:d@1", "collectedFrom": ["robot:r"], "dataset": "dataset:d"},
        *running("m", "d"),
        {
            "kind": "Deployment", "id": "deployment:c", "artifact": "artifact:m", "on": "cohort:c", "state": "ACTIVE",
            "validFrom": "2026-02-01T00:00:00Z",
        },
    )  # fmt: skip


async def seen(registry: Forebear) -> None:
    """The robot reports what it runs."""
    since = "2026-03-01T00:00:00Z"
    seen = {"kind": "Installation", "id": "installation:i", "robot": "robot:r", "artifact": "artifact:m", "validFrom": since}
    await history(registry, seen)


async def test_between_what_runs_and_where_there_is_the_one_edge(registry: Forebear) -> None:
    await fleet(registry)
    await seen(registry)
    for thing, place in (("deployment:m", "fleet:m"), ("deployment:c", "cohort:c"), ("installation:i", "robot:r")):
        assert (await way(registry, thing, place))[0] == (f"{thing} {place}", "ON")
        assert (await way(registry, place, thing))[0] == (f"{place} {thing}", "ON")
    assert await way(registry, "deployment:m", "fleet:m") == [("deployment:m fleet:m", "ON")]
    assert await way(registry, "deployment:c", "site:s") == [("deployment:c cohort:c fleet:f site:s", "ON PART_OF AT")]
    # A place is not left for another by what runs on both.
    assert await way(registry, "fleet:f", "site:s") == []


LINEAGE = "artifact:m model:m@1 checkpoint:m/step-1 run:m dataset:d@1"


async def test_a_path_has_every_step_to_where_a_thing_runs(registry: Forebear) -> None:
    await fleet(registry)
    asked = """{ fleetsRunning(trainedOn: "dataset:d@1") { nodes { fleet { id } path { id } } } }"""

    async def shown() -> dict[str, str]:
        rows = (await ask(registry, asked))["fleetsRunning"]["nodes"]
        return {row["fleet"]["id"]: " ".join(node["id"] for node in row["path"]) for row in rows}

    known = {"fleet:m": f"fleet:m deployment:m {LINEAGE}"}
    assert await shown() == known | {"fleet:f": f"fleet:f cohort:c deployment:c {LINEAGE}"}
    await seen(registry)
    assert await shown() == known | {"fleet:f": f"fleet:f cohort:c robot:r installation:i {LINEAGE}"}


async def test_what_a_customer_reached_leads_back_to_it_step_by_step(registry: Forebear) -> None:
    await fleet(registry)
    await seen(registry)
    asked = """query ($of: ID!, $kinds: [Kind!]) { impact(of: $of, kinds: $kinds) { nodes { node { id } path { id } } } }"""

    async def shown(of: str, *kinds: str) -> list[str]:
        rows = (await ask(registry, asked, of=of, kinds=kinds or None))["impact"]["nodes"]
        return [" ".join(node["id"] for node in row["path"]) for row in rows]

    back = "dataset:d@1 robot:r cohort:c fleet:f"
    kinds = ("DatasetVersion", "Run", "Installation")
    for place in ("customer:k", "site:s"):
        expected = [f"{back} {place}", f"installation:i {LINEAGE} robot:r cohort:c fleet:f {place}", f"run:m {back} {place}"]
        assert await shown(place, *kinds) == expected
    assert await shown("dataset:d", "DatasetVersion", "Run") == ["dataset:d@1 dataset:d", "run:m dataset:d@1 dataset:d"]


async def test_impact_lists_the_cohorts_of_what_is_meant_to_run_on_a_fleet(registry: Forebear) -> None:
    await fleet(registry)
    since = {"validFrom": SINCE}
    part = {"kind": "Cohort", "id": "cohort:part", "fleets": [{"id": "fleet:m", **since}]}
    await record(registry, part, {"kind": "Robot", "id": "robot:part", "memberOf": [{"id": "cohort:part", **since}]})
    asked = """{ impact(of: "dataset:d@1", kinds: [Cohort, Robot]) { nodes { node { id } path { id } } } }"""
    rows = (await ask(registry, asked))["impact"]["nodes"]
    assert [" ".join(node["id"] for node in row["path"]) for row in rows] == [
        f"cohort:c deployment:c {LINEAGE}", f"cohort:part fleet:m deployment:m {LINEAGE}",
        f"robot:part cohort:part fleet:m deployment:m {LINEAGE}", f"robot:r cohort:c deployment:c {LINEAGE}",
    ]  # fmt: skip
