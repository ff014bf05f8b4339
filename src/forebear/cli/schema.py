"""The schema in its forms: `schema graphql`, `schema graph`, `schema facts`, `schema cloudevents`, `schema cypher`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from forebear.cli.terminal import Code, Failure
from forebear.graph import moments
from forebear.graph.query.dialect import Engine

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from forebear.graph.declaration import Edge, Graph, Kind, Property


app = typer.Typer(
    help="Print a schema of the API, the graph, the facts, the CloudEvents or a Cypher statement.", no_args_is_help=True
)


@app.callback()
def schema() -> None:
    """Print a schema of the API, the graph, the facts, the CloudEvents or a Cypher statement."""


@app.command()
def graphql() -> None:
    """Print the schema of the GraphQL API."""
    from forebear.app import schema_of

    sys.stdout.write(schema_of().sdl)


@app.command()
def graph() -> None:
    """Print the reference of kinds and edges, as Markdown."""
    from forebear.graph.kinds import GRAPH

    sys.stdout.writelines(f"{line}\n" for line in reference(GRAPH))


@app.command()
def facts() -> None:
    """Print the JSON schema of facts."""
    import json

    from forebear.graph.facts import Facts
    from forebear.graph.kinds import GRAPH

    print(json.dumps(Facts(GRAPH).json_schema, indent=2, ensure_ascii=False))


@app.command()
def cloudevents() -> None:
    """Print the JSON schema of the CloudEvents that Forebear takes."""
    import json

    from forebear.connect.cloudevents import json_schema
    from forebear.graph.facts import Facts
    from forebear.graph.kinds import GRAPH

    print(json.dumps(json_schema(Facts(GRAPH)), indent=2, ensure_ascii=False))


@app.command()
def cypher(
    name: Annotated[
        str,
        typer.Argument(help="A question, such as what-was-running, or facts, such as place_facts.", show_default=False),
    ],
    engine: Annotated[Engine, typer.Option(help="The engine that the statement is for.")] = Engine.NEO4J,
    as_known_at: Annotated[
        bool,
        typer.Option(
            "--as-known-at",
            help="Print the statement for a moment of knowledge, $asKnownAt. Without it the statement is for now.",
        ),
    ] = False,
) -> None:
    """Print the whole Cypher statement of a question, or of the facts that a decision rests on, to run in Neo4j Browser."""
    from forebear.graph.kinds import GRAPH
    from forebear.graph.query.dialect import InvalidStatement
    from forebear.store.statements import NoSuchStatement, whole

    try:
        text = whole(name, GRAPH, engine, moments.moment(datetime.now(UTC)), as_known=as_known_at)
    except (NoSuchStatement, InvalidStatement) as error:
        raise Failure(str(error), Code.WRONG) from None
    sys.stdout.write(text)


def reference(graph: Graph) -> Iterator[str]:
    """Return the reference of kinds and edges, lines of Markdown."""
    from forebear.graph.declaration import COMMON, EdgeClass

    yield "# The graph"
    yield ""
    yield "Edges point from a thing to what it came from, rests on or belongs to. What an edge's class means:"
    yield ""
    yield "- LINEAGE: made from. Provenance follows it outwards, contamination inwards."
    yield "- AUTHORITY: allowed because of. A bad evaluation pack or a wrong policy reaches fleets through it."
    yield "- CONTEXT: located, grouped, succeeded. Never walked."
    yield ""
    yield "## Edge types"
    yield ""
    yield from _table(
        ("type", "class", "what it says"),
        ((t.name, t.edge_class, t.doc) for c in EdgeClass for t in graph.edge_types.values() if t.edge_class is c),
    )
    yield ""
    yield "## Properties of every node"
    yield ""
    yield from _properties(COMMON)
    for kind in graph.kinds.values():
        yield from _kind(graph, kind)


def _kind(graph: Graph, kind: Kind) -> Iterator[str]:
    yield ""
    yield f"## {kind.name}"
    yield ""
    yield f"{kind.doc} Its ids: `{kind.prefix}:name{'@version' if kind.versioned else ''}`. {_STANDINGS[kind.standing]}"
    if kind.own_properties:
        yield ""
        yield from _properties(kind.own_properties)
    if kind.edges:
        yield ""
        yield from _table(("edge", "type", "class", "leads to", "what it says"), map(_edge, kind.edges))
    if backs := graph.back_edges(kind.name):
        yield ""
        yield from _table(
            ("way back", "of", "what it says"), ((f"`{e.back}`", f"{e.source}.{e.name}", e.back_doc) for e in backs)
        )


_STANDINGS = {
    "PLAIN": "Written by facts.",
    "SETTLED": "Settled: facts describe it, and none retracts or corrects it, since decisions rest on it.",
    "OBSERVED": "An observation: its facts are never refused for want of permission.",
    "GOVERNED": "Governed: written by actions, and by facts only as imported history.",
}


def _edge(e: Edge) -> tuple[str, ...]:
    carries = "".join(f", {_named(p)}: {p.doc}" for p in e.stored_properties)
    return (f"`{e.name}`" + ("" if e.one else " []"), e.type.name, e.type.edge_class, " or ".join(e.targets), e.doc + carries)


def _properties(properties: Iterable[Property]) -> Iterator[str]:
    rows = ((_named(p), _type(p), p.change.lower(), p.doc) for p in properties)
    yield from _table(("property", "type", "change", "what it is"), rows)


def _named(p: Property) -> str:
    """Return a property's name, marked if a fact must have it."""
    return f"`{p.name}`" + ("!" if p.required else "")


def _type(p: Property) -> str:
    item = p.item_type or p.type
    name = str(getattr(item, "__name__", item))
    name = f"[{name}]" if p.item_type else name
    return ", ".join((name, *_bounds(p)))


def _bounds(p: Property) -> Iterator[str]:
    """Return the bounds of a property that are not the usual ones of its type."""
    from forebear.graph.declaration import ITEMS, LINE

    if p.least is not None or p.most is not None:
        yield f"at least {p.least:g}" if p.most is None else f"{p.least or 0:g} to {p.most:g}"
    if p.length != LINE:
        yield f"at most {p.length:,} characters"
    if p.items != ITEMS:
        yield f"at most {p.items:,} items"
    if p.after:
        yield f"not before {p.after}"
    if p.ahead:
        yield "may lie ahead"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
