"""Folding events into states: which are new, what each state becomes, and what it says then. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from typing import Any, TypeVar

import msgspec
import structlog

from forebear.connect.translator import Act, Event, Fact, InvalidEvent, Translator
from forebear.graph.document import InvalidDocument, canonical, text_of
from forebear.graph.ids import composed

T = TypeVar("T")

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Arrival:
    """An event that has come, before it is folded: its id and text, and the thing that it tells of."""

    id: str
    text: str
    event: Event
    about: str | None = None
    state: str | None = None
    """The id of the state into which it folds. None if it names no thing."""
    reason: str | None = None
    """Why it cannot be taken."""
    wrong: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class StateRow:
    """A state as it is stored. Its version counts its changes."""

    id: str
    content: Mapping[str, Any]
    version: int


@dataclass(frozen=True)
class Said:
    """What a state of some version says, and the arrivals whose recording waits for it."""

    version: int
    facts: tuple[Fact, ...] = ()
    acts: tuple[Act, ...] = ()
    arrivals: tuple[Arrival, ...] = ()

    @classmethod
    def by(cls, translator: Translator, state: StateRow, arrivals: Sequence[Arrival]) -> Said:
        """Return what a state says. Raises `InvalidEvent`."""
        results = tolerant(translator, lambda: [*translator.facts(state.content)])
        facts = tuple(result for result in results if not isinstance(result, Act))
        acts = tuple(result for result in results if isinstance(result, Act))
        return cls(state.version, facts, acts, tuple(arrivals))


@dataclass
class Folded:
    """What folding comes to: the changed states, what states say, and the arrivals that are new."""

    states: list[StateRow] = field(default_factory=list)
    said: dict[str, Said] = field(default_factory=dict)
    """By the ids of states: what is to be recorded."""
    fresh: dict[str, Arrival] = field(default_factory=dict)
    """By their ids: the arrivals that are not recorded yet. Those with a reason are rejected."""


def arrive(translator: Translator, event: object, sender: str) -> Arrival:
    """Return an event as it arrives from a sender. Raises `InvalidDocument` if it is too long or deep to be kept.

    The sender belongs to the ids, since what one actor says must not be recorded with the rights of another.
    """
    text = text_of(event)
    digest = sha256(canonical(event).encode()).hexdigest()
    arrival = Arrival(composed("", translator.name, sender, digest, plain=-1), text, {})
    if not isinstance(event, Mapping):
        return replace(arrival, reason="the event is no JSON object")
    arrival = replace(arrival, event=event)
    try:
        about = tolerant(translator, lambda: translator.key(event))
        wrong = tolerant(translator, lambda: tuple(translator.wrong(event)))
        left_out = tolerant(translator, lambda: tuple(translator.left_out(event)))
    except InvalidEvent as error:
        return replace(arrival, reason=str(error))
    state = composed("", translator.name, sender, about, plain=-1)
    return replace(arrival, about=about, state=state, wrong=wrong, left_out=left_out)


def fold(
    translator: Translator, arrivals: Iterable[Arrival], states: Mapping[str, StateRow], recorded: frozenset[str]
) -> Folded:
    """Fold arrivals into their states. Those that are `recorded`, or come twice, change nothing."""
    folded = Folded()
    by_state: dict[str | None, list[Arrival]] = {}
    for arrival in arrivals:
        if arrival.id not in recorded and arrival.id not in folded.fresh:
            folded.fresh[arrival.id] = arrival
            by_state.setdefault(None if arrival.reason else arrival.state, []).append(arrival)
    for id, members in by_state.items():
        if id is not None:
            _fold_state(translator, states[id], members, folded)
    return folded


def _fold_state(translator: Translator, before: StateRow, arrivals: Sequence[Arrival], folded: Folded) -> None:
    """Fold arrivals into one state. Those that cannot be folded are rejected, and leave it as it is."""
    content, taken = before.content, []
    for arrival in arrivals:
        try:
            content = tolerant(translator, partial(translator.fold, content, arrival.event))
            taken.append(arrival)
        except InvalidEvent as error:
            folded.fresh[arrival.id] = replace(arrival, reason=str(error))
    if not taken:
        return
    changed = content != before.content
    state = StateRow(before.id, content, before.version + changed)
    try:
        text_of(content)
        said = Said.by(translator, state, taken)
    except (InvalidEvent, InvalidDocument) as error:
        for arrival in taken:
            folded.fresh[arrival.id] = replace(arrival, reason=f"what {arrival.about} says with it cannot be kept: {error}")
        return
    if changed:
        folded.states.append(state)
    if said.facts or said.acts:
        folded.said[state.id] = said


def tolerant(translator: Translator, work: Callable[[], T]) -> T:
    """Return what a translator's method returns. Raises `InvalidEvent`, also for a bug: the event is kept then, not lost."""
    try:
        return work()
    except InvalidEvent:
        raise
    except Exception as error:
        _log.exception("a translator failed", connector=translator.name)
        raise InvalidEvent(
            f"the translator {translator.name} failed at it, a bug of Forebear's: {error!r}; replay it when that is mended"
        ) from error


def content_of(text: str | None) -> Mapping[str, Any]:
    """Return the content of a stored state. A new state has none yet."""
    content: Mapping[str, Any] = msgspec.json.decode(text) if text else {}
    return content
