"""What an event of OpenLineage says, and what several say together. Pure.

The facets of a run accumulate over its events. Of a facet that several events tell, the one with the latest `eventTime` counts.
So a state is the same in whichever order events come:

    {"kind": "run", "id": "0193…", "jobs": {…}, "first": {"START": "…"}, "last": {"START": "…"},
     "run": {"parent": ["2026-…", …]}, "job": {…}, "inputs": {"s3://b/a": {"name": ["s3://b", "a"], "facets": {…}}}, …}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from forebear.connect.names import within
from forebear.connect.openlineage import facets
from forebear.connect.openlineage.facets import named, text
from forebear.connect.translator import Event, InvalidEvent, State
from forebear.graph.document import json_text
from forebear.graph.kinds.training import RunStatus
from forebear.graph.moments import parse

RUN, JOB, DATASET = "run", "job", "dataset"
"""What an event can be about."""

INPUTS, OUTPUTS = "inputs", "outputs"

STATUSES: Mapping[str, RunStatus] = {
    "START": RunStatus.RUNNING,
    "RUNNING": RunStatus.RUNNING,
    "COMPLETE": RunStatus.SUCCEEDED,
    "ABORT": RunStatus.CANCELLED,
    "FAIL": RunStatus.FAILED,
}
"""What the types of events say of a run. If two say that it is over at the same moment, the later one here counts."""

OTHER = "OTHER"
"""An event that says nothing of the status."""

COLUMNS = "which column came of which is not kept, only which dataset"


@dataclass
class Reading:
    """An event as it was read: what it says as a state, what of it is wrong, and what has no place in the graph."""

    state: dict[str, Any]
    wrong: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def about(event: Event) -> tuple[str, list[str]]:
    """Return what an event is about: its kind, and the id of the run or the name of the job or dataset.

    Raises `InvalidEvent`.
    """
    if (run := event.get(RUN)) is not None:
        return RUN, [text(run.get("runId") if isinstance(run, Mapping) else None, "run.runId")]
    for kind in (JOB, DATASET):
        if event.get(kind) is not None:
            return kind, named(event[kind], kind)
    raise InvalidEvent("run, job and dataset: none of them is there; an event of OpenLineage is about one of them")


def read(event: Event) -> Reading:
    """Read an event. Raises `InvalidEvent` if nothing of it can be taken."""
    kind, name = about(event)
    try:
        at = parse(text(event.get("eventTime"), "eventTime"))
    except ValueError as error:
        raise error if isinstance(error, InvalidEvent) else InvalidEvent(f"eventTime: {error}") from None
    reading = Reading({"kind": kind, "id": name[0] if kind == RUN else name})
    state = reading.state
    if kind == DATASET:
        _datasets(reading, [event[DATASET]], DATASET, at)
        return reading
    job = named(event.get(JOB), JOB)
    state["jobs"] = {within(*job): job}
    state[JOB] = _facets(reading, event[JOB], JOB, facets.JOBS, at)
    if kind == RUN:
        type = _event_type(reading, event)
        state |= {"first": {type: at}, "last": {type: at}, RUN: _facets(reading, event[RUN], RUN, facets.RUN, at)}
    for side in (INPUTS, OUTPUTS):
        _datasets(reading, event.get(side), side, at)
    reading.left_out += [*_of_other_jobs(state), *_of_models(state)]
    return reading


def _of_models(state: Mapping[str, Any]) -> Iterator[str]:
    """Return the models that were read, unless the event itself says that the run wrote weights."""
    told = {
        side: {one: {name: value for name, (_, value) in said["facets"].items()} for one, said in state.get(side, {}).items()}
        for side in (INPUTS, OUTPUTS)
    }
    if any(said.get("datasetType") for said in told[OUTPUTS].values()):
        return
    for one, said in told[INPUTS].items():
        if said.get("datasetType") and said.get("version"):
            yield f"{INPUTS}: that data came of the model {one} has no place in the graph, only that weights did"


def _of_other_jobs(state: Mapping[str, Any]) -> Iterator[str]:
    """Return what explicit lineage says of jobs, and has no place in the graph."""
    for owner in (RUN, JOB):
        for target, sources in state.get(owner, {}).get(facets.LINEAGE, (None, None))[1] or ():
            if target[0] != facets.JOB:
                continue
            where = f"{owner}.facets.{facets.LINEAGE}.entries"
            if target[1] is not None and within(*target[1]) not in state["jobs"]:
                yield f"{where}: what the job {within(*target[1])} read is for its own events to say"
            elif any(source[0] == facets.JOB for source in sources):
                yield f"{where}: that a job feeds a job has no place in the graph, only which dataset came of which"


def _event_type(reading: Reading, event: Event) -> str:
    type = event.get("eventType") or OTHER
    if type != OTHER and type not in [*STATUSES]:
        reading.wrong.append(f"eventType: {type!r:.100} is none of {', '.join((*STATUSES, OTHER))}; it is taken as {OTHER}")
        return OTHER
    return str(type)


def _datasets(reading: Reading, values: object, side: str, at: str) -> None:
    """Read the datasets of one side of an event. Two of one name are one."""
    if not isinstance(values, list | None):
        reading.wrong.append(f"{side}: is no JSON array of datasets")
        return
    found: dict[str, Any] = {}
    for position, value in enumerate(values or ()):
        where = side if side == DATASET else f"{side}.{position}"
        try:
            name = named(value, where)
        except InvalidEvent as error:
            reading.wrong.append(str(error))
            continue
        said = {"name": name, "facets": _facets(reading, value, where, facets.DATASETS, at)}
        for member in ("inputFacets", "outputFacets"):
            if isinstance(extra := value.get(member), Mapping) and extra:
                reading.left_out.append(f"{where}.{member}: {', '.join(sorted(extra))} have no place in the graph")
        if side == INPUTS and "datasetType" in said["facets"] and "version" not in said["facets"]:
            reading.left_out.append(f"{where}: a model that is named without a version is no checkpoint that one could name")
        one = within(*name)
        found[one] = _both(found[one], said) if one in found else said
    reading.state[side] = found


def _facets(reading: Reading, owner: Mapping[str, Any], where: str, readers: Mapping[str, facets.Reader], at: str) -> Any:
    """Read the facets of something, each with the moment of its event."""
    values = owner.get("facets") or {}
    if not isinstance(values, Mapping):
        reading.wrong.append(f"{where}.facets: is no JSON object")
        return {}
    kept: dict[str, Any] = {}
    without: list[str] = []
    for name, facet in sorted(values.items()):
        path = f"{where}.facets.{name}"
        if name == "columnLineage" or (name == facets.LINEAGE and facets.names_columns(facet)):
            reading.left_out.append(f"{path}: {COLUMNS}")
        if name not in readers:
            without += [] if name == "columnLineage" else [name]
        elif not isinstance(facet, Mapping):
            reading.wrong.append(f"{path}: is no JSON object")
        elif facet.get("_deleted"):
            kept[name] = [at, None]
        else:
            try:
                value = readers[name](facet, path)
            except InvalidEvent as error:
                reading.wrong.append(str(error))
                continue
            if value is None:
                without.append(name)
            else:
                kept[name] = [at, value]
    if without:
        reading.left_out.append(f"{where}.facets: {', '.join(without)} have no place in the graph")
    return kept


def together(state: State, other: State) -> dict[str, Any]:
    """Return what two states of one thing say together."""
    if not state:
        return dict(other)
    both: dict[str, Any] = _both(state, other)
    for member, choose in (("first", min), ("last", max)):
        if member in both:
            one, two = state[member], other[member]
            both[member] = {t: choose(m[t] for m in (one, two) if t in m) for t in sorted({*one, *two})}
    return both


def _both(one: Any, other: Any) -> Any:
    """Return what two parts of states say together. Of two facets the one that was told later counts."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        names = sorted({*one, *other})
        return {n: _both(one[n], other[n]) if n in one and n in other else one.get(n, other.get(n)) for n in names}
    return max(one, other, key=lambda told: (told[0], json_text(told)) if isinstance(told, list) else (told, ""))
