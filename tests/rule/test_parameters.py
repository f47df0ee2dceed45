"""One truth for parameters: rule.parameters.PARAMETERS, and everybody who repeats it."""

import argparse
import json
import re
from typing import Any

import pytest

from rollout.commands.policy_options import add_policy_options, option
from rollout.errors import Refused
from rollout.names import RULE as NAME
from rollout.packs.template import load_pack
from rule.parameters import PARAMETERS, InvalidParameters, Parameter, Text, parse_parameters
from tests.support.paths import ROOT
from tools.readme import describe_parameter, make_parameter_table, put_section

PACK = load_pack()
OURS = {each.name: each for each in PARAMETERS}
PACK_ONLY = {
    "MaximumExecutionFrequency": "TwentyFour_Hours",
    "AutomaticRemediation": "false",
}
every_parameter = pytest.mark.parametrize("parameter", PARAMETERS, ids=lambda each: each.name)


def is_allowed(parameter: Parameter, value: str) -> bool:
    try:
        parse_parameters({parameter.name: value})
    except InvalidParameters:
        return False
    return True


def test_the_pack_has_the_parameters_of_the_rule_in_order_and_its_own() -> None:
    defaults = {name: each["Default"] for name, each in PACK["Parameters"].items()}
    assert list(defaults.items()) == [
        *((each.name, each.default) for each in PARAMETERS),
        *PACK_ONLY.items(),
    ]


@every_parameter
def test_the_pack_allows_what_the_rule_allows_and_nothing_else(parameter: Parameter) -> None:
    slot = PACK["Parameters"][parameter.name]
    assert slot["Type"] == "String"
    if isinstance(parameter.allowed, Text):
        assert slot["AllowedPattern"] == f"^{parameter.allowed.pattern}$"
        assert slot["ConstraintDescription"] == f"must be {parameter.describe_allowed()}"
        return
    if not isinstance(parameter.allowed, range):
        assert tuple(slot["AllowedValues"]) == parameter.allowed
        return
    assert slot["ConstraintDescription"] == f"must be {parameter.describe_allowed()}"
    pattern = re.compile(slot["AllowedPattern"])
    beyond = range(parameter.allowed[-1] + 1, 2 * parameter.allowed[-1] + 2000)
    numbers = [*range(-5, parameter.allowed[-1] + 1), *beyond]
    assert [n for n in numbers if pattern.search(str(n))] == list(parameter.allowed)
    odd = [
        "",
        " 7",
        "7 ",
        "7\n",
        "+7",
        "1e1",
        "7.0",
        "\N{ARABIC-INDIC DIGIT SEVEN}",
        "seven",
        "100000000000",
    ]
    assert [each for each in odd if re.search(pattern, each) and not each.endswith("\n")] == []


@every_parameter
def test_the_pack_says_what_the_parameter_means(parameter: Parameter) -> None:
    assert PACK["Parameters"][parameter.name]["Description"] == f"{describe_parameter(parameter)}."


def test_the_pack_hands_every_parameter_to_the_rule_and_none_that_is_empty() -> None:
    given = PACK["Resources"]["NoSetupAccessKey"]["Properties"]["InputParameters"]
    process_check = {"Ref": "ProcessCheckRule"}
    assert given == {name: {"Ref": name} for name in OURS} | {
        "ProcessCheckRule": {"Fn::If": ["SetsProcessCheck", process_check, {"Ref": "AWS::NoValue"}]}
    }
    assert PACK["Conditions"]["SetsProcessCheck"] == {
        "Fn::Not": [{"Fn::Equals": [process_check, ""]}]
    }
    assert [name for name, each in OURS.items() if each.optional] == ["ProcessCheckRule"]


def test_rdk_deploys_the_defaults_of_the_rule() -> None:
    parameters = json.loads((ROOT / "parameters.json").read_text())["Parameters"]
    for optional, name in ((False, "InputParameters"), (True, "OptionalParameters")):
        assert json.loads(parameters[name]) == {
            each.name: each.default for each in PARAMETERS if each.optional is optional
        }


def test_the_command_line_offers_the_parameters_of_the_verdict_with_their_bounds() -> None:
    parser = argparse.ArgumentParser()
    add_policy_options(parser)
    shown = " ".join(parser.format_help().split())
    for each in PARAMETERS:
        if each.name in ("ReportUnchanged", "ProcessCheckRule"):
            assert option(each) not in shown
            continue
        assert parser.get_default(each.name) == each.default
        said = f"{each.meaning} ({each.describe_allowed()}; default {each.default})"
        assert f"{option(each)} " in shown
        # Where a line of the help is broken is argparse's business; it breaks at hyphens as well.
        assert said.replace(" ", "") in shown.replace(" ", "")


@every_parameter
def test_the_default_and_the_bounds_are_allowed_and_what_is_beyond_is_not(
    parameter: Parameter,
) -> None:
    allowed = parameter.allowed
    assert is_allowed(parameter, parameter.default)
    if isinstance(allowed, range):
        edges = [allowed[0] - 1, allowed[0], allowed[-1], allowed[-1] + 1]
        assert [is_allowed(parameter, str(n)) for n in edges] == [False, True, True, False]
    elif isinstance(allowed, Text):
        words = ["iam-user_1", "x" * 128, "x" * 129, "a b", "a*", "a\n"]
        assert [is_allowed(parameter, each) for each in words] == [True] * 2 + [False] * 4
    else:
        assert [is_allowed(parameter, word) for word in allowed] == [True] * len(allowed)
        assert not is_allowed(parameter, allowed[0] + "x")


def test_the_table_has_a_line_for_every_parameter() -> None:
    assert make_parameter_table().splitlines()[2:4] == [
        "| `Criterion` | `SETUP_UNUSED` | SETUP_UNUSED, UNUSED or SETUP |"
        f" {describe_parameter(OURS['Criterion'])} |",
        "| `SetupWindowSeconds` | `300` | a whole number of seconds from 0 to 86400 |"
        f" {describe_parameter(OURS['SetupWindowSeconds'])} |",
    ]
    assert len(make_parameter_table().splitlines()) == 2 + len(PARAMETERS)


def test_the_table_replaces_what_stands_between_the_markers() -> None:
    before = "Above.\n<!-- x -->\n| old |\n<!-- /x -->\nBelow.\n"
    assert put_section(before, "x", "new\n") == "Above.\n<!-- x -->\nnew\n<!-- /x -->\nBelow.\n"
    assert put_section(put_section(before, "x", "new\n"), "x", "new\n") == put_section(
        before, "x", "new\n"
    )


def test_a_readme_without_markers_is_refused() -> None:
    with pytest.raises(Refused, match=r"README\.md has no line <!-- x -->"):
        put_section("No table.\n", "x", "new\n")


def test_the_readme_has_this_table() -> None:
    readme = (ROOT / "README.md").read_text()
    assert put_section(readme, "parameters", make_parameter_table()) == readme, "run make readme"


def test_the_parameters_stand_in_the_rule_alone_and_the_remediation_is_handed_a_user() -> None:
    remediation: dict[str, Any] = PACK["Resources"]["Remediation"]["Properties"]
    assert sorted(remediation["Parameters"]) == ["AutomationAssumeRole", "UserId"]
    assert remediation["ConfigRuleName"] == NAME
