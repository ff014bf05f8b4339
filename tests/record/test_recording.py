"""Facts in, one transaction each request: what is written, what is refused, and what stays known."""

from typing import Any

import pytest

from forebear.app import Forebear
from forebear.domain.roles import Actor, Role
from forebear.record.summary import Origin, Rejection, Summary
from tests.record.asking import ask, everything, history, ids, now, origin, record, refused

NODE = """
query Node($id: ID!, $asKnownAt: DateTime) { node(id: $id, asKnownAt: $asKnownAt) { id described } }
"""
RUN = """
query Run($id: ID!, $asKnownAt: DateTime) {
  node(id: $id, asKnownAt: $asKnownAt) {
    described
    ... on Run {
      name status seed configuration
      experiment { id }
      trainedOn { edges { weight role node { id } } }
      ran { nodes { id } }
    }
  }
}
"""
BLANK = {"name": None, "status": None, "seed": None, "configuration": None, "experiment": None}
NO_EDGES = {"trainedOn": {"edges": []}, "ran": {"nodes": []}}


def run(id: str = "run:a", **values: object) -> dict[str, object]:
    return {"kind": "Run", "id": id, **values}


def dataset(id: str = "dataset:a@1", **values: object) -> dict[str, object]:
    return {"kind": "DatasetVersion", "id": id, **values}


def retraction(of: str, **values: object) -> dict[str, object]:
    return {"kind": "Retraction", "of": of, "reason": "it was wrong", **values}


def correction(of: str, **values: object) -> dict[str, object]:
    return {"kind": "Correction", "of": of, "reason": "it was wrong", **values}


async def asked(registry: Forebear, id: str = "run:a", at: str | None = None) -> object:
    return (await ask(registry, RUN, id=id, asKnownAt=at))["node"]


# ── the same, again ─────────────────────────────────────────────────────────────────────────────────────────


async def test_the_same_fact_twice_changes_nothing(registry: Forebear) -> None:
    facts = [
        run(name="A", status="RUNNING", seed=1, configuration={"lr": 0.1}, labels=["x"], externalIds=["mlflow:1"],
            experiment="experiment:e", trainedOn=[{"id": "dataset:a@1", "weight": 0.5}], ran=["code:c@1"]),
        {"kind": "Robot", "id": "robot:r", "memberOf": [{"id": "fleet:f", "validFrom": "2026-01-01T00:00:00Z"}]},
    ]  # fmt: skip
    first = await history(registry, *facts)
    written = await everything(registry)
    second = await history(registry, *facts)

    assert (first.described, first.connected, first.revised, first.retracted) == (2, 4, 0, 0)
    assert (second.facts, second.changed) == (first.facts, 0)
    assert await everything(registry) == written


async def test_a_fact_that_says_less_takes_nothing_away(registry: Forebear) -> None:
    await history(registry, run(name="A", seed=1, trainedOn=[{"id": "dataset:a@1", "weight": 0.5}]))
    written = await everything(registry)

    assert (await history(registry, run(trainedOn=["dataset:a@1"]))).changed == 0
    assert await everything(registry) == written


async def test_the_same_fact_twice_in_one_request_is_counted_once(registry: Forebear) -> None:
    summary = await history(registry, *[run(seed=1, trainedOn=["dataset:a@1"])] * 3)

    assert (summary.facts["Run"], summary.described, summary.connected, summary.revised) == (3, 1, 1, 0)


# ── out of order ────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_only_edges_name_is_undescribed_until_its_fact_arrives(registry: Forebear) -> None:
    first = await history(registry, run(trainedOn=["dataset:a@1"]))
    between = now()
    undescribed = await ask(registry, NODE, id="dataset:a@1")
    second = await history(registry, dataset(episodes=5))
    described = await ask(registry, NODE, id="dataset:a@1")

    assert first.undescribed == {"dataset:a@1"}
    assert undescribed == {"node": {"id": "dataset:a@1", "described": False}}
    assert (second.described, second.undescribed) == (1, set())
    assert described == {"node": {"id": "dataset:a@1", "described": True}}
    assert await ask(registry, NODE, id="dataset:a@1", asKnownAt=between) == undescribed


