"""Measures Forebear side by side with Bolt alone and with @neo4j/graphql, on one graph and in one run."""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import uvloop
from neo4j import AsyncDriver, AsyncGraphDatabase
from rich.console import Console

from bench import actions, forebear, large, lineage, load, night, peer, planning, rates, sightings, suspects
from bench.bolt import Bolt
from bench.forebear import Forebear
from bench.graphql import Refused
from bench.load import Recording
from bench.measure import Disagreement, System, measure, warm
from bench.process import Unavailable
from bench.questions import QUESTIONS
from bench.report import Results, show
from forebear.cli.terminal import configure_logs
from tests import engines, neo4j_server

PARTS = ("questions", "recording", "night", "actions", "start", "planning", "suspects", "sightings", "rates", "growth", "large")
USUAL = PARTS[:-3]
GROWTH = (10_000, 1_000_000)
TURNS = 4
"""How often each side records the graph."""


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small graphs, few requests: does it run at all?")
    parser.add_argument("--nodes", type=int, default=40_000, help="size of the graph (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=300, help="requests a question and system (default: %(default)s)")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=PARTS,
        default=USUAL,
        help="what to measure (default: {})".format(", ".join(USUAL)),
    )
    parser.add_argument(
        "--growth",
        action="store_true",
        help="also compare {:,} with {:,} nodes: takes minutes".format(*GROWTH),
    )
    parser.add_argument(
        "--large",
        action="store_true",
        help="also import {:,} nodes into the embedded engine, and compare with {:,}: takes long".format(*GROWTH[::-1]),
    )
    parser.add_argument("--without", nargs="+", choices=("forebear", "peer"), default=(), help="what to leave out")
    parser.add_argument("--uri", help="an empty Neo4j without authentication; by default one is started")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    given = parser.parse_args()
    given.only = {*given.only, *(["growth"] if given.growth else []), *(["large"] if given.large else [])}
    given.sizes, given.warm, given.seconds = GROWTH, 20, 300.0
    if given.quick:
        given.nodes, given.rounds, given.warm, given.sizes, given.seconds = 4_000, 50, 2, (4_000, 8_000), 10.0
    return given


