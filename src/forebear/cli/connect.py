"""The events of other systems that are not recorded: `connect rejected`, `connect replay`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from forebear.cli import terminal
from forebear.cli.registry import CommandRegistry, ask, opened
from forebear.cli.terminal import AsJson, Code, Failure, Token, Url, counted, out
from forebear.view.inbox import REJECTED_EVENTS, REPLAY_EVENTS

app = typer.Typer(no_args_is_help=True, help="Show the events of other systems that are not recorded, and record them again.")

Connector = Annotated[
    str | None, typer.Option(help="The connector by which they came, such as openlineage. By default all.", show_default=False)
]

PAGE = 100
"""How many events are replayed at a time."""


@app.command()
def rejected(
    connector: Connector = None,
    first: Annotated[int, typer.Option(min=1, max=PAGE, help="The number of events to show.")] = 20,
    after: Annotated[
        str | None, typer.Option(help="Show those that follow. The page before prints what to give here.", show_default=False)
    ] = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """List the events that Forebear has not recorded, or not all of, with every reason. The oldest come first."""

    async def asking() -> dict[str, Any]:
        async with opened(url, token) as registry:
            variables = {"connector": connector, "first": first, "after": after}
            return await ask(registry, REJECTED_EVENTS, variables, exact=as_json)

    terminal.configure_logs("warning")
    page = terminal.run(asking())["rejectedEvents"]
    if as_json:
        terminal.print_json(page)
        return
    for event in page["nodes"]:
        what = event["about"] or "no thing that it names"
        head = f"{event['connector']}, {terminal.minute(event['receivedAt'])} from {event['receivedBy']}, about {what}"
        out().print(f"{event['id']}\n  {event['status']}: {head}", markup=False)
        for reason in event["reasons"]:
            out().print(f"  {reason}", markup=False)
    if not page["nodes"]:
        out().print("Everything is recorded.")
    if page["endCursor"]:
        out().print(f"There are more: --after '{page['endCursor']}'", markup=False)


@app.command()
def replay(
    event: Annotated[
        list[str] | None, typer.Argument(metavar="ID", help="Events, as `rejected` names them.", show_default=False)
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All events that are not recorded.")] = False,
    connector: Connector = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Take events again, in your name and with your rights. The exit code is 1 if some are still not recorded whole.

    What is recorded already stays as it is, so you may break it off and run it again.
    """
    if bool(event) == everything:
        raise Failure("name events by their ids, or take --all", Code.WRONG)

    async def work() -> list[dict[str, Any]]:
        async with opened(url, token) as registry:
            if event:
                return await _replayed(registry, event, exact=as_json)
            return await _replayed_all(registry, connector, exact=as_json)

    terminal.configure_logs("warning")
    outcomes = terminal.run(work())
    left = [outcome for outcome in outcomes if outcome["status"] in ("PARTLY", "REJECTED")]
    if as_json:
        terminal.print_json(outcomes)
    else:
        for outcome in left:
            out().print(f"{outcome['id']}\n  {outcome['status']}: {'; '.join(outcome['reasons'])}", markup=False)
        out().print(f"{counted(len(outcomes), 'events')} replayed, {len(left):,} still not recorded whole", markup=False)
    if left:
        raise typer.Exit(Code.NEGATIVE)


async def _replayed_all(registry: CommandRegistry, connector: str | None, *, exact: bool) -> list[dict[str, Any]]:
    """Replay every event that is open now. Those that stay open come once."""
    outcomes: list[dict[str, Any]] = []
    # A replay moves an event to the end of the list, so list them all before.
    ids, after = [], None
    while True:
        variables = {"connector": connector, "first": PAGE, "after": after}
        page = (await ask(registry, REJECTED_EVENTS, variables, exact=True))["rejectedEvents"]
        ids += [event["id"] for event in page["nodes"]]
        after = page["endCursor"]
        if after is None:
            break
    for start in range(0, len(ids), PAGE):
        outcomes += await _replayed(registry, ids[start : start + PAGE], exact=exact)
    return outcomes


async def _replayed(registry: CommandRegistry, ids: list[str], *, exact: bool) -> list[dict[str, Any]]:
    answer = (await ask(registry, REPLAY_EVENTS, {"ids": ids}, exact=exact))["replayEvents"]
    if reasons := answer.get("reasons"):
        raise Failure("; ".join(f"{r['message']}: {r['remedy']}" for r in reasons))
    events: list[dict[str, Any]] = answer["events"]
    return events
