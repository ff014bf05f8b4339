"""The verb by which what was said wrongly is put right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forebear.actions.action import Action, Given
from forebear.actions.artifact import build
from forebear.actions.cases import cases
from forebear.actions.release import standing_of
from forebear.domain.correction import Correction
from forebear.domain.outcome import Reason, Verdict
from forebear.domain.release import DECISIONS, By
from forebear.domain.roles import refusal_within
from forebear.graph.amendment import corrected
from forebear.graph.declaration import PROSE, Json, Value, prop
from forebear.graph.ids import Ids
from forebear.graph.kinds import GRAPH

_IDS = Ids(GRAPH)


class Correct(Value):
    """Corrects values of a model version or an artifact. The former values stay known. If a digest or the interface of a
    version changes, no approval and no vote of it holds any more. If a digest changes, no evidence does either."""

    of: str = prop("The version or artifact to correct.", names=("ModelVersion", "Artifact"))
    values: Json = prop("The corrected values by property. A null takes a value away.")
    reason: str = prop("The reason. It is kept in the audit trail.", length=PROSE)


def _decide(given: Given) -> Verdict:
    id, said = given.input["of"], given.input["values"]
    kind = GRAPH.kinds[_IDS.kind(id)]
    if not isinstance(said, Mapping):
        return Verdict(id, reasons=(Reason("INVALID_INPUT", "values: expected an object", "give the values by property"),))
    values, wrong = corrected(kind, said)
    if wrong:
        invalid = (Reason("INVALID_INPUT", text, "correct the field and try again") for text in wrong)
        return Verdict(id, reasons=tuple(invalid))
    found = cases(given)
    known = build(given)
    stored = known.artifact.values if known.artifact and known.is_registered else given.facts["correction"][0]["stored"]
    if stored is not None and (forbidden := refusal_within(given.actor, "correct", {c.line.id for c in found})):
        return Verdict(id, reasons=(forbidden,))
    by = By(given.actor, given.now, given.input["reason"], given.new_ids("decision", DECISIONS * len(found)))
    return Correction(id, kind, values, stored, found, by).verdict()


def _asks(given: Mapping[str, Any]) -> dict[str, Any]:
    is_version = _IDS.kind(given["of"]) == "ModelVersion"
    version, artifact = (given["of"], None) if is_version else (None, given["of"])
    return standing_of(version=version, artifact=artifact, compared=True) | {"place": None, "intent": None}


ACTIONS = (Action("correct", Correct, ("correction", "standing", "artifact"), _decide, _asks),)
