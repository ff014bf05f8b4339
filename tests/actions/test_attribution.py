"""What explains incidents is concluded by persons and by the method, frozen, and superseded by later conclusions."""

from __future__ import annotations

import asyncio
from typing import Any

from forebear.app import Forebear
from forebear.domain.outcome import Done, Refused
from forebear.domain.roles import Role
from tests.actions.plant import RITA, artifact, ready
from tests.actions.world import ANNA, EVA, OLAF, VERSION, do, done, person
from tests.audit.auditing import findings
from tests.record.asking import ask, everything, now, record

SHOWN = """query ($id: ID!, $asKnownAt: DateTime) { incident(id: $id, asKnownAt: $asKnownAt) { attributions { nodes {
  id actor method confidence description suspects { nodes { id } } supersedes { nodes { id } } supersededBy { nodes { id } }
  findings { name value id incidentsWith hoursWith incidentsWithout hoursWithout rateRatio low high } } } } }"""
FOUND = {
    "name": "ModelVersion", "value": VERSION, "id": VERSION, "incidentsWith": 16, "hoursWith": 5376.0, "incidentsWithout": 1,
    "hoursWithout": 10752.0, "rateRatio": 32.0, "low": 4.2, "high": 241.0,
}  # fmt: skip
SOFTWARE = {"name": "robotSoftware", "value": "4.2.1"}


async def reported(registry: Forebear) -> tuple[str, str]:
    """Two incidents: one on a robot of the fleet in the line, and one of a robot in no fleet."""
    await ready(registry)
    at = (("pager:1", "robot:a"), ("pager:2", "robot:free"))
    reports = [{"at": [robot], "since": "2026-03-01T00:00:00Z", "externalIds": [name]} for name, robot in at]
    await done(registry, RITA, "reportIncident", reports=reports)
    return "incident:pager:1", "incident:pager:2"


async def shown(registry: Forebear, incident: str, **moments: str) -> dict[str, dict[str, Any]]:
    """What explains an incident, by id."""
    nodes = (await ask(registry, SHOWN, id=incident, **moments))["incident"]["attributions"]["nodes"]
    return {
        n.pop("id"): {name: [e["id"] for e in v["nodes"]] if isinstance(v, dict) else v for name, v in n.items()} for n in nodes
    }


async def test_a_later_conclusion_supersedes_an_earlier_one_which_stays_and_both_clocks_and_the_audit_hold(
    registry: Forebear,
) -> None:
    one, other = await reported(registry)
    before = now()
    guess = {"incidents": [one], "suspects": ["robot:a"], "method": "inspection", "confidence": 0.35}
    first = (await done(registry, OLAF, "attribute", **guess, description="The gripper.")).subject
    assert (await done(registry, OLAF, "attribute", **guess, description="The gripper.")).unchanged
    between = now()
    told = {"incidents": [one], "findings": [FOUND, SOFTWARE], "method": "suspects"}
    second = await done(registry, EVA, "attribute", **told, id="attribution:two", reason="More incidents.")
    assert second == Done("attribution:two", (), ("attribution:two",))
    assert (await done(registry, EVA, "attribute", **told, id="attribution:two")).unchanged
    nothing = dict.fromkeys(FOUND) | {"suspects": [], "findings": None, "confidence": None, "description": None}
    nothing = {name: nothing[name] for name in ("suspects", "findings", "confidence", "description")}
    guessed = {
        "actor": "olaf", "method": "inspection", "confidence": 0.35, "description": "The gripper.", "suspects": ["robot:a"],
        "findings": None, "supersedes": [],
    }  # fmt: skip
    assert await shown(registry, one) == {
        first: guessed | {"supersededBy": ["attribution:two"]},
        "attribution:two": nothing | {
            "actor": "eva", "method": "suspects", "suspects": [VERSION], "supersedes": [first], "supersededBy": [],
            "findings": [FOUND, dict.fromkeys(FOUND) | SOFTWARE],
        },
    }  # fmt: skip
    assert await shown(registry, one, asKnownAt=before) == {}
    assert await shown(registry, one, asKnownAt=between) == {first: guessed | {"supersededBy": []}}
    # One that explains more than a later one stays current, and a later one may say that nothing explains them.
    both = (await done(registry, ANNA, "attribute", incidents=[one, other], suspects=[artifact(1)])).subject
    assert {id: a["supersededBy"] for id, a in (await shown(registry, one)).items()}["attribution:two"] == [both]
    await done(registry, ANNA, "attribute", incidents=[one], suspects=[])
    assert {id: a["supersededBy"] for id, a in (await shown(registry, other)).items()} == {both: []}
    fact = {"kind": "Attribution", "id": "attribution:fact", "explains": [other, one], "suspects": ["robot:a"]}
    assert (await record(registry, fact)).rejections == []
    assert (await shown(registry, other))["attribution:fact"]["supersedes"] == [both, *sorted({*await shown(registry, one)} - {
        first, both, "attribution:two", "attribution:fact"})]  # fmt: skip
    assert await findings(registry.store) == []


