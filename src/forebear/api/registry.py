"""A running registry, as the doors of the API reach it."""

from __future__ import annotations

from dataclasses import dataclass

from forebear.actions.performer import Performer
from forebear.api.answering.executor import Executor
from forebear.api.context import Context
from forebear.api.schema import Schema
from forebear.connect.intake import Intake
from forebear.connect.mlflow.registry import MlflowRegistry
from forebear.connect.outbox import Outbox
from forebear.connect.webhooks import Webhooks
from forebear.domain.roles import Actor
from forebear.identity.authentication import Authentication
from forebear.identity.tokens import Tokens
from forebear.record.recorder import Recorder
from forebear.store import Store


@dataclass
class Streams:
    """How many subscriptions a service answers now."""

    open: int = 0


@dataclass(frozen=True)
class RunningRegistry:
    """A running registry: its schema, and how it reads, records, acts, authenticates and takes events."""

    schema: Schema
    store: Store
    executor: Executor
    recorder: Recorder
    performer: Performer
    tokens: Tokens
    authentication: Authentication
    mlflow: MlflowRegistry
    webhooks: Webhooks
    outbox: Outbox
    streams: Streams
    intake: Intake

    def context(self, actor: Actor) -> Context:
        """Return what resolvers need to answer an actor."""
        return Context(self.recorder, self.performer, self.executor.fetcher, self.tokens, self.webhooks, self.intake, actor)
