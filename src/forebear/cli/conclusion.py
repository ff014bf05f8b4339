"""What `suspects` names, recorded as an attribution. It needs the declaration, so `suspects` imports it when it is wanted."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from forebear.cli.actions import done, is_negative, outcome_lines
from forebear.cli.asking import answer
from forebear.graph.kinds.incident import SUSPECT
from forebear.verbs.attribution import Attribute
from forebear.view.questions import DESCRIBED


@dataclass(frozen=True)
class RecordedAttribution:
    """What came of the attribution of an incident to what is named."""

    outcome: Mapping[str, Any]

    @classmethod
    def of(
        cls, incident: str, found: Mapping[str, Any], rests_on: str, url: str | None, token: str | None, *, exact: bool
    ) -> RecordedAttribution:
        """Record what an answer of `suspects` names. Raises `Failure`."""
        ids = [name["value"] for row in _named(found) for name in row["names"] if _is_node(name)]
        nodes = answer(DESCRIBED, {"ids": ids}, url, token, exact=exact)["nodes"]
        described = {node["id"] for node in nodes if node and node["described"]}
        return cls(done(Attribute.action, concluded(incident, found, rests_on, described), url, token, exact=exact))

    @property
    def lines(self) -> list[Text]:
        """The outcome in words."""
        return [*outcome_lines(self.outcome)]

    @property
    def is_negative(self) -> bool:
        """Whether a script should stop."""
        return is_negative(self.outcome)


def concluded(incident: str, found: Mapping[str, Any], rests_on: str, described: Set[str]) -> dict[str, Any]:
    """Return what is named as the input of `attribute`. Suspects of one group have the same numbers.

    A finding names a node only if it is `described`: nobody may suspect what is not on record.
    """
    findings = [_finding(row, name, described) for row in _named(found) for name in row["names"]]
    return {"incidents": [incident], "method": "suspects", "findings": findings, "description": rests_on}


def _named(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [row for row in found["suspects"] if row["standing"] == "NAMED"]


def _finding(row: Mapping[str, Any], name: Mapping[str, str], described: Set[str]) -> dict[str, Any]:
    id = name["value"] if _is_node(name) and name["value"] in described else None
    numbers = ("incidentsWith", "hoursWith", "incidentsWithout", "hoursWithout", "rateRatio", "low", "high")
    finding = {"name": name["dimension"], "value": name["value"], "id": id, **{n: row[n] for n in numbers}}
    return {member: each for member, each in finding.items() if each is not None}


def _is_node(name: Mapping[str, str]) -> bool:
    """Return whether a suspect is a node: a dimension such as `site` holds ids of a kind, and `robotSoftware` values."""
    dimension = name["dimension"]
    return dimension[0].upper() + dimension[1:] in SUSPECT
