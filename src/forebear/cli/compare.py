"""Two versions side by side: `compare`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from forebear.cli import terminal
from forebear.cli.asking import answer
from forebear.cli.terminal import AsJson, Code, Failure, Token, Url, out
from forebear.view.questions import COMPARE


def compare(
    versions: Annotated[
        list[str],
        typer.Argument(
            metavar="[BASE] CANDIDATE", help="The base and the candidate, or the candidate alone.", show_default=False
        ),
    ],
    line: Annotated[
        str | None,
        typer.Option(help="The release line. By default the only one that the candidate has a release in.", show_default=False),
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print it as Markdown, for a pull request.")] = False,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Compare a candidate with a base, metric by metric, and show what changed upstream. Without a base, it is what is deployed
    in the line or, if nothing is, what was approved there last. The exit code is 1 if a metric regressed."""
    if len(versions) > 2:
        raise Failure("compare takes a base and a candidate, or a candidate alone", Code.WRONG)
    *base, candidate = versions
    variables = {"candidate": candidate, "base": base[0] if base else None, "line": line}
    found = answer(COMPARE, variables, url, token, exact=as_json)["compare"]
    if as_json:
        terminal.print_json(found)
    else:
        for text in report(found) if markdown else page(found):
            out().print(text, markup=False)
    if any(m["verdict"] == "REGRESSED" for m in found["metrics"]):
        raise typer.Exit(Code.NEGATIVE)


def page(found: Mapping[str, Any]) -> Iterator[str]:
    """A comparison for a terminal."""
    yield title(found)
    for m in found["metrics"]:
        yield f"{m['verdict'].replace('_', ' ').lower():<14}  {measure(m)}: {values(m)}{interval(m)}  ({m['reason']})"
    for field in found["field"]:
        yield f"{'in the field':<14}  {hours(field)}"
    for check in found["policy"]:
        yield f"{'✓' if check['passed'] else '✗'} {check['message']}"
    yield from (f"✗ {reason['message']}" for reason in found["missing"])
    yield from (f"changed         {change['words']}{'' if change['causes'] else '  (no cause)'}" for change in found["changes"])
    yield f"attribution     {found['explanation']}"
    for witness in found["witnesses"]:
        yield f"witness         {shown(witness)}"
    yield from found["remarks"]


def report(found: Mapping[str, Any]) -> Iterator[str]:
    """A comparison as Markdown."""
    yield f"## {title(found)}\n"
    yield "| verdict | metric | base | candidate | difference | why |"
    yield "|---|---|---|---|---|---|"
    for m in found["metrics"]:
        difference = "" if m["difference"] is None else f"{m['difference']:+.4g}{interval(m)}"
        cells = (m["verdict"], measure(m), value(m, "base"), value(m, "candidate"), difference, m["reason"])
        yield f"| {' | '.join(map(cell, cells))} |"
    yield "\n### In the field\n"
    yield from (f"- {cell(hours(field))}" for field in found["field"])
    if found["policy"] or found["missing"]:
        yield "\n### What the policy says of the candidate\n"
        yield from (f"- [{'x' if check['passed'] else ' '}] {cell(check['message'])}" for check in found["policy"])
        yield from (f"- [ ] {cell(reason['message'])}" for reason in found["missing"])
    yield "\n### What changed upstream\n"
    for change in found["changes"]:
        yield f"- {cell(change['words'])}{'' if change['causes'] else ' (no cause)'}"
    yield f"\n**Attribution:** {cell(found['explanation'])}."
    if found["witnesses"]:
        yield ""
    yield from (f"- {cell(shown(witness))}" for witness in found["witnesses"])
    if found["remarks"]:
        yield ""
    yield from (f"> {cell(remark)}" for remark in found["remarks"])


def title(found: Mapping[str, Any]) -> str:
    """What is compared with what, and why."""
    basis = {"NAMED": "", "DEPLOYED": ", which is deployed", "APPROVED": ", which was approved last"}[found["basis"]]
    line = f" in {found['line']['id']}" if found["line"] else ""
    return f"{found['candidate']['id']} against {found['base']['id']}{basis}{line}"


def measure(m: Mapping[str, Any]) -> str:
    """What was measured, and with what."""
    where = ", ".join(filter(None, (m["pack"], m["target"])))
    return f"{m['metric']}{' on ' + m['slice'] if m['slice'] else ''} ({where})"


def value(m: Mapping[str, Any], side: str) -> str:
    """The value of a side with its trials."""
    if m[side] is None:
        return "none"
    trials = m[f"{side}Trials"]
    return f"{m[side]:.6g}{' ' + m['unit'] if m['unit'] else ''}{f' of {trials}' if trials is not None else ''}"


def values(m: Mapping[str, Any]) -> str:
    """Both values, and their difference."""
    difference = "" if m["difference"] is None else f", {m['difference']:+.4g}"
    return f"{value(m, 'base')} → {value(m, 'candidate')}{difference}"


def interval(m: Mapping[str, Any]) -> str:
    """The interval of a difference with its method."""
    return "" if m["low"] is None else f" [{m['low']:+.4g}, {m['high']:+.4g}] {m['method'].lower().replace('_', ' ')}"


def hours(field: Mapping[str, Any]) -> str:
    """What happened in how many robot-hours."""
    incidents = "1 incident" if field["incidents"] == 1 else f"{field['incidents']} incidents"
    said = f"{field['of'].lower()}: {incidents} in {field['robotHours']:,.6g} robot-hours"
    if field["perThousandHours"] is None:
        return said
    return f"{said}, {field['perThousandHours']:.4g} per 1,000 [{field['low']:.4g}, {field['high']:.4g}]"


def shown(witness: Mapping[str, Any]) -> str:
    """A version that differs in one change, and what it shows."""
    shows = "; ".join(witness["shows"]) or "nothing that can be compared"
    return f"{witness['version']} differs from the {witness['differsFrom'].lower()} in {witness['change']} alone: {shows}"


def cell(text: str) -> str:
    """A text that ends no cell of a table and no line, and is no markup."""
    return "".join(f"\\{c}" if c in "\\|*_<>`[]" else c for c in " ".join(text.split()))
