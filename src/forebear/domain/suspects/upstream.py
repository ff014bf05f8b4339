"""What artifacts were made from, and by which path."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from forebear.domain.standing import Row

RUN_SETTING = "runSetting"
SEEDS = frozenset({"seed"})
"""What follows of a run by itself, and explains nothing."""


class UpstreamFactsRow(Row, frozen=True):
    """A row of `cypher/actions/upstream_facts.cypher`: a node, and what it was made from."""

    id: str
    kind: str
    configuration: str | None
    sources: list[str]


class Upstream:
    """The lineage of artifacts."""

    def __init__(self, rows: Iterable[UpstreamFactsRow]) -> None:
        self._rows = {row.id: row for row in rows}
        self._settings = {row.id: sorted(settings(row.configuration)) for row in self._rows.values() if row.configuration}

    def of(self, artifact: str) -> list[tuple[str, str]]:
        """Kind and id of everything that an artifact was made from, and the settings of the runs among it."""
        found: list[tuple[str, str]] = []
        for id in self._reached(artifact):
            if id != artifact:
                found.append((self._rows[id].kind, id))
            found += [(RUN_SETTING, text) for text in self._settings.get(id, ())]
        return list(dict.fromkeys(found))

    def path(self, artifact: str, kind: str, value: str) -> list[str]:
        """The ids from an artifact to a node, or to the run that had a setting, by the shortest path."""
        before = self._reached(artifact)
        wanted = (n for n in before if (value in self._settings.get(n, ()) if kind == RUN_SETTING else n == value))
        end = next(wanted, None)
        path = []
        while end is not None:
            path.append(end)
            end = before[end]
        return path[::-1]

    def _reached(self, artifact: str) -> dict[str, str | None]:
        """Everything upstream, the nearest first, each with what led to it."""
        before: dict[str, str | None] = {artifact: None} if artifact in self._rows else {}
        open_ = deque(before)
        while open_:
            id = open_.popleft()
            for source in sorted(self._rows[id].sources):
                if source in self._rows and source not in before:
                    before[source] = id
                    open_.append(source)
        return before


def settings(configuration: str) -> Iterator[str]:
    """The settings of a run's configuration, as `key=value`, with dots within keys."""
    yield from _settings("", json.loads(configuration))


def _settings(key: str, value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            if name not in SEEDS:
                yield from _settings(f"{key}.{name}" if key else str(name), each)
    elif key:
        yield f"{key}={json.dumps(value, ensure_ascii=False)}"
