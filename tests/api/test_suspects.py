"""Which difference explains incidents, asked of a registry."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from forebear.app import Forebear
from forebear.cli.conclusion import concluded
from forebear.cli.suspects import summed
from forebear.identity.actors import DEVELOPMENT
from forebear.view.questions import SUSPECTS
from tests.actions.world import EVA, done
from tests.record.asking import ask, history

ASKED = """query($about: SuspectsAbout!) { suspects(about: $about) {
    standing needed incidents episodes hours unsureHours tests overdispersed unseenRobots unseen { id } apart { id } caveats
    suspects { rank standing names { dimension value } incidentsWith hoursWith incidentsWithout hoursWithout strata adjustedP
      rateRatio low high interval confoundedWith { dimension value } needed path robots robotsWithIncidents unsureHours
      crude namedSince sinceNamed { incidentsWith hoursWith incidentsWithout hoursWithout } } } }"""


def day(n: int, hour: int = 0) -> str:
    """A moment of the year 2026, from its first day."""
    return f"{datetime(2026, 1, 1, hour) + timedelta(days=n):%Y-%m-%dT%H:%M:%SZ}"


def lineage() -> list[dict[str, Any]]:
    """Two versions of a model: the second was trained on a dataset more, and with another setting."""
    facts: list[dict[str, Any]] = [{"kind": "HardwareTarget", "id": "target:orin"}]
    for n, data in ((1, ["dataset:base@1"]), (2, ["dataset:base@1", "dataset:film@1"])):
        facts += [
            {"kind": "Run", "id": f"run:{n}", "trainedOn": data, "configuration": {"seed": n, "optimizer": {"lr": n}}},
            {"kind": "Checkpoint", "id": f"checkpoint:{n}", "producedBy": f"run:{n}"},
            {"kind": "ModelVersion", "id": f"model:picker@{n}", "promotedFrom": [f"checkpoint:{n}"]},
            {
                "kind": "Artifact", "id": f"artifact:{n}", "builtFrom": f"model:picker@{n}", "target": "target:orin",
                "precision": "FP16", "toolchain": "trt-10",
            },
        ]  # fmt: skip
    return facts


def fleet(site: str, artifacts: list[int], bad: int) -> list[dict[str, Any]]:
    """A fleet at a site, a robot for each artifact number, and an incident a day apart on robots with the second artifact."""
    fleet = f"fleet:{site}"
    facts: list[dict[str, Any]] = [
        {"kind": "Site", "id": f"site:{site}"},
        {
            "kind": "Fleet", "id": fleet, "sites": [{"id": f"site:{site}", "validFrom": day(0)}],
            "customers": [{"id": "customer:acme", "validFrom": day(0)}],
        },
    ]  # fmt: skip
    for n, artifact in enumerate(artifacts):
        robot = f"robot:{site}-{n}"
        facts += [
            {
                "kind": "Robot", "id": robot, "robotClass": "ur5e", "software": "4.2",
                "memberOf": [{"id": fleet, "validFrom": day(0)}],
            },
            {
                "kind": "Installation", "id": f"installation:{site}-{n}", "validFrom": day(0), "validTo": day(28),
                "artifact": f"artifact:{artifact}", "robot": robot,
            },
        ]  # fmt: skip
        if artifact == 2:
            facts += [incident(f"{site}-{n}-{i}", robot, day(10 + 4 * i + n % 4)) for i in range(bad)]
    return facts


def incident(name: str, place: str, at: str, **more: Any) -> dict[str, Any]:
    """An incident at a place."""
    return {"kind": "Incident", "id": f"incident:{name}", "severity": "HIGH", "validFrom": at, "at": [place], **more}


async def suspects(registry: Forebear, **about: Any) -> dict[str, Any]:
    """What may explain incidents."""
    return dict((await ask(registry, ASKED, about=about))["suspects"])


def names(row: dict[str, Any]) -> set[tuple[str, str]]:
    """The suspects of a group."""
    return {(n["dimension"], n["value"]) for n in row["names"]}


async def test_what_raises_the_rate_is_named_with_its_path_and_robots_and_what_is_apart_is_listed(registry: Forebear) -> None:
    await history(registry, *lineage(), *fleet("delft", [1] * 8 + [2] * 4, 2), *fleet("oslo", [1] * 8 + [2] * 4, 2))
    await history(
        registry,
        incident("twice", "robot:delft-8", day(10, 1)),
        incident("site", "site:oslo", day(3)),
        incident("nowhere", "robot:unheard", day(3)),
        incident("low", "robot:delft-0", day(5), severity="LOW"),
        incident("imagined", "robot:delft-0", day(6), state="FALSE_ALARM"),
        {"kind": "Robot", "id": "robot:silent"},
    )
    found = await suspects(registry, selection={})
    assert (found["incidents"], found["episodes"], found["hours"]) == (18, 17, 24 * 28 * 24.0)
    assert [i["id"] for i in found["apart"]] == ["incident:nowhere", "incident:site"]
    assert (found["unseenRobots"], [r["id"] for r in found["unseen"]]) == (2, ["robot:silent", "robot:unheard"])
    first = found["suspects"][0]
    assert names(first) == {
        ("Checkpoint", "checkpoint:2"), ("DatasetVersion", "dataset:film@1"), ("ModelVersion", "model:picker@2"),
        ("Run", "run:2"), ("artifact", "artifact:2"), ("runSetting", "optimizer.lr=2"),
    }  # fmt: skip
    assert (first["standing"], first["rank"], first["strata"], first["interval"]) == ("NAMED", 1, 2, "GREENLAND_ROBINS")
    assert (first["incidentsWith"], first["incidentsWithout"], first["hoursWith"]) == (16, 1, 8 * 28 * 24.0)
    assert (first["rateRatio"], first["robots"]) == (pytest.approx(32.0), 8)
    assert first["robotsWithIncidents"] == [f"robot:{s}-{n}" for s in ("delft", "oslo") for n in (10, 11, 8, 9)]
    assert first["path"] == ["artifact:2", "model:picker@2", "checkpoint:2"]
    everywhere = next(row for row in found["suspects"] if ("DatasetVersion", "dataset:base@1") in names(row))
    assert everywhere["standing"] == "UNKNOWN"
    assert ("precision", "FP16") in names(everywhere)

    asked = await suspects(registry, selection={"severity": "LOW"})
    assert asked["suspects"][0]["needed"] == "more incidents: so far 1 is too few to tell suspects apart"
    assert (asked["incidents"], {row["standing"] for row in asked["suspects"]}) == (1, {"UNKNOWN"})
    there = await suspects(registry, selection={"place": "site:oslo", "from": day(0), "to": day(14)})
    assert (there["incidents"], there["hours"]) == (4, 12 * 14 * 24.0)
    await history(registry, incident("other", "robot:delft-1", day(7), category="latency"))
    raised = await suspects(registry, incident="incident:delft-8-1")
    assert (raised["incidents"], raised["episodes"]) == (18, 16)
    assert (await suspects(registry, selection={}))["incidents"] == 19

    about = {"incident": "incident:delft-8-1"}
    nodes = ["artifact:2", "checkpoint:2", "model:picker@2", "run:2"]
    answered = (await ask(registry, SUSPECTS, about=about))["suspects"]
    told = concluded("incident:delft-8-1", answered, summed(answered), {*nodes})
    attribution = (await done(registry, EVA, "attribute", **told)).subject
    query = "query($id: ID!) { attribution(id: $id) { method description suspects { nodes { id } } findings { name id } } }"
    recorded = (await ask(registry, query, id=attribution))["attribution"]
    assert (recorded["method"], recorded["description"]) == ("suspects", "16 episodes on 16,128 robot-hours, 4 tests")
    assert [node["id"] for node in recorded["suspects"]["nodes"]] == nodes
    assert sorted(finding["id"] for finding in recorded["findings"] if finding["id"]) == nodes
    # Nobody described the dataset version, so the finding names it and no node.
    assert [f["name"] for f in recorded["findings"] if f["id"] is None] == ["DatasetVersion", "runSetting"]


async def test_a_cause_that_came_with_a_site_alone_is_confounded_with_it(registry: Forebear) -> None:
    await history(registry, *lineage(), *fleet("delft", [1] * 12, 0), *fleet("oslo", [2] * 12, 2))
    found = await suspects(registry, selection={})
    first = found["suspects"][0]
    assert (first["standing"], first["adjustedP"]) == ("CONFOUNDED", None)
    assert {("site", "site:oslo"), ("artifact", "artifact:2")} <= names(first)
    assert first["confoundedWith"] == [{"dimension": "site", "value": "site:oslo"}]


async def test_hours_that_nobody_ended_count_until_now_and_are_marked_and_named_suspects_have_their_contrast(
    registry: Forebear,
) -> None:
    await history(registry, *lineage(), *fleet("delft", [1] * 8 + [2] * 4, 2))
    await history(
        registry,
        {
            "kind": "Installation", "id": "installation:open", "validFrom": day(30), "artifact": "artifact:1",
            "robot": "robot:delft-0",
        },
        {"kind": "Attribution", "id": "attribution:1", "explains": ["incident:delft-8-0"], "suspects": ["dataset:film@1"]},
    )  # fmt: skip
    await history(registry, {"kind": "Robot", "id": "robot:delft-0", "software": "4.3"})
    found = await suspects(registry, selection={})
    assert found["unsureHours"] > 24
    old = next(row for row in found["suspects"] if ("robotSoftware", "4.2") in names(row))
    assert old["hoursWith"] > 12 * 28 * 24.0
    film = next(row for row in found["suspects"] if ("DatasetVersion", "dataset:film@1") in names(row))
    assert (film["namedSince"] is not None, film["sinceNamed"], film["unsureHours"]) == (True, None, 0.0)


async def test_a_question_that_cannot_be_decided_says_why(registry: Forebear) -> None:
    async def refused(about: Any) -> list[str]:
        answer = await registry.executor.answer(ASKED, {"about": about}, None, registry.context(DEVELOPMENT))
        return [str(answer.body)]

    assert "about.incident: incident:nope is not known" in (await refused({"incident": "incident:nope"}))[0]
    assert "the interval ends before it begins" in (await refused({"selection": {"from": day(3), "to": day(1)}}))[0]
    assert "INVALID_VARIABLES" in (await refused({"incident": "incident:a", "selection": {}}))[0]
    await history(registry, *lineage())
    empty = await suspects(registry, selection={})
    assert (empty["standing"], empty["suspects"], empty["incidents"], empty["overdispersed"]) == ("UNKNOWN", [], 0, False)
    assert empty["needed"].startswith("robot-hours: nobody saw a robot run anything there then")
