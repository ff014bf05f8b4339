"""Reads the output folder of a training, or that of one of its checkpoints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from forebear.connect.lerobot.dataset import WrongSelection
from forebear.connect.lerobot.dataset_folder import dataset_of
from forebear.connect.lerobot.document import DatasetConfig, PolicyOrigin, TrainConfig, TrainingStep, Unreadable, read
from forebear.connect.lerobot.policy_folder import origin_of, pretrained, read_policy
from forebear.connect.lerobot.training import SavedCheckpoint, Training, configuration, in_hub, run_name


def read_training(
    folder: Path, *, name: str | None = None, model: str | None = None, dataset: Path | None = None
) -> tuple[Training, list[str]]:
    """Return the training that a folder holds, with all its checkpoints, or with the one whose folder it is.

    `name` is the run's name, `model` that of its model, and `dataset` the folder of its data, where the training tells others
    or none. Returned as well is what differs between the checkpoints. Raises `Unreadable`, and `OSError`.
    """
    folder = folder.resolve()
    folders, root = _checkpoints(folder)
    siblings = _siblings(root) if root else folders
    config, known = _train_config(pretrained(siblings[0]))
    saved = [_checkpoint(each) for each in folders]
    run = name or (run_name(known.output_dir) if known.output_dir else (root or folder).name)
    policy = known.policy or PolicyOrigin()
    hub = in_hub(f"{folder.as_posix()}/")
    data = dataset_of(known.dataset, dataset)
    try:
        wanted = known.dataset or DatasetConfig()
        episodes = data.selected(wanted.episodes, wanted.exclude_episodes) if data else None
    except WrongSelection as error:
        raise Unreadable(
            f"{pretrained(siblings[0]) / 'train_config.json'} {error}: name the folder of the data that it was trained on, "
            "with --dataset FOLDER"
        ) from None
    training = Training(
        run=run,
        model=model or policy.repo_id or (hub[0] if hub else run),
        config=config,
        checkpoints=saved,
        dataset=data,
        episodes=episodes,
        origin=origin_of(policy.pretrained_path, policy.pretrained_revision, root),
    )
    return training, [*_differences(config, siblings)]


def _checkpoints(folder: Path) -> tuple[list[Path], Path | None]:
    """Return the folders of the checkpoints to read, and the training's own folder, if they lie in one."""
    if folder.name == "pretrained_model" and (folder / "config.json").is_file():
        folder = folder.parent
    if (folder / "pretrained_model").is_dir():
        return [folder], folder.parent.parent if folder.parent.name == "checkpoints" else None
    if folder.name == "checkpoints" and folder.is_dir():
        folder = folder.parent
    if (folder / "checkpoints").is_dir():
        return _siblings(folder), folder
    if (folder / "config.json").is_file():
        return [folder], None
    if not folder.is_dir():
        raise Unreadable(f"{folder} is no folder: name the output folder of a training, a checkpoint in it, or a dataset")
    raise Unreadable(
        f"{folder} is nothing that LeRobot writes: it has no checkpoints/ as a training, no pretrained_model/ as a checkpoint "
        "and no meta/info.json as a dataset. Name one of these"
    )


def _siblings(root: Path) -> list[Path]:
    """Return the folders of all checkpoints of a training, in the order of their steps. Links and copies count once."""
    steps: dict[int, Path] = {}
    # Numbers come before names, so `last` gives way to the checkpoint that it is a copy of.
    for each in sorted((root / "checkpoints").iterdir(), key=lambda path: (not path.name.isdecimal(), path.name)):
        if not each.is_symlink() and (each / "pretrained_model").is_dir() and (step := _step(each)) is not None:
            steps.setdefault(step, each)
    if not steps:
        raise Unreadable(
            f"{root / 'checkpoints'} has no checkpoint: each is a folder such as 020000, with pretrained_model/ in it. "
            "Copy the training's output folder again, or wait until it has saved one"
        )
    return [steps[step] for step in sorted(steps)]


def _checkpoint(folder: Path) -> SavedCheckpoint:
    policy = pretrained(folder)
    hub = in_hub(f"{folder.as_posix()}/")
    return SavedCheckpoint(read_policy(policy), _step(folder), hub[1] if hub else None)


def _step(folder: Path) -> int | None:
    """Return the step of a checkpoint, by its state and by its folder's name. None if neither tells it."""
    named = int(folder.name) if folder.name.isdecimal() else None
    file = folder / "training_state" / "training_step.json"
    if not file.is_file():
        return named
    saved = read(file, TrainingStep)[1].step
    if named is not None and named != saved:
        raise Unreadable(f"{file} tells step {saved}, and the folder's name step {named}: rename the folder or copy it again")
    return saved


def _train_config(folder: Path) -> tuple[Mapping[str, Any], TrainConfig]:
    file = folder / "train_config.json"
    if not file.is_file():
        raise Unreadable(f"{file} is missing: without it nothing tells how the policy was trained. Copy the checkpoint again")
    return read(file, TrainConfig)


def _differences(config: Mapping[str, Any], folders: list[Path]) -> Iterator[str]:
    """Return where later checkpoints were trained with another configuration than the first."""
    # Whoever resumes a training lets it go on for more steps.
    first = {name: value for name, value in configuration(config).items() if name != "steps"}
    for folder in folders[1:]:
        file = pretrained(folder) / "train_config.json"
        if file.is_file():
            other = configuration(read(file, TrainConfig)[0])
            differing = sorted(n for n in {*first, *other} - {"steps"} if first.get(n) != other.get(n))
            if differing:
                yield f"{file} differs from that of the first checkpoint in {', '.join(differing)}; the run has the first one's"
