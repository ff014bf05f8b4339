"""A kill of the service between any two statements of an action leaves all of it or none, and a repetition completes it."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from forebear.app import Forebear
from forebear.settings import Settings
from forebear.store import Store
from forebear.verbs.catalogue import ACTIONS
from forebear.view.actions import mutation
from tests import engines
from tests.actions.plant import FLEET, active, ready, requested
from tests.actions.test_stateful import KNOWN
from tests.actions.world import ANNA, LINE, POLICY, ago, done
from tests.audit.auditing import broken
from tests.cli.terminal import Service, forebear, serving
from tests.record.asking import history
from tests.soak import SOAK

THIRD = "release:picker@3/ur5e-orin"
DEEDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("approve", {"release": THIRD}),
    ("reportDeployment", {"deployment": "deployment:second", "state": "ACTIVE", "at": ago(minutes=5)}),
    ("rollBack", {"on": FLEET, "reason": "It stops.", "id": "deployment:back"}),
    (
        "adoptPolicy",
        {
            "policy": {"id": "policy:ur5e@2", "document": POLICY | {"standingApprovals": {"rule": "REAPPROVE"}}},
            "lines": [LINE],
            "reason": "Stricter.",
        },
    ),
)
"""What is done, one after the other, by an actor with every role."""

EVERYWHERE = {"rollBack"} if SOAK == 1 else {verb for verb, _ in DEEDS}
"""What is killed before each of its statements; the others from their write on, since each death costs a start."""


@pytest.fixture(params=engines.ENGINES)
async def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Where an emptied registry is, on each engine, that nobody has open."""
    given = {"graph_uri": request.getfixturevalue("neo4j_uri"), **engines.PLANNING} if request.param == "neo4j" else {}
    named = engines.settings(tmp_path / "data", **given)
    async with Store.open(named) as store:
        await engines.empty(store)
        await _prepared(await Forebear.on(store))
    return named


async def _prepared(registry: Forebear) -> None:
    """Two builds that run or are to run, and a release that lacks one vote."""
    await ready(registry)
    third = "model:picker@3"
    await history(
        registry,
        {"kind": "ModelVersion", "id": third, "weightsDigest": f"sha256:{64 * 'c'}"},
        {"kind": "Release", "id": THIRD, "state": "CANDIDATE", "version": third, "line": LINE},
        {
            "kind": "Evidence", "id": "evidence:third", "type": "REPLAY", "measuredAt": ago(days=2),
            "measurements": [{"metric": "success", "value": 95}], "about": [third], "measuredWith": ["pack:replay@1"],
        },
    )  # fmt: skip
    await done(registry, ANNA, "approve", release=THIRD)
    await active(registry, 1, "deployment:first", ago(days=1))
    await requested(registry, 2, "deployment:second")


@dataclass
class Mortals:
    """Services on the same data, one after the other: each is killed by what it is asked to do, at a point of it."""

    settings: Settings
    point: Path
    stack: ExitStack = field(default_factory=ExitStack)
    service: Service | None = None

    def start(self) -> Service:
        """A service, that of before if it lives."""
        if self.service is None:
            given = {"data_dir": self.settings.data_dir, "graph_uri": self.settings.graph_uri}
            command = [sys.executable, "-m", "tests.actions.mortal", str(self.point)]
            self.service = self.stack.enter_context(
                serving("serve", command=command, **{name: value for name, value in given.items() if value})
            )
        return self.service

    def ask(self, point: int, document: str, variables: dict[str, Any]) -> Any:
        """The answer of a service that dies at a point; None where it died."""
        self.point.write_text(str(point))
        service = self.start()
        try:
            return service.ask(document, **variables)
        except httpx.TransportError:
            assert service.process.wait(60) == -9
            self.service = None
            self.stack.close()
            return None

    def stands(self) -> tuple[list[str], dict[str, Any]]:
        """All audit entries, whose chains hold, and all that actions write."""
        service = self.start()
        lines = httpx.get(f"{service.url}/audit").content.splitlines(keepends=True)
        assert broken(lines) == []
        return sorted(str(line) for line in lines if "entry" in json.loads(line)), service.ask(KNOWN)


async def test_an_action_is_done_whole_or_not_at_all_wherever_its_service_is_killed(settings: Settings, tmp_path: Path) -> None:
    mortals = Mortals(settings, tmp_path / "point")
    actions = {action.name: action for action in ACTIONS}
    with mortals.stack:
        for verb, input in DEEDS:
            document = mutation(verb, actions[verb].input.members)
            variables = input | {"idempotencyKey": f"once-{verb}", "reads": True}
            # Statements are: is it known already, those of facts, the write.
            statements = 1 + len(actions[verb].facts) + 1
            point = first = 1 if verb in EVERYWHERE else statements
            before, is_done = mortals.stands(), []
            while (answer := mortals.ask(point, document, variables)) is None:
                point += 1
                is_done.append((after := mortals.stands()) != before)
            # It died before statements and the commit, and after the commit.
            assert is_done == [False] * (statements - first + 2) + [True]
            assert (answer[verb]["__typename"], answer[verb]["unchanged"]) == ("Done", False)
            assert mortals.stands() == after
        verified = forebear("audit", "verify", url=mortals.start().url)
        assert (verified.code, verified.out.rpartition(": ")[2]) == (0, "all of it holds\n"), verified
        _, known = mortals.stands()
    releases = {r["id"].partition("/")[0]: (r["state"], r["staleFrom"] is not None) for r in known["releases"]["nodes"]}
    assert releases == {
        "release:picker@1": ("APPROVED", True),
        "release:picker@2": ("DEPLOYED", True),
        "release:picker@3": ("APPROVED", True),
    }
    assert {d["id"]: d["state"] for d in known["deployments"]["nodes"]} == {
        "deployment:first": "ENDED",
        "deployment:second": "ACTIVE",
        "deployment:back": "PLANNED",
    }
