"""The release policy: the document that says what a release line asks of a version before robots may run it.

`parse` reads it from what YAML or JSON gave. It refuses what is misspelt, missing or contradictory, and names the path of each
mistake. docs/reference/policy.md explains the language.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field, Strict, StrictBool, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from forebear.domain.clause import Clause, InvalidPolicy, Mistake, Moment, Text, number, suggestion
from forebear.domain.cover import Covers
from forebear.domain.evidence import Pack
from forebear.domain.outcome import Reason
from forebear.domain.part import REMEDIES, Part, expanded
from forebear.domain.requirement import NoRegression, Requirement
from forebear.domain.roles import Role
from forebear.domain.rollout import Canary, Rollout
from forebear.domain.sample import against
from forebear.graph.complaint import complaint, meant
from forebear.graph.kinds.release import Direction, RiskTier

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

CANDIDATE_INCOMPLETE = "CANDIDATE_INCOMPLETE"
"""The code of a refusal because a candidate lacks lineage that the policy asks for."""


class Approvals(Clause):
    """Who approves a release, and how many votes it needs."""

    count: Annotated[int, Strict(), Field(ge=1, le=20)] = Field(default=1, description="The number of distinct voters.")
    roles: Annotated[tuple[Role, ...], Field(min_length=1)] = Field(
        default=(Role.APPROVER,), description="A person must have had one of these roles when voting."
    )
    self_approval: StrictBool = Field(default=False, description="Whether the vote of the actor who registered it counts.")
    by_trainer: StrictBool = Field(default=False, description="Whether the vote of an actor who trained it counts.")
    trusted_machines: tuple[Text, ...] = Field(
        default=(),
        description="The names of the machines whose votes count, whatever their roles. No other machine's vote counts.",
    )


class StandingRule(StrEnum):
    """What a new policy does to existing approvals."""

    KEEP = "KEEP"
    GRACE = "GRACE"
    REAPPROVE = "REAPPROVE"


class StandingApprovals(Clause):
    """What happens to approvals of earlier policies when this one takes effect."""

    rule: StandingRule = Field(
        description="KEEP: they hold. GRACE: they hold until a moment. REAPPROVE: they are "
        "stale as soon as this policy takes effect."
    )
    until: Moment | None = Field(default=None, description="With GRACE, the moment from which they are stale.")

    @model_validator(mode="before")
    @classmethod
    def _from_rule(cls, value: Any) -> Any:
        return {"rule": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _until_with_grace(self) -> Self:
        if self.rule is StandingRule.GRACE and self.until is None:
            raise InvalidPolicy([Mistake("until", "GRACE needs the moment until which approvals hold")])
        if self.rule is not StandingRule.GRACE and self.until is not None:
            raise InvalidPolicy([Mistake("until", f"{self.rule} has no moment: leave out until, or make rule GRACE")])
        return self


class Policy(Clause):
    """What a release line asks of a version before robots may run it."""

    risk_tier: RiskTier = Field(description=f"How much can go wrong in the line, of {', '.join(RiskTier)}.")
    candidate: tuple[Part, ...] = Field(default=(), description=f"What a candidate must carry, of {', '.join(Part)}.")
    evidence: tuple[Requirement, ...] = Field(default=(), description="What must be measured, and how good it must be.")
    no_regression: tuple[NoRegression, ...] = Field(
        default=(), description="What must not be worse than for the version that is deployed in the line."
    )
    covers: Covers | None = Field(
        default=None,
        description="Which incidents of the line have to be in evaluation packs that the version passes. Without it, none.",
    )
    approvals: Approvals = Field(default=Approvals(), description="Whose votes approve it.")
    automatic_promotion: StrictBool = Field(
        default=False,
        description="Whether the policy approves it without votes as soon as its evidence suffices. Only for riskTier LOW.",
    )
    rollout: Rollout | None = Field(
        default=None, description="What has to be observed before a version reaches a whole fleet. Without it, nothing."
    )
    protected_aliases: Annotated[tuple[Text, ...], Field(min_length=1)] | None = Field(
        default=None, description="The aliases of a model, such as champion, that may only point at a version that is approved."
    )
    standing_approvals: StandingApprovals = Field(
        description="What happens to approvals of earlier policies when this one takes effect."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if mistakes := [*_repeated(self), *_impossible(self), *_unattended(self)]:
            raise InvalidPolicy(mistakes)
        return self

    @property
    def packs(self) -> frozenset[str]:
        """The ids of the packs that it names."""
        return frozenset(rule.pack for rule in (*self.evidence, *self.no_regression))

    def document(self) -> dict[str, Any]:
        """Return the policy as JSON with its defaults, so that it means the same when defaults change."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


