"""Release policies: `policy check`, `policy simulate`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from forebear.cli import terminal
from forebear.cli.registry import CommandRegistry, ask, opened
from forebear.cli.terminal import AsJson, Code, Token, Url, counted, out
from forebear.view.policies import LINES, PACKS, SIMULATE

if TYPE_CHECKING:
    from forebear.domain.clause import Mistake
    from forebear.domain.evidence import Pack
    from forebear.domain.policy import Policy
    from forebear.domain.policy_text import PolicyText
    from forebear.domain.requirement import MeasurementRule

app = typer.Typer(help="Work on release policies.", no_args_is_help=True)


@app.callback()
def policy() -> None:
    """Work on release policies: what a release line asks of a version before robots may run it."""


@app.command()
def check(
    file: Annotated[
        str, typer.Argument(help="A file with a policy, as YAML or JSON. - reads standard input.", show_default=False)
    ],
    packs: Annotated[bool, typer.Option("--packs", help="Also compare it with the evaluation packs in the registry.")] = False,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Print a policy as Forebear understands it, or each mistake in it with exit code 1. It writes nothing."""
    from forebear.domain.policy import check_against

    text, understood = _understood(file, as_json=as_json)
    packs_by_id: Mapping[str, Pack] = {}
    if packs:
        terminal.configure_logs("warning")
        packs_by_id = terminal.run(_packs(understood.packs, url, token))
        if undefined := check_against(understood, packs_by_id):
            raise _refused(file, text.located(undefined), as_json=as_json)
    if as_json:
        terminal.print_json({"valid": True, "policy": understood.document()})
        return
    for line in described(understood, packs_by_id):
        out().print(line)


