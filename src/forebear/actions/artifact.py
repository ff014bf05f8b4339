"""The verbs about artifacts: builds of model versions for hardware targets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from forebear.actions.action import Action, Given, Inquiry
from forebear.actions.cases import cases
from forebear.actions.release import standing_of
from forebear.domain import artifact, release
from forebear.domain.artifact import Build, Ground
from forebear.domain.case import Case, case
from forebear.domain.outcome import Reason, Update, Verdict
from forebear.domain.release import DECISIONS, By
from forebear.domain.roles import Actor, refusal_within
from forebear.graph.declaration import PROSE, Fact, Value, prop
from forebear.graph.kinds.release import ArtifactState

ARTIFACT = ("Artifact",)


class RegisterArtifact(Value):
    """Registers a build of a model version for a hardware target. Its id is the digest of its content. The build is
    AVAILABLE, which needs an approval in a release line for that hardware. Without one, register it as EVALUATION_ONLY.
    Register it again once its version is approved, and it becomes AVAILABLE. If robots reported the artifact before, it keeps
    its installations. Do not say what authorises it: Forebear finds that."""

    artifact: Fact = prop("The artifact.", names=ARTIFACT)
    reason: str | None = prop("A reason, or any remark. It is kept in the audit trail.", default=None, length=PROSE)


class QuarantineArtifact(Value):
    """Forbids the use of an artifact. Nobody can deploy it any more, and measurements on it count no more. What runs of it
    goes on, and shows as drift. To go on, register another build."""

    artifact: str = prop("The artifact.", names=ARTIFACT)
    reason: str = prop("The reason. It is kept in the audit trail.", length=PROSE)


class DeleteArtifact(Value):
    """Records that an artifact's content is gone. Its record stays. Forebear refuses this while a deployment of the artifact
    is not over."""

    artifact: str = prop("The artifact.", names=ARTIFACT)
    reason: str = prop("The reason. It is kept in the audit trail.", length=PROSE)


def permission_of(**given: str | None) -> dict[str, Any]:
    """The parameters of `permission_facts`."""
    return {"version": None, "artifact": None, "intent": None, "place": None, "hardware": None} | given


def build(given: Given) -> Build:
    """The one artifact that `artifact_facts` were asked for."""
    return next((b for b in given.rows("artifact", Build) if b.artifact), Build())


def _registering(given: Mapping[str, Any]) -> dict[str, Any]:
    fact = given["artifact"]
    asked = permission_of(artifact=fact["id"], version=fact.get("builtFrom"))
    return {"target": fact.get("target"), **asked}


def _register(given: Given) -> Verdict:
    fact, known = given.input["artifact"], build(given)
    (ground,) = given.rows("build", Ground)
    target = fact.get("target") or (known.target.id if known.target else None)
    found = cases(given, "permission")
    if forbidden := _beyond_all(given.actor, "registerArtifact", found, target):
        return Verdict(fact["id"], reasons=(forbidden,))
    mine = [c for c in found if given.actor.lines is None or c.line.id in given.actor.lines or c.line.target != target]
    verdict = artifact.register(fact, given.described(fact), ground, known, mine, given.now)
    # What it is called is a matter of every line that it is for.
    renamed = any(isinstance(effect, Update) for effect in verdict.effects)
    if renamed and (forbidden := refusal_within(given.actor, "registerArtifact", _lines_for(target, found))):
        return Verdict(fact["id"], reasons=(forbidden,))
    return verdict


def _beyond_all(actor: Actor, verb: str, found: Iterable[Case], target: str | None) -> Reason | None:
    """Why somebody whose writes are limited to lines may not add an artifact: it is for none of them.

    One of them suffices: what it may be used for in others is decided there.
    """
    lines = _lines_for(target, found)
    return refusal_within(actor, verb, lines) if actor.lines is not None and not lines & actor.lines else None


def _lines_for(target: str | None, found: Iterable[Case]) -> set[str]:
    """The lines for a hardware target; where nothing says for which an artifact is, all lines of its version."""
    return {c.line.id for c in found if target is None or c.line.target == target}


def _taking_away(name: str, input: type[Value], decide: Callable[[str, Build, str], Verdict], into: ArtifactState) -> Action:
    """A verb after which an artifact's measurements count no more, so that its version's releases are evaluated anew."""

    def decided(given: Given) -> Verdict:
        id, known = given.input["artifact"], build(given)
        found = cases(given)
        verdict = decide(id, known, given.now)
        if verdict.reasons or not verdict.effects:
            return verdict
        by = By(given.actor, given.now, given.input["reason"], given.new_ids("decision", DECISIONS * len(found)))
        after = [release.evaluate(_without(c, id, into), by.on(n)) for n, c in enumerate(found)]
        # It is taken from every line that it is for, and from those whose releases were measured on it.
        lines = _lines_for(known.target.id if known.target else None, found)
        lines |= {c.line.id for c, v in zip(found, after, strict=True) if v.effects}
        if forbidden := refusal_within(given.actor, name, lines):
            return Verdict(id, reasons=(forbidden,))
        return Verdict(id, (*verdict.effects, *(effect for v in after for effect in v.effects)))

    def asks(given: Mapping[str, Any]) -> dict[str, Any]:
        return standing_of(artifact=given["artifact"], compared=True) | {"intent": None, "place": None}

    return Action(name, input, ("standing", "artifact"), decided, asks)


def _without(found: Case, artifact: str, state: ArtifactState) -> Case:
    """A case as it is once an artifact is not to be used."""
    replace = msgspec.structs.replace
    evidence = [replace(e, artifact_state=state) if e.artifact == artifact else e for e in found.standing.built_evidence]
    after = case(replace(found.standing, built_evidence=evidence), found.now)
    assert after is not None
    return after


def _buildable(given: Given) -> list[dict[str, Any]]:
    (ground,) = given.rows("build", Ground)
    return [
        {
            "rank": f"{n:06}",
            "release": p.case.release.id,
            "target": given.input["target"],
            "basis": p.basis.value,
            "decisions": list(p.decisions),
        }
        for n, p in enumerate(artifact.buildable(ground.target, cases(given, "permission")))
    ]


ACTIONS = (
    Action("registerArtifact", RegisterArtifact, ("permission", "build", "artifact"), _register, _registering),
    _taking_away("quarantineArtifact", QuarantineArtifact, artifact.quarantine, ArtifactState.QUARANTINED),
    _taking_away("deleteArtifact", DeleteArtifact, artifact.delete, ArtifactState.DELETED),
)

INQUIRIES = (
    Inquiry(
        "buildable",
        ("permission", "build"),
        _buildable,
        lambda given: permission_of(hardware=given["target"]) | {"target": given["target"]},
    ),
)
