"""Whoever may not read what is stored learns nothing of it from a refusal."""

from __future__ import annotations

from typing import Any

from forebear.app import Forebear
from forebear.domain.outcome import Refused
from forebear.record.summary import Origin
from tests.actions.plant import RITA
from tests.actions.world import EVA, VERSION, ago, company, do
from tests.record.asking import history, record

SECRET = "https://secret.example"


async def test_a_refusal_says_that_it_differs_and_what_it_is_to_readers_alone(registry: Forebear) -> None:
    await company(registry)
    run = {"kind": "Run", "id": "run:s", "configuration": {"at": SECRET}, "experiment": "experiment:secret"}
    await record(
        registry,
        run,
        {"kind": "Incident", "id": "incident:secret", "validFrom": ago(), "at": ["site:s"]},
    )

    async def refused(fact: dict[str, Any]) -> list[str]:
        (rejection,) = (await registry.recorder.record([fact], Origin(RITA, "tests"))).rejections
        assert "secret" not in str(rejection).lower()
        (told,) = (await record(registry, fact)).rejections
        assert "secret" in str(told).lower()
        return list(rejection.reasons)

    assert await refused(run | {"configuration": {}, "experiment": "experiment:e"}) == [
        "configuration: run:s has another value, recorded before, and this fact says '{}'; "
        "it cannot change (a Correction can say that it was wrong)",
        "experiment: run:s leads elsewhere already, and can lead to one only; retract that edge first if it was wrong",
    ]
    (held,) = await refused({"kind": "Retraction", "of": "site:s", "reason": "t"})
    assert held.startswith("of: site:s cannot be retracted while others lead to it; ")

    evidence = {"kind": "Evidence", "id": "evidence:s", "type": "ROLLOUT_NOTE", "about": [VERSION]}
    await history(registry, evidence | {"uri": SECRET})
    outcomes = [await do(registry, actor, "attachEvidence", evidence=evidence | {"uri": "u"}) for actor in (RITA, EVA)]
    assert [[r.message for r in o.reasons] for o in outcomes if isinstance(o, Refused)] == [
        ["uri: evidence:s has another value already, and the request says 'u'"],
        [f"uri: evidence:s has '{SECRET}' already, and the request says 'u'"],
    ]
    assert await refused(evidence | {"uri": "u"}) == [
        f"uri: evidence:s has another value already, and the request says 'u'; {outcomes[0].reasons[0].remedy}"
    ]  # type: ignore[union-attr]
