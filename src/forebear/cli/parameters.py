"""The parameters of commands that are made from declarations, and those of all actions."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer

IdempotencyKey = Annotated[
    str | None,
    typer.Option(help="A key of your choice. A repeated request with the same key does nothing twice.", show_default=False),
]
ExpectedRevision = Annotated[
    int | None,
    typer.Option(
        help="The revision on which you decided. If there is another one by now, nothing changes.", show_default=False
    ),
]


def taking(run: Callable[..., None], parameters: Mapping[str, tuple[Any, Any]]) -> Callable[..., None]:
    """Return a command that takes parameters `{name: (annotation, default)}` before its own.

    It gets them by name, as keyword arguments.

    Typer reads what a command takes from the signature of its function, so the function is given one.
    """
    own = [p for p in inspect.signature(run, eval_str=True).parameters.values() if p.kind is not p.VAR_KEYWORD]
    signature = [
        *(inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY, annotation=a, default=d) for n, (a, d) in parameters.items()),
        *(p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own),
    ]
    vars(run)["__signature__"] = inspect.Signature(signature)
    run.__annotations__ = {p.name: p.annotation for p in signature}
    return run
