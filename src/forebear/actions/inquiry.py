"""Questions whose answer is a decision. Each reads the facts of a verb without locks, and writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from forebear.actions.comparison import Comparison, ComparisonFacts, compared
from forebear.actions.recall import planned
from forebear.actions.recall_items import told
from forebear.domain import artifact, contract, release
from forebear.domain.adoption import Rule, understood
from forebear.domain.artifact import BuildFactsRow, the_one
from forebear.domain.case import cases
from forebear.domain.contract import Eligible
from forebear.domain.outcome import Reason
from forebear.domain.permission import weakest
from forebear.domain.policy import Policy, covers, packs_of
from forebear.domain.recall.standing import RECALLED
from forebear.domain.recall.subject import Subject
from forebear.domain.reference import UNKNOWN, unknown
from forebear.domain.simulation import SimulatedRelease, simulated
from forebear.domain.standing import Row, StandingFactsRow
from forebear.domain.suspects.explanation import CAVEATS, OccurrenceFactsRow, Selection, explain
from forebear.domain.suspects.history import (
    BuildHistoryFactsRow,
    GroupHistoryFactsRow,
    RobotHistoryFactsRow,
    Whereabouts,
    history,
    milliseconds,
)
from forebear.domain.suspects.upstream import Upstream, UpstreamFactsRow
from forebear.verbs import recall_plan
from forebear.verbs.deployment import DeploymentFacts
from forebear.verbs.policy import PolicyFacts
from forebear.verbs.recall_item import RecallItemFacts
from forebear.verbs.recall_plan import RecallPlanFacts
from forebear.verbs.release import ReleaseFacts
from forebear.verbs.rollback import RollbackFacts
from forebear.verbs.verb import DecisionFacts

EARLIEST, LATEST = "0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z"
UNSEEN = 100
"""How many robots without a report an answer lists."""

Input = Mapping[str, Any]
F = TypeVar("F", bound=DecisionFacts)


class Undecidable(ValueError):
    """A question that cannot be decided, with every reason.

    `code` is NOT_FOUND if nothing stands in the way but ids that nobody knows, otherwise INVALID_ARGUMENT.
    """

    def __init__(self, reasons: Iterable[Reason]) -> None:
        every = [*reasons]
        super().__init__("; ".join(f"{r.message}: {r.remedy}" for r in every))
        self.code = "NOT_FOUND" if all(r.code == UNKNOWN for r in every) else "INVALID_ARGUMENT"


@dataclass(frozen=True)
class Inquiry(Generic[F]):
    """A question whose answer is a decision: it gives `cypher/questions/<name>.cypher` its rows.

    `asks` adds parameters of the facts statements that the input does not name. `decide` is pure and returns rows: maps of
    scalars, of lists of scalars and of lists of maps. It may raise `Undecidable`.
    """

    name: str
    reads: type[F]
    decide: Callable[[Input, F], Sequence[Mapping[str, Any]]]
    asks: Callable[[Input], Mapping[str, Any]] = lambda input: {}


def obstacles(reasons: Iterable[Reason]) -> list[dict[str, str]]:
    """Return reasons as rows of an answer."""
    return [{"code": r.code, "message": r.message, "remedy": r.remedy} for r in reasons]


def _missing(input: Input, facts: ReleaseFacts) -> list[dict[str, Any]]:
    return [
        {"rank": f"{i:06}", **row}
        for c in cases(facts.standing, facts.now)
        for i, row in enumerate(obstacles(release.missing_for_approval(c)))
    ]


def _simulate(input: Input, facts: PolicyFacts) -> list[dict[str, Any]]:
    policy = understood(input["document"], facts.policy.packs)
    lines = {line.id for line in facts.policy.lines}
    reasons = () if isinstance(policy, Policy) else policy
    if reasons := (*reasons, *(unknown("lines", id) for id in input["lines"] if id not in lines)):
        raise Undecidable(reasons)
    assert isinstance(policy, Policy)
    rule = Rule("policy:simulated@0", policy, facts.policy.packs)
    releases = sorted(cases(facts.standing, facts.now), key=lambda c: (c.line.id, c.release.id))
    return [_simulated(f"{n:06}", simulated(one, rule)) for n, one in enumerate(releases)]


def _simulated(rank: str, release: SimulatedRelease) -> dict[str, Any]:
    checks = [
        {"requirement": c.requirement, "passed": c.passed, "code": c.code, "message": c.message, "remedy": c.remedy}
        for c in release.checks
    ]
    return {
        "rank": rank,
        "release": release.release,
        "becomes": release.becomes.value,
        "checks": checks,
        "missing": obstacles(release.missing),
        "staleFrom": release.stale_from,
        "fleets": list(release.fleets),
    }


@dataclass(frozen=True)
class BuildableFacts(DecisionFacts):
    """What lets versions run in lines for a hardware target, and the target."""

    permission: list[StandingFactsRow]
    build: BuildFactsRow


def _buildable(input: Input, facts: BuildableFacts) -> list[dict[str, Any]]:
    return [
        {
            "rank": f"{n:06}",
            "release": p.case.release.id,
            "target": input["target"],
            "basis": p.basis.value,
            "decisions": list(p.decisions),
        }
        for n, p in enumerate(artifact.buildable(facts.build.target, cases(facts.permission, facts.now)))
    ]


def _eligible(input: Input, facts: DeploymentFacts) -> list[dict[str, Any]]:
    artifacts = contract.eligible(facts.artifact, facts.place, facts.grounds)
    return [
        {"rank": f"{n:06}", "artifact": each.artifact, "version": each.version, **_allowed(each)}
        for n, each in enumerate(artifacts)
        if not _is_recalled(each.reasons)
    ]


def _is_recalled(reasons: Iterable[Reason]) -> bool:
    """Return whether something is recalled. An answer about what a place may choose leaves it out."""
    return any(reason.code == RECALLED for reason in reasons)


def _permitted(input: Input, facts: DeploymentFacts) -> list[dict[str, Any]]:
    id = input["deployment"]
    artifact = contract.permitted(id, facts.place, the_one(facts.artifact), facts.grounds)
    return [{"deployment": id, "artifact": artifact.artifact, **_allowed(artifact)}]


def _allowed(artifact: Eligible) -> dict[str, Any]:
    """Return the columns that say whether something is allowed, on which basis, and why not."""
    return {
        "allowed": artifact.allowed,
        "basis": basis.value if (basis := weakest(artifact.permissions)) else None,
        "releases": [p.case.release.id for p in artifact.permissions],
        "decisions": [d for p in artifact.permissions for d in p.decisions],
        "reasons": obstacles(artifact.reasons),
    }


def _rollback_targets(input: Input, facts: RollbackFacts) -> list[dict[str, Any]]:
    return [
        {
            "rank": f"{n:06}",
            "artifact": each.artifact,
            "version": each.version,
            "allowed": each.allowed,
            "basis": basis.value if (basis := weakest(each.permissions)) else None,
            "deprecated": each.is_deprecated,
            "undoneBy": each.undone_by,
            "decisions": [d for p in each.permissions for d in p.decisions],
            "ranItself": bool(each.runs),
            "lastRan": each.last_ran,
            "hoursWell": round(each.went_well.total_seconds() / 3600, 2),
            "incidents": each.incidents,
            "openIncidents": list(each.open),
            "remarks": list(each.remarks),
            "reasons": obstacles(each.reasons),
        }
        for n, each in enumerate(facts.targets)
        if not _is_recalled(each.reasons)
    ]


def _compare(input: Input, facts: ComparisonFacts) -> list[dict[str, Any]]:
    comparison = compared(input, facts)
    if not isinstance(comparison, Comparison):
        raise Undecidable(comparison)
    return [comparison.answer()]


def _standing(input: Input) -> dict[str, Any]:
    """The candidate's releases, or how it would stand in a line that is named."""
    pair = {"version": input["candidate"], "line": input.get("line")}
    return {"version": input["candidate"], "candidates": [pair] if pair["line"] else []}


