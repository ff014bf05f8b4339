"""The verb that reports what robots run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from forebear.domain import installation
from forebear.domain.installation import InstallationFactsRow, Sighting
from forebear.domain.outcome import Ruling
from forebear.graph.declaration import Digest, ExternalName, prop
from forebear.graph.moments import moment
from forebear.verbs.verb import DecisionFacts, Verb


@dataclass(frozen=True)
class InstallationFacts(DecisionFacts):
    """The names in reports, which are locked and not read, and what is on record around the moment of each on its robot."""

    name: list[dict[str, Any]]
    installation: list[InstallationFactsRow]


def asked_of(sightings: Sequence[Sighting]) -> dict[str, Any]:
    """Return the parameters of the facts: for each report the robot, its moment, and the artifact by its id and its name."""
    return {
        "robots": [each.robot for each in sightings],
        "moments": [each.since for each in sightings],
        "unknown": [each.unknown for each in sightings],
        "called": [each.name for each in sightings],
        "names": sorted({each.external_id for each in sightings if each.external_id}),
    }


class ReportInstallation(Verb[InstallationFacts], roles="OPERATOR RECORDER"):
    """Reports that a robot was seen to run an artifact, and ends what was seen there before. Forebear also takes a report of
    an artifact or a robot that nobody knows, makes it known by that name, and lists it as `undescribed`. Whether it may run
    there is another question. Once somebody registers an artifact with the name, the report is about that artifact. Forebear
    refuses a name of several artifacts as AMBIGUOUS. Reports may come late, twice and out of order. A report with the same
    moment is the same report, so `since` says since when the artifact runs, and `seenAt` when somebody looked."""

    robot: str = prop("The robot.", names=("Robot",))
    since: datetime = prop("The moment since which the artifact runs.")
    artifact: str | None = prop("The artifact by its id. Name it in one of three ways,", default=None, names=("Artifact",))
    digest: Digest | None = prop("or by its digest, as `algorithm:hex`,", default=None)
    external_id: ExternalName | None = prop("or by its name in another system, as `system:name`.", default=None)
    until: datetime | None = prop("The moment until which it ran (exclusive). Leave it out while it runs.", default=None)
    seen_at: datetime | None = prop(
        "The moment at which somebody saw it there. By default it is `until`, or else `since`. The latest is kept.",
        default=None,
    )
    deployment: str | None = prop(
        "The deployment that installed it. If you leave it out, Forebear finds it.", default=None, names=("Deployment",)
    )

    def _sighting(self) -> Sighting:
        until = moment(self.until) if self.until is not None else None
        seen_at = moment(self.seen_at) if self.seen_at is not None else None
        since = moment(self.since)
        return Sighting(self.robot, since, self.artifact, self.digest, self.external_id, until, self.deployment, seen_at)

    def asks(self) -> dict[str, Any]:
        """The artifact by its id and by its name."""
        return asked_of([self._sighting()])

    def decide(self, facts: InstallationFacts) -> Ruling:
        """Take the report, since it has happened."""
        return installation.report(self._sighting(), facts.installation[0], facts.now)
