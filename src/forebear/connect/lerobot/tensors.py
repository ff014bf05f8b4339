"""Reads files of tensors. Of a large file only its header and the tensors that are asked for are read."""

from __future__ import annotations

from pathlib import Path

from forebear.connect.lerobot.policy import Tensor


class DamagedTensors(ValueError):
    """A file that is not safetensors, or not all of it. The message says what is wrong, and names no file."""


def read_tensors(path: Path, *beginnings: str) -> dict[str, Tensor]:
    """Return the tensors whose names begin so. Raises `DamagedTensors`, and `OSError`."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="np") as file:
            names = [name for name in file.keys() if name.startswith(beginnings)]  # noqa: SIM118
            slices = {name: file.get_slice(name) for name in names}
            return {
                name: Tensor(each.get_dtype(), tuple(each.get_shape()), file.get_tensor(name).tobytes())
                for name, each in slices.items()
            }
    except SafetensorError as error:
        raise DamagedTensors(str(error)) from None
    except TypeError:
        # NumPy lacks some types, such as BF16. A file with them is read as a whole.
        return {name: tensor for name, tensor in _all(path).items() if name.startswith(beginnings)}


def _all(path: Path) -> dict[str, Tensor]:
    from safetensors import deserialize

    tensors = deserialize(path.read_bytes())  # type: ignore[no-untyped-call]
    return {name: Tensor(t["dtype"], tuple(t["shape"]), bytes(t["data"])) for name, t in tensors}
