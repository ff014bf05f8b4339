"""A policy that asks for a confidence: all trials that count decide together, and a decision keeps the bound."""

from __future__ import annotations

from typing import Any

import pytest

from forebear.app import Forebear
from tests.actions.test_evidence import attached, evidence, state
from tests.actions.world import ADA, EVA, LINE, VERSION, ago, company, do, done
from tests.record.asking import ask, history

SURE: dict[str, Any] = {
    "riskTier": "LOW",
    "evidence": [{"pack": "pack:replay@2", "metric": "success", "minimum": 85, "confidence": 0.95, "minimumTrials": 150}],
    "automaticPromotion": True,
    "standingApprovals": "REAPPROVE",
}
PACK = {
    "kind": "EvaluationPack", "id": "pack:replay@2",
    "metrics": [
        {"name": "success", "unit": "%", "direction": "HIGHER_IS_BETTER", "statistic": "PROPORTION"},
        {"name": "latency_p95", "unit": "ms", "direction": "LOWER_IS_BETTER", "statistic": "QUANTILE"},
    ],
}  # fmt: skip


def replayed(success: float, trials: int, **values: Any) -> dict[str, Any]:
    """A replay with so many trials."""
    measured = [{"metric": "success", "value": success, "unit": "%", "sampleSize": trials}]
    return {"measuredWith": ["pack:replay@2"], "measurements": measured, **values}


async def test_all_trials_decide_together_and_an_approval_keeps_the_bound(registry: Forebear) -> None:
    await company(registry)
    await history(registry, PACK)
    policy = {"kind": "ReleasePolicy", "id": "policy:sure@1", "document": SURE, "riskTier": "LOW"}
    quantile = {"pack": "pack:replay@2", "metric": "latency_p95", "maximum": 9, "confidence": 0.9}
    wrong = policy | {"document": SURE | {"evidence": [quantile]}}
    refusal = await do(registry, ADA, "adoptPolicy", policy=wrong, lines=[LINE], reason="surer")
    assert "document.evidence.0.confidence: latency_p95 is a QUANTILE" in str(refusal)
    await done(registry, ADA, "adoptPolicy", policy=policy, lines=[LINE], reason="surer")

    await attached(registry, "few", **replayed(95, 100))
    query = '{ missingForApproval(release: "release:picker@1/ur5e-orin") { nodes { code message } } }'
    assert (await ask(registry, query))["missingForApproval"]["nodes"] == [
        {"code": "TOO_FEW_TRIALS", "message": "success is of 100 trials; the policy asks for at least 150"}
    ]
    await attached(registry, "unlucky", **replayed(80, 100, measuredAt=ago(days=2)))
    assert await state(registry) == "CANDIDATE"
    await attached(registry, "lucky", **replayed(97, 200, measuredAt=ago(hours=2)))
    assert await state(registry) == "APPROVED"

    query = f"""{{ node(id: "{VERSION}") {{ ... on ModelVersion {{ releases {{ nodes {{ state staleFrom
        approvedBy {{ nodes {{ id cites {{ nodes {{ id }} }}
          checks {{ measured statistic trials minimumTrials confidence bound pooled message }} }} }} }} }} }} }} }}"""
    (release,) = (await ask(registry, query))["node"]["releases"]["nodes"]
    (decision,) = release["approvedBy"]["nodes"]
    assert [node["id"] for node in decision["cites"]["nodes"]] == ["evidence:few", "evidence:lucky", "evidence:unlucky"]
    assert decision["checks"] == [
        {
            "measured": 92.25, "statistic": "PROPORTION", "trials": 400, "minimumTrials": 150, "confidence": 0.95,
            "bound": pytest.approx(89.7562, abs=1e-4),
            "pooled": ["evidence:few", "evidence:lucky", "evidence:unlucky"],
            "message": "success is 92.25 % (evidence:few and 2 others, 400 trials), and at least 89.75 % with 95 % confidence; "
            "the policy asks for at least 85 %",
        }
    ]  # fmt: skip

    right = evidence("right", supersedes=["evidence:unlucky"], **replayed(50, 100, measuredAt=ago(days=2)))
    await done(registry, EVA, "attachEvidence", evidence=right)
    (release,) = (await ask(registry, query))["node"]["releases"]["nodes"]
    assert release["staleFrom"] is not None
