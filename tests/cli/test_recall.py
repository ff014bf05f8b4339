"""`recall plan` and `recall show`: a page for a terminal, customer by customer, and what changed since another moment."""

import json
from typing import Any

from forebear.cli import recall_items
from forebear.cli.recall import changed, page, told
from tests.cli.terminal import Service, forebear


def affected(kind: str, id: str, target: dict[str, Any] | None = None, *customers: str, via: str = "LINEAGE") -> dict[str, Any]:
    """A row of a plan."""
    path = [id, "dataset:d@1"]
    return {"node": {"id": id, "kind": kind}, "via": via, "path": path, "customers": list(customers), "target": target}


def target(step: str, place: str, artifact: str | None = None, deployment: str | None = None, *why: str) -> dict[str, Any]:
    """What to do about a deployment or a robot."""
    return {
        "step": step, "place": place, "artifact": artifact, "version": artifact and "model:m@1",
        "basis": artifact and "APPROVAL", "deployment": deployment, "reasons": [{"message": message} for message in why],
    }  # fmt: skip


BACK = target("GO_BACK", "fleet:a", "artifact:1")
ROWS = [
    affected("Release", "release:m@2/l", via="AUTHORITY"),
    affected("Deployment", "deployment:a", BACK, "customer:c"),
    affected("Robot", "robot:a", BACK | {"deployment": "deployment:a"}, "customer:c"),
    affected("Robot", "robot:lost", target("STOP", "robot:lost", None, None, "nothing else ran there")),
]
FOUND: dict[str, Any] = {
    "subject": "dataset:d@1", "knownAt": "2026-08-11T14:00:00.000000Z", "digest": "sha256:0f", "totalCount": 4,
    "truncated": False, "affected": ROWS, "totalCustomers": 3,
    "counts": [{"kind": "Release", "lineage": 0, "authority": 1}, {"kind": "Robot", "lineage": 2, "authority": 0}],
    "steps": [{"step": "GO_BACK", "deployments": 1, "robots": 1}, {"step": "STOP", "deployments": 0, "robots": 1}],
    "customers": [
        {
            "customer": {"id": "customer:c", "owners": [{"name": "desk", "onCall": "tel:1"}]},
            "fleets": [{"id": "fleet:a", "owners": [{"name": "ops", "onCall": None}]}], "totalFleets": 1, "robots": 1,
        },
        {"customer": None, "fleets": [], "totalFleets": 0, "robots": 1},
    ],
}  # fmt: skip


def test_the_page_says_customer_by_customer_what_there_is_to_do_and_whom_to_call() -> None:
    assert [*page(FOUND)] == [
        "Recall of dataset:d@1, as known at 2026-08-11T14:00:00.000000Z",
        "digest sha256:0f",
        "",
        "Release             0 by lineage, 1 by authority",
        "Robot               2 by lineage",
        "",
        "customer:c  1 fleet, 1 robot  call desk tel:1, ops",
        "  deployment:a on fleet:a, 1 robot: go back to artifact:1 (model:m@1, APPROVAL)",
        "",
        "of no customer  0 fleets, 1 robot",
        "  robot:lost: stop, since nothing else ran there",
        "",
        "go back: 1 deployment, 1 robot; stop: 0 deployments, 1 robot; 1 customer more",
    ]
    assert [*page(FOUND, why=True)][-6:-2] == [f"{row['node']['id']} → dataset:d@1" for row in ROWS]


def test_two_plans_differ_in_what_was_added_and_what_has_gone() -> None:
    before = FOUND | {"affected": [*ROWS[1:], affected("Release", "release:m@2/l")], "knownAt": "2026-08-10T14:00:00.000000Z"}
    since = changed(before, FOUND)
    release = {"kind": "Release", "id": "release:m@2/l"}
    assert since == {"added": [release | {"via": "AUTHORITY"}], "gone": [release | {"via": "LINEAGE"}]}
    assert [*told(since, before)] == [
        "",
        "Since 2026-08-10 14:00 UTC: 1 added, 1 gone",
        "  + release:m@2/l  by authority",
        "  - release:m@2/l  by lineage",
    ]


def item(kind: str, id: str, state: str, *customers: str, **said: Any) -> dict[str, Any]:
    """An item of a recall."""
    empty = dict.fromkeys(("step", "deployment", "request", "lastSeenAt", "excuse", "excusedBy"))
    return {"node": {"id": id, "kind": kind}, "state": state, "customers": list(customers), "reasons": [], **empty, **said}


