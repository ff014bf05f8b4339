"""The past of a tracking server of MLflow: the runs that are over since a moment, and the logged models that they wrote."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from forebear.connect.mlflow import lineage, names
from forebear.connect.mlflow.tracking import Tracking

Document = dict[str, Any]

PAGE = 100
"""How many runs are asked for at once."""

EXPERIMENTS = 1_000
"""How many experiments are asked for at once."""


async def experiments(tracking: Tracking) -> list[tuple[str, str]]:
    """Return the id and the name of each experiment. Raises `Unanswered`."""
    asked = {"max_results": EXPERIMENTS, "view_type": "ACTIVE_ONLY"}
    return [
        (str(each["experiment_id"]), str(each.get("name", "")))
        async for page in tracking.pages("experiments/search", "experiments", asked)
        for each in page
    ]


async def pages_of_runs(tracking: Tracking, experiment: str, since: int) -> AsyncIterator[Sequence[Document]]:
    """Return the runs of an experiment that were over at `since` or later, by when they were, and then those that are not over.

    `since` is in milliseconds since 1970. Raises `Unanswered`.
    """
    asked = {"experiment_ids": [experiment], "max_results": PAGE, "run_view_type": "ACTIVE_ONLY"}
    over = {"filter": f"attributes.end_time >= {since}", "order_by": ["attributes.end_time ASC", "attributes.run_id ASC"]}
    for which in (over, {"filter": "attributes.status = 'RUNNING'"}):
        async for page in tracking.pages("runs/search", "runs", asked | which):
            yield page


@dataclass(frozen=True)
class Mark:
    """How far an experiment was read: the last of its runs that was over, and when, in milliseconds since 1970."""

    moment: int
    run: str

    @classmethod
    def after(cls, runs: Sequence[Document], former: Mark | None) -> Mark | None:
        """Return the mark behind some runs that came in order."""
        over = [cls(int(run["info"]["end_time"]), run["info"]["run_id"]) for run in runs if run["info"].get("end_time")]
        return max([*([former] if former else ()), *over], key=lambda mark: mark.moment, default=None)


def models_of(run: Document) -> list[tuple[str, int | None]]:
    """Return the logged models that a run wrote, each with its step. MLflow writes 0 where nobody said a step."""
    outputs = (run.get("outputs") or {}).get("model_outputs", ())
    return [(each["model_id"], int(each.get("step") or 0) or None) for each in outputs]


async def facts_of(tracking: Tracking, runs: Sequence[Document], known: Mapping[str, str]) -> list[Document]:
    """Return facts about runs and the logged models that they wrote. Raises `Unanswered`.

    `known` are the ids of runs that have an external id on record.
    """
    facts: list[Document] = []
    for run in runs:
        external = names.external_run(run["info"]["run_id"])
        id = known.get(external, names.run(run["info"]["run_id"]))
        *others, fact = lineage.of_run(id, {"run": run})
        facts += [*others, fact | {"externalIds": [external]}]
        for logged, step in models_of(run):
            checkpoint = names.checkpoint(f"models:/{logged}", None)
            if (answer := await tracking.logged_model(logged)) is not None:
                (said,) = lineage.of_logged_model(checkpoint, id, answer)
                facts.append(said | ({"step": step} if step else {}))
    return facts
