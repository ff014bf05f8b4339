"""The indexes that make the registry's questions fast and its ids unique."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Uniqueness:
    """No two nodes of `label` have the same `property`; finding one by it is fast."""

    label: str
    property: str

    def __str__(self) -> str:
        return f"unique {self.label}.{self.property}"


@dataclass(frozen=True, slots=True)
class Index:
    """Makes it fast to find nodes of `label` by `property`, equal or in a range."""

    label: str
    property: str

    def __str__(self) -> str:
        return f"index {self.label}.{self.property}"


@dataclass(frozen=True)
class FullText:
    """Makes words in the texts `label_properties` (label -> properties) searchable under `name`."""

    name: str
    label_properties: Mapping[str, tuple[str, ...]]

    def __str__(self) -> str:
        return f"full text {self.name}"


@dataclass(frozen=True, slots=True)
class EdgeTypes:
    """Relationship types that exist before their first edge: the embedded engine's walks refuse to name others."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"edge types {', '.join(self.names)}"


@dataclass(frozen=True, slots=True)
class PropertyKeys:
    """Names of properties that exist before the first node has one: Neo4j takes no lock for removing any other."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"property {', '.join(self.names)}"
