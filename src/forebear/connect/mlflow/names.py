"""What MLflow's names may be, and the ids and external ids that they become."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Mapping
from typing import Any

from forebear.connect.mlflow.errors import invalid, missing
from forebear.connect.names import external_id, id_of, within
from forebear.domain.naming import NAME, prefix
from forebear.graph.kinds.model import TAG_VALUE, Stage
from forebear.graph.kinds.training import Checkpoint, Run

SYSTEM = "mlflow"
"""The system whose names external ids begin with."""

TAG_KEY = 250
"""The longest key of a tag, in characters."""

DESCRIPTION = 20_000
"""The longest description, in characters."""

STAGES: Mapping[str, Stage | None] = {
    "None": None,
    "Staging": Stage.STAGING,
    "Production": Stage.PRODUCTION,
    "Archived": Stage.ARCHIVED,
}
"""The stages by their names in MLflow."""


def external_model(name: str) -> str:
    """Return the external id of the model that has a name."""
    return prefix(SYSTEM) + name


def external_run(run_id: str) -> str:
    """Return the external id of a run."""
    return external_id(SYSTEM, f"run/{run_id}")


def run(run_id: str) -> str:
    """Return the id of a run that nobody recorded by another door."""
    return id_of(Run, within(SYSTEM, run_id))


def checkpoint(source: str, run_id: str | None) -> str:
    """Return the id of what lies at a source. A logged model has an id of its own; otherwise a run has its sources."""
    logged = logged_model(source)
    return id_of(Checkpoint, within(SYSTEM, logged or (f"{run_id}/{source}" if run_id else source)))


def logged_model(source: str) -> str | None:
    """Return the id of the logged model that a source names, such as `m-4f2c…` of `models:/m-4f2c…`."""
    match = re.fullmatch(r"models:/(m-[0-9a-f]{32})/?", source)
    return match[1] if match else None


def version_named(source: str) -> tuple[str, int] | None:
    """Return the name and the version that a source names, such as `models:/picker/3`."""
    match = re.fullmatch(r"models:/([^/]+)/(\d{1,18})/?", source)
    return (match[1], int(match[2])) if match else None


def run_named(source: str) -> str | None:
    """Return the run that a source names, such as `runs:/4f2c…/model`."""
    match = re.match(r"runs:/([^/]+)", source)
    return match[1] if match else None


def model_name(name: str | None, parameter: str = "name") -> str:
    """Return a model's name. Raises `MlflowError` if it cannot be one."""
    if name is None or not name.strip():
        raise missing(parameter)
    if "/" in name or ":" in name:
        raise invalid(f"Invalid model name '{name}'. Names cannot contain '/' or ':'.")
    _normal(name, "name")
    if len(name) > NAME:
        raise invalid(f"'{parameter}' exceeds the maximum length of {NAME} characters")
    return name


def version_number(version: object) -> int:
    """Return a version's number, which a client sends as text or as a number. Raises `MlflowError`."""
    if version is None or version == "":
        raise missing("version")
    if isinstance(version, bool) or not re.fullmatch(r"-?\d{1,18}", str(version)):
        raise invalid(f"Parameter 'version' must be an integer, got '{version}'.")
    return int(str(version))


def stage_named(stage: str | None) -> Stage | None:
    """Return the stage of a name in any letter case; None for `None`. Raises `MlflowError`."""
    if not stage:
        raise missing("stage")
    for name, value in STAGES.items():
        if name.lower() == stage.lower():
            return value
    raise invalid(f"Invalid Model Version stage: {stage}. Value must be one of {', '.join(STAGES)}.")


def stage_name(stage: str | None) -> str:
    """Return MLflow's name of a stage."""
    return next(name for name, value in STAGES.items() if value == stage)


def tag_key(key: str | None) -> str:
    """Return the key of a tag. Raises `MlflowError` if it cannot be one."""
    if not key:
        raise missing("key")
    if not re.fullmatch(r"[/\w.\- :]*", key):
        allowed = "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:)"
        allowed += " and slashes (/)."
        raise invalid(f"Invalid value {json.dumps(key)} for parameter 'key' supplied: {allowed}")
    _normal(key, "key")
    if len(key) > TAG_KEY:
        raise invalid(f"'key' exceeds the maximum length of {TAG_KEY} characters")
    return key


def tag(given: object) -> dict[str, str]:
    """Return a tag as it is stored. Its value becomes text. Raises `MlflowError`."""
    if not isinstance(given, Mapping):
        raise invalid(f"Invalid value {json.dumps(given)} for parameter 'tags' supplied: a tag has a key and a value.")
    value = text(given.get("value"))
    if len(value or "") > TAG_VALUE:
        raise invalid(f"'value' exceeds the maximum length of {TAG_VALUE} characters")
    return {"key": tag_key(text(given.get("key"))), "value": value or ""}


def tags(given: object) -> list[dict[str, str]]:
    """Return several tags. Raises `MlflowError`."""
    if not isinstance(given, Iterable) or isinstance(given, (str, Mapping)):
        raise invalid(f"Invalid value {json.dumps(given)} for parameter 'tags' supplied: it must be a list.")
    return [tag(each) for each in given]


def description(given: object) -> str:
    """Return a description. Raises `MlflowError`."""
    said = text(given) or ""
    if len(said) > DESCRIPTION:
        raise invalid(f"'description' exceeds the maximum length of {DESCRIPTION} characters")
    return said


def text(value: Any) -> str | None:
    """Return a value as text. MLflow's clients may send numbers where it has texts."""
    return value if value is None or isinstance(value, str) else json.dumps(value)


def _normal(name: str, parameter: str) -> None:
    normal = posixpath.normpath(name)
    if normal != name or normal == "." or normal.startswith(("..", "/")):
        raise invalid(
            f"Invalid value {json.dumps(name)} for parameter '{parameter}' supplied: Names may be treated as files in certain "
            f"cases, and must not resolve to other names when treated as such. This name would resolve to {normal!r}"
        )
