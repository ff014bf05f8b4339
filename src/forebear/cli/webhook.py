"""Webhooks: `webhook create`, `list`, `rotate`, `delete`, `deliveries` and `replay`."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from forebear.cli import terminal
from forebear.cli.asking import First, answer
from forebear.cli.terminal import AsJson, Token, Url, counted, err, out
from forebear.cli.token import done
from forebear.domain.webhook import DeliveryState
from forebear.view.webhooks import (
    CREATE_WEBHOOK,
    DELETE_WEBHOOK,
    REPLAY_DELIVERIES,
    ROTATE_WEBHOOK_SECRET,
    WEBHOOK_DELIVERIES,
    WEBHOOKS,
)

app = typer.Typer(no_args_is_help=True, help="Make, list and remove webhooks, and see their deliveries.")

Id = Annotated[str, typer.Argument(metavar="WEBHOOK", help="The id of the webhook.", show_default=False)]


@app.command()
def create(
    to: Annotated[str, typer.Argument(metavar="URL", help="The https:// URL of the receiver.", show_default=False)],
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
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Make a webhook. Its secret is printed once, alone on standard output. Forebear cannot show it again."""
    input = {"url": to, "events": event or None, "kinds": kind or None, "lines": line or None}
    created = done(answer(CREATE_WEBHOOK, input, url, token, exact=as_json)["createWebhook"])
    if as_json:
        terminal.print_json(created)
        return
    print(created["secret"])
    err().print(f"{created['webhook']['id']} delivers to {to}", markup=False)


@app.command("list")
def list_(url: Url = None, token: Token = None, as_json: AsJson = False) -> None:
    """List webhooks, the newest first: your own and, for an AUDITOR or an ADMIN, all."""
    webhooks = answer(WEBHOOKS, {}, url, token, exact=as_json)["webhooks"]
    if as_json:
        terminal.print_json(webhooks)
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("id", "url", "events", "kinds", "lines", "made", "pending", "dead", "problem"):
        table.add_column(heading, no_wrap=heading != "problem")
    for each in webhooks:
        filters = ("all" if each[name] is None else " ".join(each[name]) for name in ("events", "kinds", "lines"))
        made = f"{each['createdAt'][:10]} by {each['createdBy']}"
        table.add_row(each["id"], each["url"], *filters, made, str(each["pending"]), str(each["dead"]), each["problem"] or "")
    out().print(table)


@app.command()
def rotate(webhook: Id, url: Url = None, token: Token = None, as_json: AsJson = False) -> None:
    """Give a webhook a new secret, and print it. For 24 hours the former one signs as well."""
    answered = answer(ROTATE_WEBHOOK_SECRET, {"webhook": webhook}, url, token, exact=as_json)
    rotated = done(answered["rotateWebhookSecret"])
    if as_json:
        terminal.print_json(rotated)
        return
    print(rotated["secret"])
    err().print(f"{webhook} has a new secret; for 24 hours the former one signs as well", markup=False)


@app.command()
def delete(webhook: Id, url: Url = None, token: Token = None, as_json: AsJson = False) -> None:
    """Remove a webhook, with all its deliveries."""
    gone = done(answer(DELETE_WEBHOOK, {"webhook": webhook}, url, token, exact=as_json)["deleteWebhook"])["webhook"]
    if as_json:
        terminal.print_json(gone)
        return
    out().print(f"{webhook} to {gone['url']} is removed", markup=False)


@app.command()
def deliveries(
    webhook: Id,
    state: Annotated[
        DeliveryState | None,
        typer.Option(case_sensitive=False, help="Only deliveries in this state. By default all.", show_default=False),
    ] = None,
    first: First = 50,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """List the deliveries of a webhook, those of the newest events first."""
    input = {"webhook": webhook, "state": state, "first": first}
    listed = answer(WEBHOOK_DELIVERIES, input, url, token, exact=as_json)["webhookDeliveries"]
    if as_json:
        terminal.print_json(listed)
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("message", "event", "subject", "number", "state", "attempts", "next", "problem"):
        table.add_column(heading, no_wrap=heading != "problem")
    for each in listed:
        due = (each["dueAt"] or "")[:19]
        table.add_row(
            each["message"],
            each["event"],
            each["subject"],
            str(each["number"]),
            each["state"],
            str(each["attempts"]),
            due,
            each["problem"] or "",
        )
    out().print(table)


@app.command()
def replay(
    webhook: Id,
    message: Annotated[
        str | None, typer.Option(help="The message of one dead delivery. By default all.", show_default=False)
    ] = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Have dead deliveries of a webhook sent again. They arrive late, and hold no others up."""
    input = {"webhook": webhook, "message": message}
    replayed = done(answer(REPLAY_DELIVERIES, input, url, token, exact=as_json)["replayDeliveries"])
    if as_json:
        terminal.print_json(replayed)
        return
    out().print(f"{counted(replayed['deliveries'], 'deliveries')} are sent again", markup=False)
