"""Ids may be short: the latest version, and a digest of which the beginning suffices."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

import pytest

from forebear.cli.abbreviation import natural, written_out
from tests.cli.terminal import Service, forebear

VERSIONS = ["1.0.0-rc1", "1.0.0-rc2", "1.0.0-rc10", "1.0.0", "1.0.1", "1.2", "2", "10", "2026.05", "2026.10", "next"]


def test_versions_have_the_order_that_people_give_them() -> None:
    assert sorted({*VERSIONS}, key=natural) == VERSIONS


async def test_latest_is_found_among_more_versions_than_a_page_holds() -> None:
    asked: list[str | None] = []

    async def ask(document: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        """A registry whose pages hold two versions."""
        asked.append(variables["after"])
        first = len(asked) * 2 - 1
        nodes = [{"id": f"{variables['start']}{n}"} for n in (first, first + 1)]
        return {"modelVersions": {"nodes": nodes, "pageInfo": {"hasNextPage": first < 9, "endCursor": f"{first + 1}"}}}

    assert await written_out(ask, {"id": "model:arm@latest"}) == {"id": "model:arm@10"}
    assert asked == [None, "2", "4", "6", "8"]


def test_latest_is_the_last_version(demo: Service) -> None:
    shown = forebear("show", "model:parcel-picker@latest", "--json", url=demo.url).json
    assert shown["id"] == "model:parcel-picker@3"
    nothing = forebear("show", "model:nobody@latest", url=demo.url)
    assert (nothing.code, nothing.err) == (1, "forebear: model:nobody@latest is not known\n")


def test_the_beginning_of_a_digest_suffices_if_nothing_else_begins_so(demo: Service) -> None:
    artifacts = forebear("list", "artifacts", "--first", "100", "--json", url=demo.url).json["nodes"]
    id = next(node["id"] for node in artifacts if node["id"].startswith("artifact:sha256:30198274"))
    for short in (f"{id[:28]}…", id[:24], id):
        assert forebear("show", short, "--json", url=demo.url).json["id"] == id
    lineage = forebear("lineage", id[:24], "--json", url=demo.url)
    assert (lineage.code, lineage.json["nodes"][0]["node"]["id"]) == (0, id)
    nobody = forebear("show", "artifact:sha256:ffffffffffff…", url=demo.url)
    assert (nobody.code, nobody.err) == (1, "forebear: artifact:sha256:ffffffffffff… is not known\n")


def test_several_words_need_no_quotes_and_rows_are_csv(demo: Service) -> None:
    (head, *rows) = csv.reader(io.StringIO(forebear("search", "parcel", "picker", "--csv", url=demo.url).out))
    assert (head, rows[0][0]) == (["node", "score"], "model:parcel-picker")
    quoted = forebear("search", "parcel picker", "--csv", url=demo.url)
    assert [*csv.reader(io.StringIO(quoted.out))][1:] == rows


@pytest.mark.parametrize("kind", ["Fleet", "fleets"])
def test_impact_lists_the_kinds_that_are_named(demo: Service, kind: str) -> None:
    reached = forebear("impact", "customer:larkfield-parcels", "--kind", kind, "--csv", url=demo.url)
    rows = [row[:3] for row in csv.reader(io.StringIO(reached.out))]
    assert rows == [["node", "kind", "via"], *(["fleet:parcel-" + side, "Fleet", "LINEAGE"] for side in ("north", "south"))]
    wrong = forebear("impact", "customer:larkfield-parcels", "--kind", "flets", url=demo.url)
    assert wrong.err.startswith("forebear: there is no kind 'flets'; did you mean 'fleets'?")
