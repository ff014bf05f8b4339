"""Reads the folder of a dataset, of the formats 2 and 3."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import msgspec

from forebear.client.content import Content
from forebear.connect.lerobot.dataset import LeRobotDataset
from forebear.connect.lerobot.document import DatasetConfig, EpisodeLine, Info, Unreadable, read
from forebear.connect.lerobot.training import COMMIT, in_hub


def is_dataset(folder: Path) -> bool:
    """Return whether a folder holds a dataset, and not a training."""
    return (folder / "meta").is_dir()


def read_dataset(folder: Path, name: str | None = None) -> tuple[LeRobotDataset, list[str]]:
    """Return the dataset that a folder holds, and what is missing in it. Raises `Unreadable`, and `OSError`.

    Unless `name` tells the name of its repository, a path into the hub's cache does, else the folder is called so.
    """
    folder = folder.resolve()
    meta = folder / "meta"
    info, known = read(meta / "info.json", Info)
    if not re.match(r"v?[23]\.", known.codebase_version):
        raise Unreadable(
            f"{meta / 'info.json'} has the format {known.codebase_version}, and v2.0, v2.1 and v3.0 are read: "
            "convert the dataset with LeRobot"
        )
    hub = in_hub(f"{folder.as_posix()}/")
    is_old = known.codebase_version.lstrip("v").startswith("2")
    parts = ("episodes.jsonl", "tasks.jsonl") if is_old else ("episodes", "tasks.parquet", "stats.json")
    missing = [f"{meta / part} is missing" for part in parts if not (meta / part).exists()]
    dataset = LeRobotDataset(
        name=name or (hub[0] if hub else folder.name),
        commit=hub[1] if hub else None,
        digest=Content.of(meta).digest(),
        info=info,
        frames=_frames(meta / "episodes.jsonl"),
    )
    return dataset, [f"{each}: the digest is that of what is there" for each in missing if not dataset.commit]


def _frames(file: Path) -> dict[int, int] | None:
    """Return the number of frames of each episode, from the file that format 2 has of them."""
    if not file.is_file():
        return None
    frames = {}
    for number, line in enumerate(file.read_bytes().splitlines(), 1):
        if line.strip():
            try:
                episode = msgspec.json.decode(line, type=EpisodeLine)
            except msgspec.MsgspecError as error:
                raise Unreadable(f"{file}:{number}: {error}: copy the dataset again") from None
            frames[episode.episode_index] = episode.length
    return frames


def dataset_of(config: DatasetConfig | None, folder: Path | None) -> LeRobotDataset | None:
    """Return the data of a training: of the folder that somebody names, else of that which the training read, if it is here."""
    if config is None and folder is None:
        return None
    config = config or DatasetConfig()
    pinned = config.revision if COMMIT.fullmatch(config.revision or "") else None
    if folder is None and config.root and is_dataset(Path(config.root)):
        folder = Path(config.root)
    if folder is None:
        return LeRobotDataset(config.repo_id, pinned) if config.repo_id else None
    dataset, _ = read_dataset(folder, config.repo_id)
    if pinned and dataset.commit and dataset.commit != pinned:
        raise Unreadable(f"{folder} is commit {dataset.commit}, and the training read {pinned}: name the folder of that commit")
    return replace(dataset, commit=dataset.commit or pinned)
