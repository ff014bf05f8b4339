"""What surrounds a training run: its code, installed packages, container image, accelerators, seed and rank.

Each is read from where it stands, and none of it is ever a secret: an address loses its user and password, and of the
environment only the variables named here are read.
"""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from hashlib import sha256
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from forebear.client.content import digest_of_file
from forebear.graph.digest import of_folder
from forebear.graph.document import canonical
from forebear.graph.ids import escape
from forebear.graph.kinds.training import CodeVersion, ComputeProfile, SoftwareEnvironment

SECONDS = 20
"""How long a program may take that is asked something."""

LARGE = 10 * 1024 * 1024
"""From this size on, in bytes, an uncommitted file counts by its size and not by its content."""

LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pixi.lock", "conda-lock.yml")
"""Lock files, the first that a repository has."""

RANKS = ("RANK", "OMPI_COMM_WORLD_RANK", "SLURM_PROCID")
"""The variables that say which process of a distributed run this is; the first that is set: torchrun, MPI, Slurm."""

HOSTS = ("GROUP_WORLD_SIZE", "SLURM_NNODES")
"""The variables that say on how many hosts it runs: torchrun, Slurm."""

RESTARTS = ("TORCHELASTIC_RESTART_COUNT", "SLURM_RESTART_COUNT")
"""The variables that say how often it was started again."""

GIT = ("git", "-c", "safe.directory=*", "-c", "core.fsmonitor=false")
"""Git, which also reads a repository of another user, as containers mount it, and starts none of its programs."""

_USER_INFO = re.compile(r"(?<=://)[^/@]*@")
_SHORT_ADDRESS = re.compile(r"(?:[^/@]*@)?([^/:]+):(?!/)(.+)")


def _number(names: tuple[str, ...], default: int) -> int:
    texts = [os.environ[name] for name in names if os.environ.get(name, "").isdecimal()]
    return int(texts[0]) if texts else default


def here() -> Path:
    """Return the working directory, or the root if somebody has deleted it."""
    try:
        return Path.cwd()
    except OSError:
        return Path("/")


def rank() -> int:
    """Return which process of a distributed run this is. 0 if it is the only one."""
    return _number(RANKS, 0)


def restarted() -> bool:
    """Return whether the launcher started this run again."""
    return any(_number((name,), 0) for name in RESTARTS)


def seed(configuration: Any) -> int | None:
    """Return the seed that a configuration names as `seed`, or that Lightning was seeded with."""
    named = configuration.get("seed") if isinstance(configuration, Mapping) else None
    if isinstance(named, int) and not isinstance(named, bool) and abs(named) < 2**63:
        return named
    text = os.environ.get("PL_GLOBAL_SEED", "")
    return int(text) if text.isdecimal() else None


# ── code ────────────────────────────────────────────────────────────────────────────────────────────────


def code(folder: Path) -> CodeVersion | None:
    """Return the code of the git repository that a folder lies in. None outside of one, or before its first commit.

    Files that differ from the commit, and files in no commit that git does not ignore, make it another version.
    """
    found = _output(*GIT, "-C", folder, "rev-parse", "--show-toplevel", "HEAD")
    if found is None:
        return None
    top, commit = found.splitlines()
    address = repository((_output(*GIT, "-C", top, "remote", "get-url", "origin") or "").strip())
    status = _output(*GIT, "-C", top, "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all")
    name = escape(_name(address) or Path(top).name)
    values = {"commit": commit} | ({"repository": address} if address else {})
    if status is None:
        return CodeVersion(f"code:{name}@{commit}", **values)
    # Each entry is two letters, a blank and a path.
    changed = [entry[3:] for entry in status.split("\0") if entry]
    if not changed:
        return CodeVersion(f"code:{name}@{commit}", **values, modified=False)
    changes = of_folder((path, _state(Path(top) / path)) for path in changed)
    return CodeVersion(f"code:{name}@{commit}+{changes[7:19]}", **values, modified=True, changes=changes)


