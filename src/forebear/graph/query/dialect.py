"""One Cypher text, two engines, two ways of asking.

Statements are written for Neo4j and ask about what is known now. From them are rewritten, in this one place:

- for the embedded engine, the walks, which it cannot run;
- shortest paths, of which neither engine says which it finds, so that they are the first by their nodes' ids;
- for `asKnownAt`, every pattern and every read of a guaranteed property, so that they see the graph as it was known
  at `$asKnownAt`: edges that were recorded by then and not yet retracted, properties as the revisions kept them.

The forms that can be rewritten, one clause a line:

    MATCH walk = (a)-[:PRODUCED_BY|RAN*0..50 /* lineage */]->(b)            a walk from one node, always followed by
    WITH a, b, min(length(walk)) AS depth                                   its distinct nodes with their depths; of it
    MATCH walk = (a)-[:PRODUCED_BY|RAN*0..50 /* lineage, nearest 9 */]->(b) no more is needed than the 9 nearest, by depth
    MATCH path = shortestPath((a)-[:PRODUCED_BY|RAN*1..50 /* lineage */]->(b))   or allShortestPaths, of which the
    RETURN nodes(path) …                                                    first are found, as many as are needed
    MATCH (a:Kind)-[e:TYPE]->(b) WHERE …                                    named edges, and always a WHERE
    MATCH (a)<-[e:TYPE]-(b:Kind)<-[f:TYPE]-(c:Kind) WHERE …                 from a node that is given, see `misbegun`
    MATCH (a:Kind /* of parameter */ {id: $parameter}) WHERE …              labels replaced by the kind of the id
    /* as known at $parameter */ CALL (a) { … }                             a block that is asked as of a moment

The comment behind a union of types names a set of the vocabulary; the union is replaced by that set as it is declared.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from forebear.graph.declaration import RETRACTED, REVISES, REVISION, EdgeClass, Graph


class Engine(StrEnum):
    """What runs the statements."""

    NEO4J = "neo4j"
    EMBEDDED = "embedded"


def anchored(text: str, engine: Engine) -> str:
    """A statement that finds every node by its id, so that its best plan does not depend on how much there is.

    Neo4j is told to keep its first plan; it would plan anew whenever the graph has grown or shrunk to a multiple.
    """
    return f"CYPHER replan=skip\n{text}" if engine is Engine.NEO4J else text


def misbegun(text: str) -> str | None:
    """What is wrong with a statement of which a pattern begins at a node that has to be looked for, though another is given.

    Given is what is named without a label, since it is bound then, and what is found by its id. In a subquery the embedded
    engine follows a pattern from where it begins, and so looks at the whole kind; one edge to what is bound it turns round.
    """
    for chain in _CHAIN.finditer(text):
        first, *others = re.findall(_ENDPOINT, chain[0])
        given = [node for node in others if "{" in node or (":" not in node and len(others) > 1)]
        if given and ":" in first and "{" not in first:
            return f"begin {chain[0]} at {given[0]}, which is given (by two patterns of one MATCH, where it is in the middle)"
    return None


class InvalidStatement(Exception):
    """A statement that cannot be rewritten or names what is not declared."""


KNOWN_AT = "$asKnownAt"

_WALK = re.compile(
    r"MATCH walk = \((?P<start>\w+)\)(?P<left><?)-\[:(?P<types>[A-Z_|]+)\*0\.\.(?P<depth>\d+)"
    r"(?: /\* (?P<set>[\w ]+?)(?:, nearest (?P<nearest>\d+))? \*/)?\]-(?P<right>>?)\((?P<end>\w+)\)\s+"
    r"WITH (?P<carry>[^\n]*?)min\(length\(walk\)\) AS depth"
)
_SHORTEST = re.compile(
    r"MATCH path = (?P<function>shortestPath|allShortestPaths)\(\((?P<start>\w+)\)(?P<left><?)-\[:(?P<types>[A-Z_|]+)\*1\.\."
    r"(?P<depth>\d+)(?: /\* (?P<set>[\w ]+) \*/)?\]-(?P<right>>?)\((?P<end>\w+)\)\)"
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
_UNION = re.compile(r":(?P<types>[A-Z_|]+)(?P<rest>\*?[\d.]*) /\* (?P<set>[\w ]+) \*/")
_MATCH = re.compile(r"MATCH (?!walk = |path = )(?P<pattern>(?:(?!\b(?:MATCH|RETURN|WITH|CALL|UNWIND)\b).)*?)\s+WHERE\s", re.S)
_ANY_MATCH = re.compile(r"MATCH (?!walk = |path = )")
_EDGE = re.compile(r"\[(?P<name>\w*):(?P<types>[A-Z_|]+)\]")
_NODE = re.compile(r"\((?P<name>\w+):(?P<label>\w+)?")
_LABELS = re.compile(r"(?P<labels>:[A-Za-z|]+)? /\* of (?P<parameter>\w+) \*/")
_ENDPOINT = r"\(\w*(?::[\w|]+)?(?: /\* of \w+ \*/)?(?: \{[^{}]*\})?\)"
_CHAIN = re.compile(rf"{_ENDPOINT}(?:<?-\[[^\]]*\]->?{_ENDPOINT})+")
AS_KNOWN = re.compile(r"/\* as known at \$(?P<moment>\w+) \*/")
"""Before a block of a statement: the parameter with the moment of knowledge that it is asked as of."""
_BLOCK = re.compile(rf"{AS_KNOWN.pattern} (?P<call>CALL \([\w, ]*\) )\{{")
_PARAMETER = re.compile(r"\$(\w+)")
_TYPED = re.compile(r"\btype\((\w+)\)")
_READ = re.compile(r"\b(?P<name>[a-z]\w*)\.(?P<property>\w+)\b")


def known(edge: str, types: str, at: str = KNOWN_AT) -> str:
    """The condition that an edge of some types (or its retracted remains) was known at a moment."""
    listed = ", ".join(f"'{t}'" for t in types.split("|"))
    return (
        f"{edge}.recordedAt <= {at} AND "
        f"(type({edge}) <> '{RETRACTED}' OR ({edge}.type IN [{listed}] AND {edge}.retractedAt > {at}))"
    )


def state(node: str, at: str = KNOWN_AT) -> str:
    """A node's guaranteed properties as they were known at a moment: the first later revision, or the node itself."""
    return (
        f"(COLLECT {{ MATCH (v:{REVISION})-[:{REVISES}]->({node}) WHERE v.revisedAt > {at} "
        f"WITH v ORDER BY v.number LIMIT 1 RETURN v }} + [{node}])[0]"
    )


