"""A policy asks for what went wrong to be tested again: each incident of the line in a pack that the candidate passes."""

from __future__ import annotations

from typing import Any

from forebear.app import Forebear
from forebear.domain.outcome import Refused
from tests.actions.plant import FLEET, RITA, SINCE, approve, node, plant
from tests.actions.world import ADA, ANNA, EVA, LINE, POLICY, RELEASE, VERSION, ago, do, done
from tests.record.asking import ask, record

COVERS = {"severity": "HIGH", "days": 30, "metric": "success", "minimum": 90}


async def missing(registry: Forebear, release: str = RELEASE) -> list[tuple[str, str]]:
    """What an approval lacks: the codes, and the incident or the pack that the message begins with."""
    query = "query ($r: ID!) { missingForApproval(release: $r) { nodes { code message } } }"
    rows = (await ask(registry, query, r=release))["missingForApproval"]["nodes"]
    return [(row["code"], row["message"].split(" ")[0]) for row in rows if row["code"] != "APPROVALS_MISSING"]


async def pack(registry: Forebear, name: str, success: float, *incidents: str) -> None:
    """A pack that is sampled from incidents, and a measurement of the version with it."""
    metrics = [{"name": "success", "unit": "%", "direction": "HIGHER_IS_BETTER"}]
    fact = {"kind": "EvaluationPack", "id": f"pack:{name}@1", "metrics": metrics, "sampledFrom": [*incidents]}
    assert (await record(registry, fact)).rejections == []
    evidence = {
        "kind": "Evidence", "id": f"evidence:{name}", "type": "REPLAY", "measuredAt": ago(hours=1), "about": [VERSION],
        "measuredWith": [f"pack:{name}@1"], "measurements": [{"metric": "success", "value": success, "unit": "%"}],
    }  # fmt: skip
    await done(registry, EVA, "attachEvidence", evidence=evidence)


async def test_each_incident_of_the_line_is_in_a_pack_that_the_candidate_passes(registry: Forebear) -> None:
    await plant(registry)
    await record(
        registry,
        {"kind": "Fleet", "id": FLEET, "sites": [{"id": "site:hall", "validFrom": SINCE}]},
        {"kind": "Robot", "id": "robot:elsewhere"},
    )
    said: list[dict[str, Any]] = [
        {"at": [place], "since": ago(days=days), "severity": severity, "externalIds": [f"pager:{name}"]}
        for name, place, days, severity in (
            ("fleet", FLEET, 3, "HIGH"),
            ("robot", "robot:a", 2, "CRITICAL"),
            ("site", "site:hall", 1, "HIGH"),
            ("mild", FLEET, 1, "LOW"),
            ("old", FLEET, 40, "HIGH"),
            ("elsewhere", "robot:elsewhere", 1, "HIGH"),
            ("false", "robot:b", 1, "HIGH"),
        )
    ]
    await done(registry, RITA, "reportIncident", reports=said)
    await done(registry, RITA, "dismissIncident", incidents=["incident:pager:false"])
    await done(registry, ANNA, "approve", release=RELEASE)
    # Whether it would be asked for is known before a policy asks for it.
    simulate = """query ($d: JSON!, $l: [ID!]!) { simulatePolicy(document: $d, lines: $l) { nodes { missing { code } } } }"""
    document = POLICY | {"covers": COVERS}
    (row,) = (await ask(registry, simulate, d=document, l=[LINE]))["simulatePolicy"]["nodes"]
    assert [m["code"] for m in row["missing"] if m["code"] == "NOT_COVERED"] == ["NOT_COVERED"] * 3
    policy = {"kind": "ReleasePolicy", "id": "policy:learns@1", "document": document}
    await done(registry, ADA, "adoptPolicy", policy=policy, lines=[LINE], reason="It broke glass.")
    assert (await node(registry, "Release", RELEASE, "state"))["state"] == "CANDIDATE"
    asked = [("NOT_COVERED", f"incident:pager:{name}") for name in ("fleet", "robot", "site")]
    assert await missing(registry) == asked
    refused = await do(registry, ANNA, "approve", release=RELEASE)
    assert isinstance(refused, Refused)
    assert [r.code for r in refused.reasons] == ["NOT_COVERED"] * 3
    # One pack may cover several incidents, and one that the candidate does not pass covers none.
    await pack(registry, "glass", 95, "incident:pager:fleet", "incident:pager:robot")
    await pack(registry, "hall", 80, "incident:pager:site")
    assert await missing(registry) == asked[2:]
    await pack(registry, "hall-again", 91, "incident:pager:site")
    assert await missing(registry) == []
    approval = await approve(registry, RELEASE)
    checks = (await node(registry, "Decision", approval, "checks { code pack incident evidence }"))["checks"]
    assert [(c["incident"], c["pack"], c["evidence"]) for c in checks if c["incident"]] == [
        ("incident:pager:fleet", "pack:glass@1", "evidence:glass"),
        ("incident:pager:robot", "pack:glass@1", "evidence:glass"),
        ("incident:pager:site", "pack:hall-again@1", "evidence:hall-again"),
    ]
    sampled = await node(registry, "Incident", "incident:pager:fleet", "packs { nodes { id sampledFrom { nodes { id } } } }")
    assert sampled["packs"]["nodes"] == [
        {"id": "pack:glass@1", "sampledFrom": {"nodes": [{"id": "incident:pager:fleet"}, {"id": "incident:pager:robot"}]}}
    ]
    # What happens later touches no standing approval, and is asked for of the next.
    await done(registry, RITA, "reportIncident", reports=[said[0] | {"since": ago(hours=1), "externalIds": ["pager:next"]}])
    await done(registry, EVA, "attachEvidence", evidence={
        "kind": "Evidence", "id": "evidence:more", "type": "REPLAY", "measuredAt": ago(hours=1), "about": [VERSION],
        "measuredWith": ["pack:glass@1"], "measurements": [{"metric": "success", "value": 96, "unit": "%"}],
    })  # fmt: skip
    standing = await node(registry, "Release", RELEASE, "state staleFrom")
    assert standing == {"state": "APPROVED", "staleFrom": None}