async def test_undescribed_nodes_are_found_by_a_filter(registry: Forebear) -> None:
    await history(registry, run(trainedOn=["dataset:a@1", "dataset:b@1"]), dataset("dataset:b@1"))
    found = await ask(registry, "{ datasetVersions(filter: {described: {eq: false}}) { nodes { id } totalCount } }")
    assert found == {"datasetVersions": {"nodes": [{"id": "dataset:a@1"}], "totalCount": 1}}


async def test_within_one_request_the_order_does_not_matter(registry: Forebear) -> None:
    summary = await history(registry, run(trainedOn=["dataset:a@1"]), dataset())
    assert summary.undescribed == set()
    assert (await asked(registry)) == {
        "described": True, **BLANK, "trainedOn": {"edges": [{"weight": None, "role": None, "node": {"id": "dataset:a@1"}}]},
        "ran": {"nodes": []},
    }  # fmt: skip


# ── values that differ ──────────────────────────────────────────────────────────────────────────────────────


async def test_an_immutable_value_refuses_to_change_and_both_are_shown(registry: Forebear) -> None:
    await history(registry, run(seed=1, configuration={"lr": 0.1}))
    assert await refused(registry, run(seed=2, configuration={"lr": 0.2}, name="B")) == [
        Rejection(
            0,
            "run:a",
            (
                "configuration: run:a has '{\"lr\":0.1}', recorded before, and this fact says '{\"lr\":0.2}'; "
                "it cannot change (a Correction can say that it was wrong)",
                "seed: run:a has 1, recorded before, and this fact says 2; "
                "it cannot change (a Correction can say that it was wrong)",
            ),
        )
    ]


async def test_what_was_left_out_may_be_added_later_and_was_unknown_before(registry: Forebear) -> None:
    await history(registry, run(status="RUNNING"))
    before = now()
    summary = await history(registry, run(seed=1))

    assert (summary.described, summary.revised) == (0, 1)
    assert await asked(registry) == {"described": True, **BLANK, "status": "RUNNING", "seed": 1, **NO_EDGES}
    assert await asked(registry, at=before) == {"described": True, **BLANK, "status": "RUNNING", **NO_EDGES}


async def test_an_appended_value_is_revised_and_its_past_stays_known(registry: Forebear) -> None:
    known = []
    for status in ("PENDING", "RUNNING", "FAILED"):
        await history(registry, run(status=status))
        known.append((now(), status))

    for at, status in known:
        assert await asked(registry, at=at) == {"described": True, **BLANK, "status": status, **NO_EDGES}
    revisions = await registry.store.read(
        "MATCH (v:Revision)-[:REVISES]->(n:Run) RETURN n.revision AS now, v.number AS number, v.status AS before, "
        "v.changed AS changed, v.revisedBy AS by, v.revisedFrom AS source ORDER BY number"
    )
    assert revisions == [
        {"now": 2, "number": 0, "before": "PENDING", "changed": ["status"], "by": "tester", "source": "tests"},
        {"now": 2, "number": 1, "before": "RUNNING", "changed": ["status"], "by": "tester", "source": "tests"},
    ]


async def test_of_two_states_of_a_node_in_one_request_the_later_is_known(registry: Forebear) -> None:
    summary = await history(registry, run(status="RUNNING", seed=1), run(status="SUCCEEDED"))
    assert (summary.facts["Run"], summary.described, summary.revised) == (2, 1, 0)
    assert await asked(registry) == {"described": True, **BLANK, "status": "SUCCEEDED", "seed": 1, **NO_EDGES}


