"""The documents about nodes: all of one, the state of some, and a model version with its lineage and its approvals."""

from __future__ import annotations

from forebear.graph.declaration import Edge, Graph, Json, Kind, Property

SPAN = ("validFrom", "validTo")
"""The interval that nodes and edges may have."""

DESCRIBED = "query($ids: [ID!]!) { nodes(ids: $ids) { id described } }"
"""Asks which of some nodes are described."""

AFTERWARDS = """query($ids: [ID!]!) { nodes(ids: $ids) { id
  ... on Decision { type verdict about { nodes { version { id releases { nodes { state line { id } } } } } } }
  ... on Deployment { deployment: state validFrom }
  ... on Artifact { artifact: state }
  ... on Recall { subject validFrom validTo votesMissing } } }"""
"""Asks for the current state of what an action changed."""

VERSION = """query($id: ID!) { node(id: $id) { ... on ModelVersion {
  id kind name description described labels owners { name onCall } imported recordedAt recordedBy source
  weightsDigest uri license createdAt parameters model { id name }
  sensors actionSpace rateHz memoryMib robotSoftware normalizationDigest actionSpaceDigest controllerDigest
  evidence(first: 100, orderBy: {field: measuredAt, direction: DESC}) { totalCount nodes {
    id type measuredAt measurements { metric slice value unit sampleSize } supersededBy(first: 1) { nodes { id } }
  } }
  provenance {
    truncated checkpoints { id } runs { id status seed configuration metrics }
    trainedOn { dataset { id name } weight role run { id } } ancestors { id }
    curation { id } code { id } environments { id } compute { id name } models { id }
  }
  justification { experiments { id name hypothesis decision rationale } trainedIn { id name } }
  approval(first: 100) { nodes {
    release { id state } line { id name } approved
    decisions {
      decision {
        id type verdict actor decidedAt reasons
        checks { requirement threshold measured slice evidence passed message }
      }
      approves policies { id }
    }
  } }
  artifacts(first: 100) { nodes { id state format precision target { id } } }
  running(first: 1000) { totalCount nodes {
    basis authorizedOn deployment { id } robots { id } fleets { id } sites { id } customers { id }
  } }
  history(first: 100) { nodes { at event node { id name } places { id } } }
} } }"""


def document_of(graph: Graph, kind: str) -> str:
    """Return the GraphQL document that asks for all of a node of a kind."""
    declared = graph.kinds[kind]
    fields = " ".join(map(_selection, declared.properties.values()))
    edges = " ".join(_edge_selection(graph, e, e.name, one=e.one, incoming=False) for e in declared.edges)
    backs = " ".join(_edge_selection(graph, e, e.back, one=False, incoming=True) for e in graph.back_edges(kind))
    return (
        f"query($id: ID!) {{ node(id: $id) {{ ... on {kind} {{ "
        f"id kind described imported recordedAt recordedBy source {fields} {edges} {backs} }} }} }}"
    )


def page_of(kind: Kind) -> str:
    """Return the GraphQL document that asks for a page of the nodes of a kind, with the properties that fit in a row."""
    short = [p.name for p in kind.properties.values() if p.name not in ("description", "externalIds") and _fits(p)]
    arguments = {
        "first": "Int", "after": "String", "filter": f"{kind.name}Filter", "orderBy": f"{kind.name}Order",
        "at": "DateTime", "asKnownAt": "DateTime",
    }  # fmt: skip
    declared, passed = (", ".join(text.format(*each) for each in arguments.items()) for text in ("${}: {}", "{0}: ${0}"))
    return (
        f"query({declared}) {{ {kind.plural}({passed}) {{ totalCount nodes {{ id {' '.join(short)} }} "
        "pageInfo { hasNextPage endCursor } } }"
    )


def _fits(p: Property) -> bool:
    return p.value_type is None and p.type is not Json


def _selection(p: Property) -> str:
    members = p.value_type.members if p.value_type else ()
    return p.name + (f" {{ {' '.join(m.name for m in members)} }}" if members else "")


def _edge_selection(graph: Graph, edge: Edge, name: str, *, one: bool, incoming: bool) -> str:
    if one:
        return f"{name} {{ id name }}"
    ever = ", allTime: true" if edge.interval else ""
    carried = " ".join(p.name for p in edge.stored_properties)
    properties = " ".join(_telling(graph, edge, incoming=incoming))
    return f"{name}(first: 20{ever}) {{ totalCount edges {{ {carried} node {{ id name {properties} }} }} }}"


def _telling(graph: Graph, edge: Edge, *, incoming: bool) -> list[str]:
    """Return what to show of a node at the end of an edge besides its name: its state, its type, by whom and when."""
    kinds = (edge.source,) if incoming else edge.targets
    properties = graph.kinds[kinds[0]].properties.values() if len(kinds) == 1 else ()
    return [p.name for p in properties if p.is_enum or p.name in ("actor", "decidedAt", *SPAN)]
