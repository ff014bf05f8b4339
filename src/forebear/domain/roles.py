"""Who may do what: roles, actors, and the one table that says which role may do which verb."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
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


def _table(rows: Iterable[tuple[str, str]]) -> Mapping[str, frozenset[Role]]:
    return MappingProxyType({verb: frozenset(Role[name] for name in roles.split()) for verb, roles in rows})


# No role may do everything, so nobody decides about their own work by accident. Whoever is to do so needs both roles.
PERMISSIONS = _table(
    (
        ("query", "VIEWER AUDITOR ENGINEER APPROVER OPERATOR ADMIN"),
        ("readAudit", "AUDITOR ADMIN"),
        ("readTokens", "AUDITOR ADMIN"),
        ("export", "ADMIN"),
        ("record", "RECORDER ENGINEER OPERATOR"),
        ("changeLines", "OPERATOR"),
        ("importHistory", "ADMIN"),
        ("registerCandidate", "ENGINEER"),
        ("attachEvidence", "ENGINEER RECORDER"),
        ("adoptPolicy", "ADMIN"),
        ("evaluate", "ENGINEER APPROVER ADMIN"),
        ("approve", "APPROVER"),
        ("reject", "APPROVER"),
        ("withdrawApproval", "APPROVER"),
        ("deprecate", "APPROVER"),
        ("archive", "APPROVER"),
        ("restore", "APPROVER"),
        ("override", "ADMIN"),
        ("correct", "ADMIN"),
        ("registerArtifact", "ENGINEER"),
        ("quarantineArtifact", "ENGINEER APPROVER OPERATOR"),
        ("deleteArtifact", "ENGINEER"),
        ("requestDeployment", "OPERATOR"),
        ("reportDeployment", "OPERATOR RECORDER"),
        ("reportInstallation", "OPERATOR RECORDER"),
        ("rollBack", "OPERATOR"),
        ("decommission", "OPERATOR"),
        ("recommission", "OPERATOR"),
        ("createToken", "ADMIN"),
        ("revokeToken", "ADMIN"),
    )
)
"""Which roles may do what. A verb is the name of a GraphQL mutation, or `importHistory` (facts that are `imported`), `query`
(reading), `readAudit`, `readTokens`, `export` and `changeLines` (facts that end, replace or retract a line of a fleet)."""

EVERYWHERE = frozenset({"importHistory"})
"""The verbs that reach every release line."""

FORBIDDEN = "FORBIDDEN"
"""The code of a refusal because the actor may not do it."""


def refusal(actor: Actor, verb: str, lines: Iterable[str] | None = ()) -> Reason | None:
    """Return why the actor may not do the verb, or None if it may.

    `lines` are the ids of the release lines that it would write to. They are empty if it belongs to no line, and None if it
    reaches every line. Raises `KeyError` for a verb that the table does not know.
    """
    allowed = PERMISSIONS[verb]
    if not allowed & actor.roles:
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


def refusal_of_all(actor: Actor, verbs: Sequence[str]) -> Reason | None:
    """Return why the actor may do none of these verbs, worded for the first of them, or None if it may do one.

    Raises `KeyError` for a verb that the table does not know.
    """
    reasons = [refusal(actor, verb) for verb in verbs]
    return None if None in reasons else reasons[0]


def refusal_within(actor: Actor, verb: str, lines: Iterable[str]) -> Reason | None:
    """Return as `refusal` does, for a verb that has to lie in a line: if there is none, an actor with limited lines may not.

    Raises `KeyError` for a verb that the table does not know.
    """
    lines = frozenset(lines)
    if reason := refusal(actor, verb, lines):
        return reason
    if actor.lines is None or lines:
        return None
    return _beyond(actor, actor.lines, verb, "what lies in none")


def _beyond(
    actor: Actor, lines: Iterable[str], verb: str, what: str, remedy: str = "ask somebody who is not limited to lines"
) -> Reason:
    limit = f"{actor.name}'s writes are limited to {listed(lines, 'and') or 'no release line'}"
    return Reason(FORBIDDEN, f"{limit}, and {verb} would reach {what}", remedy)


def reads(actor: Actor) -> bool:
    """Whether the actor may read what is stored. Forebear tells nobody else, in a refusal either."""
    return refusal(actor, "query") is None


def may(actor: Actor) -> list[str]:
    """The verbs that the actor's roles allow, in the table's order. Its lines may still limit where."""
    return [verb for verb, allowed in PERMISSIONS.items() if allowed & actor.roles]


def in_order(roles: Iterable[Role]) -> list[Role]:
    """Roles in the order of their declaration."""
    return sorted(roles, key=list(Role).index)


def listed(names: Iterable[str], last: str) -> str:
    """Roles in their order, or ids by name, as part of a sentence: `VIEWER, AUDITOR or ADMIN`."""
    order = list(Role)
    *most, final = sorted(names, key=lambda n: (order.index(n) if isinstance(n, Role) else 0, n)) or [""]
    return f"{', '.join(most)} {last} {final}" if most else str(final)
