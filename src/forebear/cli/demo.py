"""The example lineage, recorded and served: `demo`."""

from __future__ import annotations

import os
import shutil
import sys
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from forebear.cli import serve, terminal, warehouses
from forebear.cli.audit import verified
from forebear.cli.loops import looping
from forebear.cli.neighbours import arrive
from forebear.cli.registry import Local, ask
from forebear.cli.story import steps, tell
from forebear.cli.terminal import Failure, out, short
from forebear.domain.roles import Actor, Role, listed

if TYPE_CHECKING:
    from forebear.app import Forebear

DEMO = Actor("demo", frozenset(Role))
"""The recorder of the example lineage."""

PEOPLE: Mapping[str, tuple[Role, ...]] = {
    "ines.okoro": (Role.ENGINEER, Role.APPROVER),
    "tomas.lindqvist": (Role.APPROVER, Role.OPERATOR),
    "mirela.dane": (Role.AUDITOR, Role.APPROVER, Role.ADMIN),
}
"""The people of the example company, with their roles."""

MACHINES: Mapping[str, tuple[Role, ...]] = {
    "eval-gate": (Role.RECORDER,),
    "deployment-manager": (Role.RECORDER,),
    "telemetry": (Role.RECORDER,),
}
"""Its machines: one measures, one rolls out, and one hears from the robots."""

CAST = {name: Actor(name, frozenset(roles)) for name, roles in PEOPLE.items()} | {
    name: Actor(name, frozenset(roles), machine=True) for name, roles in MACHINES.items()
}
"""The actors in the company's story."""

EXAMPLES = ("open-x-embodiment", "company")
"""The files of the example lineage, in this order."""


def demo(
    data_dir: Annotated[
        Path | None,
        typer.Option(help="The directory of its data. By default `demo` in the data directory.", show_default=False),
    ] = None,
    loops: Annotated[
        bool,
        typer.Option("--loops/--no-loops", help="Run a builder and a deployment manager beside it, on ports 8091 and 8092."),
    ] = True,
) -> None:
    """Play the example company's story, serve it on the embedded engine, and print what to open and to ask."""
    from pydantic import SecretStr

    configured = terminal.settings()
    # The log would push the text off the screen.
    quiet = {} if "log_level" in configured.model_fields_set else {"log_level": "warning"}
    folder = data_dir or configured.data_dir / "demo"
    # The loops beside the demo are told by webhooks, with a new secret at each start.
    told: dict[str, Any] = (
        {} if configured.secret_key else {"secret_key": SecretStr(urlsafe_b64encode(os.urandom(32)).decode())}
    )
    told |= {"webhook_networks": (*configured.webhook_networks, ip_network("127.0.0.0/8"))}
    settings = configured.model_copy(update={"graph_uri": None, "data_dir": folder, **quiet, **told})
    with ExitStack() as beside:

        async def then(registry: Forebear, url: str) -> None:
            await _introduce(registry, url)
            if loops:
                say = out().print
                say("\nA builder and a deployment manager at work, which end with the demo", style="bold", markup=False)
                beside.enter_context(looping(url, folder / "loops"))

        serve.run(settings, before=_prepare, then=then)


async def _prepare(registry: Forebear) -> None:
    await load(registry)
    await record(registry, "warehouses", warehouses.facts())
    if not await tell(registry, steps(), CAST):
        out().print("The story was told before; with another --data-dir it is told anew.", markup=False)
    out().print("\nWhat neighbours send, each by its own protocol, and what it becomes", style="bold", markup=False)
    async for arrival in arrive(registry, await _token(registry, *NEIGHBOURS)):
        out().print(f"  {arrival.neighbour} → {short(arrival.becomes)}", markup=False)
    out().print("\nThe audit trail of all of it", style="bold", markup=False)
    (await verified(Local(registry))).print()
    out().print()


async def load(registry: Forebear) -> None:
    """Record the facts of the example lineage. Raises `Failure` if they contradict what is on record."""
    from forebear.store.statements import directory

    for name in EXAMPLES:
        file = f"{name}.ndjson"
        lines = (directory("examples") / file).read_bytes().splitlines()
        await record(registry, file, map(msgspec.json.decode, lines))


async def record(registry: Forebear, source: str, facts: Iterable[Any]) -> None:
    """Record facts of the demo as imported history. Raises `Failure` if they contradict what is on record."""
    from forebear.record.summary import Origin

    summary = await registry.recorder.record([*facts], Origin(DEMO, source), imported=True)
    if summary.rejections:
        raise Failure(
            f"the demo's data is not the example lineage any more ({summary.rejections[0].reasons[0]}): "
            "remove its directory, or name another with --data-dir"
        )


@dataclass(frozen=True)
class _Example:
    """A question to try, and how to print its answer."""

    question: str
    query: str
    lines: Callable[[dict[str, Any]], Iterator[str]]


