"""Following what happens: `events tail`."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
import typer

from forebear.cli import terminal
from forebear.cli.registry import Interrupted, remote
from forebear.cli.terminal import AsJson, Code, Failure, Token, Url, err, out, printable
from forebear.view.webhooks import EVENTS

app = typer.Typer(no_args_is_help=True, help="Follow what happens in the registry.")

PAUSE_SECONDS = 2.0
"""How long the command waits before it connects again."""

REMEMBERED = 10_000
"""How many events are remembered, which the service may tell again after a new connection."""

PASSING = frozenset({"UNAVAILABLE", "BUSY", "TIMEOUT", "OVERLOADED"})
"""The codes of errors after which the command connects again."""


@app.command()
def tail(
    event: Annotated[
        list[str] | None,
        typer.Option(help="The name of an event, such as approve. You may give several. By default all.", show_default=False),
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            help="A kind of what the events are about, such as Release. You may give several. By default all.",
            show_default=False,
        ),
    ] = None,
    line: Annotated[
        list[str] | None,
        typer.Option(
            help="A release line of what the events are about. You may give several. By default all.", show_default=False
        ),
    ] = None,
    after: Annotated[
        str | None,
        typer.Option(help="The id of an event: begin shortly before it. By default begin now.", show_default=False),
    ] = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Print events as they happen, a line each, until Ctrl-C. With --json, as NDJSON.

    If the connection breaks, the command connects again and prints what it missed. It needs a running service.
    """
    if url is None:
        raise Failure("events are told by a running service: name it by --url or FOREBEAR_URL", Code.WRONG)
    wanted = {"events": event or None, "kinds": kind or None, "lines": line or None}
    terminal.configure_logs("warning")
    terminal.run(_tail(url, token, {name: part for name, part in wanted.items() if part}, after, as_json=as_json))


async def _tail(url: str, token: str | None, wanted: Mapping[str, Any], after: str | None, *, as_json: bool) -> None:
    seen: OrderedDict[str, None] = OrderedDict()
    connected = False
    while True:
        try:
            async with remote(url, token) as service:
                async for result in service.followed(EVENTS, {"filter": wanted, "after": after}):
                    connected = True
                    if result is None:
                        continue
                    if errors := result.get("errors"):
                        if errors[0].get("extensions", {}).get("code") in PASSING:
                            break
                        raise Failure(errors[0]["message"])
                    told = result["data"]["events"]
                    after = told["id"]
                    if after not in seen:
                        _show(told, as_json=as_json)
                    seen[after] = None
                    if len(seen) > REMEMBERED:
                        seen.popitem(last=False)
        except Interrupted as error:
            if not connected:
                raise Failure(str(error), Code.UNREACHABLE) from None
            err().print(f"{error}; connecting again", markup=False)
        await asyncio.sleep(PAUSE_SECONDS)


def _show(told: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(msgspec.json.encode(told).decode(), flush=True)
        return
    seen = printable(dict(told))
    out().print(f"{seen['at'][:19]}Z {seen['event']} {seen['subject']} #{seen['number']} by {seen['by']}", markup=False)
