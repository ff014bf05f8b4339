"""What a field of the schema carries: the rule that says what it means in the graph, or the function that resolves it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from graphql import GraphQLField

from forebear.graph.query.field import Rule

RULE = "forebear"
"""Under this key of a field's metadata stands its rule."""

RESOLVE = "resolve"
"""Under this key of a field's metadata stands the function that graphql-core calls, where no rule says what it means."""

FETCHES = "fetches"
"""Under this key stands the rule by which such a function fetches nodes, if it does."""

VERB = "verb"
"""Under this key stands the verb that such a root field takes, or a function that says it by the arguments. By default it is a
mutation's name, and `query`; None where everybody may."""


def rule_of(definition: GraphQLField) -> Rule | None:
    """The rule that a field of the schema carries."""
    return cast(Rule | None, metadata(definition).get(RULE))


def metadata(definition: GraphQLField) -> Mapping[str, Any]:
    """What a field of the schema carries besides its type."""
    strawberry_field = (definition.extensions or {}).get("strawberry-definition")
    return cast(Mapping[str, Any], strawberry_field.metadata) if strawberry_field is not None else {}
