"""What following an edge means: its class decides who is reached, and as what."""

from typing import Any

from forebear.app import Forebear
from tests.record.asking import ask, history

SINCE = "2026-01-01T00:00:00Z"

IMPACT = """
query Impact($of: ID!, $at: DateTime) {
  impact(of: $of, at: $at, first: 100) { nodes { via node { id } path { id } } }
}
"""
FLEETS = """
query Fleets($of: ID!, $derived: Boolean!) {
  fleetsRunning(trainedOn: $of, includeDerived: $derived) {
    nodes { fleet { id } artifact { id } version { id } intended observed deployment { id } path { id } }
  }
}
"""


def version(n: int, dataset: str | None, **more: object) -> list[dict[str, object]]:
    """A model version with the run and the checkpoint that it came from."""
    return [
        {"kind": "Run", "id": f"run:{n}", "trainedOn": [dataset] if dataset else []},
        {"kind": "Checkpoint", "id": f"checkpoint:{n}", "producedBy": f"run:{n}"},
        {"kind": "ModelVersion", "id": f"model:m@{n}", "model": "model:m", "promotedFrom": [f"checkpoint:{n}"], **more},
    ]


def deployed(n: int, fleet: str, **more: object) -> list[dict[str, object]]:
    """A version's artifact, running on a fleet."""
    return [
        {"kind": "Artifact", "id": f"artifact:{n}", "builtFrom": f"model:m@{n}"},
        {"kind": "Deployment", "id": f"deployment:{n}", "state": "ACTIVE", "validFrom": SINCE, "artifact": f"artifact:{n}",
         "on": fleet, **more},
    ]  # fmt: skip


async def impact(registry: Forebear, of: str, at: str | None = None) -> dict[str, tuple[str, list[str]]]:
    """Who is reached, each with the class that reached it first and the way back."""
    rows: list[Any] = (await ask(registry, IMPACT, of=of, at=at))["impact"]["nodes"]
    return {row["node"]["id"]: (row["via"], [node["id"] for node in row["path"]]) for row in rows}


async def fleets(registry: Forebear, of: str, *, derived: bool = True) -> list[Any]:
    return list((await ask(registry, FLEETS, of=of, derived=derived))["fleetsRunning"]["nodes"])


async def test_superseding_a_contaminated_version_is_not_impact(registry: Forebear) -> None:
    await history(
        registry,
        *version(1, "dataset:bad@1"),
        *version(2, "dataset:good@1", supersedes=["model:m@1"]),
        *deployed(2, "fleet:f", replaces=["deployment:1"]),
    )
    up = ["run:1", "dataset:bad@1"]
    assert await impact(registry, "dataset:bad@1") == {
        "run:1": ("LINEAGE", up),
        "checkpoint:1": ("LINEAGE", ["checkpoint:1", *up]),
        "model:m@1": ("LINEAGE", ["model:m@1", "checkpoint:1", *up]),
    }
    assert await fleets(registry, "dataset:bad@1") == []


async def test_a_dataset_that_was_only_evaluated_on_is_not_training_data(registry: Forebear) -> None:
    await history(
        registry,
        *version(1, "dataset:train@1"),
        *deployed(1, "fleet:f"),
        {"kind": "EvaluationPack", "id": "pack:p@1", "sampledFrom": ["dataset:eval@1"]},
        {"kind": "Evidence", "id": "evidence:e", "about": ["model:m@1"], "measuredWith": ["pack:p@1"]},
    )
    assert await fleets(registry, "dataset:eval@1") == []
    assert await fleets(registry, "dataset:train@1") == [
        {
            "fleet": {"id": "fleet:f"},
            "artifact": {"id": "artifact:1"},
            "version": {"id": "model:m@1"},
            "intended": True,
            "observed": False,
            "deployment": {"id": "deployment:1"},
            "path": [
                {"id": id}
                for id in (
                    "fleet:f", "deployment:1", "artifact:1", "model:m@1", "checkpoint:1", "run:1", "dataset:train@1",
                )
            ],
        }
    ]  # fmt: skip
    assert await impact(registry, "dataset:eval@1") == {
        "pack:p@1": ("AUTHORITY", ["pack:p@1", "dataset:eval@1"]),
        "evidence:e": ("AUTHORITY", ["evidence:e", "pack:p@1", "dataset:eval@1"]),
    }


