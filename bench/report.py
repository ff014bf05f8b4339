"""What a run found, as tables for people and as JSON for machines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

from bench.actions import Acting
from bench.large import Large
from bench.load import Recording
from bench.measure import Timing
from bench.night import NIGHT
from bench.planning import First
from bench.process import Memory
from bench.questions import QUESTIONS
from bench.rates import SLOWER, Rates
from bench.sightings import SECONDS, Sighted
from bench.suspects import ROBOTS

RECORDING_SHARE = 0.6
START_SECONDS = 4.0
MEMORY_MB = 150.0
GROWTH_FACTOR = 1.3
FIRST_SECONDS = 1.5
"""What the first ask of a question may take."""
SUSPECTS_SECONDS = 2.0
ACTION_MS = 1.5
"""What an action may take beside its statements."""


@dataclass
class Results:
    """What was measured; what was not asked for stays empty."""

    timings: dict[str, dict[str, Timing]] = field(default_factory=dict)
    """By question and system."""
    bare: Recording | None = None
    """Recording by the bare statement."""
    recorded: Recording | None = None
    """Recording through Forebear."""
    start: float | None = None
    """Seconds until Forebear is ready on a new embedded engine."""
    idle: Memory | None = None
    """The service's, without an engine, when it has just started."""
    after: Memory | None = None
    """The same after all that was asked of it."""
    planning: dict[str, dict[str, First]] = field(default_factory=dict)
    """First asks, by engine and question."""
    night: dict[str, Timing] = field(default_factory=dict)
    """What is asked about incidents, by name."""
    suspects: float | None = None
    """Seconds until suspects are answered with many robots and incidents."""
    sightings: dict[str, Sighted] = field(default_factory=dict)
    """Sightings of many robots, by engine."""
    rates: dict[str, list[Rates]] = field(default_factory=dict)
    """The rates that were tried, by engine."""
    acting: dict[str, Acting] = field(default_factory=dict)
    """An action over HTTP and its statements alone."""
    large: Large | None = None
    """Many facts in the embedded engine."""
    growth: dict[int, dict[str, dict[str, Timing]]] = field(default_factory=dict)
    """By nodes of the graph, question and system."""


def show(results: Results, console: Console) -> None:
    """Prints a table for each part that was measured."""
    for table in (_questions(results), _planning(results), _growth(results), *_large(results.large), _others(results)):
        if table.row_count:
            console.print(table)


def _questions(results: Results) -> Table:
    table = Table(title="p50 / p95 in ms over HTTP, first run (planning) below")
    table.add_column("question")
    systems = list(next(iter(results.timings.values()), {}))
    for heading in (*systems, "Forebear - Bolt", "Forebear / Bolt", "limit", "met"):
        table.add_column(heading, justify="right")
    for question in QUESTIONS:
        if not (timings := results.timings.get(question.name)):
            continue
        cells = [f"{t.p50:.2f} / {t.p95:.2f}\n[dim]{t.first:.0f}[/dim]" for t in timings.values()]
        ours, bolt = timings.get("Forebear"), timings["Bolt alone"]
        verdict = ("", "") if ours is None else (f"{ours.p50 - bolt.p50:+.2f}", f"{ours.p50 / bolt.p50:.2f} x")
        met = "" if ours is None else _met(ours.p50 <= question.limit.of(bolt.p50))
        table.add_row(question.name, *cells, *verdict, str(question.limit), met)
    return table


def _planning(results: Results) -> Table:
    table = Table(title="First ask in s, with all columns: now / asKnownAt, the slowest of its kinds")
    table.add_column("question")
    for heading in (*results.planning, "limit", "met"):
        table.add_column(heading, justify="right")
    for question in next(iter(results.planning.values()), {}):
        firsts = [engine[question] for engine in results.planning.values()]
        met = _met(all(max(first.now, first.known) <= FIRST_SECONDS for first in firsts))
        cells = (f"{first.now:.2f} / {first.known:.2f}" if first.known else f"{first.now:.2f}" for first in firsts)
        table.add_row(question, *cells, f"{FIRST_SECONDS} s", met)
    return table


def _growth(results: Results) -> Table:
    table = Table(title="Growth: p50 in ms by nodes of the graph")
    table.add_column("question")
    table.add_column("system")
    for heading in (*(f"{nodes:,}" for nodes in results.growth), "growth", "limit", "met"):
        table.add_column(heading, justify="right")
    sizes = list(results.growth.values())
    for question, systems in (sizes[0] if sizes else {}).items():
        for system in systems:
            took = [size[question][system].p50 for size in sizes]
            factor = took[-1] / took[0]
            met = _met(factor <= GROWTH_FACTOR)
            cells = (f"{ms:.2f}" for ms in took)
            table.add_row(question, system, *cells, f"{factor:.2f} x", f"{GROWTH_FACTOR} x", met)
    return table


