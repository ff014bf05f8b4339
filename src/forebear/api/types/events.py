"""The types of the subscription to events."""

from __future__ import annotations

from collections.abc import Mapping

from forebear.api.types.made import ID, Argument, Field, Input, Types
from forebear.api.types.scalars import JSON, DateTime


class EventTypes:
    """Makes the types and the fields of subscriptions."""

    def __init__(self, types: Types) -> None:
        self._types = types
        types.make(
            "RegistryEvent",
            "Something that was done to the registry.",
            {
                "id": Field(ID, "Its id. Subscribe again with the last one as `after`, and ignore what you have."),
                "event": Field(str, "Its name, such as `approve`: the verb that was done."),
                "subject": Field(ID, "What it is about."),
                "number": Field(int, "Its number in the subject's sequence, from 0."),
                "at": Field(DateTime, "The moment of the event."),
                "by": Field(str, "Who did it."),
                "after": Field(JSON | None, "What changed, by the ids of nodes."),
            },
        )
        types.input(
            "RegistryEventFilter",
            "Which events are told. Each part that is left out takes all.",
            {
                "events": Input(list[str] | None, "The names of events, such as `approve`."),
                "kinds": Input(list[str] | None, "The kinds of what the events are about, such as `Release`."),
                "lines": Input(list[ID] | None, "The release lines of what the events are about."),
            },
        )

    def fields(self) -> Mapping[str, Field]:
        """Return the root fields of subscriptions."""
        types = self._types
        return {
            "events": Field(
                types.named("RegistryEvent"),
                "Tells events that you may see as they happen, those of a subject in their order. It is answered as "
                "text/event-stream.",
                arguments={
                    "filter": Argument(types.named("RegistryEventFilter") | None, "Which events are told. By default all."),
                    "after": Argument(
                        ID | None,
                        "The id of the last event that came. What appeared within the write timeout before it is told again. "
                        "By default only what happens from now on is told.",
                    ),
                },
            )
        }
