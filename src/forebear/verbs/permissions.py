"""Who may do what: the one table that says which role may do which verb, made from the verbs' classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from forebear.domain.outcome import Reason
from forebear.domain.roles import Actor, Role, against
from forebear.verbs.catalogue import ACTIONS


def _roles(**named: str) -> dict[str, frozenset[Role]]:
    return {verb: frozenset(Role[name] for name in roles.split()) for verb, roles in named.items()}


# No role may do everything, so nobody decides about their own work by accident. Give somebody both roles to allow it.
PERMISSIONS: Mapping[str, frozenset[Role]] = MappingProxyType(
    _roles(
        query="VIEWER AUDITOR ENGINEER APPROVER OPERATOR ADMIN",
        readAudit="AUDITOR ADMIN",
        readTokens="AUDITOR ADMIN",
        readWebhooks="AUDITOR ENGINEER OPERATOR ADMIN",
        readInbox="AUDITOR ENGINEER OPERATOR ADMIN",
        readMetrics="AUDITOR OPERATOR ADMIN",
        export="ADMIN",
        record="RECORDER ENGINEER OPERATOR",
        changeLines="OPERATOR",
        importHistory="ADMIN",
    )
    | {action.name: action.roles for action in ACTIONS}
    | _roles(createToken="ADMIN", revokeToken="ADMIN", replayEvents="ENGINEER OPERATOR")
    | dict.fromkeys(
        ("createWebhook", "rotateWebhookSecret", "deleteWebhook", "replayDeliveries"),
        frozenset({Role.ENGINEER, Role.OPERATOR, Role.ADMIN}),
    )
)
"""Which roles may do what. A verb is the name of a GraphQL mutation, or `importHistory` (facts that are `imported`), `query`
(reading), `readAudit`, `readTokens`, `readWebhooks`, `readInbox`, `readMetrics`, `export` and `changeLines` (facts that end,
replace or retract a line of a fleet)."""

EVENTS = frozenset(PERMISSIONS) - {
    "query", "readAudit", "readTokens", "readWebhooks", "readInbox", "readMetrics", "export", "changeLines",
    "replayEvents",
}  # fmt: skip
"""The names of events, which the audit trail and the outbox hold: verbs that change something, each under its own name."""


def refusal(actor: Actor, verb: str, lines: Iterable[str] | None = ()) -> Reason | None:
    """Return why the actor may not do the verb, or None if it may; see `domain.roles.against`.

    Raises `KeyError` for a verb that the table does not know.
    """
    return against(actor, verb, PERMISSIONS[verb], lines)


def refusal_of_all(actor: Actor, verbs: Sequence[str]) -> Reason | None:
    """Return why the actor may do none of these verbs, worded for the first of them, or None if it may do one.

    Raises `KeyError` for a verb that the table does not know.
    """
    reasons = [refusal(actor, verb) for verb in verbs]
    return None if None in reasons else reasons[0]


def reads(actor: Actor) -> bool:
    """Whether the actor may read what is stored. Forebear tells nobody else, in a refusal either."""
    return refusal(actor, "query") is None


def may(actor: Actor) -> list[str]:
    """The verbs that the actor's roles allow, in the table's order. Its lines may still limit where."""
    return [verb for verb, allowed in PERMISSIONS.items() if allowed & actor.roles]
