"""A dataset of LeRobot as facts: which version it is, and the version that a selection of its episodes is. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import count, groupby
from typing import Any

from forebear.connect.lerobot.policy import digest_of
from forebear.connect.names import UNVERSIONED, external_id, id_of
from forebear.graph.declaration import Node
from forebear.graph.kinds.data import Dataset, DatasetVersion

SHOWN = 2_000
"""How many characters of a list of episodes a description has at most."""


@dataclass(frozen=True)
class LeRobotDataset:
    """A dataset, as its folder or only the configuration of a training tells it."""

    name: str
    """Its repository on the hub, such as lerobot/pusht."""
    commit: str | None = None
    """Its commit on the hub. None if unknown."""
    digest: str | None = None
    """The digest of its meta files. None if they are not here."""
    info: Mapping[str, Any] | None = None
    """Its meta/info.json. None if it is not here."""
    frames: Mapping[int, int] | None = None
    """The number of frames of each episode. None if unknown."""

    @property
    def version(self) -> str:
        """Which version it is: the commit, else the digest of the meta files."""
        return self.commit or self.digest or UNVERSIONED

    @property
    def is_identified(self) -> bool:
        """Whether anything tells which version it is."""
        return self.version != UNVERSIONED

    @property
    def total(self) -> int | None:
        """The number of its episodes. None if unknown."""
        return (self.info or {}).get("total_episodes")

    @property
    def whole(self) -> str:
        """The id of the version with all episodes."""
        return id_of(DatasetVersion, self.name, self.version)

    def facts(self) -> list[Node]:
        """Return the dataset and its version."""
        values: dict[str, Any] = {"digest": self.digest, "episodes": self.total}
        if self.info:
            values["frames"] = self.info.get("total_frames")
        if self.commit:
            at = f"datasets/{self.name}@{self.commit}"
            values |= {"uri": f"hf://{at}", "external_ids": [external_id("huggingface", at)]}
        dataset = Dataset(id_of(Dataset, self.name))
        values = {name: value for name, value in values.items() if value is not None}
        return [dataset, DatasetVersion(self.whole, dataset=dataset.id, **values)]

    def selected(self, episodes: Iterable[int] | None, excluded: Collection[int] | None) -> frozenset[int] | None:
        """Return the episodes that a training read, or None for all of them.

        Raises `WrongSelection` if the dataset does not have them, or if nothing tells which are left.
        """
        if episodes is None and not excluded:
            return None
        if self.total is None and episodes is None:
            raise WrongSelection("leaves episodes out, and nothing here tells how many the dataset has")
        chosen = frozenset(range(self.total or 0) if episodes is None else episodes)
        if self.total is not None and (beyond := [e for e in sorted({*chosen, *(excluded or ())}) if not 0 <= e < self.total]):
            raise WrongSelection(f"names episode {beyond[0]}, and the dataset has {self.total}, from 0 to {self.total - 1}")
        chosen -= frozenset(excluded or ())
        return None if len(chosen) == self.total else chosen

    def selection(self, episodes: frozenset[int]) -> DatasetVersion:
        """Return a selection of episodes, as a version of its own that was made from the whole."""
        chosen = digest_of(sorted(episodes))[7:19]
        values: dict[str, Any] = {}
        if self.frames and all(each in self.frames for each in episodes):
            values["frames"] = sum(self.frames[each] for each in episodes)
        return DatasetVersion(
            id_of(DatasetVersion, self.name, f"{self.version}+episodes-{chosen}"),
            description=f"Episodes {ranges(episodes)} of {self.name}.",
            dataset=id_of(Dataset, self.name),
            derived_from=[self.whole],
            episodes=len(episodes),
            **values,
        )


class WrongSelection(ValueError):
    """A selection of episodes that a dataset cannot have. The message continues the name of whatever selects."""


def ranges(numbers: Iterable[int]) -> str:
    """Return whole numbers for people. A long list is cut.

    >>> ranges({0, 1, 2, 7})
    '0-2, 7'
    """
    steps = count()
    runs = [[*group] for _, group in groupby(sorted(numbers), lambda n: n - next(steps))]
    text = ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs)
    return text if len(text) <= SHOWN else f"{text[:SHOWN].rpartition(',')[0]}, …"
