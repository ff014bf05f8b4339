"""How the graph is declared: kinds of nodes, their properties, and the edges between them.

A kind is a class. Its docstring is its description, its annotated attributes made with `prop` are its
properties, its attributes made with `edge` are its outgoing edges:

    class Checkpoint(Node, prefix="checkpoint"):
        \"\"\"A training artifact.\"\"\"

        step: int = prop("Optimizer steps taken.")
        produced_by = edge(PRODUCED_BY, "Run", doc="The run that wrote it.", back="checkpoints", back_doc="…")

`Graph(kinds)` checks the whole and raises `DeclarationError`, naming the mistake. Everything else
(constraints, validation, statements, GraphQL types, reference) is derived from a `Graph`.
"""

from __future__ import annotations

import builtins
import re
import sys
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, StrEnum
from functools import cached_property
from typing import Any, NewType

Json = NewType("Json", object)
"""A free JSON document: a run's configuration, an environment's packages."""

Digest = NewType("Digest", str)
"""A digest of content; see `forebear.graph.digest` for its form."""

Long = NewType("Long", int)
"""A whole number of 64 bits. An `int` has the 32 of GraphQL's Int."""

Fact = NewType("Fact", object)
"""A fact of a kind, as an action takes it: the property's `names` say of which kind."""


LINE = 2_000
"""The longest text of a property that does not say otherwise, in characters. These are at most 8,000 bytes, and a key of an
index of Neo4j holds 8,167."""

PROSE = 20_000
"""The longest text that is to be read, such as a description or a reason, in characters."""

ITEMS = 1_000
"""The longest list of a property that does not say otherwise."""

ENDS = 10_000
"""The most edges of one kind that one fact may name, and the longest list of what there is much of."""


class DeclarationError(Exception):
    """The declaration contradicts itself; the message names the kind, the attribute and the mistake."""


class EdgeClass(StrEnum):
    """What following an edge means."""

    LINEAGE = "LINEAGE"
    """Made from: provenance follows it outwards, contamination inwards."""
    AUTHORITY = "AUTHORITY"
    """Allowed because of: a bad evaluation pack or a wrong policy reaches fleets through it."""
    CONTEXT = "CONTEXT"
    """Located, grouped, succeeded: never walked."""


class Change(StrEnum):
    """How a property may change once it is recorded."""

    IMMUTABLE = "IMMUTABLE"
    """Never, but by a correction; a differing fact is refused with both values."""
    APPENDED = "APPENDED"
    """By an appended revision, so that what was known before stays known."""
    TOLD = "TOLD"
    """As the world does: each value is kept with the moment from which it holds, and the newest is the present one."""
    UPDATED = "UPDATED"
    """Simply replaced, outside the guarantee of `asKnownAt`."""


class Standing(StrEnum):
    """Through which door a kind is written."""

    PLAIN = "PLAIN"
    """By facts."""
    SETTLED = "SETTLED"
    """By facts, which nothing takes back or corrects: decisions rest on it."""
    OBSERVED = "OBSERVED"
    """By facts that are never refused for want of permission: the world has already happened."""
    GOVERNED = "GOVERNED"
    """By actions alone; by facts only as imported history."""


@dataclass(frozen=True)
class EdgeType:
    """A relationship type of the graph and what following it means."""

    name: str
    edge_class: EdgeClass
    doc: str


