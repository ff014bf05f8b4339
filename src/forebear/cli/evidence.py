"""Attaching evidence: a document, or the report of an evaluation or of tests."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forebear.cli import terminal
from forebear.cli.parameters import ExpectedRevision, IdempotencyKey
from forebear.cli.terminal import AsJson, Code, Failure, Token, Url, err

if TYPE_CHECKING:
    from forebear.connect.reports.mapping import PathMapping
    from forebear.connect.reports.report import EvaluationReport
    from forebear.graph.kinds.release import Evidence


EvidenceDocument = Annotated[
    str | None,
    typer.Argument(
        metavar="[JSON|@FILE]", help="The evidence. JSON or YAML, or @FILE; @- reads standard input.", show_default=False
    ),
]
ReportFile = Annotated[
    Path | None,
    typer.Option("--from", help="A report to attach instead: LeRobot's eval_info.json, JUnit XML, CSV or JSON."),
]
About = Annotated[str | None, typer.Option(help="The version or the artifact that the report is about.")]
PackOption = Annotated[str | None, typer.Option(help="The evaluation pack that defines the report's metrics.")]
FormatOption = Annotated[str | None, typer.Option(help="lerobot, junit, csv or json. By default the file's name tells it.")]
MappingFile = Annotated[
    Path | None, typer.Option(help="For csv and json: YAML or JSON from a path to its metric, slice, trials and unit.")
]
Metrics = Annotated[list[str] | None, typer.Option(help="Attach these metrics alone. You may give several.")]
Whole = Annotated[bool, typer.Option("--whole", help="Leave the report's slices out.")]
ResultType = Annotated[str, typer.Option(help="What kind of result the report is.")]
MeasuredAt = Annotated[
    str | None,
    typer.Option(metavar="MOMENT", help="When it was measured. By default what the report says, or when its file was written."),
]
Supersedes = Annotated[str | None, typer.Option(help="The evidence that the report corrects.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Print the evidence, as JSON that `forebear import` takes, and attach nothing.")
]
Remark = Annotated[str | None, typer.Option(help="A reason, or any remark. It is kept in the audit trail.")]


def attach_evidence(
    evidence: EvidenceDocument = None,
    report: ReportFile = None,
    about: About = None,
    pack: PackOption = None,
    format: FormatOption = None,
    mapping: MappingFile = None,
    metric: Metrics = None,
    whole: Whole = False,
    type: ResultType = "BENCHMARK",
    measured_at: MeasuredAt = None,
    supersedes: Supersedes = None,
    dry_run: DryRun = False,
    reason: Remark = None,
    idempotency_key: IdempotencyKey = None,
    expected_revision: ExpectedRevision = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Attach the result of a measurement of a version, or of an artifact on its hardware target.

    Forebear refuses a metric or a slice that the pack does not define, by its name. Nobody can change evidence: newer evidence
    supersedes it. The same report about the same thing is the same evidence, so a repetition changes nothing.
    """
    if (evidence is None) is (report is None):
        raise Failure("name either the evidence or a report, with --from FILE", Code.WRONG)
    if report is not None:
        if not about or not pack:
            raise Failure("--from: say with --about and --pack what was measured, and with which pack", Code.WRONG)
        read, data = _read(report, format, mapping)
        moment = terminal.moment("--measured-at", measured_at, ahead=False) if measured_at else None
        fact = _evidence(report, _chosen(report, read, metric, whole), data, about, pack, type, moment, supersedes)
        for remark in read.left_out:
            err().print(f"left out: {terminal.printable(remark)}", style="yellow", markup=False)
        evidence = json.dumps(dict(fact.items()))
    elif others := [n for n, v in (("about", about), ("pack", pack), ("format", format), ("mapping", mapping)) if v]:
        raise Failure(f"--{others[0]} belongs to a report: name it with --from FILE", Code.WRONG)
    assert evidence is not None
    if dry_run:
        if report is None:
            raise Failure("--dry-run belongs to a report: name it with --from FILE", Code.WRONG)
        typer.echo(evidence)
        return
    from forebear.cli import actions
    from forebear.verbs.evidence import AttachEvidence

    actions.command(AttachEvidence.action)(
        evidence_=evidence,
        reason_=reason,
        idempotency_key=idempotency_key,
        expected_revision=expected_revision,
        url=url,
        token=token,
        as_json=as_json,
    )


def _read(file: Path, format: str | None, mapping: Path | None) -> tuple[EvaluationReport, bytes]:
    """Return a report, and its bytes. Raises `Failure`."""
    from forebear.connect.reports.formats import FORMATS, MAX_BYTES, format_of, read
    from forebear.connect.reports.report import InvalidReport

    if format is not None and format not in FORMATS:
        raise Failure(f"--format {format}: is none of {', '.join(FORMATS)}", Code.WRONG)
    paths = _mapping(mapping) if mapping else None
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
        return read(format or format_of(file.name, mapping is not None), data, paths), data
    except InvalidReport as error:
        raise Failure(f"{file}: {error}", Code.WRONG) from None
    except OSError as error:
        raise Failure(f"{file}: {error.strerror or error}", Code.WRONG) from None


def _mapping(file: Path) -> PathMapping:
    from forebear.connect.reports.mapping import mapping_of
    from forebear.connect.reports.report import InvalidReport
    from forebear.domain.clause import InvalidPolicy
    from forebear.domain.policy_text import read

    try:
        return mapping_of(read(terminal.contents(str(file))).document)
    except InvalidPolicy as error:
        lines = (f"{file}:{m.line}: {m.message}" if m.line else f"{file}: {m.message}" for m in error.mistakes)
        raise Failure("; ".join(lines), Code.WRONG) from None
    except InvalidReport as error:
        raise Failure(f"{file}: {error}", Code.WRONG) from None


def _chosen(file: Path, report: EvaluationReport, metrics: list[str] | None, whole: bool) -> EvaluationReport:
    from forebear.connect.reports.report import InvalidReport

    try:
        chosen = report.only(metrics) if metrics else report
    except InvalidReport as error:
        raise Failure(f"{file}: {error}", Code.WRONG) from None
    return chosen.whole() if whole else chosen


def _evidence(
    file: Path,
    report: EvaluationReport,
    data: bytes,
    about: str,
    pack: str,
    type: str,
    measured_at: str | None,
    supersedes: str | None,
) -> Evidence:
    """Return the evidence that a report comes to. Raises `Failure`."""
    from forebear.connect.reports.report import InvalidReport

    moment = datetime.fromisoformat(measured_at) if measured_at else report.measured_at
    try:
        return report.evidence(
            about=about,
            pack=pack,
            type=type,
            measured_at=moment or datetime.fromtimestamp(file.stat().st_mtime, UTC),
            digest=f"sha256:{sha256(data).hexdigest()}",
            supersedes=supersedes,
        )
    except InvalidReport as error:
        raise Failure(f"{file}: {error}", Code.WRONG) from None
