"""The inbox of the connectors in GraphQL: which events are not recorded, and why, and recording them again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from graphql import GraphQLError, GraphQLResolveInfo

from forebear.api.actions import client_outcome
from forebear.api.context import Context
from forebear.api.types.made import ID, Argument, Field, Types, list_of
from forebear.api.types.scalars import JSON, DateTime
from forebear.connect.inbox import StoredEvent
from forebear.connect.intake import REPLAYED, UnknownConnector
from forebear.connect.translator import Status
from forebear.domain.outcome import Reason, Refused

MAX_FIRST = 100
"""How many events one answer holds at most."""

OPEN: Mapping[str, str] = {
    "PENDING": "The service stopped while it recorded the event. A service records it within two minutes.",
    Status.PARTLY.value: "Forebear recorded a part of it.",
    Status.REJECTED.value: "Forebear recorded nothing of it.",
}
FATES: Mapping[str, str] = {
    Status.TAKEN.value: "Forebear recorded all of it, or keeps it until other events complete it.",
    Status.KNOWN.value: "It was recorded before.",
    Status.PARTLY.value: OPEN["PARTLY"],
    Status.REJECTED.value: OPEN["REJECTED"],
}


class InboxTypes:
    """Makes the types and the fields of the inbox."""

    def __init__(self, types: Types) -> None:
        self._types = types
        status = types.enum("InboxStatus", OPEN, "What is open of an event.")
        fate = types.enum("EventFate", FATES, "What became of an event.")
        types.make(
            "InboxEvent",
            "An event of another system that is not recorded, or not all of it.",
            {
                "id": Field(ID, "Its id in the inbox."),
                "connector": Field(str, "The connector by which it came, such as openlineage."),
                "about": Field(str | None, "The thing that it tells of, as the other system calls it. Null if it names none."),
                "status": Field(status, "What is open of it."),
                "reasons": Field(list[str], "Every reason. Each names the field or the fact."),
                "receivedAt": Field(DateTime, "When it came, at last."),
                "receivedBy": Field(str, "Who sent it."),
                "body": Field(JSON, "The event as it came."),
            },
        )
        types.make(
            "InboxPage",
            "Events that are not recorded, those that came first at first.",
            {
                "nodes": Field(list_of(types.named("InboxEvent")), "The events."),
                "endCursor": Field(str | None, "What to pass as `after` for the next page. Null if this is the last one."),
            },
        )
        types.make(
            "ReplayedEvent",
            "What became of an event that was replayed.",
            {
                "id": Field(ID, "The event's id in the inbox."),
                "status": Field(fate, "What became of it."),
                "reasons": Field(list[str], "Every reason why it is still not recorded, or not all of it."),
            },
        )
        types.make(
            "EventsReplayed",
            "Forebear took the events again.",
            {"events": Field(list_of(types.named("ReplayedEvent")), "What became of each event.")},
        )

    def fields(self) -> Mapping[str, Field]:
        """Return the root fields of queries."""
        return {
            "rejectedEvents": Field(
                self._types.named("InboxPage"),
                "Lists the events of other systems that Forebear has not recorded, or not all of, with the reasons.",
                resolve=rejected_events,
                verb="readInbox",
                arguments={
                    "connector": Argument(str | None, "The connector by which they came. By default all.", None),
                    "first": Argument(int, f"How many to return, at most {MAX_FIRST}.", 20),
                    "after": Argument(str | None, "The `endCursor` of the page before.", None),
                },
            )
        }

    def mutations(self) -> Mapping[str, Field]:
        """Return the mutations. `Refused` is made already."""
        return {
            "replayEvents": Field(
                self._types.union("ReplayOutcome", "The outcome of a replay.", "EventsReplayed", "Refused"),
                "Takes events of the inbox again, in your name and with your rights. What is recorded already stays as it is.",
                resolve=replay_events,
                arguments={"ids": Argument(list[ID], f"The events' ids in the inbox, at most {REPLAYED}.")},
            )
        }


async def rejected_events(
    root: object, info: GraphQLResolveInfo[Context], first: int, connector: str | None = None, after: str | None = None
) -> dict[str, Any]:
    """Resolve `rejectedEvents`. Raises `GraphQLError`."""
    if not 1 <= first <= MAX_FIRST:
        raise GraphQLError(f"first: must be from 1 to {MAX_FIRST}; it is {first}", extensions={"code": "INVALID_ARGUMENT"})
    events = await info.context.intake.inbox.open(connector, after, first + 1)
    return {
        "nodes": [_event(event) for _, event in events[:first]],
        "endCursor": events[first - 1][0] if len(events) > first else None,
    }


def _event(event: StoredEvent) -> dict[str, Any]:
    return {
        "id": event.id,
        "connector": event.connector,
        "about": event.about,
        "status": event.open,
        "reasons": [*event.reasons],
        "receivedAt": event.received_at,
        "receivedBy": event.sender.name,
        "body": msgspec.json.decode(event.body),
    }


async def replay_events(root: object, info: GraphQLResolveInfo[Context], ids: list[str]) -> dict[str, Any]:
    """Resolve `replayEvents`."""
    intake = info.context.intake
    if len(ids) > REPLAYED:
        message = f"ids: at most {REPLAYED} at a time; there are {len(ids)}"
        return client_outcome(Refused((Reason("TOO_MANY_EVENTS", message, "replay fewer at a time"),)))
    stored = await intake.inbox.of(ids)
    if unknown := sorted({*ids} - {event.id for event in stored}):
        reason = Reason("UNKNOWN_EVENT", f"ids: the inbox has no event {unknown[0]}", "name it as rejectedEvents does")
        return client_outcome(Refused((reason,)))
    try:
        replayed = await intake.replay(stored, info.context.actor)
    except UnknownConnector as error:
        reason = Reason("UNKNOWN_CONNECTOR", f"ids: {error}", "leave its events out; they are dropped after a time")
        return client_outcome(Refused((reason,)))
    return {
        "__typename": "EventsReplayed",
        "events": [
            {"id": event.id, "status": outcome.status.value, "reasons": [*outcome.reasons]} for event, outcome in replayed
        ],
    }
