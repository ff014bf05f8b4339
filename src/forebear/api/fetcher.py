"""Fetching trees, for plans and for resolvers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

from graphql import GraphQLResolveInfo, GraphQLSchema

from forebear.api.document.errors import RequestError, forbidden
from forebear.api.plan.planner import Planner
from forebear.api.plan.selection import Operation
from forebear.graph.declaration import Graph
from forebear.graph.query.compiler import Compiled
from forebear.graph.query.field import Rule
from forebear.graph.statements.placeholder import ids, same_as
from forebear.store import Store
from forebear.verbs.permissions import refusal


class Fetcher:
    """Fetches the trees of plans from one store."""

    def __init__(self, schema: GraphQLSchema, graph: Graph, planner: Planner, store: Store) -> None:
        self._schema = schema
        self._graph = graph
        self._planner = planner
        self._store = store

    async def read(self, compiled: Compiled, parameters: dict[str, Any]) -> dict[str, Any]:
        """Return the finished tree that a statement answers."""
        record = await self._store.read_one(compiled.text, parameters)
        tree = cast(dict[str, Any], record["row"]) if record else {}
        return cast(dict[str, Any], compiled.finish(tree, parameters)) if compiled.finish else tree

    async def present(self, parameters: Mapping[str, Any]) -> dict[str, str]:
        """Return where ids among parameters lead on to, because other nodes replaced theirs."""
        present: dict[str, str] = {}
        for kind, named in ids(self._graph, parameters).items():
            rows = await self._store.read(same_as(kind), {"ids": named})
            present |= {str(row["id"]): str(row["present"]) for row in rows}
        return present

    async def fetch(self, info: GraphQLResolveInfo[Any], rule: Rule, values: Mapping[str, Any]) -> Any:
        """Answer the nodes that a resolver's field stands for, with all that is selected of them, in one statement.

        `rule` finds them, with `values` as its arguments. Raises `GraphQLError` and `StoreError`.
        """
        return await self.fetching(info, rule, values)()

    def fetching(self, info: GraphQLResolveInfo[Any], rule: Rule, values: Mapping[str, Any]) -> Callable[..., Awaitable[Any]]:
        """Check all arguments of a resolver's field and below it, and return a function that fetches it.

        The function takes those of `values` that are known only later. Raises `GraphQLError`.
        """
        if reason := refusal(info.context.actor, "query"):
            raise forbidden(reason)
        operation = Operation(self._schema, info.fragments, info.operation, info.variable_values)
        values = dict(values)
        selected = operation.field(info, rule, values)
        try:
            plan = self._planner.fetched(operation, selected)
            self._planner.parameters(plan, info.variable_values)
        except RequestError as error:
            raise error.errors[0] from None

        async def fetch(**later: Any) -> Any:
            values.update(later)
            parameters, _ = self._planner.parameters(plan, info.variable_values)
            return (await self.read(plan.compiled, parameters)).get(selected.key)

        return fetch
