"""The webhooks of Alertmanager (version 4) and Grafana: alerts are incidents.

A message repeats all alerts of its group, and carries no moment of its own. So each alert is an event, and what was told of one
fingerprint is a thing: its episodes, by when they began. An episode that is resolved stays so. A later one is another incident,
whose description names the one before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from forebear.connect.names import external_id, id_of
from forebear.connect.translator import Act, ConnectorDoor, Event, Fact, InvalidEvent, Received, State, Translator
from forebear.graph.declaration import LINE, Node
from forebear.graph.document import json_text
from forebear.graph.ids import named_id
from forebear.graph.kinds.fleet import Fleet, Robot, Site
from forebear.graph.kinds.incident import Severity
from forebear.graph.moments import parse

EPISODES = 20
"""How many episodes of an alert are kept: the newest. They are told of with every event of the alert."""

PLACES: Mapping[str, type[Node]] = {"robot": Robot, "fleet": Fleet, "site": Site}
"""The kinds of places, the narrowest first. A fleet beside a robot only says where the robot is."""

CUT = "truncatedAlerts"
DESCRIBED = ("summary", "message", "description")
"""The annotations that describe an alert, the best first."""


def alerts(request: Received) -> Sequence[Any]:
    """Return the alerts of a message. The last one holds how many were cut off, if any were. Raises `InvalidEvent`."""
    body = request.body
    if not isinstance(body, Mapping) or not isinstance(body.get("alerts"), list) or not body["alerts"]:
        raise InvalidEvent("alerts: is no list of alerts; send the webhook of Alertmanager or Grafana as it is")
    *others, last = body["alerts"]
    cut = body.get(CUT)
    if isinstance(cut, int) and cut > 0 and isinstance(last, Mapping):
        last = {**last, CUT: cut}
    return [*others, last]


LABELS = {"robot": "robot", "fleet": "fleet", "site": "site", "severity": "severity", "category": "alertname"}
"""The labels that say where and what it was, unless a setting names others."""

SEVERITIES = {
    "critical": Severity.CRITICAL, "page": Severity.CRITICAL, "error": Severity.HIGH, "high": Severity.HIGH,
    "warning": Severity.MEDIUM, "medium": Severity.MEDIUM, "low": Severity.LOW, "info": Severity.LOW, "none": Severity.LOW,
}  # fmt: skip
"""The usual words for severities."""


class Alertmanager(Translator):
    """Alerts of Alertmanager and Grafana. `labels` and `severities` say what a setting says otherwise."""

    name = "alertmanager"
    doors = (ConnectorDoor("/connect/alertmanager", alerts),)
    verbs = ("reportIncident",)

    def __init__(self, labels: Mapping[str, str] | None = None, severities: Mapping[str, Severity] | None = None) -> None:
        self._labels = {**LABELS, **(labels or {})}
        self._severities = {**SEVERITIES, **(severities or {})}

    def key(self, event: Event) -> str:
        """Return the alert's fingerprint."""
        return _text(event, "fingerprint")

    def fold(self, state: State, event: Event) -> State:
        """Add what an alert says of its episode."""
        since, labels = _moment(event, "startsAt"), _texts(event, "labels")
        if not any(labels.get(self._labels[place]) for place in PLACES):
            names = ", ".join(self._labels[place] for place in PLACES)
            raise InvalidEvent(
                f"labels: none of {names} is there, so nobody knows where it happened; name the labels in FOREBEAR_ALERT_LABELS"
            )
        said: dict[str, Any] = {"labels": labels, "annotations": _texts(event, "annotations")}
        said["until"] = max(since, _moment(event, "endsAt")) if _text(event, "status") == "resolved" else None
        if isinstance(link := event.get("generatorURL"), str) and link:
            said["link"] = link
        episodes = dict(state.get("episodes", {}))
        former = episodes.get(since)
        if former is None and len(episodes) == EPISODES and since < min(episodes):
            raise InvalidEvent(f"startsAt: {EPISODES} later episodes of this alert are known; report the incident by hand")
        episodes[since] = said if former is None else max(former, said, key=_decides)
        return {"fingerprint": event["fingerprint"], "episodes": {at: episodes[at] for at in sorted(episodes)[-EPISODES:]}}

    def facts(self, state: State) -> Sequence[Fact | Act]:
        """Return the incident of each episode, and what describes it."""
        facts: list[Fact] = []
        acts: list[Act] = []
        former: str | None = None
        for since, said in state["episodes"].items():
            name = external_id(self.name, f"{state['fingerprint']}/{since}")
            incident = named_id("incident", name)
            description = next((text for each in DESCRIBED if (text := said["annotations"].get(each))), "")
            again = "" if former is None else f"It follows {former}."
            if text := " ".join(part for part in (description, again) if part):
                facts.append({"kind": "Incident", "id": incident, "validFrom": since, "description": text})
            report = {
                "at": [self._place(said["labels"])],
                "since": since,
                "category": said["labels"].get(self._labels["category"]),
                "severity": self._severities.get(said["labels"].get(self._labels["severity"], "").lower()),
                "externalIds": [name],
                "logs": [said["link"]] if "link" in said else None,
            }
            acts.append(Act("reportIncident", {"reports": [{n: value for n, value in report.items() if value is not None}]}))
            if said["until"] is not None:
                acts.append(Act("resolveIncident", {"incidents": [incident], "asOf": said["until"]}))
            former = incident
        return (*facts, *acts)

    def wrong(self, event: Event) -> Sequence[str]:
        """Return that nobody knows what its severity means."""
        label = self._labels["severity"]
        severity = _texts(event, "labels").get(label)
        if severity is None or severity.lower() in self._severities:
            return ()
        return (f"labels.{label}: {severity!r:.100} is no severity; say which it means in FOREBEAR_ALERT_SEVERITIES",)

    def left_out(self, event: Event) -> Sequence[str]:
        """Return how many alerts were cut off."""
        if (cut := event.get(CUT)) is None:
            return ()
        return (f"{CUT}: {cut} alerts were not sent; raise max_alerts of the receiver, or group them in smaller groups",)

    def _place(self, labels: Mapping[str, str]) -> str:
        place, name = next((place, name) for place in PLACES if (name := labels.get(self._labels[place])))
        return id_of(PLACES[place], name.removeprefix(f"{place}:"))


def _decides(said: Mapping[str, Any]) -> tuple[bool, str, str]:
    """Order what messages say of one episode, in whichever order they come: a resolution counts, and the latest end."""
    return said["until"] is not None, said["until"] or "", json_text(said)


def _text(event: Event, name: str) -> str:
    value = event.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > LINE:
        raise InvalidEvent(f"{name}: is no text of 1 to {LINE} characters; an alert of Alertmanager or Grafana has one")
    return value


def _texts(event: Event, name: str) -> dict[str, str]:
    value = event.get(name) or {}
    if not isinstance(value, Mapping):
        raise InvalidEvent(f"{name}: is no JSON object of texts")
    return {label: text for label, text in value.items() if isinstance(text, str)}


def _moment(event: Event, name: str) -> str:
    try:
        at = parse(_text(event, name))
    except ValueError as error:
        raise error if isinstance(error, InvalidEvent) else InvalidEvent(f"{name}: {error}") from None
    if at.startswith("0001-"):
        raise InvalidEvent(f"{name}: is not set; a resolved alert says when it ended")
    return at