@dataclass(frozen=True)
class Property:
    """One property of a kind or an edge: its name in the graph and in GraphQL, its type, how it may change."""

    name: str
    type: Any
    doc: str
    change: Change = Change.IMMUTABLE
    required: bool = False
    searchable: bool = False
    indexed: bool = False
    names: tuple[str, ...] = ()
    """Of ids: the kinds that they may name. Of facts: their kind."""
    identity: bool = False
    """Of an edge: whether edges between the same two nodes differ by it."""
    least: float | None = None
    most: float | None = None
    """Of numbers: the bounds, if it has any."""
    length: int = LINE
    """Of texts: how many characters it may have."""
    items: int = ITEMS
    """Of lists: how many items it may have."""
    after: str | None = None
    """Of the end of an interval: the property that is its beginning, which it must not lie before. Where both are the same
    moment, the interval is empty: it held at no moment."""
    ahead: bool = False
    """Of moments: whether it may be yet to come. By default it says when something has happened."""

    @property
    def told(self) -> str:
        """Where the values that were told of it are stored, in the order of the moments from which they hold."""
        return f"{self.name}Told"

    @property
    def since(self) -> str:
        """Where those moments are stored."""
        return f"{self.name}Since"

    @property
    def is_json(self) -> bool:
        """Whether it is stored as the text of a JSON document (free JSON, or a list of values)."""
        return self.type is Json or self.value_type is not None

    @property
    def value_type(self) -> builtins.type[Value] | None:
        """The declared `Value` of which this is a list, if it is one."""
        item = self.item_type
        return item if isinstance(item, type) and issubclass(item, Value) else None

    @property
    def item_type(self) -> Any | None:
        """The type of a list's items; `None` where the property is no list."""
        return typing.get_args(self.type)[0] if typing.get_origin(self.type) is list else None

    @property
    def is_fact(self) -> bool:
        """Whether it is a fact of a kind, or a list of such facts."""
        return (self.item_type or self.type) is Fact

    @property
    def is_enum(self) -> bool:
        """Whether its values are a closed set."""
        return isinstance(self.type, type) and issubclass(self.type, Enum)

    @property
    def is_orderable(self) -> bool:
        """Whether rows can be ordered by it."""
        return self.item_type is None and not self.is_json and self.type is not bool


@dataclass(frozen=True)
class Edge:
    """One kind of edge: from a source kind to one or more target kinds, named at both ends."""

    source: str
    name: str
    type: EdgeType
    targets: tuple[str, ...]
    doc: str
    back: str
    back_doc: str
    properties: tuple[Property, ...] = ()
    interval: bool = False
    one: bool = False

    @property
    def stored_properties(self) -> tuple[Property, ...]:
        """Its own properties and, where it has an interval, `validFrom` and `validTo`."""
        return (*self.properties, *(INTERVAL if self.interval else ()))

    @cached_property
    def identity(self) -> tuple[Property, ...]:
        """The properties by which edges between the same two nodes differ; none where there is one such edge at most."""
        return tuple(p for p in self.stored_properties if p.identity)

    @cached_property
    def vague(self) -> Property | None:
        """The property of its identity that a fact may leave out. An edge that lacks it is the only one of its kind there."""
        return next((p for p in self.identity if not p.required), None)


@dataclass(frozen=True)
class Kind:
    """A kind of node: its label, its id prefix, its properties and outgoing edges."""

    name: str
    doc: str
    prefix: str
    versioned: bool
    standing: Standing
    plural: str
    own_properties: tuple[Property, ...]
    edges: tuple[Edge, ...]
    reported_by: tuple[str, ...] = ()
    """The properties by whose values it is reported before it is described: each makes a placeholder, which it joins then."""
    one_by_name: bool = False
    """Whether what is recorded under an external id is the node that has it already, whatever its own id."""
    by_digest: bool = False
    """Whether the name in its ids is a digest, wherever it begins as one does."""

    @property
    def has_other_ids(self) -> bool:
        """Whether ids of nodes that it took the place of lead to it."""
        return bool(self.reported_by) or self.one_by_name

    @cached_property
    def properties(self) -> dict[str, Property]:
        """All properties by name: those of every node first, then its own."""
        return {p.name: p for p in (*COMMON, *self.own_properties)}

    @cached_property
    def guaranteed(self) -> tuple[Property, ...]:
        """The properties whose every value stays answerable `asKnownAt`: all but the simply updated."""
        return tuple(p for p in self.properties.values() if p.change is not Change.UPDATED)

    @cached_property
    def told(self) -> tuple[Property, ...]:
        """The properties that change in the world, whose every value is kept with the moment from which it holds."""
        return tuple(p for p in self.own_properties if p.change is Change.TOLD)

    @cached_property
    def kept(self) -> tuple[str, ...]:
        """The names under which guaranteed values are stored: those of the properties, and of what was told of them."""
        return (*(p.name for p in self.guaranteed), *(name for p in self.told for name in (p.told, p.since)))

    @cached_property
    def searchable(self) -> tuple[Property, ...]:
        """The properties that full-text search reads."""
        return tuple(p for p in self.properties.values() if p.searchable)


