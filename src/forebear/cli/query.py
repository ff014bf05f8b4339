"""Any GraphQL operation: `query`."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import typer

from forebear.cli import terminal
from forebear.cli.registry import opened
from forebear.cli.terminal import Code, Failure, Token, Url
from forebear.graph.document import InvalidDocument, decode


def query(
    file: Annotated[str, typer.Argument(help="A file with a GraphQL document. - reads standard input.", show_default=False)],
    variables: Annotated[str, typer.Option(help="Variables as a JSON object.", show_default=False)] = "{}",
    var: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="One variable, as JSON or as a text.", show_default=False),
    ] = None,
    operation: Annotated[str | None, typer.Option(help="The name of the operation to run.", show_default=False)] = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Run a GraphQL operation and print the response as JSON. The exit code is 1 if the response has errors."""
    document = terminal.contents(file)
    values = _variables(variables, var or [])

    async def asking() -> dict[str, Any]:
        async with opened(url, token) as registry:
            return await registry.ask(document, values, operation)

    terminal.configure_logs("warning")
    response = terminal.run(asking())
    terminal.print_json(response)
    if response.get("errors"):
        raise typer.Exit(Code.NEGATIVE)


def _variables(text: str, each: list[str]) -> dict[str, Any]:
    try:
        variables = msgspec.convert(decode(text), dict[str, Any])
    except (msgspec.MsgspecError, InvalidDocument) as error:
        raise Failure(f"--variables is no JSON object: {error}", Code.WRONG) from None
    for assignment in each:
        name, equals, value = assignment.partition("=")
        if not equals or not name:
            raise Failure(f"--var {assignment}: write NAME=VALUE", Code.WRONG)
        try:
            variables[name] = msgspec.json.decode(value)
        except msgspec.MsgspecError:
            variables[name] = value
    return variables
