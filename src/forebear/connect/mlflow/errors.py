"""Refusals in MLflow's words: a code, and the status that its client expects with it.

The client tries again for minutes after 408, 429, 500, 502, 503 and 504. So none of these says that something is not supported.
"""

from __future__ import annotations

INVALID = "INVALID_PARAMETER_VALUE"
EXISTS = "RESOURCE_ALREADY_EXISTS"
NOT_FOUND = "RESOURCE_DOES_NOT_EXIST"
CONFLICT = "RESOURCE_CONFLICT"
DENIED = "PERMISSION_DENIED"

STATUS = {
    INVALID: 400,
    EXISTS: 400,
    "BAD_REQUEST": 400,
    "UNAUTHENTICATED": 401,
    DENIED: 403,
    NOT_FOUND: 404,
    "ENDPOINT_NOT_FOUND": 404,
    CONFLICT: 409,
    "INTERNAL_ERROR": 500,
    "NOT_IMPLEMENTED": 501,
    "TEMPORARILY_UNAVAILABLE": 503,
}
"""The status of each code. MLflow answers 400 and not 409 for what exists already."""


class MlflowError(Exception):
    """A refusal, with MLflow's code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    @property
    def status(self) -> int:
        """The HTTP status."""
        return STATUS[self.code]


def invalid(message: str) -> MlflowError:
    """Return the refusal of a parameter's value."""
    return MlflowError(INVALID, message)


def missing(parameter: str) -> MlflowError:
    """Return the refusal of a request that lacks a parameter."""
    return invalid(f"Missing value for required parameter '{parameter}'.")


def unknown_model(name: str) -> MlflowError:
    """Return the refusal of a name that no model has."""
    return MlflowError(NOT_FOUND, f"Registered Model with name={name} not found")


def unknown_version(name: str, version: int) -> MlflowError:
    """Return the refusal of a version that a model does not have."""
    return MlflowError(NOT_FOUND, f"Model Version (name={name}, version={version}) not found")
