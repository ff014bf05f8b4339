"""A million facts in the embedded engine: how memory goes while `forebear import` brings them in, and what questions cost then.

What is asked has an answer of one size in a graph of any size, but for `search`, whose commonest word is as common as the
graph is large. A small graph is served beside the large one, and both are asked in turn.
"""

from __future__ import annotations

import statistics
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from time import perf_counter

import msgspec
import psutil

from bench import forebear, lineage
from bench.forebear import COMMAND, Forebear
from bench.graphql import Refused
from bench.process import Unavailable, memory
from bench.questions import DATASETS, SAMPLED, VERSIONS
from bench.wire import Wire

FACTS = 1_000_000
SAMPLE = FACTS // 20
"""After how many facts memory is looked at."""


@dataclass(frozen=True)
class Asked:
    """A question as GraphQL, and what `$of` is in turn."""

    name: str
    document: str
    of: tuple[str, ...] = ("",)


ASKED = (
    Asked("node by id", "query ($of: ID!) { node(id: $of) { id ... on ModelVersion { name createdAt } } }", (*VERSIONS,)),
    Asked(
        "lineage of a version",
        "query ($of: ID!) { lineage(of: $of, first: 50) { nodes { depth node { id } } edges { type source target } } }",
        (*VERSIONS,),
    ),
    Asked(
        "fleets running models trained on a dataset",
        "query ($of: ID!) { fleetsRunning(trainedOn: $of, includeDerived: false) { nodes { fleet { id } version { id } } } }",
        (*DATASETS,),
    ),
    Asked(
        "impact of a version",
        "query ($of: ID!) { impact(of: $of) { totalCount nodes { via node { id } path { id } } } }",
        (*VERSIONS,),
    ),
    Asked("a page of versions", "{ modelVersions(first: 100) { nodes { id name createdAt } pageInfo { endCursor } } }"),
    Asked(
        "search",
        "query ($of: String!) { search(text: $of, first: 10) { nodes { node { id } } } }",
        (*(f"Canaries {p}.1" for p in SAMPLED),),
    ),
)


@dataclass(frozen=True)
class Sample:
    """What was resident in MB when so many facts had been taken, and how long that had taken in seconds."""

    facts: int
    seconds: float
    service: float
    engine: float


@dataclass(frozen=True)
class Large:
    """What importing came to, and what questions cost afterwards."""

    nodes: int
    facts: int
    seconds: float
    samples: list[Sample]
    disk: float
    """What the engine keeps of it, in MB."""
    asked: dict[str, tuple[float, float]]
    """By question: p50 in ms on the small graph and on the large one."""


def measure(workspace: Path, small: int, large: int, rounds: int) -> Large:
    """Imports graphs of about so many nodes, and asks both. Raises `Unavailable` and `Refused`."""
    (workspace / "small").mkdir()
    (workspace / "large").mkdir()
    with forebear.serving(workspace / "small") as few, forebear.serving(workspace / "large") as many:
        _import(few, small)
        facts, samples = _import(many, large)
        disk = sum(f.stat().st_size for f in (workspace / "large" / "data").rglob("*") if f.is_file()) / 1e6
        return Large(large, facts, samples[-1].seconds, samples, disk, {a.name: _ask(a, few, many, rounds) for a in ASKED})


def _import(service: Forebear, nodes: int) -> tuple[int, list[Sample]]:
    """Imports a graph as its users would, made as it is read: how many facts, and what memory was meanwhile."""
    engine = max(psutil.Process(service.process.pid).children(recursive=True), key=lambda child: child.memory_info().rss)
    samples: list[Sample] = []
    began = perf_counter()

    def sample(facts: int) -> None:
        took = perf_counter() - began
        samples.append(Sample(facts, took, memory(service.process.pid).now, memory(engine.pid).now))

    command = [str(COMMAND), "import", "-", "--imported", "--json", "--url", f"http://127.0.0.1:{service.port}"]
    count = 0
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as importing:
        assert importing.stdin
        assert importing.stdout
        lines = _lines(nodes)
        while piece := list(islice(lines, SAMPLE)):
            importing.stdin.writelines(piece)
            count += len(piece)
            sample(count)
        importing.stdin.close()
        *rejections, summary = importing.stdout.read().splitlines()
    if importing.returncode or rejections or msgspec.json.decode(summary)["rejected"]:
        raise Unavailable(f"it did not import the graph: {rejections[:1]}, {summary!r}")
    sample(count)
    return count, samples


def _lines(nodes: int) -> Iterator[bytes]:
    return (msgspec.json.encode(fact) + b"\n" for fact in lineage.facts(nodes))


def _ask(asked: Asked, few: Forebear, many: Forebear, rounds: int) -> tuple[float, float]:
    """Asks both in turn: what else the machine does hits both alike."""
    sides = []
    for service in (few, many):
        wire = Wire(service.port)
        requests = [wire.request(asked.document, {"of": of} if of else {}) for of in asked.of]
        for answer in (msgspec.json.decode(wire.send(request)) for request in requests):
            if answer.get("errors") or not any(answer["data"].values()):
                raise Refused(f"{asked.name}: {answer}")
        sides.append((wire, requests))
    times: list[list[float]] = [[], []]
    for n in range(-rounds, rounds):  # the first half warms
        for side in (n % 2, 1 - n % 2):
            wire, requests = sides[side]
            began = perf_counter()
            wire.send(requests[n % len(requests)])
            if n >= 0:
                times[side].append((perf_counter() - began) * 1e3)
    return statistics.median(times[0]), statistics.median(times[1])