class Dialect:
    """Rewrites statements for one engine, by a graph's declaration."""

    def __init__(self, graph: Graph, engine: Engine) -> None:
        self.engine = engine
        self.sets: Mapping[str, str] = {
            "lineage": "|".join(graph.types_of(EdgeClass.LINEAGE)),
            "lineage and authority": "|".join(graph.types_of(EdgeClass.LINEAGE, EdgeClass.AUTHORITY)),
        }
        self._guaranteed = {p.name for k in graph.kinds.values() for p in k.guaranteed} | {
            "retractedAt",
            "describedAt",
        }

    def rewrite(self, text: str, *, as_known: bool = False) -> str:
        """A statement as this engine runs it; with `as_known` as of `$asKnownAt`. Raises `InvalidStatement`."""
        for form, pattern, written in _FORMS:
            if len(pattern.findall(text)) != text.count(form):
                raise InvalidStatement(written)
        while block := _BLOCK.search(text):
            end = closing(text, block.end())
            inner = self.rewrite(text[block.end() : end], as_known=True).replace(KNOWN_AT, f"${block['moment']}")
            text = f"{text[: block.start()]}{block['call']}{{{inner}{text[end:]}"
        if as_known:
            text = self._patterns_as_known(text)
        if _SHORTEST.search(text):
            text = _SHORTEST.sub(lambda m: self._first_paths(m, as_known), text)
            for function, read in (("nodes", "path.nodes"), ("relationships", "path.edges")):
                text = text.replace(f"{function}(path)", read)
        text = _WALK.sub(lambda m: self._walk(m, as_known), text)
        return self._with_sets(text)

    def fill(self, text: str, texts: Mapping[str, str]) -> str:
        """A statement with its parameters, and its labels marked `/* of parameter */`, replaced."""
        text = _LABELS.sub(lambda m: f":{texts['of ' + m['parameter']]}", text)
        return _PARAMETER.sub(lambda m: texts.get(m[1], m[0]), text)

    def _with_sets(self, text: str) -> str:
        return _UNION.sub(lambda m: f":{self._types(m['types'], m['set'])}{m['rest']}", text)

    def _types(self, written: str, name: str | None) -> str:
        if name is None:
            return written
        if name not in self.sets:
            raise InvalidStatement(f"no set of edge types is called {name!r}; known: {', '.join(self.sets)}")
        return self.sets[name]

    def _walk(self, m: re.Match[str], as_known: bool) -> str:
        types = self._types(m["types"], m["set"])
        carry = [c.strip() for c in m["carry"].split(",") if c.strip() and c.strip() != m["end"]]
        if self.engine is Engine.NEO4J:
            union, where = types, ""
            if as_known:
                union, where = (
                    f"{types}|{RETRACTED}",
                    f"\nWHERE all(x IN relationships(walk) WHERE {known('x', types)})",
                )
            return (
                f"MATCH walk = ({m['start']}){m['left']}-[:{union}*0..{m['depth']}]-{m['right']}({m['end']}){where}\n"
                f"WITH {m['carry']}min(length(walk)) AS depth"
            )
        if as_known:
            inner = _unrolled(m["start"], m["end"], types, m["left"], m["right"], int(m["depth"]))
            return f"{inner}\nWITH {', '.join([*carry, m['end']])}, min(reached) AS depth"
        arrow = "|".join(f"{m['left']}{t}{m['right']}" for t in types.split("|"))

        def tree(path: str, level: str, limit: str = "") -> str:
            within = f"{{relationshipFilter: '{arrow}', maxLevel: {level}{limit}}}"
            return f"CALL apoc.path.spanningTree({m['start']}, {within}) YIELD path AS {path}\n"

        walk = tree("walk", m["depth"])
        if m["nearest"]:
            # The tree grows level by level. So a first one says at which level there are enough, and a second ends there.
            near = tree("near", m["depth"], f", limit: {m['nearest']}")
            walk = f"{near}WITH {', '.join([*carry, m['start']])}, max(length(near)) AS far\n{tree('walk', 'far')}"
        # It holds each node once, at its least depth: to group them all again would need memory for all.
        return f"{walk}WITH {', '.join([*carry, 'nodes(walk)[-1] AS ' + m['end']])}, length(walk) AS depth"

    def _first_paths(self, m: re.Match[str], as_known: bool) -> str:
        """The first of all shortest paths, in the order of their nodes' ids from where they begin: one, or `$first + 1`.

        Neither engine says which it finds, and what is known of other paths must not change which that is. So a walk
        outwards from the edges' source says how far away each node is. Of the edges that lead one step on, those remain that
        lead to the end, level by level from there. Along these the paths grow in order, never more than are needed. The row's
        `path` is `{nodes, edges}`; edges of one type between the same nodes are one step.
        """
        a, b, types = m["start"], m["end"], self._types(m["types"], m["set"])
        source, target = (b, a) if m["left"] else (a, b)
        union, where = (f"{types}|{RETRACTED}", f" AND {known('r', types)}") if as_known else (types, "")
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

    def _patterns_as_known(self, text: str) -> str:
        text = self._with_sets(text)
        # What `type(…)` is asked of is an edge, too: one of a path's.
        edges = {name for m in _MATCH.finditer(text) for name, _ in _EDGE.findall(m["pattern"])} | {*_TYPED.findall(text)}
        if len(_ANY_MATCH.findall(text)) != len(_MATCH.findall(text)):
            raise InvalidStatement("every MATCH needs a WHERE of its own (write WHERE true), so that it can be asked asKnownAt")

        def one(m: re.Match[str]) -> str:
            conditions = []

            def edge(e: re.Match[str]) -> str:
                # A revision is known with its edge, from when it was made.
                if e["types"] == REVISES:
                    return e[0]
                if not e["name"]:
                    raise InvalidStatement(f"name the edge in [{e['types']}], so that it can be asked asKnownAt")
                conditions.append(known(e["name"], e["types"]))
                return f"[{e['name']}:{e['types']}|{RETRACTED}]"

            pattern = _EDGE.sub(edge, m["pattern"])
            conditions += [
                f"{name}.{'revisedAt' if label == REVISION else 'recordedAt'} <= {KNOWN_AT}"
                for name, label in _NODE.findall(pattern)
            ]
            return f"MATCH {pattern} WHERE {' AND '.join(conditions)} AND " if conditions else f"MATCH {pattern} WHERE "

        def read(r: re.Match[str]) -> str:
            if r["name"] in edges or r["property"] not in self._guaranteed or r["name"] == "apoc":
                return r[0]
            # What was not described yet had no properties, though a later fact gave it some without a revision.
            return f"[s IN [{state(r['name'])}] WHERE s.describedAt <= {KNOWN_AT}][0].{r['property']}"

        return _READ.sub(read, _MATCH.sub(one, text))


