"""The documents that ask about the night of an incident: the incident, what ran there then and now, and where to go back to."""

from __future__ import annotations

INCIDENT = """query($id: ID!) { incident(id: $id) {
  id name description described state severity category validFrom validTo logs measured { name value unit }
  owners { name onCall } artifacts { nodes { id } } duplicateOf { nodes { id } } duplicates { nodes { id } }
  attributions { nodes { id method suspects { nodes { id } } } }
  at(first: 100) { nodes { id kind } }
} }"""
"""An incident, and where it happened."""

_ROW = """nodes { robot { id owners { name onCall } } standing lastSeenAt observed { id } basis authorized
  observedVersion { id owners { name onCall } running(first: 100) { nodes { fleets { id } } } }
  deployment { id } intended { id } customers { id }
  fleets { id owners { name onCall } lines(first: 100) { nodes {
    id owners { name onCall } policies(first: 100) { nodes { id } } } } }
  sites { id owners { name onCall } } }"""


def running(places: int) -> str:
    """What ran at an incident's places when it began, `then0` and so on, and what runs there now, `now0` and so on.

    Besides, what changed there before, and what is like it.
    """
    fields = "".join(
        f" then{n}: whatWasRunning(place: $place{n}, at: $at, first: 100) {{ {_ROW} }}"
        f" now{n}: whatWasRunning(place: $place{n}, first: 100) {{ {_ROW} }}"
        for n in range(places)
    )
    declared = "".join(f", $place{n}: ID!" for n in range(places))
    return f"query($id: ID!, $at: DateTime, $category: String{declared}) {{ {_BEFORE} {_ALIKE}{fields} }}"


_BEFORE = "before: changes(of: $id, to: $at, first: 10) { nodes { at change subject { id } before after by node { id } } }"
_ALIKE = (
    "alike: incidents(filter: {category: {eq: $category}}, orderBy: {field: validFrom, direction: DESC}, first: 6)"
    " { nodes { id state severity validFrom } }"
)


def targets(fleets: int) -> str:
    """Where fleets can go back to, `fleet0` and so on."""
    fields = " ".join(
        f"fleet{n}: rollbackTargets(place: $fleet{n}, first: 3)"
        " { nodes { artifact { id } version { id } allowed remarks } }"
        for n in range(fleets)
    )
    declared = ", ".join(f"$fleet{n}: ID!" for n in range(fleets))
    return f"query({declared}) {{ {fields} }}"
