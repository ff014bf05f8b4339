"""Facts are validated against the declaration alone; what is wrong is said with every reason, each naming the field."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forebear.graph.declaration import Admission, Change, Digest, Edge, Json, Kind, Long, Property
from forebear.graph.document import json_text
from forebear.graph.facts import Facts
from forebear.graph.kinds import GRAPH
from forebear.graph.rows import Amendment, EdgeRow, InvalidFact, NodeRow
from forebear.graph.telling import Telling

facts = Facts(GRAPH)
KINDS = [*GRAPH.kinds.values()]


def id_of(kind: Kind, name: str = "a") -> str:
    return f"{kind.prefix}:{name}@1" if kind.versioned else f"{kind.prefix}:{name}"


def value(p: Property) -> tuple[Any, Any]:
    """A value as a fact gives it, and as the graph holds it."""
    if p.value_type is not None:
        given = {m.name: value(m)[0] for m in p.value_type.members}
        return [given], json_text([{m.name: value(m)[1] for m in p.value_type.members}])
    if p.item_type is not None:
        return ["x", "y"], ["x", "y"]
    if p.is_enum:
        return next(iter(p.type)).value, next(iter(p.type)).value
    return {
        str: ("text", "text"),
        int: (7, 7),
        Long: (2**62, 2**62),
        Digest: (f"SHA256:{64 * 'A'}", f"sha256:{64 * 'a'}"),
        float: (0.5, 0.5),
        bool: (True, True),
        datetime: ("2026-01-01T02:00:00+02:00", "2026-01-01T00:00:00.000000Z"),
        Json: ({"b": [1, None], "a": "ä"}, '{"a":"ä","b":[1,null]}'),
    }[p.type]


def edges(kind: Kind, *, full: bool) -> tuple[dict[str, Any], tuple[EdgeRow, ...]]:
    """A fact's edges, to every kind that they may lead to, as they are given and as they are written."""
    given: dict[str, Any] = {}
    rows = []
    for e in kind.stated:
        ends = []
        for target in e.targets[:1] if e.one else e.targets:
            properties = {p.name: value(p) for p in e.stored_properties if full or p.required}
            to = id_of(GRAPH.kinds[target], "b")
            ends.append({"id": to} | {name: g for name, (g, _) in properties.items()})
            rows.append(EdgeRow(e, id_of(kind), to, target, {name: s for name, (_, s) in properties.items()}))
        if e.one:
            given[e.name] = ends[0]["id"]
        else:
            given[e.name] = [end["id"] if [*end] == ["id"] else end for end in ends]
    return given, tuple(rows)


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.name)
def test_a_fact_needs_its_id_and_what_is_required_and_no_more(kind):
    required = {p.name: value(p) for p in kind.properties.values() if p.required}
    imported = {"imported": True} if kind.standing is Admission.GOVERNED else {}

    row = facts.read({"kind": kind.name, "id": id_of(kind)} | {n: g for n, (g, _) in required.items()}, imported=True)

    assert row == NodeRow(kind, id_of(kind), {n: s for n, (_, s) in required.items()} | imported, {}, ())


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.name)
@pytest.mark.parametrize("full", [True, False], ids=["with values", "ids alone"])
def test_a_fact_may_say_all_that_is_declared(kind, full):
    properties = {p.name: (p, *value(p)) for p in kind.properties.values()}
    given, rows = edges(kind, full=full)
    imported = {"imported": True} if kind.standing is Admission.GOVERNED else {}

    row = facts.read(
        {"kind": kind.name, "id": id_of(kind)} | {n: g for n, (_, g, _) in properties.items()} | given, imported=True
    )

    assert row == NodeRow(
        kind,
        id_of(kind),
        {n: s for n, (p, _, s) in properties.items() if p.is_guaranteed and p.change is not Change.TOLD} | imported,
        {n: s for n, (p, _, s) in properties.items() if not p.is_guaranteed},
        rows,
        tuple(Telling(p, properties[p.name][2], None) for p in kind.told),
    )


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.name)
def test_the_json_schema_names_all_that_is_declared(kind):
    schema = facts.json_schema["$defs"][kind.name]

    assert schema["description"] == kind.doc
    as_of = ["asOf"] if kind.told else []
    assert [*schema["properties"]] == ["kind", "id", *kind.properties, *as_of, *(e.name for e in kind.stated)]
    assert schema["required"] == ["kind", "id", *(p.name for p in kind.properties.values() if p.required)]
    assert schema["additionalProperties"] is False


