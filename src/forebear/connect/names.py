"""From the name that something has in another system to its id. docs/explanation/names.md explains the policy. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from forebear.graph.declaration import Node
from forebear.graph.ids import composed, escape

_LOCATOR = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/]*")
"""Matches a namespace of the form scheme://authority."""

UNVERSIONED = "unversioned"
"""The version of what has versions, but is named without one: the thing as it was then, whichever version that is."""


def within(namespace: str, name: str) -> str:
    """Return a name in a namespace as one name. Two are the same only if the namespaces and the names are.

        s3://bucket  a/b.parquet   s3://bucket/a/b.parquet
        file         /data/a.csv   file:/data/a.csv
        bigquery     shop.orders   bigquery:shop.orders

    In a namespace of another form a percent sign, a colon and a slash are percent-encoded.
    """
    if _LOCATOR.fullmatch(namespace):
        return f"{namespace}/{name}"
    plain = namespace.replace("%", "%25").replace(":", "%3A").replace("/", "%2F")
    # Without this, `s3` and `//bucket/a` would be `s3://bucket` and `a`.
    begins_otherwise = name.startswith(("//", "%"))
    return f"{plain}:{f'%{ord(name[0]):02X}{name[1:]}' if begins_otherwise else name}"


def id_of(kind: type[Node], name: str, version: str | None = None) -> str:
    """Return the id of what another system calls by this name and, for a kind that has versions, by this version.

    What an id may not hold is percent-encoded. If the id would be too long, a digest replaces its tail.
    """
    at = f"@{escape(version or UNVERSIONED)}" if kind.kind.versioned else ""
    return composed(f"{kind.kind.prefix}:", f"{escape(name)}{at}", plain=0)


def external_id(system: str, name: str) -> str:
    """Return a foreign name as an external id: the system, a colon and the name, as the system writes it."""
    return f"{system}:{name}"


def external_ids(system: str, names: Iterable[str]) -> list[str]:
    """Return several foreign names of one thing as external ids, each once and in order."""
    return sorted({external_id(system, name) for name in names})
