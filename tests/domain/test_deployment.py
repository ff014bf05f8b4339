"""Reports of several deployments, in any order, end in the same deployments and releases."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from forebear.domain.deployment import DeployedFactsRow, DeployedReleaseRow, ReleaseDeploymentRow, StateReport, report
from forebear.domain.outcome import Revise, Ruling
from forebear.domain.place import DeploymentRow, FleetRow, PlaceFactsRow, PlaceRow
from forebear.graph.kinds.fleet import DeploymentState
from forebear.graph.kinds.release import ReleaseState

NOW = "2026-07-01T00:00:00.000000Z"
FLEET, CANARY = "fleet:f", "cohort:c"
VERSIONS = ("model:m@1", "model:m@2")


def planned(n: int, place: str, version: int, *replaces: int) -> DeploymentRow:
    """The n-th deployment, of the one build of a version."""
    return DeploymentRow(
        f"deployment:{n}",
        place,
        f"artifact:{version}",
        DeploymentState.PLANNED,
        version=VERSIONS[version],
        target="target:t",
        replaces=tuple(f"deployment:{r}" for r in replaces),
    )


@dataclass(frozen=True)
class World:
    """Deployments and releases as a graph keeps them."""

    deployments: dict[str, DeploymentRow]
    releases: dict[str, ReleaseState]

    def place(self, id: str) -> PlaceFactsRow:
        """The facts about a deployment's place."""
        place = self.deployments[id].place
        return PlaceFactsRow(PlaceRow(place), (FleetRow(FLEET),), deployments=tuple(self.deployments.values()))

    def deployed(self) -> list[DeployedFactsRow]:
        """The facts about releases."""
        return [
            DeployedFactsRow(
                DeployedReleaseRow(f"release:{version}", state, 0),
                "line:l",
                tuple(ReleaseDeploymentRow(d.id, d.state) for d in self.deployments.values() if d.version == version),
            )
            for version, state in self.releases.items()
        ]

    def after(self, said: StateReport) -> World:
        """The world after a report."""
        return self._applied(report(said, self.place(said.deployment), self.deployed(), NOW))

    def _applied(self, verdict: Ruling) -> World:
        assert verdict.reasons == ()
        deployments, releases = dict(self.deployments), dict(self.releases)
        for effect in verdict.effects:
            assert isinstance(effect, Revise)
            if effect.id in deployments:
                names = {"validFrom": "valid_from", "validTo": "valid_to", "failedRobots": "failed_robots"}
                values: dict[str, Any] = {names.get(n, n): v for n, v in effect.after.items()}
                if "state" in values:
                    values["state"] = DeploymentState(values["state"])
                if "failed_robots" in values:
                    values["failed_robots"] = tuple(values["failed_robots"])
                deployments[effect.id] = msgspec.structs.replace(deployments[effect.id], **values)
            else:
                releases[effect.id.removeprefix("release:")] = ReleaseState(effect.after["state"])
        return replace(self, deployments=deployments, releases=releases)


START = World(
    {
        d.id: d
        for d in (
            planned(0, FLEET, 0),
            planned(1, CANARY, 1),
            planned(2, FLEET, 1, 0, 1),
            planned(3, CANARY, 0, 1),
            planned(4, FLEET, 0, 2),
        )
    },
    dict.fromkeys(VERSIONS, ReleaseState.APPROVED),
)

reports = st.builds(
    lambda n, state, day, robots: StateReport(
        f"deployment:{n}", state, f"2026-06-{day:02}T00:00:00.000000Z", failed_robots=tuple(robots)
    ),
    st.integers(0, 4),
    st.sampled_from([s for s in DeploymentState if s is not DeploymentState.PLANNED]),
    st.integers(1, 12),
    st.lists(st.sampled_from(["robot:a", "robot:b"]), max_size=1),
)


def told(every: list[StateReport]) -> World:
    """The world after reports."""
    world = START
    for said in every:
        world = world.after(said)
    return world


@given(st.lists(reports, max_size=9), st.randoms(use_true_random=False))
def test_reports_in_any_order_and_twice_end_in_the_same_world(every: list[StateReport], random: object) -> None:
    shuffled = [*every, *every[:4]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert told(shuffled) == told(every)


@given(st.lists(reports, max_size=9))
def test_at_one_place_one_deployment_is_active_and_releases_follow(every: list[StateReport]) -> None:
    world = told(every)
    active = [d for d in world.deployments.values() if d.is_active]
    assert len({d.place for d in active}) == len(active)
    for version, state in world.releases.items():
        runs = any(d.version == version for d in active)
        assert state is (ReleaseState.DEPLOYED if runs else ReleaseState.APPROVED)
    for said in every:
        again = report(said, world.place(said.deployment), world.deployed(), NOW)
        assert again == Ruling(said.deployment)