async def test_facts_of_one_request_that_contradict_each_other_are_refused(registry: Forebear) -> None:
    assert await refused(
        registry,
        run(seed=1, trainedOn=[{"id": "dataset:a@1", "weight": 0.5}]),
        run(seed=2, trainedOn=[{"id": "dataset:a@1", "weight": 0.6}]),
    ) == [
        Rejection(
            1,
            "run:a",
            (
                "seed: an earlier fact of this batch says 1 of run:a, this one says 2",
                "trainedOn → dataset:a@1: an earlier fact of this batch gives weight as 0.5, this one as 0.6",
            ),
        )
    ]


async def test_a_fact_that_contradicts_a_refused_one_is_not_refused_for_it(registry: Forebear) -> None:
    await history(registry, run(seed=2))
    summary = await record(registry, run(seed=1), run(seed=2, status="FAILED"), partial=True)

    assert [r.position for r in summary.rejections] == [0]
    assert await asked(registry) == {"described": True, **BLANK, "status": "FAILED", "seed": 2, **NO_EDGES}


async def test_names_and_labels_are_simply_replaced(registry: Forebear) -> None:
    await history(registry, run(name="A", labels=["x"]))
    before = now()
    summary = await history(registry, run(name="B", labels=None))

    assert (summary.described, summary.revised, summary.updated, summary.changed) == (0, 0, 1, 1)
    assert await ask(registry, '{ node(id: "run:a") { name labels } }') == {"node": {"name": "B", "labels": None}}
    assert await asked(registry, at=before) == {"described": True, **BLANK, "name": "B", **NO_EDGES}

    assert (await history(registry, run(name="B", labels=None))).changed == 0


async def test_a_corrected_name_is_simply_replaced_and_no_revision(registry: Forebear) -> None:
    await history(registry, run(name="A", seed=1, externalIds=["mlflow:1"]))
    wrong = correction("run:a", values={"name": "B", "externalIds": ["mlflow:2"]})
    summary, again = await history(registry, wrong), await history(registry, wrong)
    both = await history(registry, correction("run:a", values={"name": None, "seed": 2}))

    assert (summary.revised, summary.updated, again.changed, both.revised, both.updated) == (0, 1, 0, 1, 0)
    assert await ask(registry, '{ node(id: "run:a") { name externalIds ... on Run { seed revision } } }') == {
        "node": {"name": None, "externalIds": ["mlflow:2"], "seed": 2, "revision": 1}
    }
    assert await ask(registry, '{ resolve(name: "mlflow:1") { totalCount } }') == {"resolve": {"totalCount": 0}}


async def test_a_conflicting_edge_is_refused(registry: Forebear) -> None:
    await history(registry, run(trainedOn=[{"id": "dataset:a@1", "weight": 0.5, "role": "train"}]))
    assert await refused(registry, run(trainedOn=[{"id": "dataset:a@1", "weight": 0.6, "role": "train"}])) == [
        Rejection(
            0,
            "run:a",
            (
                "trainedOn → dataset:a@1: weight is 0.5, recorded before, and this fact says 0.6; "
                "a Correction can say that it was wrong",
            ),
        )
    ]


async def test_a_completed_edge_is_revised_and_its_past_stays_known(registry: Forebear) -> None:
    await history(registry, run(trainedOn=["dataset:a@1"]))
    before = now()
    summary = await history(registry, run(trainedOn=[{"id": "dataset:a@1", "weight": 0.5}]))

    assert (summary.connected, summary.revised) == (0, 1)
    edge = {"weight": 0.5, "role": None, "node": {"id": "dataset:a@1"}}
    assert await asked(registry) == {"described": True, **BLANK, **NO_EDGES, "trainedOn": {"edges": [edge]}}
    assert await asked(registry, at=before) == {
        "described": True, **BLANK, **NO_EDGES, "trainedOn": {"edges": [edge | {"weight": None}]}
    }  # fmt: skip


