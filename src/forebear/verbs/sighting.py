"""The verb that reports sightings: what robots were seen to run, as often as they like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from forebear.domain.installation import Sighting, impossible
from forebear.domain.outcome import Reason, Ruling
from forebear.domain.sighting import sight
from forebear.graph.declaration import ENDS, Digest, ExternalName, Value, prop
from forebear.verbs.installation import InstallationFacts, asked_of
from forebear.verbs.verb import Verb


class SightingReport(Value):
    """What somebody saw a robot run, at a moment. Name the artifact in one of three ways."""

    robot: str = prop("The robot.", names=("Robot",))
    at: datetime = prop("The moment at which it was seen.")
    artifact: str | None = prop("The artifact by its id,", default=None, names=("Artifact",))
    digest: Digest | None = prop("or by its digest, as `algorithm:hex`,", default=None)
    external_id: ExternalName | None = prop("or by its name in another system, as `system:name`.", default=None)


def sighting(document: Mapping[str, Any]) -> Sighting:
    """Return a sighting of the input."""
    named = (document.get(name) for name in ("artifact", "digest", "externalId"))
    return Sighting(document["robot"], document["at"], *named)


def cannot_be(n: int, reported: Sighting, now: str) -> tuple[Reason, ...]:
    """Return why the n-th sighting cannot be, whatever is on record."""
    return tuple(_named(n, reason) for reason in impossible(reported, now))


def _named(n: int, reason: Reason) -> Reason:
    message = reason.message.replace("since:", "at:", 1)
    return replace(reason, message=f"sightings.{n}.{message}")


class ReportSightings(Verb[InstallationFacts], roles="OPERATOR RECORDER"):
    """Reports what robots were seen to run, up to 10,000 sightings at a time, as often as you like. A robot that runs what it
    ran before only gets another `lastSeenAt`: that makes no node and no audit entry. One that runs something else gets an
    installation since then. Sightings may come late, twice and out of order. Forebear takes a robot or an artifact that nobody
    knows, as `reportInstallation` does. It leaves out a sighting that cannot be, lists it as `rejected`, and takes the others.
    It takes some hundred at a time, and the same sightings again change nothing, so an idempotency key has no effect."""

    sightings: list[SightingReport] = prop("The sightings.", items=ENDS)

    @property
    def _reported(self) -> list[Sighting]:
        return [sighting(document) for document in self.sightings]  # type: ignore[arg-type]

    def asks(self) -> dict[str, Any]:
        """The robots with their moments, and the artifacts by their ids and names."""
        return asked_of(self._reported)

    def decide(self, facts: InstallationFacts) -> Ruling:
        """Take sightings of different robots: each begins an installation unless the robot is known to run the artifact."""
        rulings = [sight(each, around, facts.now) for each, around in zip(self._reported, facts.installation, strict=True)]
        return Ruling(
            self.sightings[0]["robot"],  # type: ignore[index]
            tuple(effect for ruling in rulings for effect in ruling.effects),
            undescribed=tuple(sorted({id for ruling in rulings for id in ruling.undescribed})),
            rejected=tuple(_named(n, reason) for n, ruling in enumerate(rulings) for reason in ruling.reasons),
        )
