"""Names of other systems: two are one id only if they are one name."""

from hypothesis import given
from hypothesis import strategies as st

from forebear.connect.names import external_ids, id_of, within
from forebear.graph.ids import Ids
from forebear.graph.kinds import GRAPH
from forebear.graph.kinds.data import Dataset, DatasetVersion
from forebear.graph.kinds.training import Run


def test_a_name_in_a_namespace_is_one_name() -> None:
    assert {
        pair: within(*pair)
        for pair in (
            ("s3://bucket", "a/b.parquet"),
            ("s3://bucket", "/a"),
            ("file", "/data/a.csv"),
            ("bigquery", "shop.orders"),
            ("my/space:1", "a"),
            ("s3", "//bucket/a"),
        )
    } == {
        ("s3://bucket", "a/b.parquet"): "s3://bucket/a/b.parquet",
        ("s3://bucket", "/a"): "s3://bucket//a",
        ("file", "/data/a.csv"): "file:/data/a.csv",
        ("bigquery", "shop.orders"): "bigquery:shop.orders",
        ("my/space:1", "a"): "my%2Fspace%3A1:a",
        ("s3", "//bucket/a"): "s3:%2F/bucket/a",
    }


def test_an_id_has_the_name_and_the_version_and_holds_only_what_an_id_may() -> None:
    assert id_of(Dataset, "s3://bucket/a b") == "dataset:s3://bucket/a%20b"
    assert id_of(DatasetVersion, "s3://bucket/a@1", "7") == "dataset:s3://bucket/a%401@7"
    assert id_of(DatasetVersion, "bigquery:orders") == "dataset:bigquery:orders@unversioned"
    assert id_of(Run, "0196") == "run:0196"
    assert external_ids("openlineage", ["b c", "a", "a"]) == ["openlineage:a", "openlineage:b c"]


NAMES = st.text("ab/:%2F@. ", min_size=1, max_size=8)


@given(st.tuples(NAMES, NAMES), st.tuples(NAMES, NAMES))
def test_two_names_are_one_only_if_they_are_the_same(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert (within(*one) == within(*other)) is (one == other)


@given(st.text(min_size=1, max_size=700), st.text(min_size=1, max_size=700))
def test_any_name_and_version_is_an_id_of_its_own(name: str, version: str) -> None:
    ids = Ids(GRAPH)
    id = id_of(DatasetVersion, name, version)
    assert ids.kind(id) == "DatasetVersion"
    assert ids.kind(id_of(Dataset, name)) == "Dataset"
    assert id != id_of(DatasetVersion, name + "x", version)
    assert id != id_of(DatasetVersion, name, version + "x")
