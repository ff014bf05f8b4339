"""From nothing to an approved model: a small training that records itself, and what a registry makes of it.

    forebear serve &
    python examples/train.py --url http://127.0.0.1:8080

An arm learns to reach: a linear policy is fitted to demonstrations of an expert, in plain Python. The run records its data,
code, packages, seed, checkpoints and metrics. Then the last checkpoint becomes a candidate in a release line of low risk,
and is measured. A policy of low risk approves it by its evidence alone.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import random
from datetime import UTC, datetime
from pathlib import Path

from forebear.client import FactsRejected, Refusal, Registry, digest
from forebear.graph.kinds.data import DatasetVersion
from forebear.graph.kinds.model import ModelVersion
from forebear.graph.kinds.release import EvaluationPack, Evidence, HardwareTarget, ReleaseLine, ReleasePolicy
from forebear.graph.kinds.training import Checkpoint
from forebear.verbs.candidate import RegisterCandidate
from forebear.verbs.evidence import AttachEvidence
from forebear.verbs.policy import AdoptPolicy

LINE, PACK = "line:reacher-bench", "pack:reach@1"
EXPERT = ((0.5, 0.0, -0.3), (0.0, 0.5, 0.2))
"""How the expert moves: each row times (x, y, 1) is one component of the velocity."""
REACHED = 0.05

RELEASES = "query($id: ID!) { modelVersion(id: $id) { releases { nodes { id state } } } }"

Weights = list[list[float]]


def move(weights: Weights | tuple[tuple[float, ...], ...], x: float, y: float) -> tuple[float, float]:
    """Return the velocity that a policy commands at a distance (x, y) from the target."""
    dx, dy = (row[0] * x + row[1] * y + row[2] * 0.1 for row in weights)
    return dx, dy


def demonstrate(folder: Path, chance: random.Random, episodes: int = 200) -> Path:
    """Write demonstrations of the expert: where it was, and how it moved, with the noise of a hand."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "demonstrations.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        for _ in range(episodes):
            x, y = chance.uniform(-1, 1), chance.uniform(-1, 1)
            dx, dy = move(EXPERT, x, y)
            rows.writerow([x, y, dx + chance.gauss(0, 0.01), dy + chance.gauss(0, 0.01)])
    return folder


def steps(weights: Weights, folder: Path, config: dict[str, float]) -> list[float]:
    """Go over the demonstrations once, and change the weights after each. Returns the losses."""
    losses = []
    with (folder / "demonstrations.csv").open(newline="") as file:
        for x, y, *expert in ([float(cell) for cell in row] for row in csv.reader(file)):
            errors = [a - b for a, b in zip(move(weights, x, y), expert, strict=True)]
            for row, error in zip(weights, errors, strict=True):
                for n, feature in enumerate((x, y, 0.1)):
                    row[n] -= config["learning_rate"] * error * feature
            losses.append(sum(error * error for error in errors))
    return losses


def reach_rate(weights: Weights, chance: random.Random, trials: int) -> float:
    """Return in how many of 100 trials the arm comes to where the expert would rest."""
    reached = 0
    for _ in range(trials):
        x, y = chance.uniform(-1, 1), chance.uniform(-1, 1)
        for _ in range(40):
            dx, dy = move(weights, x, y)
            x, y = x - dx, y - dy
        reached += math.hypot(x - 0.06, y + 0.04) < REACHED
    return 100 * reached / trials


def prepare(registry: Registry) -> None:
    """Record the release line and its evaluation pack, and adopt a policy of low risk. Again, it changes nothing."""
    registry.record(
        HardwareTarget("target:bench-pc"),
        ReleaseLine(LINE, target="target:bench-pc"),
        EvaluationPack(PACK, metrics=[{"name": "reach_rate", "unit": "%", "direction": "HIGHER_IS_BETTER"}]),
    )
    rules = {
        "riskTier": "LOW",
        "candidate": ["dataset", "weightsDigest"],
        "evidence": [{"pack": PACK, "metric": "reach_rate", "minimum": 90}],
        "automaticPromotion": True,
        "standingApprovals": "KEEP",
    }
    policy = ReleasePolicy("policy:reacher-bench@1", document=rules)
    adoption = AdoptPolicy(policy=policy, lines=[LINE], reason="On the bench a failure costs nothing but time.")
    registry.do(adoption, idempotency_key="examples/train.py adopts its policy")