def _large(large: Large | None) -> Iterator[Table]:
    if large is None:
        return
    rate = large.facts / large.seconds
    table = Table(title=f"Importing {large.facts:,} facts, {rate:,.0f} a second; {large.disk:,.0f} MB on disk")
    for heading in ("facts", "seconds", "service, MB", "engine, MB"):
        table.add_column(heading, justify="right")
    for s in large.samples:
        table.add_row(f"{s.facts:,}", f"{s.seconds:,.0f}", f"{s.service:,.0f}", f"{s.engine:,.0f}")
    yield table
    table = Table(title="Asked on the embedded engine, p50 in ms by nodes of the graph")
    table.add_column("question")
    for heading in ("few", f"{large.nodes:,}", "growth", "limit", "met"):
        table.add_column(heading, justify="right")
    for name, (few, many) in large.asked.items():
        factor = many / few
        cells = (f"{few:.2f}", f"{many:.2f}", f"{factor:.2f} x", f"{GROWTH_FACTOR} x")
        table.add_row(name, *cells, _met(factor <= GROWTH_FACTOR))
    yield table


def _others(results: Results) -> Table:
    table = Table(title="Recording, acting, start and memory")
    table.add_column("what")
    for heading in ("measured", "limit", "met"):
        table.add_column(heading, justify="right")
    if results.bare:
        table.add_row("recording, bare UNWIND … MERGE", f"{results.bare.rate:,.0f} rows/s", "", "")
        if results.recorded:
            share = results.recorded.rate / results.bare.rate
            table.add_row(
                "recording through Forebear",
                f"{results.recorded.rate:,.0f} rows/s, {share:.0%}",
                f"{RECORDING_SHARE:.0%}",
                _met(share >= RECORDING_SHARE),
            )
    for verb, acting in results.acting.items():
        over = acting.forebear - acting.bolt
        table.add_row(f"{verb}, its statements over Bolt alone", f"{acting.bolt:.2f} ms", "", "")
        measured, limit = f"{acting.forebear:.2f} ms, {over:+.2f}", f"+{ACTION_MS} ms"
        table.add_row(f"{verb} through Forebear", measured, limit, _met(over <= ACTION_MS))
    for asked in NIGHT:
        if timing := results.night.get(asked.name):
            measured, first = f"p50 {timing.p50:.1f}, p95 {timing.p95:.1f} ms", f"{timing.first / 1e3:.2f} s"
            table.add_row(asked.name, measured, f"p95 {asked.limit:.0f} ms", _met(timing.p95 <= asked.limit))
            table.add_row(f"{asked.name}, first ask", first, f"{FIRST_SECONDS} s", _met(timing.first <= 1e3 * FIRST_SECONDS))
    for engine, seen in results.sightings.items():
        met = _met(seen.median <= SECONDS)
        table.add_row(f"10,000 unchanged sightings, {engine}", f"{seen.median:.2f} s", f"{SECONDS:.0f} s", met)
    for engine, tried in results.rates.items():
        for each in tried:
            what = f"{each.share:.0%} of 150 sightings, 40 facts, 10 actions/s for {each.seconds:.0f} s, {engine}: p95 of reads"
            measured = f"{each.busy:.1f} ms, {each.behind:.1f} s behind, {each.refused} refused"
            limit = f"{SLOWER:g} x {each.quiet:.1f} ms"
            table.add_row(what, measured, limit, _met(each.held))
    if results.suspects is not None:
        what, met = f"suspects of {ROBOTS:,} robots", _met(results.suspects <= SUSPECTS_SECONDS)
        table.add_row(what, f"{results.suspects:.2f} s", f"{SUSPECTS_SECONDS:.0f} s", met)
    if results.start is not None:
        met = _met(results.start <= START_SECONDS)
        table.add_row("start on the embedded engine", f"{results.start:.1f} s", f"{START_SECONDS:.0f} s", met)
    if results.idle and results.after:
        for when, taken in (("idle", results.idle.now), ("after this", results.after.now), ("peak", results.after.peak)):
            met = _met(taken <= MEMORY_MB)
            table.add_row(f"memory of the service, {when}", f"{taken:.0f} MB", f"{MEMORY_MB:.0f} MB", met)
    return table


def _met(met: bool) -> str:
    return "[green]yes[/green]" if met else "[red]no[/red]"