def test_nothing_of_a_governed_kind_is_a_plain_fact():
    for kind in KINDS:
        if kind.standing is Admission.GOVERNED:
            assert reasons({"kind": kind.name, "id": id_of(kind)}) == (
                f"kind: {kind.name} is governed and cannot be recorded as a plain fact; "
                "history from an older registry is recorded with `imported`",
            )


def test_null_clears_what_is_simply_updated_and_says_nothing_of_the_rest():
    row = facts.read(run(name=None, externalIds=None, status=None, configuration=None, experiment=None, trainedOn=None))
    assert row == NodeRow(GRAPH.kinds["Run"], "run:a", {}, {"name": None, "externalIds": None}, ())


def test_the_same_edge_twice_in_a_fact_is_one():
    row = facts.read(run(trainedOn=["dataset:b@1", {"id": "dataset:b@1"}, "dataset:a@1"]))
    edge = next(e for e in GRAPH.kinds["Run"].edges if e.name == "trainedOn")
    assert row.edges == tuple(EdgeRow(edge, "run:a", to, "DatasetVersion", {}) for to in ("dataset:b@1", "dataset:a@1"))


def reasons(document: object) -> tuple[str, ...]:
    with pytest.raises(InvalidFact) as refused:
        facts.read(document)
    return refused.value.reasons


def run(**values: object) -> dict[str, object]:
    return {"kind": "Run", "id": "run:a", **values}


def robot(**values: object) -> dict[str, object]:
    return {"kind": "Robot", "id": "robot:a", **values}


