"""A policy as LeRobot saves it: the digests of its parts, and where its configuration contradicts its normaliser. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from forebear.graph.document import canonical

STATISTICS = ("mean", "std", "min", "max")
"""The statistics that have one value for each number of a feature. Quantiles are called q01, q99 and so on."""

BUFFERS = ("normalize_inputs.", "normalize_targets.", "unnormalize_outputs.")
"""How the names of statistics begin that LeRobot kept among the weights before version 0.4."""


@dataclass(frozen=True)
class Tensor:
    """A tensor: its type as safetensors writes it, such as F32, its shape, and its bytes, little-endian."""

    dtype: str
    shape: tuple[int, ...]
    data: bytes


@dataclass(frozen=True)
class PolicyStep:
    """One step of a processor: its registered name, its configuration, and the tensors of its state file."""

    name: str
    config: Mapping[str, Any]
    tensors: Mapping[str, Tensor]

    @property
    def is_normaliser(self) -> bool:
        """Whether it normalises the inputs, or takes the normalisation of the outputs back."""
        return self.name in ("normalizer_processor", "unnormalizer_processor") or self.name.endswith("ormalizerProcessorStep")


@dataclass(frozen=True)
class SavedPolicy:
    """A policy in one folder."""

    config: Mapping[str, Any]
    """Its config.json."""
    weights: str | None
    """The digest of its weights. None if it is an adapter of a base that cannot be identified."""
    before: tuple[PolicyStep, ...]
    """The steps of its preprocessor."""
    after: tuple[PolicyStep, ...]
    """The steps of its postprocessor."""
    buffers: Mapping[str, Tensor]
    """The statistics among its weights."""

    @property
    def inputs(self) -> Mapping[str, Any]:
        """The features that it reads, by name."""
        return self.config.get("input_features") or {}

    @property
    def outputs(self) -> Mapping[str, Any]:
        """The features that it writes, by name."""
        return self.config.get("output_features") or {}

    @property
    def modes(self) -> Mapping[str, Any]:
        """How its configuration normalises each type of feature, such as MEAN_STD."""
        return self.config.get("normalization_mapping") or {}

    def normalisation_digest(self) -> str | None:
        """Return the digest of how inputs and outputs are normalised. None if the statistics are nowhere."""
        before, after = ([_document(s) for s in steps if s.is_normaliser] for steps in (self.before, self.after))
        if before or after:
            return digest_of({"preprocessor": before, "postprocessor": after})
        if self.buffers or all(mode == "IDENTITY" for mode in self.modes.values()):
            return digest_of({"norm_map": self.modes, "tensors": _tensors(self.buffers)})
        return None

    def action_space_digest(self, info: Mapping[str, Any]) -> str:
        """Return the digest of what its outputs mean, from the info.json of the data that it was trained on."""
        return digest_of({"features": self.outputs, "names": self._names(info), "fps": info.get("fps")})

    def action_space(self, info: Mapping[str, Any]) -> str:
        """Return its outputs for people, such as `action: shoulder.pos, gripper.pos`."""
        names = self._names(info)
        return "; ".join(
            f"{name}: {', '.join(map(str, names.get(name) or ())) or _size(f)}" for name, f in self.outputs.items()
        )

    def controller_digest(self, info: Mapping[str, Any], rename_map: Mapping[str, Any]) -> str:
        """Return the digest of how its outputs reach the robot: the robot's type, renamed features, and all other steps."""
        others = {
            name: [_document(s) for s in steps if not s.is_normaliser and not _only_moves(s)]
            for name, steps in (("preprocessor", self.before), ("postprocessor", self.after))
        }
        return digest_of({"robot_type": info.get("robot_type"), "rename_map": rename_map, **others})

    def contradictions(self) -> list[str]:
        """Return where config.json and the normaliser contradict each other, one sentence each."""
        found = [
            *(says for s in (*self.before, *self.after) if s.is_normaliser for says in self._of_step(s)),
            *self._of_buffers(),
        ]
        return list(dict.fromkeys(found))

    def _names(self, info: Mapping[str, Any]) -> dict[str, list[Any] | None]:
        features = info.get("features") or {}
        return {name: _flat((features.get(name) or {}).get("names")) for name in self.outputs}

    def _of_step(self, step: PolicyStep) -> Iterator[str]:
        declared = {**self.inputs, **self.outputs}
        what = "unnormalizer" if "unn" in step.name.lower() else "normalizer"
        for name, feature in (step.config.get("features") or {}).items():
            if name not in declared:
                yield f"the {what} has {name}, and config.json does not"
                continue
            for member in ("type", "shape"):
                if (one := declared[name].get(member)) != (other := feature.get(member)):
                    yield f"{name} has the {member} {one} in config.json and {other} in the {what}"
        # What the normaliser says is compared by type of feature, since some types may be in one of the two alone.
        modes = step.config.get("norm_map") or {}
        for type in sorted({*modes} & {*self.modes}):
            if modes[type] != self.modes[type]:
                yield f"{type} is normalised by {self.modes[type]} in config.json and by {modes[type]} in the {what}"
        sizes: dict[str, int] = {}
        for tensor, value in step.tensors.items():
            name, _, statistic = tensor.rpartition(".")
            if statistic in STATISTICS or statistic.startswith("q"):
                sizes[name] = math.prod(value.shape)
        yield from self._of_sizes(sizes, what, self.outputs if what == "unnormalizer" else declared)

    def _of_buffers(self) -> Iterator[str]:
        for prefix in BUFFERS:
            features = self.inputs if prefix == "normalize_inputs." else self.outputs
            names = {f"buffer_{name.replace('.', '_')}": name for name in features}
            sizes: dict[str, int] = {}
            for tensor, value in self.buffers.items():
                middle, _, statistic = tensor.removeprefix(prefix).rpartition(".")
                if tensor.startswith(prefix) and statistic in STATISTICS:
                    sizes[names.get(middle, middle)] = math.prod(value.shape)
            if sizes:
                yield from self._of_sizes(sizes, prefix.removesuffix("."), features)

    def _of_sizes(self, sizes: Mapping[str, int], what: str, features: Mapping[str, Any]) -> Iterator[str]:
        """Compare the numbers of statistics with the features. Images have one for each channel, or none."""
        for name, feature in features.items():
            type, shape = feature.get("type"), feature.get("shape") or ()
            if type == "VISUAL" or self.modes.get(type, "IDENTITY") == "IDENTITY":
                continue
            if name not in sizes:
                yield f"config.json has {name}, and the {what} has no statistics of it"
            elif sizes[name] != math.prod(shape):
                yield f"{name} has {math.prod(shape)} numbers in config.json, and the {what} has statistics of {sizes[name]}"


def digest_of(value: object) -> str:
    """Return the SHA-256 of a JSON value. Equal values have the same digest."""
    return f"sha256:{sha256(canonical(value).encode()).hexdigest()}"


def _document(step: PolicyStep) -> dict[str, Any]:
    config = {name: value for name, value in step.config.items() if name != "device"}
    return {"name": step.name, "config": config, "tensors": _tensors(step.tensors)}


def _tensors(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    return {name: {"dtype": t.dtype, "shape": list(t.shape), "data": t.data.hex()} for name, t in tensors.items()}


def _only_moves(step: PolicyStep) -> bool:
    """Return whether a step only moves tensors to a device."""
    return step.name == "device_processor" and not step.config.get("float_dtype")


def _flat(names: Any) -> list[Any] | None:
    """Return the names of a feature's numbers. Older formats group them: `{"motors": [...]}`."""
    if isinstance(names, Mapping):
        return [each for group in names.values() for each in (group if isinstance(group, list) else [group])]
    return list(names) if isinstance(names, list) else None


def _size(feature: Mapping[str, Any]) -> str:
    return "x".join(map(str, feature.get("shape") or ())) or "unknown"
