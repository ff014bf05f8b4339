"""Crashes of automated vehicles, as operators reported them to NHTSA, are incidents without exposure: nothing explains them.

The file is public (NHTSA Standing General Order 2021-01) and not part of the project: the test is left out without it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from forebear.app import Forebear
from tests.actions.plant import RITA
from tests.actions.world import done
from tests.api.test_suspects import suspects
from tests.record.asking import ask
from tests.test_project import ROOT

FILE = ROOT.parent / "shared" / "data" / "nhtsa-sgo-2021-01-ads-incidents.csv"
SEVERITIES = {"Minor": "MEDIUM", "Moderate": "HIGH", "Serious": "HIGH", "Fatality": "CRITICAL"}

pytestmark = pytest.mark.skipif(not FILE.exists(), reason="the reports to NHTSA are not here")


def reports() -> Iterator[dict[str, Any]]:
    """The rows as reports: at an operator's fleet in a city, some time in a month, with the number that joins reports."""
    with FILE.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            told = {name: value.strip() for name, value in row.items()}
            if not told["Incident Date"]:
                continue
            month = datetime.strptime(told["Incident Date"], "%b-%Y")
            after = datetime(month.year + month.month // 12, month.month % 12 + 1, 1)
            operator = told["Operating Entity"] or told["Reporting Entity"]
            severity = SEVERITIES.get(told["Highest Injury Severity"])
            yield {
                "at": [f"fleet:{slug(operator)}/{slug(told['City'])}"],
                "since": f"{month:%Y-%m-%dT00:00:00Z}",
                "until": f"{after:%Y-%m-%dT00:00:00Z}",
                "category": "collision",
                "externalIds": [f"nhtsa:{told['Same Incident ID'] or told['Report ID']}"],
            } | ({"severity": severity} if severity else {})


def slug(text: str) -> str:
    """A name as part of an id."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


async def test_reports_of_crashes_without_exposure_are_incidents_that_nothing_explains_and_the_answer_says_so(
    registry: Forebear,
) -> None:
    rows = [*reports()]
    names = {row["externalIds"][0] for row in rows}
    assert len(rows) > len(names) > 100
    outcome = await done(registry, RITA, "reportIncident", reports=rows)
    assert {*outcome.changed} == {f"incident:{name}" for name in names}
    assert {*outcome.undescribed} == {place for row in rows for place in row["at"]}
    assert (await done(registry, RITA, "reportIncident", reports=rows[::-1])).unchanged
    assert (await ask(registry, "{ incidents { totalCount } }"))["incidents"]["totalCount"] == len(names)

    for about in ({"selection": {"category": "collision"}}, {"incident": f"incident:{min(names)}"}):
        found = await suspects(registry, **about)
        assert (found["standing"], found["suspects"], found["incidents"], found["hours"]) == ("UNKNOWN", [], 0, 0.0)
        assert [incident["id"] for incident in found["apart"]] == sorted(f"incident:{name}" for name in names)
        assert found["needed"] == (
            "robot-hours: nobody saw a robot run anything there then, so nothing is on record to compare "
            f"{len(names)} incidents with; report what robots run, from when to when"
        )
