"""`compare`: two versions side by side, on both engines."""

from __future__ import annotations

import json
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from forebear.actions.comparison import INSTALLED
from forebear.app import Forebear
from forebear.graph.kinds import GRAPH
from tests.actions.plant import CANARY, FLEET, SECOND, SINCE, active, artifact, plant, ready
from tests.actions.world import LINE, POLICY, VERSION, ago
from tests.api.memory import Memory, Time
from tests.api.questions.upstream import upstream, value
from tests.api.questions.view import View
from tests.record.asking import ask, history, now, record

NEXT = "model:picker@2"
OTHER = "model:picker@3"

COMPARE = """query($candidate: ID!, $base: ID, $line: ID) { compare(candidate: $candidate, base: $base, line: $line) {
  base { id } candidate { id } line { id } basis
  metrics { pack metric slice target base candidate baseTrials candidateTrials baseEvidence candidateEvidence
    difference low high confidence method margin verdict reason }
  field { of robotHours incidents perThousandHours }
  policy { requirement passed code } missing { code }
  changes { category subject change before after causes } attribution explanation
  witnesses { version differsFrom change shows } intervals wrongByChance remarks } }"""


def evidence(id: str, about: str, success: float, trials: int = 400, pack: str = "pack:parcels@1") -> dict[str, Any]:
    measured = [{"metric": "success", "value": success, "unit": "%", "sampleSize": trials}]
    return {
        "kind": "Evidence", "id": f"evidence:{id}", "type": "REPLAY", "measuredAt": ago(hours=1), "measurements": measured,
        "about": [about], "measuredWith": [pack],
    }  # fmt: skip


def trained(n: int, code: str, weight: float) -> list[dict[str, Any]]:
    """The n-th version, and the run that it came of."""
    return [
        {"kind": "ModelVersion", "id": f"model:picker@{n}", "promotedFrom": [f"checkpoint:{n}"]},
        {"kind": "Checkpoint", "id": f"checkpoint:{n}", "producedBy": f"run:{n}"},
        {
            "kind": "Run", "id": f"run:{n}", "seed": n, "configuration": {"lr": 0.1, "seed": n}, "ran": [code],
            "trainedOn": [{"id": "dataset:parcels@1", "weight": weight}],
        },
    ]  # fmt: skip


async def lab(registry: Forebear, second: str = "code:train@2") -> None:
    """The plant, whose first version is deployed, with two more: the second has other code, the third other data as well."""
    policy = POLICY | {"noRegression": [{"pack": "pack:parcels@1", "metric": "success", "margin": 20}]}
    await plant(registry, policy=policy)
    await history(
        registry,
        {"kind": "EvaluationPack", "id": "pack:parcels@1",
         "metrics": [{"name": "success", "unit": "%", "direction": "HIGHER_IS_BETTER", "statistic": "PROPORTION"}]},
        {"kind": "CodeVersion", "id": "code:train@1", "repository": "https://git.example/train", "commit": "aaa"},
        {"kind": "CodeVersion", "id": "code:train@2", "repository": "https://git.example/train", "commit": "bbb"},
        {"kind": "DatasetVersion", "id": "dataset:parcels@1"},
        *trained(1, "code:train@1", 1.0), *trained(2, "code:train@2", 1.0), *trained(3, "code:train@2", 2.0),
        *({"kind": "ModelVersion", "id": f"model:picker@{n}", "model": "model:picker"} for n in (1, 2, 3)),
        {"kind": "Artifact", "id": artifact(1), "builtFrom": VERSION, "target": "target:orin"},
        {"kind": "Deployment", "id": "deployment:one", "state": "ACTIVE", "artifact": artifact(1), "on": FLEET,
         "validFrom": SINCE},
        evidence("one", VERSION, 80), evidence("two", NEXT, 90), evidence("three", OTHER, 81),
        evidence("two-again", NEXT, 94, pack="pack:parcels@2"),
    )  # fmt: skip
    summary = await record(
        registry,
        {"kind": "Installation", "id": "installation:a", "artifact": artifact(1), "robot": "robot:a",
         "validFrom": "2026-01-01T00:00:00Z", "validTo": "2026-01-03T00:00:00Z"},
        {"kind": "Installation", "id": "installation:b", "artifact": artifact(1), "robot": "robot:b",
         "validFrom": "2026-01-01T00:00:00Z", "lastSeenAt": "2026-01-02T00:00:00Z"},
        {"kind": "Incident", "id": "incident:a", "validFrom": "2026-01-02T00:00:00Z", "at": ["robot:a"]},
        {"kind": "Incident", "id": "incident:b", "validFrom": "2026-01-04T00:00:00Z", "at": ["robot:a"]},
    )  # fmt: skip
    assert summary.rejections == []


