"""graphql-core's executor, with a bound on introspection."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLError, GraphQLObjectType
from graphql.execution import Executor

from forebear.api.document import limits


class Resolution(Executor[Any]):
    """The execution of one operation. It answers at most `most` fields of introspection."""

    most = limits.MAX_INTROSPECTION
    introspected = 0

    def execute_field(self, parent_type: GraphQLObjectType, *arguments: Any) -> Any:
        """Resolve a field. Raises `GraphQLError` for each field of introspection that is too much."""
        if parent_type.name.startswith("__"):
            self.introspected += 1
            if self.introspected > self.most:
                raise GraphQLError(limits.introspects_too_much(self.most))
        return super().execute_field(parent_type, *arguments)
