"""What is read of LeRobot's folders: the facts, the digests, the contradictions, and what is said of damaged files."""

import hashlib
import json
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from forebear.app import Forebear
from forebear.client.documents import document
from forebear.connect.lerobot.dataset_folder import read_dataset
from forebear.connect.lerobot.document import Unreadable
from forebear.connect.lerobot.training_folder import read_training
from tests.connect.lerobot import (
    ACTION,
    INFO,
    NORMALIZER,
    POLICY,
    POSTPROCESSOR,
    PREPROCESSOR,
    STATE,
    STATISTICS,
    TRAIN,
    changed,
    write_checkpoint,
    write_dataset,
    write_json,
    write_policy,
    write_tensors,
)
from tests.record.asking import ask, record

SAMPLES = Path(__file__).parents[3] / "shared" / "data" / "lerobot"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
VERSION = "model:lab/act-pick@2026-05-02/10-11-12_act/step-100"


def facts(folder: Path, **options: Any) -> dict[str, dict[str, Any]]:
    """The facts of a training by their ids, without kind and id."""
    training, _ = read_training(folder, **options)
    return {fact["id"]: {k: v for k, v in fact.items() if k not in ("kind", "id")} for fact in map(document, training.facts())}


def warnings(folder: Path, **options: Any) -> list[str]:
    training, differences = read_training(folder, **options)
    return [*training.warnings(), *differences]


def sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def of_json(value: object) -> str:
    return sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode())


def digests(folder: Path, **options: Any) -> tuple[Any, ...]:
    """The four digests of the only version of a training: weights, normalisation, action space, controller."""
    (version,) = (fact for id, fact in facts(folder, **options).items() if id.startswith("model:") and "@" in id)
    return tuple(version.get(f"{name}Digest") for name in ("weights", "normalization", "actionSpace", "controller"))


# ── a training ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_training_is_a_run_with_its_data_its_checkpoints_and_their_versions(tmp_path: Path) -> None:
    run, data = tmp_path / "run", write_dataset(tmp_path / "data")
    write_checkpoint(run, 100)
    write_checkpoint(run, 200)
    (run / "checkpoints" / "last").symlink_to("000200")
    whole = read_dataset(data)[0].digest
    found = facts(run, dataset=data)
    assert [*found] == [
        "dataset:lab/pick",
        f"dataset:lab/pick@{whole}",
        "run:2026-05-02/10-11-12_act",
        "model:lab/act-pick",
        "checkpoint:2026-05-02/10-11-12_act/step-100",
        VERSION,
        "checkpoint:2026-05-02/10-11-12_act/step-200",
        VERSION.replace("100", "200"),
    ]
    assert found[f"dataset:lab/pick@{whole}"] == {"dataset": "dataset:lab/pick", "digest": whole, "episodes": 4, "frames": 100}
    policy = {k: v for k, v in POLICY.items() if k not in ("device", "repo_id", "push_to_hub", "pretrained_path", "license")}
    assert found["run:2026-05-02/10-11-12_act"] == {
        "configuration": {
            "dataset": {"repo_id": "lab/pick", "revision": None, "episodes": None},
            "policy": policy,
            **{
                name: TRAIN[name] for name in ("seed", "steps", "batch_size", "optimizer", "tokenizer_max_length", "rename_map")
            },
        },
        "seed": 7,
        "status": "SUCCEEDED",
        "externalIds": ["wandb:lab/pick/k1"],
        "trainedOn": [f"dataset:lab/pick@{whole}"],
    }
    weights = sha256((run / "checkpoints/000100/pretrained_model/model.safetensors").read_bytes())
    assert found["checkpoint:2026-05-02/10-11-12_act/step-100"] == {
        "producedBy": "run:2026-05-02/10-11-12_act",
        "step": 100,
        "digest": weights,
    }
    tensors = {
        name: {"dtype": "F32", "shape": [2], "data": struct.pack("<2f", *values).hex()} for name, values in STATISTICS.items()
    }
    names = [["normalizer_processor", PREPROCESSOR], ["unnormalizer_processor", POSTPROCESSOR]]
    before, after = (
        [
            {"name": name, "config": each["config"], "tensors": tensors}
            for each in file["steps"]
            if each["registry_name"] == name
        ]
        for name, file in names
    )
    renames = {"name": "rename_observations_processor", "config": {"rename_map": {}}, "tensors": {}}
    assert found[VERSION] == {
        "model": "model:lab/act-pick",
        "promotedFrom": ["checkpoint:2026-05-02/10-11-12_act/step-100"],
        "weightsDigest": weights,
        "normalizationDigest": of_json({"preprocessor": before, "postprocessor": after}),
        "actionSpaceDigest": of_json(
            {"features": {"action": ACTION}, "names": {"action": ["shoulder.pos", "gripper.pos"]}, "fps": 30}
        ),
        "controllerDigest": of_json(
            {"robot_type": "so101_follower", "rename_map": {}, "preprocessor": [renames], "postprocessor": []}
        ),
        "actionSpace": "action: shoulder.pos, gripper.pos",
        "sensors": ["observation.images.top", "observation.state"],
        "rateHz": 30,
        "license": "apache-2.0",
    }
    assert warnings(run, dataset=data) == []