async def test_a_candidate_is_compared_with_what_is_deployed(registry: Forebear) -> None:
    await lab(registry)
    found = (await ask(registry, COMPARE, candidate=NEXT, line=LINE))["compare"]
    assert (found["base"], found["candidate"], found["line"], found["basis"]) == (
        {"id": VERSION}, {"id": NEXT}, {"id": LINE}, "DEPLOYED",
    )  # fmt: skip
    metrics = {m["pack"]: m for m in found["metrics"]}
    assert metrics["pack:parcels@1"] == {
        "pack": "pack:parcels@1", "metric": "success", "slice": None, "target": None, "base": 80, "candidate": 90,
        "baseTrials": 400, "candidateTrials": 400, "baseEvidence": ["evidence:one"], "candidateEvidence": ["evidence:two"],
        "difference": 10, "low": pytest.approx(5.07, abs=0.02), "high": pytest.approx(14.9, abs=0.05), "confidence": 0.95,
        "method": "NEWCOMBE", "margin": 20, "verdict": "UNCHANGED", "reason": "the interval lies inside the policy's margin",
    }  # fmt: skip
    assert (metrics["pack:parcels@2"]["verdict"], metrics["pack:parcels@2"]["reason"]) == (
        "NOT_COMPARABLE", "the base was measured with pack:parcels@1 alone",
    )  # fmt: skip
    assert metrics["pack:replay@1"]["verdict"] == "MISSING"
    assert found["field"] == [
        {"of": "BASE", "robotHours": 72, "incidents": 1, "perThousandHours": pytest.approx(1000 / 72)},
        {"of": "CANDIDATE", "robotHours": 0, "incidents": 0, "perThousandHours": None},
    ]
    assert [(check["passed"], check["code"]) for check in found["policy"]] == [(False, "NO_EVIDENCE"), (True, "MET")]
    assert found["missing"] == []
    assert [c for c in found["changes"] if c["causes"]] == [
        {"category": "CODE", "subject": "https://git.example/train", "change": "CHANGED", "before": "aaa", "after": "bbb",
         "causes": True},
    ]  # fmt: skip
    assert (found["attribution"], found["explanation"], found["witnesses"]) == (
        "ONE_CHANGE", "one thing changed: code https://git.example/train: aaa → bbb", [],
    )  # fmt: skip
    assert (found["intervals"], found["wrongByChance"]) == (1, 0.05)
    assert found["remarks"][0] == "One in 20 intervals of 95 % confidence misses the true difference by chance."
    assert found["remarks"][1].startswith("Replays of two versions are paired")
    assert found["remarks"][2:] == [INSTALLED]

    both = (await ask(registry, COMPARE, candidate=OTHER, base=VERSION, line=LINE))["compare"]
    assert (both["basis"], both["attribution"]) == ("NAMED", "CONFOUNDED")
    assert both["witnesses"] == [
        {"version": NEXT, "differsFrom": "BASE", "change": "code https://git.example/train: aaa → bbb",
         "shows": ["success: unchanged, +10 %"]},
        {"version": NEXT, "differsFrom": "CANDIDATE", "change": "data dataset:parcels@1: 1 → 2",
         "shows": ["success: unchanged, -9 %"]},
    ]  # fmt: skip

    for arguments, says in [
        ({"candidate": "model:none@1", "line": LINE}, "candidate: model:none@1 is not known"),
        ({"candidate": NEXT, "base": "model:none@1"}, "base: model:none@1 is not known"),
        ({"candidate": NEXT, "line": "line:none"}, "line: line:none is not known"),
        ({"candidate": NEXT, "base": NEXT}, f"base: {NEXT} is the candidate itself: name another version"),
        (
            {"candidate": NEXT},
            "base: nothing is deployed and nothing was approved in any line: name the version",
        ),
    ]:
        with pytest.raises(AssertionError, match=says.replace("(", r"\(")):
            await ask(registry, COMPARE, **arguments)


