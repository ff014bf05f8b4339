"""Answers: their bytes, and the errors that clients see."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import msgspec
import structlog
from graphql import GraphQLError

from forebear.store.errors import (
    EngineUnavailable,
    StatementTimeout,
    StatementTooLarge,
    StorageFull,
    StoreError,
    TransientFailure,
)

encode = msgspec.json.Encoder().encode
_log = structlog.get_logger(__name__)


@dataclass
class Answer:
    """An answer: its bytes, and what to log of it."""

    body: bytes
    operation: str | None = None
    rows: int = 0
    """How many rows its root fields hold."""
    compiled: bool = False
    error: str | None = None
    """The code of its first error."""
    retry_after: float | None = None
    refused: int = 0
    """The status in the modern media type, if it is another one than 200. 0 if it is not."""
    modern: bytes | None = None
    """The bytes in the modern media type, if they are others."""
    writes: bool = False
    """Whether it is a mutation's: nobody may store it, since it may hold a new secret."""


def masked(error: GraphQLError) -> dict[str, Any]:
    """Return an error as a client may see it: ours in full, an unforeseen one by its place alone."""
    original = error.original_error
    if isinstance(original, StoreError):
        formatted = dict(GraphQLError(str(original), error.nodes, path=error.path).formatted)
        formatted["extensions"] = {"code": code_of(original)}
        return formatted
    if original is not None and not isinstance(original, GraphQLError) and not _is_null_error(original):
        _log.error("an unforeseen error", exc_info=original)
        formatted = dict(GraphQLError("internal error", error.nodes, path=error.path).formatted)
        formatted["extensions"] = {"code": "INTERNAL"}
        return formatted
    formatted = dict(error.formatted)
    formatted.setdefault("extensions", {"code": "INVALID_RESULT"})
    return formatted


def _is_null_error(error: Exception) -> bool:
    """Return whether the error is graphql-core's TypeError for a null. Its message is the specification's."""
    return isinstance(error, TypeError) and str(error).startswith("Cannot return null for non-nullable field ")


def code_of(error: StoreError) -> str:
    """Return the code that tells clients what the database could not do."""
    match error:
        case EngineUnavailable():
            return "UNAVAILABLE"
        case StatementTimeout():
            return "TIMEOUT"
        case StatementTooLarge():
            return "TOO_MUCH"
        case TransientFailure():
            return "BUSY"
        case StorageFull():
            return "STORAGE_FULL"
    return "DATABASE_ERROR"


def failure(error: StoreError, name: str | None) -> Answer:
    """Return the answer to an operation that the database could not do. Without `data`, nothing was executed."""
    errors = {"errors": [{"message": str(error), "extensions": {"code": code_of(error)}}]}
    answer = Answer(encode({**errors, "data": None}), name, error=code_of(error))
    match error:
        case EngineUnavailable(retry_after=seconds) | TransientFailure(retry_after=seconds):
            return replace(answer, body=encode(errors), retry_after=seconds)
        case StatementTimeout():
            return replace(answer, modern=encode(errors), refused=504)
    return answer


def refused(errors: list[GraphQLError], name: str | None = None, status: int = 400) -> Answer:
    """Return the answer to an operation that is not executed. `status` is for the modern media type."""
    formatted = [e.formatted for e in errors]
    code = formatted[0].get("extensions", {}).get("code")
    return Answer(encode({"errors": formatted}), name, error=code, refused=status)
