"""CloudEvents are reports: made by the CloudEvents SDK, in each of the modes of the HTTP binding."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import msgspec
import pytest
from cloudevents.core.bindings.http import HTTPMessage, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from jsonschema import Draft202012Validator

from forebear.app import Forebear
from forebear.connect.cloudevents import BATCH, CloudEvents, events, json_schema
from forebear.connect.translator import Act, InvalidEvent, Received
from forebear.graph.facts import Facts
from forebear.graph.kinds import GRAPH
from tests.actions.world import ago
from tests.record.asking import ask, serving

SINCE, LATER = ago(hours=2), ago(hours=1)
INCIDENTS = "{ incidents { nodes { id state severity validFrom validTo } } }"


def event(type: str, id: str, data: Any, **more: Any) -> CloudEvent:
    """An event of the SDK."""
    attributes = {"type": f"forebear.{type}", "source": "/plant/galley", "id": id, "datacontenttype": "application/json"}
    return CloudEvent({**attributes, "specversion": "1.0", **more}, data)


def document(type: str = "resolveIncident", id: str = "1", **more: Any) -> dict[str, Any]:
    """An event in structured mode."""
    return {"specversion": "1.0", "type": f"forebear.{type}", "source": "/plant/galley", "id": id} | more


REPORT = event("reportIncident", "a/1", {"reports": [{"at": ["robot:a"], "since": SINCE, "category": "drop"}]})


async def test_reports_come_in_each_mode_and_count_once(registry: Forebear) -> None:
    async with serving(registry) as client:

        async def sent(message: HTTPMessage, **headers: str) -> tuple[int, Any]:
            answer = await client.post("/connect/cloudevents", content=message.body, headers={**message.headers, **headers})
            return answer.status_code, answer.json()

        taken, known = ({"events": [{"status": status}]} for status in ("TAKEN", "KNOWN"))
        assert await sent(to_structured_event(REPORT)) == (200, taken)
        (incident,) = (await ask(registry, INCIDENTS))["incidents"]["nodes"]
        assert (incident["state"], incident["validFrom"]) == ("OPEN", SINCE)
        assert await sent(to_structured_event(REPORT)) == (200, known)
        assert await sent(to_binary_event(REPORT)) == (200, taken)
        assert (await ask(registry, INCIDENTS))["incidents"]["nodes"] == [incident]
        # What is over is over when the event says, however late it comes.
        over = event("resolveIncident", "ä 2", {"incidents": [incident["id"]]}, time=datetime.fromisoformat(LATER))
        assert await sent(to_binary_event(over)) == (200, taken)
        (incident,) = (await ask(registry, INCIDENTS))["incidents"]["nodes"]
        assert (incident["state"], incident["validTo"]) == ("RESOLVED", LATER)
        several = [
            document("reportMaintenance", "3", data={"reports": [{"at": ["robot:a"], "since": SINCE, "until": LATER}]}),
            document("reportDeployment", "4", time=LATER, data={"deployment": "deployment:none", "state": "ACTIVE"}),
            document("reportSightings", "5", data={"sightings": [
                {"robot": "robot:a", "at": SINCE, "digest": f"sha256:{1:064x}"}, {"robot": "robot:b", "at": ago(hours=-1)},
            ]}),
            document("approve", "6", data={}),
        ]  # fmt: skip
        status, body = await sent(HTTPMessage({"content-type": BATCH}, json.dumps(several).encode()))
        assert (status, [each["status"] for each in body["events"]]) == (422, ["TAKEN", "REJECTED", "PARTLY", "REJECTED"])
        reasons = [each.get("reasons", [""])[0] for each in body["events"]]
        assert reasons[1].startswith("reportDeployment: deployment: deployment:none is not known; request it first")
        assert reasons[2].startswith("reportSightings: sightings.1.")
        assert reasons[3].startswith("type: 'forebear.approve' is not known; it is one of forebear.reportIncident, ")
        status, body = await sent(to_structured_event(REPORT), **{"content-type": "text/plain"})
        assert (status, body["errors"][0]["extensions"]["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
        status, body = await sent(HTTPMessage({"content-type": "application/json"}, b"{}"))
        assert (status, body["errors"][0]["message"]) == (
            400, "there are no ce- headers: send them, or the whole event as application/cloudevents+json",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (document(id=" ", data={}), "id: is no text of 1 to "),
        (document(specversion="0.3", data={}), "specversion: '0.3' is not known; it must be 1.0"),
        (document(data_base64="e30="), "data: is no JSON object; it is the input of the mutation that the type names"),
        (document(data={"incidents": []}), "time: is missing, and so is data.asOf; say when it was"),
        (document(data={}, time="noon"), "time: 'noon' is not an RFC 3339 moment"),
    ],
)
def test_what_is_wrong_with_an_event_is_said(wrong: dict[str, Any], reason: str) -> None:
    translator = CloudEvents()
    with pytest.raises(InvalidEvent) as error:
        translator.fold({"key": translator.key(wrong)}, wrong)
    assert str(error.value).startswith(reason)


def test_one_source_gives_an_id_to_one_event() -> None:
    translator = CloudEvents()
    first = translator.fold({}, document(data={"incidents": ["incident:a"]}, time=SINCE))
    assert translator.facts(first) == (Act("resolveIncident", {"incidents": ["incident:a"], "asOf": SINCE}),)
    assert translator.fold(first, document(data={"incidents": ["incident:a"], "asOf": SINCE})) == first
    with pytest.raises(InvalidEvent, match="id: another event of this source has it"):
        translator.fold(first, document(data={"incidents": ["incident:b"]}, time=SINCE))


def test_the_attributes_of_an_event_are_headers_in_binary_mode() -> None:
    headers = {"ce-id": "a%20b", "ce-source": "/s", "host": "h"}
    assert events(Received("application/json", headers, {"x": 1})) == ({"id": "a b", "source": "/s", "data": {"x": 1}},)


def test_the_schema_takes_what_the_sdk_writes_and_no_other_type() -> None:
    schema = json_schema(Facts(GRAPH))
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    assert validator.is_valid(msgspec.json.decode(to_structured_event(REPORT).body))
    assert validator.is_valid(document("reportDeployment", time=LATER, data={"deployment": "deployment:a", "state": "ACTIVE"}))
    assert not validator.is_valid(document("reportDeployment", data={"deployment": "deployment:a"}))
    assert not validator.is_valid(document("approve", data={}))
