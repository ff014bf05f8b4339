"""`forebear list`: the nodes of a kind, with conditions, in an order, by pages."""

import re

import pytest

from tests.cli.terminal import Service, forebear


def test_nodes_are_listed_by_conditions_in_an_order_and_by_pages(demo: Service) -> None:
    def ids(*arguments: str) -> list[str]:
        return [node["id"] for node in forebear("list", *arguments, "--json", "--url", demo.url).json["nodes"]]

    assert ids("model-versions", "--where", "name~parcel") == [f"model:parcel-picker@{n}" for n in (1, 2, 3)]
    assert ids("ModelVersions", "--where", "name~parcel", "--order-by", "id", "--desc", "--first", "1") == [
        "model:parcel-picker@3"
    ]
    assert ids("model versions", "--where", "parameters<1000000000", "--where", "id^model:parcel") == ["model:parcel-picker@3"]
    assert ids("runs", "--where", "status!=SUCCEEDED", "--where", "labels=illustrative", "--where", "name~reacher") == []
    built = '{"promotedFrom": {"id": {"eq": "checkpoint:parcel-picker-2/step-40000"}}}'
    assert {*ids("model-version", "--filter", built)} <= {"model:parcel-picker@2"}
    first = forebear("list", "incidents", "--order-by", "severity", "--first", "2", "--url", demo.url)
    assert re.search(r"^\d+ rows, 2 shown; --first shows more$", first.out, re.MULTILINE)
    (cursor,) = re.findall(r"The next page: --after \$'(.*)'", first.out)
    after = cursor.replace("\\n", "\n")
    assert ids("incidents", "--order-by", "severity", "--first", "2", "--after", after)[0] not in first.out
    nobody = forebear("list", "runs", "--where", "name=nobody", "--url", demo.url)
    assert (nobody.code, nobody.out) == (1, "none\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["robotz"], "there is no kind 'robotz'; did you mean 'robot'? The kinds are artifact, attribution, "),
        (["xyz"], "there is no kind 'xyz'. The kinds are artifact, attribution, "),
        (
            ["runs", "--where", "statuz=X"],
            "--where statuz=X: there is no field 'statuz'; did you mean 'status'? The fields are id, ",
        ),
        (["runs", "--where", "x"], "--where x: write FIELD=VALUE, or with one of = >= <= > < ~ ^ in place of ="),
        (["runs", "--where", "seed=a"], "'a' is no JSON"),
        (["runs", "--filter", "{"], "'{' is no JSON"),
        (
            ["runs", "--order-by", "statuz"],
            "--order-by: there is no field 'statuz'; did you mean 'status'? The fields are id, ",
        ),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_asked(arguments: list[str], says: str) -> None:
    ended = forebear("list", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"forebear: {says}")
