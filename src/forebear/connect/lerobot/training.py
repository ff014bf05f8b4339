"""A training of LeRobot as facts: its run, the data that it read, its checkpoints, and each of them as a version. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from forebear.connect.lerobot.dataset import LeRobotDataset
from forebear.connect.lerobot.policy import SavedPolicy
from forebear.connect.names import external_id, id_of
from forebear.graph.declaration import Node
from forebear.graph.kinds.data import DatasetVersion
from forebear.graph.kinds.model import Model, ModelVersion
from forebear.graph.kinds.training import Checkpoint, Run, RunStatus

CONTRADICTION = "configuration-contradicts-normalizer"
"""The label of a version whose configuration contradicts its normaliser. The description says where."""

COMMIT = re.compile(r"[0-9a-f]{40}")

_HUB = re.compile(r"(?:^|/)(?P<kind>models|datasets)--(?P<name>[^/]+)/snapshots/(?P<commit>[0-9a-f]{40})(?:/|$)")
_SAVED = re.compile(r"(?P<run>.+)/checkpoints/(?P<step>\d+)(?:/pretrained_model)?/?")
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")

_OWN = {"job_name", "resume", "wandb"}
"""What a training is called and where it is logged. That is no configuration: it differs from run to run."""

_PUBLICATION = {"repo_id", "push_to_hub", "private", "tags", "license"}
"""Where and how a policy is published."""

_DEVICE = re.compile(r"(?:^|_)device$")
_PATH = re.compile(r"(?:^|_)(?:path|dir|root)$")
_SECRET = re.compile(r"(?:^|_)(?:tokens?|secret|password|passwd|credentials?|api_?key|access_key|private_key)$", re.I)
_PATH_VALUE = re.compile(r"(?:/|~|\.\.?/|file:|[A-Za-z]:\\)")
_SECRET_VALUE = re.compile(r"\b(?:hf|ghp|gho|ghs|sk|github_pat)[_-][A-Za-z0-9_-]{16,}|://[^/@\s]*:[^/@\s]*@")


@dataclass(frozen=True)
class SavedCheckpoint:
    """A checkpoint: its policy, and the step at which it was saved. A policy that was only published has no step."""

    policy: SavedPolicy
    step: int | None
    commit: str | None = None
    """Its commit on the hub. None if it is not from there."""

    def version(self, run: str) -> str:
        """Return which version of its model it is."""
        if self.step is not None:
            return f"{run}/step-{self.step}"
        return self.commit or f"{run}/{(self.policy.weights or 'unknown').partition(':')[2][:12]}"


@dataclass(frozen=True)
class Pretrained:
    """The weights from which a training started, by its configuration: `policy.pretrained_path`, with links followed."""

    path: str
    revision: str | None = None
    digest: str | None = None
    """The digest of the weights there. None if they are not here."""

    def node(self) -> str:
        """Return the id of the checkpoint or the version that it is."""
        if saved := _SAVED.fullmatch(self.path):
            return id_of(Checkpoint, f"{run_name(saved['run'])}/step-{int(saved['step'])}")
        if hub := in_hub(self.path):
            return id_of(ModelVersion, *hub)
        name = self.path if _REPOSITORY.fullmatch(self.path) else self.path.rstrip("/").rpartition("/")[2]
        return id_of(ModelVersion, name, self.revision if self.is_pinned else self.digest)

    @property
    def is_pinned(self) -> bool:
        """Whether its revision is a commit, which does not move."""
        return COMMIT.fullmatch(self.revision or "") is not None

    @property
    def is_identified(self) -> bool:
        """Whether anything tells which version it is."""
        return bool(_SAVED.fullmatch(self.path) or in_hub(self.path) or self.is_pinned or self.digest)


@dataclass(frozen=True)
class Training:
    """A training of LeRobot, and those of its checkpoints that are to be recorded."""

    run: str
    """The name of its run."""
    model: str
    """The name of the model whose versions its checkpoints are."""
    config: Mapping[str, Any]
    """Its train_config.json."""
    checkpoints: Sequence[SavedCheckpoint]
    dataset: LeRobotDataset | None
    episodes: frozenset[int] | None = None
    """The episodes that it read. None: all."""
    origin: Pretrained | None = None

    def facts(self) -> list[Node]:
        """Return its facts, each after what it names."""
        data = self.dataset.facts() if self.dataset else []
        if self.dataset and self.episodes is not None:
            data.append(self.dataset.selection(self.episodes))
        return [*data, self._run(data), Model(id_of(Model, self.model)), *self._saved()]

    def warnings(self) -> Iterator[str]:
        """Return what is missing or contradicts itself."""
        if self.dataset and not self.dataset.is_identified:
            yield (
                f"nothing here tells which version of {self.dataset.name} it was trained on: "
                "its folder does, with --dataset FOLDER"
            )
        if not self.dataset or not self.dataset.info:
            yield (
                "without the folder of its dataset, the digests of the action space and of the controller stay unknown: "
                "name it with --dataset FOLDER"
            )
        if self.origin and not self.origin.is_identified:
            yield (
                f"nothing here tells which version of {self.origin.path} it started from: its revision is "
                f"{self.origin.revision or 'not written down'}"
            )
        for each in self.checkpoints:
            id = self._version(each)
            if each.policy.weights is None:
                yield f"{id} is an adapter, and nothing here tells which version of its base it belongs to: it has no digest"
            if each.policy.normalisation_digest() is None:
                yield f"{id} has no statistics of normalisation: their digest stays unknown"
            yield from (f"{id}: {contradiction}" for contradiction in each.policy.contradictions())

    def _version(self, each: SavedCheckpoint) -> str:
        return id_of(ModelVersion, self.model, each.version(self.run))

    def _run(self, data: Sequence[Node]) -> Run:
        values: dict[str, Any] = {"configuration": configuration(self.config)}
        if isinstance(seed := self.config.get("seed"), int):
            values["seed"] = seed
        # LeRobot saves a checkpoint after its last step, whatever the interval is.
        steps = self.config.get("steps")
        if isinstance(steps, int) and any((each.step or 0) >= steps for each in self.checkpoints):
            values["status"] = RunStatus.SUCCEEDED
        wandb = self.config.get("wandb") or {}
        if wandb.get("run_id"):
            parts = [part for part in (wandb.get("entity"), wandb.get("project"), wandb["run_id"]) if part]
            values["external_ids"] = [external_id("wandb", "/".join(map(str, parts)))]
        if versions := [fact.id for fact in data if isinstance(fact, DatasetVersion)]:
            values["trained_on"] = versions[-1:]
        if self.origin:
            values["initialized_from"] = [self.origin.node()]
        return Run(id_of(Run, self.run), **values)

    def _saved(self) -> Iterator[Node]:
        for each in self.checkpoints:
            values: dict[str, Any] = {} if each.step is None else {"step": each.step}
            if each.policy.weights:
                values["digest"] = each.policy.weights
            name = f"{self.run}/{each.commit}" if each.step is None and each.commit else each.version(self.run)
            checkpoint = Checkpoint(id_of(Checkpoint, name), produced_by=id_of(Run, self.run), **values)
            yield checkpoint
            yield self._promoted(each, checkpoint.id)

    def _promoted(self, each: SavedCheckpoint, checkpoint: str) -> ModelVersion:
        policy, info = each.policy, (self.dataset.info if self.dataset else None)
        values: dict[str, Any] = {
            "weights_digest": policy.weights,
            "normalization_digest": policy.normalisation_digest(),
            "sensors": sorted(policy.inputs) or None,
            "license": policy.config.get("license"),
        }
        if each.commit:
            values["external_ids"] = [external_id("huggingface", f"{self.model}@{each.commit}")]
        if info:
            values["action_space_digest"] = policy.action_space_digest(info)
            values["controller_digest"] = policy.controller_digest(info, self.config.get("rename_map") or {})
            values["action_space"] = policy.action_space(info)
            values["rate_hz"] = info.get("fps")
        if contradictions := policy.contradictions():
            values["labels"] = [CONTRADICTION]
            values["description"] = f"Its configuration contradicts its normalizer: {'; '.join(contradictions)}."
        return ModelVersion(
            self._version(each),
            model=id_of(Model, self.model),
            promoted_from=[checkpoint],
            **{name: value for name, value in values.items() if value is not None},
        )


def run_name(folder: str) -> str:
    """Return the name of a run from its output folder: the path below `outputs/train`, else the last part.

    >>> run_name("/data/me/outputs/train/2026-05-02/10-11-12_act"), run_name("/data/act_cube/")
    ('2026-05-02/10-11-12_act', 'act_cube')
    """
    _, default, below = f"/{folder.strip('/')}".rpartition("/outputs/train/")
    return below if default else folder.rstrip("/").rpartition("/")[2]


def in_hub(path: str) -> tuple[str, str] | None:
    """Return the repository and the commit that a path into the cache of the Hugging Face hub names.

    >>> in_hub("/x/hub/datasets--lerobot--pusht/snapshots/" + 40 * "a")[0]
    'lerobot/pusht'
    """
    found = _HUB.search(path)
    return (found["name"].replace("--", "/"), found["commit"]) if found else None


def configuration(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a training's configuration without devices, paths and tokens, and without what names and publishes it."""
    kept: dict[str, Any] = _kept({name: value for name, value in config.items() if name not in _OWN})
    policy = kept.get("policy")
    if isinstance(policy, dict):
        kept["policy"] = {name: value for name, value in policy.items() if name not in _PUBLICATION}
    return kept


def _kept(value: Any) -> Any:
    match value:
        case Mapping():
            return {name: _kept(each) for name, each in value.items() if not _left_out(name, each)}
        case list():
            return [_kept(each) for each in value if not _left_out("", each)]
        case float() if not math.isfinite(value):
            return str(value)
    return value


def _left_out(name: str, value: Any) -> bool:
    if _DEVICE.search(name) or _PATH.search(name) or _SECRET.search(name):
        return True
    return isinstance(value, str) and bool(_PATH_VALUE.match(value) or _SECRET_VALUE.search(value))
