"""An incident on one page, for whoever is called at night: `incident`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rich.text import Text

from forebear.cli import terminal
from forebear.cli.asking import Of, answer
from forebear.cli.terminal import AsJson, Token, Url, minute, out, short
from forebear.view.incidents import INCIDENT, running, targets

Row = Mapping[str, Any]


def incident(id: Of, url: Url = None, token: Token = None, as_json: AsJson = False) -> None:
    """Show an incident on one page: what ran there then and now, what changed there before, whom to call, what is like it, and
    where to go back to."""

    def asked(document: str, variables: Row) -> dict[str, Any]:
        return answer(document, variables, url, token, exact=as_json)

    told = asked(INCIDENT, {"id": id})["incident"]
    places = [place["id"] for place in told["at"]["nodes"]]
    named = {f"place{n}": place for n, place in enumerate(places)}
    # An incident without a category is like none.
    about = {"id": id, "at": told["validFrom"], "category": told["category"] or ""}
    found = asked(running(len(places)), {**about, **named})
    rows = {when: [row for n in range(len(places)) for row in found[f"{when}{n}"]["nodes"]] for when in ("then", "now")}
    fleets = sorted({fleet["id"] for row in rows["now"] for fleet in row["fleets"]})
    back = asked(targets(len(fleets)), {f"fleet{n}": fleet for n, fleet in enumerate(fleets)}) if fleets else {}
    alike = [each for each in found["alike"]["nodes"] if each["id"] != told["id"] and told["category"]]
    ways = {fleet: back[f"fleet{n}"]["nodes"] for n, fleet in enumerate(fleets)}
    if as_json:
        before = found["before"]["nodes"]
        terminal.print_json({"incident": told, **rows, "changes": before, "alike": alike, "rollbackTargets": ways})
        return
    for line in page(told, rows["then"], rows["now"], found["before"]["nodes"], alike, ways):
        out().print(line)


def page(
    told: Row, then: list[Row], now: list[Row], before: list[Row], alike: list[Row], ways: Mapping[str, Iterable[Row]]
) -> Iterator[Text]:
    """Return the page of an incident."""
    state = " ".join(str(told[name]) for name in ("state", "severity", "category") if told[name])
    yield Text.assemble((told["id"], "bold"), f"  {state}  {told['name'] or ''}".rstrip())
    over = f" to {minute(told['validTo'])}" if told["validTo"] else ""
    yield _field("when", f"{minute(told['validFrom'])}{over}")
    yield _field("where", ", ".join(place["id"] for place in told["at"]["nodes"]) or "nobody said")
    for m in told["measured"] or ():
        yield _field(m["name"], f"{m['value']:g} {m['unit'] or ''}".rstrip())
    for name in ("description", "logs"):
        if told[name]:
            yield _field(name, told[name] if isinstance(told[name], str) else ", ".join(told[name]))
    for name in ("artifacts", "duplicateOf", "duplicates", "attributions"):
        if told[name]["nodes"]:
            yield _field(name, ", ".join(short(node["id"]) for node in told[name]["nodes"]))
    for heading, rows in (("What ran there then", then), ("What runs there now", now)):
        yield _heading(heading)
        for row in rows:
            yield from _ran(row)
        if not rows:
            yield _field("", "nothing is known")
    yield _heading("What changed there before")
    for change in before:
        yield _field(minute(change["at"]), _changed(change))
    if not before:
        yield _field("", "nothing is known")
    yield _heading("Whom to call")
    yield from _owners([told, *(end for row in (*now, *then) for end in _ends(row))])
    yield _heading("Who else runs the same version")
    own = {fleet["id"] for row in then for fleet in row["fleets"]}
    versions = {row["observedVersion"]["id"]: row["observedVersion"]["running"] for row in then if row["observedVersion"]}
    for version, elsewhere in versions.items():
        others = {fleet["id"] for each in elsewhere["nodes"] for fleet in each["fleets"]} - own
        yield _field(version, ", ".join(sorted(others)) or "nobody")
    yield _heading("Incidents of the same category")
    if not alike:
        yield _field("", "none" if told["category"] else "this one has no category")
    for each in alike:
        yield _field(minute(each["validFrom"]), f"{each['id']}  {each['state'] or ''} {each['severity'] or ''}".rstrip())
    yield _heading("Where to go back to")
    for fleet, options in ways.items():
        for option in options:
            may = "" if option["allowed"] else "  (not allowed now)"
            yield _field(
                fleet, f"{(option['version'] or option['artifact'])['id']}{may}  {'; '.join(option['remarks'])}".rstrip()
            )
            fleet = ""


def _ran(row: Row) -> Iterator[Text]:
    """Return what ran on a robot: what was seen or, if nothing was, what was intended."""
    observed, intended, version = row["observed"], row["intended"], row["observedVersion"]
    standing = row["standing"].lower().replace("_", " ")
    yield Text.assemble("  ", ((row["robot"] or {"id": "no known robot"})["id"], "bold"), f"  {standing}")
    last = f", seen last {minute(row['lastSeenAt'])}" if row["lastSeenAt"] else ""
    yield _field(
        "observed", f"{short(observed['id'])}{' of ' + version['id'] if version else ''}{last}" if observed else "nothing"
    )
    if intended and intended != observed:
        yield _field("intended", f"{short(intended['id'])} by {row['deployment']['id']}")
    if row["authorized"] is not None:
        yield _field("allowed by", (row["basis"] or "nothing").lower().replace("_", " ") if row["authorized"] else "nothing")
    lines = [line for fleet in row["fleets"] for line in fleet["lines"]["nodes"]]
    if policies := dict.fromkeys(policy["id"] for line in lines for policy in line["policies"]["nodes"]):
        yield _field("policy", ", ".join(policies))
    yield _field("of", ", ".join(end["id"] for name in ("fleets", "sites", "customers") for end in row[name]) or "no fleet")


def _changed(change: Row) -> str:
    """Return a change in words, such as `customer of fleet:north: customer:a → customer:b, by tomas`."""
    what, before, after = change["change"].lower().replace("_", " "), change["before"], change["after"]
    turned = f"{short(before or 'nothing')} → {short(after or 'nothing')}" if before or after else change["node"]["id"]
    return f"{what} of {short(change['subject']['id'])}: {turned}, by {change['by']}"


def _ends(row: Row) -> Iterator[Row]:
    """Return the nodes in a row whose owners to call, the nearest first."""
    for name in ("observedVersion", "robot"):
        if row[name]:
            yield row[name]
    yield from (line for fleet in row["fleets"] for line in fleet["lines"]["nodes"])
    yield from (*row["fleets"], *row["sites"])


def _owners(nodes: Iterable[Row]) -> Iterator[Text]:
    called: dict[str, None] = {}
    for node in nodes:
        for owner in node["owners"] or ():
            called[f"{owner['name']}, on call: {owner['onCall']}" if owner["onCall"] else str(owner["name"])] = None
    for name in called or ("nobody is named as an owner",):
        yield _field("", name)


def _heading(text: str) -> Text:
    return Text(f"\n{text}", style="bold underline")


def _field(name: str, value: str) -> Text:
    return Text.assemble((f"  {name:<18} ", "dim"), value)
