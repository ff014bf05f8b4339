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
    """Registers versions of one model, promoted from checkpoints, as candidates in release lines. Forebear refuses a version
    that lacks what a line's policy asks of a candidate, and names everything that is missing. A known version gets a release
    in each line where it has none. You may say once what nobody said of the version before, until it is approved in any line.
    Votes for it then lapse, and its evidence stands. Evidence that exists already counts at once."""

    versions: list[Fact] = prop("The versions, with the checkpoints that they come from.", names=("ModelVersion",))
    lines: list[str] = prop(
        "The release lines. With none, the versions are known and have no release yet.", names=("ReleaseLine",)
    )
    reason: str | None = prop("A reason, or any remark. It is kept in the audit trail.", default=None, length=PROSE)


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
