"""Findings as a JUnit report, which nearly every CI shows: a case for each, failed or in error."""

import re
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from guardrails.formats.printable import make_printable
from guardrails.scan import Scan

SUITE = "iam-user-no-setup-access-key"


def write_junit(result: Scan) -> str:
    """Return the report; without a finding it holds one case that passed."""
    root = Element("testsuites")
    cases = len(result.findings) + len(result.unreadable)
    suite = SubElement(
        root,
        "testsuite",
        name=SUITE,
        tests=str(cases or 1),
        failures=str(len(result.findings)),
        errors=str(len(result.unreadable)),
        skipped="0",
    )
    for finding in result.findings:
        place = make_printable(f"{finding.file}:{finding.line}")
        case = _add_case(suite, finding.file, finding.key)
        message = make_printable(finding.message)
        SubElement(case, "failure", message=message, type="finding").text = f"{place}: {message}"
    for file, reason in result.unreadable.items():
        case = _add_case(suite, file, "not judged")
        SubElement(case, "error", message=make_printable(reason), type="unreadable")
    if not cases:
        _add_case(suite, SUITE, "no finding")
    SubElement(suite, "system-out").text = result.tell_counts()
    indent(root)
    return _make_harmless(tostring(root, encoding="unicode", xml_declaration=False))


def _add_case(suite: Element, file: str, name: str) -> Element:
    return SubElement(suite, "testcase", classname=make_printable(file), name=make_printable(name))


def _make_harmless(text: str) -> str:
    return re.sub("##", "&#35;&#35;", text)
