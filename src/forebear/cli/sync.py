"""Bringing in what other systems know already: `sync mlflow`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote, urlsplit

import msgspec
import typer

from forebear.cli import terminal
from forebear.cli.import_ import Import
from forebear.cli.registry import CommandRegistry, ask, opened
from forebear.cli.terminal import AsJson, Code, Failure, Token, Url, err
from forebear.view.actors import MAY

if TYPE_CHECKING:
    from forebear.connect.mlflow.past import Mark
    from forebear.connect.mlflow.tracking import Tracking

app = typer.Typer(no_args_is_help=True, help="Bring in what other systems know already.")

SECONDS = 60.0
"""How long a tracking server may take to answer."""

PART = 100
"""How many runs are looked up at once."""

RUNS_KNOWN = (
    "query($names: [RunFilter!]!, $most: Int!) { runs(first: $most, filter: {or: $names}) { nodes { id externalIds } } }"
)
"""Asks which runs have external ids."""


@app.callback()
def _sync() -> None:
    """Typer runs the only command of a group without its name, unless the group has a callback."""


@app.command()
def mlflow(
    uri: Annotated[str, typer.Argument(help="The address of MLflow's tracking server, such as https://mlflow.example.")],
    again: Annotated[
        bool, typer.Option("--again", help="Ask for everything, also for what an earlier sync brought in already.")
    ] = False,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Bring in the runs of MLflow's tracking server: their data, code, configuration, metrics and logged models.

    Each experiment is read by when its runs were over, and this command remembers how far it came. So run it again after an
    interruption, or every night: it goes on there. The same run again changes nothing. MLFLOW_TRACKING_TOKEN is the token for
    the tracking server, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.
    """
    from forebear.connect.mlflow.tracking import Unanswered

    terminal.configure_logs("warning")
    server = _server(uri)

    async def work() -> Import:
        async with opened(url, token) as registry, aclosing(server):
            may = (await ask(registry, MAY, {}))["me"]["may"]
            if "query" not in may or "record" not in may:
                raise Failure("this needs a token that may read and record: one of the role ENGINEER, for instance")
            done = Import(registry, "mlflow", imported=False, as_json=as_json, reads=True)
            await _bring_in(server, done, uri, url, again=again)
            await done.settle()
            return done

    try:
        done = terminal.run(work())
    except Unanswered as error:
        raise Failure(
            f"{uri} did not answer as MLflow does: {error}. What is in stays in: run the same command again.", Code.UNREACHABLE
        ) from None
    done.print()
    if done.rejected:
        raise typer.Exit(Code.NEGATIVE)


def _server(uri: str) -> Tracking:
    from forebear.connect.mlflow.tracking import Tracking

    parts = urlsplit(uri)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Failure(f"{uri} is no address of a tracking server; it looks like http://127.0.0.1:5000", Code.WRONG)
    user, password = (os.environ.get(f"MLFLOW_TRACKING_{name}") for name in ("USERNAME", "PASSWORD"))
    if user and password and not parts.username:
        uri = parts._replace(netloc=f"{quote(user, safe='')}:{quote(password, safe='')}@{parts.netloc}").geturl()
    return Tracking(uri, os.environ.get("MLFLOW_TRACKING_TOKEN"), seconds=SECONDS)


async def _bring_in(server: Tracking, done: Import, uri: str, url: str | None, *, again: bool) -> None:
    """Record the runs of all experiments, a page at a time. Raises `Unanswered` and `Failure`."""
    from forebear.connect.mlflow.past import Mark, experiments, facts_of, pages_of_runs

    marks = Marks.of(uri, url)
    former = {} if again else await _valid(done.registry, marks.read())
    every = await experiments(server)
    with terminal.progress("syncing", len(every)) as show:
        for n, (experiment, name) in enumerate(every):
            mark, came = former.get(experiment), 0
            async for runs in pages_of_runs(server, experiment, mark.moment if mark else 0):
                ids = await _known(done.registry, [run["info"]["run_id"] for run in runs])
                if facts := await facts_of(server, runs, ids):
                    await done.add([msgspec.json.encode(fact) + b"\n" for fact in facts])
                if (mark := Mark.after(runs, mark)) is not None:
                    marks.write(former := former | {experiment: mark})
                came += len(runs)
            show(n + 1)
            if came and not done.as_json:
                err().print(f"{terminal.counted(came, 'runs')} of {terminal.printable(name)}", markup=False)


async def _valid(registry: CommandRegistry, marks: Mapping[str, Mark]) -> dict[str, Mark]:
    """Return the marks whose run is on record. What another database holds counts for nothing. Raises `Failure`."""
    from forebear.connect.mlflow import names

    known = await _known(registry, [mark.run for mark in marks.values()])
    return {experiment: mark for experiment, mark in marks.items() if names.external_run(mark.run) in known}


async def _known(registry: CommandRegistry, runs: Sequence[str]) -> dict[str, str]:
    """Return the ids of the runs that are on record, by their external ids. Raises `Failure`."""
    from forebear.connect.mlflow import names

    externals = [names.external_run(run) for run in runs]
    known: dict[str, str] = {}
    for start in range(0, len(externals), PART):
        part = externals[start : start + PART]
        variables = {"names": [{"externalIds": {"has": each}} for each in part], "most": len(part)}
        answer = await ask(registry, RUNS_KNOWN, variables)
        known |= {external: run["id"] for run in answer["runs"]["nodes"] for external in run["externalIds"] or ()}
    return known


@dataclass(frozen=True)
class Marks:
    """The file that remembers how far what one tracking server tells one registry was brought in."""

    file: Path

    @classmethod
    def of(cls, uri: str, url: str | None) -> Marks:
        """Return the file for a tracking server and the registry of a command."""
        from forebear.client.spool import state_folder

        settings = terminal.settings()
        registry = url or settings.graph_uri or str(settings.data_dir.resolve())
        # An address may hold a password.
        name = sha256(f"{urlsplit(uri)._replace(netloc=urlsplit(uri).netloc.rpartition('@')[2]).geturl()} {registry}".encode())
        return cls(state_folder() / "sync" / f"{name.hexdigest()[:32]}.json")

    def read(self) -> dict[str, Mark]:
        """Return how far each experiment was brought in. Nothing if the file is not there or damaged."""
        from forebear.connect.mlflow.past import Mark

        try:
            return msgspec.json.decode(self.file.read_bytes(), type=dict[str, Mark])
        except (FileNotFoundError, msgspec.MsgspecError):
            return {}

    def write(self, marks: Mapping[str, Mark]) -> None:
        """Remember how far each experiment is brought in."""
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = self.file.with_suffix(".new")
        beside.write_bytes(msgspec.json.encode(marks))
        beside.replace(self.file)
