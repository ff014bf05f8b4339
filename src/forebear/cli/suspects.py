"""What may explain incidents: `suspects`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from forebear.cli import terminal
from forebear.cli.asking import answer
from forebear.cli.terminal import AsJson, Code, Failure, Token, Url, checked_moment, counted, out, short
from forebear.view.questions import SUSPECTS

if TYPE_CHECKING:
    from forebear.cli.conclusion import RecordedAttribution

SHOWN = 10
"""How many groups are printed, unless somebody asks for more."""
LIMIT = 4
"""How many names of a group are printed."""

Since = typer.Option(callback=checked_moment, metavar="MOMENT", help="The beginning of the interval.", show_default=False)
Until = typer.Option(callback=checked_moment, metavar="MOMENT", help="The end of the interval (exclusive).", show_default=False)


def suspects(
    incident: Annotated[str | None, typer.Argument(help="The incident that raised the question.", show_default=False)] = None,
    category: Annotated[str | None, typer.Option(help="Incidents of this category.", show_default=False)] = None,
    severity: Annotated[str | None, typer.Option(help="Incidents of this severity.", show_default=False)] = None,
    place: Annotated[str | None, typer.Option(help="A robot, fleet or site.", show_default=False)] = None,
    since: Annotated[str | None, Since] = None,
    until: Annotated[str | None, Until] = None,
    first: Annotated[int, typer.Option(min=1, help="The number of groups to show.")] = SHOWN,
    attribute: Annotated[
        bool, typer.Option("--attribute", help="Record what is named, with its numbers, as the attribution of the incident.")
    ] = False,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Say which differences may explain incidents: of an incident's category, or of a selection. The exit code is 1 if
    nothing is named."""
    selection = {"category": category, "severity": severity and severity.upper(), "place": place, "from": since, "to": until}
    selection = {name: value for name, value in selection.items() if value is not None}
    if incident and selection:
        raise Failure("an incident stands for its category: name an incident, or select incidents by options", Code.WRONG)
    if attribute and not incident:
        raise Failure("--attribute: an attribution explains an incident, so name the incident", Code.WRONG)
    about = {"incident": incident} if incident else {"selection": selection}
    found = answer(SUSPECTS, {"about": about}, url, token, exact=as_json)["suspects"]
    is_named = any(row["standing"] == "NAMED" for row in found["suspects"])
    conclusion: RecordedAttribution | None = None
    if attribute and incident and is_named:
        from forebear.cli.conclusion import RecordedAttribution

        conclusion = RecordedAttribution.of(incident, found, summed(found), url, token, exact=as_json)
    if as_json:
        terminal.print_json(found | ({"attribution": conclusion and conclusion.outcome} if attribute else {}))
    else:
        for line in _told(found, first):
            out().print(line, markup=False)
        if attribute:
            for told in conclusion.lines if conclusion else ("nothing is named, so nothing was attributed",):
                out().print(told)
    if not is_named or (conclusion and conclusion.is_negative):
        raise typer.Exit(Code.NEGATIVE)


def summed(found: Mapping[str, Any]) -> str:
    """Return how much an answer rests on, such as `16 episodes on 16,128 robot-hours, 4 tests`."""
    return f"{counted(found['episodes'], 'episodes')} on {found['hours']:,.0f} robot-hours, {counted(found['tests'], 'tests')}"


def _told(found: Mapping[str, Any], first: int) -> Iterator[str]:
    """The answer in lines."""
    yield summed(found)
    if found["overdispersed"]:
        yield f"overdispersed: incidents gather on few robots, {found['dispersion']:.1f} times as much as by chance"
    if found["needed"]:
        yield f"{found['standing']}: needs {found['needed']}"
    for row in found["suspects"][:first]:
        yield ""
        yield from _group(row)
    yield ""
    left = len(found["suspects"]) - first
    if left > 0:
        yield f"{counted(left, 'groups')} more; --first shows more"
    if found["apart"]:
        ids = ", ".join(incident["id"] for incident in found["apart"][:5])
        yield f"{counted(len(found['apart']), 'incidents')} of no robot's exposure: {ids}"
    if found["unseenRobots"]:
        yield f"{counted(found['unseenRobots'], 'robots')} without a report: their hours are unknown"
    yield from found["caveats"]


def _group(row: Mapping[str, Any]) -> Iterator[str]:
    names = [f"{n['dimension']} {short(n['value'])}" for n in row["names"]]
    more = f" and {len(names) - LIMIT} more" if len(names) > LIMIT else ""
    yield f"{row['rank']}. {row['standing']}  {', '.join(names[:LIMIT])}{more}"
    yield (
        f"   {row['incidentsWith']} on {row['hoursWith']:,.0f} hours with it, "
        f"{row['incidentsWithout']} on {row['hoursWithout']:,.0f} without it"
    )
    if row["rateRatio"] is not None:
        high = "" if row["high"] is None else f"{row['high']:.2g}"
        yield f"   rate ratio {row['rateRatio']:.2g} ({row['low']:.2g} to {high}) over {counted(row['strata'], 'strata')}"
    if row["adjustedP"] is not None:
        yield f"   adjusted p {row['adjustedP']:.2g}"
    if row["confoundedWith"]:
        yield f"   always with {', '.join(short(n['value']) for n in row['confoundedWith'])}"
    if row["needed"]:
        yield f"   needs {row['needed']}"
