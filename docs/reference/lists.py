"""The lists of the reference, written from the code: `make schema` writes each between its two marks in the pages here.

A page marks where a list begins and ends:

    <!-- list: kinds -->
    <!-- end -->
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import typer

from forebear.cli import actions, answers
from forebear.cli.commands import app
from forebear.cli.terminal import Code
from forebear.domain.lifecycle import diagram, table
from forebear.domain.remedy import kebab
from forebear.domain.roles import Role
from forebear.graph.declaration import EdgeClass, camel
from forebear.graph.document import json_text
from forebear.graph.kinds import GRAPH
from forebear.settings import PREFIX, Settings
from forebear.store.statements import questions
from forebear.verbs.permissions import PERMISSIONS

PAGES = Path(__file__).parent
LIST = re.compile(r"(<!-- list: (?P<name>\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def markdown(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """A table, line by line."""
    columns = [*head]
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


def kinds() -> Iterator[str]:
    """All kinds, with the form of their ids."""
    standings = {"PLAIN": "facts", "SETTLED": "facts, for good", "OBSERVED": "reports and facts", "GOVERNED": "actions"}
    yield from markdown(
        ("kind", "id", "written by", "what it is"),
        (
            (k.name, f"`{k.prefix}:name{'@version' if k.versioned else ''}`", standings[k.standing], k.doc)
            for k in GRAPH.kinds.values()
        ),
    )


def edges() -> Iterator[str]:
    """All types of edges, by class."""
    of: dict[str, list[str]] = {}
    for kind in GRAPH.kinds.values():
        for edge in kind.edges:
            of.setdefault(edge.type.name, []).append(f"{kind.name} → {' or '.join(edge.targets)}")
    yield from markdown(
        ("edge", "class", "what it says", "leads from → to"),
        (
            (f"`{t.name}`", t.edge_class.lower(), t.doc, "; ".join(of.get(t.name, ())))
            for t in sorted(GRAPH.edge_types.values(), key=lambda t: [*EdgeClass].index(t.edge_class))
        ),
    )


def asked() -> Iterator[str]:
    """All questions: their arguments, where they are fields, and what they answer."""
    commands = _commands()
    rows = []
    for q in questions(GRAPH):
        field = camel(q.name)
        takes = ", ".join(
            f"`{p.name}`" + ("" if p.type.required and p.default is None else "?") for p in q.parameters if p.name != "self"
        )
        command = kebab(field)
        rows.append(
            (
                f"`{field}`" + (f" of {' or '.join(q.on)}" if q.on else ""),
                takes + (("; " if takes else "") + "`at`?" if q.timed else ""),
                f"`{command}`" if command in commands and not q.on else "",
                _first(q.doc),
            )
        )
    yield from markdown(("question", "arguments", "command", "what it answers"), rows)


def verbs() -> Iterator[str]:
    """Which role may do what."""
    yield from markdown(
        ("verb", *Role), ((f"`{verb}`", *("✓" if r in allowed else "" for r in Role)) for verb, allowed in PERMISSIONS.items())
    )


def roles() -> Iterator[str]:
    """All roles."""
    yield from markdown(("role", "what an actor with it may do"), ((f"`{role}`", role.doc) for role in Role))


def _commands(group: Any = None, prefix: str = "") -> dict[str, Any]:
    """All commands by name, those of groups as `group command`."""
    group = group or typer.main.get_command(app)
    context = typer.Context(group)
    found: dict[str, Any] = {}
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if hasattr(command, "list_commands"):
            found |= _commands(command, f"{name} ")
        else:
            found[prefix + name] = command
    return found


def commands() -> Iterator[str]:
    """The commands that are neither a question nor an action."""
    yield from markdown(
        ("command", "what it does"),
        (
            (f"`forebear {name}`", _first(command.help or ""))
            for name, command in _commands().items()
            if command.rich_help_panel not in (answers.PANEL, actions.PANEL)
        ),
    )


def done() -> Iterator[str]:
    """All actions, with their commands and who may do them."""
    yield from markdown(
        ("action", "command", "roles", "what it does"),
        (
            (f"`{a.name}`", f"`{actions.NAMES[a.name]}`", ", ".join(r for r in Role if r in a.roles), _first(a.doc))
            for a in actions.ACTIONS
        ),
    )


def _first(text: str) -> str:
    """The first sentence."""
    return " ".join(re.split(r"(?<=\.)\s", text.strip(), maxsplit=1)[0].split()).rstrip(".") + "."


def exits() -> Iterator[str]:
    """All exit codes."""
    yield from markdown(("exit code", "name", "when"), ((str(int(code)), code.name, code.doc) for code in Code))


def settings() -> Iterator[str]:
    """All settings, as environment variables."""
    yield from markdown(
        ("variable", "default", "what it sets"),
        (
            (f"`{PREFIX}{name.upper()}`", _default(name, field.default), field.description or "")
            for name, field in Settings.model_fields.items()
        ),
    )


FACTORIES = {"data_dir": "`~/.local/share/forebear`", "log_format": "`console` on a terminal, else `json`"}
"""The defaults that depend on where a process runs."""


def _default(name: str, value: Any) -> str:
    if name in FACTORIES:
        return FACTORIES[name]
    return "unset" if value is None else f"`{json_text(value) if isinstance(value, bool) else value}`"


def states() -> Iterator[str]:
    """The states of a release, as a picture."""
    yield "```mermaid"
    yield diagram()
    yield "```"


def transitions() -> Iterator[str]:
    """The ways between the states of a release."""
    yield table()


LISTS: Mapping[str, Callable[[], Iterator[str]]] = {
    "kinds": kinds,
    "edges": edges,
    "questions": asked,
    "actions": done,
    "verbs": verbs,
    "roles": roles,
    "commands": commands,
    "exits": exits,
    "settings": settings,
    "states": states,
    "transitions": transitions,
}


def written(page: str) -> str:
    """A page with its lists as the code has them. Raises `KeyError` for a list that is not known."""
    return LIST.sub(lambda found: "\n".join((f"{found[1]}", *LISTS[found["name"]](), "", found[3])), page)


def pages() -> list[Path]:
    """The pages that hold a list."""
    return [path for path in sorted(PAGES.glob("*.md")) if LIST.search(path.read_text("utf-8"))]


if __name__ == "__main__":
    stale = {path: text for path in pages() if (text := written(path.read_text("utf-8"))) != path.read_text("utf-8")}
    if sys.argv[1:] == ["--check"]:
        sys.exit(
            f"run 'make schema' and commit the result: {', '.join(path.name for path in stale)} is out of date" if stale else 0
        )
    for path, text in stale.items():
        path.write_text(text, "utf-8")
