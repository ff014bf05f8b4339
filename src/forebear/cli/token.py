"""API tokens: `token create`, `token list`, `token revoke`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.table import Table

from forebear.cli import terminal
from forebear.cli.asking import answer
from forebear.cli.terminal import AsJson, Failure, Token, Url, err, out
from forebear.domain.roles import Role
from forebear.view.actors import CREATE_TOKEN, REVOKE_TOKEN, TOKENS

app = typer.Typer(no_args_is_help=True, help="Make, list and revoke API tokens.")


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="The name under which the owner acts.", show_default=False)],
    role: Annotated[
        list[Role],
        typer.Option(case_sensitive=False, help="A role of the owner. You may give several.", show_default=False),
    ],
    line: Annotated[
        list[str] | None,
        typer.Option(
            help="A release line that the owner may write to. You may give several. By default all lines.", show_default=False
        ),
    ] = None,
    machine: Annotated[bool, typer.Option("--machine", help="The owner is a machine and not a person.")] = False,
    connector: Annotated[
        str | None,
        typer.Option(
            help="The connector that the token is for, such as facts: only its doors accept the token. By default all doors.",
            show_default=False,
        ),
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option(help="How long the token is valid: a moment, or 90d, 12h or 30m from now.", show_default=False),
    ] = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Make a token. It is printed once, alone on standard output. Forebear cannot show it again."""
    input = {
        "name": name,
        "roles": role,
        "lines": line or None,
        "machine": machine,
        "connector": connector,
        "expiresAt": terminal.moment("--expires", expires, ahead=True) if expires else None,
    }
    created = done(answer(CREATE_TOKEN, input, url, token, exact=as_json)["createToken"])
    if as_json:
        terminal.print_json(created)
        return
    print(created["secret"])
    stored = created["token"]
    until = f"until {stored['expiresAt']}" if stored["expiresAt"] else "until it is revoked"
    err().print(f"{stored['id']} speaks for {name} ({', '.join(stored['roles'])}) {until}", markup=False)


@app.command("list")
def list_(
    everything: Annotated[bool, typer.Option("--all", help="Also those that are revoked.")] = False,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """List tokens, the newest first. It shows what Forebear keeps of them, and never a token."""
    every = answer(TOKENS, {}, url, token, exact=as_json)["tokens"]
    tokens = [t for t in every if everything or not t["revokedAt"]]
    if as_json:
        terminal.print_json(tokens)
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("id", "name", "roles", "lines", "made", "last used", "doors", "valid until"):
        table.add_column(heading, no_wrap=True)
    for t in tokens:
        lines = "all" if t["lines"] is None else " ".join(t["lines"]) or "none"
        until = f"revoked {_day(t['revokedAt'])}" if t["revokedAt"] else _day(t["expiresAt"]) or "no end"
        who = f"{t['name']} (machine)" if t["machine"] else t["name"]
        used = (t["lastUsedAt"] or "never")[:16]
        table.add_row(
            t["id"],
            who,
            " ".join(t["roles"]),
            lines,
            f"{_day(t['createdAt'])} by {t['createdBy']}",
            used,
            t["connector"] or "all",
            until,
        )
    out().print(table)


@app.command()
def revoke(
    revoked: Annotated[
        str, typer.Argument(metavar="ID|NAME", help="A token's id, or a name: then all its tokens.", show_default=False)
    ],
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Revoke a token, or all tokens of a name."""
    ended = done(answer(REVOKE_TOKEN, {"token": revoked}, url, token, exact=as_json)["revokeToken"])["tokens"]
    if as_json:
        terminal.print_json(ended)
        return
    for t in ended:
        out().print(f"{t['id']} of {t['name']} is revoked", markup=False)


def done(outcome: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an outcome that is no refusal. Raises `Failure` for a refusal."""
    if reasons := outcome.get("reasons"):
        raise Failure("; ".join(f"{r['message']}: {r['remedy']}" for r in reasons))
    return outcome


def _day(moment: str | None) -> str:
    return (moment or "")[:10]
