"""Errors for which an operation is not executed at all."""

from __future__ import annotations

from graphql import GraphQLError

from forebear.domain.outcome import Reason


class RequestError(Exception):
    """A request that cannot be executed at all. Nothing was done."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__(errors[0].message)
        self.errors = errors


def error_of(message: str, code: str) -> GraphQLError:
    """Return an error with a code."""
    return GraphQLError(message, extensions={"code": code})


def forbidden(reason: Reason) -> GraphQLError:
    """Return the error for an actor whose roles do not allow the request."""
    return GraphQLError(reason.message, extensions={"code": reason.code, "remedy": reason.remedy})