def test_a_folder_of_one_checkpoint_records_it_alone_as_the_whole_training_would(tmp_path: Path) -> None:
    run, data = tmp_path / "run", write_dataset(tmp_path / "data")
    write_checkpoint(run, 100)
    write_checkpoint(run, 1_234_567)
    (run / "checkpoints" / "last").symlink_to("1234567")
    whole = facts(run, dataset=data)
    for folder in ("checkpoints/last", "checkpoints/1234567", "checkpoints/1234567/pretrained_model"):
        alone = facts(run / folder, dataset=data)
        assert alone == {id: fact for id, fact in whole.items() if "step-100" not in id}
    assert facts(run / "checkpoints", dataset=data) == whole
    assert facts(run / "checkpoints" / "000100", dataset=data)["run:2026-05-02/10-11-12_act"].get("status") is None


def test_a_copy_of_the_last_checkpoint_counts_once(tmp_path: Path) -> None:
    checkpoint = write_checkpoint(tmp_path, 100)
    shutil.copytree(checkpoint, checkpoint.with_name("last"))
    checkpoint.with_name("dangling").symlink_to("gone")
    assert [id for id in facts(tmp_path) if id.startswith("checkpoint:")] == ["checkpoint:2026-05-02/10-11-12_act/step-100"]


def test_names_are_those_that_somebody_gives_else_those_that_the_training_has(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "mine", train=changed(TRAIN, output_dir=None, policy__repo_id=None))
    assert [id for id in facts(tmp_path / "mine") if id.startswith(("run:", "model:"))] == [
        "run:mine",
        "model:mine",
        "model:mine@mine/step-100",
    ]
    named = facts(tmp_path / "mine", name="bc-7", model="picker")
    assert [id for id in named if id.startswith(("run:", "checkpoint:", "model:"))] == [
        "run:bc-7",
        "model:picker",
        "checkpoint:bc-7/step-100",
        "model:picker@bc-7/step-100",
    ]


def test_a_resumed_training_keeps_its_first_configuration_and_says_what_changed(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, 100)
    own = str(tmp_path / "checkpoints" / "000100" / "pretrained_model")
    resumed = changed(TRAIN, resume=True, steps=400, batch_size=8, policy__pretrained_path=own)
    write_checkpoint(tmp_path, 200, train=resumed)
    assert facts(tmp_path)["run:2026-05-02/10-11-12_act"]["configuration"]["batch_size"] == 4
    file = tmp_path.resolve() / "checkpoints" / "000200" / "pretrained_model" / "train_config.json"
    assert warnings(tmp_path)[2:] == [
        f"{file} differs from that of the first checkpoint in batch_size; the run has the first one's"
    ]


