"""Release policies: `policy check`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from forebear.cli import terminal
from forebear.cli.registry import ask, opened
from forebear.cli.terminal import AsJson, Code, Token, Url, out

if TYPE_CHECKING:
    from forebear.domain.evidence import Pack
    from forebear.domain.policy import Asked, Mistake, Policy

app = typer.Typer(help="Work on release policies.", no_args_is_help=True)

PACKS = """query($ids: [ID!]!) { nodes(ids: $ids) {
  id described ... on EvaluationPack { metrics { name unit direction } slices }
} }"""


@app.callback()
def policy() -> None:
    """Work on release policies: what a release line asks of a version before robots may run it."""


@app.command()
def check(
    file: Annotated[str, typer.Argument(help="A policy as YAML or JSON; - reads standard input.", show_default=False)],
    packs: Annotated[
        bool, typer.Option("--packs", help="Also hold it to the evaluation packs that the registry knows.")
    ] = False,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Print a policy as it is understood, or each mistake in it with exit code 1; nothing is written."""
    from forebear.domain.policy import InvalidPolicy, check_against, parse
    from forebear.domain.policy_text import read

    text = terminal.contents(file)
    known: Mapping[str, Pack] = {}
    try:
        written = read(text)
        try:
            understood = parse(written.document)
            if packs:
                terminal.configure_logs("warning")
                known = terminal.run(_known(understood.packs, url, token))
                if undefined := check_against(understood, known):
                    raise InvalidPolicy(undefined)
        except InvalidPolicy as error:
            raise InvalidPolicy(written.located(error.mistakes)) from None
    except InvalidPolicy as error:
        _refuse("standard input" if file == "-" else file, error.mistakes, as_json=as_json)
        raise typer.Exit(Code.NEGATIVE) from None
    if as_json:
        terminal.print_json({"valid": True, "policy": understood.document()})
        return
    for line in described(understood, known):
        out().print(line)


async def _known(ids: Iterable[str], url: str | None, token: str | None) -> dict[str, Pack]:
    from forebear.domain.evidence import Pack
    from forebear.graph.kinds import Direction

    async with opened(url, token) as registry:
        nodes = (await ask(registry, PACKS, {"ids": sorted(ids)}))["nodes"]
    return {
        node["id"]: Pack(
            node["id"],
            {m["name"]: (m["unit"], Direction(m["direction"]) if m["direction"] else None) for m in node["metrics"] or ()},
            frozenset(node["slices"] or ()),
        )
        for node in nodes
        if node and node["described"]
    }


def _refuse(file: str, mistakes: Iterable[Mistake], *, as_json: bool) -> None:
    if as_json:
        said = [{"path": m.path, "message": m.message, "line": m.line} for m in mistakes]
        terminal.print_json({"valid": False, "mistakes": said})
        return
    for mistake in mistakes:
        where = f"{file}:{mistake.line}" if mistake.line else file
        out().print(f"{where}: {mistake}", markup=False)


def described(policy: Policy, packs: Mapping[str, Pack]) -> Iterator[Text]:
    """A policy in words; values have their units where the packs are known."""
    from forebear.domain.policy import StandingRule

    yield from _field("risk tier", [policy.risk_tier])
    yield from _field("candidate", [", ".join(policy.candidate) or "may carry what it likes"])
    yield from _field("evidence", [r.said(_unit(r, packs)) for r in policy.evidence] or ["none is required"])
    yield from _field("no regression", [r.said(_unit(r, packs)) for r in policy.no_regression] or ["is not asked for"])
    if policy.automatic_promotion:
        yield from _field("promotion", ["by itself, as soon as the evidence suffices"])
        yield from _field("", ["by votes, once somebody has rejected it or withdrawn its approval"])
    yield from _field("approvals", _approvals(policy))
    standing = {
        StandingRule.KEEP: "keep: they hold",
        StandingRule.GRACE: f"grace: they hold until {policy.standing_approvals.until}",
        StandingRule.REAPPROVE: "reapprove: they are stale as soon as this policy takes effect",
    }
    yield from _field("standing approvals", [standing[policy.standing_approvals.rule]])


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


def _unit(asked: Asked, packs: Mapping[str, Pack]) -> str | None:
    return packs[asked.pack].metrics[asked.metric][0] if packs else None


def _field(name: str, values: Iterable[Any]) -> Iterator[Text]:
    for i, value in enumerate(values):
        yield Text.assemble((f"{'' if i else name:<18}  ", "dim"), str(value))
