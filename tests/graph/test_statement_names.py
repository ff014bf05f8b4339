"""A Cypher file names only labels, relationship types and properties that are declared."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import forebear
from forebear.graph.declaration import (
    AUDIT_CHAIN,
    AUDIT_ENTRY,
    AUDIT_HEAD,
    BOOKKEEPING,
    IDENTIFIES,
    KEPT,
    KEPT_OF_NODES,
    OUTBOX_ENTRY,
    OWN_LABELS,
    RETRACTED,
    REVISES,
    SAME_AS,
    Graph,
)
from forebear.graph.kinds import GRAPH
from forebear.graph.statements import audit
from forebear.store.statements import directory, expanded

FILES = sorted(directory("cypher").rglob("*.cypher"))

_STATEMENT = re.compile(r"(?:MATCH|MERGE|CREATE|UNWIND|CALL)\b.*[({]", re.S)
_TEXT = re.compile(r"'(?:[^'\\]|\\.)*'")
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
_PROCEDURE = re.compile(r"CALL [a-z][\w.]*\(")
_EDGE = re.compile(r"\[(?P<name>\w*):(?P<types>[\w|]+)[^\]]*\]")
_LABELS = re.compile(r"(?<=[\w(]):(?P<labels>[A-Za-z]\w*(?:\|[A-Za-z]\w*)*)")
_BOUND = re.compile(r"\((?P<name>\w+):(?P<labels>\w+(?:\|\w+)*)")
_MATCHED = re.compile(r"(?<!\w)\((?P<name>\w*)(?::(?P<labels>[\w|]+))?\s*\{(?P<property>\w+):")
_KEY = re.compile(r"[{,]\s*(?P<key>\w+): ")
_READ = re.compile(r"(?<![$\w.])(?P<name>[a-z]\w*)\.(?P<property>\w+)\b")


def undeclared(source: str, graph: Graph) -> list[str]:
    """What a statement names and a graph does not declare, as `label X`, `type X` and `property x.y`."""
    text = _PROCEDURE.sub("CALL (", _TEXT.sub("''", _COMMENT.sub("", source)))
    of_labels = {
        k.name: {"id", "lock", SAME_AS, *(p.name for p in KEPT_OF_NODES), *k.properties, *k.kept} for k in graph.kinds.values()
    }
    of_labels |= {label: {"lock", *BOOKKEEPING[label]} for label in OWN_LABELS}
    of_types: dict[str, set[str]] = {
        RETRACTED: {*BOOKKEEPING[RETRACTED], *(p.name for p in KEPT)}, REVISES: set(), IDENTIFIES: set()
    }  # fmt: skip
    for e in graph.edges:
        own = {p.name for p in e.stored_properties} | {p.name for p in KEPT} | BOOKKEEPING[RETRACTED]
        of_types.setdefault(e.type.name, set()).update(own)
        of_types[RETRACTED] |= own

    found: dict[str, None] = {}
    bound: dict[str, set[str]] = {}
    for m in _EDGE.finditer(text):
        types = m["types"].split("|")
        found |= {f"type {t}": None for t in types if t not in of_types}
        bound.setdefault(m["name"], set()).update(*(of_types.get(t, set()) for t in types))
    nodes = _EDGE.sub("[]", text)
    for m in _LABELS.finditer(nodes):
        found |= {f"label {name}": None for name in m["labels"].split("|") if name not in of_labels}
    for m in _BOUND.finditer(nodes):
        bound.setdefault(m["name"], set()).update(*(of_labels.get(name, set()) for name in m["labels"].split("|")))

    anything = set().union(*of_labels.values(), *of_types.values())
    keys = {m["key"] for m in _KEY.finditer(_MATCHED.sub("(", text))}
    for m in _MATCHED.finditer(text):
        known = set().union(*(of_labels.get(name, set()) for name in (m["labels"] or "").split("|"))) or anything
        if m["property"] not in known:
            found[f"property {m['name']}.{m['property']}"] = None
    # Rows that are parameters are no part of the graph.
    given = {*re.findall(r"UNWIND \$[\w.]+ AS (\w+)", text)}
    for m in _READ.finditer(text):
        if m["name"] not in given and m["property"] not in (bound.get(m["name"]) or anything) | keys:
            found[f"property {m['name']}.{m['property']}"] = None
    return [*found]


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_a_file_names_only_what_is_declared(file: Path) -> None:
    assert undeclared(expanded(file), GRAPH) == []


def written_in_modules() -> Iterator[tuple[str, str]]:
    """The statements that stand in Python modules, by name: all constants, and what the audit trail asks of each label."""
    modules = {m.name for m in pkgutil.walk_packages(forebear.__path__, "forebear.")} - {"forebear.__main__"}
    for module in sorted(modules):
        for name, value in vars(importlib.import_module(module)).items():
            if isinstance(value, str) and _STATEMENT.match(value):
                yield f"{module}.{name}", value
    for label in (AUDIT_CHAIN, AUDIT_ENTRY, AUDIT_HEAD, OUTBOX_ENTRY):
        yield f"count {label}", audit.count(label)
        yield f"by_id {label}", audit.by_id(label)
    yield "places", audit.places(AUDIT_ENTRY, bounded=True)
    for kind in GRAPH.kinds.values():
        for asked in (audit.governed, audit.values, audit.edges):
            if kind.edges or asked is not audit.edges:
                yield f"{asked.__name__} {kind.name}", asked(kind)


WRITTEN = dict(written_in_modules())


@pytest.mark.parametrize("name", WRITTEN)
def test_a_statement_in_a_module_names_only_what_is_declared(name: str) -> None:
    assert undeclared(WRITTEN[name], GRAPH) == []


def test_there_are_statements_to_check() -> None:
    assert len(FILES) >= 14
    assert {
        "forebear.actions.performer.FORMER",
        "forebear.cli.story.ON_RECORD",
        "forebear.graph.statements.audit.APPEND",
    } <= WRITTEN.keys()
    assert {
        "forebear.graph.statements.audit.CONTINUE",
        "forebear.graph.statements.change._REQUEST",
    } <= WRITTEN.keys()


@pytest.mark.parametrize(
    ("name", "given", "mutated", "expected"),
    [
        ("forebear.actions.performer.FORMER", "request.outcome", "request.result", "property request.result"),
        ("forebear.graph.statements.audit.APPEND", "chain.length", "chain.size", "property chain.size"),
        ("forebear.graph.statements.audit.BEGUN", ":ReleasePolicy", ":Policy", "label Policy"),
        ("forebear.graph.statements.audit.BEGUN", ":GOVERNS", ":RULES", "type RULES"),
        ("forebear.graph.statements.audit.CONTINUE", "chain.hash", "chain.digest", "property chain.digest"),
    ],
)
def test_a_statement_in_a_module_that_names_what_is_not_declared_is_found_out(
    name: str, given: str, mutated: str, expected: str
) -> None:
    assert given in WRITTEN[name]
    assert undeclared(WRITTEN[name].replace(given, mutated), GRAPH) == [expected]


@pytest.mark.parametrize(
    ("file", "given", "mutated", "expected"),
    [
        ("impact", "(robot:Robot)", "(robot:Robots)", "label Robots"),
        ("impact", "node:Installation", "node:Instalation", "label Instalation"),
        ("history", "Deployment|Installation)", "Deployment|Observation)", "label Observation"),
        ("fleets_running", "TRAINED_ON*0..51", "LEARNED_ON*0..51", "type LEARNED_ON"),
        ("fleets_running", "[member:MEMBER_OF]", "[member:BELONGS_TO]", "type BELONGS_TO"),
        ("fleets_running", "member.validFrom", "member.from", "property member.from"),
        ("running", "thing.validTo", "thing.endedAt", "property thing.endedAt"),
        ("provenance", "trained.weight", "trained.share", "property trained.share"),
        ("state_at", "found.decidedAt DESC", "found.takenAt DESC", "property found.takenAt"),
        ("resolve", "{weightsDigest: $digest}", "{weights: $digest}", "property node.weights"),
        ("lineage_diff", "link.role, ''", "link.part, ''", "property link.part"),
    ],
)
def test_a_file_that_names_what_is_not_declared_is_found_out(file: str, given: str, mutated: str, expected: str) -> None:
    source = expanded(directory("cypher") / "questions" / f"{file}.cypher")
    assert given in source
    assert undeclared(source.replace(given, mutated), GRAPH) == [expected]
