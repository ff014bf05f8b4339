"""A plugin of pytest: with `--forebear-evidence`, outcomes and recorded properties become evidence in a registry.

pytest imports it whenever Forebear is installed, so it imports nothing else of Forebear before the option is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

    from forebear.client import Registry
    from forebear.graph.kinds.release import Evidence

PATIENCE = 3.0
"""For how many seconds the registry is asked at the end of a session before the evidence waits in the spool."""

_COMPLETE = (0, 1)
"""The exit statuses of pytest after which all tests have run."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("forebear", "evidence for Forebear")
    group.addoption(
        "--forebear-evidence",
        metavar="ID",
        help="Attach outcomes and recorded properties as evidence about this version or artifact, such as model:folder@1. "
        "FOREBEAR_URL and FOREBEAR_TOKEN name the registry.",
    )
    group.addoption("--forebear-pack", metavar="ID", help="The evaluation pack that defines the metrics, such as pack:socks@1.")
    group.addoption(
        "--forebear-metric",
        metavar="NAME",
        action="append",
        help="Attach this metric alone. You may give several. By default pass_rate and all recorded numbers.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Watch the session if it is to be evidence. A worker of xdist does not: its controller hears of all tests.

    Raises `pytest.UsageError` for options that cannot be right.
    """
    about = config.getoption("forebear_evidence")
    if not about or hasattr(config, "workerinput"):
        return
    import pytest

    from forebear.client import Registry

    pack = config.getoption("forebear_pack")
    if not pack:
        raise pytest.UsageError("--forebear-evidence: name the evaluation pack that defines the metrics with --forebear-pack")
    try:
        registry = Registry(patience=PATIENCE)
    except ValueError as error:
        raise pytest.UsageError(f"--forebear-evidence: {error}") from None
    config.pluginmanager.register(EvidenceOfSession(registry, about, pack, config.getoption("forebear_metric") or ()))


class EvidenceOfSession:
    """What the tests of a session come to. Nothing that goes wrong with it changes the exit status of the session."""

    def __init__(self, registry: Registry, about: str, pack: str, metrics: Sequence[str]) -> None:
        self._registry = registry
        self._about = about
        self._pack = pack
        self._metrics = metrics
        self._began = datetime.now(UTC)
        self._passed: dict[str, bool | None] = {}
        self._properties: dict[str, Sequence[tuple[str, Any]]] = {}
        self._says: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep how a phase of a test ended. A test that runs again counts as it ended last."""
        if report.when == "setup":
            self._passed[report.nodeid] = None
        if report.failed:
            self._passed[report.nodeid] = False
        elif report.passed and report.when == "call":
            self._passed[report.nodeid] = True
        self._properties[report.nodeid] = report.user_properties

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Attach the evidence, if all tests have run."""
        if int(exitstatus) not in _COMPLETE or session.shouldstop or session.shouldfail:
            self._says.append("not all tests have run, so nothing was attached")
            return
        try:
            with self._registry:
                self._attach(self._evidence())
        except Exception as error:
            self._says.append(f"nothing was attached: {error}")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was done."""
        terminalreporter.section("evidence")
        for line in self._says:
            terminalreporter.write_line(line)

    def _evidence(self) -> Evidence:
        """Return the evidence. Raises `InvalidReport`."""
        from forebear.connect.reports.outcomes import OutcomeOfTest, report_of

        outcomes = [OutcomeOfTest(id, passed, self._properties.get(id, ())) for id, passed in self._passed.items()]
        report = report_of(outcomes, self._began)
        self._says += [f"left out: {remark}" for remark in report.left_out]
        chosen = report.only(self._metrics) if self._metrics else report
        return chosen.evidence(about=self._about, pack=self._pack, type="BENCHMARK", measured_at=self._began)

    def _attach(self, evidence: Evidence) -> None:
        """Send it. If the registry is away, put it into the spool. Raises `RegistryError`, and `OSError`."""
        from forebear.client import Unreachable
        from forebear.verbs.evidence import AttachEvidence

        try:
            self._registry.do(AttachEvidence(evidence=evidence), idempotency_key=evidence.id)
            self._says.append(f"{evidence.id} is attached to {self._about}")
        except Unreachable as error:
            self._registry.keep(evidence)
            self._says.append(f"{error}. {evidence.id} waits in the spool: `forebear spool flush` sends it")
