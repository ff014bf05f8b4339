"""A lineage graph of any size to measure on, as facts, always the same for the same size and seed.

It is made of programmes: one customer's robots, the data collected for them, the models trained on it, and
where those ran since. A programme draws on the one before it and on one public dataset that all share, so an
answer about a dataset is of one size whatever the size of the graph, while the shared one is a growing hub.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

Fact = dict[str, Any]

NODES_OF_A_PROGRAMME = 430
"""How many nodes a programme has, near enough."""

START = datetime(2024, 1, 1, tzinfo=UTC)
TARGETS = ("orin-64", "thor", "x86-l4", "x86-rtx6000")
COMPUTE = ("1xa100", "8xa100", "8xh100", "64xh100")
HUB = "dataset:open-x@1.0.0"

DATASETS, DATASET_VERSIONS = 4, 5
RUNS, CHECKPOINTS = 24, 3
MODELS, MODEL_VERSIONS = 2, 6
FLEETS, ROBOTS_OF_A_FLEET, DEPLOYMENTS_OF_A_FLEET = 3, 10, 8


def facts(nodes: int, seed: int = 0) -> Iterator[Fact]:
    """The facts of a graph of about so many nodes, one at a time. A reference may precede what it names."""
    yield {"kind": "Dataset", "id": "dataset:open-x", "name": "Open X"}
    yield {"kind": "DatasetVersion", "id": HUB, "name": "Open X 1.0.0", "dataset": "dataset:open-x"}
    for name in TARGETS:
        yield {"kind": "HardwareTarget", "id": f"target:{name}", "name": name, "memoryMib": 65536}
    for name in COMPUTE:
        yield {"kind": "ComputeProfile", "id": f"compute:{name}", "name": name, "hosts": 1}
    for number in range(max(1, round(nodes / NODES_OF_A_PROGRAMME))):
        programme = Programme(number, random.Random(f"{seed}/{number}"))
        yield from programme.data()
        yield from programme.training()
        yield from programme.models()
        yield from programme.places()
        yield from programme.releases()
        yield from programme.operation()
        yield from programme.second_thoughts()


@dataclass
class Programme:
    """One customer's robots, their data, their models, and what ran on them."""

    number: int
    random: random.Random

    @cached_property
    def name(self) -> str:
        return f"p{self.number}"

    @cached_property
    def began(self) -> datetime:
        return START + timedelta(hours=self.random.randrange(24 * 300))

    @cached_property
    def dataset_versions(self) -> list[str]:
        return _dataset_versions(self.number)

    @cached_property
    def versions(self) -> list[str]:
        return [f"{self.name}-m{m}@{v}" for v in range(1, MODEL_VERSIONS + 1) for m in range(MODELS)]

    @cached_property
    def lines(self) -> list[str]:
        return [f"{self.name}-arm-{target}" for target in self.random.sample(TARGETS, 2)]

    @cached_property
    def sites(self) -> list[str]:
        return [f"site:{self.name}-s{s}" for s in range(2)]

    @cached_property
    def fleets(self) -> list[str]:
        return [f"fleet:{self.name}-f{f}" for f in range(FLEETS)]

    @cached_property
    def artifacts(self) -> list[tuple[str, str]]:
        """Each version's build for a line: its id and its version."""
        return [
            (f"artifact:sha256:{self.digest()}", version)
            for version in self.versions
            for _ in range(self.random.choice((1, 2)))
        ]

    def digest(self, octets: int = 32) -> str:
        return self.random.randbytes(octets).hex()

    def fraction(self) -> float:
        return round(self.random.random(), 3)

    def at(self, days: float) -> str:
        """The moment so many days after it began."""
        return (self.began + timedelta(days=days)).isoformat()

    def collection(self, day: float) -> Fact:
        """Twenty days of data from one of its fleets."""
        end = self.random.choice(self.fleets)
        return {"id": end, "collectedFrom": self.at(day), "collectedTo": self.at(day + 20)}

    def data(self) -> Iterator[Fact]:
        """Datasets, whose versions descend from one another, from the last programme's and from the hub."""
        for rules in (1, 2):
            yield {
                "kind": "CurationRuleset",
                "id": f"curation:{self.name}-rules@{rules}",
                "name": f"Rules {rules}",
                "digest": f"sha256:{self.digest()}",
                "rules": {"minimumSeconds": rules, "drop": ["blurred", "idle"]},
            }
        for d in range(DATASETS):
            yield {"kind": "Dataset", "id": f"dataset:{self.name}-d{d}", "name": f"Data {self.number}.{d}"}
        before = _dataset_versions(self.number - 1) if self.number else []
        for index, id in enumerate(self.dataset_versions):
            v, d = divmod(index, DATASETS)
            earlier = [self.dataset_versions[index - DATASETS]] if v else [HUB]
            mixed = self.random.sample(before, 2) if before and d == 0 else []
            yield {
                "kind": "DatasetVersion",
                "id": id,
                "name": f"Data {self.number}.{d} version {v + 1}",
                "digest": f"sha256:{self.digest()}",
                "uri": f"s3://data/{self.name}/{d}/{v}",
                "episodes": self.random.randrange(500, 50_000),
                "license": "CC-BY-4.0",
                "createdAt": self.at(30 * v),
                "dataset": id.partition("@")[0],
                "derivedFrom": [_mixed(i, 1 / (1 + len(mixed))) for i in earlier + mixed],
                "curatedBy": [f"curation:{self.name}-rules@{1 + v % 2}"],
                "collectedFrom": [self.collection(30 * v)] if v and d else [],
            }

    def training(self) -> Iterator[Fact]:
        """Experiments, code, environments, runs and their checkpoints."""
        for e in range(2):
            yield {
                "kind": "Experiment",
                "id": f"experiment:{self.name}-e{e}",
                "name": f"Experiment {self.number}.{e}",
                "hypothesis": "More wrist views lower the intervention rate.",
                "decision": "ADOPT",
                "rationale": "It held on every slice.",
            }
        commits = [self.digest(20) for _ in range(6)]
        for commit in commits:
            yield {
                "kind": "CodeVersion",
                "id": f"code:{self.name}@{commit[:12]}",
                "name": f"{self.name} {commit[:8]}",
                "repository": f"https://git.example/{self.name}",
                "commit": commit,
            }
        for e in range(3):
            yield {
                "kind": "SoftwareEnvironment",
                "id": f"environment:{self.name}-{e}",
                "name": f"Environment {self.number}.{e}",
                "digest": f"sha256:{self.digest()}",
                "packages": {"torch": f"2.{e}.0", "numpy": "2.1.0", "jax": "0.4.35"},
            }
        for r in range(RUNS):
            run, day = f"run:{self.name}-r{r}", 20 + 5 * r
            # A run sees of each dataset the newest version that was there when it started.
            there = DATASETS + r * (len(self.dataset_versions) - DATASETS) // (RUNS - 1)
            newest = self.dataset_versions[:there][-DATASETS:]
            fact: Fact = {
                "kind": "Run",
                "id": run,
                "name": f"Run {self.number}.{r}",
                "seed": r,
                "configuration": {"optimizer": "adamw", "learningRate": 3e-4, "batch": 256, "steps": 60_000},
                "startedAt": self.at(day),
                "experiment": f"experiment:{self.name}-e{r % 2}",
                "trainedOn": [_mixed(id, self.fraction()) for id in self.random.sample(newest, 3)],
                "ran": [f"code:{self.name}@{commits[r // 4][:12]}"],
                "inEnvironment": [f"environment:{self.name}-{r % 3}"],
                "onCompute": [f"compute:{self.random.choice(COMPUTE)}"],
                "initializedFrom": [f"checkpoint:{self.name}-r{r - 2}-c{CHECKPOINTS - 1}"] if r > 1 else [],
            }
            yield fact | {"status": "RUNNING"}
            for c in range(CHECKPOINTS):
                yield {
                    "kind": "Checkpoint",
                    "id": f"checkpoint:{self.name}-r{r}-c{c}",
                    "name": f"Step {20_000 * (c + 1)}",
                    "step": 20_000 * (c + 1),
                    "uri": f"s3://runs/{self.name}/{r}/{c}",
                    "digest": f"sha256:{self.digest()}",
                    "metrics": {"loss": self.fraction()},
                    "producedBy": run,
                }
            yield {
                "kind": "Run",
                "id": run,
                "status": "SUCCEEDED",
                "endedAt": self.at(day + 2),
                "metrics": {"loss": self.fraction(), "success": self.fraction()},
            }

    def models(self) -> Iterator[Fact]:
        """Models, whose versions are the last checkpoints of every other run, and their builds."""
        for m in range(MODELS):
            yield {"kind": "Model", "id": f"model:{self.name}-m{m}", "name": f"Policy {self.number}.{m}"}
        for index, version in enumerate(self.versions):
            name, _, number = version.partition("@")
            yield {
                "kind": "ModelVersion",
                "id": f"model:{version}",
                "name": f"Policy {self.number}.{name[-1]} version {number}",
                "weightsDigest": f"sha256:{self.digest()}",
                "normalizationDigest": f"sha256:{self.digest()}",
                "uri": f"s3://models/{version}",
                "parameters": 7.5e9,
                "sensors": ["wrist_rgb", "base_rgb", "proprio"],
                "actionSpace": "7-DoF end-effector deltas",
                "rateHz": self.random.choice((5, 10, 50)),
                "memoryMib": self.random.randrange(4_000, 40_000),
                "robotSoftware": ">=3.2,<4",
                "license": "MIT",
                "createdAt": self.at(25 + 10 * index),
                "model": f"model:{name}",
                "promotedFrom": [f"checkpoint:{self.name}-r{2 * index}-c{CHECKPOINTS - 1}"],
                "justifiedBy": [f"experiment:{self.name}-e{index % 2}"],
                "supersedes": [f"model:{self.versions[index - MODELS]}"] if index >= MODELS else [],
            }
        for index, (artifact, version) in enumerate(self.artifacts):
            yield {
                "kind": "Artifact",
                "id": artifact,
                "name": f"Build of {version}",
                "state": "AVAILABLE",
                "format": "TensorRT",
                "precision": self.random.choice(("FP16", "INT8")),
                "digest": artifact.removeprefix("artifact:"),
                "toolchain": "tensorrt 10.3",
                "builtAt": self.at(30 + 6 * index),
                "builtFrom": f"model:{version}",
                "target": f"target:{_target(self.lines[index % 2])}",
            }

    def places(self) -> Iterator[Fact]:
        """The customer, its sites and fleets with cohorts, and robots, some of which changed fleets."""
        yield {"kind": "Customer", "id": f"customer:{self.name}", "name": f"Customer {self.number}"}
        for s in range(2):
            yield {"kind": "Site", "id": self.sites[s], "name": f"Site {self.number}.{s}", "country": "DE"}
        for line in self.lines:
            yield {
                "kind": "ReleaseLine",
                "id": f"line:{line}",
                "name": line,
                "robotClass": "arm",
                "environment": self.name,
                "target": f"target:{_target(line)}",
            }
        since = self.at(0)
        for f, fleet in enumerate(self.fleets):
            moved = self.at(90)
            yield {
                "kind": "Fleet",
                "id": fleet,
                "name": f"Fleet {self.number}.{f}",
                "sites": [
                    {"id": self.sites[0], "validFrom": since, "validTo": moved},
                    {"id": self.sites[1], "validFrom": moved},
                ]
                if f == 1
                else [{"id": self.sites[f % 2], "validFrom": since}],
                "customers": [{"id": f"customer:{self.name}", "validFrom": since}],
                "lines": [{"id": f"line:{self.lines[f % 2]}", "validFrom": since}],
            }
            cohort = f"cohort:{self.name}-f{f}-canary"
            yield {
                "kind": "Cohort",
                "id": cohort,
                "name": f"Canaries {self.number}.{f}",
                "fleets": [{"id": fleet, "validFrom": since}],
            }
            for r in range(ROBOTS_OF_A_FLEET):
                member = [{"id": fleet, "validFrom": since}]
                if r == 0:
                    member = [
                        {"id": self.fleets[f - 1], "validFrom": since, "validTo": moved},
                        {"id": fleet, "validFrom": moved},
                    ]
                if r % 5 == 1:
                    member.append({"id": cohort, "validFrom": since})
                yield {
                    "kind": "Robot",
                    "id": f"robot:{self.name}-f{f}-r{r}",
                    "name": f"Robot {self.number}.{f}.{r}",
                    "serial": f"SN-{self.number}-{f}-{r}",
                    "robotClass": "arm",
                    "memberOf": member,
                }

    def releases(self) -> Iterator[Fact]:
        """Packs and policies, and for every version evidence, a release and the decisions about it."""
        for p in (1, 2):
            yield {
                "kind": "EvaluationPack",
                "id": f"pack:{self.name}@{p}",
                "name": f"Pack {self.number}.{p}",
                "metrics": [{"name": "success", "direction": "HIGHER_IS_BETTER"}],
                "slices": ["night", "clutter"],
                "sampledFrom": [self.random.choice(self.dataset_versions)],
            }
        for i, line in enumerate(self.lines):
            yield {
                "kind": "ReleasePolicy",
                "id": f"policy:{line}@1",
                "name": f"Policy of {line}",
                "riskTier": "MEDIUM",
                "document": {"approvals": 1 + i, "require": [{"metric": "success", "atLeast": 0.8}]},
                "governs": [{"id": f"line:{line}", "validFrom": self.at(0)}],
            }
        for index, version in enumerate(self.versions):
            line, day = self.lines[index % 2], 28 + 10 * index
            evidence = [f"evidence:{self.name}-v{index}-{e}" for e in range(3)]
            for e, id in enumerate(evidence):
                yield {
                    "kind": "Evidence",
                    "id": id,
                    "type": ("BENCHMARK", "REPLAY", "LATENCY")[e],
                    "measuredAt": self.at(day),
                    "measurements": [
                        {"metric": "success", "slice": s, "value": self.fraction(), "sampleSize": 200}
                        for s in ("night", "clutter")
                    ],
                    "about": [f"model:{version}"],
                    "measuredWith": [f"pack:{self.name}@{1 + index % 2}"],
                }
            release = f"release:{version}/{line}"
            decisions = [f"decision:{self.name}-v{index}-{d}" for d in range(4)]
            for d, type in enumerate(("EVALUATION", "VOTE", "VOTE", "APPROVAL")):
                yield {
                    "kind": "Decision",
                    "id": decisions[d],
                    "type": type,
                    "verdict": "GRANTED",
                    "actor": f"engineer-{d}",
                    "decidedAt": self.at(day + 1 + d / 4),
                    "state": ("EVALUATED", None, None, "APPROVED")[d],
                    "reasons": ["Every requirement is met."],
                    "checks": [{"requirement": "success", "threshold": 0.8, "measured": 0.9, "passed": True}],
                    "about": [release],
                    "under": [f"policy:{line}@1"],
                    "cites": evidence if d == 0 else [],
                    "counts": decisions[1:3] if d == 3 else [],
                }
            yield {
                "kind": "Release",
                "id": release,
                "name": f"{version} in {line}",
                "version": f"model:{version}",
                "line": f"line:{line}",
                "approvedBy": decisions[3:],
                "state": "APPROVED" if index >= len(self.versions) - 4 else "DEPRECATED",
            }

    def operation(self) -> Iterator[Fact]:
        """What was deployed on each fleet in turn, what was seen on its robots, and what went wrong."""
        for f, fleet in enumerate(self.fleets):
            replaced: str | None = None
            robots = self.random.sample(range(ROBOTS_OF_A_FLEET), ROBOTS_OF_A_FLEET)
            behind = robots.pop()
            for d in range(DEPLOYMENTS_OF_A_FLEET):
                last = d == DEPLOYMENTS_OF_A_FLEET - 1
                artifact = self.artifacts[min(d * 2 + f, len(self.artifacts) - 1)][0]
                deployment, day = f"deployment:{self.name}-f{f}-d{d}", 45 + 15 * d
                until = None if last else self.at(day + 15)
                yield {
                    "kind": "Deployment",
                    "id": deployment,
                    "state": "ACTIVE" if last else "ENDED",
                    "validFrom": self.at(day),
                    "validTo": until,
                    "reason": "A better policy.",
                    "artifact": artifact,
                    # The third of each fleet was tried on its cohort only, and so is the first fleet's newest.
                    "on": fleet.replace("fleet:", "cohort:") + "-canary" if d == 2 or (last and f == 0) else fleet,
                    "replaces": [replaced] if replaced else [],
                }
                replaced = deployment
                # One robot of each fleet missed the last update: it is seen with what is no longer meant to run.
                late = [behind] if d == DEPLOYMENTS_OF_A_FLEET - 2 else []
                for r in self.random.sample(robots, 3 - len(late)) + late:
                    seen: Fact = {
                        "kind": "Installation",
                        "id": f"installation:{self.name}-f{f}-d{d}-r{r}",
                        "validFrom": self.at(day + self.random.random()),
                    }
                    yield seen | {
                        "artifact": artifact,
                        "robot": f"robot:{self.name}-f{f}-r{r}",
                        "installedBy": deployment,
                    }
                    if until and r not in late:
                        yield seen | {"validTo": until}
            robot = f"robot:{self.name}-f{f}-r{self.random.randrange(ROBOTS_OF_A_FLEET)}"
            for i in range(2):
                incident, day = f"incident:{self.name}-f{f}-{i}", 60 + 40 * i
                yield {
                    "kind": "Incident",
                    "id": incident,
                    "name": f"Drop {self.number}.{f}.{i}",
                    "type": "INCIDENT",
                    "category": ("drop", "collision", "latency")[f % 3],
                    "severity": "HIGH",
                    "validFrom": self.at(day),
                    "validTo": self.at(day + 1),
                    "at": [robot],
                }
                yield {
                    "kind": "Attribution",
                    "id": incident.replace("incident:", "attribution:"),
                    "method": "bisection",
                    "confidence": 0.7,
                    "actor": "engineer-1",
                    "explains": [incident],
                    "suspects": [self.artifacts[2 * i][0], self.random.choice(self.dataset_versions)],
                }
                yield {
                    "kind": "MaintenanceEvent",
                    "id": f"maintenance:{self.name}-f{f}-{i}",
                    "name": "Gripper changed",
                    "validFrom": self.at(day + 1),
                    "validTo": self.at(day + 1.5),
                    "at": [robot],
                }

    def second_thoughts(self) -> Iterator[Fact]:
        """Training data that a run named by mistake, taken back or corrected, and a run that never ran."""
        for r in range(0, RUNS, 3):
            run, data = f"run:{self.name}-r{r}", f"dataset:{self.name}-d0@{r}-mistaken"
            yield {"kind": "Run", "id": run, "trainedOn": [_mixed(data, 0.5)]}
            if r % 2:
                yield {
                    "kind": "Correction",
                    "of": run,
                    "edge": "trainedOn",
                    "to": data,
                    "values": {"weight": 0.1},
                    "reason": "The mixture's file was read wrongly.",
                }
            edge = {"edge": "trainedOn", "to": data}
            yield {"kind": "Retraction", "of": run, **edge, "reason": "It was not read."}
        ghost = f"run:{self.name}-ghost"
        yield {"kind": "Run", "id": ghost, "status": "PENDING", "trainedOn": [{"id": HUB}]}
        yield {"kind": "Retraction", "of": ghost, "reason": "It never ran."}


def _dataset_versions(programme: int) -> list[str]:
    """Oldest first."""
    return [f"dataset:p{programme}-d{d}@{v}" for v in range(1, DATASET_VERSIONS + 1) for d in range(DATASETS)]


def _mixed(id: str, weight: float) -> Fact:
    return {"id": id, "weight": weight, "role": "train"}


def _target(line: str) -> str:
    return line.split("-arm-")[1]
