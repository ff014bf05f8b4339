"""A refused request: its status, a code and one sentence."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import JSONResponse, Response


class BadRequest(Exception):
    """A request that is malformed, not allowed or too much: its status, a code and one sentence."""

    def __init__(self, status: int, message: str, code: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers

    def response(self) -> Response:
        """Return the error as a response."""
        body = {"errors": [{"message": str(self), "extensions": {"code": self.code}}]}
        return JSONResponse(body, self.status, self.headers)
