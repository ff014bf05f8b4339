"""An incident on one page, for whoever is called at night: `incident`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rich.text import Text

from forebear.cli import terminal
from forebear.cli.asking import Of, partly
from forebear.cli.terminal import AsJson, Token, Url, counted, minute, out, short
from forebear.view.incidents import INCIDENT

Row = Mapping[str, Any]


def incident(id: Of, url: Url = None, token: Token = None, as_json: AsJson = False) -> None:
    """Show an incident on one page: what ran there then and now, what changed there before, whom to call, what is like it, and
    where to go back to."""
    data, reasons = partly(INCIDENT, {"id": id}, url, token, exact=as_json)
    card = data["incident"]
    if as_json:
        terminal.print_json(card | ({"unanswered": reasons} if reasons else {}))
        return
    for line in page(card, reasons):
        out().print(line)


def page(card: Row, reasons: Mapping[str, str]) -> Iterator[Text]:
    """Return the page of an incident. `reasons` say why parts of the card could not be answered."""

    def section(heading: str, part: str, lines: Iterable[Text], nothing: str = "nothing is known") -> Iterator[Text]:
        yield Text(f"\n{heading}", style="bold underline")
        if part in reasons:
            yield _field("", f"this could not be answered: {reasons[part]}")
        told = [*lines]
        if not told and part not in reasons:
            yield _field("", nothing)
        yield from told

    yield from _head(card)
    yield from section("What ran there then", "then", _ran(card["then"]))
    yield from section("What runs there now", "now", _ran(card["now"]))
    yield from section("What changed there before", "changes", map(_changed, _nodes(card["changes"])))
    yield from section("Whom to call", "fleets", _owners(card), "nobody is named as an owner")
    yield from section("Who else runs the same version", "alsoRunning", _elsewhere(card), "nothing was seen to run there")
    none = "none" if card["category"] else "this one has no category"
    yield from section("Incidents of the same category", "alike", map(_alike, _nodes(card["alike"])), none)
    yield from section("Where to go back to", "fleets", _targets(_nodes(card["fleets"])), "no fleet has anything to go back to")


def _head(card: Row) -> Iterator[Text]:
    state = " ".join(str(card[name]) for name in ("state", "severity", "category") if card[name])
    yield Text.assemble((card["id"], "bold"), f"  {state}  {card['name'] or ''}".rstrip())
    over = f" to {minute(card['validTo'])}" if card["validTo"] else ""
    yield _field("when", f"{minute(card['validFrom'])}{over}" if card["validFrom"] else "nobody said")
    yield _field("where", ", ".join(place["id"] for place in card["at"]["nodes"]) or "nobody said")
    for m in card["measured"] or ():
        yield _field(m["name"], f"{m['value']:g} {m['unit'] or ''}".rstrip())
    for name in ("description", "logs"):
        if card[name]:
            yield _field(name, card[name] if isinstance(card[name], str) else ", ".join(card[name]))
    for name in ("artifacts", "duplicateOf", "duplicates", "attributions"):
        if card[name]["nodes"]:
            yield _field(name, ", ".join(short(node["id"]) for node in card[name]["nodes"]))


def _ran(listed: Row | None) -> Iterator[Text]:
    """Return what ran on each robot: what was seen, and what was intended if that is something else."""
    rows = _nodes(listed)
    for row in rows:
        observed, intended, version = row["observed"], row["intended"], row["observedVersion"]
        standing = row["standing"].lower().replace("_", " ")
        yield Text.assemble("  ", ((row["robot"] or {"id": "no known robot"})["id"], "bold"), f"  {standing}")
        of = f" of {version['id']}" if version else ""
        yield _field("observed", f"{short(observed['id'])}{of}{_seen(row)}" if observed else "nothing")
        if intended and intended != observed:
            yield _field("intended", f"{short(intended['id'])} by {row['deployment']['id']}")
        if row["recalls"]:
            yield _field("recalled by", ", ".join(recall["id"] for recall in row["recalls"]))
        if row["authorized"] is not None:
            basis = row["basis"] if row["authorized"] else None
            yield _field("allowed by", (basis or "nothing").lower().replace("_", " "))
        lines = [line for fleet in row["fleets"] for line in fleet["lines"]["nodes"]]
        if policies := dict.fromkeys(policy["id"] for line in lines for policy in line["policies"]["nodes"]):
            yield _field("policy", ", ".join(policies))
        yield _field("of", ", ".join(end["id"] for name in ("fleets", "sites", "customers") for end in row[name]) or "no fleet")
    if listed and (more := listed["totalCount"] - len(rows)):
        yield _field("", f"and {counted(more, 'robots')} more")


def _seen(row: Row) -> str:
    """Return when the artifact was seen. One that was reported once was seen at its beginning, and not again."""
    last = row["lastSeenAt"]
    if last is None:
        return ""
    return f", reported once, at {minute(last)}" if last == row["installation"]["validFrom"] else f", seen last {minute(last)}"


def _changed(change: Row) -> Text:
    """Return a change in words, such as `customer of fleet:north: customer:a → customer:b, by tomas`."""
    what, before, after = change["change"].lower().replace("_", " "), change["before"], change["after"]
    turned = f"{short(before or 'nothing')} → {short(after or 'nothing')}" if before or after else change["node"]["id"]
    return _field(minute(change["at"]), f"{what} of {short(change['subject']['id'])}: {turned}, by {change['by']}")


def _owners(card: Row) -> Iterator[Text]:
    """Return the owners, the nearest first: of the incident, of versions and robots, of release lines, fleets and sites."""
    rows = [*_nodes(card["now"]), *_nodes(card["then"])]
    fleets = [row["fleet"] for row in _nodes(card["fleets"])]
    nodes = [card, *(row[name] for row in rows for name in ("observedVersion", "robot") if row[name])]
    nodes += [line for fleet in fleets for line in fleet["lines"]["nodes"]]
    nodes += [*fleets, *(site for row in rows for site in row["sites"])]
    owners = [owner for node in nodes for owner in node["owners"] or ()]
    called = (f"{owner['name']}, on call: {owner['onCall']}" if owner["onCall"] else str(owner["name"]) for owner in owners)
    yield from (_field("", name) for name in dict.fromkeys(called))


def _elsewhere(card: Row) -> Iterator[Text]:
    own = {row["fleet"]["id"] for row in _nodes(card["fleets"])}
    others: dict[str, list[str]] = {row["observedVersion"]["id"]: [] for row in _nodes(card["then"]) if row["observedVersion"]}
    for row in _nodes(card["alsoRunning"]):
        if (fleet := row["fleet"]["id"]) not in own:
            others.setdefault(row["version"]["id"], []).append(fleet)
    for version, fleets in others.items():
        yield _field(version, ", ".join(fleets) or "nobody")
    listed = card["alsoRunning"]
    if listed and (more := listed["totalCount"] - len(listed["nodes"])):
        yield _field("", f"and {counted(more, 'fleets')} more")


def _alike(row: Row) -> Text:
    each = row["incident"]
    state = f"{each['id']}  {each['state'] or ''} {each['severity'] or ''}".rstrip()
    return _field(minute(each["validFrom"]) if each["validFrom"] else "", state)


def _targets(fleets: Iterable[Row]) -> Iterator[Text]:
    for row in fleets:
        name = row["fleet"]["id"]
        for option in _nodes(row["fleet"]["rollbackTargets"]):
            may = "" if option["allowed"] else "  (not allowed now)"
            target = f"{(option['version'] or option['artifact'])['id']}{may}  {'; '.join(option['remarks'])}"
            yield _field(name, target.rstrip())
            name = ""


def _nodes(listed: Row | None) -> list[Row]:
    """Return the rows of a page. A part of the card that could not be answered has none."""
    return listed["nodes"] if listed else []


def _field(name: str, value: str) -> Text:
    return Text.assemble((f"  {name:<18} ", "dim"), value)