# ── digests ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("parts", "differs"),
    [
        ({"step": 101}, {0}),
        ({"statistics": changed(STATISTICS) | {"action.std": [1.0, 3.0]}}, {1}),
        (
            {"before": changed(PREPROCESSOR, steps=[{**PREPROCESSOR["steps"][2], "config": {**NORMALIZER, "norm_map": {}}}])},
            {1, 3},
        ),
        ({"policy": changed(POLICY, output_features__action={"type": "ACTION", "shape": [3]})}, {2}),
        ({"train": changed(TRAIN, rename_map={"observation.images.top": "observation.images.up"})}, {3}),
        (
            {"after": changed(POSTPROCESSOR, steps=[*POSTPROCESSOR["steps"], {"registry_name": "relative_action_processor"}])},
            {3},
        ),
        ({"before": changed(PREPROCESSOR, steps=[PREPROCESSOR["steps"][0], PREPROCESSOR["steps"][2]])}, set()),
        ({"policy": changed(POLICY, device="cpu", chunk_size=9)}, set()),
    ],
)
def test_a_digest_changes_with_its_part_and_with_nothing_else(tmp_path: Path, parts: dict[str, Any], differs: set[int]) -> None:
    data = write_dataset(tmp_path / "data")
    step = parts.pop("step", 100)
    write_checkpoint(tmp_path / "one")
    write_policy(write_checkpoint(tmp_path / "other") / "pretrained_model", step, **parts)
    one, other = (digests(tmp_path / name, dataset=data) for name in ("one", "other"))
    assert {i for i, (a, b) in enumerate(zip(one, other, strict=True)) if a != b} == differs


@pytest.mark.parametrize(
    ("changes", "differs"),
    [
        ({"fps": 50}, {2}),
        ({"robot_type": "koch"}, {3}),
        ({"features__action": {"names": ["gripper.pos", "shoulder.pos"]}}, {2}),
        ({"features__action": {"names": {"motors": ["shoulder.pos", "gripper.pos"]}}}, set()),
        ({"total_episodes": 5}, set()),
    ],
)
def test_what_the_outputs_mean_comes_from_the_data(tmp_path: Path, changes: dict[str, Any], differs: set[int]) -> None:
    write_checkpoint(tmp_path / "run")
    one = digests(tmp_path / "run", dataset=write_dataset(tmp_path / "one"))
    other = digests(tmp_path / "run", dataset=write_dataset(tmp_path / "other", changed(INFO, **changes)))
    assert {i for i, (a, b) in enumerate(zip(one, other, strict=True)) if a != b} == differs


def test_statistics_among_the_weights_are_the_normalisation_of_older_policies(tmp_path: Path) -> None:
    policy = write_checkpoint(tmp_path) / "pretrained_model"
    for processor in policy.glob("policy_*"):
        processor.unlink()
    buffers = {
        "normalize_inputs.buffer_observation_state.mean": [0.5, 0.5],
        "unnormalize_outputs.buffer_action.mean": [0.25, 0.5],
    }
    for dtype in ("F32", "BF16"):
        write_tensors(policy / "model.safetensors", {"head.bias": [1.0], **buffers}, dtype)
        size = "<2f" if dtype == "F32" else "<2I"
        raw = [struct.pack(size, *v) if dtype == "F32" else bytes.fromhex("003f003f") for v in buffers.values()]
        raw[1] = struct.pack("<2f", 0.25, 0.5) if dtype == "F32" else bytes.fromhex("803e003f")
        tensors = {n: {"dtype": dtype, "shape": [2], "data": r.hex()} for n, r in zip(buffers, raw, strict=True)}
        assert digests(tmp_path)[1] == of_json({"norm_map": POLICY["normalization_mapping"], "tensors": tensors})
        assert warnings(tmp_path)[2:] == []
    write_tensors(policy / "model.safetensors", {**buffers, "unnormalize_outputs.buffer_action.mean": [0.0] * 7})
    assert warnings(tmp_path)[2:] == [
        f"{VERSION}: action has 2 numbers in config.json, and the unnormalize_outputs has statistics of 7"
    ]
    write_tensors(policy / "model.safetensors", {"head.bias": [1.0]})
    assert digests(tmp_path)[1] is None
    assert warnings(tmp_path)[2:] == [f"{VERSION} has no statistics of normalisation: their digest stays unknown"]


def test_shards_are_one_set_of_weights_and_none_may_be_missing(tmp_path: Path) -> None:
    policy = write_checkpoint(tmp_path) / "pretrained_model"
    (policy / "model.safetensors").unlink()
    names = [f"model-0000{n}-of-00002.safetensors" for n in (1, 2)]
    for name in names:
        write_tensors(policy / name, {name: [1.0]})
    fields = "".join(f"{len(text)}:{text}," for name in names for text in (name, sha256((policy / name).read_bytes())))
    assert digests(tmp_path)[0] == sha256(fields.encode())
    write_json(policy / "model.safetensors.index.json", {"weight_map": {"a": names[0], "b": "model-extra.safetensors"}})
    with pytest.raises(Unreadable, match=r"model-extra\.safetensors is missing, and model\.safetensors\.index\.json belongs"):
        digests(tmp_path)
    (policy / "model.safetensors.index.json").unlink()
    (policy / names[1]).unlink()
    with pytest.raises(Unreadable, match=rf"{names[1]} is missing, and {names[0]} belongs with it: copy the checkpoint again"):
        digests(tmp_path)


