"""A graph of two kinds, small enough to read the statements that come of it."""

from __future__ import annotations

from forebear.graph.declaration import Change, EdgeClass, EdgeProperties, EdgeType, Graph, Node, edge, prop

MADE = EdgeType("MADE", EdgeClass.LINEAGE, "Made from.")
CUT = EdgeType("CUT", EdgeClass.LINEAGE, "Cut from.")
ALLOWED = EdgeType("ALLOWED", EdgeClass.AUTHORITY, "Allowed because of.")


class Share(EdgeProperties):
    weight: float | None = prop("A weight.", default=None)


class Wheel(Node, prefix="wheel"):
    """A wheel."""

    digest: str | None = prop("Its digest.", default=None)


class Car(Node, prefix="car", versioned=True):
    """A car."""

    state: str | None = prop("Its state.", change=Change.APPENDED, default=None)

    wheels = edge(MADE, "Wheel", "Car", properties=Share, doc="Its parts.", back="cars", back_doc="What has it.")
    frame = edge(CUT, "Wheel", one=True, doc="Its frame.", back="frames", back_doc="What it is the frame of.")
    near = edge(ALLOWED, "Car", interval=True, doc="What allows it.", back="nearTo", back_doc="What it allows.")


TINY = Graph((Wheel, Car))
