"""Reads JUnit XML, as pytest, CTest, Gradle and many others write it. A document type or an entity is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from forebear.connect.reports.outcomes import OutcomeOfTest, report_of
from forebear.connect.reports.report import EvaluationReport, InvalidReport
from forebear.graph import moments

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def read(data: bytes) -> EvaluationReport:
    """Return how many tests passed, and the numbers among their properties. Raises `InvalidReport`."""
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root = fromstring(data, forbid_dtd=True)
    except ParseError as error:
        raise InvalidReport(f"it is no XML: {error}") from None
    except (DefusedXmlException, ValueError, LookupError):
        raise InvalidReport("it declares a document type, entities or an unknown encoding; JUnit XML needs none") from None
    if root.tag not in ("testsuites", "testsuite"):
        raise InvalidReport(f"its root is <{root.tag}>, and that of JUnit XML is <testsuites> or <testsuite>")
    suites = [*root.iter("testsuite")]
    outcomes = [_case(case) for suite in suites for case in suite.findall("testcase")]
    outcomes += [OutcomeOfTest(suite.get("name") or "testsuite", None, [*_properties(suite)]) for suite in suites]
    return report_of(outcomes, max(filter(None, map(_began, suites)), default=None))


def _case(case: Element) -> OutcomeOfTest:
    name = ".".join(part for part in (case.get("classname"), case.get("name")) if part)
    skipped = case.find("skipped") is not None
    failed = case.find("failure") is not None or case.find("error") is not None
    return OutcomeOfTest(name, False if failed else None if skipped else True, [*_properties(case)])


def _properties(of: Element) -> Iterator[tuple[str, str]]:
    for each in of.findall("properties/property"):
        yield each.get("name") or "", each.get("value") or each.text or ""


def _began(suite: Element) -> datetime | None:
    """Return when a suite began. A moment without an offset says nothing: nobody knows whose clock it was."""
    try:
        began = moments.read(suite.get("timestamp") or "")
    except ValueError:
        return None
    return began if began.tzinfo else None
