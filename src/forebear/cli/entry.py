"""One node on one page: `show`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rich.text import Text

from forebear.cli import terminal
from forebear.cli.questions import Of, answer
from forebear.cli.terminal import AsJson, Code, Failure, Token, Url, out, short

if TYPE_CHECKING:
    from forebear.graph.declaration import Edge, Graph, Property

VERSION = """query($id: ID!) { node(id: $id) { ... on ModelVersion {
  id kind name description described labels owners { name onCall } imported recordedAt recordedBy source
  weightsDigest uri license createdAt parameters model { id name }
  provenance {
    checkpoints { id } runs { id status } trainedOn { dataset { id name } weight role run { id } } ancestors { id }
    curation { id } code { id } environments { id } compute { id name } models { id }
  }
  justification { experiments { id name hypothesis decision rationale } trainedIn { id name } }
  approval(first: 100) { nodes {
    release { id state } line { id name } approved
    decisions {
      decision {
        id type verdict actor decidedAt reasons
        checks { requirement threshold measured slice evidence passed message }
      }
      approves policies { id } evidence { id } packs { id }
    }
  } }
  artifacts(first: 100) { nodes { id state format precision target { id } } }
  running(first: 100) { nodes {
    basis artifact { id } deployment { id } installation { id } robots { id } fleets { id } sites { id } customers { id }
  } }
  history(first: 100) { nodes { at event node { id name } places { id } } }
} } }"""


def show(id: Of, url: Url = None, token: Token = None, as_json: AsJson = False) -> None:
    """Show a node on one page: of a model version the registry entry, of others their properties and edges."""
    from forebear.graph.ids import Ids, InvalidId
    from forebear.graph.kinds import GRAPH

    try:
        kind = Ids(GRAPH).kind(id)
    except InvalidId as error:
        raise Failure(str(error), Code.WRONG) from None
    document = VERSION if kind == "ModelVersion" else document_of(GRAPH, kind)
    node = answer(document, {"id": id}, url, token)["node"]
    if node is None:
        raise Failure(f"{id} is not known")
    if as_json:
        terminal.print_json(node)
        return
    out().print(Text.assemble((node["id"], "bold"), f"  {node['name'] or ''}  ", (node["kind"], "dim")))
    for line in version(node) if kind == "ModelVersion" else entry(GRAPH, kind, node):
        out().print(line)


def document_of(graph: Graph, kind: str) -> str:
    """The GraphQL document that asks for all of a node of a kind."""
    declared = graph.kinds[kind]
    fields = " ".join(map(_selection, declared.properties.values()))
    edges = " ".join(_edge_selection(e, e.name, one=e.one) for e in declared.edges)
    backs = " ".join(_edge_selection(e, e.back, one=False) for e in graph.back_edges(kind))
    return (
        f"query($id: ID!) {{ node(id: $id) {{ ... on {kind} {{ "
        f"id kind described imported recordedAt recordedBy source {fields} {edges} {backs} }} }} }}"
    )


def _selection(p: Property) -> str:
    members = p.value_type.members if p.value_type else ()
    return p.name + (f" {{ {' '.join(m.name for m in members)} }}" if members else "")


def _edge_selection(edge: Edge, name: str, *, one: bool) -> str:
    if one:
        return f"{name} {{ id name }}"
    ever = ", allTime: true" if edge.interval else ""
    carried = " ".join(p.name for p in edge.stored_properties)
    return f"{name}(first: 20{ever}) {{ totalCount edges {{ {carried} node {{ id name }} }} }}"


def entry(graph: Graph, kind: str, node: Mapping[str, Any]) -> Iterator[Text]:
    """A node's properties and edges, both ways."""
    declared = graph.kinds[kind]
    yield from _recorded(node)
    for p in declared.properties.values():
        if p.name != "name" and node[p.name] not in (None, []):
            yield _field(p.name, _value(node[p.name]))
    for e in declared.edges:
        ends = [{"node": node[e.name]}] if e.one and node[e.name] else [] if e.one else node[e.name]["edges"]
        yield from _ends(e.name, ends, len(ends) if e.one else node[e.name]["totalCount"])
    for e in graph.back_edges(kind):
        yield from _ends(e.back, node[e.back]["edges"], node[e.back]["totalCount"])


def _ends(name: str, ends: list[dict[str, Any]], total: int) -> Iterator[Text]:
    for end in ends:
        carried = ", ".join(f"{n} {_value(v)}" for n, v in end.items() if n != "node" and v is not None)
        yield _field(name, f"{short(end['node']['id'])}  {end['node']['name'] or ''}" + (f"  ({carried})" if carried else ""))
        name = ""
    if total > len(ends):
        yield _field("", f"and {total - len(ends):,} more")


