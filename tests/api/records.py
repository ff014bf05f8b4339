"""Generated records: trees as a statement returns them, fit to a selection, and now and then irregular."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLEnumType, GraphQLList, GraphQLNonNull, get_named_type

from forebear.api.plan.selection import SelectedField
from forebear.graph.query.compiler import TYPE_KEY
from tests.api.histories import DOCUMENTS, FLOATS, INTEGERS, LONGS, MOMENTS, TEXTS

SCALARS: Mapping[str, Sequence[Any]] = {
    "ID": ("fleet:a", "", "🤖"),
    "String": TEXTS,
    "Int": INTEGERS,
    "Long": (*LONGS, str(2**53), str(-(2**63))),
    "Float": tuple(map(float, FLOATS)),
    "Boolean": (True, False),
    "DateTime": MOMENTS,
    "JSON": DOCUMENTS,
}
WRONG: Sequence[Any] = (None, 1.5, 2**31, -(2**31) - 1, float("nan"), float("inf"), "text", True, [], {}, [None], 7)


@dataclass
class Records:
    """Makes trees for selections."""

    random: random.Random
    irregular: float
    """How likely a value is not what its place asks for."""
    spoilt: int = 0
    """How many values of the last tree were not."""

    def tree(self, selected: Sequence[SelectedField]) -> dict[str, Any]:
        """A tree for the root fields of an operation."""
        self.spoilt = 0
        return self.object(selected)

    def object(self, selected: Sequence[SelectedField]) -> dict[str, Any]:
        members = [(s.key, self.value(s, s.type)) for s in selected if s.name != "__typename"]
        self.random.shuffle(members)
        return dict(members)

    def value(self, s: SelectedField, type_: Any) -> Any:
        if self.random.random() < self.irregular:
            self.spoilt += 1
            return self.random.choice(WRONG)
        if isinstance(type_, GraphQLNonNull):
            return self.present(s, type_.of_type)
        return None if self.random.random() < 0.1 else self.present(s, type_)

    def present(self, s: SelectedField, type_: Any) -> Any:
        if isinstance(type_, GraphQLList):
            return [self.value(s, type_.of_type) for _ in range(self.random.randint(0, 3))]
        if isinstance(type_, GraphQLEnumType):
            return self.random.choice(list(type_.values))
        name = get_named_type(type_).name
        if name in SCALARS:
            return self.random.choice(SCALARS[name])
        if s.is_abstract():
            name = self.random.choice(s.type_names())
            return {**self.object(s.fields(name)), TYPE_KEY: name}
        return self.object(s.fields(name))
