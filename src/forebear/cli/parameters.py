"""The parameters of commands that are made from declarations."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any


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
