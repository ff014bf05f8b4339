"""Creating the indexes that the declaration needs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

from forebear.graph.statements.indexes import EdgeTypes, FullText, Index, PropertyKeys, Uniqueness
from forebear.store.bolt import Store, WriteTransaction

Wanted = Uniqueness | Index | FullText | EdgeTypes | PropertyKeys

_POPULATION_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Applied:
    """What `apply` added. It is empty if nothing was missing."""

    added: tuple[Wanted, ...]


async def apply(store: Store, declared: Sequence[Wanted]) -> Applied:
    """Add what is missing, and wait until it is in use. What exists is left alone.

    Raises ConstraintViolated if values that must be unique are not.
    """
    absent = await missing(store, declared)

    by_sql = [want for want in absent if isinstance(want, (FullText, EdgeTypes))] if store.embedded else []

    # To Neo4j names of properties are data, and one transaction cannot hold data and schema.
    keys = [want for want in absent if isinstance(want, PropertyKeys)]
    schema = [want for want in absent if want not in by_sql and want not in keys]

    if by_sql and store.embedded:
        await store.embedded.sql("".join(map(_sql, by_sql)))
    for wants in (schema, keys):
        if wants:
            await store.write(partial(_define, wants), timeout=_POPULATION_SECONDS)
    if absent and not store.embedded:
        await store.read(f"CALL db.awaitIndexes({_POPULATION_SECONDS})", timeout=_POPULATION_SECONDS)
    return Applied(tuple(absent))


async def _define(wants: Sequence[Wanted], transaction: WriteTransaction) -> None:
    for want in wants:
        for statement in _cypher(want):
            await transaction.run(statement)


async def missing(store: Store, declared: Sequence[Wanted]) -> list[Wanted]:
    """Return what is declared and not in use."""
    there = {
        ("UNIQUE" if row["owningConstraint"] else row["type"], label, name)
        for row in await store.read("SHOW INDEXES")
        if row["state"] == "ONLINE"
        for label in cast(list[str], row["labelsOrTypes"] or [])
        for name in cast(list[str], row["properties"] or [])
    }
    if store.embedded:
        # The embedded engine has one index per property. A searchable one has the full-text index and needs no other.
        there |= {("RANGE", *part[1:]) for want in declared if isinstance(want, FullText) for part in _parts(want)}
        there |= {
            ("TYPE", cast(str, row["name"]), "")
            for row in await store.read("CALL db.relationshipTypes() YIELD relationshipType RETURN relationshipType AS name")
        }
        declared = [want for want in declared if not isinstance(want, PropertyKeys)]
    else:
        # Neo4j treats an unknown type as one without edges.
        declared = [want for want in declared if not isinstance(want, EdgeTypes)]
        there |= {
            ("KEY", cast(str, row["name"]), "")
            for row in await store.read("CALL db.propertyKeys() YIELD propertyKey RETURN propertyKey AS name")
        }
    return [want for want in declared if not there.issuperset(_parts(want))]


def _parts(want: Wanted) -> Iterator[tuple[str, str, str]]:
    """Return the (kind, label, property) that SHOW INDEXES must list."""
    match want:
        case Uniqueness(label, name):
            yield "UNIQUE", label, name
        case Index(label, name):
            yield "RANGE", label, name
        case FullText(_, label_properties):
            for label, names in label_properties.items():
                for name in names:
                    yield "FULLTEXT", label, name
        case EdgeTypes(names):
            for name in names:
                yield "TYPE", name, ""
        case PropertyKeys(names):
            for name in names:
                yield "KEY", name, ""


def _cypher(want: Wanted) -> Iterator[str]:
    match want:
        case Uniqueness(label, name):
            yield (f"CREATE CONSTRAINT unique_{label}_{name} IF NOT EXISTS FOR (n:{label}) REQUIRE n.{name} IS UNIQUE")
        case Index(label, name):
            yield f"CREATE INDEX index_{label}_{name} IF NOT EXISTS FOR (n:{label}) ON (n.{name})"
        case FullText(name, label_properties):
            each = dict.fromkeys(f"n.{name}" for names in label_properties.values() for name in names)
            # An index over other labels of an earlier version has the same name.
            yield f"DROP INDEX {name} IF EXISTS"
            yield (f"CREATE FULLTEXT INDEX {name} FOR (n:{'|'.join(label_properties)}) ON EACH [{', '.join(each)}]")
        case PropertyKeys(names):
            for name in names:
                yield f"CALL db.createProperty('{name}')"


def _sql(want: FullText | EdgeTypes) -> str:
    if isinstance(want, EdgeTypes):
        return "".join(f"CREATE EDGE TYPE `{name}` IF NOT EXISTS;" for name in want.names)
    return "".join(
        f"CREATE VERTEX TYPE {label} IF NOT EXISTS;"
        f"CREATE PROPERTY {label}.{name} IF NOT EXISTS STRING;"
        f"CREATE INDEX IF NOT EXISTS ON {label} ({name}) FULL_TEXT;"
        for label, names in want.label_properties.items()
        for name in names
    )
