"""CloudEvents 1.0 over HTTP: what gateways and other systems report of incidents, maintenance, deployments and robots.

An event's type is `forebear.` with the name of a verb, and its data are the verb's input. It comes in any of the three modes of
the HTTP binding: structured, binary (the attributes in `ce-` headers), or several in a batch. An event is known by its source
and its id, so it counts once, however often it comes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from forebear.connect.translator import Act, ConnectorDoor, Event, Fact, InvalidEvent, Received, State, Translator, one, several
from forebear.graph.declaration import LINE
from forebear.graph.facts import Facts
from forebear.graph.moments import parse
from forebear.verbs.deployment import ReportDeployment
from forebear.verbs.incident import DismissIncident, EscalateIncident, ReopenIncident, ReportIncident, ResolveIncident
from forebear.verbs.installation import ReportInstallation
from forebear.verbs.maintenance import ReportMaintenance
from forebear.verbs.sighting import ReportSightings
from forebear.verbs.verb import Verb

ONE, BATCH, BINARY = "application/cloudevents+json", "application/cloudevents-batch+json", "application/json"
"""The media types of an event, of several, and of the data of one whose attributes are headers."""

PREFIX = "forebear."

REPORTS: Mapping[str, type[Verb[Any]]] = {
    f"{PREFIX}{verb.action.name}": verb
    for verb in (
        ReportIncident, EscalateIncident, ResolveIncident, ReopenIncident, DismissIncident, ReportMaintenance, ReportDeployment,
        ReportInstallation, ReportSightings,
    )
}  # fmt: skip
"""The verb of each type of event."""

ATTRIBUTES = ("specversion", "type", "source", "id")
"""What every event has to say."""


def events(request: Received) -> Sequence[Any]:
    """Return the events of a request, in whichever mode it is. Raises `InvalidEvent`."""
    if request.media_type == BATCH:
        return several(request)
    if request.media_type == ONE:
        return one(request)
    said = {name.removeprefix("ce-"): unquote(value) for name, value in request.headers.items() if name.startswith("ce-")}
    if not said:
        raise InvalidEvent(f"there are no ce- headers: send them, or the whole event as {ONE}")
    return ({**said, "data": request.body},)


def moment_of(verb: type[Verb[Any]]) -> str | None:
    """Return the member of a verb that says when something was. If the data lack it, it is the event's time."""
    return next((p.name for p in verb.members if p.name in ("at", "asOf") and p.type is datetime), None)


class CloudEvents(Translator):
    """Reports as CloudEvents."""

    name = "cloudevents"
    doors = (ConnectorDoor("/connect/cloudevents", events, media_types=(ONE, BATCH, BINARY)),)
    verbs = tuple(verb.action.name for verb in REPORTS.values())

    def key(self, event: Event) -> str:
        """Return the event's source and id."""
        return f"{_text(event, 'source')} {_text(event, 'id')}"

    def fold(self, state: State, event: Event) -> State:
        """Return the verb and its input."""
        if (version := _text(event, "specversion")) != "1.0":
            raise InvalidEvent(f"specversion: {version!r:.100} is not known; it must be 1.0")
        type = _text(event, "type")
        if (verb := REPORTS.get(type)) is None:
            raise InvalidEvent(f"type: {type!r:.200} is not known; it is one of {', '.join(REPORTS)}")
        if not isinstance(data := event.get("data"), Mapping):
            raise InvalidEvent("data: is no JSON object; it is the input of the mutation that the type names")
        said = {"verb": verb.action.name, "input": {**_when(verb, event, data), **data}}
        if state and state != said:
            raise InvalidEvent("id: another event of this source has it; give each event an id of its own")
        return said

    def facts(self, state: State) -> Sequence[Fact | Act]:
        """Return the action."""
        return (Act(state["verb"], state["input"]),)


def json_schema(facts: Facts) -> dict[str, Any]:
    """Return the JSON schema of an event in structured mode, one definition a type, made from the verbs."""
    definitions: dict[str, Any] = {}
    for type, verb in REPORTS.items():
        data = facts.input(verb).model_json_schema(ref_template="#/$defs/{model}")
        definitions |= data.pop("$defs", {})
        if moment_of(verb) in data.get("required", ()):
            data["required"] = [name for name in data["required"] if name != moment_of(verb)]
        definitions[type] = {
            "type": "object",
            "description": verb.action.doc,
            "properties": {
                "specversion": {"const": "1.0"},
                "type": {"const": type},
                "source": {"type": "string", "format": "uri-reference", "minLength": 1},
                "id": {"type": "string", "minLength": 1},
                "time": {"type": "string", "format": "date-time"},
                "data": data,
            },
            "required": [*ATTRIBUTES, "data"],
        }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "CloudEvent",
        "oneOf": [{"$ref": f"#/$defs/{type}"} for type in REPORTS],
        "$defs": definitions,
    }


def _when(verb: type[Verb[Any]], event: Event, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the member that says when it was, by the event's time, if the data lack it. Raises `InvalidEvent`.

    The moment of arrival would be another one each time that the event comes.
    """
    name = moment_of(verb)
    if name is None or data.get(name) is not None:
        return {}
    if event.get("time") is None:
        raise InvalidEvent(f"time: is missing, and so is data.{name}; say when it was")
    try:
        return {name: parse(_text(event, "time"))}
    except ValueError as error:
        raise error if isinstance(error, InvalidEvent) else InvalidEvent(f"time: {error}") from None


def _text(event: Event, name: str) -> str:
    value = event.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > LINE:
        raise InvalidEvent(f"{name}: is no text of 1 to {LINE} characters; a CloudEvent has one")
    return value