BASE = "query($candidate: ID!, $line: ID!) { compare(candidate: $candidate, line: $line) { base { id } basis } }"


async def test_without_a_base_it_is_what_was_approved_last_or_what_a_cohort_of_a_fleet_runs(registry: Forebear) -> None:
    await ready(registry)
    await history(registry, {"kind": "ModelVersion", "id": OTHER, "model": "model:picker"})
    approved = (await ask(registry, BASE, candidate=OTHER, line=LINE))["compare"]
    assert approved == {"base": {"id": SECOND}, "basis": "APPROVED"}
    await active(registry, 1, "deployment:canary", ago(minutes=1), on=CANARY)
    deployed = (await ask(registry, BASE, candidate=OTHER, line=LINE))["compare"]
    assert deployed == {"base": {"id": VERSION}, "basis": "DEPLOYED"}


CHANGES = """query($base: ID!, $candidate: ID!) { compare(base: $base, candidate: $candidate) {
  changes { category subject change before after } } }"""


def generated(random: Random) -> list[dict[str, Any]]:
    """Six versions of runs over few datasets, rules, packages and keys, so that they share much."""
    facts: list[dict[str, Any]] = []
    for n in (1, 2):
        facts += [
            {"kind": "CodeVersion", "id": f"code:g@{n}", "repository": "https://git.example/g", "commit": f"c{n}"},
            {"kind": "SoftwareEnvironment", "id": f"environment:g{n}", "packages": {"torch": f"2.{n}", "numpy": "2"}},
            {"kind": "ComputeProfile", "id": f"compute:g{n}", "accelerator": f"A{n}"},
            {"kind": "CurationRuleset", "id": f"curation:g@{n}", "rules": {"blur": n, "length": 5}},
            {"kind": "DatasetVersion", "id": f"dataset:raw@{n}"},
            {"kind": "DatasetVersion", "id": f"dataset:mix@{n}", "curatedBy": [f"curation:g@{random.choice((1, 2))}"],
             "derivedFrom": [{"id": f"dataset:raw@{random.choice((1, 2))}", "weight": random.choice((1.0, 2.0))}]},
        ]  # fmt: skip
    for n in range(1, 7):

        def one(kind: str) -> str:
            return f"{kind}{random.choice((1, 2))}"

        facts += [
            {"kind": "ModelVersion", "id": f"model:g@{n}", "promotedFrom": [f"checkpoint:g{n}"],
             "rateHz": random.choice((5.0, 9.0)), "weightsDigest": f"sha256:{n:064x}"},
            {"kind": "Checkpoint", "id": f"checkpoint:g{n}", "producedBy": f"run:g{n}"},
            {
                "kind": "Run", "id": f"run:g{n}", "ran": [one("code:g@")], "inEnvironment": [one("environment:g")],
                "onCompute": [one("compute:g")], "initializedFrom": [one("model:start@")],
                "guidedBy": [{"id": one("model:big@"), "role": "teacher"}] if random.random() < 0.5 else [],
                "configuration": {"seed": n, "lr": random.choice((0.1, 0.2)), random.choice(("ema", "swa")): True},
                "trainedOn": [{"id": id, "weight": random.choice((1.0, 3.0))}
                              for id in random.sample(["dataset:mix@1", "dataset:mix@2", "dataset:raw@1"], 2)],
            },
        ]  # fmt: skip
    return facts


async def test_what_changed_upstream_is_what_the_graph_in_memory_says(registry: Forebear) -> None:
    for seed in range(3):
        facts = [json.loads(json.dumps(fact).replace(":g", f":g{seed}x")) for fact in generated(Random(seed))]
        facts = [json.loads(json.dumps(fact).replace("dataset:", f"dataset:{seed}x")) for fact in facts]
        await history(registry, *facts)
        memory = Memory(GRAPH)
        memory.record(facts, now(), "tester", "tests")
        view = View(memory, Time(now(), None))
        for n, m in pairwise(Random(seed).sample(range(1, 7), 6)):
            base, candidate = (f"model:g{seed}x@{k}" for k in (n, m))
            told = (await ask(registry, CHANGES, base=base, candidate=candidate))["compare"]["changes"]
            written = {(c["category"], c["subject"], c["change"], value(c["before"]), value(c["after"])) for c in told}
            assert written == upstream(view, memory.nodes[base], memory.nodes[candidate])
            assert len(written) == len(told)
