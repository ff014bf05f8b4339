"""The recalls that stand, and what they name by lineage: a thing itself, or something that it descends from.

From the moment a recall stands, what it names may run nowhere. It begins and ends no interval of `domain.permitted` and changes
no state: `cypher/rules/recalled.cypher` says the same of what runs already. Lineage that is told later counts as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from forebear.domain.outcome import Reason
from forebear.domain.standing import RecallRow, UpstreamRow

RECALLED = "RECALLED"


def ways(thing: str, upstream: Iterable[UpstreamRow]) -> dict[RecallRow, tuple[str, ...]]:
    """Return the recalls that stand and name a thing by lineage, each with the way from the thing to what it names.

    The way is the shortest and, of several, the first by its ids.
    """
    rows = {row.id: row for row in upstream}
    found: dict[RecallRow, tuple[str, ...]] = {}
    reached: set[str] = set()
    round: Sequence[tuple[str, ...]] = [(thing,)]
    while round:
        further: list[tuple[str, ...]] = []
        for way in round:
            row = rows.get(way[-1])
            if row is None or row.id in reached:
                continue
            reached.add(row.id)
            for recall in row.recalls:
                if recall.stands:
                    found.setdefault(recall, way)
            further += [(*way, source) for source in row.sources]
        round = sorted(further)
    return found


def recalled(thing: str, upstream: Iterable[UpstreamRow]) -> Reason | None:
    """Return the reason that a thing may run nowhere, because recalls that stand name it by lineage; None if none does."""
    named = ways(thing, upstream)
    if not named:
        return None
    ends = "; ".join(f'forebear recall end {recall.id} --reason "…"' for recall in named)
    return Reason(
        RECALLED,
        "; ".join(_message(thing, recall, way) for recall, way in named.items()),
        f"use what does not descend from {_subjects(named)}, or have an APPROVER end the recall: {ends}",
    )


def _message(thing: str, recall: RecallRow, way: Sequence[str]) -> str:
    through = f", through {' → '.join(way)}" if len(way) > 1 else ""
    return f"{recall.id} recalls {thing} since {recall.valid_from}, as it recalls {recall.subject} ({recall.reason}){through}"


def _subjects(named: Mapping[RecallRow, object]) -> str:
    return " and ".join(dict.fromkeys(recall.subject for recall in named))