async def test_an_interval_that_ends_is_revised_and_one_that_begins_is_another_edge(registry: Forebear) -> None:
    robot = {"kind": "Robot", "id": "robot:r"}
    january, march, june = (f"2026-{m}-01T00:00:00.000000Z" for m in ("01", "03", "06"))
    query = """query Robot($at: DateTime, $known: DateTime) { robot(id: "robot:r", asKnownAt: $known) {
      now: memberOf(at: $at) { nodes { id } } ever: memberOf(allTime: true) { edges { validFrom validTo } } } }"""

    first = await history(registry, robot | {"memberOf": [{"id": "fleet:f", "validFrom": january}]})
    before = now()
    second = await history(
        registry,
        robot | {"memberOf": [{"id": "fleet:f", "validFrom": january, "validTo": march}]},
        robot | {"memberOf": [{"id": "fleet:f", "validFrom": june}]},
    )

    assert (first.connected, second.connected, second.revised) == (1, 1, 1)
    assert await ask(registry, query, at="2026-04-01T00:00:00Z") == {
        "robot": {
            "now": {"nodes": []},
            "ever": {"edges": [{"validFrom": january, "validTo": march}, {"validFrom": june, "validTo": None}]},
        }
    }
    assert await ask(registry, query, at="2026-04-01T00:00:00Z", known=before) == {
        "robot": {"now": {"nodes": [{"id": "fleet:f"}]}, "ever": {"edges": [{"validFrom": january, "validTo": None}]}}
    }


async def test_a_node_leads_to_one_only_where_one_is_declared(registry: Forebear) -> None:
    await history(registry, run(experiment="experiment:a"))
    assert await refused(registry, run(experiment="experiment:b")) == [
        Rejection(
            0,
            "run:a",
            (
                "experiment: run:a leads to experiment:a already, and can lead to one only; "
                "retract that edge first if it was wrong",
            ),
        )
    ]
    await history(
        registry,
        retraction("run:a", edge="experiment", to="experiment:a"),
        run(experiment="experiment:b"),
    )
    assert await asked(registry) == {"described": True, **BLANK, "experiment": {"id": "experiment:b"}, **NO_EDGES}


async def test_one_edge_type_to_other_kinds_is_another_edge(registry: Forebear) -> None:
    await history(
        registry,
        {"kind": "Artifact", "id": "artifact:a", "builtFrom": "model:m@1", "target": "target:t"},
        {"kind": "Deployment", "id": "deployment:d", "state": "ACTIVE", "artifact": "artifact:a", "on": "cohort:c"},
    )
    assert await refused(
        registry,
        {"kind": "Deployment", "id": "deployment:d", "state": "ACTIVE", "on": "fleet:f"},
        imported=True,
    ) == [
        Rejection(
            0,
            "deployment:d",
            ("on: deployment:d leads to cohort:c already, and can lead to one only; retract that edge first if it was wrong",),
        )
    ]


# ── rejections ──────────────────────────────────────────────────────────────────────────────────────────────

BAD = [
    run("run:b", seed=2),
    run("run:c", seed="x", sed=1),
    "no fact",
    {"kind": "Model", "id": "model:m@1"},
    run("run:d", trainedOn=["dataset:a@1"]),
    correction("run:unknown", values={"seed": 1}),
]
REJECTED = [
    Rejection(
        0,
        "run:b",
        (
            "seed: run:b has 1, recorded before, and this fact says 2; "
            "it cannot change (a Correction can say that it was wrong)",
        ),
    ),
    Rejection(1, "run:c", ("seed: a text is no number", "sed: 'sed' is not known; did you mean 'seed'?")),
    Rejection(2, None, ("a fact is a JSON object",)),
    Rejection(3, "model:m@1", ("id: model:m@1 is the id of a ModelVersion; expected one of Model",)),
    Rejection(5, "run:unknown", ("of: run:unknown is not known",)),
]  # fmt: skip


async def test_one_bad_fact_means_that_nothing_is_written_and_every_reason_is_said(registry: Forebear) -> None:
    await history(registry, run("run:b", seed=1))
    assert await refused(registry, *BAD) == REJECTED