STANDS: dict[str, Any] = {
    "recall": {
        "id": "recall:dataset:d%401/1", "subject": "dataset:d@1", "reason": "Torn film.", "votesMissing": 0,
        "votes": [{"actor": "anna"}, {"actor": "ben"}], "validFrom": "2026-08-11T14:00:00.000000Z", "validTo": None,
    },
    "truncated": False,
    "counts": [
        {"state": "PLANNED", "deployments": 1, "robots": 1, "releases": 0},
        {"state": "CONFIRMED", "deployments": 0, "robots": 0, "releases": 1},
    ],
    "items": [
        item("Deployment", "deployment:a", "PLANNED", "customer:c", step="GO_BACK"),
        item("Robot", "robot:a", "PLANNED", "customer:c", step="GO_BACK", deployment="deployment:a"),
        item("Robot", "robot:b", "REQUESTED", "customer:c", request="stop:1"),
        item("Robot", "robot:c", "UNREACHABLE", "customer:c", request="stop:1", lastSeenAt="2026-08-01T09:30:00.000000Z"),
        item("Robot", "robot:d", "UNREACHABLE", "customer:c", request="stop:1"),
        item("Robot", "robot:lost", "IMPOSSIBLE", reasons=[{"message": "robot:lost is out of service"}]),
        item("Robot", "robot:sold", "EXCUSED", excuse="Sold.", excusedBy="anna"),
        item("Release", "release:m@2/l", "CONFIRMED"),
    ],
    "customers": [FOUND["customers"][0], {"customer": None, "fleets": []}],
}  # fmt: skip


def test_the_page_of_a_recall_says_where_it_stands_item_by_item_and_whom_to_call() -> None:
    assert [*recall_items.page(STANDS)] == [
        "recall:dataset:d%401/1  stands since 2026-08-11 14:00 UTC",
        "recalls dataset:d@1: Torn film.",
        "votes of anna, ben",
        "",
        "PLANNED     1 deployment, 1 robot",
        "CONFIRMED   1 release",
        "",
        "customer:c  call desk tel:1, ops",
        "  PLANNED     deployment:a  go back",
        "  PLANNED     robot:a  by deployment:a",
        "  REQUESTED   robot:b  by stop:1",
        "  UNREACHABLE robot:c  seen last 2026-08-01 09:30",
        "  UNREACHABLE robot:d  never seen",
        "",
        "of no customer",
        "  IMPOSSIBLE  robot:lost  robot:lost is out of service",
        "  EXCUSED     robot:sold  by anna: Sold.",
        "",
        "releases",
        "  CONFIRMED   release:m@2/l",
    ]
    gathers = STANDS["recall"] | {"votesMissing": 1, "votes": [{"actor": "anna"}], "validFrom": None}
    assert [*recall_items.page(STANDS | {"recall": gathers, "counts": []})] == [
        "recall:dataset:d%401/1  needs 1 vote more",
        "recalls dataset:d@1: Torn film.",
        "votes of anna",
    ]


def test_the_demo_plans_a_recall_on_the_command_line(demo: Service) -> None:
    ended = forebear("recall", "plan", "dataset:larkfield-parcels@2026.05", url=demo.url)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("Recall of dataset:larkfield-parcels@2026.05, as known at ")
    written = json.loads(forebear("recall", "plan", "dataset:larkfield-parcels@2026.05", "--json", url=demo.url).out)
    assert f"digest {written['digest']}" in ended.out
    assert written["totalCount"] == len(written["affected"])
    against = forebear("recall", "plan", "dataset:larkfield-parcels@2026.05", "--against", written["knownAt"], url=demo.url)
    assert against.out.endswith("UTC: 0 added, 0 gone\n")
    assert forebear("recall", "plan", "toolchain=gcc 2", url=demo.url).code == 1
    asked = ("recall", "execute", "dataset:larkfield-parcels@2026.05", "--reason", "Torn film.")
    bare = forebear(*asked, url=demo.url)
    assert (bare.code, "--affected is missing: plan it first" in bare.err) == (2, True)
    refused = forebear(*asked, "--affected", f"sha256:{64 * '0'}", url=demo.url)
    assert (refused.code, "PLAN_CHANGED" in refused.out) == (1, True)
    blank = forebear("recall", "plan", "setting=", url=demo.url)
    assert (blank.code, blank.out) == (2, "")
    assert "has no name" in blank.err or "is blank" in blank.err