@dataclass(frozen=True)
class _PropertyMarker:
    doc: str
    change: Change
    default: Any
    searchable: bool
    indexed: bool
    names: tuple[str, ...]
    identity: bool
    bounds: Mapping[str, Any]


@dataclass(frozen=True)
class _EdgeMarker:
    type: EdgeType
    targets: tuple[str, ...]
    doc: str
    back: str
    back_doc: str
    properties: builtins.type[EdgeProperties] | None
    interval: bool
    one: bool


_REQUIRED: Any = object()


def prop(
    doc: str,
    *,
    change: Change = Change.IMMUTABLE,
    default: Any = _REQUIRED,
    searchable: bool = False,
    indexed: bool = False,
    names: tuple[str, ...] = (),
    identity: bool = False,
    **bounds: Any,
) -> Any:
    """A property: its description, how it may change, and `default=None` where a fact may leave it out.

    `names`: it is an id, or a list of ids, of these kinds; or a `Fact`, or a list of such, of this kind.
    `identity`: edges that differ by it are different edges, though they join the same two nodes. `bounds` are those of
    `Property`: `least` and `most` of numbers, `length` of texts, `items` of lists, `after` (an attribute beside it) and
    `ahead` of moments.
    """
    return _PropertyMarker(doc, change, default, searchable, indexed, names, identity, bounds)


def edge(
    type: EdgeType,
    *targets: str,
    doc: str,
    back: str,
    back_doc: str,
    properties: builtins.type[EdgeProperties] | None = None,
    interval: bool = False,
    one: bool = False,
) -> Any:
    """An outgoing edge: its type, the kinds it may lead to, and the name and description of its way back.

    `one`: a node has at most one such edge, so the field is a node and not a connection.
    `interval`: it holds for `[validFrom, validTo)`, and its `validFrom` is part of its identity.
    """
    return _EdgeMarker(type, targets, doc, back, back_doc, properties, interval, one)


class Value:
    """A structured value inside a list property, such as one measurement: a class of `prop` attributes."""

    members: tuple[Property, ...] = ()

    def __init_subclass__(cls) -> None:
        cls.members = _properties(cls)


class EdgeProperties:
    """The properties of an edge: a class of `prop` attributes."""

    members: tuple[Property, ...] = ()

    def __init_subclass__(cls) -> None:
        cls.members = _properties(cls)


class Node:
    """A kind of node: subclass it, one class a kind.

    `prefix` begins its ids; `versioned` kinds are named `prefix:name@version`; `plural` names its root
    connection in GraphQL (by default the kind's name with an `s`). `reported_by`, `one_by_name` and `by_digest` are as
    `Kind` has them.
    """

    kind: Kind

    def __init_subclass__(
        cls,
        *,
        prefix: str,
        versioned: bool = False,
        standing: Standing = Standing.PLAIN,
        plural: str | None = None,
        reported_by: tuple[str, ...] = (),
        one_by_name: bool = False,
        by_digest: bool = False,
    ) -> None:
        name = cls.__name__
        if not (cls.__doc__ or "").strip():
            raise DeclarationError(f"{name} has no docstring: say in one sentence what it is")
        if not re.fullmatch(r"[a-z][a-z-]*", prefix):
            raise DeclarationError(f"{name}: prefix {prefix!r} must be lower-case letters and dashes")
        edges = tuple(
            _edge(name, attribute, marker) for attribute, marker in vars(cls).items() if isinstance(marker, _EdgeMarker)
        )
        cls.kind = Kind(
            name=name,
            doc=_docstring(cls),
            prefix=prefix,
            versioned=versioned,
            standing=standing,
            plural=plural or name[0].lower() + name[1:] + "s",
            own_properties=_properties(cls),
            edges=edges,
            reported_by=reported_by,
            one_by_name=one_by_name,
            by_digest=by_digest,
        )
        if unknown := sorted({*reported_by} - {*cls.kind.properties}):
            raise DeclarationError(f"{name} is reported by {', '.join(unknown)}, which it does not have")


def camel(name: str) -> str:
    """`recorded_at` as `recordedAt`."""
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def _docstring(cls: type) -> str:
    return " ".join((cls.__doc__ or "").split())


