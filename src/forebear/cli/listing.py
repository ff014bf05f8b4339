"""The nodes of a kind: `list`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any, get_origin

import msgspec
import typer
from rich.text import Text

from forebear.cli import terminal
from forebear.cli.asking import AsKnownAt, At, answer, named_kind
from forebear.cli.rows import AsCsv, First, print_csv, print_rows, summary
from forebear.cli.terminal import AsJson, Code, Failure, Token, Url, minute, out, printable, short
from forebear.graph.declaration import Long
from forebear.view.nodes import page_of

if TYPE_CHECKING:
    from forebear.graph.declaration import Kind

COMPARISONS = {"=": "eq", ">=": "gte", "<=": "lte", ">": "gt", "<": "lt", "~": "contains", "^": "startsWith"}
"""The comparisons of --where, and what they are in a filter."""

CONDITION = re.compile(r"(?P<name>\w+)\s*(?P<not>!?)(?P<sign>>=|<=|=|>|<|~|\^)\s*(?P<value>.*)", re.DOTALL)


def list_(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="A kind, such as runs, model-versions or Incident.")],
    where: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CONDITION",
            show_default=False,
            help="A condition, such as status=FAILED, startedAt>=2026-07-01T00:00:00Z, name~picker (contains), name^pick "
            "(starts with), severity!=LOW or labels=public. You may give several: all have to hold.",
        ),
    ] = None,
    filter_: Annotated[
        str | None,
        typer.Option(
            "--filter", metavar="JSON", show_default=False, help="Conditions as the API takes them, also on neighbours."
        ),
    ] = None,
    order_by: Annotated[
        str | None, typer.Option(metavar="FIELD", show_default=False, help="The field to order by. By default the id.")
    ] = None,
    desc: Annotated[bool, typer.Option("--desc", help="Order downwards: the newest, the worst, the largest first.")] = False,
    first: First = 50,
    after: Annotated[
        str | None,
        typer.Option(show_default=False, help="Show the rows that follow. The page before prints what to give here."),
    ] = None,
    at: At = None,
    as_known_at: AsKnownAt = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """List the nodes of a kind, a page at a time. The exit code is 1 if there is none."""
    declared = named_kind(kind)
    fields = {"id": str, "recordedAt": str, **{p.name: p.type for p in declared.properties.values()}}
    variables: dict[str, Any] = {"first": first, "after": after, "at": at, "asKnownAt": as_known_at}
    if conditions := [*([_json(filter_)] if filter_ else []), *(_condition(text, fields) for text in where or ())]:
        variables["filter"] = {"and": conditions}
    if order_by or desc:
        variables["orderBy"] = {"field": _field(order_by or "id", fields, "--order-by"), "direction": "DESC" if desc else "ASC"}
    page = answer(
        page_of(declared), {name: value for name, value in variables.items() if value is not None}, url, token, exact=True
    )
    page = page[declared.plural]
    if as_csv:
        print_csv(page["nodes"], [name for name in fields if page["nodes"] and name in page["nodes"][0]])
    elif as_json:
        terminal.print_json(page)
    else:
        _print(page, declared)
    if not page["nodes"]:
        raise typer.Exit(Code.NEGATIVE)


def _condition(text: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a condition of --where as a filter. Raises `Failure`."""
    if (match := CONDITION.fullmatch(text)) is None:
        raise Failure(f"--where {text}: write FIELD=VALUE, or with one of {' '.join(COMPARISONS)} in place of =", Code.WRONG)
    name, value = _field(match["name"], fields, f"--where {text}"), match["value"]
    comparison = "has" if get_origin(fields[name]) is list else COMPARISONS[match["sign"]]
    condition = {name: {comparison: _json(value) if fields[name] in (int, float, bool, Long) else value}}
    return {"not": condition} if match["not"] else condition


def _field(name: str, fields: Mapping[str, Any], where: str) -> str:
    from forebear.graph.complaint import meant

    if name not in fields:
        near = meant(name, [*fields]) or "."
        raise Failure(f"{where}: there is no field {name!r}{near} The fields are {', '.join(fields)}", Code.WRONG)
    return name


def _json(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.MsgspecError:
        raise Failure(f"{text!r} is no JSON", Code.WRONG) from None


def _print(page: Mapping[str, Any], kind: Kind) -> None:
    """Print a page. What has no place in a row, such as a description, `show` prints."""
    moments = {p.name for p in kind.properties.values() if p.type is datetime}
    rows = [{name: _cell(value, is_moment=name in moments) for name, value in node.items()} for node in page["nodes"]]
    used = [name for name in (rows[0] if rows else ()) if any(row[name].plain for row in rows)]
    print_rows([{name: row[name] for name in used} for row in rows])
    out().print(summary(page), style="dim", markup=False)
    if page["pageInfo"]["hasNextPage"]:
        out().print(f"The next page: --after {_quoted(page['pageInfo']['endCursor'])}", style="dim", markup=False)


def _cell(value: Any, *, is_moment: bool) -> Text:
    if value is None:
        return Text()
    texts = [short(printable(str(each))) for each in (value if isinstance(value, list) else [value])]
    return Text(minute(value) if is_moment else ", ".join(texts))


def _quoted(cursor: str) -> str:
    """Return a cursor as a shell takes it. One of an order has a line break."""
    if "\n" not in cursor:
        return quote(cursor)
    return "$'" + cursor.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"