def closing(text: str, start: int) -> int:
    """Where the brace that was opened before `start` is closed."""
    depth = 1
    for i in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[i], 0)
        if depth == 0:
            return i
    raise InvalidStatement("a block `as known at` is not closed")


def _unrolled(start: str, end: str, types: str, left: str, right: str, depth: int) -> str:
    """A breadth-first walk, a level a subquery: the embedded engine's procedures cannot look at an edge's properties."""
    lines = [f"CALL ({start}) {{", f"WITH [{start}] AS seen0, [{start}] AS front0, [0] AS depths0"]
    for i in range(depth):
        lines.append(
            f"CALL (seen{i}, front{i}) {{ UNWIND front{i} AS x MATCH (x){left}-[r:{types}|{RETRACTED}]-{right}(y) "
            f"WHERE {known('r', types)} AND NOT y IN seen{i} RETURN collect(DISTINCT y) AS front{i + 1} }}\n"
            f"WITH seen{i} + front{i + 1} AS seen{i + 1}, front{i + 1}, "
            f"depths{i} + [x IN front{i + 1} | {i + 1}] AS depths{i + 1}"
        )
    lines.append(f"UNWIND range(0, size(seen{depth}) - 1) AS i RETURN seen{depth}[i] AS {end}, depths{depth}[i] AS reached }}")
    return "\n".join(lines)
