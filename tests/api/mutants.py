"""What may be wrong: with the compiler, with statements, and with the statement of each question."""

from collections.abc import Mapping, Sequence
from typing import Any

from forebear.graph.query.compiler import page, time
from forebear.graph.query.compiler.filter import Filter
from forebear.graph.query.compiler.page import Rows
from forebear.graph.query.compiler.time import Time


def _without_position(statement: Any, arguments: Any, rows: Any) -> str:
    statement.bind(arguments, "after")
    return "true"


def _one_row_too_few(statement: Any, arguments: Any, extra: int) -> str:
    return LIMIT(statement, arguments, 0)


def _any_for_all(self: Filter, value: Mapping[str, Any], *rest: Any) -> str:
    swapped = {{"and": "or", "or": "and"}.get(name, name): operand for name, operand in value.items()}
    return FILTER(self, value if swapped.keys() == value.keys() else swapped, *rest)


LIMIT, FILTER, PATTERN = page.limit, Filter.condition, Time.pattern

COMPILERS: Mapping[str, tuple[Any, str, Any]] = {
    "no keyset condition": (page, "after", _without_position),
    "the page is not one row longer than asked": (page, "limit", _one_row_too_few),
    "any of several conditions, where all were asked": (Filter, "condition", _any_for_all),
    "no interval condition": (Time, "holds", lambda self, edge: "true"),
    "descending is ascending": (
        Rows, "ordering", property(lambda r: r.key if r.value is None else f"{r.value}, {r.key}"),
    ),
    "edges are not asked when they were known": (time, "known", lambda *a: "true"),
    "nodes are asked as they are, not as they were": (time, "state", lambda n, at="": n),
    "retracted nodes stand": (Time, "present", lambda self, n: f" WITH *, {n} AS {n}_then"),
    "a cursor without its key": (Rows, "cursor", property(lambda r: f"'{r.order}:'")),
    "a count of one row more": (Rows, "count", property(lambda r: f"COUNT {{ {r.head} RETURN 1 AS one }} + 1")),
    "edges are followed the other way": (
        Time, "pattern", lambda self, n, e, m, edge, incoming, *rest: PATTERN(self, n, e, m, edge, not incoming, *rest),
    ),
}  # fmt: skip

STATEMENTS: Mapping[str, tuple[str, str]] = {
    "not before": ("validFrom <= ", "validFrom > "),
    "either": (" AND ", " OR "),
    "no order": (r" WITH \* ORDER BY [^{}]*? LIMIT", " WITH * LIMIT"),
    "the other value": ("IS NULL", "IS NOT NULL"),
    "the last state": (r"v\.number < was\.number", "v.number > was.number"),
    "another property": (r"\.name\b", ".description"),
    "no retracted edge": (r"\|RETRACTED\]", "]"),
    "the second row": (r"\[0\]", "[1]"),
}
"""Patterns in a statement's text, and what is put in their place."""


PERMISSION: Sequence[tuple[str, str, str]] = (
    ("one fleet alone", "collect(DISTINCT around) AS fleets", "[collect(DISTINCT around)[0]] AS fleets"),
    ("an artifact of which nobody said that it may be used", "coalesce(told2.state = 'AVAILABLE', false)", "true"),
)
"""Of drift, what only worlds show in which robots are of several fleets."""