def _edge(source: str, attribute: str, marker: _EdgeMarker) -> Edge:
    where = f"{source}.{attribute}"
    if not marker.targets:
        raise DeclarationError(f"{where} leads nowhere: name at least one target kind")
    if marker.one and (marker.interval or marker.properties):
        raise DeclarationError(f"{where} is one=True and cannot also have an interval or properties")
    return Edge(
        source=source,
        name=camel(attribute),
        type=marker.type,
        targets=marker.targets,
        doc=marker.doc,
        back=marker.back,
        back_doc=marker.back_doc,
        properties=marker.properties.members if marker.properties else (),
        interval=marker.interval,
        one=marker.one,
    )


_SCALARS = (str, int, float, bool, datetime, Long, Digest)

_BOUNDED: Mapping[str, tuple[Any, ...]] = {
    "least": (int, Long, float),
    "most": (int, Long, float),
    "length": (str,),
    "after": (datetime,),
    "ahead": (datetime,),
}
"""What has which bounds."""


def _properties(cls: type) -> tuple[Property, ...]:
    module = vars(sys.modules[cls.__module__])
    declared = []
    for attribute, annotation in vars(cls).get("__annotations__", {}).items():
        marker = vars(cls).get(attribute)
        if not isinstance(marker, _PropertyMarker):
            if attribute in ("kind", "members"):
                continue
            raise DeclarationError(f"{cls.__name__}.{attribute} is annotated but not made with prop(…)")
        try:
            resolved = eval(annotation, module) if isinstance(annotation, str) else annotation
        except NameError as error:
            raise DeclarationError(f"{cls.__name__}.{attribute}: {error}") from None
        declared.append(_property(cls.__name__, attribute, resolved, marker))
    for attribute, marker in vars(cls).items():
        if isinstance(marker, _PropertyMarker) and attribute not in vars(cls).get("__annotations__", {}):
            raise DeclarationError(f"{cls.__name__}.{attribute} has no type annotation")
    moments = {p.name for p in declared if p.type is datetime}
    for p in declared:
        if p.after is not None and p.after not in moments - {p.name}:
            raise DeclarationError(f"{cls.__name__}.{p.name} cannot lie after {p.after!r}, which is no moment beside it")
    return tuple(declared)


def _property(owner: str, attribute: str, annotation: Any, marker: _PropertyMarker) -> Property:
    where = f"{owner}.{attribute}"
    optional = typing.get_origin(annotation) in (types.UnionType, typing.Union)
    if optional:
        annotation = next(a for a in typing.get_args(annotation) if a is not type(None))
    required = marker.default is _REQUIRED
    if required and optional:
        raise DeclarationError(f"{where} may be None, so give it default=None")
    if not required and marker.default is not None:
        raise DeclarationError(f"{where}: the only default is None, for what a fact may leave out")
    listed = typing.get_origin(annotation) is list
    item = typing.get_args(annotation)[0] if listed else annotation
    held = (str, int, float, bool, Fact) if listed else (*_SCALARS, Json, Fact)
    if not (item in held or (isinstance(item, type) and issubclass(item, Value if listed else (StrEnum, Value)))):
        raise DeclarationError(f"{where}: {annotation!r} is no type that the graph can hold")
    if not listed and isinstance(item, type) and issubclass(item, Value):
        raise DeclarationError(f"{where}: a {item.__name__} is held in a list: list[{item.__name__}]")
    if isinstance(item, type) and issubclass(item, Enum) and any(m.name != m.value for m in item):
        raise DeclarationError(f"{where}: the members of {item.__name__} must be called as their values are")
    if marker.names and item not in (str, Fact):
        raise DeclarationError(f"{where} names {' or '.join(marker.names)}, so it must be a str, a Fact or a list of either")
    if item is Fact and len(marker.names) != 1:
        raise DeclarationError(f"{where} is a Fact, so it must name the one kind that it is of")
    if marker.identity and not (annotation is str or (isinstance(annotation, type) and issubclass(annotation, Enum))):
        raise DeclarationError(f"{where} is part of an edge's identity, so it must be a str or an enum")
    if marker.searchable and annotation is not str:
        raise DeclarationError(f"{where} is searchable, so it must be a str")
    if misplaced := [b for b in marker.bounds if not (listed if b == "items" else item in _BOUNDED.get(b, ()))]:
        raise DeclarationError(f"{where}: {annotation!r} has no bound {misplaced[0]!r}")
    bounds = dict(marker.bounds)
    if after := bounds.get("after"):
        bounds["after"] = camel(after)
    return Property(
        name=camel(attribute),
        type=annotation,
        doc=marker.doc,
        change=marker.change,
        required=required,
        searchable=marker.searchable,
        indexed=marker.indexed,
        names=marker.names,
        identity=marker.identity,
        **bounds,
    )


