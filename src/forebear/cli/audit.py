"""The audit trail: `audit verify`, `audit export`, `audit head`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import typer

from forebear.cli import terminal
from forebear.cli.export import writing
from forebear.cli.registry import CommandRegistry, Interrupted, opened
from forebear.cli.terminal import AsJson, Code, Failure, Token, Url, counted, err, out

if TYPE_CHECKING:
    from forebear.audit.check import Finding

app = typer.Typer(help="Verify and export the audit trail, and cover it by a head.", no_args_is_help=True)


@dataclass
class VerificationResult:
    """The result of a verification."""

    as_json: bool
    counts: dict[str, int] = field(default_factory=dict)
    findings: int = 0

    def add(self, findings: Iterable[Finding]) -> None:
        """Print findings."""
        for finding in findings:
            self.findings += 1
            if self.as_json:
                terminal.print_json({"where": finding.where, "what": finding.what})
            else:
                out().print(terminal.printable(str(finding)), style="red", markup=False)

    def print(self) -> None:
        """Print the summary."""
        if self.as_json:
            terminal.print_json({"done": True, **self.counts, "findings": self.findings})
            return
        summary = ", ".join(counted(number, what) for what, number in self.counts.items())
        wrong = f"{self.findings:,} {'does' if self.findings == 1 else 'do'} not fit"
        out().print(f"{summary}: {wrong if self.findings else 'all of it holds'}", markup=False)


@app.command()
def verify(
    head: Annotated[
        list[str] | None,
        typer.Option(help="The hash of a head that you kept elsewhere. The trail must have it. You may give several."),
    ] = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Recompute every chain and head, and compare the graph with them. The exit code is 1 if something does not fit.

    It prints the first broken link of each broken chain.
    """
    terminal.configure_logs("warning")
    verdict = terminal.run(_verified(head or [], url, token, as_json))
    verdict.print()
    if verdict.findings:
        raise typer.Exit(Code.NEGATIVE)


async def _verified(heads: list[str], url: str | None, token: str | None, as_json: bool) -> VerificationResult:
    async with opened(url, token) as registry:
        return await verified(registry, heads, as_json=as_json)


async def verified(registry: CommandRegistry, heads: Collection[str] = (), *, as_json: bool = False) -> VerificationResult:
    """Verify a registry's whole trail, and print what does not fit. Raises `Failure`."""
    from forebear.audit.verification import NotATrail, Verification
    from forebear.audit.witness import Witness
    from forebear.graph.kinds import GRAPH

    verdict, witness = VerificationResult(as_json), Witness(GRAPH)
    verification = Verification(heads, witness.hear)
    try:
        with terminal.progress("verifying", None) as show:
            async for lines in registry.trail():
                verdict.add(verification.add(lines.splitlines()))
                show(verification.heads + verification.entries)
            verification.close()
        async for ids in registry.governed():
            witness.expect(ids)
        with terminal.progress("comparing", None) as show:
            for ids in witness.node_ids():
                verdict.add(witness.compare(ids, await registry.current(ids)))
                show(witness.compared)
    except NotATrail as error:
        raise Failure(f"what was read is no whole audit trail: {error}", Code.UNREACHABLE) from None
    except Interrupted as error:
        raise Failure(str(error), Code.UNREACHABLE) from None
    verdict.counts = {
        "heads": verification.heads,
        "chains": verification.chains,
        "entries": verification.entries,
        "nodes": witness.compared,
    }
    return verdict


@app.command()
def export(
    file: Annotated[
        str, typer.Argument(help="A file of NDJSON, as gzip if its name ends with .gz. - is a pipe.", show_default=False)
    ],
    url: Url = None,
    token: Token = None,
) -> None:
    """Write all heads, chains and entries into a file. docs/how-to/verify.py verifies it without Forebear."""

    async def work() -> int:
        count = -2
        try:
            async with opened(url, token) as registry:
                with writing(file) as target, terminal.progress("exporting", None) as show:
                    async for lines in registry.trail():
                        target.write(lines)
                        count += lines.count(b"\n")
                        show(count)
        except Interrupted as error:
            raise Failure(str(error), Code.UNREACHABLE) from None
        return count

    terminal.configure_logs("warning")
    err().print(f"{counted(terminal.run(work()), 'records')} exported", markup=False)


@app.command()
def head(url: Url = None, token: Token = None, as_json: AsJson = False) -> None:
    """Cover all chains by a head, and print it. Keep its hash where nobody can change it.

    The service does the same every FOREBEAR_AUDIT_HEAD_SECONDS.
    """

    async def work() -> dict[str, Any] | None:
        async with opened(url, token) as registry:
            return await registry.head()

    terminal.configure_logs("warning")
    last = terminal.run(work())
    if last is None:
        raise Failure("there are no audit entries yet, so there is nothing to cover")
    if as_json:
        terminal.print_json(last)
    else:
        covered = f"{counted(last['entries'], 'entries')} in {counted(last['chains'], 'chains')}"
        out().print(f"{last['hash']}  head#{last['number']} of {last['at']}: {covered}", markup=False)
