"""Folders as LeRobot writes them, small and always the same."""

import copy
import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

STATE = {"type": "STATE", "shape": [2]}
ACTION = {"type": "ACTION", "shape": [2]}
CAMERA = {"type": "VISUAL", "shape": [3, 8, 8]}
MODES = {"VISUAL": "MEAN_STD", "STATE": "MEAN_STD", "ACTION": "MEAN_STD"}

POLICY: dict[str, Any] = {
    "type": "act",
    "input_features": {"observation.state": STATE, "observation.images.top": CAMERA},
    "output_features": {"action": ACTION},
    "device": "cuda",
    "repo_id": "lab/act-pick",
    "push_to_hub": True,
    "pretrained_path": None,
    "chunk_size": 8,
    "normalization_mapping": MODES,
    "license": "apache-2.0",
}
TRAIN: dict[str, Any] = {
    "dataset": {"repo_id": "lab/pick", "root": None, "revision": None, "episodes": None},
    "policy": POLICY,
    "output_dir": "/data/me/outputs/train/2026-05-02/10-11-12_act",
    "job_name": "act",
    "resume": False,
    "seed": 7,
    "steps": 200,
    "batch_size": 4,
    "optimizer": {"lr": 1e-5, "betas": [0.9, 0.999]},
    "tokenizer_max_length": 48,
    "hf_token": "secret",
    "image_dir": "pictures",
    "remote": "https://me:secret@git.example/x",
    "wandb": {"entity": "lab", "project": "pick", "run_id": "k1", "enable": True},
    "rename_map": {},
}
NORMALIZER = {"features": {"observation.state": STATE, "action": ACTION, "observation.images.top": CAMERA}, "norm_map": MODES}
PREPROCESSOR: dict[str, Any] = {
    "name": "policy_preprocessor",
    "steps": [
        {"registry_name": "rename_observations_processor", "config": {"rename_map": {}}},
        {"registry_name": "device_processor", "config": {"device": "cuda", "float_dtype": None}},
        {"registry_name": "normalizer_processor", "config": NORMALIZER, "state_file": "policy_preprocessor_step_2.safetensors"},
    ],
}
POSTPROCESSOR: dict[str, Any] = {
    "name": "policy_postprocessor",
    "steps": [
        {
            "registry_name": "unnormalizer_processor",
            "config": {"features": {"action": ACTION}, "norm_map": MODES},
            "state_file": "policy_postprocessor_step_0.safetensors",
        },
        {"registry_name": "device_processor", "config": {"device": "cpu", "float_dtype": None}},
    ],
}
STATISTICS = {
    "observation.state.mean": [0.5, 0.5],
    "observation.state.std": [2.0, 2.0],
    "action.mean": [0.25, 0.5],
    "action.std": [1.0, 2.0],
}
INFO: dict[str, Any] = {
    "codebase_version": "v3.0",
    "robot_type": "so101_follower",
    "total_episodes": 4,
    "total_frames": 100,
    "fps": 30,
    "features": {
        "action": {"dtype": "float32", "shape": [2], "names": ["shoulder.pos", "gripper.pos"]},
        "observation.state": {"dtype": "float32", "shape": [2], "names": ["shoulder.pos", "gripper.pos"]},
    },
}


def changed(document: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """A document with other values; `policy__pretrained_path` is a member of a member."""
    result: dict[str, Any] = copy.deepcopy(dict(document))
    for path, value in changes.items():
        *outer, name = path.split("__")
        at = result
        for each in outer:
            at = at[each]
        at[name] = value
    return result


def write_json(path: Path, document: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=4))


def write_tensors(path: Path, tensors: Mapping[str, list[float]], dtype: str = "F32") -> None:
    """A file of tensors, each with one dimension."""
    path.parent.mkdir(parents=True, exist_ok=True)
    header: dict[str, Any] = {}
    data = b""
    for name, values in tensors.items():
        raw = struct.pack(f"<{len(values)}f", *values)
        raw = b"".join(raw[i + 2 : i + 4] for i in range(0, len(raw), 4)) if dtype == "BF16" else raw
        header[name] = {"dtype": dtype, "shape": [len(values)], "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def write_policy(
    folder: Path,
    step: int = 100,
    *,
    policy: Mapping[str, Any] = POLICY,
    train: Mapping[str, Any] = TRAIN,
    before: Mapping[str, Any] = PREPROCESSOR,
    after: Mapping[str, Any] = POSTPROCESSOR,
    statistics: Mapping[str, list[float]] = STATISTICS,
) -> Path:
    """A policy in a folder: `pretrained_model`, or a published one."""
    write_json(folder / "config.json", policy)
    write_json(folder / "train_config.json", train)
    write_tensors(folder / "model.safetensors", {"head.bias": [float(step)]})
    for name, processor in (("policy_preprocessor", before), ("policy_postprocessor", after)):
        write_json(folder / f"{name}.json", processor)
        for each in processor["steps"]:
            if "state_file" in each:
                write_tensors(folder / each["state_file"], statistics)
    return folder


def write_checkpoint(root: Path, step: int = 100, *, folder: str = "", **parts: Any) -> Path:
    """A checkpoint of a training."""
    checkpoint = root / "checkpoints" / (folder or f"{step:06}")
    write_policy(checkpoint / "pretrained_model", step, **parts)
    write_json(checkpoint / "training_state" / "training_step.json", {"step": step})
    return checkpoint


def write_dataset(folder: Path, info: Mapping[str, Any] = INFO) -> Path:
    """A dataset of format 3, without its data."""
    write_json(folder / "meta" / "info.json", info)
    write_json(folder / "meta" / "stats.json", {})
    (folder / "meta" / "tasks.parquet").write_bytes(b"tasks")
    (folder / "meta" / "episodes").mkdir()
    return folder