async def test_where_it_may_be_partial_the_others_are_written(registry: Forebear) -> None:
    await history(registry, run("run:b", seed=1))
    summary = await record(registry, *BAD, partial=True)

    assert summary.rejections == REJECTED
    assert (summary.facts, summary.described, summary.connected) == ({"Run": 1}, 1, 1)
    found = await ask(registry, "{ runs { nodes { id } } }")
    assert ids(found["runs"]) == ["run:b", "run:d"]


async def test_nothing_to_record_is_nothing(registry: Forebear) -> None:
    assert await record(registry) == Summary()


async def test_governed_kinds_are_actions_unless_imported_and_marked_then(registry: Forebear) -> None:
    fact = {"kind": "ModelVersion", "id": "model:m@1", "weightsDigest": f"sha256:{64 * '1'}"}
    assert await refused(registry, run(), fact) == [
        Rejection(
            1,
            "model:m@1",
            ("kind: ModelVersion is governed, and so a transaction of its own: record it alone, or the others with `partial`",),
        )
    ]
    assert await refused(registry, {"kind": "Attribution", "id": "attribution:a"}) == [
        Rejection(0, "attribution:a", ("explains: is required; correct the field and try again",))
    ]
    await history(registry, fact, run())
    assert await ask(registry, '{ nodes(ids: ["model:m@1", "run:a"]) { id imported } }') == {
        "nodes": [{"id": "model:m@1", "imported": True}, {"id": "run:a", "imported": False}]
    }


async def test_observations_are_taken_whatever_they_are_about(registry: Forebear) -> None:
    summary = await record(
        registry,
        {"kind": "Installation", "id": "installation:i", "validFrom": "2026-01-01T00:00:00Z",
         "artifact": "artifact:unheard", "robot": "robot:r"},
        {"kind": "Incident", "id": "incident:i", "validFrom": "2026-01-01T00:00:00Z", "at": ["robot:r"]},
        {"kind": "MaintenanceEvent", "id": "maintenance:m", "validFrom": "2026-01-01T00:00:00Z", "at": ["robot:r"]},
    )  # fmt: skip
    assert summary.rejections == []
    assert summary.undescribed == {"artifact:unheard", "robot:r"}


# ── taking back, and correcting ─────────────────────────────────────────────────────────────────────────────


async def test_a_retracted_node_is_gone_now_and_stays_known_then(registry: Forebear) -> None:
    await history(registry, run(name="A", seed=1, trainedOn=["dataset:a@1"]), dataset())
    before = now()
    summary = await history(registry, retraction("run:a"))
    gone = await everything(registry)
    again = await history(registry, retraction("run:a"))

    assert (summary.retracted, again.changed) == (1, 0)
    assert await everything(registry) == gone
    query = """query ($at: DateTime) { node(id: "run:a", asKnownAt: $at) { id ... on Run { seed } }
      runs(asKnownAt: $at) { nodes { id } totalCount }
      datasetVersion(id: "dataset:a@1", asKnownAt: $at) { trainingRuns { nodes { id } } } }"""
    assert await ask(registry, query) == {
        "node": None,
        "runs": {"nodes": [], "totalCount": 0},
        "datasetVersion": {"trainingRuns": {"nodes": []}},
    }
    assert await ask(registry, query, at=before) == {
        "node": {"id": "run:a", "seed": 1},
        "runs": {"nodes": [{"id": "run:a"}], "totalCount": 1},
        "datasetVersion": {"trainingRuns": {"nodes": [{"id": "run:a"}]}},
    }