async def run(given: argparse.Namespace) -> Results:
    """Measures what is asked for."""
    results = Results()
    async with AsyncExitStack() as stack:
        workspace = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="forebear-bench-")))
        if "start" in given.only and "forebear" not in given.without:
            say("Starting Forebear on a new embedded engine")
            with forebear.serving(workspace) as service:
                results.start = service.started
        if "large" in given.only and "forebear" not in given.without:
            say("Importing {:,} and {:,} nodes into embedded engines".format(*given.sizes))
            results.large = large.measure(workspace, *given.sizes, given.rounds)
        if "sightings" in given.only and "forebear" not in given.without:
            say("Reporting what robots run, to the embedded engine")
            (own := workspace / "sightings").mkdir()
            with forebear.serving(own) as service:
                results.sightings["embedded"] = sightings.measure(service, given.warm)
        if "rates" in given.only and "forebear" not in given.without:
            say("Working at a steady rate, on the embedded engine")
            (own := workspace / "rates").mkdir()
            with forebear.serving(own) as service:
                filled(service, own, given.nodes)
                results.rates["embedded"] = await rates.measure(service, own, given.seconds)
        if given.only <= {"start", "large"}:
            return results
        say("Starting Neo4j and what is to be compared")
        uri = given.uri or stack.enter_context(neo4j_server.running())
        driver = await stack.enter_async_context(
            AsyncGraphDatabase.driver(uri, notifications_min_severity="OFF", telemetry_disabled=True)
        )
        await load.claim(driver)
        if "planning" in given.only and "forebear" not in given.without:
            say("Asking everything for the first time")
            for engine, place in (("Neo4j", {"graph_uri": uri}), ("embedded", {})):
                results.planning[engine] = await planning.measure(engines.settings(workspace / engine, **place))
        if "suspects" in given.only and "forebear" not in given.without:
            say("Asking what explains incidents")
            patient = {"graph_uri": uri, "read_timeout": 60, "write_timeout": 120}
            results.suspects = await suspects.measure(engines.settings(workspace / "suspects", **patient))
            await load.wipe(driver)
        if given.only <= {"start", "large", "planning", "suspects"}:
            return results
        if given.uri:
            stack.push_async_callback(load.wipe, driver)
        systems: list[System] = [Bolt(driver)]
        if "peer" not in given.without:
            systems.insert(0, stack.enter_context(peer.serving(uri, workspace)))
        ours: Forebear | None = None
        if "forebear" in given.without:
            await load.constrain(driver)
        else:
            ours = stack.enter_context(forebear.serving(workspace, uri))
            results.idle = ours.memory
            systems.append(ours.system)

        if "recording" in given.only:
            bare, recorded = [], []
            for _ in range(TURNS):
                await load.wipe(driver)
                say("Recording by the bare statement")
                bare.append(await load.record(driver, lineage.facts(given.nodes)))
                await load.wipe(driver)
                recorded.append(Recording(bare[-1].rows, await fill(driver, ours, workspace, given.nodes)))
            # In the first turn the engine compiles its code; what else the machine does only ever makes one slower.
            results.bare = max(bare[1:], key=lambda r: r.rate)
            results.recorded = max(recorded[1:], key=lambda r: r.rate) if ours else None
        elif given.only & {"questions", "night", "rates"}:
            await fill(driver, ours, workspace, given.nodes)
        if "questions" in given.only:
            say("Warming")
            await warm(systems, QUESTIONS, given.warm)
            for question in QUESTIONS:
                say(f"Asking: {question.name}")
                results.timings[question.name] = await measure(driver, systems, question, given.rounds)
        if "night" in given.only and ours:
            say("Asking about incidents")
            results.night = await night.measure(driver, ours, given.rounds)
        if "sightings" in given.only and ours:
            say("Reporting what robots run, to Neo4j")
            results.sightings["Neo4j"] = sightings.measure(ours, given.warm)
        if "rates" in given.only and ours:
            say("Working at a steady rate, on Neo4j")
            results.rates["Neo4j"] = await rates.measure(ours, workspace, given.seconds)
        if "actions" in given.only and ours:
            say("Acting")
            results.acting = await actions.measure(driver, uri, ours, workspace, given.rounds)
        if "growth" in given.only:
            for nodes in given.sizes:
                await load.wipe(driver)
                await fill(driver, ours, workspace, nodes)
                say("Warming and asking")
                bounded = [question for question in QUESTIONS if question.bounded]
                await warm(systems, bounded, given.warm)
                results.growth[nodes] = {
                    question.name: await measure(driver, systems, question, given.rounds) for question in bounded
                }
        if ours:
            results.after = ours.memory
    return results


async def fill(driver: AsyncDriver, ours: Forebear | None, workspace: Path, nodes: int) -> float:
    """Records a graph of about so many nodes, through Forebear where there is one: seconds that took."""
    if ours is None:
        say(f"Recording {nodes:,} nodes")
        return (await load.record(driver, lineage.facts(nodes))).seconds
    return filled(ours, workspace, nodes)


def filled(ours: Forebear, workspace: Path, nodes: int) -> float:
    """Records a graph of about so many nodes through Forebear: seconds that took."""
    say(f"Recording {nodes:,} nodes")
    file = workspace / "facts.ndjson"
    with file.open("wb") as lines:
        for fact in lineage.facts(nodes):
            lines.write(msgspec.json.encode(fact) + b"\n")
    return ours.record(file)


def say(text: str) -> None:
    """Tells people what goes on, beside the results."""
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    given = options()
    configure_logs("warning")
    try:
        results = uvloop.run(run(given))
    except (Unavailable, neo4j_server.Neo4jUnavailable, Disagreement, Refused) as error:
        sys.exit(f"{type(error).__name__}: {error}")
    if given.json:
        print(msgspec.json.format(msgspec.json.encode(results)).decode())
    else:
        show(results, Console(width=None if sys.stdout.isatty() else 160))


if __name__ == "__main__":
    main()
