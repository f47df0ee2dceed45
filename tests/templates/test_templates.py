"""The templates are what AWS takes, and `make check` sees what AWS would refuse: planted errors."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cfnlint.config import ConfigMixIn
from cfnlint.runner import Runner
from cfnlint.runner.template import run_template_by_file_path
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from rollout.packs.template import load_template
from tests.support.paths import ROOT
from tools.schemas import CALLS, bound, write_schemas

TEMPLATE, PACK = ROOT / "template.yaml", ROOT / "conformance-pack.yaml"
FREQUENCIES = "['One_Hour', 'Three_Hours', 'Six_Hours', 'Twelve_Hours', 'TwentyFour_Hours']"
PACK_TYPES = "AWS::Config::ConfigRule or AWS::Config::RemediationConfiguration"
OURS = "iam-user-no-setup-access-key"
WINDOW = "        SetupWindowSeconds: !Ref SetupWindowSeconds\n"
FREQUENCY_IN_RULE = "MaximumExecutionFrequency: !Ref MaximumExecutionFrequency"


class Found(NamedTuple):
    """What cfn-lint says: the rule, the line as it stands in the file, and the sentence."""

    code: str
    line: str
    message: str


class Linter:
    """cfn-lint as `make check` starts it, but in this process and with its rules loaded once."""

    def __init__(self, schemas: Path) -> None:
        makefile = (ROOT / "Makefile").read_text().splitlines()
        command = next(line for line in makefile if "$(BIN)/cfn-lint" in line)
        program, *arguments = shlex.split(command)
        files = ["--", TEMPLATE.name, PACK.name]
        assert (program, arguments[-3:]) == ("$(BIN)/cfn-lint", files)
        assert [*arguments[2:4]] == ["--registry-schemas", "build/schemas"]
        write_schemas(schemas)
        # What was written had been read, and is remembered.
        PROVIDER_SCHEMA_MANAGER.reset()
        arguments[3] = str(schemas)
        place = arguments.index("tools/lint")
        arguments[place] = str(ROOT / arguments[place])
        self._config = ConfigMixIn([*arguments[:-3], "--", str(TEMPLATE)])
        self._rules = Runner(self._config).rules

    def find(self, file: Path) -> list[Found]:
        """Return all that cfn-lint finds in the file."""
        lines = file.read_text().splitlines()
        return [
            Found(each.rule.id, lines[each.linenumber - 1].strip(), each.message)
            for each in run_template_by_file_path(str(file), self._config, self._rules, False)
        ]


@pytest.fixture(scope="module")
def linter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Linter]:
    yield Linter(tmp_path_factory.mktemp("schemas"))
    PROVIDER_SCHEMA_MANAGER._registry_schemas.clear()
    PROVIDER_SCHEMA_MANAGER.reset()


def plant(source: Path, folder: Path, *errors: tuple[str, str]) -> Path:
    """Write a copy of a template with errors planted; what is replaced must be there."""
    text = source.read_text()
    for old, new in errors:
        assert old in text
        text = text.replace(old, new, 1)
    file = folder / source.name
    file.write_text(text)
    return file


def test_the_templates_have_no_fault(linter: Linter) -> None:
    assert linter.find(TEMPLATE) + linter.find(PACK) == []


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        pytest.param(
            "TargetType: SSM_DOCUMENT",
            "TargetType: SSM_DOC",
            Found("E3030", "TargetType: SSM_DOC", "'SSM_DOC' is not one of ['SSM_DOCUMENT']"),
            id="a target type that does not exist",
        ),
        pytest.param(
            "MaximumAutomaticAttempts: 25",
            "MaximumAutomaticAttempts: 99",
            Found("E3034", "MaximumAutomaticAttempts: 99", "99 is greater than the maximum of 25"),
            id="99 attempts",
        ),
        pytest.param(
            "RetryAttemptSeconds: 600",
            "RetryAttemptSeconds: soon",
            Found("E3012", "RetryAttemptSeconds: soon", "'soon' is not of type 'integer'"),
            id="a word for a number",
        ),
        pytest.param(
            "ErrorPercentage: 20",
            "ErrorPercentage: 0",
            Found("E3034", "ErrorPercentage: 0", "0 is less than the minimum of 1"),
            id="no error allowed at all",
        ),
        pytest.param(
            "Default: TwentyFour_Hours",
            "Default: Hourly",
            Found("E2015", "Default: Hourly", "Default should be a value within AllowedValues"),
            id="the default of a parameter is no frequency",
        ),
        pytest.param(
            "    Default: TwentyFour_Hours\n    AllowedValues: [One_Hour, Three_Hours, Six_Hours,"
            " Twelve_Hours, TwentyFour_Hours]\n",
            "    Default: Hourly\n",
            Found(
                "W1030",
                "Default: Hourly",
                f"{{'Ref': 'MaximumExecutionFrequency'}} is not one of {FREQUENCIES} when 'Ref' is"
                " resolved at 'Resources/NoSetupAccessKey/Properties/Source/SourceDetails/2/"
                "MaximumExecutionFrequency'",
            ),
            id="the default of a parameter that takes anything is no frequency",
        ),
        pytest.param(
            "Six_Hours, Twelve_Hours",
            "Six_Hours, Hourly, Twelve_Hours",
            Found(
                "W1030",
                "AllowedValues: [One_Hour, Three_Hours, Six_Hours, Hourly, Twelve_Hours,"
                " TwentyFour_Hours]",
                f"{{'Ref': 'MaximumExecutionFrequency'}} is not one of {FREQUENCIES} when 'Ref' is"
                " resolved at 'Resources/NoSetupAccessKey/Properties/Source/SourceDetails/2/"
                "MaximumExecutionFrequency'",
            ),
            id="an allowed value of a parameter is no frequency",
        ),
        pytest.param(
            FREQUENCY_IN_RULE,
            "MaximumExecutionFrequency: Hourly",
            Found(
                "E3030",
                "MaximumExecutionFrequency: Hourly",
                f"'Hourly' is not one of {FREQUENCIES}",
            ),
            id="a literal that is no frequency",
        ),
        pytest.param(
            "Type: AWS::Config::RemediationConfiguration",
            "Type: AWS::IAM::Role",
            Found(
                "E9121",
                "Type: AWS::IAM::Role",
                f"Remediation is AWS::IAM::Role; a pack takes {PACK_TYPES} only.",
            ),
            id="a resource type that packs refuse",
        ),
        pytest.param(
            f"ConfigRuleName: {OURS}\n      Description",
            f"ConfigRuleName: {'r' * 37}\n      Description",
            Found(
                "E9121",
                f"ConfigRuleName: {'r' * 37}",
                "The name has 37 characters; give at most 36.",
            ),
            id="a rule name of 37 characters",
        ),
        pytest.param(
            WINDOW,
            f"{WINDOW}        More: {'m' * 1024}\n",
            Found("E3033", "InputParameters:", "Item is too long"),
            id="input parameters of more than 1024 characters",
        ),
        pytest.param(
            "MessageType: OversizedConfigurationItemChangeNotification",
            "MessageType: OversizedNotification",
            Found(
                "E3030",
                "MessageType: OversizedNotification",
                "'OversizedNotification' is not one of ['ConfigurationItemChangeNotification',"
                " 'ConfigurationSnapshotDeliveryCompleted', 'ScheduledNotification',"
                " 'OversizedConfigurationItemChangeNotification']",
            ),
            id="a message type that does not exist",
        ),
        pytest.param(
            "      Scope:\n",
            "      Scopes:\n",
            Found(
                "E3002",
                "Scopes:",
                "Additional properties are not allowed ('Scopes' was unexpected. Did you mean"
                " 'Scope'?)",
            ),
            id="a property with a slip of the pen",
        ),
        pytest.param(
            "        Owner: CUSTOM_LAMBDA\n",
            "",
            Found("E3003", "Source:", "'Owner' is a required property"),
            id="a rule without an owner",
        ),
        pytest.param(
            "- arn:aws:iam::111122223333:role/",
            "- !Sub arn:aws:iam::${AWS::AccountId}:role/",
            Found(
                "E9122",
                "AutomationAssumeRole:",
                'AWS Config would take {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/'
                f'{OURS}-remediation"}} literally; give the ARN of a role.',
            ),
            id="a role ARN that AWS Config would take literally",
        ),
        pytest.param(
            f"""StaticValue:
            Values:
              - arn:aws:iam::111122223333:role/{OURS}-remediation