async def test_a_retracted_node_cannot_be_named_before_it_is_recorded_again(registry: Forebear) -> None:
    await history(registry, dataset(episodes=5), run(trainedOn=["dataset:a@1"]))
    await history(registry, retraction("dataset:a@1"))
    (since,) = await registry.store.read("MATCH (n:DatasetVersion) RETURN n.retractedAt AS at")

    assert await refused(registry, run("run:b", trainedOn=["dataset:a@1"])) == [
        Rejection(
            0,
            "run:b",
            (f"trainedOn → dataset:a@1: dataset:a@1 was retracted at {since['at']}; record it again before naming it",),
        )
    ]
    gone = now()
    summary = await history(registry, run("run:b", trainedOn=["dataset:a@1"]), dataset(episodes=6))

    assert (summary.described, summary.revised) == (1, 1)
    query = """query ($at: DateTime) { node(id: "dataset:a@1", asKnownAt: $at) { described ... on DatasetVersion {
      episodes trainingRuns { nodes { id } } } } }"""
    assert await ask(registry, query) == {
        "node": {"described": True, "episodes": 6, "trainingRuns": {"nodes": [{"id": "run:b"}]}}
    }
    assert await ask(registry, query, at=gone) == {"node": None}


async def test_a_batch_names_a_retracted_node_after_it_recorded_it_again_whatever_stands_between(registry: Forebear) -> None:
    await history(registry, run(trainedOn=["dataset:a@1"]), dataset("dataset:b@1"))
    await history(registry, retraction("dataset:b@1"))

    summary = await history(
        registry,
        retraction("run:a", edge="trainedOn", to="dataset:a@1"),
        dataset("dataset:b@1", derivedFrom=["dataset:a@1"]),
        run("run:b", trainedOn=["dataset:b@1"]),
    )

    assert (summary.described, summary.connected, summary.revised, summary.retracted) == (1, 2, 1, 1)


async def test_a_retracted_edge_is_gone_now_and_stays_known_then(registry: Forebear) -> None:
    await history(registry, run(trainedOn=[{"id": "dataset:a@1", "weight": 0.5}], ran=["code:c@1"]))
    before, edge = now(), retraction("run:a", edge="trainedOn", to="dataset:a@1")
    summary = await history(registry, edge)
    again = await history(registry, edge)

    assert (summary.retracted, again.changed) == (1, 0)
    known = {"trainedOn": {"edges": [{"weight": 0.5, "role": None, "node": {"id": "dataset:a@1"}}]}}
    code = {"ran": {"nodes": [{"id": "code:c@1"}]}}
    assert await asked(registry) == {"described": True, **BLANK, **NO_EDGES, **code}
    assert await asked(registry, at=before) == {"described": True, **BLANK, **known, **code}

    between = now()
    assert (await history(registry, run(trainedOn=[{"id": "dataset:a@1", "weight": 0.6}]))).connected == 1
    assert await asked(registry, at=before) == {"described": True, **BLANK, **known, **code}
    assert await asked(registry, at=between) == {"described": True, **BLANK, **NO_EDGES, **code}


async def test_a_corrected_node_stays_known_as_it_was(registry: Forebear) -> None:
    await history(registry, run(seed=1, status="FAILED"))
    before, wrong = now(), correction("run:a", values={"seed": 2, "status": None})
    summary = await history(registry, wrong)
    again = await history(registry, wrong)

    assert (summary.revised, again.changed) == (1, 0)
    assert await asked(registry) == {"described": True, **BLANK, "seed": 2, **NO_EDGES}
    assert await asked(registry, at=before) == {"described": True, **BLANK, "seed": 1, "status": "FAILED", **NO_EDGES}
    (kept,) = await registry.store.read("MATCH (v:Revision) RETURN v.changed AS changed, v.revisedFor AS reason")
    assert kept == {"changed": ["seed", "status"], "reason": "it was wrong"}


