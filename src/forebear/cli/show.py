"""One node on one page: `show`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.text import Text

from forebear.cli import terminal
from forebear.cli.asking import Of, answer
from forebear.cli.terminal import AsJson, Code, Failure, Token, Url, minute, out, short
from forebear.domain.remedy import kebab
from forebear.view.nodes import SPAN, VERSION, document_of

if TYPE_CHECKING:
    from forebear.graph.declaration import Graph

INTERFACE = (
    "sensors", "actionSpace", "rateHz", "memoryMib", "robotSoftware", "normalizationDigest", "actionSpaceDigest",
    "controllerDigest",
)  # fmt: skip
"""What a robot must have, and what the version expects of it."""

COLLECTED = ("collectedFrom", "collectedTo")
"""The interval in which data was collected."""


def show(id: Of, url: Url = None, token: Token = None, as_json: AsJson = False) -> None:
    """Show a node on one page: a model version with its registry entry, others with their properties and edges."""
    from forebear.graph.ids import Ids, InvalidId
    from forebear.graph.kinds import GRAPH

    try:
        kind = Ids(GRAPH).kind(id.removesuffix("…"))
    except InvalidId as error:
        raise Failure(str(error), Code.WRONG) from None
    document = VERSION if kind == "ModelVersion" else document_of(GRAPH, kind)
    node = answer(document, {"id": id}, url, token, exact=as_json)["node"]
    if node is None:
        raise Failure(f"{id} is not known")
    if as_json:
        terminal.print_json(node)
        return
    out().print(Text.assemble((node["id"], "bold"), f"  {node['name'] or ''}  ", (node["kind"], "dim")))
    for line in version(node) if kind == "ModelVersion" else entry(GRAPH, kind, node):
        out().print(line)
    if further := asking(kind):
        out().print(f"\nAsk further: forebear {', '.join(further)} {node['id']}", style="dim", markup=False)


def asking(kind: str) -> list[str]:
    """Return the commands that ask more about a node of a kind."""
    from forebear.graph.declaration import camel
    from forebear.graph.kinds import GRAPH
    from forebear.store.statements import questions

    about = [q.name for q in questions(GRAPH) if not q.on and q.parameters and kind in q.parameters[0].type.kinds]
    return [kebab(camel(name)) for name in about]


def entry(graph: Graph, kind: str, node: Mapping[str, Any]) -> Iterator[Text]:
    """Return a node's properties and edges, both ways."""
    declared = graph.kinds[kind]
    yield from _recorded(node)
    for p in declared.properties.values():
        if p.name != "name" and node[p.name] not in (None, []):
            yield _field(p.name, minute(node[p.name]) if p.type is datetime else _value(node[p.name]))
    for e in declared.edges:
        ends = [{"node": node[e.name]}] if e.one and node[e.name] else [] if e.one else node[e.name]["edges"]
        yield from _ends(e.name, ends, len(ends) if e.one else node[e.name]["totalCount"])
    for e in graph.back_edges(kind):
        yield from _ends(e.back, node[e.back]["edges"], node[e.back]["totalCount"])


def _ends(name: str, ends: list[dict[str, Any]], total: int) -> Iterator[Text]:
    for end in ends:
        values = {n: v for n, v in end["node"].items() if n not in ("id", "name")}
        carried = {n: v for n, v in end.items() if n != "node"}
        words = [
            *(str(v) for n, v in values.items() if v is not None and n not in ("decidedAt", *SPAN)),
            *([f"on {minute(values['decidedAt'])}"] if values.get("decidedAt") else []),
            *(f"{n} {_value(v)}" for n, v in carried.items() if v is not None and n not in (*SPAN, *COLLECTED)),
            *(_span(each.get(since), each.get(until)) for each in (values, carried) for since, until in (SPAN, COLLECTED)),
        ]
        about = ", ".join(text for text in words if text)
        yield _field(
            name, f"{short(end['node']['id'])}  {end['node']['name'] or ''}".rstrip() + (f"  ({about})" if about else "")
        )
        name = ""
    if total > len(ends):
        yield _field("", f"and {total - len(ends):,} more")


