"""Where a version stands in its release lines, and by which decisions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.api.questions.asking import Asking, Row


def approval(asking: Asking) -> Iterator[Row]:
    view = asking.view
    for release in view.origins([asking.subject], "OF", "Release"):
        approving = view.ends([release], "APPROVED_BY")
        decisions = view.origins([release], "ABOUT", "Decision")
        decisions.sort(key=lambda decision: (view.get(decision, "decidedAt") or "", decision.id))
        yield Row(
            (release.id,),
            {
                "release": release,
                "line": view.end(release, "IN_LINE"),
                "approved": bool(approving),
                "decisions": [
                    {
                        "decision": decision,
                        "approves": decision in approving,
                        "policies": view.ends([decision], "UNDER"),
                        "evidence": view.ends([decision], "CITES"),
                        "packs": view.ends(view.ends([decision], "CITES"), "MEASURED_WITH"),
                    }
                    for decision in decisions
                ],
            },
        )


def state_at(asking: Asking) -> dict[str, Any]:
    view = asking.view
    taken = [
        (view.get(decision, "decidedAt"), decision.id, decision)
        for decision in view.origins([asking.subject], "ABOUT", "Decision")
        if view.get(decision, "state") is not None
    ]
    before = [found for found in taken if found[0] is not None and found[0] <= view.time.at]
    since, _, decision = max(before, default=(None, "", None))
    return {"state": view.get(decision, "state") if decision else None, "since": since, "decision": decision}