async def test_a_corrected_edge_stays_known_as_it_was(registry: Forebear) -> None:
    await history(registry, run(trainedOn=[{"id": "dataset:a@1", "weight": 0.5, "role": "train"}]))
    before = now()
    wrong = correction("run:a", edge="trainedOn", to="dataset:a@1", values={"weight": 0.6, "role": None})
    summary = await history(registry, wrong)
    again = await history(registry, wrong)

    assert (summary.revised, again.changed) == (1, 0)
    edge = {"weight": 0.6, "role": None, "node": {"id": "dataset:a@1"}}
    assert await asked(registry) == {"described": True, **BLANK, **NO_EDGES, "trainedOn": {"edges": [edge]}}
    assert await asked(registry, at=before) == {
        "described": True, **BLANK, **NO_EDGES, "trainedOn": {"edges": [edge | {"weight": 0.5, "role": "train"}]}
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fact", "reason"),
    [
        (retraction("run:x"), "of: run:x is not known"),
        (correction("run:x", values={"seed": 1}), "of: run:x is not known"),
        (
            correction("dataset:a@1", values={"episodes": 1}),
            "of: dataset:a@1 is not described yet: there is nothing to correct; record its fact",
        ),
        (
            correction("run:gone", values={"seed": 1}),
            "of: run:gone was retracted: there is nothing to correct; record its fact",
        ),
        (
            correction("run:a", edge="trainedOn", to="dataset:b@1", values={"weight": 1}),
            "trainedOn: run:a has no such edge to dataset:b@1: record it instead",
        ),
    ],
    ids=["unknown to retract", "unknown to correct", "undescribed", "retracted", "no such edge"],
)
async def test_what_cannot_be_amended_is_refused(registry: Forebear, fact: dict[str, object], reason: str) -> None:
    await history(registry, run(trainedOn=["dataset:a@1"]), run("run:gone"), retraction("run:gone"))
    assert await refused(registry, fact) == [Rejection(0, str(fact["of"]), (reason,))]


async def test_many_amendments_in_one_request_happen_in_their_order(registry: Forebear) -> None:
    summary = await history(
        registry,
        *(run(f"run:{i}", seed=i, trainedOn=["dataset:a@1"]) for i in range(5)),
        correction("run:0", values={"seed": 10}),
        correction("run:0", values={"seed": 11}),
        retraction("run:1", edge="trainedOn", to="dataset:a@1"),
        retraction("run:2"),
        run("run:2", seed=12),
        retraction("run:3"),
    )
    assert (summary.described, summary.connected, summary.retracted, summary.revised) == (5, 5, 3, 3)
    found = await ask(registry, "{ runs { nodes { id seed trainedOn { nodes { id } } } } }")
    assert [(r["id"], r["seed"], ids(r["trainedOn"])) for r in found["runs"]["nodes"]] == [
        ("run:0", 11, ["dataset:a@1"]),
        ("run:1", 1, []),
        ("run:2", 12, []),
        ("run:4", 4, ["dataset:a@1"]),
    ]


# ── what is kept ────────────────────────────────────────────────────────────────────────────────────────────

RESOLVE = "query ($name: String!) { resolve(name: $name) { nodes { by node { id } } } }"


async def resolved(registry: Forebear, name: str) -> list[str]:
    found = await ask(registry, RESOLVE, name=name)
    return [row["node"]["id"] for row in found["resolve"]["nodes"]]


async def test_where_a_node_led_to_one_that_is_retracted_it_may_lead_elsewhere_at_once(registry: Forebear) -> None:
    await history(registry, run(experiment="experiment:a"))
    await history(registry, retraction("experiment:a"), run(experiment="experiment:b"))
    assert (await ask(registry, "{ runs { nodes { experiment { id } } } }"))["runs"]["nodes"] == [
        {"experiment": {"id": "experiment:b"}}
    ]


async def test_external_ids_resolve_and_let_go(registry: Forebear) -> None:
    await history(registry, run(externalIds=["mlflow:1", "wandb:1"]), run("run:b", externalIds=["wandb:1"]))
    assert await resolved(registry, "mlflow:1") == ["run:a"]
    assert await resolved(registry, "wandb:1") == ["run:a", "run:b"]

    await history(registry, run(externalIds=["mlflow:2"]))
    assert (await resolved(registry, "mlflow:1"), await resolved(registry, "wandb:1")) == ([], ["run:b"])
    assert await resolved(registry, "mlflow:2") == ["run:a"]

    await history(registry, correction("run:a", values={"externalIds": ["mlflow:3"]}))
    assert (await resolved(registry, "mlflow:2"), await resolved(registry, "mlflow:3")) == ([], ["run:a"])

    await history(registry, retraction("run:a"), run("run:b", externalIds=None))
    assert (await resolved(registry, "mlflow:3"), await resolved(registry, "wandb:1")) == ([], [])