def version(node: Mapping[str, Any]) -> Iterator[Text]:
    """Return the registry entry of a model version: where it runs, its incidents, its releases, its lineage, and its
    evidence."""
    yield from _recorded(node)
    for name in ("description", "model", "owners", "labels", "weightsDigest", "uri", "license", "createdAt", "parameters"):
        if node[name] not in (None, []):
            yield _field(name, minute(node[name]) if name == "createdAt" else _value(node[name]))
    yield from _section("Running now", _running(node["running"]), none="nowhere")
    yield from _section("History", _history(node["history"]["nodes"]))
    yield from _section("Approval", _approvals(node["approval"]["nodes"]))
    yield from _section("Evidence", _evidence(node["evidence"]))
    yield from _section("Interface", (_field(name, _value(node[name])) for name in INTERFACE if node[name] not in (None, [])))
    yield from _section("Artifacts", _artifacts(node["artifacts"]["nodes"]))
    yield from _section("Provenance", _provenance(node["id"], node["provenance"]))
    yield from _section("Justification", _justification(node["justification"]))


def _section(heading: str, lines: Iterator[Text], none: str = "none") -> Iterator[Text]:
    """Return lines below a heading, or that there are none."""
    yield Text(f"\n{heading}", style="bold underline")
    first = next(lines, _field("", none))
    yield first
    yield from lines


def _history(events: Sequence[Mapping[str, Any]]) -> Iterator[Text]:
    for h in events:
        places = ", ".join(place["id"] for place in h["places"])
        event = h["event"].lower().replace("_", " ")
        yield _field(minute(h["at"]) if h["at"] else "time unknown", f"{event:<12} {h['node']['id']}  {places}")


def _approvals(approvals: Sequence[Mapping[str, Any]]) -> Iterator[Text]:
    for a in approvals:
        line = a["line"]["id"] if a["line"] else "no line"
        standing = "approved" if a["approved"] else "not approved"
        yield Text.assemble("  ", (line, "bold"), f"  {a['release']['state'] or 'no state'}, {standing}")
        yield from _decisions(a["decisions"])


def _evidence(page: Mapping[str, Any]) -> Iterator[Text]:
    """Return what was measured, the newest first. What was corrected is marked."""
    for e in page["nodes"]:
        by = "".join(f", corrected by {each['id']}" for each in e["supersededBy"]["nodes"])
        type_ = (e["type"] or "").lower().replace("_", " ")
        yield _field(minute(e["measuredAt"]) if e["measuredAt"] else "time unknown", f"{e['id']}  {type_}{by}")
        for m in e["measurements"] or ():
            on, unit = (f" on {m['slice']}" if m["slice"] else ""), (f" {m['unit']}" if m["unit"] else "")
            trials = f" ({m['sampleSize']:,} trials)" if m["sampleSize"] else ""
            yield _field("", f"  {m['metric']}{on} {m['value']:g}{unit}{trials}")
    if page["totalCount"] > len(page["nodes"]):
        yield _field("", f"and {page['totalCount'] - len(page['nodes']):,} more")


def _artifacts(artifacts: Sequence[Mapping[str, Any]]) -> Iterator[Text]:
    for a in artifacts:
        what = ", ".join(str(a[n]) for n in ("state", "format", "precision") if a[n])
        yield _field((a["target"] or {"id": "no target"})["id"].removeprefix("target:"), f"{short(a['id'])}  {what}")


def _provenance(id: str, p: Mapping[str, Any]) -> Iterator[Text]:
    yield from _listed("checkpoint", p["checkpoints"])
    for run in p["runs"]:
        yield _field("run", f"{run['id']}  {(run['status'] or '').lower()}".rstrip())
        for name in ("seed", "configuration", "metrics"):
            if run[name] not in (None, {}):
                yield _field("", f"  {name}: {_value(run[name])}")
    for i, data in enumerate(p["trainedOn"]):
        carried = ", ".join(f"{n} {data[n]}" for n in ("role", "weight") if data[n] is not None)
        yield _field("" if i else "trained on", f"{data['dataset']['id']}" + (f"  ({carried})" if carried else ""))
    for name in ("ancestors", "models", "curation", "code", "environments", "compute"):
        yield from _listed(name, p[name], most=5)
    if p["truncated"]:
        yield _field("", "and more beyond 50 edges")
    yield _field("", f"the whole tree: forebear lineage {id}")


def _justification(justification: Mapping[str, Any]) -> Iterator[Text]:
    for e in justification["experiments"]:
        yield _field("experiment", f"{e['id']}  {e['name'] or ''}".rstrip())
        for name in ("hypothesis", "decision", "rationale"):
            if e[name]:
                yield _field(name, e[name])
    yield from _listed("trained in", justification["trainedIn"])