KNOWN = (
    "known: artifact, attribution, checkpoint, code, cohort, compute, curation, customer, dataset, decision, decommissioning, "
    "deployment, environment, evidence, experiment, fleet, incident, installation, job, job-run, line, maintenance, model, "
    "pack, policy, recall, release, robot, run, site, stop, target"
)
END = "an edge's end is an id, or an object with its id and the edge's values"
STATUS = "status: expected 'PENDING', 'RUNNING', 'SUCCEEDED', 'FAILED' or 'CANCELLED'"
NOON, ELEVEN = "2026-01-01T12:00:00Z", "2026-01-01T11:00:00Z"


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (None, ["a fact is a JSON object"]),
        ([], ["a fact is a JSON object"]),
        ({}, ["kind: None is not known"]),
        ({"kind": "Runn", "id": "run:a"}, ["kind: 'Runn' is not known; did you mean 'Run'?"]),
        ({"kind": ["Run"]}, ["kind: ['Run'] is not known; did you mean 'Run'?"]),
        ({"kind": "Run"}, ["id: is required"]),
        (run(id=5), ["id: an id is a text"]),
        (run(id="runn:a"), [f"id: 'runn:a': no kind has ids that begin with 'runn'; {KNOWN}"]),
        (run(id="checkpoint:a"), ["id: checkpoint:a is the id of a Checkpoint; expected one of Run"]),
        (run(seeed=1), ["seeed: 'seeed' is not known; did you mean 'seed'?"]),
        (run(seed="5"), ["seed: a text is no number"]),
        (run(seed=True), ["seed: a boolean is no number"]),
        (run(seed=5.5), ["seed: expected a whole number (got 5.5)"]),
        (run(seed=2**63), ["seed: must be at most 9223372036854775807 (got 9223372036854775808)"]),
        (run(status="DONE"), [f"{STATUS} (got 'DONE')"]),
        (run(startedAt="2024"), ["startedAt: '2024' is not an RFC 3339 moment, such as 2026-11-23T14:52:06Z"]),
        (run(startedAt=2024), ["startedAt: a moment is a text, such as 2026-11-23T14:52:06Z"]),
        (
            run(startedAt="2026-01-01"),
            ["startedAt: '2026-01-01' is a day: write 2026-01-01T00:00:00Z, or another time"],
        ),
        (
            run(startedAt="0001-01-01T00:00:00+14:00"),
            ["startedAt: '0001-01-01T00:00:00+14:00' lies outside the years 1 to 9999"],
        ),
        (run(name=5), ["name: expected a text (got 5)"]),
        (run(labels="x"), ["labels: expected a list (got 'x')"]),
        (run(labels=["x", 1]), ["labels.1: expected a text (got 1)"]),
        (run(owners=[{"nam": "x"}]), ["owners.0.name: is required", "owners.0.nam: 'nam' is not known"]),
        (run(trainedOn="dataset:a@1"), ["trainedOn: expected a list (got 'dataset:a@1')"]),
        (run(trainedOn=[5]), [f"trainedOn.0: {END}"]),
        (run(experiment=["experiment:a"]), [f"experiment: {END}"]),
        (run(trainedOn=[{"weight": 1}]), ["trainedOn.0.id: is required"]),
        (
            run(trainedOn=["dataset:a@1", "dataset:a"]),
            ["trainedOn.1.id: dataset:a is the id of a Dataset; expected one of DatasetVersion"],
        ),
        (
            run(trainedOn=[{"id": "dataset:a@1", "weight": float("nan"), "wait": 1}]),
            ["trainedOn.0.weight: expected a finite number (got nan)", "trainedOn.0.wait: 'wait' is not known"],
        ),
        (
            run(trainedOn=[{"id": "dataset:a@1", "weight": 1}, "dataset:b@1", "dataset:a@1"]),
            ["trainedOn.2: dataset:a@1 was named before with other values"],
        ),
        (run(guidedBy=["model:x@1"]), ["guidedBy.0.role: is required"]),
        (
            run(configuration={1: 2}),
            ["configuration: no JSON value: Only dicts with str keys are supported when `order` is not `None`"],
        ),
        (run(seed="x", status=3, x=1), ["seed: a text is no number", f"{STATUS} (got 3)", "x: 'x' is not known"]),
        (robot(memberOf=["fleet:a"]), ["memberOf.0.validFrom: is required"]),
        (
            robot(memberOf=[{"id": "fleet:a", "validFrom": NOON, "validTo": ELEVEN}]),
            ["memberOf.0.validTo: 2026-01-01T11:00:00.000000Z lies before validFrom, 2026-01-01T12:00:00.000000Z"],
        ),
        (
            {"kind": "Incident", "id": "incident:a", "validFrom": NOON, "validTo": ELEVEN},
            ["validTo: 2026-01-01T11:00:00.000000Z lies before validFrom, 2026-01-01T12:00:00.000000Z"],
        ),
        ({"kind": "Installation", "id": "installation:a"}, ["validFrom: is required"]),
    ],
    ids=str,
)
def test_a_bad_fact_is_refused_with_every_reason(document, expected):
    assert sorted(reasons(document)) == sorted(expected)


def test_a_refused_fact_is_named_by_its_id_where_it_has_one():
    for document, id in ((run(seed="x"), "run:a"), ({"kind": "Run", "id": 5}, None), ({"kind": "X", "id": "x"}, "x")):
        with pytest.raises(InvalidFact) as refused:
            facts.read(document)
        assert refused.value.id == id


def edge(kind: str, name: str) -> Edge:
    return next(e for e in GRAPH.kinds[kind].edges if e.name == name)


def retraction(**values: object) -> dict[str, object]:
    return {"kind": "Retraction", "of": "run:a", "reason": "wrong", **values}


def correction(**values: object) -> dict[str, object]:
    return {"kind": "Correction", "of": "run:a", "reason": "wrong", "values": {"seed": 1}, **values}


RUN = GRAPH.kinds["Run"]