def test_an_adapter_counts_with_its_base_and_only_if_the_base_is_known(tmp_path: Path) -> None:
    policy = write_checkpoint(tmp_path / "run") / "pretrained_model"
    (policy / "model.safetensors").unlink()
    write_tensors(policy / "adapter_model.safetensors", {"lora_A": [1.0]})
    adapter = sha256((policy / "adapter_model.safetensors").read_bytes())
    write_json(policy / "adapter_config.json", {"base_model_name_or_path": "lerobot/smolvla_base", "r": 8})
    assert digests(tmp_path / "run")[0] is None
    assert warnings(tmp_path / "run")[2:] == [
        f"{VERSION} is an adapter, and nothing here tells which version of its base it belongs to: it has no digest"
    ]
    pinned = {"base_model_name_or_path": "lerobot/smolvla_base", "revision": COMMIT, "r": 8}
    write_json(policy / "adapter_config.json", pinned)
    base = f"model:lerobot/smolvla_base@{COMMIT}"
    assert digests(tmp_path / "run")[0] == of_json({"adapter": adapter, "configuration": {"r": 8}, "base": base})
    write_policy(tmp_path / "base")
    write_json(policy / "adapter_config.json", {"base_model_name_or_path": str(tmp_path / "base"), "r": 8})
    base = sha256((tmp_path / "base" / "model.safetensors").read_bytes())
    assert digests(tmp_path / "run")[0] == of_json({"adapter": adapter, "configuration": {"r": 8}, "base": base})
    (policy / "adapter_model.safetensors").unlink()
    with pytest.raises(Unreadable, match=r"adapter_model\.safetensors is missing, and adapter_config\.json belongs with it"):
        digests(tmp_path / "run")


# ── data and initialisation ─────────────────────────────────────────────────────────────────────────────


def test_the_commit_identifies_data_from_the_hub_and_the_meta_files_all_other(tmp_path: Path) -> None:
    cached = write_dataset(tmp_path / "hub" / "datasets--lab--pick" / "snapshots" / COMMIT)
    dataset, missing = read_dataset(cached)
    assert (dataset.name, dataset.version, missing) == ("lab/pick", COMMIT, [])
    fact = document(dataset.facts()[1])
    assert (fact["uri"], fact["externalIds"]) == (
        f"hf://datasets/lab/pick@{COMMIT}",
        [f"huggingface:datasets/lab/pick@{COMMIT}"],
    )
    local, _ = read_dataset(write_dataset(tmp_path / "local"))
    assert (local.name, local.version) == ("local", dataset.digest)
    assert read_dataset(tmp_path / "local", "lab/other")[0].whole == f"dataset:lab/other@{dataset.digest}"
    (tmp_path / "local" / "meta" / "stats.json").unlink()
    changed_data, missing = read_dataset(tmp_path / "local")
    assert changed_data.digest != local.digest
    assert missing == [f"{tmp_path.resolve()}/local/meta/stats.json is missing: the digest is that of what is there"]


