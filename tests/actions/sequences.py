"""Generated sequences of actions: what several people and machines ask for in a small world, sensible and not."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from forebear.app import Forebear
from forebear.domain.roles import Actor, Role
from forebear.graph.moments import moment
from forebear.verbs.catalogue import ACTIONS
from tests.actions.expectation import BELONGS, COHORTS, FLEETS, LINES, ROBOTS, SEVERITIES, SOFTWARE, TRAINER, Expectation
from tests.actions.world import person
from tests.record.asking import history, now, record

SINCE = "2026-01-01T00:00:00Z"
FAR = "2999-01-01T00:00:00.000000Z"
PACK = "pack:replay@1"
VERSIONS = ("model:picker@1", "model:picker@2", "model:picker@3", "model:gripper@1", "model:gripper@2")
TIERS = {"line:high": "HIGH", "line:mid": "MEDIUM", "line:low": "LOW"}

ACTORS = {
    actor.name: actor
    for actor in (
        person("anna", Role.APPROVER),
        person("ben", Role.APPROVER, Role.VIEWER),
        person("carl", Role.APPROVER, lines=frozenset({"line:low"})),
        person(TRAINER, Role.APPROVER),
        person("eva", Role.ENGINEER),
        person("emma", Role.ENGINEER, Role.APPROVER),
        person("olaf", Role.OPERATOR),
        person("olga", Role.OPERATOR, lines=frozenset({"line:high", "line:mid"})),
        person("ada", Role.ADMIN),
        person("rita", Role.RECORDER),
        Actor("bot", frozenset({Role.APPROVER}), machine=True),
    )
}

OFTEN = {
    "approve": 26, "attachEvidence": 16, "reportDeployment": 16, "requestDeployment": 14, "registerArtifact": 12,
    "registerCandidate": 10, "restore": 6, "rollBack": 6, "adoptPolicy": 4, "decommission": 4, "quarantineArtifact": 2,
    "deleteArtifact": 2, "recall": 4, "endRecall": 8, "extendRecall": 1, "excuseRecallItem": 1, "reportIncident": 5,
    "reopenIncident": 2, "dismissIncident": 2, "reportMaintenance": 2, "attribute": 5,
}  # fmt: skip
"""The actions that are asked for more or less often than the others."""

APART = frozenset({"nameModel", "annotate", "registerVersion", "setAlias", "setStage", "reportSightings"})
"""The actions that decide nothing about releases and have a second answer of their own: test_model.py, test_sighting.py."""

WEIGHTS = {action.name: OFTEN.get(action.name, 3) for action in ACTIONS if action.name not in APART}
"""How often each action is asked for."""


def release_of(version: str, line: str) -> str:
    """The id of a version's release in a line."""
    return f"release:{version.partition(':')[2]}/{line.partition(':')[2]}"


def artifact(n: int) -> str:
    """The id of the n-th build."""
    return f"artifact:sha256:{n:064x}"


def document(tier: str, **said: Any) -> dict[str, Any]:
    """A policy of a risk tier."""
    return {
        "riskTier": tier,
        "evidence": [{"pack": PACK, "metric": "success", "minimum": 80.0}],
        "approvals": {"count": 2 if tier == "HIGH" else 1, "roles": ["APPROVER"]},
        "standingApprovals": {"rule": "KEEP"},
    } | said


@dataclass(frozen=True)
class Step:
    """Something that somebody asks for."""

    actor: Actor
    verb: str
    input: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.actor.name} {self.verb} {self.input}".replace("0" * 63, "…")


