"""A command for every question without one of its own, made from the header of its file. It prints the answer."""

from __future__ import annotations

import inspect
import keyword
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any

import typer
from rich.text import Text

from forebear.cli import terminal
from forebear.cli.asking import AsKnownAt, At, answer
from forebear.cli.parameters import taking
from forebear.cli.rows import AsCsv, First, print_csv, print_rows, summary
from forebear.cli.terminal import AsJson, Code, Token, Url, checked_moment, out, short
from forebear.domain.remedy import kebab
from forebear.graph.declaration import camel
from forebear.graph.document import json_text
from forebear.graph.kinds import GRAPH
from forebear.graph.query.header import Column, Parameter
from forebear.graph.query.question import Question
from forebear.store.statements import questions
from forebear.view.questions import document

PANEL = "Ask"
"""The heading of these commands in the help."""


def commands(names: Iterable[str], only: str | None = None) -> dict[str, Any]:
    """Return the commands of questions by name, except for `names`, for questions about a node, and for those that take a
    document. `only`: the name of the one that is needed."""
    app = typer.Typer()
    for question in questions(GRAPH, only=only and only.replace("-", "_")):
        name = kebab(question.field_name)
        documents = {"JSON", *question.inputs}
        if not question.on and name not in names and not any(p.type.name in documents for p in question.parameters):
            first, _, _ = question.doc.partition(". ")
            doc = f"{question.doc} The exit code is 1 if {_negative(question)}."
            app.command(name, help=doc, short_help=first.rstrip("."), rich_help_panel=PANEL)(command(question))
    return dict(typer.main.get_group(app).commands)


def command(question: Question) -> Callable[..., None]:
    """Return the command of a question. What it needs are arguments, and all else are options."""

    words = next((_safe(p.name) for p in question.parameters if _is_words(p)), None)

    def run(as_json: AsJson = False, as_csv: AsCsv = False, url: Url = None, token: Token = None, **values: Any) -> None:
        if words:
            values[words] = " ".join(values[words])
        variables = {name.rstrip("_"): value for name, value in values.items() if value is not None}
        field = question.field_name
        variables = {camel(name): value for name, value in variables.items()}
        result = answer(document(question, GRAPH), variables, url, token, exact=as_json or as_csv)[field]
        if as_csv:
            print_csv(result["nodes"] if question.paged else [result], [c.name for c in question.row.columns])
        elif as_json:
            terminal.print_json(result)
        else:
            tell(question, result)
        if is_negative(question, result):
            raise typer.Exit(Code.NEGATIVE)

    fixed: dict[str, tuple[Any, Any]] = {"first": (First, 100)} if question.paged else {}
    fixed |= {"at": (At, None)} if question.timed else {}
    fixed |= {} if question.timeless else {"as_known_at": (AsKnownAt, None)}
    own = {_safe(p.name): _parameter(p) for p in question.parameters}
    return taking(run, own | fixed)


def _safe(name: str) -> str:
    """Return the name of a parameter, changed if Python does not allow it."""
    snake = kebab(name).replace("-", "_")
    return f"{snake}_" if keyword.iskeyword(snake) else snake


def _is_words(p: Parameter) -> bool:
    """Return whether a parameter is a text, which needs no quotes."""
    return p.type.name == "String" and p.type.required and p.default is None and not p.type.many


def _parameter(p: Parameter) -> tuple[Any, Any]:
    """Return a parameter for Typer: its annotation and its default."""
    type: Any = {"Int": int, "Boolean": bool}.get(p.type.name, str)
    if _is_words(p):
        argument = typer.Argument(metavar=p.name.upper(), help=p.doc, show_default=False)
        return Annotated[list[str], argument], inspect.Parameter.empty
    if p.type.required and p.default is None:
        metavar = "|".join(kebab(kind) for kind in p.type.kinds or (p.name,)).upper()
        return Annotated[type, typer.Argument(metavar=metavar, help=p.doc, show_default=False)], inspect.Parameter.empty
    flag = f"--{kebab(p.name)}"
    doc = p.doc if p.default is None else f"{p.doc} By default {p.default}."
    if p.type.many:
        type, flag, doc = list[str], flag.removesuffix("s"), f"{doc} You may give several."
    if p.type.name == "Boolean":
        flag = f"{flag}/--no-{flag[2:]}"
    moment: Any = {"callback": checked_moment, "metavar": "MOMENT"} if p.type.name == "DateTime" else {}
    return Annotated[type | None, typer.Option(flag, help=doc, show_default=False, **moment)], None


# ── what is answered ────────────────────────────────────────────────────────────────────────────────────


def is_negative(question: Question, result: Mapping[str, Any]) -> bool:
    """Return whether a script should stop at an answer."""
    rows = result["nodes"] if question.paged else [result]
    if _says_allowed(question):
        return not any(row["allowed"] for row in rows)
    return bool(rows) is question.faults


def _says_allowed(question: Question) -> bool:
    return any(c.name == "allowed" for c in question.row.columns)


def _negative(question: Question) -> str:
    if _says_allowed(question):
        return "nothing is allowed" if question.paged else "it is not allowed"
    return "it lists something" if question.faults else "it lists nothing"


def tell(question: Question, result: Mapping[str, Any]) -> None:
    """Print an answer: as a table if the terminal is wide enough, else row by row."""
    rows = result["nodes"] if question.paged else [result]
    columns = [c for c in question.row.columns if any(row[c.name] not in (None, []) for row in rows)]
    print_rows([{c.name: _cell(question, c, row[c.name]) for c in columns} for row in rows], as_table=question.paged)
    if question.paged:
        out().print(summary(result), style="dim", markup=False)


def _cell(question: Question, column: Column, value: Any) -> Text:
    if column.type.many:
        # Nodes of all kinds are a path.
        return Text(" → " if column.type.name == "Node" else "\n").join(_cell_of(question, column, each) for each in value)
    return _cell_of(question, column, value)


def _cell_of(question: Question, column: Column, value: Any) -> Text:
    match value:
        case None:
            return Text()
        case {"code": code, "message": message, "remedy": remedy}:
            from forebear.cli.actions import in_commands

            return Text.assemble(f"{short(message)}  ", (code, "dim"), f"\n  → {short(in_commands(remedy))}")
        case {"id": id}:
            return Text(short(id))
        case bool():
            return Text("yes", "green") if value else Text("no", "red")
        case float():
            return Text(f"{value:,.1f}")
        case str() if column.type.name == "DateTime":
            return Text(terminal.minute(value))
    return Text(json_text(value) if isinstance(value, dict | list) else short(str(value)))
