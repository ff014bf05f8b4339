"""The order of MLflow's searches, and their pages: keysets, so that a page is as fast as the first and misses nothing."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from forebear.connect.mlflow.errors import invalid


@dataclass(frozen=True)
class OrderColumn:
    """A column of an order: the name of a variable of the statement, and its direction."""

    name: str
    descending: bool = False


MODELS: Mapping[str, str] = {"name": "name", "timestamp": "updated", "last_updated_timestamp": "updated"}
"""The keys by which models are ordered, with the variables of the statement."""

VERSIONS: Mapping[str, str] = {
    "name": "name",
    "version_number": "number",
    "creation_timestamp": "created",
    "last_updated_timestamp": "updated",
}
"""The keys by which versions are ordered, with the variables of the statement."""

MODEL_TIES = (OrderColumn("name"),)
VERSION_TIES = (OrderColumn("name"), OrderColumn("number", descending=True))
NEWEST = ("last_updated_timestamp DESC",)
"""The order of versions if the client names none."""


@dataclass(frozen=True)
class Order:
    """A total order of rows."""

    columns: tuple[OrderColumn, ...]

    @property
    def clause(self) -> str:
        """The order in Cypher."""
        return ", ".join(f"{c.name}{' DESC' if c.descending else ''}" for c in self.columns)

    @property
    def behind(self) -> str:
        """The condition in Cypher that a row comes behind the one whose values `$after` holds."""
        parts = []
        for n, column in enumerate(self.columns):
            same = "".join(f"{c.name} = $after.{c.name} AND " for c in self.columns[:n])
            parts.append(f"({same}{column.name} {'<' if column.descending else '>'} $after.{column.name})")
        return f"({' OR '.join(parts)})"

    def token(self, row: Mapping[str, Any]) -> str:
        """Return the token of the page behind a row."""
        values = [[c.name, c.descending, row[c.name]] for c in self.columns]
        return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()

    def after(self, token: str | None) -> dict[str, Any] | None:
        """Return the values of the row that a page comes behind. None: it is the first. Raises `MlflowError`."""
        if not token:
            return None
        try:
            decoded = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise invalid("Invalid page token, could not base64-decode") from None
        try:
            values = json.loads(decoded)
        except ValueError:
            raise invalid(f"Invalid page token, decoded value={decoded!r}") from None
        columns = [[c.name, c.descending] for c in self.columns]
        if not isinstance(values, list) or [v[:2] if isinstance(v, list) else v for v in values] != columns:
            raise invalid("Invalid page token: it is of another order")
        if not all(len(v) == 3 and isinstance(v[2], int if v[0] == "number" else str) for v in values):
            raise invalid("Invalid page token: it holds no row")
        return {name: value for name, _, value in values}


def parse(clauses: Sequence[str], keys: Mapping[str, str], ties: Sequence[OrderColumn]) -> Order:
    """Return the order that a client asks for; what it leaves open, `ties` decide. Raises `MlflowError`."""
    columns: list[OrderColumn] = []
    for clause in clauses:
        words = [word.strip('`"') for word in re.split(r"\s+", clause.strip())]
        if not 1 <= len(words) <= 2 or not words[0]:
            raise invalid(f"Invalid order_by clause '{clause}'. Could not be parsed.")
        key, direction = words[0].removeprefix("attribute."), words[1].upper() if len(words) == 2 else "ASC"
        if direction not in ("ASC", "DESC"):
            raise invalid(f"Invalid ordering key in order_by clause '{clause}'.")
        if key not in keys:
            raise invalid(f"Invalid order by key '{key}' specified. Valid keys are '{sorted(keys)}'")
        if any(column.name == keys[key] for column in columns):
            raise invalid(f"`order_by` contains duplicate fields: {list(clauses)}")
        columns.append(OrderColumn(keys[key], direction == "DESC"))
    named = {column.name for column in columns}
    return Order((*columns, *(tie for tie in ties if tie.name not in named)))
