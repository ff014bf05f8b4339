"""Neighbours of the demo: what other systems send, by their own protocols, and what it becomes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import msgspec

from forebear.cli.terminal import Code, Failure

if TYPE_CHECKING:
    from forebear.app import Forebear

SOURCE = "neighbours.ndjson"
"""The file of what they send, among the examples."""


class Sent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """A request of a neighbour: JSON, unless its body is a text."""

    path: str
    body: Any
    media_type: str = "application/json"

    @property
    def content(self) -> bytes:
        """The body as bytes."""
        return self.body.encode() if isinstance(self.body, str) else msgspec.json.encode(self.body)


class NeighbourEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one neighbour sends, and the node that it becomes. If `unless` answers, it was sent before."""

    neighbour: str
    becomes: str
    requests: Sequence[Sent]
    unless: str | None = None


def arrivals() -> list[NeighbourEvent]:
    """Return what the neighbours of the demo send."""
    from forebear.store.statements import directory

    return [
        msgspec.json.decode(line, type=NeighbourEvent) for line in (directory("examples") / SOURCE).read_bytes().splitlines()
    ]


async def arrive(registry: Forebear, token: str) -> AsyncIterator[NeighbourEvent]:
    """Send what was not sent yet through the doors of a registry, and return each once it is taken. Raises `Failure`."""
    import httpx

    from forebear.app import application

    app = application(lambda: nullcontext(registry))
    app.state.registry = registry
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://127.0.0.1", headers={"Authorization": f"Bearer {token}"}
    ) as client:
        for each in arrivals():
            if each.unless is None or (await client.get(each.unless)).is_error:
                for sent in each.requests:
                    answer = await client.post(sent.path, content=sent.content, headers={"Content-Type": sent.media_type})
                    if answer.is_error:
                        message = f"{sent.path} did not take what {each.neighbour}, sends: {answer.text[:500]}"
                        raise Failure(message, Code.BUG)
            yield each
