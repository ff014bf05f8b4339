"""Where versions come from: their runs and checkpoints, with what MLflow's tracking server knows of them.

What the server does not know yet, or cannot be asked now, is looked up again until the run is over (`Origins.resolve`).
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any

import structlog

from forebear.connect.mlflow import lineage, names
from forebear.connect.mlflow.errors import DENIED, MlflowError, invalid
from forebear.connect.mlflow.tracking import Tracking, Unanswered
from forebear.domain.roles import Actor, Role
from forebear.record.recorder import Recorder
from forebear.record.summary import Origin
from forebear.store import Store
from forebear.store.lease import Lease
from forebear.store.statements import statements
from forebear.store.upkeep import repeated
from forebear.verbs.permissions import refusal

_log = structlog.get_logger(__name__)

ITSELF = Actor("mlflow-tracking", frozenset({Role.RECORDER}), machine=True)
"""In whose name Forebear records what it looks up later."""

SECONDS = 30.0
"""The seconds between two look-ups of what is not complete."""


class Origins:
    """Records where versions come from. Without a tracking server, that is what the client says."""

    def __init__(self, store: Store, recorder: Recorder, tracking: Tracking | None = None) -> None:
        self._store = store
        self._recorder = recorder
        self._tracking = tracking

    async def aclose(self) -> None:
        """Close the connections to the tracking server."""
        if self._tracking is not None:
            await self._tracking.aclose()

    async def record(self, by: Actor, address: str, said: str | None) -> tuple[str, list[str]]:
        """Record the checkpoint that lies at an address, and its run. Return the checkpoint, and remarks about the version.

        `said` is the run that the client names. Raises `MlflowError` and `StoreError`.
        """
        if reason := refusal(by, "record"):
            raise MlflowError(DENIED, f"{reason.message}: {reason.remedy}")
        named, logged = names.run_named(address), names.logged_model(address)
        model = await self._asked_of_model(logged) if logged else None
        run = said or named or (lineage.source_run(model) if model else None)
        checkpoint: dict[str, Any] = {"kind": "Checkpoint", "id": names.checkpoint(address, run)}
        if not address.startswith(("models:", "runs:")):
            checkpoint["uri"] = address
        facts = [checkpoint]
        if run is not None:
            checkpoint["producedBy"] = await self._run(run, facts)
        await self._record(by, facts)
        if model is not None:
            await self._learned(lineage.of_logged_model(checkpoint["id"], None, model), by)
        if run is not None:
            await self._look_up_run(checkpoint["producedBy"], run, by)
        differs = said and named and said != named
        return checkpoint["id"], [f"mlflow: its source names run {named}, and its run_id {said}"] if differs else []

    async def folders(self, run: str | None, logged: str | None) -> list[str]:
        """Return where the files of a run and of a logged model lie, as far as the tracking server says so."""
        if self._tracking is None:
            return []
        try:
            answers = (
                await self._tracking.run(run) if run else None,
                await self._tracking.logged_model(logged) if logged else None,
            )
        except Unanswered as error:
            _log.warning("a source could not be looked up", run=run, model=logged, error=str(error))
            return []
        return lineage.folders_of(*answers)

    async def resolve(self) -> None:
        """Look up what is not complete: runs that are not over, and logged models without an address. Raises `StoreError`."""
        if self._tracking is None:
            return
        for row in await self._store.read(statements("mlflow")["incomplete_models"], {}):
            logged = str(row["id"]).rpartition(":")[2]
            if (model := await self._asked_of_model(logged)) is None:
                continue
            facts: list[dict[str, Any]] = []
            source = lineage.source_run(model)
            run = await self._run(source, facts) if source else None
            await self._learned([*facts, *lineage.of_logged_model(str(row["id"]), run, model)], ITSELF)
        for row in await self._store.read(statements("mlflow")["incomplete_runs"], {}):
            await self._look_up_run(str(row["id"]), str(row["run"]), ITSELF)

    async def _run(self, run: str, facts: list[dict[str, Any]]) -> str:
        """Return the id of a run. If nobody recorded it yet, its fact is added."""
        holders = await self._store.read(statements("mlflow")["run"], {"external": names.external_run(run)})
        if holders:
            return str(holders[0]["id"])
        facts.insert(0, {"kind": "Run", "id": names.run(run), "externalIds": [names.external_run(run)]})
        return names.run(run)

    async def _asked_of_model(self, logged: str) -> dict[str, Any] | None:
        if self._tracking is None:
            return None
        try:
            return await self._tracking.logged_model(logged)
        except Unanswered as error:
            _log.warning("a logged model could not be looked up", model=logged, error=str(error))
            return None

    async def _look_up_run(self, id: str, run: str, by: Actor) -> None:
        if self._tracking is None:
            return
        try:
            answer = await self._tracking.run(run)
        except Unanswered as error:
            _log.warning("a run could not be looked up", run=run, error=str(error))
            return
        if answer is not None:
            await self._learned(lineage.of_run(id, answer), by)

    async def _learned(self, facts: list[dict[str, Any]], by: Actor) -> None:
        """Record what the tracking server says. What contradicts the graph is left out, and logged."""
        summary = await self._recorder.record(facts, Origin(by, names.SYSTEM), partial=True)
        for each in summary.rejections:
            _log.warning("the tracking server contradicts what is on record", id=each.id, reasons=each.reasons)

    async def _record(self, by: Actor, facts: list[dict[str, Any]]) -> None:
        summary = await self._recorder.record(facts, Origin(by, names.SYSTEM))
        if summary.rejections:
            raise invalid("; ".join(reason for each in summary.rejections for reason in each.reasons))


def origins_resolved(store: Store, origins: Origins) -> AbstractAsyncContextManager[None]:
    """Look up what is not complete at once, and then again and again. Of several services one does."""
    lease = Lease(store, names.SYSTEM)
    return repeated(partial(lease.alone, origins.resolve), SECONDS, "runs of MLflow could not be looked up")
