"""What a tracking server of MLflow knows of a run and of a logged model, as facts. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from forebear.connect.mlflow.names import SYSTEM
from forebear.connect.names import external_id, id_of, within
from forebear.graph.kinds.data import Dataset, DatasetVersion
from forebear.graph.kinds.training import CodeVersion, RunStatus
from forebear.graph.moments import moment

Document = dict[str, Any]

STATUSES: Mapping[str, RunStatus] = {
    "SCHEDULED": RunStatus.PENDING,
    "RUNNING": RunStatus.RUNNING,
    "FINISHED": RunStatus.SUCCEEDED,
    "FAILED": RunStatus.FAILED,
    "KILLED": RunStatus.CANCELLED,
}
"""The statuses of runs by their names in MLflow."""

OVER = ("FINISHED", "FAILED", "KILLED")
"""The statuses of runs that are over. Until then a script may log more, so configuration and metrics wait."""


def of_run(id: str, answer: Mapping[str, Any]) -> list[Document]:
    """Return facts about a run, its code and its data. `answer` is what `runs/get` says of it."""
    run = answer["run"]
    info, data = run["info"], run.get("data", {})
    tags = {tag["key"]: tag.get("value") for tag in data.get("tags", ())}
    fact: Document = {"kind": "Run", "id": id}
    if status := STATUSES.get(info.get("status", "")):
        fact["status"] = status.value
    if started := _moment(info.get("start_time")):
        fact["startedAt"] = started
    if name := info.get("run_name"):
        fact["name"] = name
    facts: list[Document] = []
    if commit := tags.get("mlflow.source.git.commit"):
        repository = tags.get("mlflow.source.git.repoURL")
        source = repository or tags.get("mlflow.source.name") or "unknown"
        code = id_of(CodeVersion, within(SYSTEM, source), commit)
        fact["ran"] = [code]
        facts.append(
            {"kind": "CodeVersion", "id": code, "commit": commit, **({"repository": repository} if repository else {})}
        )
    if inputs := [*_inputs(run.get("inputs", {}))]:
        facts += [version for version, _ in inputs]
        # One version may have been read with several contexts, and is read with each once.
        read = {(version["id"], role) for version, role in inputs}
        fact["trainedOn"] = [{"id": version, **({"role": role} if role else {})} for version, role in sorted(read, key=str)]
    if info.get("status") in OVER:
        if ended := _moment(info.get("end_time")):
            fact["endedAt"] = ended
        if parameters := {p["key"]: p.get("value") for p in data.get("params", ())}:
            fact["configuration"] = parameters
        if metrics := {m["key"]: m.get("value") for m in data.get("metrics", ())}:
            fact["metrics"] = metrics
    return [*facts, fact]


def _inputs(inputs: Mapping[str, Any]) -> Iterator[tuple[Document, str | None]]:
    """Return the versions of datasets that a run read, each with the context in which it did."""
    for each in inputs.get("dataset_inputs", ()):
        dataset = each["dataset"]
        name, digest = dataset["name"], dataset.get("digest")
        contexts = [tag.get("value") for tag in each.get("tags", ()) if tag.get("key") == "mlflow.data.context"]
        version = {
            "kind": "DatasetVersion",
            "id": id_of(DatasetVersion, within(SYSTEM, name), digest),
            "name": name,
            "externalIds": [external_id(SYSTEM, f"dataset/{name}@{digest}")],
            "dataset": id_of(Dataset, within(SYSTEM, name)),
        }
        yield version, next(iter(contexts), None)


def of_logged_model(checkpoint: str, run: str | None, answer: Mapping[str, Any]) -> list[Document]:
    """Return facts about the checkpoint that a logged model is. `answer` is what `logged-models/ID` says of it."""
    info = answer["model"]["info"]
    fact: Document = {"kind": "Checkpoint", "id": checkpoint}
    if address := info.get("artifact_uri"):
        fact["uri"] = address
    if run is not None:
        fact["producedBy"] = run
    return [fact]


def folders_of(run: Mapping[str, Any] | None, model: Mapping[str, Any] | None) -> list[str]:
    """Return where the files of a run and of a logged model lie, of what `runs/get` and `logged-models/ID` say of them."""
    infos = [each["info"] for each in ((run or {}).get("run"), (model or {}).get("model")) if each]
    return [info["artifact_uri"] for info in infos if info.get("artifact_uri")]


def source_run(answer: Mapping[str, Any]) -> str | None:
    """Return the run that logged a model."""
    return answer["model"]["info"].get("source_run_id") or None


def _moment(milliseconds: Any) -> str | None:
    """Return a moment from milliseconds since 1970, which MLflow writes as a number or as text."""
    return moment(datetime.fromtimestamp(int(milliseconds) / 1000, UTC)) if milliseconds else None
