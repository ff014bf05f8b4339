"""The GraphQL documents that the commands send and, for every question, the one that asks for all of its answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from forebear.graph.declaration import Graph, Kind
from forebear.graph.query.header import Column, RowType
from forebear.graph.query.question import Question

LINEAGE = """query($of: ID!, $direction: LineageDirection!, $depth: Int!, $first: Int!, $asKnownAt: DateTime) {
  lineage(of: $of, direction: $direction, maxDepth: $depth, first: $first, asKnownAt: $asKnownAt) {
    nodes { node { id name described } depth hidden }
    edges { source target type properties }
    counts { kind count }
    total
    truncated
  }
}"""

IMPACT = """query($of: ID!, $kinds: [Kind!], $first: Int!, $at: DateTime, $asKnownAt: DateTime) {
  impact(of: $of, kinds: $kinds, first: $first, at: $at, asKnownAt: $asKnownAt) {
    totalCount
    truncated
    nodes { node { id kind name } via path { id } }
  }
}"""

PATHS = """query($from: ID!, $to: ID!, $length: Int!, $first: Int!, $asKnownAt: DateTime) {
  paths(from: $from, to: $to, maxLength: $length, first: $first, asKnownAt: $asKnownAt) {
    paths {
      length
      nodes {
        id
        name
        ... on Deployment { deploymentState: state validTo }
        ... on Installation { validTo }
        ... on Artifact { artifactState: state }
      }
      edges { source target type validTo }
    }
    truncated
  }
}"""

COMPARE = """query($candidate: ID!, $base: ID, $line: ID) {
  compare(candidate: $candidate, base: $base, line: $line) {
    base { id } candidate { id } line { id } basis
    metrics {
      pack metric slice target unit direction base candidate baseTrials candidateTrials baseEvidence candidateEvidence
      difference low high confidence method margin verdict reason
    }
    field { of robotHours incidents perThousandHours low high }
    policy { requirement passed code message remedy }
    missing { code message remedy }
    changes { category subject change before after causes words }
    attribution
    explanation
    witnesses { version differsFrom change shows }
    intervals
    wrongByChance
    remarks
  }
}"""

SUSPECTS = """query($about: SuspectsAbout!) {
  suspects(about: $about) {
    standing
    needed
    episodes
    hours
    unsureHours
    tests
    dispersion
    overdispersed
    unseenRobots
    apart { id }
    caveats
    suspects {
      rank
      standing
      names { dimension value }
      incidentsWith
      hoursWith
      incidentsWithout
      hoursWithout
      strata
      adjustedP
      rateRatio
      low
      high
      confoundedWith { dimension value }
      needed
      path
      robots
      robotsWithIncidents
    }
  }
}"""

DESCRIBED = "query($ids: [ID!]!) { nodes(ids: $ids) { id described } }"
"""Whether nodes are on record, or only named by others."""

KNOWN_AT = "2026-01-01T00:00:00Z"
"""Any moment. The statement is the same for each."""

ASKED_ABOUT = ("DatasetVersion", "ModelVersion")
"""For a question about any kind of node, the kinds that most questions are about."""

SENT: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "lineage": (LINEAGE, {"direction": "UPSTREAM", "depth": 50, "first": 100}),
    "impact": (IMPACT, {"first": 100}),
    "paths": (PATHS, {"length": 50, "first": 5}),
}
"""The documents of commands of their own, with variables besides the ids."""


@dataclass(frozen=True)
class AskedQuestion:
    """How a question is asked: the document, the names of its variables, and where in the data its answer is."""

    document: str
    arguments: tuple[str, ...]
    path: tuple[str, ...]


def document(question: Question, graph: Graph) -> str:
    """Return the document that asks a question for all of its answer."""
    return asked(question, graph).document


def asked(question: Question, graph: Graph) -> AskedQuestion:
    """Return how a question is asked for all of its answer.

    One about nodes is about `$id`, of the first of its kinds.
    """
    types, row = {}, _selection(question, question.row, graph)
    for p in question.parameters:
        named = f"[{p.type.name}!]" if p.type.many else p.type.name
        types[p.name] = f"{named}!" if p.type.required and p.default is None else named
    types |= {"first": "Int"} if question.paged else {}
    types |= {"at": "DateTime"} if question.timed else {}
    passed = [*types]
    types |= {} if question.timeless else {"asKnownAt": "DateTime"}
    selected = f"totalCount {'truncated ' if question.bounded else ''}nodes {{ {row} }}" if question.paged else row
    path: tuple[str, ...] = (question.field_name,)
    if not question.on:
        field = f"{question.field_name}{_passed([*types])} {{ {selected} }}"
    else:
        types = {"id": "ID!", **types}
        kind = question.on[0]
        path = (f"{kind[0].lower()}{kind[1:]}", *path)
        around = f"{path[0]}{_passed(['id', *([] if question.timeless else ['asKnownAt'])])}"
        field = f"{around} {{ {question.field_name}{_passed(passed)} {{ {selected} }} }}"
    declared = ", ".join(f"${name}: {type}" for name, type in types.items())
    return AskedQuestion(f"query({declared}) {{ {field} }}", tuple(types), path)


def _passed(names: list[str]) -> str:
    return f"({', '.join(f'{name}: ${name}' for name in names)})" if names else ""


def _selection(question: Question, row: RowType, graph: Graph) -> str:
    return " ".join(c.name + _below(question, c, graph) for c in row.columns)


def _below(question: Question, column: Column, graph: Graph) -> str:
    if part := question.types.get(column.type.name):
        return f" {{ {_selection(question, part, graph)} }}"
    return " { id name }" if _is_node(column, graph) else ""


def _is_node(column: Column, graph: Graph) -> bool:
    return not column.type.is_enum and (column.type.name in graph.kinds or column.type.name == "Node")


def _nobody(kind: Kind) -> str:
    return f"{kind.prefix}:nobody{'@0' if kind.versioned else ''}"


def likely_queries(question: Question, graph: Graph) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Return the likely forms of a question: documents, each with variables of ids that nobody has.

    Their statement depends on the kinds of the ids, and on whether the question is about former knowledge.
    """
    ids = {p.name: p.type.kinds or ASKED_ABOUT for p in question.parameters if p.type.name == "ID" and p.type.required}
    ids |= {"id": question.on[:1]} if question.on else {}
    text = {p.name: "nobody" for p in question.parameters if p.type.name == "String" and p.type.required}
    for i in range(max(map(len, ids.values()), default=1)):
        ids_of_nobody = {name: _nobody(graph.kinds[kinds[i % len(kinds)]]) for name, kinds in ids.items()}
        for moments in ({},) if question.timeless else ({}, {"asKnownAt": KNOWN_AT}):
            yield document(question, graph), {**ids_of_nobody, **text, **moments}
            if question.name in SENT:
                sets, more = SENT[question.name]
                yield sets, {**ids_of_nobody, **more, **moments}
