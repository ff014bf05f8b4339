"""The verb by which versions become candidates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from forebear.actions.action import Action, Given
from forebear.actions.release import standing_of
from forebear.domain.candidate import Candidate, Grounds, Registration, model_of
from forebear.domain.outcome import Verdict
from forebear.domain.release import DECISIONS, By
from forebear.domain.roles import refusal
from forebear.domain.standing import Standing
from forebear.graph.declaration import PROSE, Fact, Value, prop
from forebear.graph.ids import release_id


class RegisterCandidate(Value):
    """Makes versions of one model, promoted from checkpoints, candidates in release lines; refused, with all that is missing,
    where one does not carry what a line's policy asks of a candidate. A version that is known gets a release where it has none.
    What was never said of it may be said once, until it is approved in any line; votes for it lapse, and its evidence stands.
    Evidence that there is already counts at once."""

    versions: list[Fact] = prop("The versions, with what they come from.", names=("ModelVersion",))
    lines: list[str] = prop(
        "The release lines; with none, the versions are known and stand nowhere yet.", names=("ReleaseLine",)
    )
    reason: str | None = prop("What there is to say about it.", default=None, length=PROSE)


def _decide(given: Given) -> Verdict:
    lines = list(dict.fromkeys(given.input["lines"]))
    candidates = [Candidate(document, given.described(document)) for document in given.input["versions"]]
    (grounds,) = given.rows("candidate", Grounds)
    standings = given.rows("standing", Standing)
    ids = given.new_ids("decision", DECISIONS * (len(candidates) * len(lines) + 2 * len(standings)))
    by = By(given.actor, given.now, given.input.get("reason"), ids)
    registration = Registration(candidates, lines, grounds, standings, by)
    if forbidden := refusal(given.actor, "registerCandidate", {*lines, *registration.lines_amended}):
        return Verdict(registration.subject, reasons=(forbidden,))
    return registration.verdict()


def _asks(given: Mapping[str, Any]) -> dict[str, Any]:
    """What the facts statements take: all that the versions name, and the releases that they are to have."""
    versions, lines = given["versions"], given["lines"]
    pairs = [{"version": v["id"], "line": line} for v in versions for line in lines]
    return {
        **standing_of(candidates=pairs, completed=[v["id"] for v in versions if v.keys() - {"kind", "id"}]),
        "versions": [v["id"] for v in versions],
        "lines": lines,
        "models": [model_of(v) for v in versions],
        "checkpoints": _ends(versions, "promotedFrom"),
        "experiments": _ends(versions, "justifiedBy"),
        "superseded": _ends(versions, "supersedes"),
        "releases": [release_id(pair["version"], pair["line"]) for pair in pairs],
    }


def _ends(documents: Iterable[Mapping[str, Any]], edge: str) -> list[str]:
    return [str(end) for document in documents for end in document.get(edge) or ()]


ACTIONS = (Action("registerCandidate", RegisterCandidate, ("candidate", "standing"), _decide, _asks),)
