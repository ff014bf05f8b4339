"""Whatever somebody limited to a line does by actions, nothing of another line changes or ends."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from typing import Any, TypeVar

import pytest

from forebear.app import Forebear
from forebear.domain.roles import Actor, Role
from forebear.graph.declaration import EdgeClass
from forebear.graph.kinds import GRAPH
from forebear.record.summary import Origin
from forebear.verbs.catalogue import ACTIONS
from tests.actions.world import ago, do, done
from tests.record.asking import now, record
from tests.record.test_lines import MINE, SINCE, belonging, retraction, state, to
from tests.soak import SOAK

T = TypeVar("T")

STEPS = 50
ADMIN = Actor("admin", frozenset(Role))
VOTER = Actor("voter", frozenset({Role.APPROVER}))
LIA = Actor("lia", frozenset(Role), MINE)
"""Somebody limited to a line, whom no role hinders."""

POLICY: dict[str, Any] = {
    "riskTier": "LOW",
    "evidence": [{"pack": "pack:p@1", "metric": "success", "minimum": 80}],
    "approvals": {"count": 1, "roles": ["APPROVER"]},
    "standingApprovals": {"rule": "KEEP"},
}
BOTH = ("mine", "other")
STANDS = {"model:mine@1": ("mine",), "model:other@1": ("other",), "model:both@1": BOTH, "model:both@2": BOTH}
"""The lines that versions stand in. The second of both is not approved yet."""

RUNS = {"mine": "model:mine@1", "other": "model:other@1", "both": "model:both@1"}
"""Which version runs on which fleet, and on a cohort of it."""


def build(version: str, n: int = 1) -> str:
    """The id of the n-th build of a version."""
    return f"artifact:sha256:{[*STANDS].index(version) * 16 + n:064x}"


def digest_of(affected: list[str]) -> str:
    """The digest of what a recall affects."""
    return f"sha256:{sha256(chr(10).join(sorted(affected)).encode()).hexdigest()}"


def checkpoint(version: str) -> str:
    return f"checkpoint:{version.removeprefix('model:').replace('@', '-')}"


def release(version: str, line: str) -> str:
    return f"release:{version.removeprefix('model:')}/{line}"


def evidence(id: str, about: str, success: float = 90, **values: Any) -> dict[str, Any]:
    """A measurement as a fact."""
    fact = {"kind": "Evidence", "id": id, "type": "REPLAY", "measuredAt": ago(days=1), "about": [about]}
    return fact | {"measuredWith": ["pack:p@1"], "measurements": [{"metric": "success", "value": success}]} | values


async def world(registry: Forebear) -> None:
    """Two lines for one hardware and a fleet in each and in both; each runs an approved version, and so does its cohort."""
    pack = {"kind": "EvaluationPack", "id": "pack:p@1"}
    pack["metrics"] = [{"name": "success", "unit": "%", "direction": "HIGHER_IS_BETTER"}]  # type: ignore[assignment]
    fleets = {"mine": to("line:mine"), "other": to("line:other"), "both": to("line:mine", "line:other")}
    summary = await record(
        registry,
        {"kind": "HardwareTarget", "id": "target:t"},
        *({"kind": "ReleaseLine", "id": line, "target": "target:t"} for line in ("line:mine", "line:other")),
        pack,
        *({"kind": "Fleet", "id": f"fleet:{name}", "lines": lines} for name, lines in fleets.items()),
        *({"kind": "Cohort", "id": f"cohort:{name}", "fleets": to(f"fleet:{name}")} for name in fleets),
        *({"kind": "Robot", "id": f"robot:{name}", "memberOf": to(f"fleet:{name}", f"cohort:{name}")} for name in fleets),
        {"kind": "Robot", "id": "robot:shared", "memberOf": to("fleet:mine", "fleet:other")},
        {"kind": "Run", "id": "run:r"},
        *({"kind": "Checkpoint", "id": checkpoint(version), "producedBy": "run:r"} for version in STANDS),
    )  # fmt: skip
    assert summary.rejections == []
    policy = {"kind": "ReleasePolicy", "id": "policy:p@1", "document": POLICY}
    await done(registry, ADMIN, "adoptPolicy", policy=policy, lines=["line:mine", "line:other"], reason="First.")
    for n, (version, lines) in enumerate(STANDS.items()):
        fact = {
            "kind": "ModelVersion",
            "id": version,
            "weightsDigest": f"sha256:{n:064x}",
            "promotedFrom": [checkpoint(version)],
        }
        await done(registry, ADMIN, "registerCandidate", versions=[fact], lines=[f"line:{line}" for line in lines])
        await done(registry, ADMIN, "attachEvidence", evidence=evidence(f"evidence:{n}", version))
        for line in lines if n < 3 else ():
            await done(registry, VOTER, "approve", release=release(version, line))
    for name, version in RUNS.items():
        artifact = {"kind": "Artifact", "id": build(version), "builtFrom": version, "target": "target:t"}
        await done(registry, ADMIN, "registerArtifact", artifact=artifact)
        for place in ("fleet", "cohort"):
            id = f"deployment:{place}-{name}"
            await done(registry, ADMIN, "requestDeployment", artifact=build(version), on=f"{place}:{name}", reason="r", id=id)
            await done(registry, ADMIN, "reportDeployment", deployment=id, state="ACTIVE", at=now())
        await done(registry, ADMIN, "reportInstallation", robot=f"robot:{name}", artifact=build(version), since=ago(hours=1))


class Sequence:
    """What somebody tries: actions about what is there in all lines, and about a few new things."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.count = 0
        self.verbs: dict[str, Callable[[], dict[str, Any]]] = {a.name: getattr(self, f"_{a.name}") for a in ACTIONS}

    def next(self) -> tuple[str, dict[str, Any]]:
        """A verb with its input."""
        self.count += 1
        verb = self.random.choice([*self.verbs])
        return verb, self.verbs[verb]()

    def _one(self, *of: T) -> T:
        return self.random.choice(of)

    def _version(self) -> str:
        return str(self._one(*STANDS, *STANDS, f"model:new@{self.count % 3}"))

    def _release(self) -> str:
        return release(self._version(), self._one("mine", "other"))

    def _build(self) -> str:
        return build(self._one(*STANDS), self._one(1, 1, 2))

    def _place(self) -> str:
        return f"{self._one('fleet', 'cohort')}:{self._one(*RUNS)}"

    def _lines(self) -> list[str]:
        return list(self._one(["line:mine"], ["line:mine"], ["line:other"], ["line:mine", "line:other"]))

    def _about_release(self) -> dict[str, Any]:
        return {"release": self._release(), "reason": "r"}

    _approve = _reject = _withdrawApproval = _archive = _restore = _about_release

    def _deprecate(self) -> dict[str, Any]:
        return self._about_release() | self._one({}, {"rollbackAllowed": False})

    def _override(self) -> dict[str, Any]:
        return self._about_release() | {"expiresAt": "2099-01-01T00:00:00Z"}

    def _registerCandidate(self) -> dict[str, Any]:
        said = self._one({}, {"name": "New"}, {"uri": "s3://x"}, {"rateHz": 5.0}, {"normalizationDigest": f"sha256:{7:064x}"},
                         {"supersedes": ["model:other@1"]}, {"externalIds": ["mlflow:1"]}, {"justifiedBy": ["experiment:e"]},
                         {"promotedFrom": ["checkpoint:mine-1"]}, {"weightsDigest": f"sha256:{9:064x}"})  # fmt: skip
        return {"versions": [{"kind": "ModelVersion", "id": self._version(), **said}], "lines": self._lines()}

    def _attachEvidence(self) -> dict[str, Any]:
        id = self._one(f"evidence:new-{self.count}", f"evidence:new-{self.count}", "evidence:0", "evidence:2")
        said = self._one({}, {}, {"supersedes": [f"evidence:{self._one(*range(4))}"]})
        about = self._one(self._version(), self._version(), self._build())
        return {"evidence": evidence(id, about, self._one(90, 10), measuredAt=ago(minutes=self._one(5, 9_000)), **said)}

    def _adoptPolicy(self) -> dict[str, Any]:
        said = POLICY | self._one({}, {"standingApprovals": {"rule": "REAPPROVE"}}, {"evidence": []})
        id = self._one("policy:p@1", f"policy:new@{self.count}")
        document = POLICY if id == "policy:p@1" else said
        return {"policy": {"kind": "ReleasePolicy", "id": id, "document": document}, "lines": self._lines(), "reason": "r"}

    def _evaluate(self) -> dict[str, Any]:
        return {"line": self._one("line:mine", "line:other")}

    def _correct(self) -> dict[str, Any]:
        values = self._one({"weightsDigest": f"sha256:{8:064x}"}, {"rateHz": 9.0}, {"name": "X"}, {"uri": "s3://y"})
        return self._one({"of": self._version(), "values": values, "reason": "r"},
                         {"of": self._build(), "values": {"toolchain": "x"}, "reason": "r"})  # fmt: skip

    def _registerArtifact(self) -> dict[str, Any]:
        version = self._version() if self._one(0, 1) else self._one(*STANDS)
        n = self._one(1, 2)
        id = build(version, n) if version in STANDS else f"artifact:sha256:{999:064x}"
        said = self._one({}, {"state": "EVALUATION_ONLY"}, {"externalIds": ["ci:1"]}, {"name": "N"}, {"toolchain": "t"})
        return {"artifact": {"kind": "Artifact", "id": id, "builtFrom": version, "target": "target:t", **said}}

    def _about_build(self) -> dict[str, Any]:
        return {"artifact": self._build(), "reason": "r"}

    _quarantineArtifact = _deleteArtifact = _about_build

    def _requestDeployment(self) -> dict[str, Any]:
        asked = {"artifact": self._build(), "on": self._place(), "reason": "r"}
        return asked | self._one({}, {"id": self._deployment()})

    def _deployment(self) -> str:
        return f"deployment:{self._one('fleet', 'cohort')}-{self._one(*RUNS)}"

    def _reportDeployment(self) -> dict[str, Any]:
        said = self._one({}, {"failedRobots": ["robot:other"]}, {"activeFrom": ago(days=3)})
        states = ("IN_PROGRESS", "ACTIVE", "FAILED", "ENDED")
        return {"deployment": self._deployment(), "state": self._one(*states), "at": now(), **said}

    def _reportInstallation(self) -> dict[str, Any]:
        robot = f"robot:{self._one(*RUNS, 'shared')}"
        named = self._one({"artifact": self._build()}, {"digest": f"sha256:{5:064x}"}, {"externalId": "ci:1"})
        return {"robot": robot, "since": ago(minutes=self._one(1, 100)), **named}

    def _reportSightings(self) -> dict[str, Any]:
        report = self._reportInstallation()
        return {"sightings": [{"at": report.pop("since"), **report}]}

    def _rollBack(self) -> dict[str, Any]:
        return {"on": self._place(), "reason": "r"} | self._one({}, {"to": self._build()})

    def _reports(self) -> dict[str, Any]:
        place = self._one(*(f"{kind}:{name}" for kind in ("robot", "fleet") for name in RUNS), "robot:shared", "site:new")
        return {"reports": [{"at": [place], "since": SINCE, "externalIds": [f"pager:{self._one(*range(6))}"]}]}

    _reportIncident = _reportMaintenance = _reports

    def _incidents(self) -> dict[str, Any]:
        return {"incidents": [f"incident:pager:{self._one(*range(6))}"], "asOf": ago(days=self._one(1, 2, 3))}

    _resolveIncident = _reopenIncident = _incidents

    def _escalateIncident(self) -> dict[str, Any]:
        return self._incidents() | {"severity": self._one("LOW", "HIGH")}

    def _dismissIncident(self) -> dict[str, Any]:
        return self._incidents() | self._one({}, {"duplicateOf": "incident:pager:9"})

    def _attribute(self) -> dict[str, Any]:
        suspects = self._one("robot:mine", "robot:other", "run:r", self._version())
        return {"incidents": self._incidents()["incidents"], "suspects": [suspects]}

    def _decommission(self) -> dict[str, Any]:
        return {"place": self._one(self._place(), f"robot:{self._one(*RUNS, 'shared')}"), "reason": "r"}

    _recommission = _decommission

    def _requestStop(self) -> dict[str, Any]:
        return {"place": [self._one(self._place(), f"robot:{self._one(*RUNS, 'shared')}")], "reason": "r"}

    def _recall(self) -> dict[str, Any]:
        version = self._one(*STANDS)
        every = [f"Release:{release(version, line)}:LINEAGE" for line in STANDS[version]]
        return {"subject": version, "affected": digest_of(every), "reason": "r"}

    def _endRecall(self) -> dict[str, Any]:
        return {"recall": f"recall:{self._one(*STANDS).replace('@', '%40')}/1", "reason": "r"}

    def _extendRecall(self) -> dict[str, Any]:
        return {"recall": self._endRecall()["recall"]}

    def _nameModel(self) -> dict[str, Any]:
        model = self._one("model:mine", "model:other", "model:both", None)
        return {"system": "mlflow", "name": self._one("a", "b", "c")} | ({"model": model} if model else {})

    def _annotate(self) -> dict[str, Any]:
        of = self._one("model:mine", "model:other", "model:both", *STANDS)
        return {"of": of} | self._one({"description": f"{self.count}"}, {"tags": [{"key": "k", "value": f"{self.count}"}]})

    def _registerVersion(self) -> dict[str, Any]:
        return {"model": self._one("model:mine", "model:other"), "checkpoint": "checkpoint:mine-1", "lines": self._lines()}

    def _setAlias(self) -> dict[str, Any]:
        version = self._one(*STANDS)
        return {"model": version.partition("@")[0], "alias": self._one("a", "b")} | self._one({"version": version}, {})

    def _setStage(self) -> dict[str, Any]:
        version = self._one(*STANDS)
        stage = self._one({"stage": "STAGING"}, {"stage": "PRODUCTION", "archiveOthers": True}, {}, {"stage": "DELETED"})
        return {"model": version.partition("@")[0], "version": version} | stage

    def _excuseRecallItem(self) -> dict[str, Any]:
        return self._endRecall() | {"item": self._one(self._deployment(), self._release(), f"robot:{self._one(*RUNS)}")}


