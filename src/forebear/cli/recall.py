"""Recalls: `recall plan`, and the group of all their commands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from forebear.cli import terminal
from forebear.cli.asking import BEYOND, AsKnownAt
from forebear.cli.registry import CommandRegistry, ask, opened
from forebear.cli.terminal import AsJson, Code, Failure, Token, Url, checked_moment, counted, minute, out, progress, short
from forebear.view.recalls import PLAN

PAGE = 5000
"""How many affected nodes are asked for at once."""
MENTIONED = 3
"""How many reasons and owners are printed of each."""


class RecallCommands(TyperGroup):
    """The commands of recalls. Those of actions take a while to make, so they are made when a command is looked up."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command of a name."""
        return super().get_command(ctx, cmd_name) or self._declared().get(cmd_name)

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands."""
        for name, command in self._declared().items():
            self.commands.setdefault(name, command)
        return super().list_commands(ctx)

    def _declared(self) -> dict[str, Any]:
        from forebear.cli import actions

        return actions.commands("recall")


app = typer.Typer(cls=RecallCommands, help="Take something back from the whole world.", no_args_is_help=True)


@app.callback()
def recall() -> None:
    """Take something back from the whole world: data, code, a build, whatever descends from it."""


Of = Annotated[
    str,
    typer.Argument(
        metavar="OF",
        help="What is recalled: an id, or toolchain=NAME, dataOf=CUSTOMER, setting=NAME=VALUE.",
        show_default=False,
    ),
]
Against = Annotated[
    str | None,
    typer.Option(
        metavar="MOMENT",
        callback=checked_moment,
        help="Show what was added to the plan since its moment of knowledge, and what has gone.",
        show_default=False,
    ),
]


@app.command()
def plan(
    of: Of,
    against: Against = None,
    why: Annotated[bool, typer.Option("--why", help="Show the path to each node.")] = False,
    as_known_at: AsKnownAt = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Show what a recall would affect, what each deployment and robot would go back to, and whom to tell. It writes nothing.
    The exit code is 1 if nothing is affected."""
    from forebear.domain.recall.subject import Subject

    try:
        subject = Subject.parse(of)
    except ValueError as error:
        raise Failure(str(error), Code.WRONG) from None

    async def asking() -> list[dict[str, Any]]:
        async with opened(url, token) as registry:
            moments = [as_known_at, *([against] if against else [])]
            return [await whole(registry, subject.input, moment, exact=as_json) for moment in moments]

    terminal.configure_logs("warning")
    found, *before = terminal.run(asking())
    if as_json:
        terminal.print_json(found | ({"since": changed(before[0], found)} if before else {}))
    else:
        for line in (*page(found, why=why), *(told(changed(before[0], found), before[0]) if before else ())):
            out().print(line, markup=False)
    if not found["totalCount"]:
        raise typer.Exit(Code.NEGATIVE)


async def whole(registry: CommandRegistry, of: Mapping[str, Any], as_known_at: str | None, *, exact: bool) -> dict[str, Any]:
    """Return a plan with all that is affected, asked for page by page. The pages are of one moment. Raises `Failure`."""
    found: dict[str, Any] | None = None
    with progress("planning the recall", None) as done:
        while found is None or found["hasNextPage"]:
            variables = {"of": of, "first": PAGE, "asKnownAt": as_known_at}
            if found is not None:
                variables |= {"after": found["endCursor"], "asKnownAt": found["knownAt"]}
            following = (await ask(registry, PLAN, variables, exact=exact))["recallPlan"]
            found = following | {"affected": [*(found["affected"] if found else ()), *following["affected"]]}
            done(len(found["affected"]))
    return {name: value for name, value in found.items() if name not in ("endCursor", "hasNextPage")}


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
    """Return what was added since a plan, and what has gone. What changed its way has gone and was added."""
    old, new = (
        {(row["node"]["id"], row["via"]): row["node"]["kind"] for row in found["affected"]} for found in (before, after)
    )
    return {
        name: [{"kind": kind, "id": id, "via": via} for (id, via), kind in these.items() if (id, via) not in those]
        for name, these, those in (("added", new, old), ("gone", old, new))
    }