def _fleets(data: dict[str, Any]) -> Iterator[str]:
    for row in data["fleetsRunning"]["nodes"]:
        bases = [basis for basis in ("intended", "observed") if row[basis]]
        yield f"{row['fleet']['id']} runs {row['version']['id']} ({' and '.join(bases)})"
        yield "    " + " → ".join(short(node["id"]) for node in row["path"])


def _was_running(data: dict[str, Any]) -> Iterator[str]:
    for row in data["whatWasRunning"]["nodes"]:
        observed, intended = ((row[name] or {}).get("id", "nothing") for name in ("observedVersion", "intendedVersion"))
        yield f"observed {observed}, intended {intended}; its customer was {', '.join(c['id'] for c in row['customers'])}"


def _drift(data: dict[str, Any]) -> Iterator[str]:
    for row in (row for fleet in data.values() for row in fleet["nodes"]):
        who = (row["robot"] or row["deployment"])["id"]
        intended = short((row["intended"] or {"id": "nothing"})["id"])
        if row["installation"] is None:
            yield f"{who} has reported nothing; intended {intended}"
            continue
        observed = (row["observedVersion"] or {}).get("id", "an unregistered artifact")
        may = "may" if row["authorized"] else "may not"
        yield f"{who} runs {observed} since {row['installation']['validFrom'][:10]}, which {may} run there"
        yield f"    observed {short(row['observed']['id'])}, intended {intended}"


def _impact(data: dict[str, Any]) -> Iterator[str]:
    for row in data["impact"]["nodes"]:
        yield f"{row['node']['id']} (by {row['via'].lower()})"
    if more := data["impact"]["totalCount"] - len(data["impact"]["nodes"]):
        yield f"and {more} more"


QUESTIONS = (
    _Example(
        "Which fleets run models trained on dataset:bridge_orig@1.0.0?",
        '{ fleetsRunning(trainedOn: "dataset:bridge_orig@1.0.0") '
        "{ nodes { fleet { id } version { id } intended observed path { id } } } }",
        _fleets,
    ),
    _Example(
        "What was running on robot:ur-04 on 15 July 2026 at noon?",
        '{ whatWasRunning(place: "robot:ur-04", at: "2026-07-15T12:00:00Z") '
        "{ nodes { standing observedVersion { id } intendedVersion { id } customers { id } } } }",
        _was_running,
    ),
    _Example(
        "Which robots do not run what they should?",
        '{ north: drift(fleet: "fleet:parcel-north") { ...rows } galley: drift(fleet: "fleet:galley") { ...rows } '
        'bench: drift(fleet: "fleet:widowx-bench") { ...rows } } '
        "fragment rows on DriftConnection { nodes { robot { id } observed { id } observedVersion { id } "
        "intended { id } deployment { id } authorized installation { validFrom } } }",
        _drift,
    ),
    _Example(
        "Which models and fleets did the data of customer:larkfield-parcels reach?",
        '{ impact(of: "customer:larkfield-parcels", kinds: [ModelVersion, Fleet]) '
        "{ totalCount nodes { node { id } via path { id } } } }",
        _impact,
    ),
)


NEIGHBOURS = ("neighbours", (Role.RECORDER, Role.ENGINEER))
"""The actor in whose name the neighbours send, and its roles."""


async def _token(registry: Forebear, name: str, roles: Iterable[Role]) -> str:
    """Return a new token. The one that an earlier start printed is no longer valid."""
    from forebear.domain.outcome import Refused

    await registry.tokens.revoke(DEMO, name)
    created = await registry.tokens.create(DEMO, name, [*roles])
    if isinstance(created, Refused):
        raise Failure(created.reasons[0].message)
    return created.secret


async def _introduce(registry: Forebear, url: str) -> None:
    local = Local(registry)
    say = out().print
    say(f"Open {url} to ask in the browser, or ask in another terminal:", markup=False)
    for example in QUESTIONS:
        say(f"\n{example.question}", style="bold", markup=False)
        for line in example.lines(await ask(local, example.query, {})):
            say(f"  {line}", markup=False)
        say(f"  curl -sG {url}/graphql --data-urlencode 'query={example.query}'", style="dim", markup=False)
    say("\nWithout a token you act as the development actor. To act as one of the company:", style="bold", markup=False)
    say("(The tokens that an earlier start has printed are revoked.)", style="dim", markup=False)
    for name, roles in PEOPLE.items():
        secret = await _token(registry, name, roles)
        say(f"  export FOREBEAR_TOKEN={secret}  # {name}: {listed(roles, 'and')}", style="dim", markup=False)
    say("\nOn the command line, in another terminal:", style="bold", markup=False)
    say(f"  export FOREBEAR_URL={url}", style="dim", markup=False)
    # In a clone nothing is on the PATH, so print the command as it was called.
    program = "forebear" if shutil.which("forebear") else sys.argv[0]
    for command in ("show model:parcel-picker@2", "lineage model:parcel-picker@2", "impact customer:larkfield-parcels"):
        say(f"  {program} {command}", style="dim", markup=False)
