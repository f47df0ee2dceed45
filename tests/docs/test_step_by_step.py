"""The operator's page: its role is a template that suffices, its commands are understood."""

import json
import re
import shlex

import yaml
from cfnlint.api import lint

from rollout.commands.parser import make_parser
from tests.support.paths import ROOT

OPERATE = ROOT / "docs" / "operate"
PAGE = (OPERATE / "step-by-step.md").read_text()
READING = ("check", "plan", "evaluate", "report", "evidence", "letters", "rescan", "status")


def list_actions(verb: str) -> set[str]:
    """Return what a verb calls in the accounts, as permissions.md has it."""
    section = (OPERATE / "permissions.md").read_text().split(f"\n## {verb}\n")[1]
    section = section.partition("\n## ")[0]
    blocks = re.findall(r"In the accounts.*?```json\n(.*?)```", section, re.DOTALL)
    return {action for block in blocks for action in json.loads(block)["Action"]}


def test_the_role_is_a_clean_template_that_allows_what_the_reading_verbs_call_and_no_more() -> None:
    (template,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert lint(template) == []
    allowed = re.findall(r"^ +- ([a-z]+:[A-Z]\w+)$", template, re.MULTILINE)
    assert allowed == sorted({action for verb in READING for action in list_actions(verb)})
    named = re.search(r"is enough for (.*?);", PAGE, re.DOTALL)
    assert sorted(re.findall(r"`(\w+)`", named[1])) == sorted(READING)


def test_every_command_shown_is_understood() -> None:
    shown = re.findall(
        r"(?:no-setup-access-key |`)((?:deploy|status|remediate) [^`\n]*-[^`\n]*)", PAGE
    )
    assert len(shown) == 7
    for line in shown:
        arguments = shlex.split(line.replace("ACCOUNT", "111122223333"))
        assert callable(make_parser("x").parse_args(arguments).run)


def test_the_role_s_yaml_is_one_resource() -> None:
    (template,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert list(yaml.safe_load(re.sub(r"!Ref (\w+)", r"\1", template))["Resources"]) == ["Reader"]