QUESTIONS: Mapping[str, Sequence[tuple[str, str, str]]] = {
    "approval": (
        ("followed the other way", "<-[about:ABOUT]-(decision", "-[about:ABOUT]->(decision"),
        ("in another order", "ORDER BY coalesce(decision.decidedAt, ''), decision.id", "ORDER BY decision.id"),
        ("any decision approves", "approves: EXISTS { MATCH (release)-[approved:APPROVED_BY]->(decision) WHERE true }",
         "approves: true"),
    ),
    "changes": (
        ("while it did not belong there", "any(span IN held WHERE span[0] <= at AND at <= span[1])", "true"),
        ("what ended was not before", "coalesce(new.before, old.before) AS before", "new.before AS before"),
        ("told by who recorded the node", "coalesce(unsaid.revisedBy, node.recordedBy)", "node.recordedBy"),
        ("begun by who ended it", "coalesce(first, turn.teller)", "turn.teller"),
    ),
    "drift": (
        ("only what may not run is drift", "coalesce(standing <> 'AS_INTENDED', stop IS NOT NULL) OR ", ""),
    ),
    "fleets_running": (
        ("what ended runs",
         "truncated OR (told.validFrom <= $at AND coalesce(told.validTo > $at, true))",
         "truncated OR told.validFrom <= $at"),
        ("seen is intended", "CASE WHEN thing:Deployment THEN thing END", "thing"),
        ("a path from somewhere else", "UNWIND between + nodes(path)", "UNWIND nodes(path)"),
    ),
    "history": (
        ("rolled back the other way", "(thing)<-[back:ROLLS_BACK]-(node", "(thing)-[back:ROLLS_BACK]->(node"),
        ("before it began", "since <= at AND", "true AND"),
        ("failures are ends", "THEN 'FAILED' ELSE", "THEN 'ENDED' ELSE"),
    ),
    "impact": (
        ("all is lineage", "BUILT_FROM|OF|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON*0..51 /* lineage */]-(node)",
         "BUILT_FROM|OF|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON*0..51 /* lineage and authority */]-(node)"),
        ("where it was once", "WHERE within.validFrom <= $at AND coalesce(within.validTo > $at, true)", "WHERE true"),
        ("it ends at the data", "steps + way + tail[1..]", "steps + way"),
        ("it reaches itself", "WHERE reached.id <> origin.id", "WHERE true"),
    ),
    "justification": (
        ("followed the other way", "-[justified:JUSTIFIED_BY]->", "<-[justified:JUSTIFIED_BY]-"),
        ("one edge too few", "(run:Run)-[part:PART_OF]->(experiment:Experiment) WHERE true", "(run:Run) WHERE false"),
    ),
    "lineage": (
        ("one step too few", "depth <= $maxDepth", "depth < $maxDepth"),
        ("not the nearest first", "ORDER BY depth, node.id LIMIT", "ORDER BY node.id LIMIT"),
        ("all is hidden", "WHERE NOT other IN shown", "WHERE true"),
    ),
    "lineage_diff": (
        ("the same moment twice", "as known at $from", "as known at $to"),
        ("it is upstream of itself", "WHERE node.id <> after.id", "WHERE true"),
        ("in no order", "coalesce(link.place, '')", "''"),
    ),
    "paths": (
        ("one way only",
         "(a)<-[:APPROVED_BY|BUILT_FROM|CITES|OF|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON*1..50 /* lineage and authority */]-(b)",
         "(a)-[:APPROVED_BY|BUILT_FROM|CITES|OF|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON*1..50 /* lineage and authority */]->(b)"),
        ("not the shortest first", "ORDER BY size(links), ", "ORDER BY "),
    ),
    "provenance": (
        ("it is another", " AND node.id <> version.id", ""),
        ("direct data is older data", "(node) WHERE true }\n", "(node) WHERE false }\n"),
        ("no weights", "weight: trained.weight", "weight: null"),
    ),
    "resolve": (
        ("by another property", "{weightsDigest: $digest}", "{uri: $digest}"),
        ("not by its id", "{id: 'artifact:' + $digest}", "{id: $digest}"),
    ),
    "running": (
        ("seen is intended", "THEN 'OBSERVED' WHEN", "THEN 'INTENDED' WHEN"),
        ("at its end", "coalesce(thing.validTo > $at, true)", "coalesce(thing.validTo >= $at, true)"),
    ),
    "search": (
        ("the worst first", "9999999 - toInteger(score * 1000)", "1000000 + toInteger(score * 1000)"),
        ("of any kind", "labels(node)[0] IN $kinds", "true"),
    ),
    "state_at": (
        ("the first decision", "ORDER BY found.decidedAt DESC", "ORDER BY found.decidedAt"),
        ("not yet at its moment", "found.decidedAt <= $at", "found.decidedAt < $at"),
    ),
    "what_was_running": (
        ("what nobody saw is unknown", "WHEN observed IS NULL THEN 'UNREPORTED'", "WHEN observed IS NULL THEN 'UNKNOWN'"),
        ("the oldest report", "ORDER BY installation2.validFrom DESC, installation2.id DESC LIMIT 1",
         "ORDER BY installation2.validFrom, installation2.id LIMIT 1"),
    ),
}  # fmt: skip
"""Of each question: what is wrong with a mutant, a text of the statement, and what is in its place; the plainest first."""
