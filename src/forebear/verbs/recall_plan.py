"""The facts of a plan for a recall, as `recallPlan` and the verbs of recalls read them."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from forebear.domain.recall.plan import (
    RecalledBuildFactsRow,
    RecalledIncidentFactsRow,
    RecalledOpenFactsRow,
    RecalledReleaseFactsRow,
    RecallPlan,
)
from forebear.domain.recall.reach import Reach, RecalledFactsRow, RecalledGroupFactsRow, RecalledRobotFactsRow, World
from forebear.domain.recall.subject import Subject, SubjectKind
from forebear.graph.document import json_text
from forebear.verbs.verb import DecisionFacts, Rows


def asks(subject: Subject) -> dict[str, object]:
    """Return the parameters by which the facts find what a subject begins with."""
    name, _ = subject.setting
    return {
        "node": subject.id,
        "toolchain": subject.value if subject.kind is SubjectKind.TOOLCHAIN else None,
        # The name of a setting has dots between its parts, and a part may have dots itself. Its end is in the configuration.
        "setting": json_text(name.rpartition(".")[2])[1:] if subject.kind is SubjectKind.SETTING else None,
    }


@dataclass(frozen=True)
class RecallPlanFacts(DecisionFacts):
    """What a recall reaches, where that runs, and what may run there instead.

    The member `of` of the input is the subject, as a `RecallSubject`.
    """

    recalled: list[RecalledFactsRow]
    recalled_group: list[RecalledGroupFactsRow]
    recalled_robot: list[RecalledRobotFactsRow]
    recalled_build: list[RecalledBuildFactsRow]
    recalled_release: list[RecalledReleaseFactsRow]
    recalled_incident: list[RecalledIncidentFactsRow]
    recalled_open: list[RecalledOpenFactsRow]

    @classmethod
    def subject(cls, input: Mapping[str, Any], rows: Mapping[str, Rows]) -> Subject:
        """Return what is recalled."""
        return Subject.of(input["of"])

    @classmethod
    def follows(cls, input: Mapping[str, Any], rows: Mapping[str, Rows]) -> Mapping[str, object]:
        """The robots and groups where affected things are; then the versions that ran in these groups, and the other robots."""
        last = [*rows][-1:]
        if last == ["recalled"]:
            reach = Reach(cls.subject(input, rows), msgspec.convert(rows["recalled"], list[RecalledFactsRow]))
            return {"robots": reach.places("Installation"), "groups": reach.places("Deployment")}
        if last == ["recalled_group"]:
            groups = rows["recalled_group"]
            ran = {d["version"] for group in groups for d in group["deployments"] if d["validFrom"] is not None}
            members = {robot["id"] for group in groups for robot in group["robots"]}
            seen = {robot for row in rows["recalled"] for _, robot in row["seen"]}
            return {
                "groups": sorted(group["id"] for group in groups),
                "versions": sorted(ran - {None}),
                "robots": sorted(seen - members - {None}),
            }
        return {}

    def plan(self, subject: Subject, now: str | None = None, *, without: Container[str] = ()) -> RecallPlan:
        """Return the plan of a recall of the subject, which is the one that the facts were read for.

        `now` is the moment of the plan, by default that of the facts, and `without` are deployments to leave out.
        """
        world = World({row.id: row for row in self.recalled_robot}, {row.id: row for row in self.recalled_group})
        return RecallPlan(
            Reach(subject, [row for row in self.recalled if row.id not in without]),
            world,
            self.recalled_build,
            self.recalled_release,
            self.recalled_incident,
            self.recalled_open,
            now or self.now,
        )
