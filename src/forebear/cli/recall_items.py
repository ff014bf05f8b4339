"""The items of a recall that stands: `recall execute`, `recall show`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from forebear.cli import terminal
from forebear.cli.asking import BEYOND, AsKnownAt, At
from forebear.cli.recall import MENTIONED, contacts, whole
from forebear.cli.registry import CommandRegistry, ask, opened
from forebear.cli.terminal import AsJson, Code, Failure, Token, Url, checked_moment, counted, minute, out, progress, short
from forebear.graph.digest import of_fields
from forebear.view.recalls import ITEMS, RECALLS

Row = Mapping[str, Any]

PAGE = 5000
"""How many items are asked for at once."""

Of = Annotated[
    str,
    typer.Argument(
        metavar="OF",
        help="What is recalled, as in recall plan; or the id of a recall.",
        show_default=False,
    ),
]


def execute(
    of: Of,
    reason: Annotated[
        str, typer.Option(help="Why. It is kept in the audit trail of everything that is done.", show_default=False)
    ],
    affected: Annotated[
        str | None,
        typer.Option(
            metavar="DIGEST", help="The digest of the plan. A vote needs it; a recall that stands does not.", show_default=False
        ),
    ] = None,
    planned_at: Annotated[
        str | None,
        typer.Option(
            metavar="MOMENT",
            callback=checked_moment,
            help="The moment of the plan. A refusal shows what was added since.",
            show_default=False,
        ),
    ] = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Vote for a recall and, once it stands, do its items one after the other: go back, stop, withdraw approvals. If it was
    interrupted, run it again: it goes on, and does nothing twice. The exit code is 1 if the recall does not stand yet, or if an
    item was refused."""
    terminal.configure_logs("warning")
    vote = {"reason": reason, "affected": affected, "plannedAt": planned_at}
    terminal.run(_execute(of, vote, url, token, exact=as_json))


async def _execute(of: str, vote: Row, url: str | None, token: str | None, *, exact: bool) -> None:
    async with opened(url, token) as registry:
        recall = await _recall(registry, of)
        if recall is None or recall["validFrom"] is None or recall["validTo"]:
            recall = await _vote(registry, recall["subject"] if recall else of, vote, exact=exact)
        if recall["validFrom"] is None:
            if exact:
                terminal.print_json({"recall": recall, "done": [], "counts": []})
            else:
                out().print(f"{short(recall['id'])}  {standing(recall)}", markup=False)
            raise typer.Exit(Code.NEGATIVE)
        if not exact:
            out().print(f"{short(recall['id'])}  {standing(recall)}", markup=False)
        done = []
        async for each in perform(registry, recall["id"], vote["reason"]):
            done.append(each)
            if not exact:
                for line in _done_lines(each):
                    out().print(f"  {line}", markup=False)
        found = await items(registry, recall["id"], exact=exact)
        if exact:
            terminal.print_json({"recall": recall, "done": done, "counts": found["counts"]})
        else:
            for line in counts(found):
                out().print(line, markup=False)
        if any(row["state"] == "PLANNED" for row in found["counts"]):
            raise typer.Exit(Code.NEGATIVE)


async def _recall(registry: CommandRegistry, of: str) -> dict[str, Any] | None:
    """Return the newest recall of a subject, or the one with the id. None if there is none of the subject."""
    named = {"id": of} if of.startswith("recall:") else {"subject": _subject(of)}
    found = (await ask(registry, RECALLS, {**named, "first": 1}, exact=True))["recalls"]["nodes"]
    if not found and "id" in named:
        raise Failure(f"{of} is not known; forebear recall plan OF says what a recall of something would come to")
    return found[0] if found else None


def _subject(of: str) -> str:
    """Return what is recalled as the one text that it has. Raises `Failure`."""
    from forebear.domain.recall.subject import Subject

    try:
        return str(Subject.parse(of))
    except ValueError as error:
        raise Failure(str(error), Code.WRONG) from None


