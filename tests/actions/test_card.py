"""The card of an incident is one operation: its fields answer as the questions that they are do, at the incident's moment."""

from __future__ import annotations

from typing import Any

import msgspec

from forebear.api.fetcher import MOST_BEHIND
from forebear.app import Forebear
from forebear.identity.actors import DEVELOPMENT
from forebear.view.incidents import INCIDENT
from tests.actions.plant import FLEET, RITA, artifact, ready, reported, requested
from tests.actions.world import ago, done
from tests.record.asking import ask, now, record

ROW = """nodes { robot { id } standing lastSeenAt observed { id } observedVersion { id name } basis authorized deployment { id }
  intended { id } customers { id } sites { id } fleets { id lines { nodes { id policies { nodes { id } } } } } } totalCount"""
CHANGE = "nodes { at change subject { id } before after by node { id } } totalCount pageInfo { hasNextPage }"
FIELDS = f"""query ($known: DateTime) {{ incident(id: "incident:pager:1", asKnownAt: $known) {{
  then: whatWasRunning {{ {ROW} }} now: whatIsRunning {{ {ROW} }} changes(first: 3) {{ {CHANGE} }}
  alike {{ nodes {{ incident {{ id }} }} }} also: alsoRunning {{ nodes {{ version {{ id }} fleet {{ id }} }} }}
  fleets {{ nodes {{ fleet {{ id }} then now }} }}
}} }}"""
ROOTS = {
    "then": f'whatWasRunning(place: "robot:a", at: $at, asKnownAt: $known) {{ {ROW} }}',
    "now": f'whatWasRunning(place: "robot:a", asKnownAt: $known) {{ {ROW} }}',
    "changes": f'changes(of: "incident:pager:1", to: $at, asKnownAt: $known, first: 3) {{ {CHANGE} }}',
    "alike": 'incidentsLike(incident: "incident:pager:1", asKnownAt: $known) { nodes { incident { id } } }',
    "also": 'alsoRunning(incident: "incident:pager:1", asKnownAt: $known) { nodes { version { id } fleet { id } } }',
    "fleets": 'fleetsConcerned(incident: "incident:pager:1", asKnownAt: $known) { nodes { fleet { id } then now } }',
}
"""The root questions that the fields are."""
TARGET = "nodes { artifact { id } version { id } allowed remarks }"


async def worked(registry: Forebear) -> str:
    """A fleet that ran one build, then another, until a robot of it dropped something. Returns a moment between the two."""
    await ready(registry)
    hours = {n: ago(hours=n) for n in range(1, 13)}
    owned: dict[str, Any] = {
        "kind": "Fleet", "id": FLEET, "owners": [{"name": "fleet-ops", "onCall": "+49 1"}],
        "customers": [{"id": "customer:a", "validFrom": hours[12]}],
    }  # fmt: skip
    await record(registry, owned)
    for n, hour in ((1, 11), (2, 9)):
        await requested(registry, n, f"deployment:{n}")
        await reported(registry, f"deployment:{n}", "ACTIVE", hours[hour])
    await done(registry, RITA, "reportInstallation", robot="robot:a", artifact=artifact(2), since=hours[8])
    incident = {"at": ["robot:a"], "since": hours[4], "externalIds": ["pager:1"], "category": "drop", "severity": "LOW"}
    other = {"at": [FLEET], "since": hours[3], "externalIds": ["pager:2"], "category": "drop"}
    await done(registry, RITA, "reportIncident", reports=[incident, other])
    known = now()
    owned["customers"] = [
        {"id": "customer:a", "validFrom": hours[12], "validTo": hours[2]}, {"id": "customer:b", "validFrom": hours[2]},
    ]  # fmt: skip
    await record(registry, owned)
    await requested(registry, 1, "deployment:3")
    await reported(registry, "deployment:3", "ACTIVE", hours[1])
    return known


