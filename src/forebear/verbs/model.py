"""The verbs by which people name, number, describe and find models and versions. None of them approves anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec

from forebear.domain.candidate import Candidate, CandidateFactsRow, Registration
from forebear.domain.naming import Naming, NamingFactsRow, model_id
from forebear.domain.outcome import Ruling, Update
from forebear.domain.pointer import PointerFactsRow, Pointing
from forebear.domain.reference import unknown
from forebear.domain.release import DECISIONS, Decider
from forebear.domain.standing import Row, StandingFactsRow
from forebear.domain.tagging import TaggedFactsRow, TaggedRow, annotated, by_key, lines_of, listed
from forebear.graph.declaration import PROSE, prop
from forebear.graph.ids import release_id
from forebear.graph.kinds.model import Stage, Tag
from forebear.verbs.verb import DecisionFacts, Rows, Verb

REGISTRARS = "ENGINEER"
POINTERS = "ENGINEER APPROVER OPERATOR"


@dataclass(frozen=True)
class NamingFacts(DecisionFacts):
    """Who has a name, and the model that is to have it."""

    naming: NamingFactsRow


class NameModel(Verb[NamingFacts], roles=REGISTRARS):
    """Gives a model a name in another system, such as MLflow. A name leads to one model. A model that had another name there
    loses it, and keeps its id, versions and releases. Without a model, a new one gets the name. Without a name, the model's
    name there ends, and whoever gets it later is another model."""

    system: str = prop("The other system, such as mlflow.", length=100)
    name: str | None = prop("The name.", default=None)
    model: str | None = prop("The model. By default a new one.", default=None, names=("Model",))
    description: str | None = prop("What there is to say about a new model.", default=None, length=PROSE)
    tags: list[Tag] | None = prop("The tags of a new model.", default=None)
    reason: str | None = prop("A reason, or any remark. It is kept in the audit trail.", default=None, length=PROSE)

    @property
    def _naming(self) -> Naming:
        return Naming(self.system, self.name, self.model, {"description": self.description, "tags": self.tags})

    def asks(self) -> dict[str, Any]:
        """The name as an external id, and the id that a new model would get."""
        external = self._naming.external_id
        fresh = model_id(self.name) if self.name and self.model is None else None
        return {"externalIds": [external] if external else [], "fresh": fresh}

    def decide(self, facts: NamingFacts) -> Ruling:
        """Name it, if the actor may write to the lines that the model's versions stand in."""
        if forbidden := self.refusal(facts.actor, facts.naming.lines):
            return Ruling(self.model or "", reasons=(forbidden,))
        return self._naming.ruling(facts.naming, facts.now)


@dataclass(frozen=True)
class TaggedFacts(DecisionFacts):
    """The tags of what is described anew."""

    tagged: TaggedFactsRow


class Annotate(Verb[TaggedFacts], roles=REGISTRARS):
    """Describes and tags a model or a version. Tags that it has and that you do not name stay as they are. The model's tag
    forebear.lines names the release lines in which versions that somebody registers in MLflow become candidates."""

    of: str = prop("The model or the version.", names=("Model", "ModelVersion"))
    description: str | None = prop("What there is to say about it. By default it stays as it is.", default=None, length=PROSE)
    tags: list[Tag] | None = prop("Tags that it gets. Each replaces the tag of the same key.", default=None)
    untag: list[str] | None = prop("The keys of tags that it loses.", default=None)
    reason: str | None = prop("A reason, or any remark. It is kept in the audit trail.", default=None, length=PROSE)

    def asks(self) -> dict[str, Any]:
        """The model or the version."""
        return {"model": None, "version": self.of} if "@" in self.of else {"model": self.of, "version": None}

    def decide(self, facts: TaggedFacts) -> Ruling:
        """Describe it, if the actor may write to the lines that it stands in."""
        if forbidden := self.refusal(facts.actor, facts.tagged.lines):
            return Ruling(self.of, reasons=(forbidden,))
        return annotated(self.of, facts.tagged, self.description, self.tags or (), self.untag or (), facts.now)  # type: ignore[arg-type]


class NumberingFactsRow(Row, frozen=True):
    """The row of `cypher/actions/numbering_facts.cypher`."""

    highest: int
    model: TaggedRow | None = None


@dataclass(frozen=True)
class VersionFacts(DecisionFacts):
    """The next number of a model's versions, the checkpoint, and the standing that the version's releases would have."""

    numbering: NumberingFactsRow
    candidate: CandidateFactsRow
    standing: list[StandingFactsRow]
    stepwise: ClassVar[bool] = True

    @classmethod
    def follows(cls, input: Mapping[str, Any], rows: Mapping[str, Rows]) -> Mapping[str, object]:
        """Everything else depends on the version's id, which holds the number."""
        if "numbering" not in rows or "candidate" in rows:
            return {}
        row = msgspec.convert(rows["numbering"][0], NumberingFactsRow)
        version, lines = _next(input["model"], row), _lines(row, input.get("lines"))
        return {
            "candidates": [{"version": version, "line": line} for line in lines],
            "completed": [],
            "versions": [version],
            "models": [input["model"]],
            "checkpoints": [input["checkpoint"]],
            "experiments": [],
            "superseded": [],
            "lines": lines,
            "releases": [release_id(version, line) for line in lines],
        }


def _next(model: str, row: NumberingFactsRow) -> str:
    return f"{model}@{row.highest + 1}"