def test_a_selection_of_episodes_is_a_version_made_from_the_whole(tmp_path: Path) -> None:
    old = tmp_path / "old"
    write_json(old / "meta" / "info.json", changed(INFO, codebase_version="v2.1"))
    (old / "meta" / "tasks.jsonl").write_text("{}\n")
    lengths = [{"episode_index": n, "tasks": ["pick"], "length": 10 * (n + 1)} for n in range(4)]
    (old / "meta" / "episodes.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in lengths))
    write_checkpoint(tmp_path / "run", train=changed(TRAIN, dataset__episodes=[3, 0, 1, 1]))
    whole = read_dataset(old, "lab/pick")[0].whole
    found = facts(tmp_path / "run", dataset=old)
    part = f"{whole}+episodes-{of_json([0, 1, 3])[7:19]}"
    assert found[part] == {
        "description": "Episodes 0-1, 3 of lab/pick.",
        "dataset": "dataset:lab/pick",
        "derivedFrom": [whole],
        "episodes": 3,
        "frames": 70,
    }
    assert found["run:2026-05-02/10-11-12_act"]["trainedOn"] == [part]
    for dataset, trained_on in (
        ({"exclude_episodes": [2]}, part),
        ({"episodes": [0, 1, 2, 3]}, whole),
        ({"exclude_episodes": []}, whole),
    ):
        write_checkpoint(tmp_path / "run", train=changed(TRAIN, dataset={"repo_id": "lab/pick", **dataset}))
        assert facts(tmp_path / "run", dataset=old)["run:2026-05-02/10-11-12_act"]["trainedOn"] == [trained_on]
    write_checkpoint(tmp_path / "run", train=changed(TRAIN, dataset__episodes=[4]))
    with pytest.raises(Unreadable, match="names episode 4, and the dataset has 4, from 0 to 3: name the folder of the data"):
        facts(tmp_path / "run", dataset=old)
    (old / "meta" / "episodes.jsonl").write_text('{"episode_index": "x"}\n')
    with pytest.raises(Unreadable, match=r"episodes\.jsonl:1: Expected `int`, got `str`"):
        read_dataset(old)


def test_data_that_nothing_identifies_stays_unversioned_and_is_warned_of(tmp_path: Path) -> None:
    write_checkpoint(tmp_path)
    found = facts(tmp_path)
    assert found["run:2026-05-02/10-11-12_act"]["trainedOn"] == ["dataset:lab/pick@unversioned"]
    assert digests(tmp_path)[2:] == (None, None)
    assert warnings(tmp_path) == [
        "nothing here tells which version of lab/pick it was trained on: its folder does, with --dataset FOLDER",
        "without the folder of its dataset, the digests of the action space and of the controller stay unknown: "
        "name it with --dataset FOLDER",
    ]
    write_checkpoint(tmp_path, train=changed(TRAIN, dataset__revision=COMMIT))
    assert facts(tmp_path)["run:2026-05-02/10-11-12_act"]["trainedOn"] == [f"dataset:lab/pick@{COMMIT}"]
    write_checkpoint(tmp_path, train=changed(TRAIN, dataset__revision="v3.0"))
    assert facts(tmp_path)["run:2026-05-02/10-11-12_act"]["trainedOn"] == ["dataset:lab/pick@unversioned"]


def test_the_folder_that_the_training_read_is_read_again(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data")
    write_checkpoint(tmp_path / "run", train=changed(TRAIN, dataset__root=str(data)))
    assert facts(tmp_path / "run") == facts(tmp_path / "run", dataset=data)
    other = write_dataset(tmp_path / "hub" / "datasets--lab--pick" / "snapshots" / COMMIT[::-1])
    write_checkpoint(tmp_path / "run", train=changed(TRAIN, dataset__revision=COMMIT))
    with pytest.raises(Unreadable, match=f"is commit {COMMIT[::-1]}, and the training read {COMMIT}"):
        facts(tmp_path / "run", dataset=other)


@pytest.mark.parametrize(
    ("path", "revision", "id", "warned"),
    [
        ("lerobot/smolvla_base", COMMIT, f"model:lerobot/smolvla_base@{COMMIT}", None),
        ("lerobot/smolvla_base", "main", "model:lerobot/smolvla_base@unversioned", "main"),
        ("lerobot/smolvla_base", None, "model:lerobot/smolvla_base@unversioned", "not written down"),
        (f"/x/hub/models--lerobot--pi0/snapshots/{COMMIT}", None, f"model:lerobot/pi0@{COMMIT}", None),
        ("outputs/train/first/checkpoints/020000/pretrained_model", None, "checkpoint:first/step-20000", None),
        ("/gone/weights/", None, "model:weights@unversioned", "not written down"),
    ],
)
def test_a_run_names_the_weights_that_it_started_from(
    tmp_path: Path, path: str, revision: str | None, id: str, warned: str | None
) -> None:
    write_checkpoint(tmp_path, train=changed(TRAIN, policy__pretrained_path=path, policy__pretrained_revision=revision))
    run = facts(tmp_path)["run:2026-05-02/10-11-12_act"]
    assert run["initializedFrom"] == [id]
    assert "pretrained_path" not in run["configuration"]["policy"]
    assert warnings(tmp_path)[2:] == (
        [f"nothing here tells which version of {path} it started from: its revision is {warned}"] if warned else []
    )


def test_weights_that_are_here_are_named_by_their_digest_or_by_their_training(tmp_path: Path) -> None:
    base = write_policy(tmp_path / "base")
    write_checkpoint(tmp_path / "run", train=changed(TRAIN, policy__pretrained_path=str(base)))
    digest = sha256((base / "model.safetensors").read_bytes())
    assert facts(tmp_path / "run")["run:2026-05-02/10-11-12_act"]["initializedFrom"] == [f"model:base@{digest}"]
    write_checkpoint(tmp_path / "first", 300)
    (tmp_path / "first" / "checkpoints" / "last").symlink_to("000300")
    last = str(tmp_path / "first" / "checkpoints" / "last" / "pretrained_model")
    write_checkpoint(tmp_path / "run", train=changed(TRAIN, policy__pretrained_path=last))
    assert facts(tmp_path / "run")["run:2026-05-02/10-11-12_act"]["initializedFrom"] == ["checkpoint:first/step-300"]


def test_a_published_policy_has_no_step_and_is_known_by_its_commit(tmp_path: Path) -> None:
    folder = write_policy(tmp_path / "models--lab--act" / "snapshots" / COMMIT, train=changed(TRAIN, policy__repo_id=None))
    found = facts(folder)
    assert found[f"checkpoint:2026-05-02/10-11-12_act/{COMMIT}"] == {
        "producedBy": "run:2026-05-02/10-11-12_act",
        "digest": sha256((folder / "model.safetensors").read_bytes()),
    }
    assert found[f"model:lab/act@{COMMIT}"]["externalIds"] == [f"huggingface:lab/act@{COMMIT}"]


# ── contradictions and damage ───────────────────────────────────────────────────────────────────────────


def test_the_version_shows_where_its_configuration_contradicts_its_normaliser(tmp_path: Path) -> None:
    policy = changed(POLICY, normalization_mapping__STATE="MIN_MAX")
    policy["input_features"] = {"observation.state": {"type": "STATE", "shape": [3]}, "observation.effort": STATE}
    write_checkpoint(tmp_path, policy=policy)
    sentences = [
        "observation.state has the shape [3] in config.json and [2] in the normalizer",
        "the normalizer has observation.images.top, and config.json does not",
        "STATE is normalised by MIN_MAX in config.json and by MEAN_STD in the normalizer",
        "observation.state has 3 numbers in config.json, and the normalizer has statistics of 2",
        "config.json has observation.effort, and the normalizer has no statistics of it",
        "STATE is normalised by MIN_MAX in config.json and by MEAN_STD in the unnormalizer",
    ]
    assert warnings(tmp_path)[2:] == [f"{VERSION}: {sentence}" for sentence in sentences]
    version = facts(tmp_path)[VERSION]
    assert version["labels"] == ["configuration-contradicts-normalizer"]
    assert version["description"] == f"Its configuration contradicts its normalizer: {'; '.join(sentences)}."


def break_tensors(policy: Path) -> None:
    (policy / "model.safetensors").write_bytes((policy / "model.safetensors").read_bytes()[:-2])


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda p: (p / "config.json").unlink(), r"config\.json is missing: copy the folder again"),
        (lambda p: (p / "config.json").write_text("{"), r"config\.json is no JSON: .*Copy the folder again"),
        (lambda p: (p / "config.json").write_text("[]"), r"config\.json is not as LeRobot writes it: Expected `object`"),
        (
            lambda p: write_json(p / "config.json", {"input_features": {"a": {"shape": "x"}}}),
            r"config\.json is not as LeRobot writes it: Expected `array \| null`, got `str` - at `\$\.input_features\[",
        ),
        (lambda p: (p / "train_config.json").unlink(), r"train_config\.json is missing: without it nothing tells how"),
        (lambda p: (p / "model.safetensors").unlink(), r"model\.safetensors is missing: copy the checkpoint again, or delete"),
        (break_tensors, r"model\.safetensors is damaged \(.*\): copy the checkpoint again"),
        (lambda p: (p / "policy_postprocessor.json").unlink(), r"policy_postprocessor\.json is missing"),
        (
            lambda p: (p / "policy_preprocessor_step_2.safetensors").unlink(),
            r"policy_preprocessor_step_2\.safetensors is missing: copy the checkpoint again",
        ),
        (
            lambda p: write_json(p / "policy_preprocessor.json", {"steps": [{"state_file": "../../x"}]}),
            r"policy_preprocessor\.json names the state file \.\./\.\./x, which is not beside it",
        ),
        (
            lambda p: write_json(p.parent / "training_state" / "training_step.json", {"step": 99}),
            r"training_step\.json tells step 99, and the folder's name step 100: rename the folder or copy it again",
        ),
    ],
)
def test_what_is_missing_or_damaged_is_named_with_what_to_do(
    tmp_path: Path, damage: Callable[[Path], object], message: str
) -> None:
    damage(write_checkpoint(tmp_path) / "pretrained_model")
    with pytest.raises(Unreadable, match=message):
        read_training(tmp_path)