SEES = ("reportInstallation", "registerArtifact")
"""Verbs that say what robots run, which no line limits: a report ends what was seen before, and a registration names it."""

PARTS = ("GOVERNS", "MEMBER_OF", "PART_OF")
"""Edges that are a matter of the line, the fleet or the cohort that they lead to."""


async def builds(registry: Forebear) -> dict[str, tuple[str, set[str]]]:
    """The state of each build, and the lines that its version stands in."""
    rows = await registry.store.read(
        "MATCH (a:Artifact)-[b:BUILT_FROM]->(v:ModelVersion) "
        "RETURN a.id AS id, a.state AS state, COLLECT { MATCH (v)<-[o:OF]-(r:Release)-[i:IN_LINE]->(l) RETURN l.id } AS lines"
    )
    return {row["id"]: (row["state"], {*row["lines"]}) for row in rows}


@pytest.mark.parametrize("seed", range(SOAK))
async def test_whatever_somebody_limited_does_nothing_of_another_line_changes_or_ends(registry: Forebear, seed: int) -> None:
    await world(registry)
    sequence, came = Sequence(seed), Counter[str]()
    context = {name for name, type in GRAPH.edge_types.items() if type.edge_class is EdgeClass.CONTEXT}
    nodes, edges = await state(registry)
    states = await builds(registry)
    for _ in range(STEPS):
        verb, input = sequence.next()
        # Decisions of all lines are taken under a policy that governs several.
        leading, reached = belonging({edge for edge in edges if edge[1] != "UNDER"})
        outcome = await do(registry, LIA, verb, **input)
        came[type(outcome).__name__] += 1
        step = (verb, input, outcome)
        after, edges_after = await state(registry)
        states_after = await builds(registry)
        seen = {id for id in after if id.startswith("installation:") and verb in SEES}
        # What happened may be reported of any place, but only who may write there tells more of it.
        seen |= {id for id in after if id.startswith(("incident:", "maintenance:"))} - leading - reached
        # Whoever may explain an incident may suspect anything.
        seen |= {id for id in after if id.startswith("attribution:")} - nodes.keys()
        theirs = (leading | reached) - seen
        for id in theirs:
            assert after[id] == nodes[id], (id, step)
        for edge in edges ^ edges_after:
            source, name, target, _ = edge
            assert source not in theirs or (name in PARTS and target not in leading), (edge, step)
            assert source in seen or name not in context or target not in leading, (edge, step)
        for id, (known, lines) in states.items():
            assert lines <= MINE or states_after[id][0] == known, (id, step)
        nodes, edges, states = after, edges_after, states_after
    assert came["Done"] > STEPS // 8, came
    assert came["Refused"] > STEPS // 4, came


