"""Facts of training runs that wait for a registry: `spool show`, `spool flush`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from forebear.cli import terminal
from forebear.cli.terminal import AsJson, Code, Failure, Token, Url, counted, out

if TYPE_CHECKING:
    from forebear.client.spool import Spool, SpooledFact

app = typer.Typer(no_args_is_help=True, help="Show and send the facts of training runs that wait for a registry.")

Folder = Annotated[
    Path | None,
    typer.Option(
        "--folder",
        envvar="FOREBEAR_SPOOL",
        show_default=False,
        help="The folder of spools. By default where the client has it.",
    ),
]


@app.command()
def show(folder: Folder = None, as_json: AsJson = False) -> None:
    """Show what waits in the spools on this machine, and what a registry refused, with every reason."""
    from forebear.client.spool import Spool, default_folder

    spools = Spool.all(folder or default_folder())
    if as_json:
        terminal.print_json([_document(spool) for spool in spools])
        return
    for spool in spools:
        waiting, refused = spool.waiting(), spool.refused()
        out().print(f"{spool.url}: {counted(len(waiting), 'facts')} waiting, {len(refused):,} refused", style="bold")
        for fact in waiting:
            out().print(f"  {_line(fact)}", markup=False)
        for fact in refused:
            out().print(f"  {_line(fact)}: {terminal.printable('; '.join(fact.reasons))}", markup=False)
    if not spools:
        out().print("Nothing waits.")


@app.command()
def flush(folder: Folder = None, url: Url = None, token: Token = None) -> None:
    """Send what waits for a registry, in the order in which it was told. What it refuses moves aside, and the rest goes on.

    You may break it off and run it again: nothing is recorded twice. The exit code is 1 if something was refused.
    """
    from forebear.client.delivery import deliver
    from forebear.client.errors import RegistryError, Unreachable
    from forebear.client.service import Service
    from forebear.client.spool import Spool, default_folder

    where = folder or default_folder()
    if url is None:
        urls = [spool.url for spool in Spool.all(where) if spool.waiting()]
        if not urls:
            out().print("Nothing waits.")
            return
        if len(urls) > 1:
            # A token is for one registry, so no other may see it.
            raise Failure(f"facts wait for {' and '.join(urls)}: name one by --url", Code.WRONG)
        (url,) = urls
    try:
        service = Service(url, token)
    except ValueError as error:
        raise Failure(f"--{error}", Code.WRONG) from None
    try:
        delivered = deliver(Spool(where, service.url), service, PATIENCE)
    except Unreachable as error:
        raise Failure(f"{error} Everything stays in the spool.", Code.UNREACHABLE) from None
    except RegistryError as error:
        raise Failure(f"{error.message} ({error.code}). Everything stays in the spool.") from None
    except OSError as error:
        raise Failure(f"the spool cannot be used: {error}", Code.WRONG) from None
    finally:
        service.close()
    for fact in delivered.refused:
        out().print(f"refused: {_line(fact)}: {terminal.printable('; '.join(fact.reasons))}", markup=False)
    out().print(f"{counted(delivered.recorded, 'facts')} recorded, {len(delivered.refused):,} refused", markup=False)
    if delivered.refused:
        raise typer.Exit(Code.NEGATIVE)


PATIENCE = 10.0
"""For how many seconds the command tries to reach the registry."""


def _line(fact: SpooledFact) -> str:
    line: str = terminal.printable(f"{terminal.minute(fact.told_at)}  {fact.fact.get('kind')}  {fact.fact.get('id')}")
    return line


def _document(spool: Spool) -> dict[str, Any]:
    refused = [{"toldAt": f.told_at, "fact": f.fact, "reasons": f.reasons} for f in spool.refused()]
    return {"url": spool.url, "waiting": [{"toldAt": f.told_at, "fact": f.fact} for f in spool.waiting()], "refused": refused}
