"""What the events of one run, job or dataset say together, as facts. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from forebear.connect.names import UNVERSIONED, external_id, id_of, within
from forebear.connect.openlineage import facets
from forebear.connect.openlineage.state import DATASET, INPUTS, JOB, OUTPUTS, RUN, STATUSES
from forebear.connect.translator import Fact, State
from forebear.graph.declaration import EDGES
from forebear.graph.kinds.data import Dataset, DatasetVersion
from forebear.graph.kinds.job import Job, JobRun
from forebear.graph.kinds.training import Checkpoint, CodeVersion, Run, RunStatus

SYSTEM = "openlineage"
"""The system whose names external ids begin with."""


@dataclass(frozen=True)
class Data:
    """A dataset as something used it: its namespace and name, and its version, if the events tell one.

    It may be the weights of a model, which OpenLineage calls a dataset of the type MODEL.
    """

    namespace: str
    name: str
    version: str | None = None
    is_model: bool = False

    @property
    def one(self) -> str:
        """Its name in its namespace."""
        return within(self.namespace, self.name)

    @property
    def id(self) -> str:
        """The id of the version or, of a model, of the checkpoint."""
        if self.is_model:
            return id_of(Checkpoint, f"{self.one}/{self.version or UNVERSIONED}")
        return id_of(DatasetVersion, self.one, self.version)


@dataclass(frozen=True)
class Use:
    """A dataset with what its facets say."""

    data: Data
    said: Mapping[str, Any]

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Use:
        """Return a use as a state keeps it."""
        said = {name: told for name, (_, told) in value["facets"].items() if told is not None}
        namespace, name = value["name"]
        return cls(Data(namespace, name, said.get("version"), said.get("datasetType") == facets.MODEL), said)

    @property
    def other_names(self) -> Iterator[Data]:
        """The same version under other names: links, and the name before a change of names."""
        former = self.said.get("lifecycleStateChange")
        for namespace, name in (*self.said.get("symlinks", ()), *([former] if former else ())):
            other = Data(namespace, name, self.data.version)
            if other.one != self.data.one and not self.data.is_model:
                yield other


def facts(state: State) -> list[Fact]:
    """Return the facts that a state says."""
    account = Account(state)
    found = [*account.jobs(), *account.runs()]
    if account.is_drawn:
        found += Drawing(account).facts()
    return [piece for fact in found for piece in _pieces(fact)]


def job_fact(name: Sequence[str]) -> dict[str, Any]:
    """Return a job of which only the name is known."""
    one = within(*name)
    return {"kind": "Job", "id": id_of(Job, one), "name": name[1], "externalIds": [external_id(SYSTEM, one)]}


def run_fact(id: str) -> dict[str, Any]:
    """Return a run of which only the id is known."""
    return {"kind": "JobRun", "id": id_of(JobRun, id), "externalIds": [external_id(SYSTEM, id)]}


class Account:
    """What a state says of its run and job, and of the datasets on each side."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.is_run = state["kind"] == RUN

    def facet(self, owner: str, name: str) -> Any:
        """Return what is kept of a facet of the run or the job. None if nobody told it, or if it was deleted."""
        return self.state.get(owner, {}).get(name, (None, None))[1]

    @cached_property
    def sides(self) -> Mapping[str, Mapping[str, Use]]:
        """The datasets of each side, by their names."""
        sides = (INPUTS, OUTPUTS, DATASET)
        return {side: {one: Use.of(value) for one, value in self.state.get(side, {}).items()} for side in sides}

    @cached_property
    def over(self) -> str | None:
        """The type of event by which the run is over. None while it runs."""
        last = self.state["last"]
        ends = [type for type, status in STATUSES.items() if type in last and status is not RunStatus.RUNNING]
        return max(ends, key=lambda type: (last[type], [*STATUSES].index(type)), default=None)

    @property
    def is_drawn(self) -> bool:
        """Whether it is final what came of what: the run is over, or its job never ends, or a definition says it."""
        return not self.is_run or self.over is not None or bool((self.facet(JOB, "jobType") or {}).get("endless"))

    @property
    def maker(self) -> dict[str, Any] | None:
        """The run, or the job whose definition says what it makes. None for an event about a dataset."""
        if self.is_run:
            return run_fact(self.state["id"])
        return job_fact(self.state["id"]) if self.state["kind"] == JOB else None

    @cached_property
    def explicit(self) -> Sequence[Any] | None:
        """The entries of explicit lineage. None if there are none, so that every output came of every input."""
        found = [entries for owner in (RUN, JOB) if (entries := self.facet(owner, facets.LINEAGE)) is not None]
        return [entry for entries in found for entry in entries] if found else None

    @property
    def status(self) -> Iterator[dict[str, Any]]:
        """What the events tell of the status, each with the moment from which it holds."""
        first, last = self.state["first"], self.state["last"]
        began = min((first[type] for type in ("START", "RUNNING") if type in first), default=None)
        # Clocks differ. Whatever came in between, a run that is over is over.
        latest = max((last[type] for type in STATUSES if type in last), default=None)
        if began is not None and (self.over is None or began != latest):
            yield {"status": RunStatus.RUNNING.value, "asOf": began}
        if self.over is not None:
            ended = max(last[self.over], first.get("START", last[self.over]))
            error = self.facet(RUN, "errorMessage") if self.over != "COMPLETE" else None
            told = {"status": STATUSES[self.over].value, "endedAt": ended, "asOf": latest}
            yield told if error is None else {**told, "error": error}

    @property
    def code(self) -> Fact | None:
        """The code that the job executes."""
        if (place := self.facet(JOB, "sourceCodeLocation")) is None:
            return None
        repository, commit = place
        id = id_of(CodeVersion, repository, commit)
        return {"kind": "CodeVersion", "id": id, "repository": repository, "commit": commit}

    def jobs(self) -> Iterator[Fact]:
        """Return the job. Its events may name it differently."""
        said = {
            "description": self.facet(JOB, "documentation"),
            "owners": _owners(self.facet(JOB, "ownership")),
            "type": (self.facet(JOB, "jobType") or {}).get("type") or None,
        }
        for name in self.state.get("jobs", {}).values():
            yield _known({**job_fact(name), **said})

    def runs(self) -> Iterator[Fact]:
        """Return the run, the run that started it, and the code that it executed."""
        if not self.is_run:
            return
        parent = self.facet(RUN, "parent")
        if parent is not None:
            yield job_fact(parent["job"])
            yield {**run_fact(parent["run"]), "jobs": [job_fact(parent["job"])["id"]]}
        if self.code is not None:
            yield self.code
        run = run_fact(self.state["id"])
        yield _known(
            {
                **run,
                "startedAt": self.state["first"].get("START"),
                "engine": self.facet(RUN, "processing_engine"),
                "configuration": self.facet(RUN, "executionParameters"),
                "jobs": [job_fact(name)["id"] for name in self.state["jobs"].values()],
                "partOf": [run_fact(parent["run"])["id"]] if parent and parent["run"] != self.state["id"] else None,
                "ran": [self.code["id"]] if self.code else None,
            }
        )
        for told in self.status:
            yield {"kind": "JobRun", "id": run["id"], **told}


