"""The items of a recall, and the verb that excuses one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec

from forebear.domain.outcome import Reason, Revise, Ruling
from forebear.domain.recall.item import (
    ExcuseRow,
    ItemGroupFactsRow,
    ItemReleaseFactsRow,
    ItemRobotFactsRow,
    ItemState,
    RecallItems,
    undoings,
)
from forebear.domain.recall.subject import Subject
from forebear.domain.reference import unknown
from forebear.domain.standing import Row
from forebear.domain.votes import UNTRUSTED_MACHINE
from forebear.graph.declaration import PROSE, prop
from forebear.graph.document import json_text
from forebear.verbs.recall_plan import RecallPlanFacts, asks
from forebear.verbs.verb import DecisionFacts, Rows, Verb

NO_ITEM = "NO_ITEM"


class BegunRecallRow(Row, frozen=True):
    """A recall, and since when it stands, if it does."""

    id: str
    subject: str
    reason: str
    valid_from: str | None = None
    valid_to: str | None = None
    excuses: str | None = None


class BegunFactsRow(Row, frozen=True):
    """The row of `cypher/actions/begun_facts.cypher`."""

    recall: BegunRecallRow | None = None


@dataclass(frozen=True)
class BegunFacts(DecisionFacts):
    """A recall."""

    begun: BegunFactsRow


@dataclass(frozen=True)
class RecallItemFacts(RecallPlanFacts, BegunFacts):
    """A recall, what it affected since it began, and what became of that. The member `at` of the input is the moment."""

    stepwise: ClassVar = True

    item_group: list[ItemGroupFactsRow]
    item_robot: list[ItemRobotFactsRow]
    item_release: list[ItemReleaseFactsRow]

    @classmethod
    def subject(cls, input: Mapping[str, Any], rows: Mapping[str, Rows]) -> Subject:
        """Return what is recalled."""
        return Subject.parse(rows["begun"][0]["recall"]["subject"])

    @classmethod
    def follows(cls, input: Mapping[str, Any], rows: Mapping[str, Rows]) -> Mapping[str, object]:
        """What the recall began with and when it ended; later, the groups, robots and releases that it affects."""
        if not rows:
            return {}
        recall = rows["begun"][0]["recall"]
        if recall is None or recall["validFrom"] is None:
            return {"groups": [], "robots": [], "versions": [], "releases": []}
        last = [*rows][-1]
        if last == "begun":
            over, at = recall["validTo"], input.get("at")
            ended = {"now": over} if over is not None and (at is None or over < at) else {}
            return {"since": recall["validFrom"], **asks(Subject.parse(recall["subject"])), **ended}
        if last == "recalled_open":
            seen = {robot for row in rows["recalled"] for _, robot in row["seen"]}
            members = {robot["id"] for group in rows["recalled_group"] for robot in group["robots"]}
            releases = (row["id"] for row in rows["recalled"] if row["kind"] == "Release")
            return {"robots": sorted((seen | members) - {None}), "releases": sorted(releases)}
        return super().follows(input, rows)

    def items(self, *, at: str | None = None, sighted: bool = True) -> RecallItems | None:
        """Return the items of the recall at a moment, by default now or when it ended. None if it did not stand by then."""
        recall = self.begun.recall
        moment = at or self.now
        if recall is not None and recall.valid_to is not None:
            moment = min(moment, recall.valid_to)
        if recall is None or recall.valid_from is None or recall.valid_from > moment:
            return None
        groups = {row.id: row for row in self.item_group}
        deployments = [d for group in self.recalled_group for d in group.deployments]
        around = {group.id: (group.id, *group.fleets) for group in self.recalled_group}
        stops = {id: [s for near in spots if near in groups and (s := groups[near].stop)] for id, spots in around.items()}
        undoing = undoings(deployments, stops, moment)
        apart = {id for id, each in undoing.items() if each.is_over(recall.valid_from) or each.asked > moment}
        return RecallItems(
            self.plan(Subject.parse(recall.subject), moment, without=apart),
            undoing,
            {row.id: row for row in self.item_robot},
            groups,
            self.item_release,
            {excuse.item: excuse for excuse in excuses(recall)},
            recall.valid_from,
            moment,
            sighted,
        )


def excuses(recall: BegunRecallRow) -> list[ExcuseRow]:
    """Return the excuses of a recall, in their order."""
    return msgspec.convert(json.loads(recall.excuses or "[]"), list[ExcuseRow])


class ExcuseRecallItem(Verb[RecallItemFacts], roles="APPROVER"):
    """Excuses an item of a recall that stands, with a reason: nothing more is to be done about this deployment, this robot or
    this release, such as because somebody saw to it on the spot. It permits nothing. Only a person may."""

    recall: str = prop("The recall.", names=("Recall",))
    item: str = prop("The deployment, the robot or the release.", names=("Deployment", "Robot", "Release"))
    reason: str = prop("The reason. It is kept in the audit trail.", length=PROSE)

    def decide(self, facts: RecallItemFacts) -> Ruling:
        """Excuse it, if the actor may write to the lines of all releases that the recall affects."""
        if forbidden := self.refusal_within(facts.actor, {row.line for row in facts.item_release}):
            return Ruling(self.recall, reasons=(forbidden,))
        recall = facts.begun.recall
        if recall is None:
            return Ruling(self.recall, reasons=(unknown("recall", self.recall),))
        if facts.actor.machine:
            message = f"{facts.actor.name} is a machine, and an excuse is up to a person"
            return Ruling(self.recall, reasons=(Reason(UNTRUSTED_MACHINE, message, "have a person excuse it"),))
        items = facts.items() if recall.valid_to is None else None
        item = next((each for each in items.all if each.id == self.item), None) if items else None
        if item is None:
            since = "is over" if recall.valid_to else "stands" if recall.valid_from else "gathers votes"
            message = f"item: {self.item} is no item of {self.recall}, which {since}"
            return Ruling(
                self.recall, reasons=(Reason(NO_ITEM, message, "name an item of a recall that stands (recallItems)"),)
            )
        if item.state is ItemState.EXCUSED:
            return Ruling(self.recall)
        new = {"item": self.item, "reason": self.reason, "actor": facts.actor.name, "at": facts.now}
        before = json.loads(recall.excuses or "[]")
        return Ruling(self.recall, (Revise(self.recall, {"excuses": recall.excuses}, {"excuses": json_text([*before, new])}),))
