"""The names of models in other systems: each leads to one model, may move, and may end. The model's id never changes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from forebear.domain.outcome import Describe, Reason, Ruling, Update
from forebear.domain.reference import unknown
from forebear.domain.standing import Row
from forebear.domain.tagging import by_key, listed
from forebear.graph.ids import named_id

NAME_TAKEN = "NAME_TAKEN"
INVALID_NAME = "INVALID_NAME"

LONGEST = 200
"""The longest id that is made of a model's name. It leaves room for the version, and for the line in a release's id."""

NAME = 1_000
"""The longest name, in characters."""


class NamedModelRow(Row, frozen=True):
    """A model with all its names in other systems."""

    id: str
    described: bool = False
    name: str | None = None
    external_ids: tuple[str, ...] | None = None


class NamingFactsRow(Row, frozen=True):
    """The row of `cypher/actions/naming_facts.cypher`."""

    taken: bool
    lines: tuple[str, ...] = ()
    """The lines that any version of the model stands in."""
    holders: tuple[str, ...] = ()
    model: NamedModelRow | None = None


def prefix(system: str) -> str:
    """Return how the external ids of models in a system begin."""
    return f"{system}:model/"


def model_id(name: str) -> str:
    """Return the id of the first model that gets a name. A digest takes the place of a long name."""
    id = named_id("model", name)
    return id if len(id) <= LONGEST else f"model:{hashlib.sha256(name.encode()).hexdigest()}"


@dataclass(frozen=True)
class Naming:
    """A name that a model is to have in a system. `name` None: it is to have none there any more."""

    system: str
    name: str | None
    model: str | None
    described: Mapping[str, Any]
    """What is said of a new model besides: its description and tags."""

    @property
    def external_id(self) -> str | None:
        """The name as an external id."""
        return None if self.name is None else prefix(self.system) + self.name

    def ruling(self, row: NamingFactsRow, now: str) -> Ruling:
        """Give the name to the model, which loses its former one there. A name that another model has is refused."""
        subject = self.model or (model_id(self.name) if self.name is not None else "")
        if reasons := self._against(row):
            return Ruling(subject, reasons=tuple(reasons))
        if self.model is None:
            return self._first(row, now)
        assert row.model is not None
        before = list(row.model.external_ids or ())
        after = [id for id in before if not id.startswith(prefix(self.system))]
        after += [self.external_id] if self.external_id else []
        if sorted(after) == sorted(before):
            return Ruling(subject)
        # What people call the model follows, unless they call it otherwise.
        called = {id.removeprefix(prefix(self.system)) for id in before if id not in after}
        named = {"name": self.name} if self.name is not None and row.model.name in {None, *called} else {}
        return Ruling(subject, (Update(subject, {"externalIds": after, "updatedAt": now, **named}),))

    def _first(self, row: NamingFactsRow, now: str) -> Ruling:
        """Describe a new model. If an earlier one had its name, its id also holds the moment."""
        assert self.name is not None
        id = model_id(self.name)
        if row.taken:
            id += f"~{datetime.fromisoformat(now):%Y%m%dT%H%M%S%f}"
        tags = listed(by_key(self.described.get("tags") or ()))
        said = {"description": self.described.get("description"), "tags": tags}
        document = {"kind": "Model", "id": id, "name": self.name, "externalIds": [self.external_id], "updatedAt": now}
        return Ruling(id, (Describe(document | {name: value for name, value in said.items() if value}),))

    def _against(self, row: NamingFactsRow) -> Sequence[Reason]:
        reasons = []
        if self.name is None and self.model is None:
            reasons.append(Reason(INVALID_NAME, "name: is missing", "name the model, or the model whose name ends"))
        if self.name is not None and not 0 < len(self.name.strip()) <= len(self.name) <= NAME:
            reasons.append(Reason(INVALID_NAME, f"name: must be 1 to {NAME} characters long", "give another name"))
        if self.model is not None and (row.model is None or not row.model.described):
            reasons.append(unknown("model", self.model))
        if others := sorted({*row.holders} - {self.model}):
            taken = f"name: {self.external_id} is the name of {', '.join(others)} already"
            reasons.append(Reason(NAME_TAKEN, taken, "give another name, or take the name from that model first"))
        return reasons