def parse(document: object) -> Policy:
    """Return the policy that a document says. Raises `InvalidPolicy` with every mistake."""
    try:
        return Policy.model_validate(document)
    except ValidationError as error:
        raise InvalidPolicy(_mistakes(error)) from None


def packs_of(document: object) -> list[str]:
    """Return the packs that a policy names, as far as its document can be read."""
    try:
        return sorted(parse(document).packs)
    except InvalidPolicy:
        return []


def covers(document: object) -> bool:
    """Return whether a policy asks to cover incidents, as far as its document can be read."""
    try:
        return parse(document).covers is not None
    except InvalidPolicy:
        return False


def check_against(policy: Policy, packs: Mapping[str, Pack]) -> tuple[Mistake, ...]:
    """Return a mistake for each metric, slice or pack that the packs, by id, do not define."""
    rules: list[tuple[str, Requirement | NoRegression]] = [(f"evidence.{i}", r) for i, r in enumerate(policy.evidence)]
    rules += [(f"noRegression.{i}", r) for i, r in enumerate(policy.no_regression)]
    return tuple(mistake for path, each in rules for mistake in _undefined(path, each, packs))


def missing_of_candidate(policy: Policy, carried: Iterable[str], command: str | None = None) -> tuple[Reason, ...]:
    """Return what the policy asks of a candidate and `carried` lacks. `command` adds PART, a missing one, to the version."""
    has = expanded(Part(name) for name in carried)
    return tuple(
        Reason(
            CANDIDATE_INCOMPLETE,
            f"the candidate carries no {part}, which the policy asks for",
            REMEDIES.get(part) or (command.replace("PART", part) if command else f"register the version with its {part}"),
        )
        for part in expanded(policy.candidate)
        if part not in has
    )


def standing_after(policy: Policy, now: str) -> str | None:
    """Return the moment from which earlier approvals are stale once `policy` takes effect at `now`; None: never.

    If a grace has passed when the policy takes effect, they are stale from then on, not before: a policy does not reach back.
    """
    rule = policy.standing_approvals
    if rule.rule is StandingRule.KEEP:
        return None
    return max(now, rule.until) if rule.until else now


def _repeated(policy: Policy) -> Iterator[Mistake]:
    lists: tuple[tuple[str, Iterable[object]], ...] = (
        ("candidate", policy.candidate),
        ("approvals.roles", policy.approvals.roles),
        ("approvals.trustedMachines", policy.approvals.trusted_machines),
        ("evidence", ((*r.key, r.minimum is None) for r in policy.evidence)),
        ("noRegression", (r.key for r in policy.no_regression)),
    )
    for path, items in lists:
        first: dict[object, int] = {}
        for i, item in enumerate(items):
            if first.setdefault(item, i) != i:
                yield Mistake(f"{path}.{i}", f"repeats {path}.{first[item]}: keep one of the two")


def _impossible(policy: Policy) -> Iterator[Mistake]:
    for i, low in enumerate(policy.evidence):
        for j, high in enumerate(policy.evidence):
            if low.minimum is not None and high.maximum is not None and low.key == high.key and low.minimum > high.maximum:
                yield Mistake(
                    f"evidence.{i}.minimum",
                    f"{low.what} cannot be at least {number(low.minimum)} and, by evidence.{j}.maximum, "
                    f"at most {number(high.maximum)}",
                )


