"""Questions whose rows are decided, by the same pure decisions as the actions."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo

from forebear.actions.inquiry import Undecidable
from forebear.api.context import Context
from forebear.api.types.made import plain
from forebear.graph.query.field import QuestionField
from forebear.graph.query.question import Question


async def decided(question: Question, root: object, info: GraphQLResolveInfo[Context], **arguments: Any) -> Any:
    """Resolve a question whose rows are decided. They are parameters of the statement that fetches what is selected."""
    context: Context = info.context
    input = {name: plain(value) for name, value in arguments.items()}
    fetch = context.fetcher.fetching(info, QuestionField(question), {**arguments, "decided": []})
    try:
        rows = await context.decide(question.name, input)
    except Undecidable as error:
        raise GraphQLError(f"{info.field_name}: {error}", extensions={"code": error.code}) from None
    answer = await fetch(decided=rows)
    if answer is None:
        named = ", ".join(str(arguments[p.name]) for p in question.parameters if p.type.name == "ID" and p.name in arguments)
        raise GraphQLError(f"{info.field_name}: {named} is not known", extensions={"code": "NOT_FOUND"})
    return answer