def repository(address: str) -> str:
    """Return a remote's address without user and password, also if it is as ssh has it.

    >>> repository("git@git.example:arm/train.git"), repository("https://me:secret@git.example/arm/train")
    ('ssh://git.example/arm/train.git', 'https://git.example/arm/train')
    """
    if "://" not in address and (short := _SHORT_ADDRESS.fullmatch(address)):
        return f"ssh://{short[1]}/{short[2]}"
    return _USER_INFO.sub("", address)


def _name(address: str) -> str:
    return address.partition("://")[2].removesuffix("/").removesuffix(".git")


def _state(path: Path) -> str:
    """Return what a changed file is now: the digest of its content, its size if it is large, nothing if it is gone."""
    if path.is_symlink():
        return f"link to {os.readlink(path)}"
    if not path.is_file():
        return ""
    size = path.stat().st_size
    return f"{size} bytes" if size >= LARGE else digest_of_file(path)


# ── environment ─────────────────────────────────────────────────────────────────────────────────────────


def environment(folder: Path, *, image: str | None) -> SoftwareEnvironment:
    """Return what is installed here: packages and Python, the image, and the digest of a lock file of the repository.

    The same packages, image and lock file are the same environment.
    """
    packages = {d.metadata["Name"].lower(): d.version for d in distributions() if d.metadata["Name"]}
    values: dict[str, Any] = {"packages": {"python": sys.version.split()[0]} | packages}
    if image:
        values["image"] = image
    pinned = re.search(r"@(sha256:[0-9a-f]{64})$", image or "")
    top = (_output(*GIT, "-C", folder, "rev-parse", "--show-toplevel") or str(folder)).strip()
    locks = [path for name in LOCKS if (path := Path(top) / name).is_file()]
    if pinned or locks:
        values["digest"] = pinned[1] if pinned else digest_of_file(locks[0])
    return SoftwareEnvironment(f"environment:sha256:{sha256(canonical(values).encode()).hexdigest()}", **values)


def container_image() -> str | None:
    """Return the image of the container that this runs in, if Podman or Apptainer says it. Others say it nowhere."""
    for name in ("APPTAINER_CONTAINER", "SINGULARITY_CONTAINER"):
        if os.environ.get(name):
            return os.environ[name]
    try:
        named = re.search(r'^image="(.+)"$', Path("/run/.containerenv").read_text("utf-8"), re.M)
    except OSError:
        return None
    return named[1] if named else None


# ── compute ─────────────────────────────────────────────────────────────────────────────────────────────


def compute() -> ComputeProfile | None:
    """Return the accelerators that are visible here, times the hosts, which are taken to be alike. None if nvidia-smi is
    missing, since nobody knows then."""
    listed = _output("nvidia-smi", "--query-gpu=index,uuid,name", "--format=csv,noheader")
    return None if listed is None else compute_of(listed, os.environ.get("CUDA_VISIBLE_DEVICES"), _number(HOSTS, 1))


def compute_of(listed: str, visible: str | None, hosts: int) -> ComputeProfile:
    """Return the compute of so many hosts alike, from the list of nvidia-smi and the devices that CUDA may see."""
    devices = [tuple(cell.strip() for cell in row) for row in csv.reader(listed.splitlines()) if len(row) == 3]
    if visible is not None:
        chosen = [each.strip() for each in visible.split(",")]
        devices = [d for d in devices if any(each and (each == d[0] or d[1].startswith(each)) for each in chosen)]
    names = Counter(name for _, _, name in devices)
    accelerator = " and ".join(sorted(names)) or None
    count = len(devices) * hosts
    id = f"compute:{count}x{escape(accelerator or 'none')}/{hosts}"
    return ComputeProfile(id, accelerator_count=count, hosts=hosts, **({"accelerator": accelerator} if accelerator else {}))


def _output(*command: str | Path) -> str | None:
    """Return what a program prints. None if it is missing, fails or takes too long."""
    try:
        ended = subprocess.run(
            [*map(str, command)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=True,
            # A look at the repository must not take its lock from somebody who works in it.
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return ended.stdout.decode("utf-8", "surrogateescape")