class Owner(Value):
    """Who answers for a node."""

    name: str = prop("A person or a team.")
    on_call: str | None = prop("Where to reach them now: an on-call link.", default=None)


INTERVAL = (
    Property(
        "validFrom", datetime, "Since when it holds; part of the edge's identity.", required=True, identity=True, ahead=True
    ),
    Property(
        "validTo",
        datetime,
        "Until when it held (exclusive); null while it holds.",
        Change.APPENDED,
        after="validFrom",
        ahead=True,
    ),
)
"""The properties of an edge that holds for a time."""

COMMON = (
    Property("name", str, "What people call it.", Change.UPDATED, searchable=True),
    Property("description", str, "What there is to say about it.", Change.UPDATED, searchable=True, length=PROSE),
    Property("labels", list[str], "Free labels.", Change.UPDATED),
    Property("owners", list[Owner], "Who answers for it.", Change.UPDATED),
    Property(
        "externalIds",
        list[str],
        "Its names in other systems, as `system:name`: an MLflow run, a Hugging Face revision. `resolve` finds it by any.",
        Change.UPDATED,
    ),
)
"""What every node may carry."""

KEPT = (
    Property("recordedAt", datetime, "When it was first recorded (transaction time).", indexed=True),
    Property("recordedBy", str, "Who recorded it."),
    Property("source", str, "Where the record came from."),
)
"""What Forebear keeps for each node and each edge."""

KEPT_OF_NODES = (
    *KEPT,
    Property("describedAt", datetime, "When its own fact arrived; null while only edges have named it."),
    Property("retractedAt", datetime, "When it was retracted; null while it stands."),
    Property("imported", bool, "Whether it is history from an older registry, not the outcome of an action."),
    Property("revision", int, "How many revisions its guaranteed properties have had."),
)
"""What Forebear keeps for each node besides its properties."""

RETRACTED = "RETRACTED"
"""The relationship type of edges that no longer hold, to our knowledge; their own type is in `type`."""

AS_OF = "asOf"
"""What a fact or a correction calls the moment from which its told values hold."""

REVISION = "Revision"
"""The label of revision records: what a node's guaranteed properties were before a change."""

REVISES = "REVISES"
"""From a revision record to the node it is about."""

EXTERNAL_ID = "ExternalId"
"""The label of external ids."""

IDENTIFIES = "IDENTIFIES"
"""From an external id to the node that it names."""

SAME_AS = "sameAs"
"""Of a node whose place another took, since both have one name: the other's id."""

AUDIT_ENTRY = "AuditEntry"
"""The label of audit entries: what one action or one batch of facts changed; entries of one subject form a hash chain."""

AUDIT_CHAIN = "AuditChain"
"""The label of a subject's chain of audit entries: how long it is, and the hash of its last entry."""

AUDIT_HEAD = "AuditHead"
"""The label of heads over all chains, which make a removed entry or chain visible; they form a chain themselves."""

OUTBOX_ENTRY = "OutboxEntry"
"""The label of what is still to be told to others, written in the transaction that it tells of."""

REQUEST = "Request"
"""The label of requests that carried an idempotency key, with their first outcome."""

IMPORT_MARK = "ImportMark"
"""The label of marks: what of a file was recorded last from its source, so that the same file again changes nothing."""

API_TOKEN = "ApiToken"
"""The label of API tokens, of which only a hash is kept."""

