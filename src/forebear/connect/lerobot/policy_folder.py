"""Reads the folder of a policy: its weights, be they one file, shards or an adapter, and its processors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from forebear.client.content import digest_of_file
from forebear.connect.lerobot.document import Adapter, PolicyConfig, Processor, Unreadable, WeightsIndex, read
from forebear.connect.lerobot.policy import BUFFERS, PolicyStep, SavedPolicy, Tensor, digest_of
from forebear.connect.lerobot.tensors import DamagedTensors, read_tensors
from forebear.connect.lerobot.training import Pretrained, configuration
from forebear.graph.digest import of_folder

_SHARD = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<total>\d{5})\.safetensors")
_STATE = re.compile(r"policy_(?:pre|post)processor_")
_ADAPTER = "adapter_model.safetensors"


def read_policy(folder: Path) -> SavedPolicy:
    config, known = read(folder / "config.json", PolicyConfig)
    before, after = folder / "policy_preprocessor.json", folder / "policy_postprocessor.json"
    has_processors = before.is_file() or after.is_file()
    weights, buffers = read_weights(folder, known)
    return SavedPolicy(
        config=config,
        weights=weights,
        before=tuple(_steps(before)) if has_processors else (),
        after=tuple(_steps(after)) if has_processors else (),
        buffers=buffers,
    )


def _steps(file: Path) -> Iterator[PolicyStep]:
    document, known = read(file, Processor)
    for raw, step in zip(document["steps"], known.steps, strict=True):
        tensors: Mapping[str, Tensor] = {}
        if step.state_file:
            if Path(step.state_file).name != step.state_file:
                raise Unreadable(f"{file} names the state file {step.state_file}, which is not beside it")
            tensors = _tensors(file.parent / step.state_file, "")
        yield PolicyStep(step.registry_name or step.class_ or "unknown", raw.get("config") or {}, tensors)


def read_weights(folder: Path, config: PolicyConfig) -> tuple[str | None, Mapping[str, Tensor]]:
    """Return the digest of a policy's weights, and the statistics among them."""
    if (folder / _ADAPTER).is_file() or (folder / "adapter_config.json").is_file():
        return _adapted(folder, config), {}
    files = _weight_files(folder)
    buffers = {name: tensor for file in files for name, tensor in _tensors(file, *BUFFERS).items()}
    digests = [(file.relative_to(folder).as_posix(), digest_of_file(file)) for file in files]
    return digests[0][1] if [name for name, _ in digests] == ["model.safetensors"] else of_folder(digests), buffers


def _weight_files(folder: Path) -> list[Path]:
    """Return the files with a policy's weights: one, or all shards."""
    single = folder / "model.safetensors"
    if single.is_file():
        return [single]
    within = [f for f in sorted(folder.rglob("*.safetensors")) if f.is_file() and not _STATE.match(f.name)]
    if not within:
        raise Unreadable(f"{single} is missing: copy the checkpoint again, or delete its folder if saving it was broken off")
    for file in within:
        if shard := _SHARD.fullmatch(file.name):
            for number in range(1, int(shard["total"]) + 1):
                _present(file.with_name(f"{shard['stem']}-{number:05}-of-{shard['total']}.safetensors"), file)
    for index in sorted(folder.rglob("*.safetensors.index.json")):
        for name in sorted({*read(index, WeightsIndex)[1].weight_map.values()}):
            _present(index.with_name(name), index)
    return within


def _present(shard: Path, because: Path) -> None:
    if not shard.is_file():
        raise Unreadable(f"{shard} is missing, and {because.name} belongs with it: copy the checkpoint again")


def _adapted(folder: Path, config: PolicyConfig) -> str | None:
    """Return the digest of an adapter together with its base. None if nothing tells which version of the base it is."""
    document, known = read(folder / "adapter_config.json", Adapter)
    if not (folder / _ADAPTER).is_file():
        raise Unreadable(f"{folder / _ADAPTER} is missing, and adapter_config.json belongs with it: copy the checkpoint again")
    _tensors(folder / _ADAPTER, *BUFFERS)
    path = known.base_model_name_or_path or config.pretrained_path
    revision = known.revision or config.pretrained_revision
    origin = origin_of(path, revision)
    if origin is None or not origin.is_identified:
        return None
    own = {name: value for name, value in configuration(document).items() if name not in Adapter.__struct_fields__}
    base = origin.digest or origin.node()
    return digest_of({"adapter": digest_of_file(folder / _ADAPTER), "configuration": own, "base": base})


def _tensors(file: Path, *beginnings: str) -> dict[str, Tensor]:
    try:
        return read_tensors(file, *beginnings)
    except DamagedTensors as error:
        raise Unreadable(f"{file} is damaged ({error}): copy the checkpoint again") from None
    except FileNotFoundError:
        raise Unreadable(f"{file} is missing: copy the checkpoint again") from None


def origin_of(path: str | None, revision: str | None, root: Path | None = None) -> Pretrained | None:
    """Return the weights that a configuration names. None for none, and for those of the training itself in `root`."""
    if not path:
        return None
    here = Path(path)
    if not here.is_dir():
        return Pretrained(path, revision)
    here = here.resolve()
    if root and here.is_relative_to(root):
        return None
    try:
        digest, _ = read_weights(pretrained(here), PolicyConfig())
    except Unreadable:
        digest = None
    return Pretrained(here.as_posix(), revision, digest)


def pretrained(checkpoint: Path) -> Path:
    """Return the folder of the policy in that of a checkpoint. That of a published policy is the policy's own."""
    return inner if (inner := checkpoint / "pretrained_model").is_dir() else checkpoint
