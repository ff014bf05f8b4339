"""An invalid declaration fails at import and names the mistake; a valid one answers what is derived from it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

import pytest

from forebear.graph import kinds
from forebear.graph.declaration import (
    Change,
    DeclarationError,
    EdgeClass,
    EdgeProperties,
    EdgeType,
    Graph,
    Json,
    Node,
    Property,
    Value,
    edge,
    prop,
)
from forebear.graph.kinds import GRAPH
from forebear.graph.statements.constraints import wanted
from forebear.graph.statements.indexes import EdgeTypes, FullText, Index, PropertyKeys, Uniqueness

MADE = EdgeType("MADE", EdgeClass.LINEAGE, "Made from.")
ALLOWED = EdgeType("ALLOWED", EdgeClass.AUTHORITY, "Allowed because of.")
NEAR = EdgeType("NEAR", EdgeClass.CONTEXT, "Near.")


class Colour(StrEnum):
    RED = "RED"


class Mood(StrEnum):
    GOOD = "good"


class Share(EdgeProperties):
    weight: float | None = prop("A weight.", default=None)


class Point(Value):
    x: int = prop("Where.")


class Wheel(Node, prefix="wheel"):
    """A wheel."""

    digest: str | None = prop("Its digest.", default=None, indexed=True)
    note: str | None = prop("A note.", change=Change.UPDATED, default=None, searchable=True)


class Car(Node, prefix="car", versioned=True):
    """A car,
    of several   wheels.
    """

    made_at: datetime | None = prop("When.", default=None)

    wheels = edge(MADE, "Wheel", properties=Share, doc="Its wheels.", back="cars", back_doc="The cars with it.")
    near = edge(NEAR, "Car", "Wheel", interval=True, doc="What is near.", back="nearTo", back_doc="What it is near to.")


def no_docstring() -> object:
    class Thing(Node, prefix="thing"):
        pass

    return Thing


def upper_case_prefix() -> object:
    class Thing(Node, prefix="Thing"):
        """A thing."""

    return Thing


def no_annotation() -> object:
    class Thing(Node, prefix="thing"):
        """A thing."""

        size = prop("Its size.", default=None)

    return Thing


def not_a_prop() -> object:
    class Thing(Node, prefix="thing"):
        """A thing."""

        size: int

    return Thing


def unknown_type() -> object:
    class Thing(Node, prefix="thing"):
        """A thing."""

        size: Unheard | None = prop("Its size.", default=None)  # noqa: F821

    return Thing


def unsupported_type() -> object:
    class Thing(Node, prefix="thing"):
        """A thing."""

        size: dict[str, int] | None = prop("Its size.", default=None)

    return Thing


def a_list_of_enums() -> object:
    class Thing(Node, prefix="thing"):
        """A thing."""

        colours: list[Colour] | None = prop("Its colours.", default=None)

    return Thing


def a_list_of_moments() -> object:
    class Thing(Node, prefix="thing"):
        """A thing."""

        seen: list[datetime] | None = prop("When it was seen.", default=None)

    return Thing


def a_value_alone() -> object:
    class Thing(Node, prefix="thing"):
        """A thing."""

        point: Point | None = prop("Where.", default=None)

    return Thing


def optional_without_default() -> object:
    class Thing(Node, prefix="thing"):
        """A thing."""

        size: int | None = prop("Its size.")

    return Thing


def another_default() -> object:
    class Thing(Node, prefix="thing"):
        """A thing."""

        size: int = prop("Its size.", default=1)

    return Thing


def a_searchable_number() -> object:
    class Thing(Node, prefix="thing"):
        """A thing."""

        size: int | None = prop("Its size.", default=None, searchable=True)

    return Thing


def an_edge_to_nowhere() -> object:
    class Thing(Node, prefix="thing"):
        """A thing."""

        parts = edge(MADE, doc="Its parts.", back="wholes", back_doc="Its wholes.")

    return Thing


def one_with_an_interval() -> object:
    class Thing(Node, prefix="thing"):
        """A thing."""

        whole = edge(MADE, "Thing", one=True, interval=True, doc="Its whole.", back="parts", back_doc="Its parts.")

    return Thing


def one_with_properties() -> object:
    class Thing(Node, prefix="thing"):
        """A thing."""

        whole = edge(MADE, "Thing", one=True, properties=Share, doc="Its whole.", back="parts", back_doc="Its parts.")

    return Thing


def an_undeclared_target() -> object:
    class Thing(Node, prefix="thing"):
        """A thing."""

        parts = edge(MADE, "Part", doc="Its parts.", back="wholes", back_doc="Its wholes.")

    return Graph((Thing,))


def a_name_of_no_kind() -> object:
    class Thing(Node, prefix="thing"):
        """A thing."""

        whole: str | None = prop("What it is a part of.", default=None, names=("Wheal",))

    return Graph((Wheel, Thing))


def twice_the_same_kind() -> object:
    return Graph((Wheel, Wheel))


def a_shared_prefix() -> object:
    class Tyre(Node, prefix="wheel"):
        """A tyre."""

    return Graph((Wheel, Tyre))


def a_shared_plural() -> object:
    class Tyre(Node, prefix="tyre", plural="wheels"):
        """A tyre."""

    return Graph((Wheel, Tyre))


def a_label_of_forebears_own() -> object:
    class Revision(Node, prefix="revision"):
        """A revision."""

    return Graph((Revision,))


def a_document_of_forebears_own() -> object:
    class Retraction(Node, prefix="retraction"):
        """A retraction."""

    return Graph((Retraction,))


def a_relationship_type_of_forebears_own() -> object:
    class Thing(Node, prefix="thing"):
        """A thing."""

        parts = edge(
            EdgeType("RETRACTED", EdgeClass.CONTEXT, "Gone."), "Thing", doc="Its parts.", back="wholes", back_doc="Its wholes."
        )

    return Graph((Thing,))


def an_unreadable_relationship_type() -> object:
    class Thing(Node, prefix="thing"):
        """A thing."""

        parts = edge(EdgeType("made2", EdgeClass.CONTEXT, "…"), "Thing", doc="Its parts.", back="wholes", back_doc="…")

    return Graph((Thing,))


def a_property_of_every_node() -> object:
    class Thing(Node, prefix="thing"):
        """A thing."""

        recorded_at: datetime | None = prop("When.", default=None)

    return Graph((Thing,))


def a_property_of_revisions() -> object:
    class Thing(Node, prefix="thing"):
        """A thing."""

        number: int | None = prop("Which.", default=None)

    return Graph((Thing,))


def a_property_called_described() -> object:
    class Thing(Node, prefix="thing"):
        """A thing."""

        described: bool | None = prop("Whether.", default=None)

    return Graph((Thing,))


def a_property_called_kind() -> object:
    class Thing(Node, prefix="thing"):
        """A thing."""

        kind: str | None = prop("What kind.", default=None)

    return Graph((Thing,))


def an_edge_like_a_property() -> object:
    class Thing(Node, prefix="thing"):
        """A thing."""

        labels = edge(NEAR, "Thing", doc="Its labels.", back="labelled", back_doc="What has it.")

    return Graph((Thing,))


def an_edge_like_what_is_kept() -> object:
    class Thing(Node, prefix="thing"):
        """A thing."""

        source = edge(NEAR, "Thing", doc="Its source.", back="sourced", back_doc="What has it.")

    return Graph((Thing,))


def a_way_back_like_a_property() -> object:
    class Thing(Node, prefix="thing"):
        """A thing."""

        near = edge(NEAR, "Wheel", doc="Its wheel.", back="digest", back_doc="What it is near to.")

    return Graph((Wheel, Thing))


def two_ways_back_of_one_name() -> object:
    class Thing(Node, prefix="thing"):
        """A thing."""

        near = edge(NEAR, "Wheel", doc="Its wheel.", back="things", back_doc="What it is near to.")
        parts = edge(MADE, "Wheel", doc="Its parts.", back="things", back_doc="What it is part of.")

    return Graph((Wheel, Thing))


def an_edge_type_of_two_classes() -> object:
    class Thing(Node, prefix="thing"):
        """A thing."""

        near = edge(NEAR, "Thing", doc="What is near.", back="nearTo", back_doc="What it is near to.")
        parts = edge(
            EdgeType("NEAR", EdgeClass.LINEAGE, "Near."), "Thing", doc="Its parts.", back="wholes", back_doc="Its wholes."
        )

    return Graph((Thing,))


def two_edges_that_are_the_same() -> object:
    class Thing(Node, prefix="thing"):
        """A thing."""

        near = edge(NEAR, "Thing", doc="What is near.", back="nearTo", back_doc="What it is near to.")
        close = edge(NEAR, "Thing", "Wheel", doc="What is close.", back="closeTo", back_doc="What it is close to.")

    return Graph((Wheel, Thing))


def an_edge_property_of_every_edge() -> object:
    class Sourced(EdgeProperties):
        source: str | None = prop("Where from.", default=None)

    class Thing(Node, prefix="thing"):
        """A thing."""

        near = edge(NEAR, "Thing", properties=Sourced, doc="What is near.", back="nearTo", back_doc="What it is near to.")

    return Graph((Thing,))


def an_edge_property_of_free_json() -> object:
    class Free(EdgeProperties):
        extra: Json | None = prop("Anything.", default=None)

    class Thing(Node, prefix="thing"):
        """A thing."""

        near = edge(NEAR, "Thing", properties=Free, doc="What is near.", back="nearTo", back_doc="What it is near to.")

    return Graph((Thing,))


def an_enum_with_other_values() -> object:
    class Thing(Node, prefix="thing"):
        """A thing."""

        mood: Mood | None = prop("Its mood.", default=None)

    return Thing


MISTAKES: dict[Callable[[], object], str] = {
    no_docstring: "Thing has no docstring: say in one sentence what it is",
    upper_case_prefix: "Thing: prefix 'Thing' must be lower-case letters and dashes",
    no_annotation: "Thing.size has no type annotation",
    not_a_prop: "Thing.size is annotated but not made with prop(…)",
    unknown_type: "Thing.size: name 'Unheard' is not defined",
    unsupported_type: "Thing.size: dict[str, int] is no type that the graph can hold",
    a_list_of_enums: f"Thing.colours: list[{__name__}.Colour] is no type that the graph can hold",
    a_list_of_moments: "Thing.seen: list[datetime.datetime] is no type that the graph can hold",
    a_value_alone: "Thing.point: a Point is held in a list: list[Point]",
    optional_without_default: "Thing.size may be None, so give it default=None",
    another_default: "Thing.size: the only default is None, for what a fact may leave out",
    a_searchable_number: "Thing.size is searchable, so it must be a str",
    an_edge_to_nowhere: "Thing.parts leads nowhere: name at least one target kind",
    one_with_an_interval: "Thing.whole is one=True and cannot also have an interval or properties",
    one_with_properties: "Thing.whole is one=True and cannot also have an interval or properties",
    an_undeclared_target: "Thing.parts leads to 'Part', which is not declared",
    a_name_of_no_kind: "Thing.whole names 'Wheal', which is no kind; did you mean Wheel?",
    twice_the_same_kind: "two kinds are called Wheel",
    a_shared_prefix: "Tyre and Wheel share the id prefix 'wheel'",
    a_shared_plural: "Tyre and Wheel share the plural 'wheels'",
    a_label_of_forebears_own: "Revision is a name of Forebear's own",
    a_document_of_forebears_own: "Retraction is a name of Forebear's own",
    a_relationship_type_of_forebears_own: "Thing.parts: RETRACTED is a relationship type of Forebear's own",
    an_unreadable_relationship_type: "Thing.parts: relationship type 'made2' must be upper-case letters and underscores",
    a_property_of_every_node: "Thing.recordedAt: every node already has 'recordedAt'",
    a_property_of_revisions: "Thing.number: every node already has 'number'",
    a_property_called_described: "Thing.described: every node already has 'described'",
    a_property_called_kind: "Thing.kind: every node already has 'kind'",
    an_edge_like_a_property: "Thing.labels is both an edge and a property",
    an_edge_like_what_is_kept: "Thing.source is both an edge and a property",
    a_way_back_like_a_property: "Wheel.digest, the way back of Thing.near, is already a property",
    two_ways_back_of_one_name: "Wheel.things, the way back of Thing.parts, is already the way back of Thing.near",
    an_edge_type_of_two_classes: "Thing.near: NEAR is CONTEXT here and LINEAGE elsewhere",
    two_edges_that_are_the_same: "Thing.close and Thing.near cannot be told apart: both are NEAR to a Thing",
    an_edge_property_of_every_edge: "Thing.near.source: every edge already has 'source'",
    an_edge_property_of_free_json: "Thing.near.extra: an edge holds plain values only, no JSON and nothing that is told",
    an_enum_with_other_values: "Thing.mood: the members of Mood must be called as their values are",
}


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: m.__name__)
def test_a_mistake_is_named(mistake: Callable[[], object]) -> None:
    with pytest.raises(DeclarationError) as refused:
        mistake()
    assert str(refused.value) == MISTAKES[mistake]


def test_a_kind_is_what_its_class_says() -> None:
    assert (Car.kind.name, Car.kind.prefix, Car.kind.versioned, Car.kind.plural) == ("Car", "car", True, "cars")
    assert Car.kind.doc == "A car, of several wheels."
    assert Car.kind.own_properties == (Property("madeAt", datetime, "When."),)
    assert [*Car.kind.properties] == ["name", "description", "labels", "owners", "externalIds", "madeAt"]
    assert [p.name for p in Wheel.kind.guaranteed] == ["digest"]
    assert [p.name for p in Wheel.kind.searchable] == ["name", "description", "note"]
    assert [[p.name for p in e.stored_properties] for e in Car.kind.edges] == [["weight"], ["validFrom", "validTo"]]


def test_a_graph_knows_its_edges_from_both_ends() -> None:
    graph = Graph((Wheel, Car))

    assert [(e.source, e.name, e.targets) for e in graph.edges] == [
        ("Car", "wheels", ("Wheel",)),
        ("Car", "near", ("Car", "Wheel")),
    ]
    assert [e.back for e in graph.back_edges("Wheel")] == ["cars", "nearTo"]
    assert [e.back for e in graph.back_edges("Car")] == ["nearTo"]


def test_types_are_found_by_class() -> None:
    graph = Graph((Wheel, Car))

    assert graph.types_of(EdgeClass.LINEAGE) == ("MADE",)
    assert graph.types_of(EdgeClass.LINEAGE, EdgeClass.CONTEXT) == ("MADE", "NEAR")
    assert graph.types_of(EdgeClass.AUTHORITY) == ()


def test_every_class_of_a_kind_is_in_the_graph() -> None:
    modules = [importlib.import_module(f"{kinds.__name__}.{module.name}") for module in pkgutil.iter_modules(kinds.__path__)]
    declared = {
        each.kind.name
        for module in modules
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Node) and each is not Node
    }
    assert declared == {*GRAPH.kinds}


def test_the_registrys_classes_are_these() -> None:
    assert GRAPH.types_of(EdgeClass.LINEAGE) == (
        "ALSO_NAMED", "BUILT_FROM", "COLLECTED_FROM", "CURATED_BY", "DERIVED_FROM", "GUIDED_BY", "INITIALIZED_FROM",
        "IN_ENVIRONMENT", "LABELLED_BY", "MADE_BY", "OF", "ON_COMPUTE", "PRODUCED_BY", "PROMOTED_FROM", "RAN", "TRAINED_ON",
    )  # fmt: skip
    assert GRAPH.types_of(EdgeClass.AUTHORITY) == (
        "APPROVED_BY", "AUTHORIZED_BY", "CITES", "JUSTIFIED_BY", "MEASURED_WITH", "SAMPLED_FROM", "UNDER",
    )  # fmt: skip


def test_a_graph_wants_unique_ids_indexes_and_one_full_text_index() -> None:
    assert [want for want in wanted(Graph((Wheel, Car))) if not isinstance(want, (EdgeTypes, PropertyKeys))] == [
        Uniqueness("Wheel", "id"),
        Uniqueness("Car", "id"),
        Uniqueness("Revision", "id"),
        Uniqueness("ExternalId", "id"),
        Uniqueness("AuditEntry", "id"),
        Uniqueness("AuditChain", "id"),
        Uniqueness("AuditHead", "id"),
        Uniqueness("OutboxEntry", "id"),
        Uniqueness("Request", "id"),
        Uniqueness("ImportMark", "id"),
        Uniqueness("InboxEvent", "id"),
        Uniqueness("InboxState", "id"),
        Uniqueness("ApiToken", "id"),
        Uniqueness("Webhook", "id"),
        Uniqueness("WebhookDelivery", "id"),
        Uniqueness("Lease", "id"),
        Uniqueness("Migration", "id"),
        Index("Wheel", "digest"),
        Index("WebhookDelivery", "held"),
        Index("InboxEvent", "open"),
        FullText("forebear_search", {"Wheel": ("name", "description", "note"), "Car": ("name", "description")}),
    ]


def test_free_json_and_lists_of_values_are_kept_as_text() -> None:
    kept = {
        name: Property(name, type, "…").is_json
        for name, type in {"json": Json, "values": list[Point], "texts": list[str], "number": int}.items()
    }
    assert kept == {"json": True, "values": True, "texts": False, "number": False}


def test_a_value_of_a_value_has_the_members_of_both() -> None:
    class Told(Value):
        """Something with a reason."""

        reason: str = prop("Why.")

    class Dated(Told):
        """Something with a reason and a moment."""

        at: datetime = prop("When.")

    assert [member.name for member in Dated.members] == ["reason", "at"]
    assert [member.name for member in Told.members] == ["reason"]


def locked_after(**after: str) -> Graph:
    """A graph of kinds, each locked after another."""
    return Graph(
        [
            type(name, (Node,), {"__doc__": "A thing.", "__module__": __name__}, prefix=name.lower(), locked_after=other)
            for name, other in after.items()
        ]
    )


def test_kinds_declare_the_one_order_of_locks() -> None:
    assert locked_after(Second="First", First="ExternalId").lock_order == ("ExternalId", "First", "Second")
    assert Graph((Wheel, Car)).lock_order == ("ExternalId",)


@pytest.mark.parametrize(
    ("after", "kind", "other"),
    [
        ({"First": "ExternalId", "Second": "ExternalId"}, "First", "ExternalId"),
        ({"First": "ExternalId", "Second": "Unheard"}, "Second", "Unheard"),
        ({"First": "Second", "Second": "First"}, "First", "Second"),
    ],
)
def test_an_order_of_locks_that_parts_or_leads_nowhere_is_refused(after: dict[str, str], kind: str, other: str) -> None:
    message = f"^{kind} is locked after {other}, which is not in the order or has another kind after it$"
    with pytest.raises(DeclarationError, match=message):
        locked_after(**after)