async def world(registry: Forebear) -> Expectation:
    """Two models' training, three lines of different risk, two hardware targets, two fleets with a cohort each."""
    policies = {
        "line:high": document("HIGH"),
        "line:mid": document("MEDIUM"),
        "line:low": document("LOW", automaticPromotion=True),
    }
    governing = {line: f"policy:{line.partition(':')[2]}@1" for line in LINES}
    await history(
        registry,
        *({"kind": "HardwareTarget", "id": target} for target in {*LINES.values()}),
        *({"kind": "ReleaseLine", "id": line, "target": target} for line, target in LINES.items()),
        {
            "kind": "EvaluationPack", "id": PACK, "slices": ["film"],
            "metrics": [
                {"name": "success", "unit": "%", "direction": "HIGHER_IS_BETTER"},
                {"name": "latency", "unit": "ms", "direction": "LOWER_IS_BETTER"},
            ],
        },
        *(
            {
                "kind": "ReleasePolicy", "id": governing[line], "riskTier": said["riskTier"], "document": said, "packs": [PACK],
                "governs": [{"id": line, "validFrom": SINCE}],
            }
            for line, said in policies.items()
        ),
    )  # fmt: skip
    summary = await record(
        registry,
        {"kind": "Run", "id": "run:a", "owners": [{"name": TRAINER}]},
        {"kind": "Checkpoint", "id": "checkpoint:a/1", "producedBy": "run:a"},
        *(
            {"kind": "Fleet", "id": fleet, "lines": [{"id": line, "validFrom": SINCE} for line in lines]}
            for fleet, lines in FLEETS.items()
        ),
        *(
            {"kind": "Cohort", "id": cohort, "fleets": [{"id": fleet, "validFrom": SINCE}]}
            for cohort, fleet in COHORTS.items()
        ),
        *(
            {
                "kind": "Robot", "id": robot, "software": SOFTWARE[fleet],
                "memberOf": [{"id": group, "validFrom": SINCE} for member, group in sorted(BELONGS) if member == robot],
            }
            for robot, fleet in ROBOTS.items()
        ),
    )  # fmt: skip
    assert summary.rejections == []
    return Expectation(ACTORS, {governing[line]: said for line, said in policies.items()}, governing)


