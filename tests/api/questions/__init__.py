"""The questions, answered from the graph in memory: each as its header says it, with no look at its statement."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.api.questions.asking import Asking, Row
from tests.api.questions.changes import changes
from tests.api.questions.finding import resolve, search
from tests.api.questions.lineage import justification, lineage, lineage_diff, provenance
from tests.api.questions.reach import fleets_running, impact, paths
from tests.api.questions.release import approval, state_at
from tests.api.questions.running import drift, history, running, what_was_running


@dataclass(frozen=True)
class Question:
    """A question: its file, its answer from memory, the kinds that its ids may be of, and how large its numbers may be."""

    file: str
    answer: Callable[[Asking], Iterable[Row] | Mapping[str, Any]]
    kinds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    bounds: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    moments: tuple[str, ...] = ()
    """The arguments that are moments of knowledge: what is asked about must have stood at one of them."""
    known: Callable[[Mapping[str, Any]], str] = lambda columns: "asKnownAt"
    """The argument that is the moment of knowledge as of which the nodes of a row are read."""
    descending: bool = False
    """Whether the last row in its order comes first."""


def _compared(columns: Mapping[str, Any]) -> str:
    """The moment of which a change is told: of what went the first."""
    return "from" if columns["change"] == "REMOVED" else "to"


QUESTIONS: Mapping[str, Question] = {
    "Query.lineage": Question("lineage", lineage, bounds={"maxDepth": (0, 50), "first": (0, 500)}),
    "Query.lineageDiff": Question("lineage_diff", lineage_diff, moments=("from", "to"), known=_compared),
    "Query.paths": Question("paths", paths, bounds={"maxLength": (0, 50), "first": (0, 100)}),
    "Query.impact": Question("impact", impact),
    "Query.fleetsRunning": Question("fleets_running", fleets_running, {"trainedOn": ("Dataset", "DatasetVersion")}),
    "Query.whatWasRunning": Question("what_was_running", what_was_running, {"place": ("Robot", "Fleet", "Site")}),
    "Query.changes": Question(
        "changes", changes, {"of": ("Robot", "Cohort", "Fleet", "Site", "ModelVersion", "Incident")}, descending=True
    ),
    "Query.drift": Question("drift", drift, {"fleet": ("Fleet",)}),
    "Query.resolve": Question("resolve", resolve),
    "Query.search": Question("search", search),
    "ModelVersion.provenance": Question("provenance", provenance),
    "ModelVersion.justification": Question("justification", justification),
    "ModelVersion.approval": Question("approval", approval),
    "ModelVersion.running": Question("running", running),
    "ModelVersion.history": Question("history", history),
    "Release.stateAt": Question("state_at", state_at),
}
"""The questions by the type and the name of their field; tests/actions holds `outOfService`, `confirmation` and what is
decided."""
