"""Everything that a recall affects, each with why, and the digest of it.

What was made from the subject is affected by lineage. What is only allowed because of it, such as a release that was approved
on its measurements, is affected by authority. What runs stands for its place: an affected deployment or installation that is
not over affects its robots, cohorts, fleets, sites and customers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from forebear.graph.declaration import EdgeClass

LINEAGE, AUTHORITY = EdgeClass.LINEAGE, EdgeClass.AUTHORITY

KINDS = (
    "ModelVersion", "Release", "Artifact", "Deployment", "Installation", "Robot", "Cohort", "Fleet", "Site", "Customer",
)  # fmt: skip
"""The kinds that a plan lists, in its order. Of others, such as runs, the paths tell."""


@dataclass(frozen=True)
class Affected:
    """A node that a recall affects.

    `way` is LINEAGE or AUTHORITY, LINEAGE where both reach it. `path` are the ids from the node back to the subject: the
    shortest path and, of several, the first by its ids.
    """

    kind: str
    id: str
    way: EdgeClass
    path: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What the digest holds of it."""
        return f"{self.kind}:{self.id}:{self.way}"


@dataclass(frozen=True)
class AffectedChange:
    """How what is affected differs between two plans. What changed its way has gone and was added."""

    added: tuple[Affected, ...]
    gone: tuple[Affected, ...]


HELD = ("Release", "Artifact", "Deployment")
"""The kinds that the digest holds. Sightings and memberships come and go meanwhile."""


def digest(affected: Iterable[Affected]) -> str:
    """Return the digest of the affected releases, artifacts and deployments, as `sha256:hex`.

    Neither its order nor the paths matter.
    """
    keys = sorted({each.key for each in affected if each.kind in HELD})
    return f"sha256:{hashlib.sha256(chr(10).join(keys).encode()).hexdigest()}"


def change(before: Iterable[Affected], after: Iterable[Affected]) -> AffectedChange:
    """Return how two plans differ, in the order of their rows."""
    old, new = ({each.key: each for each in plan} for plan in (before, after))
    return AffectedChange(
        tuple(each for key, each in new.items() if key not in old), tuple(each for key, each in old.items() if key not in new)
    )


@dataclass(frozen=True)
class AffectingEdge:
    """A step of a path: from a thing to what it was made from, is allowed by, or affects it. `way` is the edge's class."""

    source: str
    target: str
    way: EdgeClass


def paths(origins: Mapping[str, Sequence[str]], links: Iterable[AffectingEdge]) -> dict[str, tuple[EdgeClass, tuple[str, ...]]]:
    """Return how links reach each node from `origins`, by lineage alone or else by authority as well.

    `origins` holds by the id of a beginning the path from there to the subject, itself included. The paths are the shortest,
    and of several the first by their ids, read from the node.
    """
    every = list(links)
    lineage = _walk(origins, (link for link in every if link.way is LINEAGE))
    both = _walk(origins, every)
    return {id: (LINEAGE, lineage[id]) if id in lineage else (AUTHORITY, path) for id, path in both.items()}


def _walk(origins: Mapping[str, Sequence[str]], links: Iterable[AffectingEdge]) -> dict[str, tuple[str, ...]]:
    """Return the first of the shortest paths of each node. Paths of one length are made in one round."""
    onwards: dict[str, list[str]] = {}
    for link in links:
        onwards.setdefault(link.target, []).append(link.source)
    waiting: dict[int, dict[str, tuple[str, ...]]] = {}
    for id, path in origins.items():
        waiting.setdefault(len(path), {})[id] = tuple(path)
    found: dict[str, tuple[str, ...]] = {}
    length = min(waiting, default=0)
    while waiting:
        round = {id: path for id, path in waiting.pop(length, {}).items() if id not in found}
        found |= round
        following = waiting.setdefault(length + 1, {})
        for id in sorted(round, key=round.__getitem__):
            for source in onwards.get(id, ()):
                # The paths of a round are in order, so the first that leads on is the first by its ids.
                if source not in found:
                    here = following.get(source)
                    following[source] = (source, *round[id]) if here is None else min(here, (source, *round[id]))
        if not following:
            del waiting[length + 1]
        length += 1
    return found
