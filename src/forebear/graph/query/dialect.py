"""One Cypher text for two engines and two ways of asking.

Statements are written for Neo4j, about what is known now. `REWRITINGS` change them, one after the other: walks, so that the
embedded engine can run them; shortest paths, so that both engines find the same ones, the first by their nodes' ids; and for
`asKnownAt`, patterns and reads, so that they see the edges and properties that were known at `$asKnownAt`.

Each has an example in its docstring, which a test performs. In the examples the lineage are the edges CUT and MADE.

The forms that can be rewritten, one clause a line:

    MATCH walk = (a)-[:PRODUCED_BY|RAN*0..50 /* lineage */]->(b)            a walk from one node, always followed by
    WITH a, b, min(length(walk)) AS depth                                   its distinct nodes with their depths; of it
    MATCH walk = (a)-[:PRODUCED_BY|RAN*0..50 /* lineage, nearest 9 */]->(b) no more is needed than the 9 nearest, by depth
    MATCH path = shortestPath((a)-[:PRODUCED_BY|RAN*1..50 /* lineage */]->(b))   or allShortestPaths, of which the
    RETURN nodes(path) …                                                    first are found, as many as are needed
    MATCH (a:Kind)-[e:TYPE]->(b) WHERE …                                    named edges, and always a WHERE
    MATCH (a)<-[e:TYPE]-(b:Kind)<-[f:TYPE]-(c:Kind) WHERE …                 from a node that is bound, see `pattern.misbegun`
    MATCH (a:Kind /* of parameter */ {id: $parameter}) WHERE …              labels replaced by the kind of the id
    MATCH (a:Kind /* any kind */ {id: $parameter}) WHERE …                  labels replaced by all kinds
    /* as known at $parameter */ CALL (a) { … }                             a block that is asked as of a moment
    WITH a, a /* as known */ AS then                                        a node's values as known, looked up once
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from forebear.graph.declaration import RETRACTED, REVISES, REVISION, Change, EdgeClass, Graph
from forebear.graph.query.known import KNOWN_AT, known, named_states
from forebear.graph.query.lexer import brace_end
from forebear.graph.query.pattern import EDGE, MATCH, STATE, bound_of


class Engine(StrEnum):
    """The engine that runs the statements."""

    NEO4J = "neo4j"
    EMBEDDED = "embedded"


class InvalidStatement(Exception):
    """A statement that cannot be rewritten, or names something undeclared."""


def anchored(text: str, engine: Engine) -> str:
    """Return a statement for which Neo4j keeps its first plan.

    It finds every node by its id, so its best plan does not depend on the size of the graph. Neo4j would plan again whenever
    the graph has grown or shrunk to a multiple.
    """
    return f"CYPHER replan=skip\n{text}" if engine is Engine.NEO4J else text


_UNION = re.compile(
    r":(?P<types>[A-Z_|]+)(?P<rest>\*?[\d.]*) /\* (?!nearest )(?P<set>[\w ]+)(?:, (?P<nearest>nearest \d+))? \*/"
)
_ANY_KIND = re.compile(r":\w+ /\* any kind \*/")
_MARK = r"(?: /\* (?:[\w ]+, )?(?:nearest (?P<nearest>\d+)|[\w ]+) \*/)?"
_WALK = re.compile(
    r"MATCH walk = \((?P<start>\w+)\)(?P<left><?)-\[:(?P<types>[A-Z_|]+)\*0\.\.(?P<depth>\d+)"
    rf"{_MARK}\]-(?P<right>>?)\((?P<end>\w+)\)\s+WITH (?P<carry>[^\n]*?)min\(length\(walk\)\) AS depth"
)
_SHORTEST = re.compile(
    r"MATCH path = (?P<function>shortestPath|allShortestPaths)\(\((?P<start>\w+)\)(?P<left><?)-\[:(?P<types>[A-Z_|]+)\*1\.\."
    r"(?P<depth>\d+)(?: /\* [\w ]+ \*/)?\]-(?P<right>>?)\((?P<end>\w+)\)\)"
)
_FORMS = (
    (
        "MATCH walk = ",
        _WALK,
        "a walk is written `MATCH walk = (a)-[:A|B*0..50]->(b)` with `WITH …, min(length(walk)) AS depth` on the next line",
    ),
    (
        "MATCH path = ",
        _SHORTEST,
        "a path is written `MATCH path = shortestPath((a)-[:A|B*1..50]->(b))`, or allShortestPaths",
    ),
)
_ANY_MATCH = re.compile(r"MATCH (?!walk = |path = )")
_NODE = re.compile(r"\((?P<name>\w+):(?P<label>\w+)?")
_LABELS = re.compile(r"(?P<labels>:[A-Za-z|]+)? /\* of (?P<parameter>\w+) \*/")
AS_KNOWN = re.compile(r"/\* as known at \$(?P<moment>\w+) \*/")
"""Matches the comment before a block: the parameter with its moment of knowledge."""
_BLOCK = re.compile(rf"{AS_KNOWN.pattern} (?P<call>CALL \([\w, ]*\) )\{{")
_PARAMETER = re.compile(r"\$(\w+)")
_READ = re.compile(r"\b(?P<name>[a-z]\w*)\.(?P<property>\w+)\b")


@dataclass(frozen=True)
class Asking:
    """The circumstances of a statement: the engine, now or `$asKnownAt`, and the declaration."""

    engine: Engine
    as_known: bool
    sets: Mapping[str, str]
    """Unions of edge types, by their names in comments."""
    guaranteed: frozenset[str]
    """Properties that never change without a revision."""
    latest: frozenset[str]
    """Properties of which only the latest value is kept."""
    bound: frozenset[str] = frozenset()
    """The names of edges, states and rows that a statement binds around a part. A part does not tell them from nodes."""
    kinds: Sequence[str] = ()
    """All kinds."""


Rewriting = Callable[[str, Asking], str]
"""Makes one change wherever a statement needs it. Raises `InvalidStatement`."""


def sets(text: str, asking: Asking) -> str:
    """Replace a union of types by the set that the comment behind it names, and a kind by all kinds, as they are declared.

    written:
        MATCH (a)-[e:MADE /* lineage */]->(b) WHERE true
    becomes:
        MATCH (a)-[e:CUT|MADE]->(b) WHERE true
    """

    def union(m: re.Match[str]) -> str:
        if m["set"] not in asking.sets:
            raise InvalidStatement(f"no set of edge types is called {m['set']!r}; known: {', '.join(asking.sets)}")
        return f":{asking.sets[m['set']]}{m['rest']}" + (f" /* {m['nearest']} */" if m["nearest"] else "")

    return _UNION.sub(union, _ANY_KIND.sub(f":{'|'.join(asking.kinds)}", text))


def blocks(text: str, asking: Asking) -> str:
    """Ask a block as of a moment of its own.

    written:
        /* as known at $then */ CALL (a) {
          MATCH (a)-[e:MADE]->(b) WHERE true
          RETURN b
        }
    becomes:
        CALL (a) {
          MATCH (a)-[e:MADE|RETRACTED]->(b) WHERE e.recordedAt <= $then AND coalesce(e.type IN ['MADE'] AND e.retractedAt > $then, true) AND true
          RETURN b
        }
    """  # noqa: E501
    while block := _BLOCK.search(text):
        end = brace_end(text, block.end())
        if end == len(text):
            raise InvalidStatement("a block `as known at` is not closed")
        inner = rewritten(text[block.end() : end], replace(asking, as_known=True)).replace(KNOWN_AT, f"${block['moment']}")
        text = f"{text[: block.start()]}{block['call']}{{{inner}{text[end:]}"
    return text


def known_reads(text: str, asking: Asking) -> str:
    """Read a guaranteed property of a node as it was known; what was not described yet had none.

    Conditions on the nodes of a pattern come after the pattern, behind a WITH that gives the state of each node a name. What
    is read of it later has it by that name. Neo4j plans a subquery in a WHERE anew for every order in which it could follow
    the pattern, and even behind a WITH it takes longer to plan than one in the WITH itself. A statement that reads several
    properties of a node elsewhere names its state, too, so that it is looked up once.

    written:
        MATCH (a:Car)-[e:MADE]->(b) WHERE a.state = 'NEW' AND e.weight > 2
        WITH b, e, b /* as known */ AS then
        RETURN b.state AS state, e.weight AS weight, then.state AS same
    becomes, now:
        MATCH (a:Car)-[e:MADE]->(b) WHERE a.state = 'NEW' AND e.weight > 2
        WITH b, e, b AS then
        RETURN b.state AS state, e.weight AS weight, then.state AS same
    becomes, as known:
        MATCH (a:Car)-[e:MADE]->(b) WHERE e.weight > 2 WITH *, [s IN [reduce(was = a, v IN [(v:Revision)-[:REVISES]->(a) WHERE v.revisedAt > $asKnownAt | v] | CASE WHEN was = a OR v.number < was.number THEN v ELSE was END)] WHERE s.describedAt <= $asKnownAt][0] AS a_known WHERE a_known.state = 'NEW'
        WITH b, e, [s IN [reduce(was = b, v IN [(v:Revision)-[:REVISES]->(b) WHERE v.revisedAt > $asKnownAt | v] | CASE WHEN was = b OR v.number < was.number THEN v ELSE was END)] WHERE s.describedAt <= $asKnownAt][0] AS then
        RETURN [s IN [reduce(was = b, v IN [(v:Revision)-[:REVISES]->(b) WHERE v.revisedAt > $asKnownAt | v] | CASE WHEN was = b OR v.number < was.number THEN v ELSE was END)] WHERE s.describedAt <= $asKnownAt][0].state AS state, e.weight AS weight, then.state AS same
    """  # noqa: E501
    if not asking.as_known:
        return STATE.sub(r"\g<node>", text)
    bound = asking.bound | bound_of(text)

    def read(r: re.Match[str]) -> str:
        if r["property"] in asking.latest:
            return "null"
        if r["name"] in bound or r["property"] not in asking.guaranteed or r["name"] == "apoc":
            return r[0]
        return f"«{r['name']}».{r['property']}"

    return named_states(STATE.sub(r"«\g<node>»", _READ.sub(read, text)))


def known_patterns(text: str, asking: Asking) -> str:
    """Match what was known: edges that were recorded and not yet retracted, and nodes that were recorded.

    A revision is known with its edge, from when it was made. A pattern that names RETRACTED itself is about what went.

    written:
        MATCH (a:Car)-[e:MADE]->(b) WHERE a.ready
    becomes, as known:
        MATCH (a:Car)-[e:MADE|RETRACTED]->(b) WHERE e.recordedAt <= $asKnownAt AND coalesce(e.type IN ['MADE'] AND e.retractedAt > $asKnownAt, true) AND a.recordedAt <= $asKnownAt AND a.ready
    """  # noqa: E501
    if not asking.as_known:
        return text
    if len(_ANY_MATCH.findall(text)) != len(MATCH.findall(text)):
        raise InvalidStatement("every MATCH needs a WHERE of its own (write WHERE true), so that it can be asked asKnownAt")

    def one(m: re.Match[str]) -> str:
        conditions = []

        def edge(e: re.Match[str]) -> str:
            if e["types"] in (REVISES, RETRACTED):
                return e[0]
            if not e["name"]:
                raise InvalidStatement(f"name the edge in [{e['types']}], so that it can be asked asKnownAt")
            conditions.append(known(e["name"], e["types"]))
            return f"[{e['name']}:{e['types']}|{RETRACTED}]"

        pattern = EDGE.sub(edge, m["pattern"])
        conditions += [
            f"{name}.{'revisedAt' if label == REVISION else 'recordedAt'} <= {KNOWN_AT}"
            for name, label in _NODE.findall(pattern)
        ]
        return f"MATCH {pattern} WHERE {' AND '.join(conditions)} AND " if conditions else f"MATCH {pattern} WHERE "

    return MATCH.sub(one, text)


def shortest_paths(text: str, asking: Asking) -> str:
    """Find the first of all shortest paths, in the order of their nodes' ids from where they begin: one, or `$first + 1`.

    Neither engine says which it finds, and what is known of other paths must not change which that is. So a walk
    outwards from the edges' source says how far away each node is. Of the edges that lead one step on, those remain that
    lead to the end, level by level from there. Along these the paths grow in order, never more than are needed. The row's
    `path` is `{nodes, edges}`; edges of one type between the same nodes are one step. The walk is rewritten afterwards.

    written:
        MATCH path = shortestPath((a)-[:MADE*1..9]->(b))
        RETURN nodes(path) AS steps, relationships(path) AS links
    becomes, now:
        CALL (a, b) {
        MATCH walk = (a)-[:MADE*0..8]->(x)
        WITH a, b, x, min(length(walk)) AS depth
        MATCH (x)-[r:MADE]->(y) WHERE y.id <> a.id
        WITH a, b, x, y, depth, coalesce(r.type, type(r)) AS kind, collect(r)[0] AS edge
        WITH a, b, y, min(depth) AS level, collect({x: x, depth: depth, kind: kind, edge: edge, s: x.id}) AS ways
        UNWIND ways AS way
        WITH a, b, y, level, way, way.s AS s, way.kind AS kind WHERE way.depth = level
        WITH a, b, y, level, way, s ORDER BY s, y.id, kind
        WITH a, b, collect({level: level, s: s, t: y.id, x: way.x, y: y, edge: way.edge}) AS links
        WITH a, links, [l IN links WHERE l.t = b.id] AS last
        WITH a, links, last, CASE WHEN size(last) > 0 THEN range(1, last[0].level) END AS back WHERE size(last) > 0
        WITH a, reduce(levels = [last], i IN back | [ids IN [[n IN levels[0] | n.s]] | [l IN links WHERE l.level = last[0].level - i AND l.t IN ids]] + levels) AS levels
        UNWIND reduce(found = [[]], level IN levels | reduce(more = [], p IN found | CASE WHEN size(more) < 1 THEN more + [l IN level WHERE size(p) = 0 OR l.s = p[-1].t | p + [l]] ELSE more END)[..1]) AS p
        RETURN {nodes: [a] + [l IN p | l.y], edges: [l IN p | l.edge]} AS path
        }
        RETURN path.nodes AS steps, path.edges AS links
    """  # noqa: E501
    if _SHORTEST.search(text):
        text = _SHORTEST.sub(lambda m: _first_paths(m, asking), text)
        for function, read in (("nodes", "path.nodes"), ("relationships", "path.edges")):
            text = text.replace(f"{function}(path)", read)
    return text


def _first_paths(m: re.Match[str], asking: Asking) -> str:
    a, b, types = m["start"], m["end"], m["types"]
    source, target = (b, a) if m["left"] else (a, b)
    union, where = (f"{types}|{RETRACTED}", f" AND {known('r', types)}") if asking.as_known else (types, "")
    most = "1" if m["function"] == "shortestPath" else "$first + 1"
    levels, goes_on, reached = ("reverse(levels)", "l.t = p[-1].s", "x") if m["left"] else ("levels", "l.s = p[-1].t", "y")
    return (
        f"CALL ({a}, {b}) {{\n"
        f"MATCH walk = ({source})-[:{types}*0..{int(m['depth']) - 1}]->(x)\n"
        f"WITH {a}, {b}, x, min(length(walk)) AS depth\n"
        f"MATCH (x)-[r:{union}]->(y) WHERE y.id <> {source}.id{where}\n"
        f"WITH {a}, {b}, x, y, depth, coalesce(r.type, type(r)) AS kind, collect(r)[0] AS edge\n"
        f"WITH {a}, {b}, y, min(depth) AS level, collect({{x: x, depth: depth, kind: kind, edge: edge, s: x.id}}) AS ways\n"
        f"UNWIND ways AS way\n"
        f"WITH {a}, {b}, y, level, way, way.s AS s, way.kind AS kind WHERE way.depth = level\n"
        f"WITH {a}, {b}, y, level, way, s ORDER BY s, y.id, kind\n"
        f"WITH {a}, {b}, collect({{level: level, s: s, t: y.id, x: way.x, y: y, edge: way.edge}}) AS links\n"
        f"WITH {a}, links, [l IN links WHERE l.t = {target}.id] AS last\n"
        f"WITH {a}, links, last, CASE WHEN size(last) > 0 THEN range(1, last[0].level) END AS back WHERE size(last) > 0\n"
        f"WITH {a}, reduce(levels = [last], i IN back | [ids IN [[n IN levels[0] | n.s]] | "
        f"[l IN links WHERE l.level = last[0].level - i AND l.t IN ids]] + levels) AS levels\n"
        f"UNWIND reduce(found = [[]], level IN {levels} | reduce(more = [], p IN found | CASE WHEN size(more) < {most} "
        f"THEN more + [l IN level WHERE size(p) = 0 OR {goes_on} | p + [l]] ELSE more END)[..{most}]) AS p\n"
        f"RETURN {{nodes: [{a}] + [l IN p | l.{reached}], edges: [l IN p | l.edge]}} AS path\n}}"
    )


def walks(text: str, asking: Asking) -> str:
    """Walk as the engine can: Neo4j by a pattern, the embedded engine by a procedure or, as known, a subquery a level.

    The procedure's tree holds each node once, at its least depth: to group them all again would need memory for all. It
    grows level by level. So where the nearest are enough, a first tree says at which level there are, and a second ends there.

    written:
        MATCH walk = (a)-[:MADE*0..1 /* nearest 9 */]->(b)
        WITH a, b, min(length(walk)) AS depth
    becomes, neo4j, now:
        MATCH walk = (a)-[:MADE*0..1]->(b)
        WITH a, b, min(length(walk)) AS depth
    becomes, neo4j, as known:
        MATCH walk = (a)-[:MADE|RETRACTED*0..1]->(b)
        WHERE all(x IN relationships(walk) WHERE x.recordedAt <= $asKnownAt AND coalesce(x.type IN ['MADE'] AND x.retractedAt > $asKnownAt, true))
        WITH a, b, min(length(walk)) AS depth
    becomes, embedded, now:
        CALL apoc.path.spanningTree(a, {relationshipFilter: 'MADE>', maxLevel: 1, limit: 9}) YIELD path AS near
        WITH a, max(length(near)) AS far
        CALL apoc.path.spanningTree(a, {relationshipFilter: 'MADE>', maxLevel: far}) YIELD path AS walk
        WITH a, nodes(walk)[-1] AS b, length(walk) AS depth
    becomes, embedded, as known:
        CALL (a) {
        WITH [a] AS seen0, [a] AS front0, [0] AS depths0
        CALL (seen0, front0) { UNWIND front0 AS x MATCH (x)-[r:MADE|RETRACTED]->(y) WHERE r.recordedAt <= $asKnownAt AND coalesce(r.type IN ['MADE'] AND r.retractedAt > $asKnownAt, true) AND NOT y IN seen0 RETURN collect(DISTINCT y) AS front1 }
        WITH seen0 + front1 AS seen1, front1, depths0 + [x IN front1 | 1] AS depths1
        UNWIND range(0, size(seen1) - 1) AS i RETURN seen1[i] AS b, depths1[i] AS reached }
        WITH a, b, min(reached) AS depth
    """  # noqa: E501
    walk = _as_pattern if asking.engine is Engine.NEO4J else _unrolled if asking.as_known else _as_tree
    return _WALK.sub(lambda m: walk(m, asking), text)


def _as_pattern(m: re.Match[str], asking: Asking) -> str:
    union, where = m["types"], ""
    if asking.as_known:
        union, where = f"{union}|{RETRACTED}", f"\nWHERE all(x IN relationships(walk) WHERE {known('x', union)})"
    return (
        f"MATCH walk = ({m['start']}){m['left']}-[:{union}*0..{m['depth']}]-{m['right']}({m['end']}){where}\n"
        f"WITH {m['carry']}min(length(walk)) AS depth"
    )


def _as_tree(m: re.Match[str], asking: Asking) -> str:
    arrow = "|".join(f"{m['left']}{t}{m['right']}" for t in m["types"].split("|"))

    def tree(path: str, level: str, limit: str = "") -> str:
        within = f"{{relationshipFilter: '{arrow}', maxLevel: {level}{limit}}}"
        return f"CALL apoc.path.spanningTree({m['start']}, {within}) YIELD path AS {path}\n"

    walk = tree("walk", m["depth"])
    if m["nearest"]:
        near = tree("near", m["depth"], f", limit: {m['nearest']}")
        carried = dict.fromkeys([*_carried(m), m["start"]])
        walk = f"{near}WITH {', '.join(carried)}, max(length(near)) AS far\n{tree('walk', 'far')}"
    return f"{walk}WITH {', '.join([*_carried(m), 'nodes(walk)[-1] AS ' + m['end']])}, length(walk) AS depth"


def _unrolled(m: re.Match[str], asking: Asking) -> str:
    """Return a breadth-first walk, a level a subquery: the embedded engine's procedures cannot read an edge's properties."""
    start, depth = m["start"], int(m["depth"])
    lines = [f"CALL ({start}) {{", f"WITH [{start}] AS seen0, [{start}] AS front0, [0] AS depths0"]
    for i in range(depth):
        lines.append(
            f"CALL (seen{i}, front{i}) {{ UNWIND front{i} AS x "
            f"MATCH (x){m['left']}-[r:{m['types']}|{RETRACTED}]-{m['right']}(y) "
            f"WHERE {known('r', m['types'])} AND NOT y IN seen{i} RETURN collect(DISTINCT y) AS front{i + 1} }}\n"
            f"WITH seen{i} + front{i + 1} AS seen{i + 1}, front{i + 1}, "
            f"depths{i} + [x IN front{i + 1} | {i + 1}] AS depths{i + 1}"
        )
    lines.append(
        f"UNWIND range(0, size(seen{depth}) - 1) AS i RETURN seen{depth}[i] AS {m['end']}, depths{depth}[i] AS reached }}\n"
        f"WITH {', '.join([*_carried(m), m['end']])}, min(reached) AS depth"
    )
    return "\n".join(lines)


def _carried(m: re.Match[str]) -> list[str]:
    """Return what the WITH behind a walk carries besides the end of the walk."""
    return [c.strip() for c in m["carry"].split(",") if c.strip() and c.strip() != m["end"]]


REWRITINGS: tuple[Rewriting, ...] = (sets, blocks, known_patterns, known_reads, shortest_paths, walks)
"""All rewritings, in the order in which they apply."""


def rewritten(text: str, asking: Asking) -> str:
    """Return a statement after all rewritings. Raises `InvalidStatement`."""
    for form, pattern, replacement in _FORMS:
        if len(pattern.findall(text)) != text.count(form):
            raise InvalidStatement(replacement)
    for rewriting in REWRITINGS:
        text = rewriting(text, asking)
    return text


class Dialect:
    """Rewrites statements for one engine, by a graph's declaration."""

    def __init__(self, graph: Graph, engine: Engine) -> None:
        self.engine = engine
        self.sets: Mapping[str, str] = {
            "lineage": "|".join(graph.types_of(EdgeClass.LINEAGE)),
            "authority": "|".join(graph.types_of(EdgeClass.AUTHORITY)),
            "lineage and authority": "|".join(graph.types_of(EdgeClass.LINEAGE, EdgeClass.AUTHORITY)),
        }
        guaranteed = {p.name for k in graph.kinds.values() for p in k.guaranteed}
        self._kinds = tuple(graph.kinds)
        self._guaranteed = frozenset(guaranteed | {"retractedAt", "describedAt"})
        self._latest = frozenset(
            p.name for k in graph.kinds.values() for p in k.properties.values() if p.change is Change.LATEST
        )

    def asking(self, *, as_known: bool = False, within: str = "") -> Asking:
        """Return the circumstances of a statement in this dialect, or of a part that stands `within` a statement."""
        return Asking(self.engine, as_known, self.sets, self._guaranteed, self._latest, bound_of(within), self._kinds)

    def rewrite(self, text: str, *, as_known: bool = False, within: str = "") -> str:
        """Return a statement as this engine runs it; with `as_known` as of `$asKnownAt`. Raises `InvalidStatement`.

        A part of a statement, such as a column, names the statement that it stands `within`.
        """
        return rewritten(text, self.asking(as_known=as_known, within=within))

    def fill(self, text: str, texts: Mapping[str, str]) -> str:
        """Return a statement with its parameters, and its labels marked `/* of parameter */`, replaced."""
        text = _LABELS.sub(lambda m: f":{texts['of ' + m['parameter']]}", text)
        return _PARAMETER.sub(lambda m: texts.get(m[1], m[0]), text)
