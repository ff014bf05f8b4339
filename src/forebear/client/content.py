"""Digests of files and folders on disk.

The digest of a file is the SHA-256 of its bytes, as `sha256sum` prints it. That of a folder says which files there are and
what they hold (`forebear.graph.digest.of_folder`). A link counts as what it leads to.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from forebear.graph.digest import of_folder


def digest(path: str | os.PathLike[str]) -> str:
    """Return the digest of a file or a folder, as `sha256:hex`.

    Raises `OSError` if something in it cannot be read, and `ContentChanged` if it is written meanwhile.
    """
    return Content.of(Path(path)).digest()


class ContentChanged(OSError):
    """A file was written while its digest was computed, or since it was named. The message names it."""


@dataclass(frozen=True)
class Content:
    """A file or a folder as it is at one moment: which files there are, and of each what tells that it was written since."""

    path: Path
    files: tuple[tuple[str, tuple[int, ...]], ...]
    """Of each file its path below the folder, and its inode, size in bytes and time of writing in nanoseconds."""
    is_folder: bool

    @classmethod
    def of(cls, path: Path) -> Content:
        """Look at a file or a folder. Nothing is read. Raises `OSError`."""
        is_folder = path.is_dir()
        names = sorted(_below(path)) if is_folder else [""]
        return cls(path, tuple((name, _written(path / name)) for name in names), is_folder)

    def digest(self) -> str:
        """Return the digest of what was there then. Raises `OSError`, and `ContentChanged` if it was written since."""
        digests = [(name, digest_of_file(self.path / name)) for name, _ in self.files]
        if (now := Content.of(self.path)) != self:
            changed = sorted({*self.files} ^ {*now.files})
            raise ContentChanged(f"{self.path / changed[0][0] if changed else self.path} was written meanwhile")
        return of_folder(digests) if self.is_folder else digests[0][1]


def digest_of_file(path: Path) -> str:
    """Return the digest of a file's bytes. Raises `OSError`."""
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def _written(path: Path) -> tuple[int, ...]:
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _below(folder: Path) -> Iterator[str]:
    """Return the paths of all files below a folder. Raises `OSError`, also for links that lead in a circle."""

    def failed(error: OSError) -> None:
        raise error

    for at, folders, files in os.walk(folder, followlinks=True, onerror=failed):
        for name in folders:
            if (Path(at) / name).is_symlink() and Path(at).resolve().is_relative_to((Path(at) / name).resolve()):
                raise OSError(f"{Path(at) / name} leads to a folder that it lies in")
        yield from ((Path(at) / name).relative_to(folder).as_posix() for name in files)
