"""Alerts are incidents: one for each start, in any order and however often they are repeated."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forebear.app import Forebear
from forebear.connect.alertmanager import Alertmanager, alerts
from forebear.connect.translator import Act, InvalidEvent, Received
from forebear.settings import Settings
from tests.record.asking import ask, everything, serving

SAMPLES = Path(__file__).parents[3] / "shared" / "data" / "alertmanager"
NEVER = "0001-01-01T00:00:00Z"
STARTS = ("2026-08-11T09:14:22.128Z", "2026-08-12T07:00:00Z")


def alert(start: int = 0, end: str | None = None, **labels: str) -> dict[str, Any]:
    """An alert, as both send it."""
    return {
        "status": "firing" if end is None else "resolved",
        "labels": {"alertname": "GripperCurrentHigh", "severity": "critical", "robot": "ur-11", "fleet": "galley"} | labels,
        "annotations": {"summary": "Gripper current is above 4 A"},
        "startsAt": STARTS[start],
        "endsAt": end or NEVER,
        "generatorURL": "http://prometheus.example.net:9090/graph",
        "fingerprint": "6f1c2a0e9b3d4c55",
    }


def message(*each: object, version: str = "4", **more: object) -> dict[str, Any]:
    """A message. Who sends it may say more than we know."""
    return {"receiver": "forebear", "status": "firing", "version": version, "alerts": [*each], "routeLabels": {}, **more}


def incident(start: str) -> str:
    """The id of the incident that began then."""
    return f"incident:alertmanager:6f1c2a0e9b3d4c55/{start}"


FIRST, SECOND = incident("2026-08-11T09:14:22.128000Z"), incident("2026-08-12T07:00:00.000000Z")
INCIDENTS = """{ incidents(orderBy: {field: validFrom}) { nodes {
  id state severity category validFrom validTo description externalIds logs at { nodes { ... on Node { id } } } } } }"""


async def recorded(registry: Forebear) -> list[Any]:
    """Everything but the inbox, which holds when something came."""
    return [node for part in await everything(registry) for node in part if '"label":"InboxState"' not in node]


async def test_alerts_in_any_order_and_repeated_are_the_same_incidents(registry: Forebear) -> None:
    over = "2026-08-11T10:02:52.128Z"
    messages = [message(alert()), message(alert(end=over)), message(alert(end=over), alert(1), notification_reason="repeat")]
    expected = {
        "severity": "CRITICAL", "category": "GripperCurrentHigh", "logs": ["http://prometheus.example.net:9090/graph"],
        "at": {"nodes": [{"id": "robot:ur-11"}]},
    }  # fmt: skip
    first = expected | {
        "id": FIRST, "state": "RESOLVED", "validFrom": "2026-08-11T09:14:22.128000Z", "validTo": "2026-08-11T10:02:52.128000Z",
        "description": "Gripper current is above 4 A", "externalIds": [FIRST.removeprefix("incident:")],
    }  # fmt: skip
    second = expected | {
        "id": SECOND, "state": "OPEN", "validFrom": "2026-08-12T07:00:00.000000Z", "validTo": None,
        "description": f"Gripper current is above 4 A It follows {FIRST}.", "externalIds": [SECOND.removeprefix("incident:")],
    }  # fmt: skip
    async with serving(registry) as client:
        for body in reversed(messages):
            assert (await client.post("/connect/alertmanager", json=body)).status_code == 200
        assert (await ask(registry, INCIDENTS))["incidents"]["nodes"] == [first, second]
        before = await recorded(registry)
        for body in messages:
            answer = await client.post("/connect/alertmanager", json=body)
            assert {event["status"] for event in answer.json()["events"]} == {"KNOWN"}
        assert await recorded(registry) == before

        # What was cut off is told of, what cannot be taken is a 4xx that is not sent again, and stays in the inbox.
        cut = await client.post("/connect/alertmanager", json=message(alert(1), truncatedAlerts=3, version="1"))
        left_out = "3 alerts were not sent; raise max_alerts of the receiver, or group them in smaller groups"
        assert cut.json() == {"events": [{"status": "TAKEN", "leftOut": [f"truncatedAlerts: {left_out}"]}]}
        nowhere = await client.post("/connect/alertmanager", json=message(alert(1, robot="", fleet="")))
        assert (nowhere.status_code, nowhere.json()["events"][0]["status"]) == (422, "REJECTED")
        assert (await client.post("/connect/alertmanager", json={"alerts": []})).status_code == 400
        assert (
            await client.post("/connect/alertmanager", content=b"{}", headers={"Content-Type": "text/plain"})
        ).status_code == 415
    assert (await ask(registry, INCIDENTS))["incidents"]["nodes"] == [first, second]


TRANSLATOR = Alertmanager()


def folded(events: Any, translator: Alertmanager = TRANSLATOR) -> Any:
    state: Any = {}
    for event in events:
        state = translator.fold(state, event)
    return state


told = st.builds(
    lambda start, end, summary: alert(start, end) | {"annotations": {"summary": summary}},
    st.integers(0, 1),
    st.none() | st.sampled_from(["2026-08-12T08:00:00Z", "2026-08-13T10:00:00Z"]),
    st.sampled_from(["4 A", "5 A"]),
)


@given(st.lists(told, min_size=1, max_size=6).flatmap(lambda events: st.tuples(st.just(events), st.permutations(events))))
def test_the_order_of_alerts_makes_no_difference_nor_does_a_repetition(both: tuple[Any, Any]) -> None:
    events, shuffled = both
    assert folded(events) == folded([*shuffled, *events])
    assert TRANSLATOR.facts(folded(events)) == TRANSLATOR.facts(folded(shuffled))


def test_settings_say_which_labels_are_places_and_what_severities_mean() -> None:
    settings = Settings(alert_labels={"robot": "unit", "category": "rule"}, alert_severities={"p1": "HIGH"})
    translator = Alertmanager(settings.alert_labels, settings.alert_severities)  # type: ignore[arg-type]
    labels: dict[str, Any] = {"unit": "robot:amr 7", "rule": "hot", "severity": "P1", "site": "pier-4"}
    (act,) = (each for each in translator.facts(folded([alert(**labels)], translator)) if isinstance(each, Act))
    (report,) = act.input["reports"]
    assert (report["at"], report["category"], report["severity"]) == (["robot:amr%207"], "hot", "HIGH")
    only_site = alert(robot="", fleet="", site="pier-4", severity="urgent")
    (act,) = (each for each in TRANSLATOR.facts(folded([only_site])) if isinstance(each, Act))
    assert act.input["reports"][0]["at"] == ["site:pier-4"]
    assert TRANSLATOR.wrong(only_site) == (
        "labels.severity: 'urgent' is no severity; say which it means in FOREBEAR_ALERT_SEVERITIES",
    )


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"startsAt": "noon"}, "startsAt: 'noon' is not an RFC 3339 moment, such as 2026-11-23T14:52:06Z"),
        ({"status": "resolved"}, "endsAt: is not set; a resolved alert says when it ended"),
        ({"labels": 1}, "labels: is no JSON object of texts"),
        ({"status": None}, "status: is no text of 1 to 2000 characters; an alert of Alertmanager or Grafana has one"),
    ],
)
def test_what_can_never_be_taken_is_refused_by_name(wrong: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidEvent) as refused:
        folded([alert() | wrong])
    assert str(refused.value) == reason


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not here")
def test_the_samples_in_any_order_are_the_same_incidents() -> None:
    bodies = [json.loads(file.read_text("utf-8")) for file in sorted(SAMPLES.glob("*.json"))]
    messages = [alerts(Received("application/json", {}, body)) for body in bodies]
    states = []
    for order in permutations(messages):
        things: dict[str, Any] = {}
        for event in (each for events in order for each in events):
            key = TRANSLATOR.key(event)
            things[key] = TRANSLATOR.fold(things.get(key, {}), event)
        states.append(things)
    assert all(state == states[0] for state in states)
    assert all(said["labels"]["robot"] for state in states[0].values() for said in state["episodes"].values())
