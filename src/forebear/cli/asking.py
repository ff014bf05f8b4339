"""The common options of commands that ask, and the answers to their questions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from forebear.cli import terminal
from forebear.cli.registry import ask, ask_partly, opened
from forebear.cli.terminal import Code, Failure, checked_moment
from forebear.domain.remedy import kebab

if TYPE_CHECKING:
    from forebear.graph.declaration import Kind

Of = Annotated[
    str,
    typer.Argument(
        metavar="ID", help="The node's id, such as model:parcel-picker@2 or dataset:bridge_orig@1.0.0.", show_default=False
    ),
]
First = Annotated[int, typer.Option(min=1, max=500, help="The number of nodes to show.")]
At = Annotated[
    str | None,
    typer.Option(
        help="A moment in the world, such as 2026-07-15T12:00:00Z, or 90d, 12h or 30m ago. By default now.",
        callback=checked_moment,
        metavar="MOMENT",
        show_default=False,
    ),
]
AsKnownAt = Annotated[
    str | None,
    typer.Option(
        help="A moment of knowledge, or 90d, 12h or 30m ago: answer from what was recorded by then, not from everything.",
        callback=checked_moment,
        metavar="MOMENT",
        show_default=False,
    ),
]

BEYOND = "a walk met its bound of 50 edges, so there may be more"


def answer(
    document: str, variables: Mapping[str, Any], url: str | None, token: str | None, *, exact: bool = False
) -> dict[str, Any]:
    """Return the data that answers a question, `printable` for people unless it has to be `exact`.

    Raises `Failure` if something in it is unknown.
    """

    async def asking() -> dict[str, Any]:
        async with opened(url, token) as registry:
            return await ask(registry, document, variables, exact=exact)

    terminal.configure_logs("warning")
    return terminal.run(asking())


def partly(
    document: str, variables: Mapping[str, Any], url: str | None, token: str | None, *, exact: bool = False
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the data that answers a question about a node, and why parts of it could not be answered.

    The parts are null in the data. The reasons are by the parts' names. Raises `Failure` if nothing could be answered.
    """

    async def asking() -> tuple[dict[str, Any], dict[str, str]]:
        async with opened(url, token) as registry:
            return await ask_partly(registry, document, variables, exact=exact)

    terminal.configure_logs("warning")
    return terminal.run(asking())


def named_kind(name: str) -> Kind:
    """Return the kind that somebody names, such as runs, model-versions or Incident. Raises `Failure`."""
    from forebear.graph.complaint import meant
    from forebear.graph.kinds import GRAPH

    names = {each: kind for kind in GRAPH.kinds.values() for each in (kebab(kind.name), kebab(kind.plural))}
    plain = {each.replace("-", ""): kind for each, kind in names.items()}
    if (found := plain.get(re.sub(r"[-_ ]", "", name).lower())) is None:
        near = meant(name, [*names]) or "."
        raise Failure(f"there is no kind {name!r}{near} The kinds are {', '.join(sorted(map(kebab, GRAPH.kinds)))}", Code.WRONG)
    return found
