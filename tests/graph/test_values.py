"""What a property may hold is declared, and held at every door: facts, imported history, corrections, inputs of actions."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from forebear.domain.values import against
from forebear.graph.amendment import corrected
from forebear.graph.complaint import reasons_of
from forebear.graph.declaration import EDGES, Admission, Digest, Edge, Json, Kind, Long, Property
from forebear.graph.document import MAX_DEPTH, MAX_TEXT
from forebear.graph.facts import Facts
from forebear.graph.kinds import GRAPH
from forebear.graph.moments import moment
from forebear.graph.rows import InvalidFact
from forebear.graph.values import DECIDED, MAX_INT, MAX_LONG
from forebear.verbs.catalogue import ACTIONS

FACTS = Facts(GRAPH)
KINDS = [*GRAPH.kinds.values()]
CORRECTABLE = [
    k for k in KINDS if k.standing in (Admission.PLAIN, Admission.OBSERVED) or k.name in ("ModelVersion", "Artifact")
]
NOW = datetime.now(UTC)
TOMORROW = moment(NOW + timedelta(days=1))
NAN, INFINITY = float("nan"), float("inf")


def nested(depth: int) -> Any:
    return [] if depth == 1 else [nested(depth - 1)]


def valid(p: Property) -> Any:
    """A value that the property may hold."""
    if p.value_type is not None:
        return [{m.name: valid(m) for m in p.value_type.members if m.required}]
    if p.item_type is not None:
        return []
    if p.is_enum:
        return next(iter(p.type)).value
    return {
        str: "x", int: 1, Long: 1, float: 1, bool: True, Json: {}, Digest: f"sha256:{64 * '0'}",
        datetime: "2026-01-01T00:00:00Z",
    }[p.type]  # fmt: skip


def edges_of(p: Property, *, decided: bool = False) -> Iterator[tuple[str, Any]]:
    """Values just beyond what a property may hold, each with the path, below the property, that a refusal names.

    Where they are `decided`, moments and digests are left out: the decision refuses them by codes of its own.
    """
    if decided and p.type in (datetime, Digest):
        return
    if p.value_type is not None:
        yield "", valid(p) * (p.items + 1)
        for m in p.value_type.members:
            for path, bad in edges_of(m, decided=decided):
                yield f".0.{m.name}{path}", [{**valid(p)[0], m.name: bad}]
        return
    if p.item_type is not None:
        yield "", ["x"] * (p.items + 1)
        yield ".0", ["x" * (p.length + 1)]
        return
    if p.type is str:
        yield "", "x" * (p.length + 1)
    elif p.type is Digest:
        yield from (("", bad) for bad in ("", "abc", 64 * "0", f"sha256:{63 * '0'}", "sha256:0123456789ab…"))
    elif p.type is datetime and not p.ahead:
        yield from (("", bad) for bad in (TOMORROW, "2062-01-01T00:00:00Z"))
    elif p.type is Json:
        yield from ((": x.1", {"x": [1, bad]}) for bad in (NAN, INFINITY, -INFINITY))
        yield "", nested(MAX_DEPTH + 1)
        yield "", "x" * (MAX_TEXT - 1)
    elif p.type in (int, Long, float):
        most = {int: MAX_INT, Long: MAX_LONG}.get(p.type)
        yield from (("", bad) for bad in (NAN, INFINITY, -INFINITY, "1", True))
        yield from (("", bad) for bad in (p.most, most) if bad is not None for bad in (bad + 1, 10 * bad + 10))
        yield "", p.least - 1 if p.least is not None else (-most - 2 if most else -INFINITY)


def backwards_of(properties: Any) -> Iterator[tuple[Property, dict[str, str]]]:
    for p in properties:
        if p.after is not None:
            yield p, {p.after: "2026-02-01T00:00:00Z", p.name: "2026-01-31T23:59:59Z"}


def id_of(kind: Kind) -> str:
    return f"{kind.prefix}:a@1" if kind.versioned else f"{kind.prefix}:a"


def fact(kind: Kind, **values: Any) -> dict[str, Any]:
    required = {p.name: valid(p) for p in kind.properties.values() if p.required}
    return {"kind": kind.name, "id": id_of(kind), **required, **values}


def refusal(kind: Kind, **values: Any) -> list[str]:
    with pytest.raises(InvalidFact) as refused:
        FACTS.read(fact(kind, **values), imported=kind.standing is Admission.GOVERNED)
    return list(refused.value.reasons)


def names(reasons: list[str], path: str) -> bool:
    return all(len(r) < 1_000 for r in reasons) and any(r.startswith((f"{path}:", f"{path} ")) for r in reasons)


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.name)
def test_a_fact_says_nothing_that_its_kind_cannot_be(kind: Kind) -> None:
    for p in kind.properties.values():
        for path, bad in edges_of(p):
            assert names(refusal(kind, **{p.name: bad}), p.name + path), (p.name, path)
    for p, values in backwards_of(kind.properties.values()):
        assert names(refusal(kind, **values), p.name)


@pytest.mark.parametrize("edge", [e for e in GRAPH.edges if not e.derived], ids=lambda e: f"{e.source}.{e.name}")
def test_nor_do_its_edges(edge: Edge) -> None:
    kind, target = GRAPH.kinds[edge.source], GRAPH.kinds[edge.targets[0]]
    required = {p.name: valid(p) for p in edge.stored_properties if p.required}

    def end(**values: Any) -> Any:
        said = {"id": id_of(target).replace(":a", ":b"), **required, **values}
        return said if edge.one else [said]

    where = edge.name if edge.one else f"{edge.name}.0"
    for p in edge.stored_properties:
        for path, bad in edges_of(p):
            assert names(refusal(kind, **{edge.name: end(**{p.name: bad})}), f"{where}.{p.name}{path}"), (p.name, path)
    for p, values in backwards_of(edge.stored_properties):
        assert names(refusal(kind, **{edge.name: end(**values)}), f"{where}.{p.name}")
    if edge.source in edge.targets:
        assert names(refusal(kind, **{edge.name: end(id=id_of(kind))}), f"{edge.name}.0")
    if not edge.one:
        assert names(refusal(kind, **{edge.name: end() * (EDGES + 1)}), edge.name)


@pytest.mark.parametrize("kind", CORRECTABLE, ids=lambda k: k.name)
def test_nor_does_a_correction(kind: Kind) -> None:
    def reasons(values: dict[str, Any]) -> list[str]:
        if kind.standing is Admission.GOVERNED:
            read, wrong = corrected(kind, values)
            return [*wrong, *(r.message for r in against(kind.properties.values(), read, moment(NOW), "values."))]
        with pytest.raises(InvalidFact) as refused:
            FACTS.read({"kind": "Correction", "of": id_of(kind), "values": values, "reason": "typo"})
        return list(refused.value.reasons)

    for p in kind.properties.values():
        for path, bad in edges_of(p):
            assert names(reasons({p.name: bad}), f"values.{p.name}{path}"), (p.name, path)
    for p, values in backwards_of(kind.properties.values()):
        assert names(reasons(values), f"values.{p.name}")


@pytest.mark.parametrize("action", ACTIONS, ids=lambda a: a.name)
def test_nor_does_the_input_of_an_action(action: Any) -> None:
    model = FACTS.input(action.input)

    def reasons(**values: Any) -> list[str]:
        with pytest.raises(ValidationError) as refused:
            model.model_validate(values, context=DECIDED)
        return reasons_of(refused.value)

    for p in action.input.members:
        if p.names:
            # Facts are read by their own models.
            continue
        for path, bad in edges_of(p, decided=True):
            assert names(reasons(**{p.name: bad}), p.name + path), (p.name, path)


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.name)
def test_what_is_as_long_as_it_may_be_is_taken(kind: Kind) -> None:
    longest: dict[Any, Any] = {str: lambda p: "x" * p.length, Json: lambda p: nested(MAX_DEPTH)}
    values = {p.name: longest[p.type](p) for p in kind.properties.values() if p.type in longest}
    soon = moment(NOW + timedelta(minutes=4))
    values |= {p.name: soon for p in kind.properties.values() if p.type is datetime}
    FACTS.read(fact(kind, **values), imported=kind.standing is Admission.GOVERNED)


def test_an_interval_may_be_empty() -> None:
    at = "2026-01-01T00:00:00Z"
    FACTS.read({"kind": "Run", "id": "run:a", "startedAt": at, "endedAt": at})


@pytest.mark.parametrize("p", [p for k in KINDS for p in k.own_properties], ids=lambda p: p.name)
def test_what_counts_or_measures_a_size_is_never_less_than_nothing(p: Property) -> None:
    free = {"seed"}
    assert p.type not in (int, Long, float) or p.least is not None or p.name in free