async def test_a_governed_fact_is_held_to_the_same_lines(registry: Forebear) -> None:
    await world(registry)
    before = await state(registry)
    for fact in (
        {"kind": "ModelVersion", "id": "model:both@1", "name": "Mine"},
        {"kind": "Release", "id": release("model:mine@1", "other"), "version": "model:mine@1", "line": "line:other"}
        | {"state": "CANDIDATE"},
        {"kind": "Decision", "id": "decision:x", "type": "WITHDRAWAL", "about": [release("model:both@1", "other")]}
        | {"reasons": ["r"]},
        {"kind": "Artifact", "id": build("model:both@1"), "state": "QUARANTINED"},
        {"kind": "Deployment", "id": "deployment:fleet-other", "state": "ENDED", "validFrom": SINCE, "validTo": now()},
        {"kind": "Decommissioning", "id": "decommissioning:x", "place": "fleet:both", "reason": "r"},
        {"kind": "Stop", "id": "stop:x", "place": "fleet:both", "reason": "r"},
        evidence("evidence:new", "model:both@2", success=10),
        {"kind": "Correction", "of": "model:both@1", "values": {"rateHz": 9}, "reason": "r"},
        retraction("cohort:both"),
    ):
        (rejection,) = (await registry.recorder.record([fact], Origin(LIA, "tests"))).rejections
        assert "lia's writes are limited to line:mine" in rejection.reasons[0], fact
        assert await state(registry) == before
