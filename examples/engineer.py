"""An engineer: trains a model for the arms of a bench, and requests its deployment once it is built.

    FOREBEAR_URL=http://127.0.0.1:8080 python examples/engineer.py

The loops builder.py and deployer.py do the rest. What an earlier start has done is not done again, so it may be killed at any
moment.
"""

from __future__ import annotations

import argparse
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from train import LINE, measured, prepare, propose, say_state

from forebear.client import Registry
from forebear.graph.kinds.fleet import Fleet, Robot
from forebear.verbs.deployment import RequestDeployment

FLEET, ARMS = "fleet:bench", [f"robot:bench-arm-{n}" for n in range(1, 4)]
SINCE = datetime(2026, 1, 1, tzinfo=UTC)

APPROVED = """query($line: ID!) { releases(first: 1, orderBy: {field: recordedAt, direction: DESC},
  filter: {state: {in: [APPROVED, DEPLOYED]}, line: {id: {eq: $line}}}) { nodes { version { id } } } }"""
BUILDS = """query($version: ID!) { modelVersion(id: $version) { artifacts(filter: {state: {eq: AVAILABLE}}) {
  nodes { id deployments { totalCount } } } } }"""


def trained(registry: Registry, out: Path) -> str:
    """Return the version that was approved last for the bench. If there is none, train one."""
    for release in registry.query(APPROVED, {"line": LINE})["releases"]["nodes"]:
        version: str = release["version"]["id"]
        return version
    prepare(registry)
    model, weights = propose(registry, f"reach-{datetime.now(UTC):%Y%m%d-%H%M%S}", out, seed=7)
    registry.do(measured(model, weights))
    say_state(registry, model)
    return model.id


def built(registry: Registry, version: str, seconds: float) -> dict[str, Any]:
    """Wait for a build of a version, and look each so many seconds."""
    while True:
        builds = registry.query(BUILDS, {"version": version})["modelVersion"]["artifacts"]["nodes"]
        if builds:
            build: dict[str, Any] = builds[0]
            return build
        time.sleep(seconds)


def main() -> None:
    """Set up the bench, train, and request."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--url", help="the service; by default FOREBEAR_URL")
    options.add_argument("--out", type=Path, default=Path("out"), help="the folder for data and checkpoints")
    options.add_argument("--every", type=float, default=1, help="look for a build each so many seconds")
    chosen = options.parse_args()

    with Registry(chosen.url, patience=60) as registry:
        fleet = Fleet(FLEET, lines=[{"id": LINE, "validFrom": SINCE}])
        registry.record(fleet, *(Robot(arm, member_of=[{"id": FLEET, "validFrom": SINCE}]) for arm in ARMS))
        build = built(registry, trained(registry, chosen.out), chosen.every)
        if build["deployments"]["totalCount"]:
            print(f"{build['id']} was requested for {FLEET} before", flush=True)
            return
        request = RequestDeployment(on=FLEET, artifact=build["id"], reason="The arms of the bench shall reach better.")
        # One request, however often it is killed and started again.
        registry.do(request, idempotency_key=f"{FLEET} {build['id']}")
        print(f"{build['id']} is requested for {FLEET}", flush=True)


if __name__ == "__main__":
    main()