""",
            "StaticValue: !Ref AWS::AccountId\n",
            Found(
                "E9122",
                "AutomationAssumeRole:",
                'AWS Config would take {"Ref": "AWS::AccountId"} literally; give the ARN of a'
                " role.",
            ),
            id="a function for the whole value of the role",
        ),
        pytest.param(
            ":role/iam-user",
            ":role/security/iam-user",
            Found(
                "E9122",
                "AutomationAssumeRole:",
                f"arn:aws:iam::111122223333:role/security/{OURS}-remediation has a path; give a"
                " role with the path /.",
            ),
            id="a role with a path",
        ),
        pytest.param(
            "    DependsOn: NoSetupAccessKey\n",
            "",
            Found(
                "E9122",
                "Remediation:",
                "Without DependsOn NoSetupAccessKey its rule may come after it.",
            ),
            id="a remediation before its rule",
        ),
        pytest.param(
            f"ConfigRuleName: {OURS}\n      ResourceType",
            "ConfigRuleName: iam-user-setup-key\n      ResourceType",
            Found(
                "E9122",
                "ConfigRuleName: iam-user-setup-key",
                "iam-user-setup-key is no rule of this pack; give the literal name of one:"
                f" {OURS}.",
            ),
            id="a remediation of another rule",
        ),
        pytest.param(
            "      RetryAttemptSeconds: 600\n",
            "",
            Found("E9122", "Properties:", "RetryAttemptSeconds is required with Automatic."),
            id="automatic without a pause between attempts",
        ),
        pytest.param(
            f"      TargetId: {OURS}-remediation\n",
            f'      TargetId: {OURS}-remediation\n      TargetVersion: "1"\n',
            Found("E9122", 'TargetVersion: "1"', "It pins a version; leave it out."),
            id="a pinned version of the runbook",
        ),
        pytest.param(
            "\nResources:",
            "\nOutputs: {}\n\nResources:",
            Found(
                "E9121",
                "Outputs: {}",
                "Outputs is no part of a pack; give AWSTemplateFormatVersion, Description,"
                " Parameters, Conditions, Resources only.",
            ),
            id="outputs in a pack",
        ),
        pytest.param(
            "        UserId:\n",
            '        DryRun: {StaticValue: {Values: [""]}}\n        UserId:\n',
            Found("E3033", 'DryRun: {StaticValue: {Values: [""]}}', "'' is shorter than 1"),
            id="an empty value for the runbook",
        ),
        pytest.param(
            "Value: RESOURCE_ID",
            "Value: RESOURCE_NAME",
            Found(
                "E3030",
                "Value: RESOURCE_NAME",
                "'RESOURCE_NAME' is not one of ['RESOURCE_ID']",
            ),
            id="a value of the resource that does not exist",
        ),
        pytest.param(
            "          ResourceValue:\n",
            "          ResourceValues:\n",
            Found(
                "E3002",
                "ResourceValues:",
                "Additional properties are not allowed ('ResourceValues' was unexpected. Did you"
                " mean 'ResourceValue'?)",
            ),
            id="a slip of the pen in plain JSON",
        ),
        pytest.param(
            "\nParameters:\n",
            "\nParameters:\n" + "".join(f"  P{n}: {{Type: String}}\n" for n in range(52)),
            Found("E9121", "Parameters:", "The pack has 61 parameters; give at most 60."),
            id="61 parameters",
        ),
    ],
)
def test_an_error_planted_in_the_pack_is_seen(
    tmp_path: Path, linter: Linter, old: str, new: str, found: Found
) -> None:
    assert linter.find(plant(PACK, tmp_path, (old, new))).count(found) == 1


def test_a_reference_to_nothing_is_seen(tmp_path: Path, linter: Linter) -> None:
    file = plant(PACK, tmp_path, ("!Ref GraceHours", "!Ref Grace"))
    found = {(each.code, each.line) for each in linter.find(file)}
    assert found == {("E1020", "GraceHours: !Ref Grace"), ("W2001", "GraceHours:")}


def test_errors_planted_in_the_template_are_seen(tmp_path: Path, linter: Linter) -> None:
    file = plant(
        TEMPLATE,
        tmp_path,
        ("Timeout: 900", "Timeout: 0"),
        ("Architectures: [!Ref Architecture]", "Architectures: [arm32]"),
        ("LogFormat: JSON", "LogFormat: Yaml"),
        ("MaximumRetryAttempts: 2", "MaximumRetryAttempts: 3"),
        ("MaximumEventAgeInSeconds: 3600", "MaximumEventAgeInSeconds: 21601"),
        (f"RoleName: {OURS}-evaluator", f"RoleName: {'r' * 65}"),
        ("PolicyName: evaluate", "PolicyName: evaluate it"),
        ("Statistic: Sum", "Statistic: Total"),
        (
            f"Name: {OURS}-remediation\n      DocumentT",
            "Name: AWSSupport-SetupKey\n      DocumentT",
        ),
        ("\nParameters:", "\nTransform: AWS::Serverless-2016-10-31\n\nParameters:"),
        ("SourceAccount: !Ref AWS::AccountId", "SourceAccount: me"),
    )
    assert sorted(linter.find(file)) == sorted(
        [
            Found("E3034", "Timeout: 0", "0 is less than the minimum of 1"),
            Found(
                "E3030",
                "Architectures: [arm32]",
                "'arm32' is not one of ['x86_64', 'arm64']",
            ),
            Found("E3030", "LogFormat: Yaml", "'Yaml' is not one of ['Text', 'JSON']"),
            Found("E3034", "MaximumRetryAttempts: 3", "3 is greater than the maximum of 2"),
            Found(
                "E3034",
                "MaximumEventAgeInSeconds: 21601",
                "21601 is greater than the maximum of 21600",
            ),
            Found("E3033", f"RoleName: {'r' * 65}", f"'{'r' * 65}' is longer than 64"),
            Found(
                "E3031",
                "- PolicyName: evaluate it",
                r"'evaluate it' does not match '^(?:[\\w+=,.@-]+)$'",
            ),
            Found(
                "E3030",
                "Statistic: Total",
                "'Total' is not one of ['Average', 'Maximum', 'Minimum', 'SampleCount', 'Sum']",
            ),
            Found(
                "E9131",
                "Name: AWSSupport-SetupKey",
                "AWSSupport-SetupKey may not begin with aws, amazon, amzn, AWSEC2,"
                " AWSConfigRemediation, AWSSupport.",
            ),
            Found(
                "E9131",
                "Transform: AWS::Serverless-2016-10-31",
                "StackSets that AWS manages take no macro.",
            ),
            Found("E3033", "SourceAccount: me", "'me' is shorter than 12"),
            Found("E3031", "SourceAccount: me", r"'me' does not match '^\\d{12}$'"),
        ]
    )


def test_a_nested_stack_and_a_macro_in_a_resource_are_seen(tmp_path: Path, linter: Linter) -> None:
    file = plant(
        TEMPLATE,
        tmp_path,
        ("Type: AWS::CloudWatch::Alarm", "Type: AWS::CloudFormation::Stack"),
        ("      Namespace: AWS/Lambda\n", "      Fn::Transform: {Name: AWS::Include}\n"),
    )
    refused = "StackSets that AWS manages take no"
    assert [each for each in linter.find(file) if each.code == "E9131"] == [
        Found("E9131", "Fn::Transform: {Name: AWS::Include}", f"{refused} macro."),
        Found(
            "E9131", "Type: AWS::CloudFormation::Stack", f"{refused} AWS::CloudFormation::Stack."
        ),
    ]


@pytest.mark.parametrize("source", [TEMPLATE, PACK], ids=lambda file: file.name)
def test_a_template_of_more_than_51200_bytes_is_seen(
    tmp_path: Path, linter: Linter, source: Path
) -> None:
    file = tmp_path / source.name
    room = 51_200 - len(source.read_bytes())
    file.write_bytes(source.read_bytes() + b"#" * room)
    assert linter.find(file) == []
    file.write_bytes(source.read_bytes() + b"#" * (room + 1))
    (found,) = linter.find(file)
    assert found.code.startswith("E91")
    assert found.message.endswith("has 51,201 bytes; give at most 51,200.")


def test_every_type_of_the_templates_is_bounded_by_its_calls() -> None:
    used = {
        resource["Type"]
        for file in (TEMPLATE, PACK)
        for resource in load_template(file.read_text())["Resources"].values()
    }
    assert used == set(CALLS)


@pytest.mark.parametrize("kind", CALLS)
def test_what_a_schema_says_itself_stays(kind: str) -> None:
    own = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    assert list(find_changes(own, bound(kind))) == []


def find_changes(own: Any, merged: Any, place: str = "") -> Iterator[str]:
    """Yield where the merged schema has lost or changed what the provider's own has."""
    if isinstance(own, dict):
        for name, part in own.items():
            yield from find_changes(part, merged.get(name), f"{place}/{name}")
    elif own != merged:
        yield place
