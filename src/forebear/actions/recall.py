"""The plan of a recall as an answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from forebear.domain.outcome import Reason
from forebear.domain.recall.affected import AUTHORITY, KINDS, LINEAGE, Affected
from forebear.domain.recall.plan import RecallPlan, Told
from forebear.domain.recall.subject import Subject
from forebear.domain.recall.target import RecallStep, RecallTarget
from forebear.domain.reference import unknown
from forebear.verbs.recall_plan import RecallPlanFacts

MOST_CUSTOMERS, MOST_FLEETS = 1000, 100
"""How many customers an answer lists, and how many fleets of each."""


def planned(input: Mapping[str, Any], facts: RecallPlanFacts) -> dict[str, Any] | Reason:
    """Return the row of `cypher/questions/recall_plan.cypher`, or why there is none."""
    subject = Subject.of(input["of"])
    plan = facts.plan(subject)
    if subject.id is not None and subject.id not in plan.reach.kinds:
        return unknown(f"of.{subject.kind}", subject.id)
    kinds, after = input.get("kinds"), input.get("after") or ""
    listed = [each for each in plan.affected if kinds is None or each.kind in kinds]
    following = [each for each in listed if _cursor(each) > after]
    page = following[: input["first"]]
    return {
        "subject": str(subject),
        "knownAt": facts.now,
        "digest": plan.digest,
        "totalCount": len(listed),
        "counts": _counts(plan.affected),
        "affected": [_row(each, plan) for each in page],
        "endCursor": _cursor(page[-1]) if page else None,
        "hasNextPage": len(following) > len(page),
        "steps": _steps(plan),
        "customers": [_told(each) for each in plan.told[:MOST_CUSTOMERS]],
        "totalCustomers": len(plan.told),
        "truncated": plan.reach.truncated,
    }


def _cursor(affected: Affected) -> str:
    return f"{KINDS.index(affected.kind)} {affected.id}"


def _counts(affected: Iterable[Affected]) -> list[dict[str, Any]]:
    counts = Counter((each.kind, each.way) for each in affected)
    return [
        {"kind": kind, "lineage": counts[kind, LINEAGE], "authority": counts[kind, AUTHORITY]}
        for kind in KINDS
        if counts[kind, LINEAGE] or counts[kind, AUTHORITY]
    ]


def _row(each: Affected, plan: RecallPlan) -> dict[str, Any]:
    target = plan.targets.get(each.id)
    return {
        "id": each.id,
        "kind": each.kind,
        "via": each.way.value,
        "path": list(each.path),
        "customers": list(plan.customers_of(each.id)),
        "target": target and _target(target),
    }


def _target(target: RecallTarget) -> dict[str, Any]:
    return {
        "step": target.step.value,
        "place": target.place,
        "artifact": target.artifact,
        "version": target.version,
        "basis": target.basis and target.basis.value,
        "deployment": target.deployment,
        "remarks": list(target.remarks),
        "reasons": [{"code": r.code, "message": r.message, "remedy": r.remedy} for r in target.reasons],
    }


def _steps(plan: RecallPlan) -> list[dict[str, Any]]:
    kinds = {each.id: each.kind for each in plan.affected}
    counts = Counter((target.step, kinds[id]) for id, target in plan.targets.items())
    return [
        {"step": step.value, "deployments": counts[step, "Deployment"], "robots": counts[step, "Robot"]}
        for step in RecallStep
        if counts[step, "Deployment"] or counts[step, "Robot"]
    ]


def _told(told: Told) -> dict[str, Any]:
    return {
        "customer": told.customer,
        "sites": list(told.sites),
        "fleets": list(told.fleets[:MOST_FLEETS]),
        "totalFleets": len(told.fleets),
        "deployments": len(told.deployments),
        "robots": len(told.robots),
    }
