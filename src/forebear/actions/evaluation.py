"""Evaluates release lines when something is due that nobody decides: time passed, or something else runs in the line.

Whoever changes evidence or a policy evaluates in the same transaction; whoever takes lineage back or corrects it, right after.
A policy that begins, evidence that gets too old and a report of what runs come without anybody to do so, so a service does it
from time to time, in the name of the policy in force.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from functools import partial
from typing import Any

import structlog

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
"""How long a release waits at most for what time or a report means for it."""

LINEAGE = frozenset(
    kind.kind.name for kind in (DatasetVersion, CodeVersion, SoftwareEnvironment, ComputeProfile, Run, Checkpoint, Experiment)
)
"""The kinds of nodes that a policy can ask a candidate to carry."""

_log = structlog.get_logger(__name__)


async def evaluate_lines(store: Store, performer: Performer) -> None:
    """Evaluates every line in which something may be due, in the name of its policy; one that cannot be is left for next time.

    First come releases of which an older version of Forebear left out when they may go on running.

    Raises `StoreError` where the lines cannot be read.
    """
    await mend_unsettled(store)
    rows = await store.read(statements("actions")["lines_to_evaluate"], {"now": moment(datetime.now(UTC))})
    await _evaluate_each(rows, performer)


async def _evaluate_each(rows: Iterable[Mapping[str, Any]], performer: Performer) -> None:
    """Evaluates lines, each in the name of its policy."""
    for row in rows:
        line, policy = str(row["line"]), str(row["policy"])
        itself = Actor(policy, Evaluate.action.roles, frozenset({line}), machine=True)
        try:
            await performer.do(Evaluate.action.name, {"line": line}, Requester(itself, "evaluation"))
        except StoreError as error:
            _log.warning("a release line could not be evaluated", line=line, error=str(error))


async def evaluate_after(store: Store, performer: Performer, amended: Iterable[str]) -> None:
    """Evaluates the lines in which a version came of nodes whose facts were taken back or corrected.

    What cannot be evaluated now is left for `evaluate_lines`. `amended` are the ids of the nodes.
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
    """Evaluates what is due at once, and again whenever so many seconds have passed. Several services may do so at once."""
    return repeated(partial(evaluate_lines, store, performer), seconds, "release lines could not be evaluated")
