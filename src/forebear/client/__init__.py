"""The Python client: record facts, act, ask, and record training runs. It imports nothing of the service.

    from forebear.client import Registry

    registry = Registry("http://127.0.0.1:8080")
    with registry.run("bc-42", trained_on=["dataset:demos@3"], configuration={"lr": 3e-4}) as run:
        run.checkpoint("out/step-1000.safetensors", step=1000)

Its types are the kinds of `forebear.graph.kinds` and the verbs of `forebear.verbs`: `Run("run:bc-42", …)` is a fact, and
`RegisterCandidate(versions=…)` an action.
"""

from __future__ import annotations

from forebear.client.content import digest
from forebear.client.delivery import Delivered
from forebear.client.errors import FactsRejected, OutOfDate, QueryFailed, Refusal, RegistryError, RejectedFact, Unreachable
from forebear.client.registry import Recorded, Registry
from forebear.client.training import TrainingRun
from forebear.domain.outcome import Done, Planned, Reason

__all__ = [
    "Delivered",
    "Done",
    "FactsRejected",
    "OutOfDate",
    "Planned",
    "QueryFailed",
    "Reason",
    "Recorded",
    "Refusal",
    "Registry",
    "RegistryError",
    "RejectedFact",
    "TrainingRun",
    "Unreachable",
    "digest",
]
