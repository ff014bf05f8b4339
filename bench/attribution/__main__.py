"""Judges generated worlds: how often suspects were named rightly and wrongly. Exits with 1 where a target is missed."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from bench.attribution import worlds
from bench.attribution.trial import tried

BANDS = (0.95, 0.8, 0.5, 0.2, 0.0)
"""The least power of each band."""
WITHOUT_CAUSE = {"quiet": worlds.quiet, "frail": worlds.frail, "bursting": worlds.bursting}
OF_PLACE_AND_TIME = {"located": worlds.located, "seasonal": worlds.seasonal}
KINDS = {**WITHOUT_CAUSE, "planted": worlds.planted, **OF_PLACE_AND_TIME}
FIRST, NAMED, WRONGLY = 0.90, 0.85, 0.05


@dataclass(frozen=True)
class Outcome:
    """What came of one world: how powerful an informed test was, and whether the cause was first, named and blamed."""

    power: float
    first: bool
    named: bool
    wrongly: bool
    blamed: bool


@dataclass(frozen=True)
class Share:
    """The part of the worlds of a kind and band for which something holds, and the bound that it has to keep."""

    kind: str
    band: float | None
    worlds: int
    what: str
    value: float
    target: str = ""
    met: bool = True


def judged(kind: str, seed: int) -> Outcome:
    """Makes and judges a world. Anything that is named counts as wrong where the cause is no suspect, a place or a time."""
    trial = tried(KINDS[kind](seed))
    wrongly = bool(trial.named) and kind != "planted"
    return Outcome(trial.power, trial.place == 0, trial.cause_named, wrongly, trial.blamed)


def shares(kind: str, outcomes: Sequence[Outcome]) -> Iterator[Share]:
    """What is reported of the worlds of one kind."""
    if kind != "planted":
        wrongly = sum(o.wrongly for o in outcomes) / len(outcomes)
        what = "anything is named" if kind in WITHOUT_CAUSE else "anything but a place or a month is named"
        yield Share(kind, None, len(outcomes), what, wrongly, f"at most {WRONGLY:.0%}", wrongly <= WRONGLY)
    if kind in WITHOUT_CAUSE:
        return
    for band, above in zip(BANDS, (1.1, *BANDS), strict=False):
        some = [o for o in outcomes if band <= o.power < above]
        if not some:
            continue
        first, named, blamed = (
            sum(column) / len(some) for column in zip(*((o.first, o.named, o.blamed) for o in some), strict=True)
        )
        counts = band == BANDS[0]
        yield Share(
            kind, band, len(some), "the cause is first", first, f"at least {FIRST:.0%}" * counts, not counts or first >= FIRST
        )
        if kind == "planted":
            met = not counts or named >= NAMED
            yield Share(kind, band, len(some), "the cause is named", named, f"at least {NAMED:.0%}" * counts, met)
            yield Share(kind, band, len(some), "the newest deployment brought the cause", blamed)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.attribution", description=__doc__)
    parser.add_argument("--worlds", type=int, default=2_000, help="how many worlds of each kind (default: %(default)s)")
    parser.add_argument("--only", nargs="+", choices=KINDS, default=list(KINDS), help="which kinds (default: all)")
    options = parser.parse_args()
    found: list[Share] = []
    with ProcessPoolExecutor(os.cpu_count()) as processes:
        for kind in options.only:
            print(f"Judging {options.worlds:,} worlds: {kind}", file=sys.stderr, flush=True)
            seeds = range(options.worlds)
            outcomes = list(processes.map(judged, [kind] * len(seeds), seeds, chunksize=10))
            found += shares(kind, outcomes)
    table = Table("worlds", "number", "power of an informed test", "what", "share", "target")
    for s in found:
        power = "" if s.band is None else f"{s.band:.2f} or more"
        style = None if s.met else "red"
        table.add_row(s.kind, f"{s.worlds:,}", power, s.what, f"{s.value:.1%}", s.target, style=style)
    Console(width=None if sys.stdout.isatty() else 140).print(table)
    sys.exit(0 if all(s.met for s in found) else 1)


if __name__ == "__main__":
    main()
