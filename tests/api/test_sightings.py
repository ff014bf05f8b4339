"""What a gateway of a fleet posts, in each form."""

from __future__ import annotations

from typing import Any

import msgspec

from forebear.app import Forebear
from tests.actions.plant import artifact
from tests.actions.test_installation import ran
from tests.actions.world import ago
from tests.record.asking import serving

DIGEST = artifact(1).removeprefix("artifact:")


async def test_sightings_are_taken_as_csv_ndjson_and_json_and_refused_with_every_reason(registry: Forebear) -> None:
    since, later, ahead = ago(hours=2), ago(hours=1), ago(hours=-1)
    async with serving(registry) as client:

        async def posted(kind: str, body: str | bytes) -> tuple[int, Any]:
            response = await client.post("/sightings", content=body, headers={"Content-Type": kind})
            answer = response.json()
            return response.status_code, answer if "errors" not in answer else answer["errors"][0]["message"]

        head = "robot,at,digest,externalId\r\n"
        status, table = await posted(
            "text/csv", f"{head}robot:a,{since},{DIGEST},\r\nrobot:b,{ahead},,ci:41\r\n".encode("utf-8-sig")
        )
        begun = f"installation:a/{since}/{DIGEST}"
        assert status == 200
        assert {name: table[name] for name in ("__typename", "changed", "unchanged", "undescribed")} == {
            "__typename": "Done", "changed": [begun], "unchanged": False, "undescribed": [artifact(1), "robot:a"],
        }  # fmt: skip
        assert [r["message"] for r in table["rejected"]] == [f"sightings.1.at: {ahead} is yet to come"]
        sighting = {"robot": "robot:a", "at": later, "digest": DIGEST}
        lines = msgspec.json.encode(sighting) + b"\n\n"
        assert [(s, a["unchanged"]) for s, a in [await posted("application/x-ndjson", lines)]] == [(200, True)]
        assert [(s, a["unchanged"]) for s, a in [await posted("application/json", msgspec.json.encode([sighting]))]] == [
            (200, True)
        ]
        assert await ran(registry) == [(artifact(1), since, None, None)]

        status, nothing = await posted("application/json", msgspec.json.encode([sighting | {"at": ahead}]))
        assert (status, nothing["__typename"], len(nothing["reasons"])) == (422, "Refused", 1)
        status, malformed = await posted("application/json", b'[{"robot": "fleet:a", "at": "noon"}]')
        assert (status, [r["message"] for r in malformed["reasons"]]) == (
            422,
            [
                "sightings.0.robot: fleet:a is the id of a Fleet; expected one of Robot",
                "sightings.0.at: 'noon' is not an RFC 3339 moment, such as 2026-11-23T14:52:06Z",
            ],
        )
        assert await posted("text/csv", "robot,time\nrobot:a,1\n") == (
            400, "no column is called 'time'; they are robot, at, artifact, digest, externalId",
        )  # fmt: skip
        assert await posted("text/csv", "robot,at\nrobot:a\n") == (400, "line 2 has not as many cells as the first line")
        assert await posted("application/x-ndjson", b"{}\n[]\n") == (
            400, "line 2 is no JSON object: Expected `object`, got `array`",
        )  # fmt: skip
        assert (await posted("text/plain", lines))[0] == 415
