"""The scalars of the API beyond GraphQL's own."""

from __future__ import annotations

from typing import Any, NewType

import strawberry

from forebear.graph import moments


def _parse_moment(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not an RFC 3339 moment, such as 2026-11-23T14:52:06Z")
    return moments.parse(value)


DateTime = NewType("DateTime", str)
JSON = NewType("JSON", object)

DATE_TIME = strawberry.scalar(
    name="DateTime",
    description="A moment: RFC 3339 with an offset; answered in UTC with microseconds, 2026-11-23T14:52:06.000000Z.",
    specified_by_url="https://scalars.graphql.org/andimarek/date-time",
    serialize=str,
    parse_value=_parse_moment,
)
JSON_SCALAR = strawberry.scalar(
    name="JSON",
    description="Any JSON value.",
    serialize=lambda value: value,
    parse_value=lambda value: value,
)