@pytest.mark.parametrize(
    ("document", "row"),
    [
        (retraction(), Amendment(RUN, "run:a", "wrong")),
        (
            retraction(edge="trainedOn", to="dataset:b@1"),
            Amendment(RUN, "run:a", "wrong", None, edge("Run", "trainedOn"), "dataset:b@1", "DatasetVersion"),
        ),
        (
            retraction(of="robot:a", edge="memberOf", to="cohort:b", validFrom="2026-01-01T12:00:00+01:00"),
            Amendment(
                GRAPH.kinds["Robot"], "robot:a", "wrong", None, edge("Robot", "memberOf"), "cohort:b", "Cohort",
                {"validFrom": "2026-01-01T11:00:00.000000Z"},
            ),
        ),
        (
            retraction(edge="trainedOn", to="dataset:b@1", role="train"),
            Amendment(
                RUN, "run:a", "wrong", None, edge("Run", "trainedOn"), "dataset:b@1", "DatasetVersion", {"role": "train"}
            ),
        ),
        (
            correction(values={"seed": 2, "status": None, "owners": [{"name": "x"}], "configuration": {"b": 1, "a": 2}}),
            Amendment(
                RUN, "run:a", "wrong",
                {"seed": 2, "status": None, "owners": '[{"name":"x"}]', "configuration": '{"a":2,"b":1}'},
            ),
        ),
        (
            correction(edge="trainedOn", to="dataset:b@1", values={"weight": 1, "role": None}),
            Amendment(
                RUN, "run:a", "wrong", {"weight": 1.0, "role": None}, edge("Run", "trainedOn"), "dataset:b@1", "DatasetVersion"
            ),
        ),
    ],
    ids=str,
)  # fmt: skip
def test_amendments_name_a_node_or_one_edge_of_it(document, row):
    assert facts.read(document) == row


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"kind": "Retraction", "of": "run:a"}, ["reason: is required"]),
        (retraction(reason=""), ["reason: must not be blank (got '')"]),
        (retraction(of="runn:a"), [f"of: 'runn:a': no kind has ids that begin with 'runn'; {KNOWN}"]),
        (retraction(of="model:a@1"), ["of: ModelVersion is governed: it is retracted or corrected by actions"]),
        (retraction(edge="trainedOn"), ["edge and to name an edge together: give both, or neither for the node itself"]),
        (retraction(to="dataset:b@1"), ["edge and to name an edge together: give both, or neither for the node itself"]),
        (
            retraction(edge="trainedon", to="b"),
            [
                "edge: 'trainedon' is not known; did you mean 'trainedOn'?",
                "to: 'b' has no kind: an id is `kind:name`, such as dataset:bridge_orig@1.0.0",
            ],
        ),
        (retraction(edge="trainedOn", to="run:b"), ["to: trainedOn leads to DatasetVersion, not to Run"]),
        (
            retraction(edge="trainedOn", to="dataset:b@1", validFrom=NOON),
            ["validFrom: trainedOn has no interval"],
        ),
        (
            retraction(of="robot:a", edge="memberOf", to="fleet:b"),
            ["validFrom: it is part of the identity of memberOf, so give it"],
        ),
        ({"kind": "Correction", "of": "run:a", "reason": "wrong"}, ["values: is required"]),
        (correction(values={}), ["values: name at least one value to correct"]),
        (
            correction(values={"seed": "x", "sed": 1, "id": "run:b"}),
            [
                "values.seed: a text is no number",
                "values.sed: 'sed' is not known; did you mean 'seed'?",
                "values.id: 'id' is not known",
            ],
        ),
        (
            correction(of="incident:a", values={"validFrom": None}),
            ["values.validFrom: Incident.validFrom is required and cannot be null"],
        ),
        (
            correction(of="robot:a", edge="memberOf", to="fleet:b", validFrom=NOON, values={"validFrom": ELEVEN}),
            ["values.validFrom: it is part of the edge's identity: retract the edge and record it anew"],
        ),
        (
            correction(edge="guidedBy", to="model:b@1", values={"role": None, "rol": 1}),
            [
                "values.role: Run.guidedBy.role is required and cannot be null",
                "values.rol: 'rol' is not known; did you mean 'role'?",
            ],
        ),
    ],
    ids=str,
)
def test_a_bad_amendment_is_refused_with_every_reason(document, expected):
    assert list(reasons(document)) == expected


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def shuffled(value: Any) -> Any:
    """The same value, its objects written the other way round."""
    if isinstance(value, dict):
        return {k: shuffled(v) for k, v in reversed(value.items())}
    return [shuffled(v) for v in value] if isinstance(value, list) else value


@given(json_values)
def test_equal_json_values_are_equal_texts(value):
    assert json_text(value) == json_text(shuffled(value))


@given(st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))
def test_no_document_whatever_breaks_the_reading(document):
    for name in ("Run", "Retraction", "Correction"):
        with pytest.raises(InvalidFact):
            facts.read({"kind": name, "of": document, "id": document, "values": document})
