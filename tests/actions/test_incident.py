"""What went wrong is reported, escalated, resolved, reopened and dismissed: always accepted, in any order, once."""

from __future__ import annotations

from itertools import permutations
from typing import Any

from forebear.app import Forebear
from forebear.domain.outcome import Done, Refused
from tests.actions.plant import RITA
from tests.actions.world import do, done
from tests.audit.auditing import findings
from tests.record.asking import ask, now, record

DAYS = tuple(f"2026-01-0{day}T00:00:00.000000Z" for day in range(1, 10))
REFERENCE = "pager:4711"
ID = "incident:pager:4711"
SHOWN = """id described state severity category validFrom validTo intervals { asOf validFrom validTo }
  logs measured { name value unit }
  externalIds description at { nodes { id } } duplicateOf { nodes { id } } artifacts { nodes { id } }"""


async def report(registry: Forebear, since: str, **said: Any) -> Done:
    """Reports the incident with the reference."""
    said = {"at": ["robot:a"], "since": since, "externalIds": [REFERENCE]} | said
    return await done(registry, RITA, "reportIncident", reports=[said])


async def shown(registry: Forebear, id: str = ID, **moments: str) -> dict[str, Any]:
    """An incident."""
    query = f"query ($id: ID!, $asKnownAt: DateTime) {{ incident(id: $id, asKnownAt: $asKnownAt) {{ {SHOWN} }} }}"
    found: dict[str, Any] = (await ask(registry, query, id=id, **moments))["incident"]
    return {name: [n["id"] for n in v["nodes"]] if isinstance(v, dict) else v for name, v in found.items()}


async def stands(registry: Forebear, id: str = ID) -> tuple[object, ...]:
    """The state of an incident, its severity and its interval."""
    found = await shown(registry, id)
    return (found["state"], found["severity"], found["validFrom"], found["validTo"])


async def test_a_report_names_what_nobody_knows_and_the_answer_says_so(registry: Forebear) -> None:
    outcome = await report(
        registry, DAYS[0], until=DAYS[1], severity="HIGH", category="collision", logs=["s3://logs/1"],
        measured=[{"name": "contactForce", "value": 140, "unit": "N"}], artifacts=["artifact:edge:x"],
        description="It hit a post.", externalIds=[REFERENCE, "mail:1"],
    )  # fmt: skip

    assert outcome == Done(ID, changed=(ID,), undescribed=("artifact:edge:x", "robot:a"))
    assert await shown(registry) == {
        "id": ID, "described": True, "state": "OPEN", "severity": "HIGH", "category": "collision",
        "validFrom": DAYS[0], "validTo": DAYS[1], "description": "It hit a post.", "externalIds": [REFERENCE, "mail:1"],
        "intervals": [{"asOf": DAYS[0], "validFrom": DAYS[0], "validTo": DAYS[1]}], "logs": ["s3://logs/1"],
        "measured": [{"name": "contactForce", "value": 140.0, "unit": "N"}],
        "at": ["robot:a"], "artifacts": ["artifact:edge:x"], "duplicateOf": [],
    }  # fmt: skip
    await record(registry, {"kind": "Robot", "id": "robot:a"})
    again = await done(
        registry, RITA, "reportIncident", reports=[{"at": ["robot:a"], "since": DAYS[0], "externalIds": ["mail:1"]}]
    )
    assert again.undescribed == ()
    assert await findings(registry.store) == []


async def test_the_same_reference_is_the_same_incident_and_only_a_later_moment_reopens_it(registry: Forebear) -> None:
    await report(registry, DAYS[1], severity="LOW")
    assert (await report(registry, DAYS[1], severity="LOW")).unchanged
    known = now()
    await done(registry, RITA, "escalateIncident", incidents=[ID], severity="CRITICAL", asOf=DAYS[2])
    await done(registry, RITA, "resolveIncident", incidents=[ID], asOf=DAYS[4])
    assert await stands(registry) == ("RESOLVED", "CRITICAL", DAYS[1], DAYS[4])
    await report(registry, DAYS[0])
    await report(registry, DAYS[4])
    assert await stands(registry) == ("RESOLVED", "CRITICAL", DAYS[0], DAYS[4])
    await report(registry, DAYS[5])
    assert await stands(registry) == ("OPEN", "CRITICAL", DAYS[0], None)
    await done(registry, RITA, "dismissIncident", incidents=[ID], asOf=DAYS[6])
    assert await stands(registry) == ("FALSE_ALARM", "CRITICAL", DAYS[0], DAYS[6])
    await done(registry, RITA, "reopenIncident", incidents=[ID], asOf=DAYS[7])
    await done(registry, RITA, "dismissIncident", incidents=[ID], duplicateOf="incident:other", asOf=DAYS[8])
    found = await shown(registry)
    assert (found["state"], found["duplicateOf"]) == ("DUPLICATE", ["incident:other"])

    then = await shown(registry, asKnownAt=known)
    assert (then["state"], then["severity"], then["validFrom"]) == ("OPEN", "LOW", DAYS[1])
    at = " ".join(f'd{n}: state(at: "{day}")' for n, day in enumerate(DAYS))
    states = [*(await ask(registry, f'{{ incident(id: "{ID}") {{ {at} }} }}'))["incident"].values()]
    assert states == ["OPEN", "OPEN", "OPEN", "OPEN", "RESOLVED", "OPEN", "FALSE_ALARM", "OPEN", "DUPLICATE"]
    assert await findings(registry.store) == []


