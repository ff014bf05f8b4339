"""What Forebear knows of models and versions, in the JSON of MLflow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from forebear.connect.mlflow.names import stage_name
from forebear.domain.tagging import listed, read

Row = Mapping[str, Any]


def milliseconds(moment: str) -> int:
    """Return a moment as MLflow writes it: milliseconds since 1970."""
    return int(datetime.fromisoformat(moment).timestamp() * 1000)


def model(row: Row) -> dict[str, Any]:
    """Return a registered model. `row` is one of `cypher/mlflow/models.cypher`. What is empty is left out."""
    of = row["model"]
    said = {
        "name": row["name"],
        "creation_timestamp": milliseconds(of["recordedAt"]),
        "last_updated_timestamp": milliseconds(row["updated"]),
        "description": of.get("description"),
        "latest_versions": [version(row["name"], each) for each in newest(row["latest"])],
        "tags": listed(read(of.get("tags"))),
        "aliases": [{"alias": a["alias"], "version": str(a["number"])} for a in of["aliases"]],
    }
    return {name: value for name, value in said.items() if value not in (None, "", [])}


def newest(rows: Iterable[Row]) -> list[Row]:
    """Return the newest versions of a model's stages in the order of their numbers."""
    return sorted(rows, key=lambda row: row["number"])


def version(name: str, row: Row) -> dict[str, Any]:
    """Return a model version. `row` is what `cypher/rules/mlflow_version.cypher` says of it."""
    created = row.get("createdAt") or row["recordedAt"]
    said = {
        "name": name,
        "version": str(row["number"]),
        "creation_timestamp": milliseconds(created),
        "last_updated_timestamp": milliseconds(row.get("updatedAt") or created),
        "current_stage": stage_name(row.get("stage")),
        "description": row.get("description") or "",
        "source": row.get("uri") or row.get("stored") or "",
        "run_id": row.get("run") or "",
        "status": "READY",
        "run_link": row.get("runLink") or "",
        "tags": listed(read(row.get("tags"))),
        "aliases": list(row["aliases"]),
    }
    return {key: value for key, value in said.items() if value != []}
