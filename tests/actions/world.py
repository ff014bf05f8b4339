"""A small company: what actions act upon, as imported history and plain facts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from forebear.actions.performer import Requester
from forebear.app import Forebear
from forebear.domain.outcome import Done, Outcome
from forebear.domain.roles import Actor, Role
from forebear.graph.moments import moment
from tests.record.asking import history

LINE = "line:ur5e-orin"
RELEASE = "release:picker@1/ur5e-orin"
VERSION = "model:picker@1"

POLICY: dict[str, Any] = {
    "riskTier": "HIGH",
    "evidence": [{"pack": "pack:replay@1", "metric": "success", "minimum": 80}],
    "approvals": {"count": 2, "roles": ["APPROVER"]},
    "standingApprovals": {"rule": "KEEP"},
}


def person(name: str, *roles: Role, lines: frozenset[str] | None = None) -> Actor:
    """Somebody with roles."""
    return Actor(name, frozenset(roles), lines)


ANNA = person("anna", Role.APPROVER)
BEN = person("ben", Role.APPROVER)
EVA = person("eva", Role.ENGINEER)
OLAF = person("olaf", Role.OPERATOR)
ADA = person("ada", Role.ADMIN)


def ago(**delta: float) -> str:
    """A moment before now."""
    return moment(datetime.now(UTC) - timedelta(**delta))


async def company(registry: Forebear, *, success: float = 90.0, policy: dict[str, Any] = POLICY) -> None:
    """A line with a policy, and a candidate in it with one measurement, from an older registry."""
    await history(
        registry,
        {"kind": "HardwareTarget", "id": "target:orin", "memoryMib": 65536},
        {"kind": "ReleaseLine", "id": LINE, "target": "target:orin"},
        {
            "kind": "EvaluationPack", "id": "pack:replay@1", "slices": ["film"],
            "metrics": [{"name": "success", "unit": "%", "direction": "HIGHER_IS_BETTER"}],
        },
        {
            "kind": "ReleasePolicy", "id": "policy:ur5e@1", "riskTier": policy["riskTier"], "document": policy,
            "packs": sorted({asked["pack"] for asked in (*policy["evidence"], *policy.get("noRegression", ()))}),
            "governs": [{"id": LINE, "validFrom": ago(days=30)}],
        },
        {"kind": "ModelVersion", "id": VERSION, "weightsDigest": f"sha256:{64 * 'a'}"},
        {"kind": "Release", "id": RELEASE, "state": "CANDIDATE", "version": VERSION, "line": LINE},
        {
            "kind": "Evidence", "id": "evidence:first", "type": "REPLAY", "measuredAt": ago(days=2),
            "measurements": [{"metric": "success", "value": success, "unit": "%"}],
            "about": [VERSION], "measuredWith": ["pack:replay@1"],
        },
    )  # fmt: skip


async def do(registry: Forebear, actor: Actor, verb: str, key: str | None = None, **input: Any) -> Outcome:
    """Does an action."""
    return await registry.performer.do(verb, input, Requester(actor, "tests", key))


async def done(registry: Forebear, actor: Actor, verb: str, **input: Any) -> Done:
    """Does an action, which must be done."""
    outcome = await do(registry, actor, verb, **input)
    assert isinstance(outcome, Done), outcome
    return outcome
