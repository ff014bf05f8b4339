"""The meaning of GraphQL fields in the graph: the rules that the compiler follows.

Every field that can be compiled has one of these. The compiler knows no field by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from forebear.graph.declaration import Edge, Kind, Property
from forebear.graph.query.header import Column
from forebear.graph.query.question import Question


@dataclass(frozen=True)
class PropertyField:
    """A property of a node or an edge. `kept`: Forebear keeps it for every node, described or not."""

    property: Property
    kept: bool = False


class NodeField(Enum):
    """A fact about a node's place in the graph."""

    ID = "id"
    KIND = "kind"
    DESCRIBED = "described"


@dataclass(frozen=True)
class NeighbourField:
    """The one node at the other end of an edge."""

    edge: Edge


@dataclass(frozen=True)
class ConnectionField:
    """The nodes at the other end of edges, as a connection."""

    edge: Edge
    incoming: bool


@dataclass(frozen=True)
class KindField:
    """All nodes of a kind, as a connection."""

    kind: Kind


@dataclass(frozen=True)
class LookupField:
    """One node by id. `required`: an unknown id is an error; otherwise it is null."""

    kinds: tuple[str, ...]
    required: bool


@dataclass(frozen=True)
class LookupsField:
    """Several nodes by their ids, in the order of the ids, null where unknown."""


@dataclass(frozen=True)
class QuestionField:
    """The answer of a hand-written question."""

    question: Question


@dataclass(frozen=True)
class ColumnField:
    """A column of a question's row."""

    column: Column


class ConnectionPart(Enum):
    """A part of a connection."""

    EDGES = "edges"
    NODES = "nodes"
    PAGE_INFO = "pageInfo"
    TOTAL_COUNT = "totalCount"
    TRUNCATED = "truncated"


class EdgePart(Enum):
    """A part of an edge of a connection, besides its properties."""

    NODE = "node"
    CURSOR = "cursor"


class PagePart(Enum):
    """A part of a page's description."""

    HAS_NEXT = "hasNextPage"
    HAS_PREVIOUS = "hasPreviousPage"
    START = "startCursor"
    END = "endCursor"


Rule = (
    PropertyField
    | NodeField
    | NeighbourField
    | ConnectionField
    | KindField
    | LookupField
    | LookupsField
    | QuestionField
    | ColumnField
    | ConnectionPart
    | EdgePart
    | PagePart
)


def must_exist(rule: Rule) -> bool:
    """Return whether a null in a field's place is an error, because the subject of the question is unknown."""
    if isinstance(rule, QuestionField):
        return not rule.question.on
    return isinstance(rule, LookupField) and rule.required
