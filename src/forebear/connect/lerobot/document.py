"""The JSON files of LeRobot: what is read of each, and how."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import msgspec

from forebear.graph.document import InvalidDocument, decode

T = TypeVar("T")


class Unreadable(ValueError):
    """A folder that cannot be read. The message names the path and says what to do."""


def read(file: Path, type: type[T]) -> tuple[dict[str, Any], T]:
    """Return a JSON file as it is, and what is read of it. Raises `Unreadable`."""
    try:
        document = decode(file.read_bytes())
        return document, msgspec.convert(document, type)
    except FileNotFoundError:
        raise Unreadable(f"{file} is missing: copy the folder again") from None
    except InvalidDocument as error:
        raise Unreadable(f"{file} is no JSON: {error}. Copy the folder again") from None
    except msgspec.ValidationError as error:
        raise Unreadable(f"{file} is not as LeRobot writes it: {error}") from None


class Feature(msgspec.Struct):
    type: str | None = None
    shape: list[int] | None = None


class PolicyConfig(msgspec.Struct):
    """What is read of a policy's config.json."""

    input_features: dict[str, Feature] | None = None
    output_features: dict[str, Feature] | None = None
    normalization_mapping: dict[str, str] | None = None
    license: str | None = None
    pretrained_path: str | None = None
    pretrained_revision: str | None = None


class StepConfig(msgspec.Struct):
    features: dict[str, Feature] | None = None
    norm_map: dict[str, str] | None = None


class ProcessorStep(msgspec.Struct):
    config: StepConfig = msgspec.field(default_factory=StepConfig)
    registry_name: str | None = None
    class_: str | None = msgspec.field(default=None, name="class")
    state_file: str | None = None


class Processor(msgspec.Struct):
    """What is read of policy_preprocessor.json and policy_postprocessor.json."""

    steps: list[ProcessorStep]


class DatasetConfig(msgspec.Struct):
    repo_id: str | None = None
    root: str | None = None
    revision: str | None = None
    episodes: list[int] | None = None
    exclude_episodes: list[int] | None = None


class PolicyOrigin(msgspec.Struct):
    repo_id: str | None = None
    pretrained_path: str | None = None
    pretrained_revision: str | None = None


class WandbConfig(msgspec.Struct):
    run_id: str | None = None


class TrainConfig(msgspec.Struct):
    """What is read of train_config.json."""

    dataset: DatasetConfig | None = None
    policy: PolicyOrigin | None = None
    output_dir: str | None = None
    wandb: WandbConfig | None = None
    rename_map: dict[str, str] | None = None


class TrainingStep(msgspec.Struct):
    step: int


class DatasetFeature(msgspec.Struct):
    names: list[Any] | dict[str, Any] | None = None


class Info(msgspec.Struct):
    """What is read of a dataset's meta/info.json."""

    codebase_version: str
    features: dict[str, DatasetFeature]
    fps: float | None = None
    robot_type: str | None = None
    total_episodes: int | None = None
    total_frames: int | None = None


class Adapter(msgspec.Struct):
    """What is read of adapter_config.json."""

    base_model_name_or_path: str | None = None
    revision: str | None = None


class WeightsIndex(msgspec.Struct):
    """What is read of model.safetensors.index.json."""

    weight_map: dict[str, str]


class EpisodeLine(msgspec.Struct):
    """What is read of a line of meta/episodes.jsonl."""

    episode_index: int
    length: int
