"""Why an operation is not executed at all."""

from __future__ import annotations

from graphql import GraphQLError

from forebear.domain.outcome import Reason


class RequestError(Exception):
    """A request that cannot be executed at all; nothing was done."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__(errors[0].message)
        self.errors = errors


def error_of(message: str, code: str) -> GraphQLError:
    """An error with a code."""
    return GraphQLError(message, extensions={"code": code})


def forbidden(reason: Reason) -> GraphQLError:
    """The error of who asks for what their roles do not allow."""
    return GraphQLError(reason.message, extensions={"code": reason.code, "remedy": reason.remedy})