BOOKKEEPING: Mapping[str, frozenset[str]] = {
    REVISION: frozenset({"id", "number", "revisedAt", "revisedBy", "revisedFrom", "revisedFor", "changed"}),
    EXTERNAL_ID: frozenset({"id"}),
    AUDIT_ENTRY: frozenset(
        {"id", "subject", "number", "at", "by", "action", "reason", "request", "before", "after", "previous", "hash"}
    ),
    AUDIT_CHAIN: frozenset({"id", "length", "hash", "covered"}),
    AUDIT_HEAD: frozenset({"id", "number", "at", "chains", "entries", "grown", "previous", "hash"}),
    OUTBOX_ENTRY: frozenset({"id", "at", "event", "subject", "payload"}),
    REQUEST: frozenset({"id", "at", "digest", "outcome"}),
    IMPORT_MARK: frozenset({"id", "digest", "left", "undescribed"}),
    API_TOKEN: frozenset(
        {
            "id",
            "name",
            "hash",
            "roles",
            "lines",
            "machine",
            "createdAt",
            "createdBy",
            "expiresAt",
            "revokedAt",
            "revokedBy",
            "lastUsedAt",
        }
    ),
    RETRACTED: frozenset({"type", "retractedAt", "retractedBy", "retractedFor"}),
}
"""Labels and types that Forebear writes for itself, with the properties of their own."""

OWN_LABELS: tuple[str, ...] = tuple(label for label in BOOKKEEPING if label != RETRACTED)
"""The labels of nodes that Forebear writes for itself."""


_OWN_NAMES = frozenset({*BOOKKEEPING, "Retraction", "Correction", "Node", "Query", "Mutation"})
_OF_NODES = frozenset({"id", "kind", "described", "lock", SAME_AS, *(p.name for p in KEPT_OF_NODES), *BOOKKEEPING[REVISION]})
_OF_EDGES = frozenset({"id", "node", "cursor", *(p.name for p in (*KEPT, *INTERVAL)), *BOOKKEEPING[RETRACTED]})

_OF_AMENDMENTS = frozenset({"kind", "of", "edge", "to", "values", "reason"})


