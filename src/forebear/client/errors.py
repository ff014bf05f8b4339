"""What may go wrong between a client and its registry. Each error has a code that stays the same, and a message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from forebear.domain.outcome import Reason


class RegistryError(Exception):
    """The registry did not do what the client asked. Every other error of the client is one of these.

    `code` is one of docs/reference/errors.md, or one of those below.
    """

    def __init__(self, code: str, message: str, reasons: Sequence[Reason] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.reasons = tuple(reasons)

    @property
    def remedies(self) -> tuple[str, ...]:
        """What to do about each reason."""
        return tuple(reason.remedy for reason in self.reasons)


class Unreachable(RegistryError):
    """No answer came, or one that says to try later, and the client has stopped trying. Its code is `UNREACHABLE`.

    The registry may have done it all the same: a repetition with the same idempotency key does nothing twice.
    """

    def __init__(self, message: str) -> None:
        super().__init__("UNREACHABLE", message)


class Refusal(RegistryError):
    """The registry refused an action, for all of `reasons`. Its code is that of the first.

    `decisions` are those by which the refusal is on record.
    """

    def __init__(self, verb: str, reasons: Sequence[Reason], decisions: Sequence[str] = ()) -> None:
        lines = (f"{reason.message} ({reason.code}): {reason.remedy}" for reason in reasons)
        super().__init__(reasons[0].code, f"{verb} was refused: {'; '.join(lines)}", reasons)
        self.decisions = tuple(decisions)


class OutOfDate(RegistryError):
    """Somebody changed the subject since the revision that the client expected. Nothing changed. Its code is `CONFLICT`."""

    def __init__(self, verb: str, expected: int, revision: int) -> None:
        super().__init__("CONFLICT", f"{verb}: revision {expected} was expected, and it has {revision}; decide anew")
        self.expected = expected
        self.revision = revision


@dataclass(frozen=True)
class RejectedFact:
    """A fact that the registry did not take: its position in the request, from 0, its id, and every reason."""

    position: int
    id: str | None
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.id or f'fact {self.position}'}: {'; '.join(self.reasons)}"


class FactsRejected(RegistryError):
    """The registry recorded nothing, because it rejected some facts. Its code is `NOT_RECORDED`."""

    def __init__(self, rejections: Sequence[RejectedFact]) -> None:
        super().__init__("NOT_RECORDED", f"nothing was recorded: {'; '.join(map(str, rejections))}")
        self.rejections = tuple(rejections)


class QueryFailed(RegistryError):
    """A GraphQL operation has errors. Code and message are those of the first. `data` is what was answered besides."""

    def __init__(self, errors: Sequence[dict[str, Any]], data: Any) -> None:
        super().__init__(errors[0].get("extensions", {}).get("code", "GRAPHQL_ERROR"), errors[0]["message"])
        self.errors = tuple(errors)
        self.data = data
