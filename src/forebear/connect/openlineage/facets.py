"""The facets of OpenLineage that Forebear keeps, and how each is read. Pure.

A reader takes a facet and the path at which it stands. It returns what a state keeps of it, or None if Forebear has no place
for what it says. It raises `InvalidEvent`, which names the member and the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from forebear.connect.translator import InvalidEvent
from forebear.graph.declaration import LINE, PROSE

Facet = Mapping[str, Any]
Reader = Callable[[Facet, str], Any]

MODEL = "MODEL"
"""The type of a dataset that is a model's weights."""

LINEAGE = "lineage"
"""The facet that says explicitly what came of what."""

DATASET, JOB = "DATASET", "JOB"
"""The types of what data comes from, in that facet."""


def text(value: object, where: str, most: int = LINE) -> str:
    """Return a text that is not blank. Raises `InvalidEvent`."""
    if not isinstance(value, str) or not value.strip() or len(value) > most:
        raise InvalidEvent(f"{where}: is no text of 1 to {most} characters")
    return value


def named(value: object, where: str) -> list[str]:
    """Return the namespace and the name of a dataset or job. Raises `InvalidEvent`."""
    if not isinstance(value, Mapping):
        raise InvalidEvent(f"{where}: is no JSON object with namespace and name")
    return [text(value.get(member), f"{where}.{member}") for member in ("namespace", "name")]


def items(value: object, where: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Return the objects of a list, each with its path. Null is an empty list. Raises `InvalidEvent`."""
    if not isinstance(value, list | None):
        raise InvalidEvent(f"{where}: is no JSON array")
    for position, item in enumerate(value or ()):
        if not isinstance(item, Mapping):
            raise InvalidEvent(f"{where}.{position}: is no JSON object")
        yield f"{where}.{position}", item


def _parent(facet: Facet, where: str) -> Any:
    run = facet.get("run")
    id = run.get("runId") if isinstance(run, Mapping) else None
    return {"run": text(id, f"{where}.run.runId"), "job": named(facet.get("job"), f"{where}.job")}


def _error(facet: Facet, where: str) -> Any:
    message = facet.get("message")
    if not isinstance(message, str) or not (lines := message.strip().splitlines()):
        raise InvalidEvent(f"{where}.message: is no text")
    return lines[0][:LINE]


def _engine(facet: Facet, where: str) -> Any:
    version = text(facet.get("version"), f"{where}.version")
    return f"{text(facet['name'], f'{where}.name')} {version}" if facet.get("name") else version


def _parameters(facet: Facet, where: str) -> Any:
    parameters = items(facet.get("parameters"), f"{where}.parameters")
    return {text(each.get("key"), f"{at}.key"): each.get("value") for at, each in parameters} or None


def _description(facet: Facet, where: str) -> Any:
    return text(facet["description"], f"{where}.description", PROSE) if facet.get("description") else None


def _owners(facet: Facet, where: str) -> Any:
    owners = items(facet.get("owners"), f"{where}.owners")
    return sorted({text(owner.get("name"), f"{at}.name") for at, owner in owners}) or None


def _code(facet: Facet, where: str) -> Any:
    if not facet.get("version"):
        return None
    place = "repoUrl" if facet.get("repoUrl") else "url"
    return [text(facet.get(place), f"{where}.{place}"), text(facet["version"], f"{where}.version")]


def _job_type(facet: Facet, where: str) -> Any:
    words = [text(facet[member], f"{where}.{member}") for member in ("integration", "jobType") if facet.get(member)]
    return {"type": " ".join(words)[:LINE], "endless": facet.get("processingType") in ("STREAMING", "SERVICE")}


def _version(facet: Facet, where: str) -> Any:
    return text(facet.get("datasetVersion"), f"{where}.datasetVersion")


def _links(facet: Facet, where: str) -> Any:
    links = items(facet.get("identifiers"), f"{where}.identifiers")
    return sorted(named(link, at) for at, link in links) or None


def _former(facet: Facet, where: str) -> Any:
    if facet.get("lifecycleStateChange") != "RENAME":
        return None
    return named(facet.get("previousIdentifier"), f"{where}.previousIdentifier")


def _type(facet: Facet, where: str) -> Any:
    return MODEL if text(facet.get("datasetType"), f"{where}.datasetType").upper() == MODEL else None


def _source(value: Mapping[str, Any], where: str) -> list[Any]:
    """Return what data comes from: DATASET and its name, or JOB, its name and its run. Null is the event's own job."""
    if value.get("type") == DATASET:
        return [DATASET, named(value, where)]
    if value.get("type") != JOB:
        raise InvalidEvent(f"{where}.type: is neither {DATASET} nor {JOB}")
    own = value.get("namespace") is None and value.get("name") is None
    run = None if value.get("runId") is None else text(value["runId"], f"{where}.runId")
    return [JOB, None if own else named(value, where), run]


def _sources(value: Mapping[str, Any], where: str) -> list[Any] | None:
    """Return what a dataset or job comes from, as it says itself and as its fields say. None if it says nothing."""
    fields = value.get("fields")
    if value.get("inputs") is None and not fields:
        return None
    if not isinstance(fields, Mapping | None):
        raise InvalidEvent(f"{where}.fields: is no JSON object")
    found = [_source(each, at) for at, each in items(value.get("inputs"), f"{where}.inputs")]
    for field, entry in (fields or {}).items():
        if not isinstance(entry, Mapping):
            raise InvalidEvent(f"{where}.fields.{field}: is no JSON object")
        found += [_source(each, at) for at, each in items(entry.get("inputs"), f"{where}.fields.{field}.inputs")]
    return [source for position, source in enumerate(found) if source not in found[:position]]


def _entries(facet: Facet, where: str) -> Any:
    """Return the entries of explicit lineage: for each target, what it comes from. A target that is null is the own job."""
    entries = []
    for at, entry in items(facet.get("entries"), f"{where}.entries"):
        target = _source(entry, at)
        entries.append([target, _sources(entry, at) or []])
    return entries


def names_columns(facet: object) -> bool:
    """Return whether a facet of lineage says which column came of which."""
    if not isinstance(facet, Mapping):
        return False
    entries = facet.get("entries")
    within = [facet, *(entries if isinstance(entries, list) else ())]
    return any(isinstance(entry, Mapping) and entry.get("fields") for entry in within)


RUN: Mapping[str, Reader] = {
    "parent": _parent,
    "errorMessage": _error,
    "processing_engine": _engine,
    "executionParameters": _parameters,
    LINEAGE: _entries,
}
"""The facets of runs, by their names."""

JOBS: Mapping[str, Reader] = {
    "documentation": _description,
    "ownership": _owners,
    "sourceCodeLocation": _code,
    "jobType": _job_type,
    LINEAGE: _entries,
}
"""The facets of jobs, by their names."""

DATASETS: Mapping[str, Reader] = {
    "documentation": _description,
    "ownership": _owners,
    "version": _version,
    "symlinks": _links,
    "lifecycleStateChange": _former,
    "datasetType": _type,
    LINEAGE: _sources,
}
"""The facets of datasets, by their names."""
