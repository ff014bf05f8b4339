"""The plan of a recall: what is affected, what each deployment and robot goes back to, and whom to tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import msgspec

from forebear.domain import rollback
from forebear.domain.artifact import ArtifactFactsRow
from forebear.domain.case import Case, cases
from forebear.domain.outcome import Reason
from forebear.domain.place import DeploymentRow, FleetRow, PlaceFactsRow, PlaceRow
from forebear.domain.recall.affected import Affected, digest
from forebear.domain.recall.reach import Reach, RecalledGroupFactsRow, World, affected
from forebear.domain.recall.target import RecallTarget, RobotStanding, of_deployment, of_robot
from forebear.domain.rollback import NEVER_RAN, IncidentFactsRow, IncidentRow, OpenIncidentRow, RollbackTarget
from forebear.domain.standing import DecisionRow, Row, StandingFactsRow

T = TypeVar("T")


class RecalledIncidentFactsRow(Row, frozen=True):
    """A row of `cypher/actions/recalled_incident_facts.cypher`: an incident at a fleet or cohort.

    `own`: it was on a robot of it, and not at its fleet or site.
    """

    group: str
    id: str
    valid_from: str
    own: bool


class RecalledOpenFactsRow(Row, frozen=True):
    """A row of `cypher/actions/recalled_open_facts.cypher`: an open incident, and an artifact or a version that it touches."""

    incident: str
    touches: str


class RecalledBuildFactsRow(ArtifactFactsRow, frozen=True):
    """A row of `cypher/actions/recalled_build_facts.cypher`: a build of a version that ran where something is recalled."""


class RecalledReleaseFactsRow(StandingFactsRow, frozen=True):
    """A row of `cypher/actions/recalled_release_facts.cypher`: a release of such a version, with what lets it run."""


@dataclass(frozen=True)
class Told:
    """Somebody to tell: a customer, or None for what belongs to no customer, with all that is affected of theirs."""

    customer: str | None
    sites: tuple[str, ...]
    fleets: tuple[str, ...]
    deployments: tuple[str, ...]
    robots: tuple[str, ...]


@dataclass(frozen=True)
class RecallPlan:
    """What a recall comes to, by what was known at the moment `now`.

    `reach` and `world` say what is affected. The others are of the versions that ran where something is to be undone.
    """

    reach: Reach
    world: World
    builds: Sequence[ArtifactFactsRow]
    releases: Sequence[StandingFactsRow]
    incidents: Sequence[RecalledIncidentFactsRow]
    open: Sequence[RecalledOpenFactsRow]
    now: str

    @cached_property
    def affected(self) -> list[Affected]:
        """Everything that is affected, in the order of kinds and ids."""
        return affected(self.reach, self.world)

    @cached_property
    def digest(self) -> str:
        """The digest of what is affected."""
        return digest(self.affected)

    @cached_property
    def targets(self) -> dict[str, RecallTarget]:
        """What to do about each affected robot, and about each affected deployment that is not over, by its id."""
        deployments = {d.id: d for group in self.world.groups.values() for d in group.deployments}
        found: dict[str, RecallTarget] = {}
        for id, place in self.reach.things.items():
            deployment = deployments.get(id)
            if self.reach.kinds[id] == "Deployment" and (deployment is None or deployment.is_unfinished):
                found[id] = self._of_deployment(deployment, id, place)
        unfinished = {group.id: [d for d in group.deployments if d.is_unfinished] for group in self.world.groups.values()}
        robots = [each.id for each in self.affected if each.kind == "Robot"]
        return found | {id: of_robot(self._standing(id), unfinished, found, self.reach.artifacts) for id in robots}

    def _of_deployment(self, deployment: DeploymentRow | None, id: str, place: str | None) -> RecallTarget:
        group = self.world.groups.get(place or "")
        if deployment is None or group is None:
            return of_deployment(id, PlaceFactsRow(), (), ())
        return of_deployment(id, self._place(group), self._options(deployment, group), self.reach.artifacts)

    def against(self, id: str, artifact: str) -> tuple[Reason, ...]:
        """Return why an affected deployment, by its id, cannot go back to an artifact that an earlier plan chose."""
        group = self.world.groups.get(self.reach.things.get(id) or "")
        deployment = next((d for d in group.deployments if d.id == id), None) if group else None
        if deployment is None or group is None:
            return ()
        option = next((each for each in self._options(deployment, group) if each.artifact == artifact), None)
        if option is None:
            message = f"{artifact} is recalled as well, or did not run on {group.id} before"
            return (Reason(NEVER_RAN, message, "choose what ran there before and is not recalled"),)
        return option.reasons

    def _options(self, deployment: DeploymentRow, group: RecalledGroupFactsRow) -> list[RollbackTarget]:
        """Return what a place can go back to with a deployment undone, without what is affected."""
        around = self._place(group)
        versions = {d.version for d in around.deployments if d.valid_from is not None}
        return rollback.targets(
            [build for version in sorted(filter(None, versions)) for build in self._builds.get(version, ())],
            around,
            [case for version in sorted(filter(None, versions)) for case in self._cases.get(version, ())],
            self._incidents(group, versions),
            self.now,
            bad=deployment,
        )

    def _place(self, group: RecalledGroupFactsRow) -> PlaceFactsRow:
        """Return a fleet or cohort as a rollback sees it: with its fleets, what was deployed there, and its robots."""
        fleets = [group] if group.fleet else [self.world.groups[id] for id in group.fleets if id in self.world.groups]
        spots = {each.id: each for each in (group, *fleets)}.values()
        inner = [self.world.groups[id] for id in self.world.cohorts.get(group.id, ())]
        return PlaceFactsRow(
            PlaceRow(group.id),
            tuple(FleetRow(fleet.id, fleet.lines) for fleet in fleets),
            group.robots,
            tuple(robot for cohort in inner for robot in cohort.robots),
            tuple(d for spot in spots for d in spot.deployments),
            retired=tuple(out for spot in spots for out in spot.retired),
        )

    @cached_property
    def _builds(self) -> Mapping[str, Sequence[ArtifactFactsRow]]:
        """The builds of each version that are not affected."""
        known = ((build.version.id, build) for build in self.builds if build.version and build.artifact)
        return _grouped((id, build) for id, build in known if build.artifact and build.artifact.id not in self.reach.artifacts)

    @cached_property
    def _cases(self) -> Mapping[str, Sequence[Case]]:
        # The statement leaves decisions without an order: it costs an engine more than it costs here.
        ordered = (msgspec.structs.replace(row, decisions=sorted(row.decisions, key=_decided)) for row in self.releases)
        return _grouped((case.version.id, case) for case in cases(ordered, self.now))

    def _incidents(self, group: RecalledGroupFactsRow, versions: Iterable[str | None]) -> IncidentFactsRow:
        here = list(self._at.get(group.id, ()))
        here += [i for fleet in group.fleets for i in self._at.get(fleet, ()) if not i.own]
        return IncidentFactsRow(
            tuple(IncidentRow(id, at) for id, at in sorted({(i.id, i.valid_from) for i in here})),
            tuple(touched for version in versions for touched in self._open.get(version or "", ())),
        )

    @cached_property
    def _at(self) -> Mapping[str, Sequence[RecalledIncidentFactsRow]]:
        return _grouped((incident.group, incident) for incident in self.incidents)

    @cached_property
    def _open(self) -> Mapping[str, Sequence[OpenIncidentRow]]:
        versions = {build.artifact.id: build.version.id for build in self.builds if build.artifact and build.version}
        touched = {(row.incident, versions.get(row.touches, row.touches)) for row in self.open}
        return _grouped((version, OpenIncidentRow(incident, version)) for incident, version in sorted(touched))

    def _standing(self, robot: str) -> RobotStanding:
        retired = self.world.robots[robot].retired if robot in self.world.robots else ()
        return RobotStanding(robot, self.world.members.get(robot, ()), min(retired, default=None))

    def customers_of(self, id: str) -> tuple[str, ...]:
        """Return the customers of the affected fleets of a robot, cohort or fleet, or of where something affected runs."""
        if (place := self.reach.things.get(id)) is not None:
            return self.customers_of(place)
        group = self.world.groups.get(id)
        fleets = {id, *group.fleets} if group else {*self.world.members.get(id, ())}
        return tuple(sorted({c for fleet in fleets & self._fleets for c in self.world.groups[fleet].customers}))

    @cached_property
    def _fleets(self) -> frozenset[str]:
        return frozenset(each.id for each in self.affected if each.kind == "Fleet")

    @cached_property
    def told(self) -> list[Told]:
        """Whom to tell, in the order of ids. What belongs to no customer comes last."""
        of: dict[str | None, dict[str, set[str]]] = {}
        for each in self.affected:
            if each.kind in _TOLD:
                for customer in self.customers_of(each.id) or (None,):
                    of.setdefault(customer, {}).setdefault(each.kind, set()).add(each.id)
        return [
            Told(customer, self._sites(kinds.get("Fleet", ())), *(tuple(sorted(kinds.get(kind, ()))) for kind in _TOLD))
            for customer, kinds in sorted(of.items(), key=lambda one: (one[0] is None, one[0] or ""))
        ]

    def _sites(self, fleets: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted({site for id in fleets for site in self.world.groups[id].sites}))


_TOLD = ("Fleet", "Deployment", "Robot")


def _decided(decision: DecisionRow) -> tuple[bool, str, str]:
    return decision.decided_at is None, decision.decided_at or "", decision.id


def _grouped(pairs: Iterable[tuple[str, T]]) -> dict[str, list[T]]:
    of: dict[str, list[T]] = {}
    for key, value in pairs:
        of.setdefault(key, []).append(value)
    return of
