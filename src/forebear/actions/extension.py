"""Extending recalls: data of a customer, runs with a setting and versions of a dataset may be told after they were recalled.

`cypher/rules/recalled.cypher` walks to what a recall names. So a recall names what is of its subject as soon as that is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import structlog

from forebear.actions.performer import Performer, Requester
from forebear.domain.roles import Actor
from forebear.graph.kinds.data import DatasetVersion
from forebear.graph.kinds.fleet import Cohort, Fleet, Robot
from forebear.graph.kinds.model import ModelVersion
from forebear.graph.kinds.training import Run
from forebear.graph.moments import moment
from forebear.store import Store
from forebear.store.errors import StoreError
from forebear.store.statements import statements
from forebear.verbs.recall import ExtendRecall

BEGINNINGS = frozenset(kind.kind.name for kind in (DatasetVersion, Run, ModelVersion, Fleet, Cohort, Robot))
"""The kinds whose facts may say that something is of a recall's subject."""

_log = structlog.get_logger(__name__)


async def extend_recalls(store: Store, performer: Performer) -> None:
    """Let every recall that stands name what is of its subject by now. Raises `StoreError` if the recalls cannot be read.

    A recall that cannot be extended now waits for the next time.
    """
    for row in await store.read(statements("actions")["extensible_recalls"], {"now": moment(datetime.now(UTC))}):
        recall = str(row["recall"])
        itself = Actor(recall, ExtendRecall.action.roles, machine=True)
        try:
            await performer.do(ExtendRecall.action.name, {"recall": recall}, Requester(itself, "evaluation"))
        except StoreError as error:
            _log.warning("a recall could not be extended", recall=recall, error=str(error))


async def extend_after(store: Store, performer: Performer, kinds: Iterable[str]) -> None:
    """Extend recalls after facts about nodes of some kinds. If that fails, it waits for `extend_recalls`."""
    if BEGINNINGS.isdisjoint(kinds):
        return
    try:
        await extend_recalls(store, performer)
    except StoreError as error:
        _log.warning("recalls could not be read", error=str(error))