@app.command()
def simulate(
    file: Annotated[
        str, typer.Argument(help="A file with a policy, as YAML or JSON. - reads standard input.", show_default=False)
    ],
    line: Annotated[
        list[str] | None,
        typer.Option(
            help="A release line that it would govern. You may give several. Without any, all lines.", show_default=False
        ),
    ] = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Print what a policy would decide about the releases of lines, and which fleets it would touch. It writes nothing."""
    _, understood = _understood(file, as_json=as_json)
    terminal.configure_logs("warning")
    simulated = terminal.run(_simulated(understood.document(), line, url, token, exact=as_json))
    if as_json:
        terminal.print_json(simulated)
        return
    for text in foreseen(simulated):
        out().print(text)


async def _simulated(
    document: Mapping[str, Any], lines: Sequence[str] | None, url: str | None, token: str | None, *, exact: bool
) -> list[dict[str, Any]]:
    async with opened(url, token) as registry:
        if lines is None:
            lines = [node["id"] async for node in _pages(registry, LINES, {})]
        return [row async for row in _pages(registry, SIMULATE, {"document": document, "lines": lines}, exact=exact)]


async def _pages(
    registry: CommandRegistry, document: str, variables: Mapping[str, Any], *, exact: bool = False
) -> AsyncIterator[dict[str, Any]]:
    """Return the nodes of the one connection that a document asks for, page by page."""
    after = None
    while True:
        (page,) = (await ask(registry, document, {**variables, "after": after}, exact=exact)).values()
        for node in page["nodes"]:
            yield node
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return


def foreseen(simulated: Sequence[Mapping[str, Any]]) -> Iterator[Text]:
    """Return what a policy would decide, release by release, and in sum."""
    for row in simulated:
        release = row["release"]
        moves = f" → {row['becomes']}" if row["becomes"] != release["state"] else ", as it is"
        yield Text.assemble((release["id"], "bold"), f"  {release['state']}{moves}")
        if row["staleFrom"]:
            yield Text(f"  its approval is stale from {row['staleFrom']} on")
            yield from (Text(f"  runs on {fleet['id']}") for fleet in row["fleets"])
        for check in row["checks"]:
            yield Text(f"  {'✓' if check['passed'] else '✗'} {check['message']}")
        failed = {check["message"] for check in row["checks"]}
        yield from (Text(f"  ✗ {reason['message']}") for reason in row["missing"] if reason["message"] not in failed)
    moved = sum(row["becomes"] != row["release"]["state"] for row in simulated)
    stale = sum(row["staleFrom"] is not None for row in simulated)
    fleets = {fleet["id"] for row in simulated for fleet in row["fleets"]}
    yield Text(
        f"{counted(len(simulated), 'releases')}: {counted(moved, 'changes of state')}, "
        f"{counted(stale, 'approvals stale')}, {counted(len(fleets), 'fleets touched')}"
    )


def _understood(file: str, *, as_json: bool) -> tuple[PolicyText, Policy]:
    """Return a policy's text and the policy. Raises `typer.Exit` after printing its mistakes."""
    from forebear.domain.clause import InvalidPolicy
    from forebear.domain.policy import parse
    from forebear.domain.policy_text import read

    text = terminal.contents(file)
    try:
        text_of_policy = read(text)
    except InvalidPolicy as error:
        raise _refused(file, error.mistakes, as_json=as_json) from None
    try:
        return text_of_policy, parse(text_of_policy.document)
    except InvalidPolicy as error:
        raise _refused(file, text_of_policy.located(error.mistakes), as_json=as_json) from None


async def _packs(ids: Iterable[str], url: str | None, token: str | None) -> dict[str, Pack]:
    from forebear.domain.evidence import Pack

    async with opened(url, token) as registry:
        nodes = (await ask(registry, PACKS, {"ids": sorted(ids)}, exact=True))["nodes"]
    described = [node for node in nodes if node and node["described"]]
    return {node["id"]: Pack.of(node["id"], node["metrics"] or (), node["slices"] or ()) for node in described}


def _refused(file: str, mistakes: Iterable[Mistake], *, as_json: bool) -> typer.Exit:
    """Print the mistakes of a policy, and return the end of the command."""
    file = "standard input" if file == "-" else file
    if as_json:
        rows = [{"path": m.path, "message": m.message, "line": m.line} for m in mistakes]
        terminal.print_json({"valid": False, "mistakes": rows})
    for mistake in () if as_json else mistakes:
        where = f"{file}:{mistake.line}" if mistake.line else file
        out().print(terminal.printable(f"{where}: {mistake}"), markup=False)
    return typer.Exit(Code.NEGATIVE)


def described(policy: Policy, packs: Mapping[str, Pack]) -> Iterator[Text]:
    """Return a policy in words. Values have their units if the packs are known."""
    from forebear.domain.policy import StandingRule

    yield from _field("risk tier", [policy.risk_tier])
    yield from _field("candidate", [", ".join(policy.candidate) or "may carry what it likes"])
    yield from _field("evidence", [*_required(policy, packs)] or ["none is required"])
    yield from _field("no regression", [r.in_words(_unit(r, packs)) for r in policy.no_regression] or ["is not asked for"])
    if policy.covers:
        yield from _field("covers", [policy.covers.in_words])
    if policy.automatic_promotion:
        yield from _field("promotion", ["by itself, as soon as the evidence suffices"])
        yield from _field("", ["by votes, once somebody has rejected it or withdrawn its approval"])
    yield from _field("approvals", _approvals(policy))
    if policy.rollout:
        canary = policy.rollout.canary
        yield from _field("rollout", [canary.in_words, f"  {canary.in_numbers} (95 % confidence)"])
    if policy.protected_aliases:
        yield from _field(
            "protected aliases", [f"{alias} points only at what is approved" for alias in policy.protected_aliases]
        )
    standing = {
        StandingRule.KEEP: "keep: they hold",
        StandingRule.GRACE: f"grace: they hold until {policy.standing_approvals.until}",
        StandingRule.REAPPROVE: "reapprove: they are stale as soon as this policy takes effect",
    }
    yield from _field("standing approvals", [standing[policy.standing_approvals.rule]])


def _required(policy: Policy, packs: Mapping[str, Pack]) -> Iterator[str]:
    """Return the measurements that the policy asks for and, if the packs are known, what suffices for a confidence in
    numbers."""
    from forebear.domain.sufficient import sufficient

    for requirement in policy.evidence:
        yield requirement.in_words(_unit(requirement, packs))
        if packs and (phrase := sufficient(requirement, packs[requirement.pack])):
            yield f"  {phrase}"


def _approvals(policy: Policy) -> Iterator[str]:
    approvals = policy.approvals
    votes = "1 vote: a person" if approvals.count == 1 else f"{approvals.count} votes of different voters: people"
    machines = f", or the machine {' or '.join(approvals.trusted_machines)}" if approvals.trusted_machines else ""
    yield f"{votes} with the role {' or '.join(approvals.roles)}{machines}"
    barred = [
        who
        for who, counts in (("who registered it", approvals.self_approval), ("who trained it", approvals.by_trainer))
        if not counts
    ]
    if barred:
        yield f"not by anybody {' or '.join(barred)}"


def _unit(rule: MeasurementRule, packs: Mapping[str, Pack]) -> str | None:
    return packs[rule.pack].metrics[rule.metric][0] if packs else None


def _field(name: str, values: Iterable[Any]) -> Iterator[Text]:
    for i, value in enumerate(values):
        yield Text.assemble((f"{'' if i else name:<18}  ", "dim"), terminal.printable(str(value)))
