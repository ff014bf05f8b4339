"""The doors of the service: each path, and the handler that answers there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from forebear.api import audit, connect, events, health, http, metrics, mlflow, pages
from forebear.api.archive import archive
from forebear.api.cypher import cypher
from forebear.api.gate import gate
from forebear.api.question import question
from forebear.api.registry import RunningRegistry
from forebear.api.sightings import sightings
from forebear.connect.catalogue import CATALOGUE
from forebear.connect.translator import Translator


@dataclass(frozen=True)
class Door:
    """A path of the service, its methods, and its handler.

    `connector` is the name of the connector that it belongs to. A token for a connector opens the doors of that one alone.
    """

    path: str
    answer: Callable[[Request, RunningRegistry], Awaitable[Response]]
    methods: tuple[str, ...] = ("GET",)
    connector: str | None = None


def doors(catalogue: Iterable[Translator]) -> tuple[Door, ...]:
    """Return all doors: those of the service, and those of translators."""
    taking = ((translator, door) for translator in catalogue for door in translator.doors)
    return (
        Door("/graphql", events.graphql, ("GET", "POST")),
        Door("/facts", http.facts, ("POST",), "facts"),
        Door("/sightings", sightings, ("POST",), "sightings"),
        Door("/permitted/{deployment:path}", gate),
        Door("/export", archive),
        Door("/audit", audit.trail),
        Door("/audit/heads", audit.heads, ("POST",)),
        Door("/audit/nodes", audit.nodes, ("GET", "POST")),
        Door("/", pages.console),
        Door("/schema.graphql", pages.schema),
        Door("/schema/cypher/{name}", cypher),
        Door("/schema/question/{name}", question),
        Door("/metrics", metrics.metrics),
        Door("/healthz", health.alive),
        Door("/readyz", health.ready),
        *(
            Door(f"{base}/{{route:path}}", mlflow.mlflow, ("GET", "POST", "PATCH", "DELETE"), mlflow.CONNECTOR)
            for base in mlflow.BASES
        ),
        *(Door(door.path, partial(connect.taken, translator, door), ("POST",), translator.name) for translator, door in taking),
    )


DOORS = doors(CATALOGUE)

CONNECTORS = frozenset(door.connector for door in DOORS if door.connector)
"""The names of the connectors for which a token may be made."""
