"""The plan of a recall, asked of a registry."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import msgspec
import pytest

import forebear.actions.performer
import forebear.api.plan.planner
import forebear.record.writing
from forebear.app import Forebear
from forebear.domain.recall.affected import LINEAGE, Affected, digest
from forebear.graph.kinds import GRAPH
from forebear.identity.actors import DEVELOPMENT
from forebear.store import Store
from tests.api.histories import NOW, SIZES, History
from tests.api.memory import Time
from tests.api.questions.recall import KINDS, affected
from tests.api.questions.recall import digest as plain_digest
from tests.api.questions.view import View
from tests.api.recorded import Clock, recorded
from tests.record.asking import ask, history

PLAN = """query($of: RecallSubject!, $first: Int!, $after: String, $kinds: [Kind!], $asKnownAt: DateTime) {
  recallPlan(of: $of, first: $first, after: $after, kinds: $kinds, asKnownAt: $asKnownAt) {
    subject knownAt digest totalCount counts { kind lineage authority } endCursor hasNextPage truncated totalCustomers
    affected {
      node { id kind } via path customers
      target { step place artifact version basis deployment remarks reasons { code } }
    }
    steps { step deployments robots }
    customers { customer { id owners { name onCall } } sites { id } fleets { id } totalFleets deployments robots }
  } }"""

SINCE = "2026-01-01T00:00:00Z"


def since(id: str, at: str = SINCE) -> list[dict[str, str]]:
    """An edge that holds since a moment."""
    return [{"id": id, "validFrom": at}]


def version(n: int, data: list[str], **run: Any) -> list[dict[str, Any]]:
    """The n-th version, approved in the line and built, with the run that it comes from."""
    release, decision = f"release:picker@{n}/orin", f"decision:{n}"
    return [
        {"kind": "Run", "id": f"run:{n}", "trainedOn": data, **run},
        {"kind": "Checkpoint", "id": f"checkpoint:{n}", "producedBy": f"run:{n}"},
        {"kind": "ModelVersion", "id": f"model:picker@{n}", "promotedFrom": [f"checkpoint:{n}"]},
        {
            "kind": "Evidence", "id": f"evidence:{n}", "about": [f"model:picker@{n}"],
            "measuredWith": [f"pack:replay@{1 + n // 3}"],
        },
        {
            "kind": "Decision", "id": decision, "type": "APPROVAL", "verdict": "GRANTED", "about": [release],
            "cites": [f"evidence:{n}"], "decidedAt": SINCE,
        },
        {
            "kind": "Release", "id": release, "version": f"model:picker@{n}", "line": "line:orin", "state": "APPROVED",
            "approvedBy": [decision],
        },
        {
            "kind": "Artifact", "id": f"artifact:{n}", "builtFrom": f"model:picker@{n}", "target": "target:orin",
            "toolchain": f"trt-{n}", "state": "AVAILABLE",
        },
    ]  # fmt: skip


def deployment(name: str, artifact: int, on: str, begin: int, end: int | None = None) -> dict[str, Any]:
    """A deployment from a day of the year on, until another."""
    ended = {} if end is None else {"validTo": f"2026-01-{end:02}T00:00:00Z"}
    return {
        "kind": "Deployment", "id": f"deployment:{name}", "artifact": f"artifact:{artifact}", "on": on,
        "state": "ACTIVE" if end is None else "ENDED", "validFrom": f"2026-01-{begin:02}T00:00:00Z", **ended,
    }  # fmt: skip


async def world(registry: Forebear) -> None:
    """Three versions, of which the second and third learned on bad data, on fleets of two customers."""
    facts: list[dict[str, Any]] = [
        {"kind": "HardwareTarget", "id": "target:orin"},
        {"kind": "ReleaseLine", "id": "line:orin", "target": "target:orin"},
        {"kind": "DatasetVersion", "id": "dataset:good@1"},
        {
            "kind": "DatasetVersion", "id": "dataset:bad@1", "dataset": "dataset:bad",
            "collectedFrom": [{"id": "robot:a", "collectedFrom": "2026-01-02T00:00:00Z"}],
        },
        *version(1, ["dataset:good@1"], configuration={"optimizer": {"lr": 0.1}}),
        *version(2, ["dataset:good@1", "dataset:bad@1"], configuration={"optimizer": {"lr": 0.2}}),
        *version(3, ["dataset:bad@1"], configuration={"optimizer": {"lr": 0.1}, "seed": 3}),
        *({"kind": "Customer", "id": f"customer:{c}", "owners": [{"name": c, "onCall": "tel:1"}]} for c in ("acme", "bolt")),
    ]  # fmt: skip
    for name, customer in (("a", "acme"), ("b", "bolt"), ("c", "bolt")):
        facts += [
            {
                "kind": "Fleet", "id": f"fleet:{name}", "sites": since(f"site:{name}"), "lines": since("line:orin"),
                "customers": since(f"customer:{customer}"),
            },
            {"kind": "Robot", "id": f"robot:{name}", "memberOf": since(f"fleet:{name}")},
        ]  # fmt: skip
    facts += [
        {"kind": "Cohort", "id": "cohort:c", "fleets": since("fleet:c")},
        {"kind": "Robot", "id": "robot:canary", "memberOf": since("cohort:c")},
        deployment("a1", 1, "fleet:a", 2, 4),
        deployment("a2", 2, "fleet:a", 4, 6),
        deployment("a3", 3, "fleet:a", 6),
        deployment("b3", 3, "fleet:b", 6),
        deployment("c1", 1, "fleet:c", 2),
        deployment("canary", 2, "cohort:c", 6),
        installation("c", 2, "robot:c"),
        installation("lost", 3, "robot:lost"),
    ]
    await history(registry, *facts)


def installation(name: str, artifact: int, robot: str) -> dict[str, Any]:
    """An artifact that a robot was seen to run."""
    return {
        "kind": "Installation", "id": f"installation:{name}", "artifact": f"artifact:{artifact}", "robot": robot,
        "validFrom": SINCE,
    }  # fmt: skip


async def plan(registry: Forebear, first: int = 100, *, more: dict[str, Any] | None = None, **of: Any) -> dict[str, Any]:
    """The plan of a recall."""
    return dict((await ask(registry, PLAN, of=of.get("of", of), first=first, **(more or {})))["recallPlan"])


async def refusal(registry: Forebear, **of: Any) -> str:
    """Why there is no plan."""
    variables = {"of": of, "first": 1}
    answer = await registry.executor.answer(PLAN, variables, None, registry.context(DEVELOPMENT))
    (error,) = msgspec.json.decode(answer.body)["errors"]
    return str(error["message"])


def counts(plan: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """By kind, how many are affected by lineage and by authority."""
    return {row["kind"]: (row["lineage"], row["authority"]) for row in plan["counts"]}


def steps(plan: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
    """What each deployment and robot is to do, where, what it goes back to, whose deployment decides, and why not better."""
    return {
        row["node"]["id"]: (t["step"], t["place"], t["artifact"], t["deployment"], [r["code"] for r in t["reasons"]])
        for row in plan["affected"]
        if (t := row["target"])
    }


async def test_a_plan_says_what_is_affected_what_to_go_back_to_and_whom_to_tell(registry: Forebear) -> None:
    await world(registry)
    found = await plan(registry, node="dataset:bad@1")
    made = ["run:3", "dataset:bad@1"]
    of3 = ["artifact:3", "model:picker@3", "checkpoint:3", *made]
    assert counts(found) == {
        "ModelVersion": (2, 0), "Release": (2, 0), "Artifact": (2, 0), "Deployment": (3, 0), "Installation": (2, 0),
        "Robot": (5, 0), "Cohort": (1, 0), "Fleet": (3, 0), "Site": (3, 0), "Customer": (2, 0),
    }  # fmt: skip
    paths = {row["node"]["id"]: row["path"] for row in found["affected"]}
    assert (paths["customer:acme"], paths["robot:lost"], paths["release:picker@3/orin"]) == (
        ["customer:acme", "fleet:a", "deployment:a3", *of3],
        ["robot:lost", "installation:lost", *of3],
        ["release:picker@3/orin", *of3[1:]],
    )
    assert paths["fleet:c"][:3] == ["fleet:c", "cohort:c", "deployment:canary"]
    assert steps(found) == {
        "deployment:a3": ("GO_BACK", "fleet:a", "artifact:1", None, []),
        "deployment:b3": ("STOP", "fleet:b", None, None, ["NO_TARGET"]),
        "deployment:canary": ("GO_BACK", "cohort:c", "artifact:1", None, []),
        "robot:a": ("GO_BACK", "fleet:a", "artifact:1", "deployment:a3", []),
        "robot:b": ("STOP", "fleet:b", None, "deployment:b3", ["NO_TARGET"]),
        "robot:c": ("GO_BACK", "fleet:c", "artifact:1", "deployment:c1", []),
        "robot:canary": ("GO_BACK", "cohort:c", "artifact:1", "deployment:canary", []),
        "robot:lost": ("STOP", "robot:lost", None, None, ["NO_TARGET"]),
    }
    assert found["steps"] == [
        {"step": "GO_BACK", "deployments": 2, "robots": 3},
        {"step": "STOP", "deployments": 1, "robots": 2},
    ]
    (back,) = [row["target"] for row in found["affected"] if row["node"]["id"] == "deployment:a3"]
    assert (back["version"], back["basis"], back["remarks"]) == (
        "model:picker@1", "APPROVAL", ["it ran there for 2 days, last until 2026-01-04T00:00Z, without an incident"],
    )  # fmt: skip
    told = [
        ((c["customer"] or {}).get("owners"), [f["id"] for f in c["fleets"]], [s["id"] for s in c["sites"]], c["robots"])
        for c in found["customers"]
    ]
    assert told == [
        ([{"name": "acme", "onCall": "tel:1"}], ["fleet:a"], ["site:a"], 1),
        ([{"name": "bolt", "onCall": "tel:1"}], ["fleet:b", "fleet:c"], ["site:b", "site:c"], 3),
        (None, [], [], 1),
    ]
    every = [Affected(row["node"]["kind"], row["node"]["id"], LINEAGE) for row in found["affected"]]
    assert (found["subject"], found["digest"], found["totalCount"]) == ("dataset:bad@1", digest(every), 25)

    # Page by page, and of some kinds only, the same plan.
    moment = {"asKnownAt": found["knownAt"]}
    pages, after = [], None
    while after != found["endCursor"]:
        page = await plan(registry, 11, node="dataset:bad@1", more={"after": after, **moment})
        pages.append(page)
        after = page["endCursor"]
    assert [row for page in pages for row in page["affected"]] == found["affected"]
    assert [page["hasNextPage"] for page in pages] == [True, True, False]
    robots = await plan(registry, 1, node="dataset:bad@1", more={"kinds": ["Robot"]})
    assert (robots["totalCount"], [r["node"]["id"] for r in robots["affected"]], robots["digest"]) == (
        5, ["robot:a"], found["digest"],
    )  # fmt: skip

    # What is recorded later changes the plan, and not the one of that moment.
    await history(registry, {**deployment("b0", 1, "fleet:b", 2, 3)}, installation("b", 2, "robot:b"))
    later = await plan(registry, node="dataset:bad@1")
    # A sighting changes what is affected, and not the digest that a recall is voted for.
    assert (later["digest"], later["affected"] == found["affected"]) == (found["digest"], False)
    assert steps(later)["deployment:b3"] == ("GO_BACK", "fleet:b", "artifact:1", None, [])
    assert await plan(registry, node="dataset:bad@1", more=moment) == found


async def test_a_recall_is_of_a_node_a_toolchain_a_setting_or_the_data_of_a_customer(registry: Forebear) -> None:
    await world(registry)
    build = await plan(registry, toolchain="trt-2")
    assert (build["subject"], counts(build)["Artifact"], "ModelVersion" in counts(build)) == ("toolchain=trt-2", (1, 0), False)
    assert [row["path"] for row in build["affected"] if row["node"]["kind"] == "Artifact"] == [["artifact:2"]]
    setting = await plan(registry, setting={"name": "optimizer.lr", "value": 0.1})
    assert setting["subject"] == "setting=optimizer.lr=0.1"
    assert [r["node"]["id"] for r in setting["affected"] if r["node"]["kind"] == "ModelVersion"] == [
        "model:picker@1", "model:picker@3",
    ]  # fmt: skip
    of_acme, named = await plan(registry, dataOf="customer:acme"), await plan(registry, node="dataset:bad")
    assert (of_acme["digest"], of_acme["affected"][0]["path"][-3:]) == (
        named["digest"], ["robot:a", "fleet:a", "customer:acme"],
    )  # fmt: skip
    pack = await plan(registry, node="pack:replay@1")
    assert counts(pack) == {"Release": (0, 2)}
    assert pack["affected"][1]["path"] == ["release:picker@2/orin", "decision:2", "evidence:2", "pack:replay@1"]
    nothing = await plan(registry, toolchain="gcc")
    assert (nothing["affected"], nothing["customers"], nothing["digest"]) == ([], [], digest([]))
    assert await refusal(registry, node="dataset:nobody@1") == (
        "recallPlan: of.node: dataset:nobody@1 is not known, or only named by others so far: "
        "record dataset:nobody@1 first, as a fact of its own"
    )
    assert await refusal(registry, toolchain=" ") == (
        "recallPlan: toolchain: is blank; name what is recalled: name a node, a toolchain, a customer or a setting"
    )


SUBJECTS = ("DatasetVersion", "Dataset", "CodeVersion", "ModelVersion", "Model", "Artifact", "EvaluationPack", "ReleasePolicy",
            "Run", "Checkpoint", "Decision")  # fmt: skip
"""The kinds of the nodes that are recalled from generated histories, a node of each."""


async def test_a_plan_of_generated_histories_is_that_of_a_plain_graph_at_every_moment_of_knowledge(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (forebear.record.writing, forebear.api.plan.planner):
        monkeypatch.setattr(module, "datetime", Clock)
    chance = random.Random(7)
    generated = History(GRAPH, chance, SIZES)
    batches = tuple(generated.batches(10, 150))
    registry = await recorded(store, batches)
    # While facts are recorded, recalls are extended, and no action waits for a clock that stands still.
    monkeypatch.setattr(forebear.actions.performer, "datetime", Clock)
    asked: list[dict[str, Any]] = [{"node": chance.choice(generated.ids[kind])} for kind in SUBJECTS]
    asked += [{"dataOf": id} for id in generated.ids["Customer"]]
    asked += [{"node": chance.choice(generated.ids[kind])} for kind in ("Fleet", "Robot", "Site", "Cohort")]
    asked += [{"toolchain": "b"}, {"setting": {"name": "a", "value": 2}}, {"setting": {"name": "z", "value": 1}}]
    seen: Counter[str] = Counter()
    for of in asked:
        for known in (None, batches[4].moment, batches[7].moment):
            view = View(generated.memory, Time(known or NOW, known))
            subject = of.get("node") or of.get("dataOf")
            if subject and not stood(view, subject):
                continue
            found = await plan(registry, 1000, of=of, more={"asKnownAt": known})
            rows = affected(view, of)
            told = [{name: row[name] for name in ("node", "via", "path", "customers")} for row in found["affected"]]
            assert (of, known, told) == (of, known, rows)
            assert (found["digest"], found["totalCount"]) == (plain_digest(rows), len(rows))
            lost = {row["node"]["id"] for row in rows if row["node"]["kind"] == "Artifact"}
            for target in (row["target"] for row in found["affected"] if row["target"]):
                assert target["artifact"] not in lost
                assert (target["step"] == "GO_BACK") == (target["artifact"] is not None)
            seen.update(row["node"]["kind"] for row in rows)
    assert seen.keys() == {*KINDS}


def stood(view: View, id: str) -> bool:
    """Whether a node was there."""
    state = view.memory.nodes[id].state(view.time.known) if id in view.memory.nodes else None
    return state is not None and not state.retracted
