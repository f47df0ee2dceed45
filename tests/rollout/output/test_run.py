"""The one document of --format json: its form is the page's, and it is there on failure too."""

import json
import re
from typing import Any

import pytest

from tests.support.organizations import MANAGEMENT, SHOP, World, run
from tests.support.paths import ROOT

PAGE = ROOT / "docs" / "operate" / "json.md"
ROLE = "--member-role OrganizationAccountAccessRole"
TYPES = {
    "text": str,
    "true or false": bool,
    "list of texts": list,
    "list of objects": list,
}
PARTS = ("document", "checks", "faults", "unseen")


def read_tables() -> dict[str, dict[str, type]]:
    """Return the keys and types that the page's tables promise."""
    blocks = re.split(r"\n\n", PAGE.read_text(encoding="utf-8"))
    tables = [each for each in blocks if each.startswith("| key |")]
    rows = [re.findall(r"^\| `(\w+)` \| ([a-z ]+) \|", each, re.MULTILINE) for each in tables]
    assert len(rows) == len(PARTS)
    return {
        part: {key: TYPES[kind] for key, kind in found}
        for part, found in zip(PARTS, rows, strict=True)
    }


def kinds(value: dict[str, Any]) -> dict[str, type]:
    return {key: type(each) for key, each in value.items()}


def check_form(document: dict[str, Any]) -> None:
    """Hold a document against the page."""
    tables = read_tables()
    assert {**kinds(document), **tables["document"]} == kinds(document)
    for part in PARTS[1:]:
        for each in document[part]:
            assert kinds(each) == tables[part]


def test_every_document_has_the_form_that_the_page_gives(estate: World) -> None:
    estate.members.add_recorder(SHOP, "us-east-1", running=False)
    verbs = (f"check {ROLE}", "plan", f"deploy --exclude {MANAGEMENT}", "status", "remove --yes")
    seen = set[str]()
    for verb in verbs:
        document = json.loads(run(f"{verb} --format json").out)
        check_form(document)
        seen |= {part for part in PARTS[1:] if document[part]}
    assert seen == set(PARTS[1:])


def test_a_verb_that_fails_writes_one_document_with_the_changes_so_far(
    estate: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    estate.cloud.faults.fail("cloudformation", "CreateStackSet", "AccessDenied", times=None)
    outcome = run(f"deploy --exclude {MANAGEMENT} --format json")
    document = json.loads(outcome.out)
    check_form(document)
    assert (outcome.code, document["changes"]) == (2, ["the bucket", "the code"])
    assert document["faults"][-1] == {
        "account": "",
        "check": "deploy",
        "text": document["error"],
        "mend": "",
    }
    assert document["error"] in outcome.err

    def stop(seconds: float) -> None:
        raise KeyboardInterrupt

    estate.cloud.faults.clear()
    monkeypatch.setattr("time.sleep", stop)
    outcome = run(f"deploy --exclude {MANAGEMENT} --format json")
    document = json.loads(outcome.out)
    assert (outcome.code, document["error"], document["verb"]) == (130, "Interrupted.", "deploy")
    assert document["changes"] == ["the StackSet"]


@pytest.mark.parametrize("verb", ["evaluate --user nobody", "report --account 123456789012"])
def test_a_verb_with_a_document_of_its_own_writes_this_one_when_it_fails(
    estate: World, verb: str
) -> None:
    outcome = run(f"{verb} --format json")
    document = json.loads(outcome.out)
    check_form(document)
    assert (outcome.code, document["changes"], len(document["faults"])) == (2, [], 1)
