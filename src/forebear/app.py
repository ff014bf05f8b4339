"""The service as one Starlette application."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute

from forebear.actions.evaluation import evaluations_kept
from forebear.actions.inquiry import INQUIRIES
from forebear.actions.performer import Performer
from forebear.api import http, sockets
from forebear.api.answering.executor import Executor
from forebear.api.compression import Compression
from forebear.api.doors import CONNECTORS, DOORS, Door
from forebear.api.hosts import ANY, Hosts
from forebear.api.log import REQUEST_ID, RequestLog
from forebear.api.metrics import DOOR, Metrics
from forebear.api.prefix import Prefix
from forebear.api.refusal import BadRequest
from forebear.api.registry import RunningRegistry, Streams
from forebear.api.schema import Schema, build
from forebear.audit.append import Chains
from forebear.audit.heads import heads_kept
from forebear.connect.alertmanager import Alertmanager
from forebear.connect.catalogue import CATALOGUE
from forebear.connect.deliverer import Deliverer, webhooks_delivered
from forebear.connect.intake import Intake, inbox_cleared, pending_resumed
from forebear.connect.mlflow.origin import Origins, origins_resolved
from forebear.connect.mlflow.registry import MlflowRegistry
from forebear.connect.mlflow.tracking import Tracking
from forebear.connect.outbox import Outbox
from forebear.connect.secrecy import Encryption
from forebear.connect.translator import Translator
from forebear.connect.webhooks import Webhooks
from forebear.graph.declaration import Graph
from forebear.graph.facts import Facts
from forebear.graph.ids import Ids
from forebear.graph.kinds import GRAPH
from forebear.graph.query.dialect import Dialect, Engine
from forebear.graph.statements.constraints import wanted
from forebear.identity.authentication import Authentication
from forebear.identity.tokens import Tokens
from forebear.record.migration import migrate
from forebear.record.recorder import Recorder
from forebear.settings import Settings
from forebear.store import Store, indexes
from forebear.store.errors import StoreError
from forebear.store.statements import facts, questions
from forebear.verbs.catalogue import ACTIONS
from forebear.view.incidents import INCIDENT
from forebear.view.questions import likely_queries

_log = structlog.get_logger(__name__)


WRITE_SECONDS = 30.0
"""How long a write may take in a registry without settings."""

QUICK = 21
"""How many patterns a statement may have for Neo4j to plan it within 1.5 s. The embedded engine needs less for all."""


def _parts(text: str) -> int:
    """Return how many patterns a statement has, which decides how long planning takes."""
    return text.count("MATCH ")


@dataclass(frozen=True)
class Forebear(RunningRegistry):
    """A running registry, and how to open it."""

    origins: Origins
    settings: Settings | None = None

    async def plan(self, prepared: asyncio.Event) -> None:
        """Have the engine plan the known questions and the facts of decisions, so that no client waits for that.

        `prepared` is set once the slowest ones are planned. A statement that cannot be planned now is planned at its first use.
        """
        if self.store.engine is Engine.EMBEDDED:
            # The start should take 4 s, so it plans while it gives its first answers.
            prepared.set()
        try:
            for text, parameters in await self._question_statements():
                if _parts(text) <= QUICK:
                    prepared.set()
                with contextlib.suppress(StoreError):
                    await self.store.plans.ready(text, parameters)
        finally:
            prepared.set()
        with contextlib.suppress(StoreError):
            await self.performer.plan()

    async def _question_statements(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the statements of the known questions, those that take longest to plan first."""
        remembered = self.schema.known
        if self.store.engine not in remembered:
            reads = (q for q in questions(self.schema.graph) if not q.decided and q.verb == "query")
            # Compile in a thread: the largest takes longer than others may wait for their answers.
            queries = [each for question in reads for each in likely_queries(question, self.schema.graph)]
            queries += [(INCIDENT, {"id": "incident:nobody"})]
            statements = [each for query in queries for each in await asyncio.to_thread(self.executor.statements, *query)]
            remembered[self.store.engine] = sorted(statements, key=lambda statement: -_parts(statement[0]))
        return remembered[self.store.engine]

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, settings: Settings, graph: Graph = GRAPH) -> AsyncIterator[Forebear]:
        """Open the store, apply constraints and indexes, and close all of it at the end. Raises `StoreError`."""
        # The schema takes a second to build, and the engine as long to start.
        building = asyncio.create_task(asyncio.to_thread(schema_of, graph))
        async with Store.open(settings) as store:
            await building
            registry = await cls.on(store, graph, settings)
            try:
                yield registry
            finally:
                await registry.tokens.close()
                await registry.origins.aclose()

    @classmethod
    async def on(cls, store: Store, graph: Graph = GRAPH, settings: Settings | None = None) -> Forebear:
        """Return a registry on an open store. Without settings nobody has to authenticate."""
        applied = await indexes.apply(store, wanted(graph))
        _log.info("constraints and indexes", added=[str(want) for want in applied.added])
        await migrate(store)
        schema = schema_of(graph)
        tokens = Tokens(store, Ids(graph), Chains(), CONNECTORS)
        performer = Performer(schema.facts, store, ACTIONS, INQUIRIES, facts(store.engine))
        recorder = Recorder(schema.facts, store, performer)
        origins = Origins(store, recorder, _tracking(settings))
        return cls(
            schema,
            store,
            Executor(schema, store, Dialect(graph, store.engine)),
            recorder,
            performer,
            tokens,
            Authentication.of(tokens, settings) if settings else Authentication(tokens),
            MlflowRegistry(store, origins, performer, settings.mlflow_lines if settings else ()),
            _webhooks(store, graph, settings),
            Outbox(store, graph, settings.write_timeout if settings else WRITE_SECONDS),
            Streams(),
            Intake(store, recorder, performer, _translators(settings)),
            origins,
            settings,
        )