def _unattended(policy: Policy) -> Iterator[Mistake]:
    """Return the mistakes by which a version would reach robots with nobody, or nothing, to answer for it."""
    approvals = policy.approvals
    if policy.automatic_promotion:
        path = "automaticPromotion"
        if policy.risk_tier is not RiskTier.LOW:
            yield Mistake(path, f"riskTier is {policy.risk_tier}; only a policy of riskTier LOW promotes by itself")
        if not policy.evidence:
            yield Mistake(path, "evidence asks for nothing, so nothing would be promoted for a reason")
        if approvals.count > 1:
            yield Mistake(path, f"approvals.count asks for {approvals.count} votes and a promotion needs none: take one away")
    if policy.risk_tier is not RiskTier.LOW and len(approvals.trusted_machines) >= approvals.count:
        yield Mistake(
            "approvals.trustedMachines",
            f"with approvals.count {approvals.count} machines alone could approve; only riskTier LOW lets them",
        )


def _undefined(path: str, rule: Requirement | NoRegression, packs: Mapping[str, Pack]) -> Iterator[Mistake]:
    pack = packs.get(rule.pack)
    if pack is None:
        yield Mistake(f"{path}.pack", f"{rule.pack} is not known" + meant(rule.pack, packs))
        return
    if rule.slice is not None and rule.slice not in pack.slices:
        yield Mistake(
            f"{path}.slice", f"{pack.id} defines no slice {rule.slice!r}" + suggestion(rule.slice, sorted(pack.slices))
        )
    if rule.metric not in pack.metrics:
        yield Mistake(f"{path}.metric", f"{pack.id} defines no metric {rule.metric!r}" + suggestion(rule.metric, pack.metrics))
        return
    unit, direction = pack.metrics[rule.metric]
    if rule.confidence is not None and (cannot := against(pack.statistics.get(rule.metric), rule.metric, unit)):
        yield Mistake(f"{path}.confidence", f"{cannot.message}: {cannot.remedy}")
    if isinstance(rule, NoRegression):
        if direction is None:
            yield Mistake(f"{path}.metric", f"{pack.id} does not say which way {rule.metric} is better, so nothing compares")
    elif rule.minimum is not None and direction == Direction.LOWER_IS_BETTER:
        yield Mistake(f"{path}.minimum", f"{rule.metric} of {pack.id} is better the lower it is: did you mean maximum?")
    elif rule.maximum is not None and direction == Direction.HIGHER_IS_BETTER:
        yield Mistake(f"{path}.maximum", f"{rule.metric} of {pack.id} is better the higher it is: did you mean minimum?")


_SECTIONS: Mapping[str, type[Clause]] = {
    "evidence": Requirement,
    "noRegression": NoRegression,
    "covers": Covers,
    "approvals": Approvals,
    "rollout": Rollout,
    "rollout.canary": Canary,
    "standingApprovals": StandingApprovals,
}


def _mistakes(error: ValidationError) -> Iterator[Mistake]:
    for e in error.errors(include_url=False):
        path = ".".join(map(str, e["loc"]))
        cause = e.get("ctx", {}).get("error")
        if isinstance(cause, InvalidPolicy):
            yield from (Mistake(".".join(filter(None, (path, m.path))), m.message) for m in cause.mistakes)
        else:
            yield Mistake(path, _message(e))


def _message(e: ErrorDetails) -> str:
    if e["type"] != "extra_forbidden":
        return complaint(e)
    *parents, name = e["loc"]
    model = _SECTIONS.get(".".join(part for part in parents if isinstance(part, str)), Policy)
    names = [to_camel(name) for name in model.model_fields]
    return f"{name!r} is not known" + suggestion(str(name), names)