async def test_who_recorded_what_from_where_and_when_is_kept_for_nodes_and_edges(registry: Forebear) -> None:
    started = now()
    await registry.recorder.record([run(trainedOn=["dataset:a@1"])], origin("ada", "orchestrator"))
    between = now()
    await registry.recorder.record([dataset(), run(status="RUNNING")], origin("bob", "catalogue"))
    ended = now()

    found = await ask(
        registry,
        """{ nodes(ids: ["run:a", "dataset:a@1"]) { recordedBy source recordedAt describedAt
          ... on Run { trainedOn { edges { recordedBy source recordedAt } } } } }""",
    )
    a, d = found["nodes"]
    (edge,) = a.pop("trainedOn")["edges"]
    assert {(x["recordedBy"], x["source"]) for x in (a, d, edge)} == {("ada", "orchestrator")}
    assert started <= a["recordedAt"] == a["describedAt"] == d["recordedAt"] == edge["recordedAt"] <= between
    assert between <= d["describedAt"] <= ended


@pytest.mark.parametrize(
    "amendment",
    [
        {"kind": "Retraction", "of": "line:a", "edge": "target", "to": "target:orin", "reason": "It was another."},
        {"kind": "Correction", "of": "line:a", "values": {"robotClass": "ur5e"}, "reason": "It was another."},
    ],
)
async def test_what_decisions_rest_on_is_neither_taken_back_nor_corrected(
    registry: Forebear, amendment: dict[str, Any]
) -> None:
    await record(registry, {"kind": "ReleaseLine", "id": "line:a", "target": "target:orin", "robotClass": "ur10e"})
    (rejection,) = await refused(registry, amendment)
    assert rejection.reasons == (
        "of: decisions rest on a ReleaseLine, so it is neither retracted nor corrected: record another one",
    )


async def test_a_line_keeps_its_hardware(registry: Forebear) -> None:
    await record(
        registry,
        {"kind": "HardwareTarget", "id": "target:orin", "memoryMib": 65536},
        {"kind": "ReleaseLine", "id": "line:a", "target": "target:orin"},
    )
    (rejection,) = await refused(registry, {"kind": "Retraction", "of": "target:orin", "reason": "It was another."})
    assert rejection.reasons == (
        "of: decisions rest on a HardwareTarget, so it is neither retracted nor corrected: record another one",
    )


@pytest.mark.parametrize(
    "fact",
    [
        {"kind": "ReleaseLine", "id": "line:b"},
        {"kind": "Fleet", "id": "fleet:a", "lines": [{"id": "line:b", "validFrom": "2026-01-01T00:00:00Z"}]},
        {
            "kind": "Retraction", "of": "fleet:a", "edge": "lines", "to": "line:b", "validFrom": "2026-01-01T00:00:00Z",
            "reason": "Never.",
        },
    ],
)  # fmt: skip
async def test_who_is_limited_to_lines_records_nothing_of_others(registry: Forebear, fact: dict[str, Any]) -> None:
    limited = Origin(Actor("lia", frozenset({Role.RECORDER}), frozenset({"line:a"})), "tests")
    before = await everything(registry)
    summary = await registry.recorder.record([fact], limited)
    assert [r.reasons for r in summary.rejections] == [("lia's writes are limited to line:a, and record would reach line:b",)]
    assert await everything(registry) == before
    own = {"kind": "Fleet", "id": "fleet:a", "lines": [{"id": "line:a", "validFrom": "2026-01-01T00:00:00Z"}]}
    assert (await registry.recorder.record([own], limited)).rejections == []
