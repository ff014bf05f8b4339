"""The door of MLflow's model registry: each route of its REST API, and its errors in its own JSON."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from forebear.api.body import media_type, read_json
from forebear.api.http import JSON, asker
from forebear.api.log import note
from forebear.api.refusal import BadRequest
from forebear.api.registry import RunningRegistry
from forebear.connect.mlflow.errors import DENIED, STATUS, MlflowError, invalid
from forebear.connect.mlflow.registry import Answer, Arguments, MlflowRegistry
from forebear.domain.roles import Actor
from forebear.store.errors import EngineUnavailable, StoreError, TransientFailure
from forebear.verbs.permissions import refusal

CONNECTOR = "mlflow"

BASES = ("/api/2.0/mlflow", "/ajax-api/2.0/mlflow", "/mlflow/api/2.0/mlflow")
"""Where the API lies. A client appends the first to the registry's URL, which may end in `/mlflow`; pages use the second."""

MAX_BODY = 1024 * 1024
"""The largest request, in bytes."""

LISTS = ("order_by", "stages")
"""The arguments that a query may name several times."""

Operation = Callable[[MlflowRegistry, Actor, Arguments], Awaitable[Answer]]

ROUTES: Mapping[tuple[str, str], Operation] = {
    ("POST", "registered-models/create"): MlflowRegistry.create_model,
    ("GET", "registered-models/get"): MlflowRegistry.get_model,
    ("PATCH", "registered-models/update"): MlflowRegistry.update_model,
    ("POST", "registered-models/rename"): MlflowRegistry.rename_model,
    ("DELETE", "registered-models/delete"): MlflowRegistry.delete_model,
    ("GET", "registered-models/search"): MlflowRegistry.search_models,
    ("POST", "registered-models/get-latest-versions"): MlflowRegistry.latest_versions,
    ("GET", "registered-models/get-latest-versions"): MlflowRegistry.latest_versions,
    ("POST", "registered-models/set-tag"): MlflowRegistry.set_model_tag,
    ("DELETE", "registered-models/delete-tag"): MlflowRegistry.delete_model_tag,
    ("POST", "registered-models/alias"): MlflowRegistry.set_alias,
    ("DELETE", "registered-models/alias"): MlflowRegistry.delete_alias,
    ("GET", "registered-models/alias"): MlflowRegistry.get_by_alias,
    ("POST", "model-versions/create"): MlflowRegistry.create_version,
    ("GET", "model-versions/get"): MlflowRegistry.get_version,
    ("PATCH", "model-versions/update"): MlflowRegistry.update_version,
    ("POST", "model-versions/transition-stage"): MlflowRegistry.move_version,
    ("DELETE", "model-versions/delete"): MlflowRegistry.delete_version,
    ("GET", "model-versions/get-download-uri"): MlflowRegistry.download_uri,
    ("GET", "model-versions/search"): MlflowRegistry.search_versions,
    ("POST", "model-versions/set-tag"): MlflowRegistry.set_version_tag,
    ("DELETE", "model-versions/delete-tag"): MlflowRegistry.delete_version_tag,
}

_CODES = {
    400: "BAD_REQUEST", 401: "UNAUTHENTICATED", 403: DENIED, 404: "ENDPOINT_NOT_FOUND", 413: "BAD_REQUEST", 415: "BAD_REQUEST",
    503: "TEMPORARILY_UNAVAILABLE",
}  # fmt: skip
"""MLflow's codes for our own refusals, by their status."""


async def mlflow(request: Request, registry: RunningRegistry) -> Response:
    """Answer a request of MLflow's model registry. What it does not serve is 501, which the client does not try again."""
    route = request.path_params["route"]
    try:
        actor = await asker(request, registry.authentication, authorization(request.headers.get("authorization")))
        note(request.scope, operation=f"mlflow {route}")
        operation = ROUTES.get((request.method, route))
        if operation is None:
            raise _unserved(request.method, route)
        if reason := refusal(actor, "query"):
            raise MlflowError(DENIED, f"{reason.message}: {reason.remedy}")
        return JSONResponse(await operation(registry.mlflow, actor, await _arguments(request)))
    except MlflowError as error:
        return _answer(request, error.status, error.code, str(error))
    except BadRequest as error:
        code = _CODES.get(error.status, "BAD_REQUEST")
        return _answer(request, error.status, code, str(error), error.headers)
    except (EngineUnavailable, TransientFailure) as error:
        headers = {"Retry-After": str(max(1, round(error.retry_after)))}
        return _answer(request, 503, "TEMPORARILY_UNAVAILABLE", str(error), headers)
    except StoreError as error:
        return _answer(request, 500, "INTERNAL_ERROR", str(error))


def authorization(header: str | None) -> str | None:
    """Return an Authorization header as one with a token. MLflow's clients send the token as the password of Basic, too."""
    scheme, _, credentials = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return header
    try:
        _, colon, password = base64.b64decode(credentials.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return header
    return f"Bearer {password}" if colon else header


def _unserved(method: str, route: str) -> MlflowError:
    if any(route == known for _, known in ROUTES):
        return MlflowError("ENDPOINT_NOT_FOUND", f"{method} {route} is no endpoint of MLflow's model registry")
    if route.startswith(("registered-models/", "model-versions/")):
        return MlflowError("ENDPOINT_NOT_FOUND", f"{route} is no endpoint of MLflow's model registry")
    message = f"{route} belongs to a tracking server: Forebear is a registry. Set MLFLOW_TRACKING_URI to a tracking server"
    return MlflowError("NOT_IMPLEMENTED", message)


async def _arguments(request: Request) -> Arguments:
    """Return the arguments of a request: those of the query, or the body's members. Raises `BadRequest` and `MlflowError`."""
    query = request.query_params
    if request.method == "GET":
        several = {name: query.getlist(name) for name in LISTS if name in query}
        return {**query, **several}
    media_type(request, JSON)
    body: Any = await read_json(request, MAX_BODY, "JSON object")
    if isinstance(body, str):
        # Old clients encode it twice.
        try:
            body = json.loads(body)
        except ValueError:
            raise invalid("the body is no JSON object") from None
    if not isinstance(body, dict):
        raise invalid("the body is no JSON object")
    return body


def _answer(request: Request, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
    note(request.scope, error=code, reason=message)
    assert STATUS.get(code, status) == status or code == "BAD_REQUEST"
    return JSONResponse({"error_code": code, "message": message}, status, headers)
