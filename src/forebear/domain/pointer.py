"""Aliases and stages: what points at a model's versions, since when and until when. They approve nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from forebear.domain.case import Case
from forebear.domain.case import case as case_of
from forebear.domain.clause import InvalidPolicy
from forebear.domain.outcome import Connect, Disconnect, Effect, Reason, Ruling, Update
from forebear.domain.reference import unknown
from forebear.domain.release import missing_for_approval
from forebear.domain.standing import PolicyRow, Row, StandingFactsRow
from forebear.domain.tagging import lines_of
from forebear.graph.kinds.model import Stage

ALIAS_PROTECTED = "ALIAS_PROTECTED"
INVALID_ALIAS = "INVALID_ALIAS"
CANNOT_ARCHIVE = "CANNOT_ARCHIVE"

ALIAS = 255
"""The longest alias, in characters."""


class PointerRow(Row, frozen=True):
    """An alias or a stage that a version has now."""

    name: str
    version: str
    valid_from: str


class PointedModelRow(Row, frozen=True):
    """The model whose versions aliases and stages point at."""

    id: str
    described: bool = False
    tags: str | None = None


class PointedVersionRow(Row, frozen=True):
    """The version, the models that it is a version of, and the lines that it stands in."""

    id: str
    described: bool = False
    models: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


class PointerFactsRow(Row, frozen=True):
    """The row of `cypher/actions/pointer_facts.cypher`. `lines` are those that any version of the model stands in."""

    model: PointedModelRow | None = None
    version: PointedVersionRow | None = None
    aliases: tuple[PointerRow, ...] = ()
    stages: tuple[PointerRow, ...] = ()
    lines: tuple[str, ...] = ()

    @property
    def concerned(self) -> tuple[str, ...]:
        """The lines whose policies may protect an alias of the version: its own or, if it stands in none, the model's."""
        own = self.version.lines if self.version else ()
        named = lines_of(self.model.tags) if self.model else None
        return own or tuple(sorted({*self.lines, *(named or ())}))


def invalid_alias(alias: str) -> str | None:
    """Return what is wrong with an alias that is to be set, in the words of MLflow, or None."""
    if not alias:
        return "Registered model alias name cannot be empty."
    if not re.fullmatch(r"[\w\-]+", alias):
        allowed = "Names may only contain alphanumerics, underscores (_), and dashes (-)."
        return f"Invalid alias name: '{alias}'. {allowed}"
    if len(alias) > ALIAS:
        return f"'Registered model alias name' exceeds the maximum length of {ALIAS} characters"
    if alias.lower() == "latest":
        return "'latest' alias name (case insensitive) is reserved."
    if re.fullmatch(r"[vV]\d+", alias):
        return f"Version alias name '{alias}' is reserved."
    return None


@dataclass(frozen=True)
class Pointing:
    """Something that is to point at another version of a model, or at none."""

    model: str
    version: str | None
    row: PointerFactsRow
    now: str

    def aliased(self, alias: str, standing: Sequence[StandingFactsRow]) -> Ruling:
        """Point an alias at the version, or at none. A policy may allow it for approved versions only."""
        reasons = [*self._unknown()]
        if self.version is not None:
            if wrong := invalid_alias(alias):
                reasons.append(Reason(INVALID_ALIAS, f"alias: {wrong}", "give another alias"))
            if not reasons:
                reasons += self._protected(alias, standing)
        if reasons:
            return Ruling(self.model, reasons=tuple(reasons))
        effects: list[Effect] = []
        for held in self.row.aliases:
            if held.name == alias and held.version == self.version:
                return Ruling(self.model)
            if held.name == alias:
                effects += self._ended("aliasIn", "alias", held)
        if self.version is not None:
            effects.append(Connect(self.version, "aliasIn", self.model, {"alias": alias, "validFrom": self.now}))
        return Ruling(self.model, tuple(effects), told_by=self.model)

    def staged(self, stage: Stage | None, *, archive: bool) -> Ruling:
        """Give the version another stage, or none. `archive`: the others in that stage become ARCHIVED.

        A version that is DELETED stays so, and no alias points at it.
        """
        assert self.version is not None
        reasons = [*self._unknown()]
        if archive and stage not in (Stage.STAGING, Stage.PRODUCTION):
            message = "archiveOthers: only versions in STAGING or PRODUCTION give way to another"
            reasons.append(Reason(CANNOT_ARCHIVE, message, "leave it out"))
        if reasons:
            return Ruling(self.model, reasons=tuple(reasons))
        moves: dict[str, Stage | None] = {self.version: stage}
        if archive and stage is not None:
            moves |= {p.version: Stage.ARCHIVED for p in self.row.stages if p.name == stage and p.version != self.version}
        effects = [effect for version, after in sorted(moves.items()) for effect in self._moved(version, after)]
        if stage is Stage.DELETED:
            for held in self.row.aliases:
                if held.version == self.version:
                    effects += self._ended("aliasIn", "alias", held)
        return Ruling(self.model, (*effects, Update(self.model, {"updatedAt": self.now})), told_by=self.model)

    def _moved(self, version: str, stage: Stage | None) -> Iterator[Effect]:
        held = next((p for p in self.row.stages if p.version == version), None)
        yield Update(version, {"updatedAt": self.now})
        if held is not None and held.name == stage:
            return
        if held is not None:
            yield from self._ended("stagedIn", "stage", held)
        if stage is not None:
            yield Connect(version, "stagedIn", self.model, {"stage": stage.value, "validFrom": self.now})

    def _ended(self, edge: str, name: str, held: PointerRow) -> list[Effect]:
        """End what points at a version. That it pointed there stays on record."""
        identity = {name: held.name, "validFrom": held.valid_from}
        return [
            Disconnect(held.version, edge, self.model, identity),
            Connect(held.version, edge, self.model, {**identity, "validTo": self.now}),
        ]

    def _unknown(self) -> Iterator[Reason]:
        if self.row.model is None or not self.row.model.described:
            yield unknown("model", self.model)
        elif self.version is not None:
            version = self.row.version
            deleted = any(p.name == Stage.DELETED and p.version == self.version for p in self.row.stages)
            if version is None or not version.described or self.model not in version.models or deleted:
                yield unknown("version", self.version, f"name a version of {self.model} that is not deleted")

    def _protected(self, alias: str, standing: Sequence[StandingFactsRow]) -> Iterator[Reason]:
        """Explain which policies keep the alias from a version that is not approved, and what its approval needs."""
        for row in standing:
            if row.line is None or row.policy is None or row.candidate != self.version or not _protects(row.policy, alias):
                continue
            case = case_of(row, self.now)
            if case is None or not _approved(case):
                stands = "has no release there" if case is None else f"is {'stale' if case.is_stale else case.release.state}"
                message = (
                    f"{row.policy.id} lets {alias} point only at what is approved in {row.line.id}, and {self.version} {stands}"
                )
                remedy = "register it there and have it approved" if case is None else f"have {case.release.id} approved"
                yield Reason(ALIAS_PROTECTED, message, remedy)
            if case is not None:
                yield from missing_for_approval(case)


def _protects(row: PolicyRow, alias: str) -> bool:
    try:
        return alias in (row.policy().protected_aliases or ())
    except InvalidPolicy:
        # Nothing can be approved under it either.
        return False


def _approved(case: Case) -> bool:
    return case.is_approved and not case.is_stale and case.recalled is None
