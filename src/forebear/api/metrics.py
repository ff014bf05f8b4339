"""What a service measures of itself, for Prometheus.

Each process answers for its own requests. What is in the database, such as deliveries that wait, every process answers alike:
take its maximum over processes, not its sum.
"""

from __future__ import annotations

import os
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, exposition
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from forebear.api.http import permitted
from forebear.api.log import Measured
from forebear.api.refusal import BadRequest
from forebear.api.registry import RunningRegistry
from forebear.domain.roles import Actor

DOOR = "forebear.door"
"""The key, in the scope of a request, of the path of its door."""

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""The bounds of durations, in seconds."""


class Metrics:
    """The measurements of one process. Labels hold names of ours alone, never what a client chose."""

    def __init__(self) -> None:
        self.collected = CollectorRegistry()
        ProcessCollector(registry=self.collected)
        self._requests = Histogram(
            "forebear_request_seconds", "How long requests took, streams included.", ("door", "method", "status"),
            buckets=BUCKETS, registry=self.collected,
        )  # fmt: skip
        self._statements = Counter(
            "forebear_statements", "How many statements the database ran for requests.", ("door",), registry=self.collected
        )
        self._statement_seconds = Counter(
            "forebear_statement_seconds", "How long requests waited for the database.", ("door",), registry=self.collected
        )
        self._errors = Counter(
            "forebear_errors", "How many requests were answered with an error, by its code.", ("code",), registry=self.collected
        )
        self._deliveries = Gauge(
            "forebear_deliveries", "How many deliveries wait or are dead.", ("webhook", "state"), registry=self.collected
        )
        self._streams = Gauge("forebear_streams", "How many subscriptions are open.", registry=self.collected)
        self._engine = Gauge(
            "forebear_engine_resident_bytes", "The memory of the embedded engine's process.", registry=self.collected
        )

    def observe(self, scope: Scope, measured: Measured) -> None:
        """Count a request that has ended."""
        door, method = scope.get(DOOR, "none"), scope.get("method", "GET")
        method = method if method in ("GET", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS") else "other"
        self._requests.labels(door, method, str(measured.status)).observe(measured.seconds)
        self._statements.labels(door).inc(measured.statements)
        self._statement_seconds.labels(door).inc(measured.statement_seconds)
        if measured.error:
            self._errors.labels(measured.error).inc()

    async def text(self, registry: RunningRegistry, actor: Actor, accept: str) -> tuple[bytes, str]:
        """Return all measurements in the format that a client accepts, and its media type. Raises `StoreError`."""
        self._deliveries.clear()
        for webhook in await registry.webhooks.all(actor):
            self._deliveries.labels(webhook.id, "PENDING").set(webhook.pending)
            self._deliveries.labels(webhook.id, "DEAD").set(webhook.dead)
        self._streams.set(registry.streams.open)
        if registry.store.embedded:
            self._engine.set(_resident(registry.store.embedded.pid))
        encode, media_type = exposition.choose_encoder(accept)
        return encode(self.collected), media_type


async def metrics(request: Request, registry: RunningRegistry) -> Response:
    """GET /metrics: answer the measurements in Prometheus's text format. Raises `BadRequest` and `StoreError`."""
    measured: Metrics | None = request.app.state.metrics
    if measured is None:
        raise BadRequest(404, "nothing is measured: set FOREBEAR_METRICS=true", "NOT_FOUND")
    actor = await permitted(request, registry.authentication, "readMetrics")
    text, media_type = await measured.text(registry, actor, request.headers.get("accept", ""))
    return Response(text, media_type=media_type)


def _resident(pid: int) -> int:
    """Return the memory of a process, in bytes. 0 where the system does not say it in /proc."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
