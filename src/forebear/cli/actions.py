"""A command for every action, made from its declaration. It sends the mutation and prints the outcome."""

from __future__ import annotations

import csv
import inspect
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Annotated, Any

import typer
from rich.text import Text

from forebear.cli import terminal
from forebear.cli.parameters import ExpectedRevision, IdempotencyKey, taking
from forebear.cli.registry import ask, opened
from forebear.cli.terminal import AsJson, Code, Failure, Token, Url, out, short
from forebear.domain.clause import InvalidPolicy
from forebear.domain.policy_text import read
from forebear.domain.remedy import command_name, kebab
from forebear.graph.declaration import Digest, ExternalName, Long, Property
from forebear.graph.document import json_text
from forebear.verbs.catalogue import ACTIONS
from forebear.verbs.verb import Action
from forebear.view.actions import mutation
from forebear.view.actors import MAY

PANEL = "Govern"
"""The heading of these commands in the help."""

JSON = "JSON|@FILE"

NAMES = {action.name: command_name(action.name) for action in ACTIONS}
"""The commands of actions."""


def commands(group: str = "") -> dict[str, Any]:
    """Return the commands of actions by name: those of a group of commands, such as `recall`, or those of none."""
    app = typer.Typer()
    for action in ACTIONS:
        of, _, name = NAMES[action.name].rpartition(" ")
        if of == group:
            first, _, _ = action.doc.partition(". ")
            app.command(name, help=action.doc, short_help=first.rstrip("."), rich_help_panel=PANEL)(command(action))
    return dict(typer.main.get_group(app).commands)


def command(action: Action) -> Callable[..., None]:
    """Return the command of an action. What it is about is an argument, and all else are options.

    A list of values is given as a document, and one of its items by options as well.
    """
    subject, *others = action.input.members
    one = [replace(p, required=False) for p in subject.value_type.members] if subject.value_type else []
    argument = replace(subject, required=subject.required and not one)
    parameters = {_safe(subject.name): _argument(argument)} | {_safe(p.name): _option(p) for p in (*one, *others)}

    def run(
        idempotency_key: IdempotencyKey = None,
        expected_revision: ExpectedRevision = None,
        url: Url = None,
        token: Token = None,
        as_json: AsJson = False,
        **arguments: Any,
    ) -> None:
        terminal.configure_logs("warning")
        values = {p.name: _value(p, arguments[_safe(p.name)]) for p in action.input.members}
        item = {p.name: value for p in one if (value := _value(p, arguments[_safe(p.name)])) not in (None, [])}
        if one:
            values[subject.name] = [*_listed(values[subject.name]), *([item] if item else [])]
        keys = {"idempotencyKey": idempotency_key, "expectedRevision": expected_revision}
        variables = {name: value for name, value in {**values, **keys}.items() if value is not None}
        outcome = done(action, variables, url, token, exact=as_json)
        if as_json:
            terminal.print_json(outcome)
        else:
            for line in outcome_lines(outcome):
                out().print(line)
        if is_negative(outcome):
            raise typer.Exit(Code.NEGATIVE)

    return taking(run, parameters)


def done(action: Action, variables: Mapping[str, Any], url: str | None, token: str | None, *, exact: bool) -> dict[str, Any]:
    """Do an action, and return what came of it, printable unless it has to be `exact`. Raises `Failure`."""

    async def doing() -> dict[str, Any]:
        async with opened(url, token) as registry:
            reads = "query" in (await ask(registry, MAY, {}))["me"]["may"]
            data = await ask(registry, mutation(action.name, action.input.members), {**variables, "reads": reads}, exact=exact)
            outcome: dict[str, Any] = data[action.name]
            return outcome

    return terminal.run(doing())


def is_negative(outcome: Mapping[str, Any]) -> bool:
    """Return whether a script should stop at an outcome."""
    return outcome["__typename"] in ("Refused", "Conflict")


def _listed(document: Any) -> list[Any]:
    return document if isinstance(document, list) else [] if document is None else [document]


@cache

# ── what is given ───────────────────────────────────────────────────────────────────────────────────────


def _safe(name: str) -> str:
    """Return the parameter of a member. The names that every command has are not taken from it."""
    return f"{kebab(name).replace('-', '_')}_"


def _is_structured(p: Property) -> bool:
    return p.is_fact or p.is_json


def _repeats(p: Property) -> bool:
    """Return whether it is given once for each item. A list of values is one document."""
    return p.item_type is not None and p.value_type is None


def _type(p: Property) -> Any:
    """Return the type of a member on a command line."""
    item = p.item_type if _repeats(p) else p.type
    type = str if _is_structured(p) or item in (datetime, Digest, ExternalName) else int if item is Long else item
    return list[type] if _repeats(p) else type  # type: ignore[valid-type]


def _argument(p: Property) -> tuple[Any, Any]:
    metavar = JSON if _is_structured(p) else (p.name if p.item_type is None else _singular(p.name)).upper()
    doc = p.doc if not _is_structured(p) else f"{p.doc} {_TABLE if p.value_type is not None else _READ}"
    return _parameter(p, typer.Argument(help=doc, metavar=metavar, show_default=False))


