"""Connections: rows, page by page, and the arguments that page them and set their moments."""

from __future__ import annotations

from typing import Any

from forebear.api.types.made import Argument, Field, Types, list_of
from forebear.api.types.scalars import DateTime
from forebear.graph.query.field import ConnectionPart, PagePart

FIRST = Argument(int | None, "The number of rows to answer, at most 1000.", 20)
AFTER = Argument(str | None, "The cursor of the last row of the page before.")

AT = Argument(DateTime | None, "The moment in the world that you ask about. By default it is now.")
AS_KNOWN_AT = Argument(
    DateTime | None,
    "Answers from what was recorded by this moment, and takes this moment for now. By default "
    "Forebear answers from everything that is recorded.",
)


def page_info(types: Types) -> None:
    """Make the description of a page."""
    types.make(
        "PageInfo",
        "Where a page stands among all rows.",
        {
            "hasNextPage": Field(bool, "Whether more rows follow.", PagePart.HAS_NEXT),
            "hasPreviousPage": Field(bool, "Whether `after` skipped rows.", PagePart.HAS_PREVIOUS),
            "startCursor": Field(str | None, "The first row's cursor.", PagePart.START),
            "endCursor": Field(str | None, "The last row's cursor. Pass it as `after` to get the next page.", PagePart.END),
        },
    )


def connection(types: Types, name: str, edge: Any, node: Any, *, bounded: bool = False) -> None:
    """Make a connection of rows `edge` with nodes `node`. `bounded`: a walk leads to them."""
    fields: dict[str, Field] = {
        "edges": Field(list_of(edge), "The rows, each with its cursor and the properties of its edge.", ConnectionPart.EDGES),
        "nodes": Field(list_of(node), "The nodes of the rows.", ConnectionPart.NODES),
        "pageInfo": Field(types.named("PageInfo"), "Where the page stands among all rows.", ConnectionPart.PAGE_INFO),
        "totalCount": Field(int, "The number of rows on all pages.", ConnectionPart.TOTAL_COUNT),
    }
    if bounded:
        doc = "Whether a walk met its bound. If so, there may be more rows than all pages hold."
        fields["truncated"] = Field(bool, doc, ConnectionPart.TRUNCATED)
    types.make(name, "One page of rows.", fields)
