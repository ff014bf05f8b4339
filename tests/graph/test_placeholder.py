"""Which ids lead on to which, by the names that nodes share."""

from typing import Any

import pytest

from forebear.graph.kinds import GRAPH
from forebear.graph.statements.placeholder import ids, one_each, placeholders, renamed

ARTIFACT, INCIDENT = GRAPH.kinds["Artifact"], GRAPH.kinds["Incident"]
DIGEST = "sha256:" + "0f" * 32


def test_placeholders_are_named_by_what_a_node_may_have_been_reported_by():
    values = {"digest": DIGEST, "externalIds": ["ci:9", "oci reg"], "name": "nine"}
    assert placeholders(ARTIFACT, "artifact:old", values) == ["artifact:ci:9", "artifact:oci%20reg", f"artifact:{DIGEST}"]
    assert placeholders(ARTIFACT, f"artifact:{DIGEST}", {"digest": DIGEST, "externalIds": None}) == []
    assert placeholders(INCIDENT, "incident:a", {"externalIds": ["ci:9"]}) == []


def test_ids_that_may_lead_on_are_looked_for_wherever_they_are():
    value = {"of": "artifact:a", "text": "about artifact:b", "deep": [{"explains": ["incident:c", "robot:d"]}], "n": 1}
    assert ids(GRAPH, value) == {"Artifact": ["artifact:a"], "Incident": ["incident:c"]}
    assert renamed(value, {"artifact:a": "artifact:z", "incident:c": "incident:y"}) == value | {
        "of": "artifact:z",
        "deep": [{"explains": ["incident:y", "robot:d"]}],
    }


def row(id: str, external: str, *others: str, new: bool = True, had: bool = False) -> dict[str, Any]:
    """What is known of a node that is to have an external id."""
    return {"id": id, "external": external, "new": new, "had": had, "others": [*others]}


@pytest.mark.parametrize(
    ("rows", "present", "refused"),
    [
        ([row("b", "x")], {}, []),
        ([row("b", "x", "a")], {"b": "a"}, []),
        ([row("b", "x", "a", had=True)], {}, []),
        ([row("b", "x", "a", new=False)], {}, [("b", "externalIds: x names a already")]),
        ([row("c", "x", "a", "b")], {}, [("c", "externalIds: x names a, b already")]),
        ([row("c", "x", "a"), row("c", "y", "b")], {}, [("c", "externalIds: y names b already, and another of them a")]),
        # Of several that are new the first one is the one.
        ([row("b", "x"), row("a", "x"), row("a", "y"), row("c", "y")], {"a": "b", "c": "b"}, []),
        ([row("b", "x"), row("a", "x", new=False)], {}, [("a", "externalIds: x names b already")]),
    ],
)
def test_what_has_one_name_is_one_node(
    rows: list[dict[str, Any]], present: dict[str, str], refused: list[tuple[str, str]]
) -> None:
    order = {"b": 0, "a": 1, "c": 2}
    assert one_each(rows, order) == (present, refused)
