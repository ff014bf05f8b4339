"""What a resolver needs of the service, and the actor who asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from forebear.actions.performer import Performer
from forebear.api.fetcher import Fetcher
from forebear.connect.intake import Intake
from forebear.connect.webhooks import Webhooks
from forebear.domain.roles import Actor
from forebear.identity.tokens import Tokens
from forebear.record.recorder import Recorder


@dataclass(frozen=True)
class Context:
    """What a resolver needs of the service, and the actor who asks."""

    recorder: Recorder
    performer: Performer
    fetcher: Fetcher
    tokens: Tokens
    webhooks: Webhooks
    intake: Intake
    actor: Actor

    async def decide(self, question: str, input: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """Return the rows of a question that is decided, for the actor. Raises `Undecidable` and `StoreError`."""
        return await self.performer.ask(question, input, self.actor)