REFUSED: tuple[tuple[dict[str, Any], str, str], ...] = (
    ({"incidents": []}, "INVALID_INPUT", "incidents: is empty"),
    (
        {"incidents": ["incident:nope"]},
        "UNKNOWN",
        "incidents: incident:nope is not known, or only named by others so far",
    ),
    (
        {"suspects": ["dataset:typo@1"]},
        "UNKNOWN",
        "suspects: dataset:typo@1 is not known, or only named by others so far",
    ),
    ({"findings": [FOUND | {"low": 300.0}]}, "INVALID_INPUT", "findings.0.high: is below low"),
    ({"findings": [FOUND | {"id": "line:ur5e-orin"}]}, "INVALID_INPUT", "findings.0.id: line:ur5e-orin is the id of"),
    ({"findings": [FOUND | {"hoursWith": -1}]}, "INVALID_INPUT", "findings.0.hoursWith: must be at least 0"),
    ({"confidence": 2}, "INVALID_INPUT", "confidence: must be at most 1"),
    ({"id": "attribution:one", "method": "dice"}, "IMMUTABLE", "method: attribution:one has 'inspection' already"),
)
"""What nobody can conclude: the input, and the code and the beginning of the message of the first reason."""


async def test_what_cannot_be_concluded_is_refused_with_the_field_and_changes_nothing(registry: Forebear) -> None:
    one, _ = await reported(registry)
    await done(registry, EVA, "attribute", incidents=[one], method="inspection", id="attribution:one")
    before = await everything(registry)
    for input, code, message in REFUSED:
        outcome = await do(registry, EVA, "attribute", **({"incidents": [one], "suspects": [VERSION]} | input))
        assert isinstance(outcome, Refused)
        assert (outcome.reasons[0].code, outcome.reasons[0].message[: len(message)]) == (code, message)
    assert await everything(registry) == before


async def test_roles_and_lines_limit_who_concludes_and_of_two_at_once_one_supersedes_the_other(registry: Forebear) -> None:
    one, other = await reported(registry)
    beyond = person("liv", Role.ENGINEER, lines=frozenset({"line:other"}))
    for actor, incident, may in ((RITA, one, False), (beyond, one, False), (beyond, other, True)):
        outcome = await do(registry, actor, "attribute", incidents=[incident], suspects=[VERSION])
        assert isinstance(outcome, Done) is may, outcome
    both = await asyncio.gather(*(done(registry, EVA, "attribute", incidents=[one], description=text) for text in ("a", "b")))
    explained = await shown(registry, one)
    standing = [id for id, a in explained.items() if not a["supersededBy"]]
    assert (len(explained), len(standing), standing[0] in {d.subject for d in both}) == (2, 1, True)
    assert await findings(registry.store) == []
