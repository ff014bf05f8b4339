"""Pedigrees: what a version was made of, by the things that people change, and what differs between two of them.

What follows by itself is no cause: digests of weights and of normalisation statistics, ids and seeds, which are not told; a
dataset version that was made of other data or by other rules, where those are told; and what came along with a dataset.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

import msgspec

from forebear.domain.standing import Row

MOST = 500
"""How many runs and dataset versions upstream of a version are read: as many as `cypher/actions/compared_facts.cypher` says."""


class Category(StrEnum):
    """What kind of thing changed."""

    DATA = "DATA"
    CURATION = "CURATION"
    CODE = "CODE"
    PACKAGE = "PACKAGE"
    CONFIGURATION = "CONFIGURATION"
    BASE_MODEL = "BASE_MODEL"
    TEACHER = "TEACHER"
    COMPUTE = "COMPUTE"
    ARCHITECTURE = "ARCHITECTURE"
    EVALUATION = "EVALUATION"


class PedigreeChange(StrEnum):
    """How a thing changed: only the candidate has it, only the base has it, or both have it and it is another."""

    ADDED = "ADDED"
    DROPPED = "DROPPED"
    CHANGED = "CHANGED"
    REWEIGHTED = "REWEIGHTED"


class LinkRow(Row, frozen=True):
    """What a run used or a dataset version was made of, with the edge's type and properties and the target's values."""

    id: str
    type: str
    weight: float | None = None
    role: str | None = None
    digest: str | None = None
    repository: str | None = None
    commit: str | None = None
    packages: str | None = None
    rules: str | None = None
    accelerator: str | None = None
    accelerator_count: int | None = None
    hosts: int | None = None


class SourceNodeRow(Row, frozen=True):
    """A run or a dataset version upstream of a version."""

    id: str
    kind: str
    described_at: str | None = None
    configuration: str | None = None
    links: tuple[LinkRow, ...] = ()

    def of(self, *types: str) -> list[LinkRow]:
        """Its edges of some types, in the order of ids."""
        return sorted((link for link in self.links if link.type in types), key=lambda link: (link.id, link.role or ""))


class MadeRow(Row, frozen=True):
    """A version, with the runs and the dataset versions that it came of."""

    id: str
    parameters: int | None = None
    sensors: list[str] | None = None
    action_space: str | None = None
    action_space_digest: str | None = None
    controller_digest: str | None = None
    rate_hz: float | None = None
    memory_mib: float | None = None
    robot_software: str | None = None
    packs: tuple[str, ...] = ()
    """The packs that it was measured with."""
    upstream: tuple[SourceNodeRow, ...] = ()


@dataclass(frozen=True)
class Difference:
    """One thing that differs between a base and a candidate, with both values; None where one does not have it.

    `causes` is false of what follows from other differences, and of what it was measured with.
    """

    category: Category
    subject: str
    change: PedigreeChange
    before: Any
    after: Any
    causes: bool = True

    @property
    def words(self) -> str:
        """The difference in words."""
        of = f"{self.category.value.lower().replace('_', ' ')} {self.subject}".rstrip()
        if self.change is PedigreeChange.ADDED:
            return f"{of} added: {_written(self.after)}"
        if self.change is PedigreeChange.DROPPED:
            return f"{of} dropped: {_written(self.before)}"
        return f"{of}: {_written(self.before)} → {_written(self.after)}"


Thing = tuple[Category, str]

_ARCHITECTURE = (
    "parameters", "sensors", "action_space", "action_space_digest", "controller_digest", "rate_hz", "memory_mib",
    "robot_software",
)  # fmt: skip


@dataclass(frozen=True)
class Pedigree:
    """What a version was made of."""

    row: MadeRow

    @property
    def known(self) -> bool:
        """Whether it is recorded how it was made: which runs it came of, and what they were."""
        return bool(self.runs) and all(run.described_at for run in self.runs)

    @property
    def cut(self) -> bool:
        """Whether more may lie upstream than was read."""
        return len(self.row.upstream) >= MOST

    @property
    def runs(self) -> list[SourceNodeRow]:
        """The runs that it came of."""
        return [node for node in self.row.upstream if node.kind == "Run"]

    @cached_property
    def things(self) -> Mapping[Thing, Any]:
        """What it was made of, by category and name. Where several runs say several values of a thing, all of them."""
        things: dict[Thing, list[Any]] = {}
        for category, subject, value in (*self._trained(), *self._curated(), *self._architecture()):
            values = things.setdefault((category, subject), [])
            if value not in values:
                values.append(value)
        return {thing: _one(sorted(values, key=repr)) for thing, values in things.items()}

    @cached_property
    def data(self) -> Mapping[str, Mapping[str, Any]]:
        """The dataset versions that it came of, by dataset: the id of each version with its weights."""
        data: dict[str, dict[str, Any]] = {}
        for node in self.row.upstream:
            for link in node.of("TRAINED_ON", "DERIVED_FROM"):
                data.setdefault(_family(link.id), {}).setdefault(link.id, []).append((link.role, link.weight))
        return data

    @cached_property
    def users(self) -> Mapping[str, set[str]]:
        """Of each dataset and each ruleset: the datasets that were made of it or by it; an empty name stands for the runs."""
        users: dict[str, set[str]] = {}
        for node in self.row.upstream:
            for link in node.of("TRAINED_ON", "DERIVED_FROM", "CURATED_BY"):
                users.setdefault(_family(link.id), set()).add("" if node.kind == "Run" else _family(node.id))
        return users

    def sources(self, versions: Iterable[str]) -> set[tuple[str, str, Any]]:
        """What dataset versions were made of, as far as it is recorded: the data with weights, and the rules."""
        made = {node.id: node for node in self.row.upstream}
        links = (link for id in versions if id in made for link in made[id].of("DERIVED_FROM", "CURATED_BY"))
        return {(link.type, link.id, link.weight) for link in links}

    def _trained(self) -> Iterator[tuple[Category, str, Any]]:
        for run in self.runs:
            for link in run.of("RAN"):
                yield Category.CODE, link.repository or _family(link.id), link.commit or link.id
            for link in run.of("IN_ENVIRONMENT"):
                packages = json.loads(link.packages) if link.packages else None
                if isinstance(packages, dict):
                    yield from ((Category.PACKAGE, name, version) for name, version in packages.items())
                else:
                    yield Category.PACKAGE, "(environment)", link.digest or link.id
            for key, value in _flat(json.loads(run.configuration)) if run.configuration else ():
                if key.rpartition(".")[2].lower() not in _SEEDS:
                    yield Category.CONFIGURATION, key, value
            for link in run.of("INITIALIZED_FROM"):
                yield Category.BASE_MODEL, "", link.id
            for link in run.of("GUIDED_BY"):
                yield Category.TEACHER, link.role or "", link.id
            for link in run.of("ON_COMPUTE"):
                profile = {"accelerator": link.accelerator, "count": link.accelerator_count, "hosts": link.hosts}
                told = {name: value for name, value in profile.items() if value is not None}
                yield Category.COMPUTE, "", told or link.id

    def _curated(self) -> Iterator[tuple[Category, str, Any]]:
        for node in self.row.upstream:
            for link in node.of("CURATED_BY"):
                rules = json.loads(link.rules) if link.rules else None
                if rules is None:
                    yield Category.CURATION, _family(link.id), link.digest or link.id
                for key, value in _flat(rules) if rules is not None else ():
                    yield Category.CURATION, f"{_family(link.id)} {key}".rstrip(), value

    def _architecture(self) -> Iterator[tuple[Category, str, Any]]:
        names = dict(zip(self.row.__struct_fields__, self.row.__struct_encode_fields__, strict=True))
        for name in _ARCHITECTURE:
            if (value := getattr(self.row, name)) is not None:
                yield Category.ARCHITECTURE, names[name], value
        for pack in self.row.packs:
            yield Category.EVALUATION, _family(pack), pack


_SEEDS = frozenset({"seed", "seeds", "random_seed", "rng_seed"})


def differences(base: Pedigree, candidate: Pedigree) -> tuple[Difference, ...]:
    """Everything that differs between what two versions were made of, in the order of categories and names."""
    before, after = base.things, candidate.things
    every = [_data(base, candidate, dataset) for dataset in sorted({*base.data, *candidate.data})]
    differing = [d for some in every for d in some]
    for category, subject in sorted(before.keys() | after.keys()):
        one, other = before.get((category, subject)), after.get((category, subject))
        if one != other:
            change = (
                PedigreeChange.ADDED if one is None else PedigreeChange.DROPPED if other is None else PedigreeChange.CHANGED
            )
            causes = category is not Category.EVALUATION
            if category is Category.CURATION and (one is None or other is None):
                causes = _alone(base, candidate, subject.partition(" ")[0])
            differing.append(Difference(category, subject, change, one, other, causes))
    rank = [*Category]
    return tuple(sorted(differing, key=lambda d: (rank.index(d.category), d.subject)))


def _changed(before: Any, after: Any) -> PedigreeChange:
    if before is None:
        return PedigreeChange.ADDED
    return PedigreeChange.DROPPED if after is None else PedigreeChange.CHANGED


def _data(base: Pedigree, candidate: Pedigree, dataset: str) -> Iterator[Difference]:
    """What differs of a dataset: which of its versions, or how much they weigh."""
    before, after = base.data.get(dataset, {}), candidate.data.get(dataset, {})
    if before.keys() == after.keys():
        for id in sorted(before):
            one, other = (sorted(side[id], key=repr) for side in (before, after))
            if one != other:
                yield Difference(Category.DATA, id, PedigreeChange.REWEIGHTED, _weights(one), _weights(other))
        return
    if not before or not after:
        change = _changed(before or None, after or None)
        causes = _alone(base, candidate, dataset)
        yield Difference(Category.DATA, dataset, change, _one(sorted(before)), _one(sorted(after)), causes)
        return
    gone, new = sorted(before.keys() - after.keys()), sorted(after.keys() - before.keys())
    were, are = base.sources(gone), candidate.sources(new)
    follows = bool(were and are) and were != are
    change = _changed(gone or None, new or None)
    yield Difference(Category.DATA, dataset, change, _one(gone), _one(new), causes=not follows)


def _alone(base: Pedigree, candidate: Pedigree, name: str) -> bool:
    """Whether a dataset or a ruleset that one side alone has did not come along with a dataset that this side alone has."""
    users = {*base.users.get(name, ()), *candidate.users.get(name, ())}
    return any(not user or (user in base.data) == (user in candidate.data) for user in users)


def _weights(uses: Iterable[tuple[str | None, float | None]]) -> Any:
    return _one([weight if role is None else {"role": role, "weight": weight} for role, weight in uses])


def _one(values: Sequence[Any]) -> Any:
    """Return the only value, or None without any. Several are a tuple, since one value may be a list itself."""
    return values[0] if len(values) == 1 else tuple(values) or None


def _family(id: str) -> str:
    """The id without its version."""
    return id.rpartition("@")[0] or id


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The values of a document by the paths of their keys. Lists of rules that have names are taken apart by name."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value and all(isinstance(v, dict) and isinstance(_name(v), str) for v in value):
        for inner in value:
            rest = {key: v for key, v in inner.items() if key not in _NAMES}
            yield from _flat(rest or True, f"{path}.{_name(inner)}" if path else str(_name(inner)))
    else:
        yield path, value


_NAMES = ("name", "rule", "id")


def _name(rule: Mapping[str, Any]) -> Any:
    return next((rule[key] for key in _NAMES if key in rule), None)


def _written(value: Any) -> str:
    """Return a value in words. Several values, such as those of two runs, are joined by `and`."""
    if isinstance(value, tuple):
        return " and ".join(map(_written, value))
    if isinstance(value, dict) and value.keys() == {"role", "weight"}:
        return f"{_written(value['weight'])} as {value['role']}"
    if value is None:
        return "none"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
