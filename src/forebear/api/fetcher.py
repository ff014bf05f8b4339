"""Fetching trees, for plans and for resolvers."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, cast

from graphql import GraphQLError, GraphQLResolveInfo, GraphQLSchema

from forebear.actions.inquiry import Undecidable
from forebear.api.document.errors import RequestError, forbidden
from forebear.api.plan.planner import Planner
from forebear.api.plan.selection import Operation
from forebear.graph.declaration import Graph
from forebear.graph.query.compiler import BEHIND, WAITING, Behind, Compiled
from forebear.graph.query.field import Rule
from forebear.graph.statements.placeholder import ids, same_as
from forebear.store import Store
from forebear.store.errors import StoreError
from forebear.verbs.permissions import refusal

Decide = Callable[[str, Mapping[str, Any]], Awaitable[Sequence[Mapping[str, Any]]]]
"""Returns the rows of a question that is decided, by its name and its input."""

Place = tuple[dict[str, Any], str]
"""An object of a tree, and the key under which it waits for an answer."""

ANY_MOMENT = "2026-01-01T00:00:00.000000Z"
"""A moment to plan a statement with, which is the same for each."""

AT_ONCE = 4
"""How many statements behind another run at once."""

MOST_BEHIND = 100
"""How often a field may ask again behind a statement: for each moment of nodes, or for each node about which is decided."""


def planned(compiled: Compiled, parameters: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return the text of a statement and of those behind it, each with parameters by which it can be planned."""
    yield compiled.text, _sent(parameters)
    for behind, own in zip(compiled.behind, parameters.get(BEHIND, ()), strict=True):
        inherited = {name: parameters[outer] for name, outer in behind.inherits.items()}
        of_nodes = {**dict.fromkeys(behind.moments, ANY_MOMENT), "ids": [], **({"decided": []} if behind.decision else {})}
        yield from planned(behind.compiled, {**own, **inherited, **of_nodes})


def _too_many(count: int) -> GraphQLError:
    message = f"{count} nodes or moments have to be asked about one by one; at most {MOST_BEHIND} are: lower `first`"
    return GraphQLError(message, extensions={"code": "TOO_COSTLY"})


def _sent(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if name != BEHIND}


class Fetcher:
    """Fetches the trees of plans from one store."""

    def __init__(self, schema: GraphQLSchema, graph: Graph, planner: Planner, store: Store) -> None:
        self._schema = schema
        self._graph = graph
        self._planner = planner
        self._store = store

    async def read(self, compiled: Compiled, parameters: Mapping[str, Any], decide: Decide) -> dict[str, Any]:
        """Return the finished tree that a statement answers, with what those behind it answer. Raises `StoreError`."""
        rows = await self._rows(compiled, parameters, decide)
        return cast(dict[str, Any], rows[0]) if rows else {}

    async def _rows(self, compiled: Compiled, parameters: Mapping[str, Any], decide: Decide) -> list[Any]:
        rows = [record["row"] for record in await self._store.read(compiled.text, _sent(parameters))]
        waiting: list[list[Place]] = [[] for _ in compiled.behind]
        if compiled.finish:
            rows = [compiled.finish(row, {**parameters, WAITING: waiting}) for row in rows]
        some = asyncio.Semaphore(AT_ONCE)

        async def answer(behind: Behind, places: Sequence[Place], own: Mapping[str, Any]) -> None:
            inherited = {name: parameters[outer] for name, outer in behind.inherits.items()}
            async with some:
                await self._answer(behind, places, {**own, **inherited}, decide)

        await asyncio.gather(*map(answer, compiled.behind, waiting, parameters.get(BEHIND, ())))
        return rows

    async def _answer(self, behind: Behind, places: Sequence[Place], parameters: Mapping[str, Any], decide: Decide) -> None:
        """Put the answers of a statement behind another where objects wait for them, or the error in their place."""
        groups: dict[tuple[Any, ...], dict[str, list[Place]]] = defaultdict(lambda: defaultdict(list))
        for value, key in places:
            node = value[key]
            moments = tuple(node[name] for name in behind.moments)
            groups[moments, node["id"] if behind.decision else None][node["id"]].append((value, key))
        for n, ((moments, _), nodes) in enumerate(groups.items()):
            answers: Mapping[str, Any] = {}
            error: Exception | None = None
            of = {**parameters, **dict(zip(behind.moments, moments, strict=True)), "ids": [*nodes]}
            try:
                if n >= MOST_BEHIND:
                    raise _too_many(len(groups))
                if behind.decision:
                    question, parameter = behind.decision
                    of["decided"] = await decide(question, {parameter: of["ids"][0]})
                answers = {row["~id"]: row["~row"] for row in await self._rows(behind.compiled, of, decide)}
            except Undecidable as undecidable:
                error = GraphQLError(str(undecidable), extensions={"code": undecidable.code})
            except (StoreError, GraphQLError) as failed:
                error = failed
            for id, waiting in nodes.items():
                for value, key in waiting:
                    value[key] = error or answers.get(id)

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
            return (await self.read(plan.compiled, parameters, info.context.decide)).get(selected.key)

        return fetch
