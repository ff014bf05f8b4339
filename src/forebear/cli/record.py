"""Recording what other programs left on disk: `record lerobot`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from forebear.cli import terminal
from forebear.cli.terminal import AsJson, Code, Failure, Token, Url, err

if TYPE_CHECKING:
    from forebear.graph.declaration import Node

app = typer.Typer(no_args_is_help=True, help="Record what other programs left on disk.")


@app.callback()
def _record() -> None:
    """Typer runs the only command of a group without its name, unless the group has a callback."""


@app.command()
def lerobot(
    folder: Annotated[Path, typer.Argument(help="The output folder of a training, a checkpoint in it, or a dataset.")],
    dataset: Annotated[
        Path | None, typer.Option(help="The folder of the dataset that was trained on.", show_default=False)
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            help="The name of the run, or of the dataset, instead of that which the folder tells.", show_default=False
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="The name of the model. By default the repository that the policy is pushed to, else the run's name."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the facts, as NDJSON that `forebear import` takes, and record nothing.")
    ] = False,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Record a training or a dataset of LeRobot from its folder. The same folder again changes nothing.

    A training gives its run, the version of its dataset, its checkpoints, and each checkpoint as a version of a model with the
    digests of weights, normalisation, action space and controller. What is missing, or contradicts itself, is printed.
    """
    from forebear.client.documents import document

    facts, warnings = _read(folder, dataset, name, model)
    lines = [msgspec.json.encode(document(fact)) + b"\n" for fact in facts]
    for warning in warnings:
        err().print(f"warning: {terminal.printable(warning)}", style="yellow", markup=False)
    if dry_run:
        typer.echo(b"".join(lines), nl=False)
        return
    from forebear.cli.import_ import record_lines

    record_lines(lines, f"lerobot:{folder.resolve().name}", url, token, as_json=as_json)


def _read(folder: Path, dataset: Path | None, name: str | None, model: str | None) -> tuple[list[Node], list[str]]:
    """Return the facts of a folder, and what is wrong with it. Raises `Failure`."""
    from forebear.connect.lerobot.dataset_folder import is_dataset, read_dataset
    from forebear.connect.lerobot.document import Unreadable
    from forebear.connect.lerobot.training_folder import read_training

    try:
        if not is_dataset(folder):
            training, differences = read_training(folder, name=name, model=model, dataset=dataset)
            return training.facts(), [*training.warnings(), *differences]
        if dataset or model:
            raise Failure(f"{folder} is a dataset, so leave out --dataset and --model", Code.WRONG)
        data, missing = read_dataset(folder, name)
        return data.facts(), missing
    except Unreadable as error:
        raise Failure(str(error), Code.WRONG) from None
    except OSError as error:
        raise Failure(f"{error.filename or folder}: {error.strerror or error}", Code.WRONG) from None