def _running(running: Mapping[str, Any]) -> Iterator[Text]:
    """Return where a version runs, fleet by fleet: on how many robots it should, where it was seen, and where it was not."""
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for row in running["nodes"]:
        for fleet in row["fleets"] or [{"id": "no fleet"}]:
            rows.setdefault(fleet["id"], []).append(row)
    for fleet, each in rows.items():
        of = {basis: [row for row in each if row["basis"] == basis] for basis in ("INTENDED", "OBSERVED")}
        intended, observed = (
            {robot["id"] for row in of[basis] for robot in row["robots"]} for basis in ("INTENDED", "OBSERVED")
        )
        whose = {place["id"]: None for row in each for key in ("sites", "customers") for place in row[key]}
        yield Text.assemble("  ", (fleet, "bold"), f"  {', '.join(whose)}".rstrip())
        yield from _listed("intended", [row["deployment"] for row in of["INTENDED"]])
        yield from _robots("seen on", observed)
        yield from _robots("not seen on", intended - observed)
        yield from _robots("not meant for", observed - intended)
        for basis in sorted({row["authorizedOn"] or "NOTHING" for row in each} - {"APPROVAL"}):
            yield _field("authorized on", basis.lower().replace("_", " "))
    if running["totalCount"] > len(running["nodes"]):
        yield _field("", f"{len(running['nodes']):,} of {running['totalCount']:,} deployments and installations are shown")


def _robots(name: str, robots: set[str]) -> Iterator[Text]:
    if robots:
        yield _field(name, f"{len(robots)}: {', '.join(sorted(robots))}")


def _decisions(decisions: Sequence[Mapping[str, Any]]) -> Iterator[Text]:
    """Return decisions about one release, oldest first. Checks that several decisions share are shown once."""
    names: list[str] = []
    for d in decisions:
        decision = d["decision"]
        checks = [f"{'✓' if c['passed'] else '✗'} {c['message'] or _check(c)}" for c in decision["checks"] or ()]
        failed = {c["message"] for c in decision["checks"] or () if not c["passed"]}
        verdict = f" {decision['verdict']}" if decision["verdict"] else ""
        # A policy that decides by itself is its own actor.
        under = [p["id"] for p in d["policies"] if p["id"] != decision["actor"]]
        yield _field(
            minute(decision["decidedAt"]) if decision["decidedAt"] else "time unknown",
            f"{decision['type']}{verdict} by {decision['actor'] or 'nobody named'}"
            + (f" under {', '.join(under)}" if under else "")
            + (", which it stands approved by" if d["approves"] else ""),
        )
        for reason in decision["reasons"] or ():
            if reason not in failed:
                yield _field("", f"  {reason}")
        for check in checks if checks != names else ():
            yield _field("", f"  {check}")
        names = checks or names


def _check(c: Mapping[str, Any]) -> str:
    """Return a check of imported history in words. Forebear's own checks have a message."""
    measured = f": {c['measured']} against {c['threshold']}" if c["measured"] is not None else ""
    where = f" ({c['slice']})" if c["slice"] else ""
    return f"{c['requirement']}{where}{measured}"


def _recorded(node: Mapping[str, Any]) -> Iterator[Text]:
    state = "" if node["described"] else "not described yet; "
    imported = ", imported" if node["imported"] else ""
    yield _field("recorded", f"{state}{minute(node['recordedAt'])} by {node['recordedBy']} from {node['source']}{imported}")


def _listed(name: str, nodes: Sequence[Mapping[str, Any]], *, most: int | None = None) -> Iterator[Text]:
    for node in nodes[:most]:
        yield _field(name, short(node["id"]))
        name = ""
    if most is not None and len(nodes) > most:
        yield _field("", f"and {len(nodes) - most:,} more")


def _span(since: str | None, until: str | None) -> str:
    """Return an interval in words: it is over, or it goes on."""
    began = f"since {minute(since)}" if since else ""
    return f"{began.replace('since', 'from')} to {minute(until)}".strip() if until else began


def _field(name: str, value: str) -> Text:
    """Return a value beside its name. A value with line breaks goes on below."""
    return Text.assemble((f"  {name:<18} ", "dim"), value.replace("␊", f"\n{'':<21}"))


def _value(value: Any) -> str:
    match value:
        case str():
            return short(value)
        case list():
            return ", ".join(map(_value, value))
        case {"name": name, "onCall": link}:
            return f"{name}, on call: {link}" if link else str(name)
        case {"id": id, **rest}:
            return f"{id}  {rest.get('name') or ''}"
        case float() if value.is_integer():
            return f"{value:,.0f}"
        case dict():
            return " ".join(f"{n}={_value(v)}" for n, v in value.items() if v is not None)
    return str(value)