class NamedFactsRow(Row, frozen=True):
    """A row of `cypher/actions/named_facts.cypher`: when a node was first suspected."""

    id: str
    at: str


@dataclass(frozen=True)
class SuspectsFacts(DecisionFacts):
    """What happened, what was on record of robots meanwhile, and what they ran was made from."""

    occurrence: list[OccurrenceFactsRow]
    robot_history: list[RobotHistoryFactsRow]
    group_history: list[GroupHistoryFactsRow]
    build_history: list[BuildHistoryFactsRow]
    upstream: list[UpstreamFactsRow]
    named: list[NamedFactsRow]


def _interval(input: Input) -> dict[str, Any]:
    selection = input["about"].get("selection") or {}
    return {"from": selection.get("from") or EARLIEST, "to": selection.get("to") or LATEST}


def _selection(input: Input, occurrences: Iterable[OccurrenceFactsRow]) -> Selection:
    raised = input["about"].get("incident")
    if raised is None:
        asked = input["about"]["selection"]
        return Selection(asked.get("category"), asked.get("severity"), asked.get("place"))
    incident = next((o for o in occurrences if o.id == raised), None)
    if incident is None:
        raise Undecidable([unknown("about.incident", raised, "name an incident that is no false alarm and no duplicate")])
    return Selection(incident.category, raised=raised)