async def _vote(registry: CommandRegistry, of: str, vote: Row, *, exact: bool) -> dict[str, Any]:
    """Vote for a recall, and return it. If the vote is refused, print why and exit."""
    from forebear.cli.actions import outcome_lines
    from forebear.domain.recall.subject import Subject

    if vote["affected"] is None:
        message = f"--affected is missing: plan it first (forebear recall plan '{of}'), and give the digest of the plan"
        raise Failure(message, Code.WRONG)
    subject = Subject.parse(_subject(of))
    planned = await whole(registry, subject.input, vote["plannedAt"], exact=True)
    back = [row for row in planned["affected"] if row["node"]["kind"] == "Deployment" and row["target"]["artifact"]]
    targets = [{"deployment": row["node"]["id"], "artifact": row["target"]["artifact"]} for row in back]
    outcome = await _do(registry, "recall", {"subject": str(subject), "targets": targets, **vote}, exact=exact)
    if outcome["__typename"] != "Done":
        if exact:
            terminal.print_json(outcome)
        else:
            for line in outcome_lines(outcome):
                out().print(line)
        raise typer.Exit(Code.NEGATIVE)
    recall = await _recall(registry, of)
    assert recall is not None
    return recall


async def _do(registry: CommandRegistry, verb: str, input: Row, *, exact: bool) -> dict[str, Any]:
    """Do an action, and return its outcome without what nodes it names."""
    from forebear.verbs.catalogue import ACTIONS
    from forebear.view.actions import mutation

    action = next(action for action in ACTIONS if action.name == verb)
    given = {name: value for name, value in input.items() if value is not None}
    outcome: dict[str, Any] = (
        await ask(registry, mutation(verb, action.input.members), {**given, "reads": False}, exact=exact)
    )[verb]
    return outcome


async def perform(registry: CommandRegistry, recall: str, reason: str) -> AsyncGenerator[dict[str, Any], None]:
    """Request what is planned of a recall, an action an item, and yield each item with its outcome.

    The key of each action is made of the recall, the item and what it requests, so whoever was interrupted does nothing twice.
    An outcome is kept under its key. So what was refused before, or requested and came to nothing, is requested once more
    under a key of this moment.
    """
    refused: set[str] = set()
    for again in (False, True):
        planned = await items(registry, recall, exact=True, states=["PLANNED"])
        # A robot with a deployment does what the deployment does.
        due = [item for item in planned["items"] if item["step"] and not item["deployment"]]
        due = [item for item in due if item["node"]["id"] not in refused]
        with progress("executing the recall", len(due)) as done:
            for n, item in enumerate(due, 1):
                outcome = await _request(registry, recall, item, reason, planned["at"] if again else "")
                if outcome["__typename"] == "Refused":
                    refused.add(item["node"]["id"])
                    outcome = outcome if again else await _request(registry, recall, item, reason, planned["at"])
                yield {"item": item, "outcome": outcome}
                done(n)


async def _request(registry: CommandRegistry, recall: str, item: Row, reason: str, moment: str) -> dict[str, Any]:
    """Request what an item asks for, under its key."""
    id, step, place = item["node"]["id"], item["step"], item["place"]
    verb, input = {
        "GO_BACK": ("rollBack", {"on": place, "to": item["artifact"]}),
        "STOP": ("requestStop", {"place": [place]}),
        "WITHDRAW": ("withdrawApproval", {"release": id}),
    }[step]
    key = of_fields((recall, id, step, item["artifact"], moment))
    return await _do(registry, verb, {**input, "reason": f"{recall}: {reason}", "idempotencyKey": key}, exact=True)


def _done_lines(each: Row) -> Iterator[str]:
    """Return what came of an item, in lines."""
    item, outcome = each["item"], each["outcome"]
    id, place = item["node"]["id"], item["place"]
    what = short(id if place in (None, id) else f"{id} on {place}")
    asked = {
        "GO_BACK": f"goes back to {short(item['artifact'] or '')} ({item['version']})",
        "STOP": "stops",
        "WITHDRAW": "loses its approval",
    }[item["step"]]
    match outcome:
        case {"__typename": "Done", "changed": changed}:
            by = [each for each in changed if each.startswith(("deployment:", "stop:")) and each != id]
            yield f"{what} {asked}{f', by {short(by[0])}' if by else ''}"
        case {"reasons": reasons}:
            yield f"{what}: refused"
            for reason in reasons:
                yield f"  {short(reason['message'])}  {reason['code']}"
                yield f"    → {short(reason['remedy'])}"
        case _:
            yield f"{what}: somebody was faster"