def version(node: Mapping[str, Any]) -> Iterator[Text]:
    """The registry entry of a model version: its six questions."""
    yield from _recorded(node)
    for name in ("description", "model", "owners", "labels", "weightsDigest", "uri", "license", "createdAt", "parameters"):
        if node[name] not in (None, []):
            yield _field(name, _value(node[name]))
    p = node["provenance"]
    yield _heading("Provenance")
    yield from _listed("checkpoint", p["checkpoints"])
    yield from _listed("run", p["runs"])
    for i, data in enumerate(p["trainedOn"]):
        carried = ", ".join(f"{n} {data[n]}" for n in ("role", "weight") if data[n] is not None)
        yield _field("" if i else "trained on", f"{data['dataset']['id']}" + (f"  ({carried})" if carried else ""))
    for name, key in (("ancestors", "ancestors"), ("models", "models"), ("curation", "curation"), ("code", "code")):
        yield from _listed(name, p[key], together=True)
    yield from _listed("environment", p["environments"])
    yield from _listed("compute", p["compute"])
    yield _heading("Justification")
    for e in node["justification"]["experiments"]:
        yield _field("experiment", f"{e['id']}  {e['name'] or ''}")
        for name in ("hypothesis", "decision", "rationale"):
            if e[name]:
                yield _field(name, e[name])
    yield from _listed("trained in", node["justification"]["trainedIn"])
    yield _heading("Approval")
    for a in node["approval"]["nodes"]:
        line = a["line"]["id"] if a["line"] else "no line"
        standing = "approved" if a["approved"] else "not approved"
        yield _field(line.removeprefix("line:"), f"{a['release']['state'] or 'no state'}: {standing}")
        for d in a["decisions"]:
            yield from _decision(d)
    yield _heading("Artifacts")
    for a in node["artifacts"]["nodes"]:
        what = ", ".join(str(a[n]) for n in ("format", "precision", "state") if a[n])
        yield _field((a["target"] or {"id": "no target"})["id"].removeprefix("target:"), f"{short(a['id'])}  ({what})")
    yield _heading("Running now")
    for r in node["running"]["nodes"]:
        where = ", ".join(n["id"] for key in ("robots", "fleets", "sites", "customers") for n in r[key])
        yield _field(r["basis"].lower(), f"{(r['deployment'] or r['installation'])['id']}: {where}")
    yield _heading("History")
    for h in node["history"]["nodes"]:
        places = ", ".join(place["id"] for place in h["places"])
        event = h["event"].lower().replace("_", " ")
        yield _field((h["at"] or "time unknown")[:16].replace("T", " "), f"{event}  {h['node']['id']}  {places}")


def _decision(d: Mapping[str, Any]) -> Iterator[Text]:
    decision = d["decision"]
    by = " ".join(part for part in (decision["actor"], (decision["decidedAt"] or "")[:10]) if part)
    policies = ", ".join(p["id"] for p in d["policies"])
    verdict = f" {decision['verdict']}" if decision["verdict"] else ""
    yield _field("", f"{decision['type']}{verdict} by {by or 'nobody named'}" + (f" under {policies}" if policies else ""))
    for reason in decision["reasons"] or ():
        yield _field("", f"  {reason}")
    for c in decision["checks"] or ():
        yield _field("", f"  {'✓' if c['passed'] else '✗'} {c['message'] or _check(c)}")


def _check(c: Mapping[str, Any]) -> str:
    """A check that came with imported history, in words: one of ours says what it came to itself."""
    measured = f": {c['measured']} against {c['threshold']}" if c["measured"] is not None else ""
    where = f" ({c['slice']})" if c["slice"] else ""
    return f"{c['requirement']}{where}{measured}"


def _recorded(node: Mapping[str, Any]) -> Iterator[Text]:
    state = "" if node["described"] else "not described yet; "
    imported = ", imported" if node["imported"] else ""
    yield _field("recorded", f"{state}{node['recordedAt']} by {node['recordedBy']} from {node['source']}{imported}")


def _listed(name: str, nodes: list[dict[str, Any]], *, together: bool = False) -> Iterator[Text]:
    ids = [node["id"] for node in nodes]
    if together and ids:
        ids = [", ".join(ids)]
    for i, id in enumerate(ids):
        yield _field("" if i else name, id)


def _heading(text: str) -> Text:
    return Text(f"\n{text}", style="bold underline")


def _field(name: str, value: str) -> Text:
    return Text.assemble((f"  {name:<18} ", "dim"), value)


def _value(value: Any) -> str:
    match value:
        case str():
            return short(value)
        case list():
            return ", ".join(map(_value, value))
        case {"id": id, **rest}:
            return f"{id}  {rest.get('name') or ''}"
        case dict():
            return " ".join(f"{n}={_value(v)}" for n, v in value.items() if v is not None)
    return str(value)