@dataclass(frozen=True, eq=False)
class Graph:
    """The whole declaration, checked: kinds by name and every edge between them.

    Raises `DeclarationError` where it contradicts itself.
    """

    kinds: Mapping[str, Kind]
    edges: tuple[Edge, ...] = field(init=False)
    edge_types: Mapping[str, EdgeType] = field(init=False)

    def __init__(self, nodes: Iterable[type[Node]]) -> None:
        kinds: dict[str, Kind] = {}
        for node in nodes:
            if node.kind.name in kinds:
                raise DeclarationError(f"two kinds are called {node.kind.name}")
            kinds[node.kind.name] = node.kind
        edges = tuple(e for kind in kinds.values() for e in kind.edges)
        object.__setattr__(self, "kinds", kinds)
        object.__setattr__(self, "edges", edges)
        object.__setattr__(self, "edge_types", {e.type.name: e.type for e in edges})
        self._check()

    def _check(self) -> None:
        self._check_kinds()
        for i, e in enumerate(self.edges):
            self._check_edge(e, self.edges[:i])
        for kind in self.kinds.values():
            self._check_names(kind)

    def _check_kinds(self) -> None:
        by_prefix: dict[tuple[str, bool], str] = {}
        by_plural: dict[str, str] = {}
        by_property: dict[str, tuple[bool, str]] = {}
        for kind in self.kinds.values():
            if kind.name in _OWN_NAMES:
                raise DeclarationError(f"{kind.name} is a name of Forebear's own")
            other = by_prefix.setdefault((kind.prefix, kind.versioned), kind.name)
            if other != kind.name:
                raise DeclarationError(f"{kind.name} and {other} share the id prefix {kind.prefix!r}")
            other = by_plural.setdefault(kind.plural, kind.name)
            if other != kind.name:
                raise DeclarationError(f"{kind.name} and {other} share the plural {kind.plural!r}")
            for p in kind.own_properties:
                if p.name in _OF_NODES or any(p.name == c.name for c in COMMON):
                    raise DeclarationError(f"{kind.name}.{p.name}: every node already has {p.name!r}")
                if p.identity:
                    raise DeclarationError(f"{kind.name}.{p.name}: a node's identity is its id")
                if p.change is Change.TOLD and (p.item_type is not None or p.required):
                    raise DeclarationError(f"{kind.name}.{p.name}: what is told is one value, and may be left out")
            if double := [name for name in kind.kept if kind.kept.count(name) > 1 or (kind.told and name == AS_OF)]:
                raise DeclarationError(f"{kind.name}.{double[0]}: what is told of its properties needs this name")
            for p in kind.guaranteed:
                is_json, other = by_property.setdefault(p.name, (p.is_json, kind.name))
                if is_json != p.is_json:
                    raise DeclarationError(f"{kind.name}.{p.name} and {other}.{p.name}: only one of them is a document")

    def _check_edge(self, e: Edge, before: Iterable[Edge]) -> None:
        where = f"{e.source}.{e.name}"
        if e.type.name in (RETRACTED, REVISES, IDENTIFIES):
            raise DeclarationError(f"{where}: {e.type.name} is a relationship type of Forebear's own")
        if not re.fullmatch(r"[A-Z][A-Z_]*", e.type.name):
            raise DeclarationError(f"{where}: relationship type {e.type.name!r} must be upper-case letters and underscores")
        for target in e.targets:
            if target not in self.kinds:
                raise DeclarationError(f"{where} leads to {target!r}, which is not declared")
        declared = self.edge_types[e.type.name]
        if declared.edge_class is not e.type.edge_class:
            raise DeclarationError(f"{where}: {e.type.name} is {e.type.edge_class} here and {declared.edge_class} elsewhere")
        for other in before:
            common = sorted({*e.targets} & {*other.targets})
            if other.source == e.source and other.type.name == e.type.name and common:
                raise DeclarationError(
                    f"{where} and {e.source}.{other.name} cannot be told apart: both are {e.type.name} to a {common[0]}"
                )
        for p in e.properties:
            if p.name in _OF_EDGES:
                raise DeclarationError(f"{where}.{p.name}: every edge already has {p.name!r}")
            if p.is_json or p.change is Change.TOLD:
                raise DeclarationError(f"{where}.{p.name}: an edge holds plain values only, no JSON and nothing that is told")
            if p.identity and p.name in _OF_AMENDMENTS:
                raise DeclarationError(f"{where}.{p.name}: an amendment names edges by it, and already has {p.name!r}")
            if p.identity and any(o.name == p.name and o.type != p.type for other in before for o in other.identity):
                raise DeclarationError(f"{where}.{p.name}: it has another type in the identity of another edge")
        if len(vague := [p.name for p in e.identity if not p.required]) > 1:
            raise DeclarationError(f"{where}: a fact may leave out one part of the identity only, not {' and '.join(vague)}")

    def _check_names(self, kind: Kind) -> None:
        names: dict[str, str] = dict.fromkeys((*_OF_NODES, *kind.properties), "a property")
        for e in kind.edges:
            if e.name in names:
                raise DeclarationError(f"{kind.name}.{e.name} is both an edge and {names[e.name]}")
            names[e.name] = "an edge"
        for e in self.back_edges(kind.name):
            if e.back in names:
                raise DeclarationError(f"{kind.name}.{e.back}, the way back of {e.source}.{e.name}, is already {names[e.back]}")
            names[e.back] = f"the way back of {e.source}.{e.name}"

    @cached_property
    def documents(self) -> frozenset[str]:
        """The names of the guaranteed properties that are stored as the text of a JSON document."""
        return frozenset(p.name for kind in self.kinds.values() for p in kind.guaranteed if p.is_json)

    @cached_property
    def identities(self) -> dict[str, Property]:
        """The properties of edges that are part of an edge's identity, by name."""
        return {p.name: p for e in reversed(self.edges) for p in e.identity}

    def back_edges(self, kind: str) -> tuple[Edge, ...]:
        """The edges that lead to a kind."""
        return tuple(e for e in self.edges if kind in e.targets)

    def holding(self, kind: str) -> tuple[Edge, ...]:
        """The edges that keep a node of a kind from being retracted while they lead to it: those that no plain fact takes back.

        None where no node of the kind can be retracted at all.
        """
        if self.kinds[kind].standing in (Standing.GOVERNED, Standing.SETTLED):
            return ()
        return tuple(e for e in self.back_edges(kind) if self.kinds[e.source].standing is not Standing.PLAIN)

    def types_of(self, *classes: EdgeClass) -> tuple[str, ...]:
        """The relationship types of some classes, sorted by name."""
        return tuple(sorted(t.name for t in self.edge_types.values() if t.edge_class in classes))