def _lines(row: NumberingFactsRow, default: list[str] | None) -> list[str]:
    """Return the lines that a new version is for: those of the model's tag, else the default."""
    named = lines_of(row.model.tags) if row.model else None
    return list(dict.fromkeys(default or () if named is None else named))


class RegisterVersion(Verb[VersionFacts], roles=REGISTRARS):
    """Registers the next version of a model, as MLflow does: its number is one more than any version of the model ever had. It
    becomes a candidate in the lines that the model's tag forebear.lines names. It may lack what their policies ask of a
    candidate, since such a registration says little: missingForApproval names that, and registerCandidate adds it."""

    model: str = prop("The model.", names=("Model",))
    checkpoint: str = prop("The checkpoint that it is promoted from.", names=("Checkpoint",))
    uri: str | None = prop("Where it lies.", default=None)
    run_link: str | None = prop("Where people look at the run that it comes from.", default=None)
    description: str | None = prop("What there is to say about it.", default=None, length=PROSE)
    tags: list[Tag] | None = prop("Its tags.", default=None)
    labels: list[str] | None = prop("Free labels.", default=None)
    lines: list[str] | None = prop(
        "The release lines, if no tag of the model names any. By default none.", default=None, names=("ReleaseLine",)
    )
    reason: str | None = prop("A reason, or any remark. It is kept in the audit trail.", default=None, length=PROSE)

    def decide(self, facts: VersionFacts) -> Ruling:
        """Register it, if the actor may write to the lines that it is for."""
        row = facts.numbering
        if row.model is None or not row.model.described:
            return Ruling(self.model, reasons=(unknown("model", self.model),))
        lines = _lines(row, self.lines)
        if forbidden := self.refusal(facts.actor, lines):
            return Ruling(self.model, reasons=(forbidden,))
        document: dict[str, Any] = {
            "kind": "ModelVersion",
            "id": _next(self.model, row),
            "model": self.model,
            "createdAt": facts.now,
            "updatedAt": facts.now,
            "promotedFrom": [self.checkpoint],
        }
        said = {"uri": self.uri, "runLink": self.run_link, "description": self.description}
        said |= {"tags": listed(by_key(self.tags or ())), "labels": self.labels}  # type: ignore[arg-type,dict-item]
        document |= {name: value for name, value in said.items() if value}
        by = Decider(facts.actor, facts.now, self.reason, facts.new_ids("decision", DECISIONS * max(1, len(lines))))
        candidate = Candidate(document, facts.described(document))
        ruling = Registration([candidate], lines, facts.candidate, facts.standing, by, deferred=True).ruling()
        if ruling.reasons:
            return ruling
        return Ruling(ruling.subject, (*ruling.effects, Update(self.model, {"updatedAt": facts.now})))


@dataclass(frozen=True)
class PointerFacts(DecisionFacts):
    """What points at the versions of a model."""

    pointer: PointerFactsRow


@dataclass(frozen=True)
class AliasFacts(DecisionFacts):
    """What points at the versions of a model, and how the version stands in the lines whose policies may protect an alias."""

    pointer: PointerFactsRow
    standing: list[StandingFactsRow]
    stepwise: ClassVar[bool] = True

    @classmethod
    def follows(cls, input: Mapping[str, Any], rows: Mapping[str, Rows]) -> Mapping[str, object]:
        """The lines concerned are those of the version or of the model."""
        if "pointer" not in rows or (version := input.get("version")) is None:
            return {"version": None} if "pointer" in rows else {}
        row = msgspec.convert(rows["pointer"][0], PointerFactsRow)
        # The standing is that in these lines alone, and not that of all releases of the version.
        return {"version": None, "candidates": [{"version": version, "line": line} for line in row.concerned]}


class SetAlias(Verb[AliasFacts], roles=POINTERS):
    """Points an alias of a model, such as champion, at a version. What it pointed at before stays on record. An alias approves
    nothing. If a policy protects it, it may only point at a version that is approved."""

    model: str = prop("The model.", names=("Model",))
    alias: str = prop("The alias.")
    version: str | None = prop("The version. By default the alias ends.", default=None, names=("ModelVersion",))
    reason: str | None = prop("A reason, or any remark. It is kept in the audit trail.", default=None, length=PROSE)

    def decide(self, facts: AliasFacts) -> Ruling:
        """Point it there, if the actor may write to the lines that the model's versions stand in."""
        row = facts.pointer
        if forbidden := self.refusal(facts.actor, row.lines):
            return Ruling(self.model, reasons=(forbidden,))
        return Pointing(self.model, self.version, row, facts.now).aliased(self.alias, facts.standing)


class SetStage(Verb[PointerFacts], roles=POINTERS):
    """Gives a version a stage, as MLflow has them, or none. Its former stage stays on record. A stage approves nothing. DELETED
    hides the version from MLflow for good and ends its aliases, and its releases keep their standing."""

    model: str = prop("The model.", names=("Model",))
    version: str = prop("The version.", names=("ModelVersion",))
    stage: Stage | None = prop("The stage. By default none.", default=None)
    archive_others: bool | None = prop("Whether other versions in that stage become ARCHIVED.", default=None)
    reason: str | None = prop("A reason, or any remark. It is kept in the audit trail.", default=None, length=PROSE)

    def decide(self, facts: PointerFacts) -> Ruling:
        """Give it the stage, if the actor may write to the lines that the model's versions stand in."""
        row = facts.pointer
        if forbidden := self.refusal(facts.actor, row.lines):
            return Ruling(self.model, reasons=(forbidden,))
        return Pointing(self.model, self.version, row, facts.now).staged(self.stage, archive=bool(self.archive_others))
