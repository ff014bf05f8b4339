"""Evaluating release lines when nobody decides: time passed, or something else runs in the line.

A change of evidence or of a policy evaluates in its own transaction. A retraction or a correction of lineage evaluates right
after. Nobody is there when a policy begins, when evidence gets too old, or when a report of what runs arrives. So a service
evaluates from time to time, in the name of the policy in force.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from functools import partial
from typing import Any

import structlog

from forebear.actions.extension import extend_recalls
from forebear.actions.performer import Performer, Requester
from forebear.actions.permits import mend_unsettled
from forebear.domain.roles import Actor
from forebear.graph.kinds.data import DatasetVersion
from forebear.graph.kinds.training import Checkpoint, CodeVersion, ComputeProfile, Experiment, Run, SoftwareEnvironment
from forebear.graph.moments import moment
from forebear.store import Store
from forebear.store.errors import StoreError
from forebear.store.statements import statements
from forebear.store.upkeep import repeated
from forebear.verbs.evaluation import Evaluate

SECONDS = 300
"""How many seconds a release waits at most for the effect of time or of a report."""

LINEAGE = frozenset(
    kind.kind.name for kind in (DatasetVersion, CodeVersion, SoftwareEnvironment, ComputeProfile, Run, Checkpoint, Experiment)
)
"""The kinds of nodes that a policy can require of a candidate."""

_log = structlog.get_logger(__name__)


async def evaluate_lines(store: Store, performer: Performer) -> None:
    """Evaluate every line in which something may be due, in the name of its policy.

    A line that cannot be evaluated now waits for the next time. Before that, add the intervals of releases that an older
    version of Forebear left out, and extend recalls.

    Raises `StoreError` if the lines cannot be read.
    """
    await mend_unsettled(store)
    await extend_recalls(store, performer)
    rows = await store.read(statements("actions")["lines_to_evaluate"], {"now": moment(datetime.now(UTC))})
    await _evaluate_each(rows, performer)


async def _evaluate_each(rows: Iterable[Mapping[str, Any]], performer: Performer) -> None:
    """Evaluate lines, each in the name of its policy."""
    for row in rows:
        line, policy = str(row["line"]), str(row["policy"])
        itself = Actor(policy, Evaluate.action.roles, frozenset({line}), machine=True)
        try:
            await performer.do(Evaluate.action.name, {"line": line}, Requester(itself, "evaluation"))
        except StoreError as error:
            _log.warning("a release line could not be evaluated", line=line, error=str(error))


async def evaluate_after(store: Store, performer: Performer, amended: Iterable[str]) -> None:
    """Evaluate the lines of versions that came of nodes whose facts were retracted or corrected.

    A line that cannot be evaluated now is left for `evaluate_lines`. `amended` are the ids of the nodes.
    """
    nodes = [id for id in sorted({*amended}) if performer.facts.ids.kind(id) in LINEAGE]
    if not nodes:
        return
    try:
        parameters = {"nodes": nodes, "now": moment(datetime.now(UTC))}
        rows = await store.read(statements("actions")["lines_resting_on"], parameters)
    except StoreError as error:
        _log.warning("what rests on an amended lineage could not be read", error=str(error))
        return
    await _evaluate_each(rows, performer)


def evaluations_kept(store: Store, performer: Performer, seconds: float = SECONDS) -> AbstractAsyncContextManager[None]:
    """Evaluate what is due at once, and then every `seconds`. Several services may do so at the same time."""
    return repeated(partial(evaluate_lines, store, performer), seconds, "release lines could not be evaluated")