def told(since: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[str]:
    """Return how a plan differs from an earlier one, in lines."""
    yield ""
    yield f"Since {minute(before['knownAt'])} UTC: {len(since['added']):,} added, {len(since['gone']):,} gone"
    for sign, rows in (("+", since["added"]), ("-", since["gone"])):
        yield from (f"  {sign} {short(row['id'])}  by {row['via'].lower()}" for row in rows)


def page(found: Mapping[str, Any], *, why: bool = False) -> Iterator[str]:
    """Return a plan in lines, customer by customer."""
    yield f"Recall of {short(found['subject'])}, as known at {found['knownAt']}"
    yield f"digest {found['digest']}"
    yield ""
    for row in found["counts"]:
        authority = f", {row['authority']:,} by authority" if row["authority"] else ""
        yield f"{row['kind']:<14}{row['lineage']:>7,} by lineage{authority}"
    of: dict[str | None, list[Mapping[str, Any]]] = defaultdict(list)
    for row in found["affected"]:
        for customer in (row["customers"] or [None]) if row["target"] else ():
            of[customer].append(row)
    for tell in found["customers"]:
        yield ""
        yield from _customer(tell, of.pop(tell["customer"] and tell["customer"]["id"], []))
    if why:
        yield ""
        yield from (" → ".join(map(short, row["path"])) for row in found["affected"])
    yield ""
    steps = [
        f"{_STEPS[row['step']]}: {counted(row['deployments'], 'deployments')}, {counted(row['robots'], 'robots')}"
        for row in found["steps"]
    ]
    beyond = [BEYOND] if found["truncated"] else []
    more = found["totalCustomers"] - len(found["customers"])
    yield "; ".join([*steps, *([f"{counted(more, 'customers')} more"] if more else []), *beyond]) or "nothing runs"


_STEPS = {"GO_BACK": "go back", "STOP": "stop", "NEITHER": "can do neither"}


def _customer(tell: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Return whom to tell and what there is to do: deployments, each with its robots, and then robots that do otherwise."""
    customer = tell["customer"]
    affected = f"{counted(tell['totalFleets'], 'fleets')}, {counted(tell['robots'], 'robots')}"
    yield f"{customer['id'] if customer else 'of no customer'}  {affected}{contacts([customer, *tell['fleets']])}"
    along: dict[str, int] = defaultdict(int)
    alone = []
    steps = {row["node"]["id"]: row["target"] for row in rows if row["node"]["kind"] == "Deployment"}
    for row in rows:
        if row["node"]["kind"] == "Robot" and row["target"]["deployment"] in steps:
            along[row["target"]["deployment"]] += 1
        elif row["node"]["kind"] == "Robot":
            alone.append(row)
    for id, target in steps.items():
        yield f"  {short(id)} on {target['place'] or 'an unknown place'}, {counted(along[id], 'robots')}: {_step(target)}"
    for row in alone:
        yield f"  {row['node']['id']}: {_step(row['target'])}"


def contacts(nodes: Iterable[Mapping[str, Any] | None]) -> str:
    """Return whom to call about a customer and its fleets, or nothing if nobody is named."""
    owners = [owner for node in nodes if node for owner in node["owners"] or ()]
    called = list(dict.fromkeys(f"{owner['name']} {owner['onCall'] or ''}".strip() for owner in owners))
    return f"  call {', '.join(called[:MENTIONED])}" if called else ""


def _step(target: Mapping[str, Any]) -> str:
    if target["step"] == "GO_BACK":
        basis = f", {target['basis']}" if target["basis"] else ""
        return f"go back to {short(target['artifact'])} ({target['version']}{basis})"
    reasons = "; ".join(short(reason["message"]) for reason in target["reasons"][:MENTIONED])
    return f"{'stop' if target['step'] == 'STOP' else 'neither'}, since {reasons}"
