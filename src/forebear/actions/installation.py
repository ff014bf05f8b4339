"""The verb about what robots are seen to run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from forebear.actions.action import Action, Given
from forebear.domain import installation
from forebear.domain.installation import Around, Seen
from forebear.domain.outcome import Verdict
from forebear.graph.declaration import Value, prop


class ReportInstallation(Value):
    """Reports that an artifact was seen on a robot, and ends what was seen there before. Always accepted, also of an artifact
    or a robot that nobody knows, which it makes known by name: what may run is another question. Reports may come late,
    twice and out of order. The same moment again is the same report, so give since when it runs, not when it was looked at."""

    robot: str = prop("The robot.", names=("Robot",))
    since: datetime = prop("Since when it runs.")
    artifact: str | None = prop("What was seen: the artifact by its id,", default=None, names=("Artifact",))
    digest: str | None = prop("or by its digest, as `algorithm:hex`,", default=None)
    external_id: str | None = prop("or by its name in another system, as `system:name`.", default=None)
    until: datetime | None = prop("Until when it ran (exclusive); left out while it does.", default=None)
    deployment: str | None = prop(
        "The deployment that brought it about; found where it is left out.", default=None, names=("Deployment",)
    )


def _asks(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: given.get(name) for name in ("robot", "since", "artifact", "digest", "externalId")}


def _report(given: Given) -> Verdict:
    (around,) = given.rows("installation", Around)
    said = given.input
    names = ("artifact", "digest", "until", "deployment")
    seen = Seen(said["robot"], said["since"], external_id=said.get("externalId"), **{n: said.get(n) for n in names})
    return installation.report(seen, around, given.now)


ACTIONS = (Action("reportInstallation", ReportInstallation, ("installation",), _report, _asks),)
