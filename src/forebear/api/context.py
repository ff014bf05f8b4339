"""What a resolver needs of the service, and the actor who asks."""

from __future__ import annotations

from dataclasses import dataclass

from forebear.actions.performer import Performer
from forebear.api.fetcher import Fetcher
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
    actor: Actor