class Sequence:
    """What is asked for next, given what should stand: mostly what may well be done, sometimes whatever."""

    def __init__(self, seed: int, expected: Expectation) -> None:
        self._random = random.Random(seed)
        self._expected = expected
        self._began = datetime.now(UTC)
        self._count = 0
        self._made: dict[str, Callable[[], Mapping[str, Any]]] = {verb: getattr(self, f"_{verb}") for verb in WEIGHTS}

    def next(self) -> Step:
        """The next step."""
        self._count += 1
        verbs = [verb for verb in WEIGHTS if self._is_likely(verb)] if self._likely(0.93) else [*WEIGHTS]
        (verb,) = self._random.choices(verbs, [WEIGHTS[verb] for verb in verbs])
        return Step(self._somebody(verb), verb, dict(self._made[verb]()))

    # ── who ─────────────────────────────────────────────────────────────────────────────────────────────

    def _somebody(self, verb: str) -> Actor:
        r, e = self._random, self._expected
        one = r.choice([*ACTORS.values()])
        able = [a for a in ACTORS.values() if e.may(a, verb)]
        return one if r.random() < 0.05 else r.choice(able)

    def _likely(self, share: float = 0.85) -> bool:
        return self._random.random() < share

    def _is_likely(self, verb: str) -> bool:
        """Whether there is something that an action may well be done with."""
        e = self._expected
        states = {release.state for release in e.releases.values()}
        builds = {build.state for build in e.artifacts.values()}
        match verb:
            case "approve":
                return "EVALUATED" in states or any(r.is_approved and r.stale == "now" for r in e.releases.values())
            case "attachEvidence" | "correct":
                return bool(e.versions)
            case "withdrawApproval" | "deprecate":
                return bool(states & {"APPROVED", "DEPLOYED"})
            case "archive" | "restore":
                return bool(states & {"REJECTED", "DEPRECATED"})
            case "reject" | "override":
                return bool(states)
            case "registerArtifact":
                return any(map(e.may_run, e.releases.values()))
            case "quarantineArtifact" | "deleteArtifact":
                return bool(builds)
            case "requestDeployment":
                return "AVAILABLE" in builds
            case "reportDeployment":
                return any(d.is_pending for d in e.deployments.values())
            case "rollBack":
                return any(e.undone(place) and e.ways_back(place) for place in (*FLEETS, *COHORTS))
            case "recommission":
                return bool(e.out)
            case "recall":
                return bool(e.versions)
            case "endRecall" | "extendRecall":
                return any(not r.over for r in e.recalls.values())
            case "excuseRecallItem":
                return any(r.stands and not r.over and e.going(r.subject) for r in e.recalls.values())
        return True

    # ── what about ──────────────────────────────────────────────────────────────────────────────────────

    def _version(self) -> str:
        return self._random.choice(VERSIONS)

    def _release(self, *states: str) -> str:
        """A release, mostly of one of the states."""
        known = self._expected.releases
        fitting = [id for id, r in known.items() if not states or r.state in states]
        if fitting and self._likely():
            return self._random.choice(fitting)
        return release_of(self._version(), self._random.choice([*LINES]))

    def _artifact(self, *states: str) -> str:
        fitting = [id for id, a in self._expected.artifacts.items() if a.state in states]
        return self._random.choice(fitting) if fitting and self._likely() else artifact(self._random.randrange(10))

    def _place(self) -> str:
        return self._random.choice([*FLEETS, *COHORTS] if self._likely(0.97) else ["fleet:nowhere"])

    def _digest(self) -> str:
        return f"sha256:{self._random.randrange(3):064x}"

    # ── the actions ─────────────────────────────────────────────────────────────────────────────────────

    def _registerCandidate(self) -> dict[str, Any]:
        r, id = self._random, self._version()
        fact: dict[str, Any] = {"kind": "ModelVersion", "id": id}
        known = self._expected.versions.get(id)
        if known is None or not self._likely():
            fact |= {"weightsDigest": self._digest()} if r.random() < 0.8 else {}
            fact |= {"robotSoftware": ">=5"} if r.random() < 0.2 else {}
            fact |= {"promotedFrom": ["checkpoint:a/1"]} if r.random() < 0.4 else {}
        lines = r.sample([*LINES], r.randrange(1, 4)) if self._likely(0.97) else ["line:none"]
        return {"versions": [fact], "lines": lines}

    def _attachEvidence(self) -> dict[str, Any]:
        r, known = self._random, self._expected.evidence
        id = r.choice([*known]) if known and r.random() < 0.05 else f"evidence:{self._count}"
        builds = [*self._expected.artifacts]
        about = r.choice(builds) if builds and r.random() < 0.4 else r.choice([*self._expected.versions] or [self._version()])
        metrics = r.sample(["success", "latency"], r.randrange(1, 3)) if self._likely(0.97) else ["sucess"]
        values = {"success": r.choice([60.0, 85.0, 90.0, 95.0]), "latency": r.choice([80.0, 90.0, 120.0]), "sucess": 1.0}
        at = self._began - timedelta(seconds=r.randrange(1, 1_000_000))
        fact = {
            "kind": "Evidence", "id": id, "type": "REPLAY", "measuredWith": [PACK], "about": [about],
            "measuredAt": moment(at if self._likely(0.98) else self._began + timedelta(days=1)),
            "measurements": [{"metric": m, "value": values[m]} for m in metrics],
        }  # fmt: skip
        alike = [former for former, e in known.items() if e.about == about] if self._likely() else [*known]
        if (others := [former for former in alike if former != id]) and r.random() < 0.2:
            fact["supersedes"] = [r.choice(others)]
        return {"evidence": fact}

    def _adoptPolicy(self) -> dict[str, Any]:
        r, e = self._random, self._expected
        lines = r.sample([*LINES], r.choice([1, 1, 1, 2])) if self._likely(0.97) else ["line:none"]
        if r.random() < 0.25:
            id = r.choice([*e.policies])
            said = e.policies[id] if self._likely() else document("HIGH", approvals={"count": 7, "roles": ["APPROVER"]})
            return {"policy": {"kind": "ReleasePolicy", "id": id, "document": said}, "lines": lines, "reason": "Back."}
        tier = TIERS.get(lines[0], "HIGH")
        asked: list[dict[str, Any]] = [{"pack": PACK, "metric": "success", "minimum": r.choice([70.0, 80.0, 92.0])}]
        if r.random() < 0.4:
            asked.append({"pack": PACK, "metric": "latency", "maximum": 100.0, "onTarget": r.random() < 0.5})
        approvals: dict[str, Any] = {"count": 2 if tier == "HIGH" else 1, "roles": ["APPROVER"]}
        approvals |= {"selfApproval": True} if r.random() < 0.2 else {}
        approvals |= {"trustedMachines": ["bot"]} if r.random() < 0.3 and tier != "MEDIUM" else {}
        rule = r.choice(["KEEP", "REAPPROVE", "REAPPROVE", "GRACE"])
        standing = {"rule": rule} | ({"until": "2099-01-01T00:00:00Z"} if rule == "GRACE" else {})
        said = document(tier, evidence=asked, approvals=approvals, standingApprovals=standing)
        said |= {"automaticPromotion": True} if tier == "LOW" and r.random() < 0.7 else {}
        said |= {"candidate": ["weightsDigest"]} if r.random() < 0.2 else {}
        policy = {"kind": "ReleasePolicy", "id": f"policy:new@{self._count}", "document": said}
        return {"policy": policy, "lines": lines, "reason": "Better."}

    def _evaluate(self) -> dict[str, Any]:
        return {"line": self._random.choice([*LINES] if self._likely(0.97) else ["line:none"])}

    def _approve(self) -> dict[str, Any]:
        stale = [id for id, r in self._expected.releases.items() if r.is_approved and r.stale == "now"]
        if stale and self._random.random() < 0.3:
            return {"release": self._random.choice(stale)}
        return {"release": self._release("EVALUATED")}

    def _reject(self) -> dict[str, Any]:
        return {"release": self._release("CANDIDATE", "EVALUATED"), "reason": "No."}

    def _withdrawApproval(self) -> dict[str, Any]:
        return {"release": self._release("APPROVED", "DEPLOYED"), "reason": "No more."}

    def _deprecate(self) -> dict[str, Any]:
        said = {"rollbackAllowed": self._likely(0.5)} if self._likely(0.5) else {}
        return {"release": self._release("APPROVED", "DEPLOYED", "DEPRECATED"), "reason": "Old.", **said}

    def _archive(self) -> dict[str, Any]:
        return {"release": self._release("REJECTED", "DEPRECATED"), "reason": "Over."}

    def _restore(self) -> dict[str, Any]:
        return {"release": self._release("REJECTED", "DEPRECATED"), "reason": "After all."}

    def _override(self) -> dict[str, Any]:
        until = "2099-01-01T00:00:00Z" if self._likely() else SINCE
        return {"release": self._release(), "reason": "The line is down.", "expiresAt": until}

    def _correct(self) -> dict[str, Any]:
        r = self._random
        if r.random() < 0.2:
            values = {"toolchain": f"tensorrt {self._count}"} if self._likely() else {"state": "AVAILABLE"}
            return {"of": self._artifact("AVAILABLE"), "values": values, "reason": "Typed wrongly."}
        values = {"weightsDigest": self._digest()} if r.random() < 0.6 else {"robotSoftware": r.choice([">=5", ">=4", None])}
        return {"of": self._version(), "values": values, "reason": "Typed wrongly."}

    def _registerArtifact(self) -> dict[str, Any]:
        n = self._random.randrange(10)
        runs = [id for id, release in self._expected.releases.items() if self._expected.may_run(release)]
        if runs and self._likely(0.7):
            release = self._expected.releases[self._random.choice(runs)]
            n = VERSIONS.index(release.version) + (0 if LINES[release.line] == "target:orin" else 5)
        target = "target:orin" if n < 5 else "target:nano"
        fact = {"kind": "Artifact", "id": artifact(n), "builtFrom": VERSIONS[n % 5], "target": target}
        return {"artifact": fact | ({"state": "EVALUATION_ONLY"} if self._random.random() < 0.3 else {})}

    def _quarantineArtifact(self) -> dict[str, Any]:
        return {"artifact": self._artifact("AVAILABLE", "EVALUATION_ONLY"), "reason": "It stops."}

    def _deleteArtifact(self) -> dict[str, Any]:
        return {"artifact": self._artifact("AVAILABLE", "QUARANTINED"), "reason": "Space."}

    def _requestDeployment(self) -> dict[str, Any]:
        r, e = self._random, self._expected
        on, id = self._place(), f"deployment:{self._count}"
        fitting = [a for a in e.artifacts if e.fits(a, on)]
        build = r.choice(fitting) if fitting and self._likely() else self._artifact("AVAILABLE")
        if e.deployments and r.random() < 0.05:
            id = r.choice([*e.deployments])
            known = e.deployments[id]
            build, on = (known.artifact, known.place) if self._likely(0.5) else (build, on)
        return {"artifact": build, "on": on, "reason": "Better.", "id": id}

    def _reportDeployment(self) -> dict[str, Any]:
        r, e = self._random, self._expected
        # Of places that have left their fleets, tests of their own tell.
        known = {id: d for id, d in e.deployments.items() if e.fleets_at(d.place) and d.place not in e.out}
        pending = [id for id, d in known.items() if d.is_pending]
        id = r.choice([*known]) if known and self._likely(0.97) else "deployment:none"
        if pending and self._likely(0.8):
            id = r.choice(pending)
        likely = ["ACTIVE", "ACTIVE", "ACTIVE", "IN_PROGRESS", "FAILED", "ENDED"]
        return {"deployment": id, "state": r.choice(likely) if self._likely(0.97) else "PLANNED", "at": now()}

    def _rollBack(self) -> dict[str, Any]:
        r, e = self._random, self._expected
        able = [place for place in (*FLEETS, *COHORTS) if e.undone(place) and e.ways_back(place)]
        on = r.choice(able) if able and self._likely() else self._place()
        asked = {"on": on, "reason": "It stops.", "id": f"deployment:{self._count}"}
        ways = sorted(e.ways_back(on))
        to = r.choice(ways) if ways and self._likely() else self._artifact("AVAILABLE")
        return asked | ({"to": to} if r.random() < 0.4 else {})

    def _reportInstallation(self) -> dict[str, Any]:
        return {"robot": self._random.choice([*ROBOTS]), "artifact": self._artifact("AVAILABLE"), "since": now()}

    def _incidents(self) -> list[str]:
        return self._random.sample([f"incident:pager:{n}" for n in range(4)], 1 if self._likely() else 2)

    def _day(self) -> str:
        return f"2026-01-{self._random.randrange(1, 9):02}T00:00:00.000000Z" if self._likely(0.97) else FAR

    def _reports(self, system: str) -> list[dict[str, Any]]:
        place = self._random.choice([*ROBOTS, *FLEETS, "site:new"])
        return [{"at": [place], "since": self._day(), "externalIds": [f"{system}:{self._random.randrange(4)}"]}]

    def _reportIncident(self) -> dict[str, Any]:
        (said,) = self._reports("pager")
        return {"reports": [said | ({"severity": self._random.choice(SEVERITIES)} if self._likely(0.5) else {})]}

    def _reportMaintenance(self) -> dict[str, Any]:
        return {"reports": self._reports("cmms")}

    def _escalateIncident(self) -> dict[str, Any]:
        return {"incidents": self._incidents(), "severity": self._random.choice(SEVERITIES), "asOf": self._day()}

    def _resolveIncident(self) -> dict[str, Any]:
        return {"incidents": self._incidents(), "asOf": self._day()}

    _reopenIncident = _resolveIncident

    def _dismissIncident(self) -> dict[str, Any]:
        said = {"duplicateOf": self._random.choice(self._incidents())} if self._likely(0.5) else {}
        return {"incidents": self._incidents(), "asOf": self._day(), **said}

    def _requestStop(self) -> dict[str, Any]:
        spots = [*FLEETS, *COHORTS, *ROBOTS] if self._likely(0.97) else ["robot:none"]
        return {"place": [*{*self._random.choices(spots, k=1 if self._likely() else 2)}], "reason": "Smoke."}

    def _attribute(self) -> dict[str, Any]:
        r, known = self._random, self._expected.attributions
        id = r.choice([*known]) if known and not self._likely() else f"attribution:{self._count}"
        suspects = r.sample([*ROBOTS, "checkpoint:a/1"], r.randrange(3)) if self._likely(0.95) else ["run:none"]
        return {"incidents": self._incidents(), "suspects": suspects, "id": id}

    def _decommission(self) -> dict[str, Any]:
        spots = [*FLEETS, *COHORTS, *ROBOTS] if self._likely(0.97) else ["robot:none"]
        return {"place": self._random.choice(spots), "reason": "Sold."}

    def _recommission(self) -> dict[str, Any]:
        out = [*self._expected.out]
        spots = out if out and self._likely() else [*FLEETS, *COHORTS, *ROBOTS]
        return {"place": self._random.choice(spots), "reason": "Bought back."}

    def _recall(self) -> dict[str, Any]:
        open = [r.subject for r in self._expected.recalls.values() if not r.over]
        subject = self._random.choice(open if open and self._likely() else [*VERSIONS])
        affected = self._expected.digest(subject) if self._likely(0.9) else self._digest()
        return {"subject": subject, "affected": affected, "reason": "The labels are torn."}

    def _endRecall(self) -> dict[str, Any]:
        known = [id for id, r in self._expected.recalls.items() if not r.over or not self._likely()]
        return {"recall": self._random.choice(known or ["recall:none"]), "reason": "They are not."}

    def _extendRecall(self) -> dict[str, Any]:
        return {"recall": self._random.choice([*self._expected.recalls, "recall:none"])}

    def _excuseRecallItem(self) -> dict[str, Any]:
        e = self._expected
        known = [id for id, r in e.recalls.items() if r.stands and not r.over]
        recall = self._random.choice(known) if known and self._likely(0.95) else "recall:none"
        items = e.going(e.recalls[recall].subject) if recall in e.recalls else []
        item = self._random.choice(items) if items and self._likely(0.95) else "deployment:none"
        return {"recall": recall, "item": item, "reason": "Somebody saw to it."}