async def test_a_bad_evaluation_pack_reaches_the_fleets_that_were_approved_by_it_as_authority(registry: Forebear) -> None:
    await history(
        registry,
        *version(1, "dataset:d@1"),
        *deployed(1, "fleet:f", authorizedBy=["decision:d"]),
        {
            "kind": "Release",
            "id": "release:m@1/line",
            "state": "APPROVED",
            "version": "model:m@1",
            "approvedBy": ["decision:d"],
        },
        {"kind": "Decision", "id": "decision:d", "about": ["release:m@1/line"], "cites": ["evidence:e"]},
        {"kind": "Evidence", "id": "evidence:e", "about": ["model:m@1"], "measuredWith": ["pack:p@1"]},
        {"kind": "Fleet", "id": "fleet:f", "customers": [{"id": "customer:c", "validFrom": SINCE}]},
    )
    why = ["decision:d", "evidence:e", "pack:p@1"]
    assert await impact(registry, "pack:p@1") == {
        "evidence:e": ("AUTHORITY", why[1:]),
        "decision:d": ("AUTHORITY", why),
        "release:m@1/line": ("AUTHORITY", ["release:m@1/line", *why]),
        "deployment:1": ("AUTHORITY", ["deployment:1", *why]),
        "fleet:f": ("AUTHORITY", ["fleet:f", "deployment:1", *why]),
        "customer:c": ("AUTHORITY", ["customer:c", "fleet:f", "deployment:1", *why]),
    }
    assert (await impact(registry, "dataset:d@1"))["fleet:f"] == (
        "LINEAGE",
        ["fleet:f", "deployment:1", "artifact:1", "model:m@1", "checkpoint:1", "run:1", "dataset:d@1"],
    )


async def test_data_collected_from_a_customers_fleet_leads_to_every_model_made_with_it(registry: Forebear) -> None:
    january, march, june = (f"2026-{month}-01T00:00:00Z" for month in ("01", "03", "06"))
    await history(
        registry,
        {"kind": "Fleet", "id": "fleet:theirs", "customers": [
            {"id": "customer:c", "validFrom": january, "validTo": march}, {"id": "customer:later", "validFrom": march},
        ]},
        {"kind": "DatasetVersion", "id": "dataset:early@1", "collectedFrom": [
            {"id": "fleet:theirs", "collectedFrom": january, "collectedTo": march}]},
        {"kind": "DatasetVersion", "id": "dataset:late@1", "collectedFrom": [
            {"id": "fleet:theirs", "collectedFrom": march, "collectedTo": june}]},
        {"kind": "DatasetVersion", "id": "dataset:mixed@1", "derivedFrom": ["dataset:early@1"]},
        *version(1, "dataset:early@1"),
        *version(2, "dataset:mixed@1"),
        *version(3, "dataset:late@1"),
        {"kind": "Run", "id": "run:4", "guidedBy": [{"id": "model:m@1", "role": "teacher"}]},
        {"kind": "Checkpoint", "id": "checkpoint:4", "producedBy": "run:4"},
        {"kind": "ModelVersion", "id": "model:m@4", "promotedFrom": ["checkpoint:4"]},
    )  # fmt: skip
    there = ["fleet:theirs", "customer:c"]
    one = ["model:m@1", "checkpoint:1", "run:1", "dataset:early@1", *there]
    two = ["model:m@2", "checkpoint:2", "run:2", "dataset:mixed@1", "dataset:early@1", *there]
    four = ["model:m@4", "checkpoint:4", "run:4", *one]
    assert await impact(registry, "customer:c") == {
        path[0]: ("LINEAGE", path) for path in (way[i:] for way in (one, two, four) for i in range(len(way) - len(there)))
    }
    assert {id for id in await impact(registry, "customer:later") if id.startswith("model:")} == {"model:m@3"}
    assert {id for id in await impact(registry, "fleet:theirs") if id.startswith("model:")} == {
        "model:m@1", "model:m@2", "model:m@3", "model:m@4",
    }  # fmt: skip


