"""The verb about what robots are seen to run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from forebear.actions.action import Action, Given
from forebear.domain import installation
from forebear.domain.installation import Around, Seen
from forebear.domain.outcome import Verdict
from forebear.graph.declaration import Digest, ExternalName, Value, prop


class ReportInstallation(Value):
    """Reports that an artifact was seen on a robot, and ends what was seen there before. Accepted also of an artifact or a
    robot that nobody knows, which it makes known by name: what may run is another question. Once an artifact is registered with
    that name, it is what was seen; a name of several artifacts is refused as AMBIGUOUS. Reports may come late, twice and out of
    order. The same moment again is the same report, so give since when it runs, not when it was looked at."""

    robot: str = prop("The robot.", names=("Robot",))
    since: datetime = prop("Since when it runs.")
    artifact: str | None = prop("What was seen: the artifact by its id,", default=None, names=("Artifact",))
    digest: Digest | None = prop("or by its digest, as `algorithm:hex`,", default=None)
    external_id: ExternalName | None = prop("or by its name in another system, as `system:name`.", default=None)
    until: datetime | None = prop("Until when it ran (exclusive); left out while it does.", default=None)
    deployment: str | None = prop(
        "The deployment that brought it about; found where it is left out.", default=None, names=("Deployment",)
    )


def _seen(given: Mapping[str, Any]) -> Seen:
    names = ("artifact", "digest", "until", "deployment")
    return Seen(given["robot"], given["since"], external_id=given.get("externalId"), **{n: given.get(n) for n in names})


def _asks(given: Mapping[str, Any]) -> dict[str, Any]:
    seen, external_id = _seen(given), given.get("externalId")
    asked = {"robot": seen.robot, "since": seen.since, "unknown": seen.unknown, "name": seen.name}
    return asked | {"names": [external_id] if external_id else []}


def _report(given: Given) -> Verdict:
    (around,) = given.rows("installation", Around)
    return installation.report(_seen(given.input), around, given.now)


ACTIONS = (Action("reportInstallation", ReportInstallation, ("name", "installation"), _report, _asks),)
