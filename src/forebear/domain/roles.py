"""Who may do what: roles, actors, and the reason why a verb is not for an actor."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from forebear.domain.outcome import Reason


class Role(StrEnum):
    """What an actor may do. An actor may have several roles."""

    doc: str

    def __new__(cls, value: str, doc: str) -> Self:
        """A role and what it is for."""
        role = str.__new__(cls, value)
        role._value_, role.doc = value, doc
        return role

    VIEWER = "VIEWER", "Reads."
    AUDITOR = "AUDITOR", "Reads everything, the audit trail and the list of tokens included."
    RECORDER = "RECORDER", "Records what happened, and reads nothing. It is for a system that feeds the registry."
    ENGINEER = "ENGINEER", "Registers candidates, evidence and artifacts."
    APPROVER = (
        "APPROVER",
        "Decides about releases. It is meant for people. A machine's vote counts only if the policy trusts the machine.",
    )
    OPERATOR = "OPERATOR", "Requests deployments and reports what runs where."
    ADMIN = (
        "ADMIN",
        "Decides who may do what, and under which policy. An ADMIN may only override what others decide, for all to see.",
    )


@dataclass(frozen=True)
class Actor:
    """A person or a machine that acts, with its roles."""

    name: str
    roles: frozenset[Role]
    lines: frozenset[str] | None = None
    """The ids of the release lines that the actor may write to. None means all lines."""
    machine: bool = False
    connector: str | None = None
    """The connector whose door is the only one that lets the actor in. None means every door."""


EVERYWHERE = frozenset({"importHistory"})
"""The verbs that reach every release line."""

FORBIDDEN = "FORBIDDEN"
"""The code of a refusal because the actor may not do it."""


def barred(actor: Actor, path: str, connector: str | None) -> Reason | None:
    """Return why a door does not let an actor in, or None if it does.

    `path` is the door's path, and `connector` the connector that it belongs to, if any.
    """
    if actor.connector in (None, connector):
        return None
    return Reason(
        FORBIDDEN,
        f"the token of {actor.name} is for the connector {actor.connector}, and {path} is none of its doors",
        "use a token that was made without a connector",
    )


def against(actor: Actor, verb: str, allowed: Collection[Role], lines: Iterable[str] | None = ()) -> Reason | None:
    """Return why the actor may not do a verb that the roles `allowed` may do, or None if it may.

    `lines` are the ids of the release lines that it would write to. They are empty if it belongs to no line, and None if it
    reaches every line.
    """
    if not actor.roles & {*allowed}:
        has = f"has {listed(actor.roles, 'and')}" if actor.roles else "has no role"
        one_of = "" if len(allowed) == 1 else "one of "
        return Reason(
            FORBIDDEN,
            f"{actor.name} may not {verb}: that needs {listed(allowed, 'or')}, and {actor.name} {has}",
            f"ask somebody who has {one_of}{listed(allowed, 'or')}, or an admin for the role",
        )
    if actor.lines is None:
        return None
    if lines is None or verb in EVERYWHERE:
        return _beyond(actor, actor.lines, verb, "every line")
    if outside := frozenset(lines) - actor.lines:
        named = listed(outside, "and")
        return _beyond(actor, actor.lines, verb, named, f"ask somebody who may write to {named}")
    return None


def against_within(actor: Actor, verb: str, allowed: Collection[Role], lines: Iterable[str]) -> Reason | None:
    """Return as `against` does, for a verb that has to lie in a line: if there is none, an actor with limited lines may not."""
    lines = frozenset(lines)
    if reason := against(actor, verb, allowed, lines):
        return reason
    if actor.lines is None or lines:
        return None
    return _beyond(actor, actor.lines, verb, "what lies in none")


def _beyond(
    actor: Actor, lines: Iterable[str], verb: str, what: str, remedy: str = "ask somebody who is not limited to lines"
) -> Reason:
    limit = f"{actor.name}'s writes are limited to {listed(lines, 'and') or 'no release line'}"
    return Reason(FORBIDDEN, f"{limit}, and {verb} would reach {what}", remedy)


def in_order(roles: Iterable[Role]) -> list[Role]:
    """Roles in the order of their declaration."""
    return sorted(roles, key=list(Role).index)


def listed(names: Iterable[str], last: str) -> str:
    """Roles in their order, or ids by name, as part of a sentence: `VIEWER, AUDITOR or ADMIN`."""
    order = list(Role)
    *most, final = sorted(names, key=lambda n: (order.index(n) if isinstance(n, Role) else 0, n)) or [""]
    return f"{', '.join(most)} {last} {final}" if most else str(final)