def train(registry: Registry, name: str, out: Path, seed: int) -> tuple[Weights, Path, str]:
    """Train, and record it. Returns the weights, their file and the id of the last checkpoint."""
    config = {"learning_rate": 0.3, "epochs": 5, "seed": seed}
    data = demonstrate(out / "demonstrations", random.Random(0))
    version = digest(data)
    demonstrations = DatasetVersion(f"dataset:reach-demonstrations@{version[7:19]}", digest=version, episodes=200)
    chance = random.Random(config["seed"])
    weights = [[chance.gauss(0, 0.1) for _ in range(3)] for _ in range(2)]

    with registry.run(name, trained_on=[demonstrations], configuration=config) as run:
        for epoch in range(1, int(config["epochs"]) + 1):
            losses = steps(weights, data, config)
            file = out / f"epoch-{epoch}.json"
            file.write_text(json.dumps(weights))
            checkpoint = run.checkpoint(file, step=200 * epoch, metrics={"loss": sum(losses) / len(losses)})
        run.metrics["loss"] = losses[-1]
    return weights, file, checkpoint


def propose(registry: Registry, name: str, out: Path, seed: int) -> tuple[ModelVersion, Weights]:
    """Train, and make the last checkpoint a candidate. Returns the version and its weights."""
    weights, file, checkpoint = train(registry, name, out, seed)
    # The run tells its facts in a thread. The candidate needs them all.
    registry.flush()
    version = ModelVersion(f"model:reacher@{name}", promoted_from=[checkpoint], weights_digest=digest(file))
    registry.do(RegisterCandidate(versions=[version], lines=[LINE]))
    return version, weights


def measured(version: ModelVersion, weights: Weights, metric: str = "reach_rate") -> AttachEvidence:
    """Return the action that attaches what 100 trials show."""
    value = reach_rate(weights, random.Random(1), 100)
    return AttachEvidence(
        evidence=Evidence(
            version.id.replace("model:", "evidence:").replace("@", "-"),
            type="BENCHMARK",
            about=[version],
            measured_with=[PACK],
            measured_at=datetime.now(UTC),
            measurements=[{"metric": metric, "value": value, "unit": "%", "sampleSize": 100}],
        )
    )


def say_state(registry: Registry, version: ModelVersion) -> None:
    """Print how the version stands in its release line."""
    (release,) = registry.query(RELEASES, {"id": version.id})["modelVersion"]["releases"]["nodes"]
    print(f"{release['id']} is {release['state']}", flush=True)


def main() -> None:
    """Train, register, measure."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--url", help="the service; by default FOREBEAR_URL")
    options.add_argument("--name", default=f"reach-{datetime.now(UTC):%Y%m%d-%H%M%S}", help="the name of the run")
    options.add_argument("--out", type=Path, default=Path("out"), help="the folder for data and checkpoints")
    options.add_argument("--seed", type=int, default=7, help="the seed of the first weights")
    chosen = options.parse_args()

    with Registry(chosen.url, patience=60) as registry:
        prepare(registry)
        version, weights = propose(registry, chosen.name, chosen.out, chosen.seed)

        # Something wrong is refused as a whole, and the message names the field.
        try:
            registry.record(Checkpoint(f"checkpoint:{chosen.name}/step-1000", step="the last one"))
        except FactsRejected as rejected:
            print(rejected)
        # A refusal of an action names what to do about each reason.
        try:
            registry.do(measured(version, weights, metric="reach-rate"))
        except Refusal as refusal:
            print(refusal)

        registry.do(measured(version, weights))
        say_state(registry, version)


if __name__ == "__main__":
    main()
