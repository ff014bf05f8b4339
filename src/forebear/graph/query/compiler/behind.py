"""Questions about nodes of an answer, as statements of their own behind the one that finds the nodes."""

from __future__ import annotations

import re
from collections.abc import Callable

from forebear.graph.declaration import Kind
from forebear.graph.query.compiler.question import answer
from forebear.graph.query.compiler.selected import InvalidArgument, Selected
from forebear.graph.query.compiler.statement import Behind, Projection, ProjectNode, Statement, finish_each
from forebear.graph.query.compiler.time import Time
from forebear.graph.query.question import Question

_PARAMETER = re.compile(r"\$(\w+)")


def behind(
    around: Statement,
    projecting: Callable[[Statement], ProjectNode],
    s: Selected,
    question: Question,
    n: str,
    kind: Kind,
    time: Time,
) -> Projection:
    """Return what the statement around knows of node `n`, and have a statement behind it answer the question.

    `projecting` projects the nodes of a statement. Raises `InvalidArgument`.
    """
    if question.timeless and time.known:
        raise InvalidArgument(f"{s.key}: it is decided on what is on record now, so leave it out of what you ask asKnownAt")
    takes = question.taking.takes if question.taking else {}
    moments = {name: member for name, member in takes.items() if name == "at" or name in {p.name for p in question.parameters}}
    statement = Statement(around.graph, around.dialect, around.ids)
    inner = Time("$at", "$known" if time.known else None, time.told or "at" in moments)
    m = statement.name("n")

    def identified() -> Projection:
        row, finish = answer(statement, projecting(statement), s, question, m, inner)
        return f"{m}{{`~id`: id, `~row`: {row}}}", finish_each({"~row": finish} if finish else {})

    row, finish = statement.returned(identified)
    text = f"UNWIND $ids AS id MATCH ({m}:{kind.name} {{id: id}}) WHERE true{row}"
    used = {*_PARAMETER.findall(text)}
    inherited = {"at": time.at[1:], "known": (time.known or "")[1:]}
    decided_on = next((name for name, member in takes.items() if member == "id"), "") if question.decided else None
    around.behind.append(
        Behind(
            statement.compiled(text, finish),
            {name: outer for name, outer in inherited.items() if name in used and name not in moments},
            tuple(name for name in moments if name in used),
            (question.name, decided_on) if decided_on is not None else None,
        )
    )
    reads = {name: around.once(n, time.read(n, kind.properties[moments[name]])) for name in moments if name in used}
    members = {"behind": str(len(around.behind) - 1), "id": around.once(n, f"{n}.id"), **reads}
    return f"{{{', '.join(f'{name}: {text}' for name, text in members.items())}}}", None