async def items(
    registry: CommandRegistry,
    recall: str,
    *,
    exact: bool,
    states: Sequence[str] | None = None,
    at: str | None = None,
    as_known_at: str | None = None,
) -> dict[str, Any]:
    """Return how far a recall came, with all items in some states, asked for page by page. Raises `Failure`."""
    found: dict[str, Any] | None = None
    while found is None or found["hasNextPage"]:
        variables = {"recall": recall, "states": states, "first": PAGE, "at": at, "asKnownAt": as_known_at}
        after = {"after": found["endCursor"], "at": found["at"]} if found is not None else {}
        following = (await ask(registry, ITEMS, variables | after, exact=exact))["recallItems"]
        found = following | {"items": [*(found["items"] if found else ()), *following["items"]]}
    return {name: value for name, value in found.items() if name not in ("endCursor", "hasNextPage")}


def show(
    of: Of, at: At = None, as_known_at: AsKnownAt = None, url: Url = None, token: Token = None, as_json: AsJson = False
) -> None:
    """Show how far a recall came: where it stands, its items by customer and state, and whom to call."""

    async def asking() -> dict[str, Any]:
        async with opened(url, token) as registry:
            recall = await _recall(registry, of)
            if recall is None:
                raise Failure(f"{of} was never recalled; forebear recall plan '{of}' says what a recall would come to")
            return await items(registry, recall["id"], exact=as_json, at=at, as_known_at=as_known_at)

    terminal.configure_logs("warning")
    found = terminal.run(asking())
    if as_json:
        terminal.print_json(found)
    else:
        for line in page(found):
            out().print(line, markup=False)


def page(found: Row) -> Iterator[str]:
    """Return a recall in lines: where it stands, then its items, customer by customer."""
    recall = found["recall"]
    votes = ", ".join(vote["actor"] for vote in recall["votes"] or ())
    yield f"{short(recall['id'])}  {standing(recall)}"
    yield f"recalls {short(recall['subject'])}: {recall['reason']}"
    yield f"votes of {votes}" if votes else "without votes"
    if not found["counts"]:
        return
    yield ""
    yield from counts(found)
    of: dict[str | None, list[Row]] = defaultdict(list)
    for item in found["items"]:
        for customer in (item["customers"] or [None]) if item["node"]["kind"] != "Release" else ():
            of[customer].append(item)
    for each in found["customers"]:
        customer = each["customer"]
        yield ""
        yield f"{customer['id'] if customer else 'of no customer'}{contacts([customer, *each['fleets']])}"
        yield from map(_item, of[customer and customer["id"]])
    if releases := [item for item in found["items"] if item["node"]["kind"] == "Release"]:
        yield ""
        yield "releases"
        yield from map(_item, releases)
    if found["truncated"]:
        yield BEYOND


def standing(recall: Row) -> str:
    """Return where a recall stands, in words."""
    if recall["validFrom"] is None:
        return f"needs {counted(recall['votesMissing'], 'votes')} more"
    until = f" to {minute(recall['validTo'])}" if recall["validTo"] else ""
    return f"{'stood' if until else 'stands'} since {minute(recall['validFrom'])}{until} UTC"


def counts(found: Row) -> Iterator[str]:
    """Return how many items are in each state, in lines."""
    for row in found["counts"]:
        named = [counted(row[kind], kind) for kind in ("deployments", "robots", "releases") if row[kind]]
        yield f"{row['state']:<12}{', '.join(named)}"


def _item(item: Row) -> str:
    """Return an item in a line: its state, and what there is to say about it."""
    said = {
        "PLANNED": f"by {short(item['deployment'])}" if item["deployment"] else (item["step"] or "").lower().replace("_", " "),
        "REQUESTED": f"by {short(item['request'])}" if item["request"] else "",
        "UNREACHABLE": f"seen last {minute(item['lastSeenAt'])}" if item["lastSeenAt"] else "never seen",
        "IMPOSSIBLE": "; ".join(short(reason["message"]) for reason in item["reasons"][:MENTIONED]),
        "EXCUSED": f"by {item['excusedBy']}: {item['excuse']}",
    }.get(item["state"], "")
    return f"  {item['state']:<12}{short(item['node']['id'])}{f'  {said}' if said else ''}"
