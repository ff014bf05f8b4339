"""A deployment manager: it is told of a request, asks whether it is permitted, rolls out in stages, and reports.

    FOREBEAR_URL=http://127.0.0.1:8080 python examples/deployer.py fleet:bench --stage 2

Its robots are simulated: each loads the artifact, checks its digest, and says what it runs from then on. What is open and which
robots are done, the registry says, so it may be killed at any moment, and goes on with the robots that are left.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from attending import Attendant, pages

from forebear.client import Refusal, Registry, digest
from forebear.graph.kinds.fleet import DeploymentState
from forebear.verbs.deployment import ReportDeployment
from forebear.verbs.sighting import ReportSightings

EVENTS = ["requestDeployment", "rollBack", "requestStop", "withdrawApproval", "reject", "quarantineArtifact", "recall"]
"""After these something is to be rolled out, or may no longer be."""

OPEN = """query($places: [ID!]!, $after: String) {
  list: deployments(first: 100, after: $after, orderBy: {field: recordedAt},
    filter: {state: {in: [PLANNED, IN_PROGRESS]}, on: {id: {in: $places}}}) {
    nodes { id state plannedFor artifact { id digest uri } on { id } } pageInfo { hasNextPage endCursor } } }"""

ROBOTS = """query($place: ID!, $after: String) { list: robots(first: 100, after: $after,
  filter: {memberOf: {id: {eq: $place}}}) {
  nodes { id installations(filter: {validTo: {isNull: true}}) { nodes { validFrom artifact { id } } } }
  pageInfo { hasNextPage endCursor } } }"""


def load(robot: str, artifact: dict[str, Any]) -> None:
    """Load an artifact onto a simulated robot. Raises `ValueError` if the robot gets something else than was registered."""
    address = urlsplit(artifact["uri"] or "")
    file = Path(unquote(address.path))
    if address.scheme != "file" or not file.is_file():
        raise ValueError(f"{robot} finds no file at {artifact['uri']}")
    if digest(file) != artifact["digest"]:
        raise ValueError(f"{robot} was sent {digest(file)}, which is not {artifact['digest']}")


class Manager:
    """A manager of the deployments to some places."""

    def __init__(self, registry: Registry, places: list[str], stage: int, pause: float) -> None:
        """Name the places, how many robots are changed at a time, and the pause between two stages, in seconds."""
        self.registry, self.places = registry, places
        self.stage, self.pause = stage, pause

    def look(self) -> None:
        """Carry out what is open, the oldest first, and have all robots say what they run."""
        for deployment in [*pages(self.registry, OPEN, {"places": self.places})]:
            try:
                self.roll_out(deployment)
            except Refusal as refusal:
                print(f"{deployment['id']}: {refusal}", flush=True)
        for place in self.places:
            running = {robot: seen[0] for robot, seen in self.robots(place).items() if seen}
            self.sight({robot: seen["artifact"]["id"] for robot, seen in running.items()})

    def robots(self, place: str) -> dict[str, list[dict[str, Any]]]:
        """Return the robots of a place, in their order, each with what it was seen to run and since when."""
        robots = {robot["id"]: robot["installations"]["nodes"] for robot in pages(self.registry, ROBOTS, {"place": place})}
        return dict(sorted(robots.items()))

    def sight(self, running: dict[str, str]) -> None:
        """Report what robots run now."""
        now = datetime.now(UTC)
        sightings = [{"robot": robot, "at": now, "artifact": artifact} for robot, artifact in running.items()]
        if sightings:
            self.registry.do(ReportSightings(sightings=sightings))

    def roll_out(self, deployment: dict[str, Any]) -> None:
        """Change the robots that do not run the artifact yet, a stage at a time, and ask before each stage."""
        id, artifact, place = deployment["id"], deployment["artifact"], deployment["on"]["id"]
        planned = deployment["plannedFor"]
        if planned and datetime.fromisoformat(planned) > datetime.now(UTC):
            return None
        begun = deployment["state"] == DeploymentState.IN_PROGRESS
        left = self.left(place, artifact["id"])
        # What has no robot to change is asked about as well, before it counts as active.
        while left or not begun:
            answer = self.registry.ask("permitted", deployment=id)
            if not answer["allowed"]:
                why = "; ".join(reason["message"] for reason in answer["reasons"])
                print(f"{id} stops before {', '.join(left)}: {why}", flush=True)
                # What was never begun stays planned: it may be permitted later.
                return self.report(id, DeploymentState.FAILED, datetime.now(UTC), left, why) if begun else None
            if not begun:
                self.report(id, DeploymentState.IN_PROGRESS, datetime.now(UTC))
                begun = True
            try:
                for robot in left[: self.stage]:
                    load(robot, artifact)
                    self.sight({robot: artifact["id"]})
                    print(f"{robot} runs {artifact['id']}", flush=True)
            except (OSError, ValueError) as error:
                print(f"{id} fails: {error}", flush=True)
                return self.report(id, DeploymentState.FAILED, datetime.now(UTC), [robot], str(error))
            time.sleep(self.pause)
            left = self.left(place, artifact["id"])
        return self.report(id, DeploymentState.ACTIVE, datetime.now(UTC))

    def left(self, place: str, artifact: str) -> list[str]:
        """Return the robots of a place that do not run an artifact yet."""
        return [
            robot for robot, seen in self.robots(place).items() if artifact not in {each["artifact"]["id"] for each in seen}
        ]

    def report(
        self, id: str, state: DeploymentState, at: datetime, failed: Iterable[str] = (), reason: str | None = None
    ) -> None:
        """Report where a deployment stands. Only open deployments are looked at, so each state is reported once."""
        report = ReportDeployment(
            deployment=id, state=state, at=at, failed_robots=[*failed] or None, reason=reason and reason[:1000]
        )
        self.registry.do(report, idempotency_key=f"{id} {state} {at.isoformat()}"[-500:])
        print(f"{id} is {state}", flush=True)


def main() -> None:
    """Carry out what is open, and go on when something happens."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("places", nargs="+", help="the fleets and cohorts whose robots are simulated")
    options.add_argument("--url", help="the service; by default FOREBEAR_URL")
    options.add_argument("--stage", type=int, default=1, help="change so many robots at a time")
    options.add_argument("--pause", type=float, default=1, help="wait so many seconds between two stages")
    options.add_argument("--port", type=int, default=8092, help="the port for webhooks")
    options.add_argument("--every", type=float, default=60, help="look again after so many seconds without an event")
    chosen = options.parse_args()

    with Registry(chosen.url, patience=60) as registry:
        attendant = Attendant(chosen.port, EVENTS)
        manager = Manager(registry, chosen.places, chosen.stage, chosen.pause)
        print(f"deploys to {', '.join(chosen.places)}, told at {attendant.url}", flush=True)
        attendant.attend(registry, manager.look, chosen.every)


if __name__ == "__main__":
    main()