def test_a_folder_that_lerobot_did_not_write_is_refused(tmp_path: Path) -> None:
    for folder, message in (
        (tmp_path, "is nothing that LeRobot writes: it has no checkpoints/ as a training"),
        (tmp_path / "gone", "is no folder: name the output folder of a training"),
    ):
        with pytest.raises(Unreadable, match=message):
            read_training(folder)
    (tmp_path / "checkpoints").mkdir()
    with pytest.raises(Unreadable, match="checkpoints has no checkpoint: each is a folder such as 020000"):
        read_training(tmp_path)
    (tmp_path / "meta").mkdir()
    with pytest.raises(Unreadable, match=r"info\.json is missing"):
        read_dataset(tmp_path)
    write_dataset(tmp_path / "old", changed(INFO, codebase_version="v1.6"))
    with pytest.raises(Unreadable, match=r"has the format v1\.6, and v2\.0, v2\.1 and v3\.0 are read"):
        read_dataset(tmp_path / "old")


# ── recorded ────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_facts_are_recorded_once_and_the_version_is_a_candidate_to_be(registry: Forebear, tmp_path: Path) -> None:
    run, data = tmp_path / "run", write_dataset(tmp_path / "data")
    write_checkpoint(run, 100, policy=changed(POLICY, normalization_mapping__STATE="MIN_MAX"))
    write_checkpoint(run, 200)
    documents = [document(fact) for fact in read_training(run, dataset=data)[0].facts()]
    first = await record(registry, *documents, partial=True)
    assert (first.rejections, first.undescribed) == ([], set())
    again = await record(registry, *documents, partial=True)
    assert (again.rejections, again.described, again.connected, again.revised, again.updated) == ([], 0, 0, 0, 0)
    answer = await ask(
        registry,
        "query ($id: ID!) { modelVersion(id: $id) { labels weightsDigest promotedFrom { edges { node { id step producedBy"
        " { status trainedOn { edges { node { id } } } } } } } } }",
        id=VERSION,
    )
    by_id = {each["id"]: each for each in documents}
    assert answer["modelVersion"]["labels"] == ["configuration-contradicts-normalizer"]
    assert answer["modelVersion"]["weightsDigest"] == by_id[VERSION]["weightsDigest"]


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not here")
def test_the_samples_come_to_their_digests(tmp_path: Path) -> None:
    folder = tmp_path / "samples"
    shutil.copytree(SAMPLES, folder, copy_function=shutil.copyfile)
    for each in (folder, *folder.rglob("*")):
        each.chmod(0o755)
    subprocess.run([sys.executable, str(SAMPLES / "weights.py"), str(folder)], check=True)
    found = facts(folder / "act_run", dataset=folder / "dataset_v3")
    versions = {id: fact for id, fact in found.items() if fact.get("weightsDigest")}
    assert {id: fact["weightsDigest"] for id, fact in versions.items()} == {
        f"model:quillfinch/act-cube@act_cube/step-{step}": sha256(
            (folder / f"act_run/checkpoints/{step:06}/pretrained_model/model.safetensors").read_bytes()
        )
        for step in (20_000, 40_000)
    }
    others = {tuple(f[f"{name}Digest"] for name in ("normalization", "actionSpace", "controller")) for f in versions.values()}
    assert others == {
        (
            "sha256:d6deed0e89b1885faca02a54297a0ec47aa45965bdbd9bc05d3d1867179cca8d",
            "sha256:66e108e2fec8bea40aae2e2137ce4ed183f00f4e3ed0730a760840e7ce52f040",
            "sha256:a185b9d51a624ca1e79b3c6de9b7dd133382942b00aa3dae0a0845abae150464",
        )
    }
    assert not any("labels" in fact for fact in versions.values())
