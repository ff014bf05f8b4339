"""What differs between what two versions were made of, and what that may explain."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from forebear.domain.explanation import explained
from forebear.domain.pedigree import MadeRow, Pedigree, differences


def link(type: str, id: str, **values: Any) -> dict[str, Any]:
    return {"type": type, "id": id, **values}


def data(id: str, *links: dict[str, Any]) -> dict[str, Any]:
    return {"id": id, "kind": "DatasetVersion", "links": [*links]}


CODE = link("RAN", "code:train@1", repository="https://git/train", commit="aaa")
TRAINED = link("TRAINED_ON", "dataset:parcels@1", weight=1.0)


def made(
    *links: dict[str, Any], id: str = "model:m@1", configuration: Any = None, data: tuple[Any, ...] = (), **values: Any
) -> Pedigree:
    """A version that came of one run with links."""
    run = {
        "id": f"run:{id}", "kind": "Run", "describedAt": "2026-01-01T00:00:00Z", "links": [*links],
        "configuration": json.dumps(configuration) if configuration is not None else None,
    }  # fmt: skip
    return Pedigree(msgspec.convert({"id": id, "upstream": [run, *data], **values}, MadeRow))


def told(base: Pedigree, candidate: Pedigree) -> list[tuple[str, str, str, Any, Any, bool]]:
    found = differences(base, candidate)
    return [(d.category.value, d.subject, d.change.value, d.before, d.after, d.causes) for d in found]


def curated(version: int, ruleset: int, rules: Any) -> dict[str, Any]:
    return data(f"dataset:parcels@{version}", link("CURATED_BY", f"curation:c@{ruleset}", rules=json.dumps(rules)))


@pytest.mark.parametrize(
    ("base", "candidate", "expected"),
    [
        (made(TRAINED), made(TRAINED | {"weight": 0.5}), [("DATA", "dataset:parcels@1", "REWEIGHTED", 1.0, 0.5, True)]),
        (made(TRAINED), made(), [("DATA", "dataset:parcels", "DROPPED", "dataset:parcels@1", None, True)]),
        (
            made(TRAINED),
            made(TRAINED, link("TRAINED_ON", "dataset:pans@4")),
            [("DATA", "dataset:pans", "ADDED", None, "dataset:pans@4", True)],
        ),
        (
            made(TRAINED),
            made(TRAINED | {"id": "dataset:parcels@2"}),
            [("DATA", "dataset:parcels", "CHANGED", "dataset:parcels@1", "dataset:parcels@2", True)],
        ),
        (made(CODE), made(CODE | {"id": "code:train@2", "commit": "bbb"}),
         [("CODE", "https://git/train", "CHANGED", "aaa", "bbb", True)]),
        (
            made(link("IN_ENVIRONMENT", "environment:a", packages=json.dumps({"torch": "2.1", "numpy": "1"}))),
            made(link("IN_ENVIRONMENT", "environment:b", packages=json.dumps({"torch": "2.2", "numpy": "1"}))),
            [("PACKAGE", "torch", "CHANGED", "2.1", "2.2", True)],
        ),
        (
            made(configuration={"lr": 0.1, "seed": 1, "model": {"width": 4, "layers": [1, 2]}}),
            made(configuration={"lr": 0.2, "seed": 2, "model": {"width": 4, "layers": [1]}, "ema": True}),
            [
                ("CONFIGURATION", "ema", "ADDED", None, True, True),
                ("CONFIGURATION", "lr", "CHANGED", 0.1, 0.2, True),
                ("CONFIGURATION", "model.layers", "CHANGED", [1, 2], [1], True),
            ],
        ),
        (made(link("INITIALIZED_FROM", "model:base@1")), made(link("INITIALIZED_FROM", "model:base@2")),
         [("BASE_MODEL", "", "CHANGED", "model:base@1", "model:base@2", True)]),
        (made(), made(link("GUIDED_BY", "model:big@1", role="teacher")),
         [("TEACHER", "teacher", "ADDED", None, "model:big@1", True)]),
        (
            made(link("ON_COMPUTE", "compute:a", accelerator="A100", acceleratorCount=8)),
            made(link("ON_COMPUTE", "compute:b", accelerator="H100", acceleratorCount=8)),
            [("COMPUTE", "", "CHANGED", {"accelerator": "A100", "count": 8}, {"accelerator": "H100", "count": 8}, True)],
        ),
        (made(link("ON_COMPUTE", "compute:a", hosts=1)), made(link("ON_COMPUTE", "compute:b", hosts=1)), []),
        (made(parameters=7, sensors=["wrist"], rateHz=10), made(parameters=8, sensors=["wrist"], rateHz=5.0),
         [("ARCHITECTURE", "parameters", "CHANGED", 7, 8, True), ("ARCHITECTURE", "rateHz", "CHANGED", 10, 5.0, True)]),
        (made(packs=["pack:r@1"]), made(packs=["pack:r@2"]),
         [("EVALUATION", "pack:r", "CHANGED", "pack:r@1", "pack:r@2", False)]),
        (made(TRAINED, CODE, id="model:m@1"), made(TRAINED, CODE, id="model:n@9"), []),
    ],
)  # fmt: skip
def test_each_thing_that_people_change_is_told_with_both_values(
    base: Pedigree, candidate: Pedigree, expected: list[Any]
) -> None:
    assert told(base, candidate) == expected


@pytest.mark.parametrize(
    ("base", "candidate", "words"),
    [
        (made(TRAINED), made(TRAINED | {"weight": None}), "data dataset:parcels@1: 1 → none"),
        (made(TRAINED), made(TRAINED | {"role": "eval"}), "data dataset:parcels@1: 1 → 1 as eval"),
        (made(configuration={"layers": [1, 2]}), made(configuration={"layers": [1]}), "configuration layers: [1,2] → [1]"),
        (
            made(data=(curated(1, 1, {"blur": 2}),)),
            made(data=(curated(1, 1, {"blur": 2}), curated(2, 2, {"blur": [3]}))),
            "curation curation:c blur: 2 → 2 and [3]",
        ),
        (
            made(TRAINED),
            made(TRAINED, TRAINED | {"id": "dataset:parcels@2"}),
            "data dataset:parcels added: dataset:parcels@2",
        ),
    ],
)
def test_a_difference_has_words(base: Pedigree, candidate: Pedigree, words: str) -> None:
    assert words in [difference.words for difference in differences(base, candidate)]


def test_curation_is_told_rule_by_rule_and_the_dataset_that_follows_from_it_is_no_cause() -> None:
    before = made(TRAINED, data=(curated(1, 1, [{"rule": "blur", "most": 3}, {"rule": "length", "least": 5}]),))
    after = made(
        TRAINED | {"id": "dataset:parcels@2"},
        data=(curated(2, 2, [{"rule": "blur", "most": 2}, {"rule": "length", "least": 5}, {"rule": "grip"}]),),
    )
    assert told(before, after) == [
        ("DATA", "dataset:parcels", "CHANGED", "dataset:parcels@1", "dataset:parcels@2", False),
        ("CURATION", "curation:c blur.most", "CHANGED", 3, 2, True),
        ("CURATION", "curation:c grip", "ADDED", None, True, True),
    ]


def test_what_came_along_with_a_dataset_is_no_cause() -> None:
    mixed = data("dataset:mix@1", link("DERIVED_FROM", "dataset:raw@1"), link("CURATED_BY", "curation:d@1", rules='{"a": 1}'))
    assert told(made(TRAINED), made(TRAINED, link("TRAINED_ON", "dataset:mix@1"), data=(mixed,))) == [
        ("DATA", "dataset:mix", "ADDED", None, "dataset:mix@1", True),
        ("DATA", "dataset:raw", "ADDED", None, "dataset:raw@1", False),
        ("CURATION", "curation:d a", "ADDED", None, 1, False),
    ]


def test_one_change_is_named_and_none_is_said() -> None:
    one = explained(made(CODE), made(CODE | {"commit": "bbb"}, id="model:m@2"), ())
    assert (one.attributed, one.words) == ("ONE_CHANGE", "one thing changed: code https://git/train: aaa → bbb")
    none = explained(made(CODE), made(CODE, id="model:m@2"), ())
    assert (none.attributed, none.words) == ("NOTHING_CHANGED", "nothing that is recorded changed upstream")
    bare = Pedigree(MadeRow("model:m@2"))
    unknown = explained(made(CODE), bare, ())
    assert (unknown.attributed, unknown.words) == (
        "UNKNOWN",
        "it is not recorded how model:m@2 came about: name checkpoints whose runs are recorded",
    )


def test_several_changes_are_confounded_with_the_versions_that_differ_in_one_alone() -> None:
    new = CODE | {"commit": "bbb"}
    base, candidate = made(CODE, TRAINED), made(new, TRAINED | {"weight": 2.0}, id="model:m@9")
    others = [
        made(new, TRAINED, id="model:m@2"),
        made(CODE, TRAINED | {"weight": 2.0}, id="model:m@3"),
        made(CODE, TRAINED | {"weight": 3.0}, id="model:m@4"),
        Pedigree(MadeRow("model:m@5")),
        base,
        candidate,
    ]
    found = explained(base, candidate, others)
    assert (found.attributed, found.words) == ("CONFOUNDED", "2 things changed, and their effects are confounded")
    assert [(w.version, w.differs_from.value, w.difference.category.value) for w in found.witnesses] == [
        ("model:m@2", "BASE", "CODE"),
        ("model:m@2", "CANDIDATE", "DATA"),
        ("model:m@3", "BASE", "DATA"),
        ("model:m@3", "CANDIDATE", "CODE"),
    ]
    assert explained(base, candidate, others[2:]).words == (
        "2 things changed, and their effects are confounded; no version of the registry differs in exactly one of them"
    )