async def test_derived_data_counts_unless_the_question_says_otherwise(registry: Forebear) -> None:
    await history(
        registry,
        {"kind": "DatasetVersion", "id": "dataset:mixed@1", "derivedFrom": ["dataset:raw@1"]},
        {"kind": "DatasetVersion", "id": "dataset:raw@1", "dataset": "dataset:raw"},
        *version(1, "dataset:mixed@1"),
        *version(2, "dataset:raw@1"),
        *deployed(1, "fleet:derived"),
        *deployed(2, "fleet:direct"),
    )
    for of in ("dataset:raw@1", "dataset:raw"):
        assert [row["fleet"]["id"] for row in await fleets(registry, of)] == ["fleet:derived", "fleet:direct"]
        assert [row["fleet"]["id"] for row in await fleets(registry, of, derived=False)] == ["fleet:direct"]


async def test_of_deployments_that_began_at_once_every_question_takes_the_same_for_the_newest(registry: Forebear) -> None:
    again = {"kind": "Deployment", "state": "ACTIVE", "validFrom": SINCE, "artifact": "artifact:1", "on": "fleet:f"}
    await history(
        registry,
        *version(1, "dataset:d@1"),
        *deployed(1, "fleet:f"),
        {**again, "id": "deployment:0"},
        {**again, "id": "deployment:2"},
    )
    there = 'query { whatWasRunning(place: "fleet:f") { nodes { deployment { id } } } }'
    assert await ask(registry, there) == {"whatWasRunning": {"nodes": [{"deployment": {"id": "deployment:2"}}]}}
    assert [row["deployment"]["id"] for row in await fleets(registry, "dataset:d@1")] == ["deployment:2"]


async def test_a_way_that_held_several_times_is_one_path_with_the_last_of_them(registry: Forebear) -> None:
    # In either order of recording, since engines list edges in that order.
    spans = [("2026-01-01T00:00:00.000000Z", "2026-02-01T00:00:00.000000Z"), ("2026-03-01T00:00:00.000000Z", None)]
    for robot, times in (("robot:a", spans), ("robot:b", spans[::-1])):
        for start, end in times:
            member = {"id": "fleet:f", "validFrom": start} | ({"validTo": end} if end else {})
            await history(registry, {"kind": "Robot", "id": robot, "memberOf": [member]})
        artifact = {"kind": "Artifact", "id": f"artifact:{robot[-1]}"}
        seen = {
            "kind": "Installation",
            "id": f"installation:{robot[-1]}",
            "artifact": artifact["id"],
            "robot": robot,
            "validFrom": SINCE,
        }
        await history(registry, artifact, seen)
        query = """query ($to: ID!) { paths(from: "fleet:f", to: $to) {
          truncated paths { nodes { id } edges { type validFrom validTo } } } }"""
        assert (await ask(registry, query, to=artifact["id"]))["paths"] == {
            "truncated": False,
            "paths": [
                {
                    "nodes": [{"id": "fleet:f"}, {"id": robot}, {"id": seen["id"]}, {"id": artifact["id"]}],
                    "edges": [
                        {"type": "MEMBER_OF", "validFrom": spans[1][0], "validTo": None},
                        {"type": "ON", "validFrom": None, "validTo": None},
                        {"type": "OF", "validFrom": None, "validTo": None},
                    ],
                }
            ],
        }
