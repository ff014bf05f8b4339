"""Translators: how the events of another system become facts and actions. Pure.

Several events may tell of one thing: the start of a run, its progress and its end. They come more than once, and in any
order. So a translator *folds* an event into the state of its thing, and makes facts of the state. The state holds what the
events say, not what it means. `connect/intake.py` keeps events and states, and records the facts.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

Event = Mapping[str, Any]
"""An event as it came: a JSON object."""

State = Mapping[str, Any]
"""What the events of one thing say together: a JSON object, empty at first."""

Fact = Mapping[str, Any]
"""A fact, as `POST /facts` takes it."""


class InvalidEvent(ValueError):
    """An event that cannot be taken. The message names the field and the reason, and says what to do."""


@dataclass(frozen=True)
class Act:
    """An action that a state asks for: a verb with its input, as the mutation of that name takes it.

    `key` is its idempotency key. An action that has been done under a key is not done again under it. None is for a verb that
    does nothing the second time.
    """

    verb: str
    input: Mapping[str, Any]
    key: str | None = None


class Status(StrEnum):
    """What became of an event."""

    TAKEN = "TAKEN"
    """Everything that it says is recorded, or is kept until other events complete it."""
    KNOWN = "KNOWN"
    """It came before, and changed nothing."""
    PARTLY = "PARTLY"
    """A part of it is not recorded."""
    REJECTED = "REJECTED"
    """Nothing of it is recorded."""


@dataclass(frozen=True)
class Outcome:
    """What became of an event: its status, what stands in its way, and what Forebear left out since it keeps no such thing."""

    status: Status
    reasons: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def document(self) -> dict[str, Any]:
        """The outcome as clients see it."""
        document: dict[str, Any] = {"status": self.status.value}
        if self.reasons:
            document["reasons"] = [*self.reasons]
        if self.left_out:
            document["leftOut"] = [*self.left_out]
        return document


@dataclass(frozen=True)
class Received:
    """A request: its media type, its headers by their names in small letters, and its body, which was JSON."""

    media_type: str
    headers: Mapping[str, str]
    body: Any


def one(request: Received) -> Sequence[Any]:
    """Return the events of a request whose body is one event."""
    return (request.body,)


def several(request: Received) -> Sequence[Any]:
    """Return the events of a request whose body is a list of events. Raises `InvalidEvent`."""
    if not isinstance(request.body, list):
        raise InvalidEvent("the body is no JSON array of events")
    return request.body


def told(outcomes: Sequence[Outcome]) -> tuple[int, Any]:
    """Return the answer of most doors: 200, or 422 if an event was rejected, with the outcome of each event in order."""
    rejected = any(outcome.status is Status.REJECTED for outcome in outcomes)
    return 422 if rejected else 200, {"events": [outcome.document for outcome in outcomes]}


@dataclass(frozen=True)
class ConnectorDoor:
    """A path to which a neighbour POSTs, how the events are found in a request, and how the outcomes are answered."""

    path: str
    events: Callable[[Received], Sequence[Any]] = one
    answer: Callable[[Sequence[Outcome]], tuple[int, Any]] = told
    media_types: tuple[str, ...] = ("application/json",)


class Translator(ABC):
    """One protocol: how its events become facts and actions. Its methods are pure.

    `fold` gives the same state in whichever order events come, and for an event that comes twice.
    """

    name: ClassVar[str]
    """The name of the connector, such as openlineage. It is also the source of what it records."""

    doors: ClassVar[tuple[ConnectorDoor, ...]]

    verbs: ClassVar[tuple[str, ...]] = ("record",)
    """The verbs that it uses. An actor who may do none of them is refused at the door."""

    @abstractmethod
    def key(self, event: Event) -> str:
        """Return the name of the thing that an event tells of. Raises `InvalidEvent` if the event names none."""

    @abstractmethod
    def fold(self, state: State, event: Event) -> State:
        """Return the state with an event. Raises `InvalidEvent` if the event cannot be taken."""

    @abstractmethod
    def facts(self, state: State) -> Sequence[Fact | Act]:
        """Return what a state says so far: facts, and then actions. Both change nothing if they are on record already."""

    def wrong(self, event: Event) -> Sequence[str]:
        """Return why parts of an event cannot be taken. The rest of it is."""
        return ()

    def left_out(self, event: Event) -> Sequence[str]:
        """Return what an event says that Forebear does not keep, although it is right."""
        return ()