class Drawing:
    """What came of what, by what a run, a job or a dataset says."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.maker = account.maker
        self.training = {"kind": "Run", "id": id_of(Run, account.state["id"])} if account.is_run else None
        """The training run that the run was, if it wrote a model."""
        self.data: dict[str, Data] = {}
        """Every dataset version, by its id."""
        self.models: dict[str, Data] = {}
        """The weights that the run wrote, by the ids of their checkpoints."""
        self.others: dict[str, Fact] = {}
        """The jobs and runs of which only the names are known, by their ids."""
        self.edges: dict[tuple[str, str], set[str]] = defaultdict(set)
        """Where the edges of a node lead, by its id and their name."""
        for uses in account.sides.values():
            for use in uses.values():
                self._add(use)
        for use in account.sides[OUTPUTS].values():
            self._made(self._written(use.data), self.maker)
        for target, sources in self._derivations():
            for source in sources:
                self._derived(target, source)
        for data in self._reads():
            if self.maker is not None and not data.is_model:
                self._lead(self.maker["id"], "read", data.id)

    def _add(self, use: Use) -> None:
        """Add a dataset under all its names, of which each leads to the other."""
        self._keep(use.data)
        for other in use.other_names:
            self._keep(other)
            self._lead(use.data.id, "alsoNamed", other.id)
            self._lead(other.id, "alsoNamed", use.data.id)

    def _keep(self, data: Data) -> Data:
        if not data.is_model:
            self.data[data.id] = data
        return data

    def _lead(self, source: str, edge: str, target: str) -> None:
        if source != target:
            self.edges[source, edge].add(target)

    def _written(self, data: Data) -> Data:
        """Return what was written. Weights without a version are those of this run."""
        if not data.is_model or self.training is None:
            return data
        weights = replace(data, version=data.version or self.account.state["id"])
        self.models[weights.id] = weights
        return weights

    def _used(self, name: Sequence[str]) -> Data:
        """Return a dataset in the version in which it was read or, if it was not, written."""
        namespace, own = name
        one = within(namespace, own)
        uses = next((uses for uses in self.account.sides.values() if one in uses), None)
        return uses[one].data if uses else self._keep(Data(namespace, own))

    def _made(self, data: Data, maker: Mapping[str, Any] | None) -> None:
        if maker is not None and not data.is_model:
            self._lead(data.id, "madeBy", maker["id"])

    def _derivations(self) -> Iterator[tuple[Data, Sequence[Any]]]:
        """Return each dataset with what it came of, as the facet of lineage has it."""
        sides, explicit = self.account.sides, self.account.explicit
        targets = {**sides[DATASET], **sides[OUTPUTS]}
        if explicit is not None:
            for (type, name, *_), sources in explicit:
                if type == facets.DATASET:
                    use = targets.get(within(*name))
                    yield self._written(use.data) if use else self._used(name), sources
            return
        every = [[facets.DATASET, [use.data.namespace, use.data.name]] for use in sides[INPUTS].values()]
        for one, use in targets.items():
            yield self._written(use.data), use.said.get(facets.LINEAGE, every if one in sides[OUTPUTS] else ())

    def _derived(self, target: Data, source: Sequence[Any]) -> None:
        """Add that a dataset or a model came of something."""
        type, name, *run = source
        if type == facets.JOB:
            maker = run_fact(run[0]) if run[0] else job_fact(name) if name else self.maker
            if maker is not None and maker != self.maker:
                self.others[maker["id"]] = maker
            self._made(target, maker)
            return
        used = self._used(name)
        if not target.is_model:
            if not used.is_model:
                self._lead(target.id, "derivedFrom", used.id)
        elif self.training is not None and not used.is_model:
            self._lead(self.training["id"], "trainedOn", used.id)
        elif self.training is not None and used.version is not None:
            self._lead(self.training["id"], "initializedFrom", used.id)

    def _reads(self) -> Iterator[Data]:
        """Return what the run or the job read: its inputs, and what explicit lineage says of it itself."""
        yield from (use.data for use in self.account.sides[INPUTS].values())
        for (type, name, *_), sources in self.account.explicit or ():
            if type == facets.JOB and (name is None or within(*name) in self.account.state["jobs"]):
                yield from (self._used(source[1]) for source in sources if source[0] == facets.DATASET)

    def facts(self) -> Iterator[Fact]:
        """Return all of it as facts."""
        yield from self.others.values()
        yield from self._datasets()
        if self.maker is not None and (read := self._edges_of(self.maker)):
            yield {"kind": self.maker["kind"], "id": self.maker["id"], **read}
        if self.models and self.training is not None and self.account.over is not None:
            yield from self._trained(self.training)

    def _datasets(self) -> Iterator[Fact]:
        """Return the datasets and their versions."""
        said = {use.data.one: use.said for uses in self.account.sides.values() for use in uses.values()}
        for one, data in sorted({data.one: data for data in self.data.values()}.items()):
            told = said.get(one, {})
            described = {"description": told.get("documentation"), "owners": _owners(told.get("ownership"))}
            external = [external_id(SYSTEM, one)]
            yield _known(
                {"kind": "Dataset", "id": id_of(Dataset, one), "name": data.name, "externalIds": external, **described}
            )
        for id, data in sorted(self.data.items()):
            fact = {"kind": "DatasetVersion", "id": id, "name": data.name, "dataset": id_of(Dataset, data.one)}
            external = [external_id(SYSTEM, f"{data.one}@{data.version}")] if data.version else []
            yield _known({**fact, "externalIds": external or None, **self._edges_of(fact)})

    def _trained(self, run: Mapping[str, Any]) -> Iterator[Fact]:
        """Return the training run and the checkpoints that it wrote."""
        account = self.account
        said = {
            "externalIds": [external_id(SYSTEM, account.state["id"])],
            "startedAt": account.state["first"].get("START"),
            "configuration": account.facet(RUN, "executionParameters"),
            "ran": [account.code["id"]] if account.code else None,
        }
        yield _known({**run, **said, **self._edges_of(run)})
        for told in account.status:
            yield {**run, **told}
        for id, data in sorted(self.models.items()):
            external = [external_id(SYSTEM, f"{data.one}@{data.version}")]
            yield {"kind": "Checkpoint", "id": id, "name": data.name, "producedBy": run["id"], "externalIds": external}

    def _edges_of(self, node: Mapping[str, Any]) -> dict[str, list[str]]:
        """Return the edges of a node, as a fact has them."""
        return {edge: sorted(ends) for (source, edge), ends in sorted(self.edges.items()) if source == node["id"]}


def _pieces(fact: Fact) -> Iterator[Fact]:
    """Return a fact in pieces, none of which names more edges of one kind than a fact may."""
    lists = {name: value for name, value in fact.items() if isinstance(value, list) and len(value) > EDGES}
    yield {**fact, **{name: ends[:EDGES] for name, ends in lists.items()}}
    for start in range(EDGES, max(map(len, lists.values()), default=0), EDGES):
        rest = {name: ends[start : start + EDGES] for name, ends in lists.items() if len(ends) > start}
        yield {"kind": fact["kind"], "id": fact["id"], **rest}


def _owners(names: Sequence[str] | None) -> list[dict[str, str]] | None:
    return [{"name": name} for name in names] if names else None


def _known(fact: Mapping[str, Any]) -> Fact:
    """Return a fact without what nobody told."""
    return {name: value for name, value in fact.items() if value is not None}