async def test_in_whatever_order_it_is_told_it_comes_to_the_same(registry: Forebear) -> None:
    told: list[tuple[str, dict[str, Any]]] = [
        ("reportIncident", {"since": DAYS[1], "severity": "LOW", "category": "drop"}),
        ("escalateIncident", {"severity": "HIGH", "asOf": DAYS[2]}),
        ("resolveIncident", {"asOf": DAYS[3]}),
        ("reportIncident", {"since": DAYS[5]}),
    ]
    expected = None
    for n, order in enumerate(permutations(told)):
        reference, id = f"pager:{n}", f"incident:pager:{n}"
        for verb, said in (*order, order[0]):
            if verb == "reportIncident":
                said = {"reports": [{"at": ["robot:a"], "externalIds": [reference], **said}]}
            else:
                said = {"incidents": [id], **said}
            await done(registry, RITA, verb, **said)
        found = {**await shown(registry, id), "id": None, "externalIds": None}
        expected = expected or found
        assert found == expected, order
    assert await stands(registry, "incident:pager:0") == ("OPEN", "HIGH", DAYS[1], None)


async def test_many_are_told_of_at_once_and_what_a_fact_recorded_keeps_its_meaning(registry: Forebear) -> None:
    fact = {"kind": "Incident", "validFrom": DAYS[0], "at": ["fleet:a"], "severity": "LOW", "asOf": DAYS[0]}
    await record(
        registry, fact | {"id": "incident:open", "externalIds": ["pager:1"]}, fact | {"id": "incident:over", "validTo": DAYS[2]}
    )
    both = [
        {"at": ["fleet:a"], "since": DAYS[3], "externalIds": ["pager:1"], "severity": "HIGH"},
        {"at": ["site:a", "robot:b"], "since": DAYS[1], "category": "latency"},
        {"at": ["robot:b", "site:a"], "since": DAYS[1], "category": "latency"},
    ]
    outcome = await done(registry, RITA, "reportIncident", reports=both)
    own = "incident:b/a/2026-01-02T00:00:00Z/latency"
    assert outcome == Done("incident:open", changed=("incident:open", own), undescribed=("fleet:a", "robot:b", "site:a"))
    assert await stands(registry, "incident:open") == ("OPEN", "HIGH", DAYS[0], None)
    assert (await shown(registry, own))["at"] == ["robot:b", "site:a"]

    ids = ["incident:open", "incident:over", "incident:pager:1", "incident:new"]
    outcome = await done(registry, RITA, "escalateIncident", incidents=ids, severity="CRITICAL", asOf=DAYS[4])
    assert outcome.changed == ("incident:open", "incident:over", "incident:new")
    assert outcome.undescribed == ("incident:new",)
    assert await stands(registry, "incident:open") == ("OPEN", "CRITICAL", DAYS[0], None)
    assert await stands(registry, "incident:over") == ("RESOLVED", "CRITICAL", DAYS[0], DAYS[2])
    assert await stands(registry, "incident:new") == (None, "CRITICAL", DAYS[4], None)
    assert await findings(registry.store) == []


async def test_what_cannot_be_is_refused_and_changes_nothing(registry: Forebear) -> None:
    soon = "2999-01-01T00:00:00.000000Z"
    for verb, said, code, message in (
        (
            "reportIncident",
            {"reports": [{"at": ["robot:a"], "since": soon}]},
            "IN_FUTURE",
            f"reports.0.since: {soon} is yet to come",
        ),
        (
            "reportMaintenance",
            {"reports": [{"at": ["robot:a"], "since": DAYS[1], "until": DAYS[0]}]},
            "BACKWARDS",
            f"reports.0.until: {DAYS[0]} lies before since, {DAYS[1]}",
        ),
        ("resolveIncident", {"incidents": [ID], "asOf": soon}, "IN_FUTURE", f"asOf: {soon} is yet to come"),
        (
            "dismissIncident",
            {"incidents": [ID], "duplicateOf": ID},
            "INVALID_INPUT",
            f"duplicateOf: {ID} cannot be a duplicate of itself",
        ),
    ):
        outcome = await do(registry, RITA, verb, **said)
        assert isinstance(outcome, Refused)
        assert [(r.code, r.message) for r in outcome.reasons] == [(code, message)]
    assert await registry.store.read("MATCH (n:Incident) RETURN n.id AS id") == []


async def test_maintenance_is_reported_in_any_order(registry: Forebear) -> None:
    reports = [
        {"since": DAYS[1], "category": "calibration"},
        {"since": DAYS[2], "until": DAYS[3], "category": "gripper", "description": "New fingers."},
    ]
    for n, order in enumerate(permutations(reports)):
        for said in (*order, *order):
            works = [{"at": ["robot:a"], "externalIds": [f"cmms:{n}"], **said}]
            outcome = await done(registry, RITA, "reportMaintenance", reports=works)
        assert outcome.unchanged
        query = (
            "query ($id: ID!) { maintenanceEvent(id: $id) { validFrom validTo categories description at { nodes { id } } } }"
        )
        assert (await ask(registry, query, id=f"maintenance:cmms:{n}"))["maintenanceEvent"] == {
            "validFrom": DAYS[1],
            "validTo": DAYS[3],
            "categories": ["calibration", "gripper"],
            "description": "New fingers.",
            "at": {"nodes": [{"id": "robot:a"}]},
        }
    assert await findings(registry.store) == []
