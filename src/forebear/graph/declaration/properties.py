"""Properties: their names, their types, how they may change, and how a class declares them with `prop`."""

from __future__ import annotations

import builtins
import sys
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any, NewType

from forebear.graph.declaration.scale import Scale

Json = NewType("Json", object)
"""A free JSON document: a run's configuration, an environment's packages."""

Digest = NewType("Digest", str)
"""A digest of content; see `forebear.graph.digest` for its form."""

ExternalName = NewType("ExternalName", str)
"""A name in another system. A digest is in its normal form."""

Long = NewType("Long", int)
"""A whole number of 64 bits. An `int` has the 32 of GraphQL's Int."""

if TYPE_CHECKING:
    Fact = Mapping[str, Any]
else:
    # A type of its own, since a declaration tells it from all others.
    Fact = NewType("Fact", Mapping[str, Any])
"""A fact of a kind as an action takes it. The property's `names` hold the kind."""


LINE = 2_000
"""The longest text of a property by default, in characters.

That is at most 8,000 bytes, and a key of an index of Neo4j holds 8,167.
"""

PROSE = 20_000
"""The longest text for people, such as a description or a reason, in characters."""

ITEMS = 1_000
"""The longest list of a property by default."""

ENDS = 10_000
"""The longest list of something that is numerous."""

EDGES = 2_000
"""The most edges of one kind in one fact. The work of an engine grows with their square."""


class DeclarationError(Exception):
    """The declaration contradicts itself. The message names the kind, the attribute and the mistake."""


class Change(StrEnum):
    """How a property may change once it is recorded."""

    IMMUTABLE = "IMMUTABLE"
    """Only a correction changes it. A fact with another value is refused, and the reason shows both."""
    APPENDED = "APPENDED"
    """A revision is appended, so that the former value stays known."""
    TOLD = "TOLD"
    """It changes as the world does. Each value is kept with the moment from which it holds; the newest is the present one."""
    UPDATED = "UPDATED"
    """It is replaced, outside the guarantee of `asKnownAt`, which answers the present value."""
    LATEST = "LATEST"
    """It is replaced by a later moment. Only the latest is kept, so `asKnownAt` answers null."""


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
    """For ids: the kinds that they may name. For facts: their kind."""
    identity: bool = False
    """For an edge: whether edges between the same two nodes differ by it."""
    least: float | None = None
    most: float | None = None
    """For numbers: the bounds, if there are any."""
    length: int = LINE
    """For texts: how many characters it may have."""
    items: int = ITEMS
    """For lists: how many items it may have."""
    after: str | None = None
    """For the end of an interval: the property of its beginning, which must not be later.

    If both are the same moment, the interval is empty: it held at no moment.
    """
    ahead: bool = False
    """For moments: whether it may be in the future. By default it is when something happened."""

    @property
    def is_guaranteed(self) -> bool:
        """Whether its every value stays answerable `asKnownAt`."""
        return self.change not in (Change.UPDATED, Change.LATEST)

    @property
    def told(self) -> str:
        """The name under which its told values are stored, in the order of their moments."""
        return f"{self.name}Told"

    @property
    def since(self) -> str:
        """The name under which those moments are stored."""
        return f"{self.name}Since"

    @property
    def is_json(self) -> bool:
        """Whether it is stored as the text of a JSON document (free JSON, or a list of values)."""
        return self.type is Json or self.value_type is not None

    @property
    def value_type(self) -> builtins.type[Value] | None:
        """The declared `Value` if this is a list of it."""
        item = self.item_type
        return item if isinstance(item, type) and issubclass(item, Value) else None

    @property
    def item_type(self) -> Any | None:
        """The type of a list's items. None if the property is no list."""
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
    def scale(self) -> builtins.type[Scale] | None:
        """The enum of its values, if they have an order."""
        return self.type if isinstance(self.type, type) and issubclass(self.type, Scale) else None

    @property
    def is_orderable(self) -> bool:
        """Whether rows can be ordered by it."""
        return self.item_type is None and not self.is_json and self.type is not bool


class Value:
    """A structured value inside a list property, such as one measurement: a class of `prop` attributes.

    A class of such a class has the attributes of both, those of the other first.
    """

    members: tuple[Property, ...] = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.members = (*cls.members, *properties_of(cls, cls.members))


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
    """Declare a property: its description, how it may change, and `default=None` if a fact may leave it out.

    `names`: it is an id, or a list of ids, of these kinds; or a `Fact`, or a list of such, of this kind. `identity`: edges that
    differ by it are different edges, though they join the same two nodes. The bounds are those of `Property`: `least` and
    `most` of numbers, `length` of texts, `items` of lists, `after` (an attribute beside it) and `ahead` of moments.
    """
    return _PropertyMarker(doc, change, default, searchable, indexed, names, identity, bounds)


def camel(name: str) -> str:
    """Return a name in camel case: `recorded_at` → `recordedAt`."""
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


_SCALARS = (str, int, float, bool, datetime, Long, Digest, ExternalName)

_BOUNDED: Mapping[str, tuple[Any, ...]] = {
    "least": (int, Long, float),
    "most": (int, Long, float),
    "length": (str,),
    "after": (datetime,),
    "ahead": (datetime,),
}
"""The types that have each bound."""


def properties_of(cls: type, beside: tuple[Property, ...] = ()) -> tuple[Property, ...]:
    """Return the properties that a class declares with `prop`, beside those that it has from another class.

    Raises `DeclarationError` if one contradicts itself.
    """
    module = vars(sys.modules[cls.__module__])
    declared = []
    for attribute, annotation in vars(cls).get("__annotations__", {}).items():
        marker = vars(cls).get(attribute)
        if not isinstance(marker, _PropertyMarker):
            if attribute in ("kind", "members") or str(annotation).startswith("ClassVar"):
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
    moments = {p.name for p in (*beside, *declared) if p.type is datetime}
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
    allowed = (str, int, float, bool, ExternalName, Fact) if listed else (*_SCALARS, Json, Fact)
    if not (item in allowed or (isinstance(item, type) and issubclass(item, Value if listed else (StrEnum, Value)))):
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
