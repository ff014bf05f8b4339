"""A pipeline asks whether a deployment may start, and looks at the status."""

from __future__ import annotations

from forebear.app import Forebear
from tests.actions.plant import ready, requested
from tests.actions.world import ANNA, RELEASE, done
from tests.record.asking import serving
from tests.test_project import ROOT


async def test_a_gate_opens_while_a_deployment_may_start_and_says_why_it_may_not(registry: Forebear) -> None:
    await ready(registry)
    await requested(registry, 1, "deployment:picker-7")
    page = (ROOT / "docs" / "how-to" / "gate-a-pipeline.md").read_text("utf-8")
    assert '"$FOREBEAR_URL/permitted/deployment:picker-7"' in page
    async with serving(registry) as client:
        open = await client.get("/permitted/deployment:picker-7")
        answer = open.json()
        decisions = answer.pop("decisions")
        assert (open.status_code, answer) == (
            200,
            {"permitted": True, "deployment": "deployment:picker-7", "basis": "APPROVAL", "releases": [RELEASE]},
        )
        assert all(id.startswith("decision:") for id in decisions)
        await done(registry, ANNA, "withdrawApproval", release=RELEASE, reason="Film tears.")
        shut = await client.get("/permitted/deployment:picker-7")
        refusal = shut.json()
        assert (shut.status_code, refusal["permitted"], refusal["code"]) == (403, False, "NOT_PERMITTED")
        assert [{*reason} for reason in refusal["reasons"]] == [{"code", "message", "remedy"}]
        unknown = await client.get("/permitted/deployment:nobody/knows")
        assert (unknown.status_code, unknown.json()["errors"][0]["extensions"]) == (404, {"code": "NOT_FOUND"})
        assert "deployment:nobody/knows" in unknown.json()["errors"][0]["message"]
        assert (await client.get("/permitted/robot:a")).status_code == 404
