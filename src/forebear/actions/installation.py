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
    """Reports that a robot was seen to run an artifact, and ends what was seen there before. Forebear also takes a report of
    an artifact or a robot that nobody knows, and makes it known by that name. Whether it may run there is another question.
    Once somebody registers an artifact with the name, the report is about that artifact. Forebear refuses a name of several
    artifacts as AMBIGUOUS. Reports may come late, twice and out of order. A report with the same moment is the same report,
    so report since when the artifact runs, not when somebody looked."""

    robot: str = prop("The robot.", names=("Robot",))
    since: datetime = prop("The moment since which the artifact runs.")
    artifact: str | None = prop("The artifact by its id. Name it in one of three ways,", default=None, names=("Artifact",))
    digest: Digest | None = prop("or by its digest, as `algorithm:hex`,", default=None)
    external_id: ExternalName | None = prop("or by its name in another system, as `system:name`.", default=None)
    until: datetime | None = prop("The moment until which it ran (exclusive). Leave it out while it runs.", default=None)
    deployment: str | None = prop(
        "The deployment that installed it. If you leave it out, Forebear finds it.", default=None, names=("Deployment",)
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