def _suspects(input: Input, facts: SuspectsFacts) -> list[dict[str, Any]]:
    asked = _interval(input)
    if asked["from"] >= asked["to"]:
        message = "about.selection.to: the interval ends before it begins"
        raise Undecidable([Reason("INVALID_INPUT", message, "give a later moment as `to`, or an earlier one as `from`")])
    where = Whereabouts(
        {row.id: row for row in facts.group_history},
        {row.id: row for row in facts.build_history},
        milliseconds(asked["from"]),
        milliseconds(min(asked["to"], facts.now)),
    )
    told = history((robot for row in facts.robot_history for robot in row.robots), where)
    named = {row.id: row.at for row in facts.named}
    found = explain(_selection(input, facts.occurrence), facts.occurrence, told, Upstream(facts.upstream), named)
    return [
        {
            "standing": found.standing,
            "needed": found.needed,
            "suspects": list(found.rows),
            "incidents": found.incidents,
            "episodes": found.episodes,
            "hours": found.hours,
            "unsureHours": found.unsure_hours,
            "apart": list(found.apart),
            "unseenRobots": len(found.unseen),
            "unseen": list(found.unseen[:UNSEEN]),
            "tests": found.tests,
            "dispersion": found.dispersion,
            "overdispersed": found.overdispersed,
            "caveats": list(CAVEATS),
        }
    ]


def _recalled(input: Input) -> Mapping[str, Any]:
    try:
        return recall_plan.asks(Subject.of(input["of"]))
    except ValueError as error:
        raise Undecidable([Reason("INVALID_INPUT", str(error), "name a node, a toolchain, a customer or a setting")]) from None


def _recall_plan(input: Input, facts: RecallPlanFacts) -> list[dict[str, Any]]:
    row = planned(input, facts)
    if isinstance(row, Reason):
        raise Undecidable([row])
    return [row]


def _recall_items(input: Input, facts: RecallItemFacts) -> list[dict[str, Any]]:
    if facts.begun.recall is None:
        raise Undecidable([unknown("recall", input["recall"])])
    return [told(input, facts)]


def _packs(input: Input) -> dict[str, Any]:
    document = input["document"]
    return {"lines": list(dict.fromkeys(input["lines"])), "packs": packs_of(document), "covering": covers(document)}


INQUIRIES: tuple[Inquiry[Any], ...] = (
    Inquiry("simulate_policy", PolicyFacts, _simulate, _packs),
    Inquiry("missing_for_approval", ReleaseFacts, _missing),
    Inquiry("buildable", BuildableFacts, _buildable, lambda input: {"hardware": input["target"]}),
    Inquiry("eligible", DeploymentFacts, _eligible, lambda input: {"on": input["place"]}),
    Inquiry("permitted", DeploymentFacts, _permitted, lambda input: {"intent": input["deployment"]}),
    Inquiry("compare", ComparisonFacts, _compare, _standing),
    Inquiry("rollback_targets", RollbackFacts, _rollback_targets, lambda input: {"on": input["place"]}),
    Inquiry("suspects", SuspectsFacts, _suspects, _interval),
    Inquiry("recall_plan", RecallPlanFacts, _recall_plan, _recalled),
    Inquiry("recall_items", RecallItemFacts, _recall_items, lambda input: {"now": input["at"]} if input.get("at") else {}),
)
"""Every question whose answer is a decision."""