def _option(p: Property) -> tuple[Any, Any]:
    name = kebab(_singular(p.name) if _repeats(p) else p.name)
    flag = f"--{name}/--no-{name}" if p.type is bool else f"--{name}"
    doc, metavar = p.doc, None
    if _is_structured(p):
        doc, metavar = f"{doc} {_TABLE if p.value_type is not None else _READ}", JSON
    elif p.type is datetime:
        doc, metavar = f"{doc} A moment, now, or 90d, 12h or 30m {'from now' if p.ahead else 'ago'}.", "MOMENT"
    if _repeats(p):
        doc = f"{doc} You may give several."
    return _parameter(p, typer.Option(flag, help=doc, metavar=metavar, show_default=False))


_READ = "JSON or YAML, or @FILE; @- reads standard input."
_TABLE = "JSON or YAML, or @FILE, which may be CSV with a line of names; @- reads standard input."


def _parameter(p: Property, info: Any) -> tuple[Any, Any]:
    """Return a member for Typer: its annotation and its default."""
    type = _type(p)
    if p.required and not _repeats(p):
        return Annotated[type, info], inspect.Parameter.empty
    # A required list may be empty. On a command line it is left out then.
    return Annotated[type | None, info], None


def _singular(name: str) -> str:
    return name.removesuffix("s")


def _value(p: Property, value: Any) -> Any:
    """Return an argument as the mutation takes it."""
    if value is None:
        return [] if p.required and p.item_type is not None else None
    if _repeats(p):
        return [_item(p, each) for each in value] or ([] if p.required else None)
    return _item(p, value)


def _item(p: Property, value: Any) -> Any:
    if _is_structured(p):
        return _document(p, value)
    return terminal.moment(f"--{kebab(p.name)}", value, ahead=p.ahead) if p.type is datetime else value


def _document(p: Property, text: str) -> Any:
    """Return a document from a text or a file. A fact may name its kind, as it does elsewhere."""
    where = text[1:] if text.startswith("@") else p.name
    if p.value_type is not None and text.startswith("@") and where.endswith(".csv"):
        rows = csv.DictReader(io.StringIO(terminal.contents(where), newline=""))
        return [{name: cell for name, cell in row.items() if cell} for row in rows]
    try:
        document = read(terminal.contents(text[1:]) if text.startswith("@") else text).document
    except InvalidPolicy as error:
        lines = (f"{where}:{m.line}: {m.message}" if m.line else f"{where}: {m.message}" for m in error.mistakes)
        raise Failure("; ".join(lines), Code.WRONG) from None
    if p.is_fact and isinstance(document, dict) and document.get("kind") == p.names[0]:
        return {name: value for name, value in document.items() if name != "kind"}
    return document


# ── what came of it ─────────────────────────────────────────────────────────────────────────────────────


def outcome_lines(outcome: Mapping[str, Any]) -> Iterator[Text]:
    """Return an outcome in words."""
    match outcome:
        case {"__typename": "Refused", "reasons": reasons}:
            yield Text("refused", style="bold")
            yield from _reasons(reasons, "  ")
        case {"__typename": "Planned", "changes": changes, "considered": considered}:
            yield Text("nothing was done; this would be:", style="bold")
            for id, values in changes.items():
                yield Text.assemble(f"  {short(id)}  ", (json_text(values), "dim"))
            for option in considered:
                yield Text(f"  {'✓' if option['chosen'] else '✗'} {short(option['id'])}")
                yield from (Text(f"    {remark}") for remark in option["remarks"])
                yield from _reasons(option["reasons"], "    ")
        case {"__typename": "Conflict", "expected": expected, "revision": revision}:
            yield Text(f"somebody was faster: it has revision {revision}, and {expected} was expected. Nothing was done.")
        case {"unchanged": True}:
            yield Text.assemble(*_subject(outcome), "it was so already; nothing was done")
        case {"changed": changed}:
            yield Text.assemble(*_subject(outcome), "done")
            decisions = [decision["id"] for decision in outcome.get("decisions", ())]
            for id in changed:
                if id not in decisions:
                    yield Text(f"  {short(id)}")
    if undescribed := outcome.get("undescribed"):
        yield Text(f"  nobody has described yet: {', '.join(map(short, undescribed))}")
    if rejected := outcome.get("rejected"):
        yield Text("  left out:", style="bold")
        yield from _reasons(rejected, "    ")
    for decision in outcome.get("decisions", ()):
        yield Text.assemble("  ", *_decision(decision))


def _reasons(reasons: Iterable[Mapping[str, str]], indent: str) -> Iterator[Text]:
    for reason in reasons:
        yield Text.assemble(f"{indent}{reason['message']}  ", (reason["code"], "dim"))
        yield Text(f"{indent}  → {in_commands(reason['remedy'])}")


def in_commands(remedy: str) -> str:
    """Return a remedy whose actions, such as `(restore)`, are replaced by commands, such as `(restore-release)`."""
    return re.sub(r"\((\w+)\)", lambda m: f"({NAMES.get(m[1], m[1])})", remedy)


def _subject(outcome: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Return the subject of the outcome, and its state."""
    if subject := outcome.get("subject"):
        state = next((value for name, value in subject.items() if name.endswith("State")), None)
        yield short(subject["id"]) + (f" is {state}" if state else "") + ": ", "bold"


def _decision(decision: Mapping[str, Any]) -> Iterator[str | tuple[str, str]]:
    refused = " REFUSED" if decision["verdict"] == "REFUSED" else ""
    about = ", ".join(node["id"] for node in decision["about"]["nodes"])
    state = f" → {decision['state']}" if decision["state"] else ""
    yield f"{decision['type']}{refused} by {decision['actor']}: {about}{state}  "
    yield decision["id"], "dim"