def _translators(settings: Settings | None) -> list[Translator]:
    """Return the catalogue, with what the settings say of alerts."""
    alerts = Alertmanager(settings.alert_labels, settings.alert_severities) if settings else Alertmanager()  # type: ignore[arg-type]
    return [alerts if translator.name == alerts.name else translator for translator in CATALOGUE]


def _tracking(settings: Settings | None) -> Tracking | None:
    if settings is None or settings.mlflow_tracking_uri is None:
        return None
    token = settings.mlflow_tracking_token
    return Tracking(settings.mlflow_tracking_uri, token.get_secret_value() if token else None)


def _webhooks(store: Store, graph: Graph, settings: Settings | None) -> Webhooks:
    key = settings.secret_key if settings else None
    encryption = Encryption(key.get_secret_value() if key else None)
    return Webhooks(store, Ids(graph), graph.kinds, Chains(), encryption, settings.webhook_networks if settings else ())


@functools.cache
def schema_of(graph: Graph = GRAPH) -> Schema:
    """Return the schema of a graph with the questions of `cypher/questions`. It is made once."""
    return build(graph, questions(graph), Facts(graph), ACTIONS)


Upkeep = Callable[["Forebear", Settings], contextlib.AbstractAsyncContextManager[None]]
"""What a service does besides its answers, from its start to its end."""


def heads(registry: Forebear, settings: Settings) -> contextlib.AbstractAsyncContextManager[None]:
    """Write heads of the audit trail."""
    return heads_kept(registry.store, settings.audit_head_seconds)


def evaluations(registry: Forebear, settings: Settings) -> contextlib.AbstractAsyncContextManager[None]:
    """Evaluate what is due."""
    return evaluations_kept(registry.store, registry.performer)


def webhooks(registry: Forebear, settings: Settings) -> contextlib.AbstractAsyncContextManager[None]:
    """Deliver events to webhooks."""
    made, outbox = registry.webhooks, registry.outbox
    return webhooks_delivered(outbox, Deliverer(registry.store, outbox, made.encryption, made.networks))


def pending(registry: Forebear, settings: Settings) -> contextlib.AbstractAsyncContextManager[None]:
    """Record the events that a process kept and did not live to record."""
    return pending_resumed(registry.store, registry.intake)


def clearing(registry: Forebear, settings: Settings) -> contextlib.AbstractAsyncContextManager[None]:
    """Drop old events."""
    return inbox_cleared(registry.intake)


def origins(registry: Forebear, settings: Settings) -> contextlib.AbstractAsyncContextManager[None]:
    """Look up at MLflow's tracking server what is not complete."""
    return origins_resolved(registry.store, registry.origins)


UPKEEP: tuple[Upkeep, ...] = (heads, evaluations, webhooks, pending, clearing, origins)
"""All upkeep. A registry without settings, as in tests, gets none, and has nothing planned ahead."""


def application(
    opened: Callable[[], contextlib.AbstractAsyncContextManager[Forebear]],
    hosts: Sequence[str] = (ANY,),
    origins: Sequence[str] = (),
    prefix: str = "",
    metrics: Metrics | None = None,
) -> Starlette:
    """Return the ASGI application, for any server.

    `opened` is entered when it starts and left when it stops, and so is the upkeep. `hosts` are the hosts that a request may
    name. `origins` are those of other hosts' pages that may ask in a browser. Below `prefix` a proxy serves it.
    `metrics` measure it, if there are any.
    """

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with opened() as registry, contextlib.AsyncExitStack() as tasks:
            app.state.registry = registry
            app.state.metrics = metrics
            app.state.prepared = asyncio.Event()
            if settings := registry.settings:
                for upkeep in UPKEEP:
                    await tasks.enter_async_context(upkeep(registry, settings))
                await tasks.enter_async_context(_planning(registry, app.state.prepared))
            else:
                app.state.prepared.set()
            yield

    return Starlette(
        lifespan=lifespan,
        middleware=[
            *([Middleware(Prefix, prefix=prefix)] if prefix else ()),
            Middleware(RequestLog, observe=metrics.observe if metrics else None),
            *([_cross_origin(origins)] if origins else ()),
            Middleware(Compression),
            Middleware(Hosts, allowed=hosts),
        ],
        exception_handlers={BadRequest: http.refused, StoreError: http.failed},
        routes=[
            *(Route(door.path, _endpoint(door), methods=list(door.methods)) for door in DOORS),
            WebSocketRoute("/graphql", lambda socket: sockets.graphql(socket, socket.app.state.registry, origins)),
        ],
    )


def _cross_origin(origins: Sequence[str]) -> Middleware:
    """Let pages of these origins ask in a browser. They send a token, never a cookie."""
    methods = sorted({method for door in DOORS for method in door.methods})
    exposed = ["Retry-After", "WWW-Authenticate", REQUEST_ID]
    return Middleware(CORSMiddleware, allow_origins=origins, allow_methods=methods, allow_headers=["*"], expose_headers=exposed)


@contextlib.asynccontextmanager
async def _planning(registry: Forebear, prepared: asyncio.Event) -> AsyncIterator[None]:
    """Have the engine plan ahead. No answer waits for it: a question that comes meanwhile is planned then."""
    planning = asyncio.create_task(registry.plan(prepared))
    try:
        yield
    finally:
        planning.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await planning


def _endpoint(door: Door) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        request.scope[http.CONNECTOR] = door.connector
        request.scope[DOOR] = door.path
        return await door.answer(request, request.app.state.registry)

    return endpoint
