"""What reports about places share: where, when and under which names, and whether that is possible."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from forebear.domain.outcome import Reason
from forebear.graph.declaration import PROSE, ExternalName, Property, Value, prop
from forebear.graph.ids import nameof, unescape
from forebear.graph.values import BACKWARDS, IN_FUTURE, backwards, impossible

EVENT_PLACE = ("Robot", "Fleet", "Site")


class Report(Value):
    """What somebody reports of a place."""

    at: list[str] = prop("The robots, fleets or sites.", names=EVENT_PLACE)
    since: datetime = prop("When it began.")
    until: datetime | None = prop(
        "When it was over. Leave it out while it lasts, or if nobody knows.", default=None, after="since"
    )
    category: str | None = prop("What it was, in a word of your own.", default=None)
    external_ids: list[ExternalName] | None = prop(
        "Its names in other systems, as `system:name`. Its id is made of the first one, and a report with one of its names is "
        "about it.",
        default=None,
    )
    description: str | None = prop("What there is to say about it.", default=None, length=PROSE)


def cannot_be(
    members: Sequence[Property], reports: Iterable[Mapping[str, Any]], now: str, name: str = "reports"
) -> Iterable[Reason]:
    """Return why reports are impossible: an end before the beginning, or a moment in the future."""
    for n, report in enumerate(reports):
        for message in backwards(members, report):
            yield Reason(BACKWARDS, f"{name}.{n}.{message}", "report when it began, and when it was over")
        for member, code, message in impossible(members, report, now):
            remedy = (
                "report it when it has happened, or set the clock right" if code == IN_FUTURE else "correct it and try again"
            )
            yield Reason(code, f"{name}.{n}.{member}: {message}", remedy)


def asked_of(ids: Collection[str], reports: Collection[Mapping[str, Any]] = ()) -> dict[str, list[str]]:
    """Return the parameters of facts statements about ids and reports. Names in reports are locked in one order."""
    held = sorted({name for report in reports for name in report.get("externalIds") or ()})
    names = sorted({*held, *(unescape(nameof(id)) for id in ids)})
    return {"ids": sorted({*ids}), "names": names, "held": held, **_ends_of(reports)}


def _ends_of(reports: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return the ids in reports, by the parameters of their facts statements."""
    ids = sorted({id for report in reports for name in ("at", "artifacts") for id in report.get(name) or ()})
    prefixes = {"robots": "robot:", "fleets": "fleet:", "sites": "site:", "artifacts": "artifact:"}
    return {name: [id for id in ids if id.startswith(prefix)] for name, prefix in prefixes.items()}


class KnownRow(Protocol):
    """A row of a node that is on record."""

    @property
    def id(self) -> str: ...


class NameRow(Protocol):
    """A name of a node that is on record."""

    @property
    def name(self) -> str: ...

    @property
    def id(self) -> str: ...


@dataclass
class NameOwners:
    """The nodes of names and ids. Reports of one request share their names as well."""

    ids: set[str]
    names: dict[str, str]

    @classmethod
    def of(cls, rows: Iterable[KnownRow], named: Iterable[NameRow]) -> NameOwners:
        """Return the owners on record."""
        names: dict[str, str] = {}
        for each in named:
            names.setdefault(each.name, each.id)
        return cls({each.id for each in rows}, names)

    def node(self, id: str, names: Iterable[str] = ()) -> str:
        """Return the node that has one of the names, or else the id. The names belong to it from now on."""
        names = [*names]
        own = [] if id in self.ids else [unescape(nameof(id))]
        owner = next((self.names[name] for name in (*names, *own) if name in self.names), id)
        for name in names:
            self.names.setdefault(name, owner)
        return owner
