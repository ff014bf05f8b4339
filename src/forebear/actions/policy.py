"""The verb by which a policy comes to govern release lines, and the question what it would do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forebear.actions.action import Action, Given, Inquiry, Undecidable
from forebear.actions.cases import cases
from forebear.actions.release import standing_of
from forebear.domain.adoption import Adoption, Grounds, Rule, understood
from forebear.domain.outcome import Verdict
from forebear.domain.policy import InvalidPolicy, Policy, parse
from forebear.domain.reference import unknown
from forebear.domain.release import DECISIONS, By
from forebear.domain.roles import refusal
from forebear.domain.simulation import Simulated, simulated
from forebear.graph.declaration import PROSE, Fact, Value, prop


class AdoptPolicy(Value):
    """Lets a version of a policy govern release lines, from now or from a moment to come. The former policy ends there. The
    document says what happens to standing approvals, and Forebear evaluates every release of the lines anew. A version never
    changes. Its risk tier and packs are those of the document."""

    policy: Fact = prop(
        "The policy. `document` holds its rules, and `governs` the lines that it governs from a moment to come.",
        names=("ReleasePolicy",),
    )
    lines: list[str] | None = prop("The lines that it governs from now on.", default=None, names=("ReleaseLine",))
    reason: str = prop("The reason. It is kept in the audit trail.", length=PROSE)


def _decide(given: Given) -> Verdict:
    document = given.input["policy"]
    (grounds,) = given.rows("policy", Grounds)
    found = cases(given)
    by = By(given.actor, given.now, given.input["reason"], given.new_ids("decision", DECISIONS * len(found)))
    lines = list(dict.fromkeys(given.input.get("lines") or ()))
    adoption = Adoption(document, given.described(document), lines, grounds, found, by)
    if forbidden := refusal(given.actor, "adoptPolicy", adoption.starts):
        return Verdict(document["id"], reasons=(forbidden,))
    return adoption.verdict()


def _asks(given: Mapping[str, Any]) -> dict[str, Any]:
    fact = given["policy"]
    governed = [end["id"] for end in fact.get("governs") or ()]
    return _facts(fact["id"], [*(given.get("lines") or ()), *governed], fact.get("document"))


def _facts(policy: str | None, lines: list[str], document: object) -> dict[str, Any]:
    """What the facts statements take."""
    lines = list(dict.fromkeys(lines))
    return {**standing_of(lines=lines), "policy": policy, "packs": _packs(document)}


def _packs(document: object) -> list[str]:
    """The packs that a policy names, as far as it can be read."""
    try:
        return sorted(parse(document).packs)
    except InvalidPolicy:
        return []


ACTIONS = (Action("adoptPolicy", AdoptPolicy, ("policy", "standing"), _decide, _asks),)


def _simulate(given: Given) -> list[dict[str, Any]]:
    (grounds,) = given.rows("policy", Grounds)
    policy = understood(given.input["document"], grounds.packs)
    known = {line.id for line in grounds.lines}
    reasons = () if isinstance(policy, Policy) else policy
    if reasons := (*reasons, *(unknown("lines", id) for id in given.input["lines"] if id not in known)):
        raise Undecidable(reasons)
    assert isinstance(policy, Policy)
    rule = Rule("policy:simulated@0", policy, grounds.packs)
    found = sorted(cases(given), key=lambda c: (c.line.id, c.release.id))
    return [_row(f"{n:06}", simulated(one, rule)) for n, one in enumerate(found)]


def _row(rank: str, found: Simulated) -> dict[str, Any]:
    checks = [
        {"requirement": c.requirement, "passed": c.passed, "code": c.code, "message": c.message, "remedy": c.remedy}
        for c in found.checks
    ]
    return {
        "rank": rank,
        "release": found.release,
        "becomes": found.becomes.value,
        "checks": checks,
        "missing": [{"code": r.code, "message": r.message, "remedy": r.remedy} for r in found.missing],
        "staleFrom": found.stale_from,
        "fleets": list(found.fleets),
    }


INQUIRIES = (
    Inquiry(
        "simulate_policy",
        ("policy", "standing"),
        _simulate,
        lambda given: _facts(None, given["lines"], given["document"]),
    ),
)
