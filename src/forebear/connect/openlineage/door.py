"""The translator of OpenLineage: its doors, and how they answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from forebear.connect.names import within
from forebear.connect.openlineage import lineage, state
from forebear.connect.translator import Act, ConnectorDoor, Event, Fact, Outcome, State, Status, Translator, several


def answered(outcomes: Sequence[Outcome]) -> tuple[int, Any]:
    """Return the answer to a batch, in the form of OpenLineage, with the outcome of each event besides.

    It is 200 also if events failed, since the others are taken. No event that failed would succeed if it were sent again.
    """
    failed = [
        {"index": index, "reason": "; ".join(outcome.reasons), "retriable": False}
        for index, outcome in enumerate(outcomes)
        if outcome.status is Status.REJECTED
    ]
    received = len(outcomes)
    status = "success" if not failed else "failure" if len(failed) == received else "partial_success"
    summary = {
        "received": received, "successful": received - len(failed), "failed": len(failed),
        "retriable": 0, "non_retriable": len(failed),
    }  # fmt: skip
    events = [outcome.document for outcome in outcomes]
    return 200, {"status": status, "summary": summary, "failed_events": failed, "events": events}


class OpenLineage(Translator):
    """Events of OpenLineage: runs of jobs, definitions of jobs, and datasets."""

    name = lineage.SYSTEM
    doors = (
        ConnectorDoor("/api/v1/lineage"),
        ConnectorDoor("/api/v1/lineage/batch", several, answered),
    )

    def key(self, event: Event) -> str:
        """Return the run, or else the job or the dataset, that an event is about."""
        kind, name = state.about(event)
        return f"{kind}:{name[0] if kind == state.RUN else within(*name)}"

    def fold(self, before: State, event: Event) -> State:
        """Add what an event says."""
        return state.together(before, state.read(event).state)

    def facts(self, told: State) -> Sequence[Fact | Act]:
        """Return jobs, runs, datasets and what came of what."""
        return lineage.facts(told)

    def wrong(self, event: Event) -> Sequence[str]:
        """Return which facets and datasets are wrong. The rest of the event is taken."""
        return state.read(event).wrong

    def left_out(self, event: Event) -> Sequence[str]:
        """Return what has no place in the graph, such as column lineage."""
        return state.read(event).left_out
