"""The verb of a governed fact. It is that of the mutation, so there is one way in."""

from __future__ import annotations

from forebear.verbs.catalogue import VERBS
from forebear.verbs.fact import Document, NoAction, VerbRequest

TAKING = {kind: tuple(v for v in VERBS if kind in v.action.takes) for verb in VERBS for kind in verb.action.takes}
"""The verbs that can take a fact of a governed kind."""

NAMES = tuple(verb.action.name for verb in VERBS if verb.action.takes)
"""The names of the verbs that take facts."""


def is_action(kind: str) -> bool:
    """Return whether facts of a governed kind are actions."""
    return kind in TAKING


def verb_request(fact: Document) -> tuple[str, VerbRequest]:
    """Return the name of the verb that a governed fact makes, and its request.

    The fact is a tidy document. Raises `NoAction`.
    """
    kind = str(fact["kind"])
    for verb in TAKING.get(kind, ()):
        if request := verb.of_fact(fact):
            break
    else:
        raise NoAction(f"kind: {kind} is governed, and no action records one yet")
    name = verb.action.name
    if beside := sorted({*fact} - {"kind", *request.members.values(), *request.read}):
        raise NoAction(*(f"{member}: this fact asks for {name}, which takes no {member}; leave it out" for member in beside))
    return name, request