async def test_the_fields_of_an_incident_answer_as_the_root_questions_do_and_the_card_is_one_operation(
    registry: Forebear,
) -> None:
    known = await worked(registry)
    at = (await ask(registry, '{ incident(id: "incident:pager:1") { validFrom } }'))["incident"]["validFrom"]
    for asked in ({}, {"known": known}):
        fields = await ask(registry, FIELDS, **asked)
        for field, root in ROOTS.items():
            variables, told = ("$known: DateTime, $at: DateTime", {"at": at}) if "$at" in root else ("$known: DateTime", {})
            found = await ask(registry, f"query ({variables}) {{ {field}: {root} }}", **asked, **told)
            assert fields["incident"][field] == found[field], field

    card = (await ask(registry, INCIDENT, id="incident:pager:1"))["incident"]
    (then,), (now_,) = card["then"]["nodes"], card["now"]["nodes"]
    assert (then["standing"], then["deployment"], then["customers"]) == (
        "AS_INTENDED", {"id": "deployment:2"}, [{"id": "customer:a"}],
    )  # fmt: skip
    assert (now_["standing"], now_["deployment"], now_["customers"]) == (
        "DIFFERENT", {"id": "deployment:3"}, [{"id": "customer:b"}],
    )  # fmt: skip
    assert [(c["change"], c["after"]) for c in card["changes"]["nodes"]][:2] == [
        ("INSTALLATION", artifact(2)), ("DEPLOYMENT_STATE", "ACTIVE"),
    ]  # fmt: skip
    assert card["alsoRunning"]["nodes"] == [
        {"version": {"id": "model:picker@2"}, "fleet": {"id": FLEET}, "intended": False, "observed": True}
    ]
    assert [row["incident"]["id"] for row in card["alike"]["nodes"]] == ["incident:pager:2"]
    (concerned,) = card["fleets"]["nodes"]
    assert (concerned["then"], concerned["now"], concerned["fleet"]["owners"]) == (
        True, True, [{"name": "fleet-ops", "onCall": "+49 1"}],
    )  # fmt: skip
    root = await ask(registry, f'{{ rollbackTargets(place: "{FLEET}", first: 3) {{ {TARGET} }} }}')
    assert concerned["fleet"]["rollbackTargets"] == root["rollbackTargets"] != {"nodes": []}


async def test_the_cards_of_several_incidents_are_of_their_own_moments_and_say_what_cannot_be_answered(
    registry: Forebear,
) -> None:
    async def answer(query: str, **variables: object) -> dict[str, Any]:
        response = await registry.executor.answer(query, variables, None, registry.context(DEVELOPMENT))
        return dict(msgspec.json.decode(response.body))

    await worked(registry)
    found = await ask(
        registry,
        """{ incidents { nodes { id now: whatIsRunning { nodes { deployment { id } } }
      then: whatWasRunning { nodes { robot { id } deployment { id } observedVersion { id running { nodes { basis } } } } }
    } } }""",
    )
    (one, two), ran = found["incidents"]["nodes"], {"id": "deployment:2"}
    seen = {"id": "model:picker@2", "running": {"nodes": [{"basis": "INTENDED"}, {"basis": "OBSERVED"}]}}
    dropped = {"robot": {"id": "robot:a"}, "deployment": ran, "observedVersion": seen}
    assert one["then"] == {"nodes": [dropped]}
    assert two["then"] == {"nodes": [dropped, {"robot": {"id": "robot:b"}, "deployment": ran, "observedVersion": None}]}
    assert one["now"] == {"nodes": [{"deployment": {"id": "deployment:3"}}]}

    targets = "query ($known: DateTime) { fleets(asKnownAt: $known) { nodes { id rollbackTargets { nodes { allowed } } } } }"
    refused = await answer(targets, known=now())
    assert [(e["message"], e["extensions"]["code"]) for e in refused["errors"]] == [(
        "rollbackTargets: it is decided on what is on record now, so leave it out of what you ask asKnownAt",
        "INVALID_ARGUMENT",
    )]  # fmt: skip
    others = [{"kind": "Fleet", "id": f"fleet:other-{n:03}"} for n in range(MOST_BEHIND)]
    await record(registry, *others)
    many = await answer(targets.replace("known)", "known, first: 1000)"))
    assert many["data"]["fleets"]["nodes"][0]["id"] == FLEET
    assert [(e["message"], e["extensions"]["code"], e["path"]) for e in many["errors"]] == [(
        f"{MOST_BEHIND + 1} nodes or moments have to be asked about one by one; at most {MOST_BEHIND} are: lower `first`",
        "TOO_COSTLY", ["fleets", "nodes", MOST_BEHIND, "rollbackTargets"],
    )]  # fmt: skip
