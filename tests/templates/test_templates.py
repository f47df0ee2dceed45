"""The templates are what AWS takes, and the check sees what AWS would refuse: planted errors."""

import shutil
from pathlib import Path

import pytest

from tools import templates
from tools.templates import PACK, TEMPLATE, find_faults

RULE = "Resources.NoSetupAccessKey.Properties"
REMEDIATION = "Resources.Remediation.Properties"
ROLE = f"{REMEDIATION}.Parameters.AutomationAssumeRole"
EVALUATOR = "Resources.Evaluator.Properties"
SETUP_WINDOW_LINE = "        SetupWindowSeconds: !Ref SetupWindowSeconds\n"
FREQUENCIES = "One_Hour or Three_Hours or Six_Hours or Twelve_Hours or TwentyFour_Hours"
PACK_TYPES = "AWS::Config::ConfigRule or AWS::Config::RemediationConfiguration"


def line_of(file: Path, text: str) -> int:
    """Return the number of the first line that holds the text."""
    lines = file.read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def plant(source: Path, folder: Path, old: str, new: str) -> Path:
    """Write a copy of a template with an error planted; what is replaced must be there."""
    text = source.read_text()
    assert old in text
    file = folder / source.name
    file.write_text(text.replace(old, new, 1))
    return file


def test_the_templates_have_no_fault() -> None:
    assert find_faults(TEMPLATE, is_pack=False) + find_faults(PACK, is_pack=True) == []


@pytest.mark.parametrize(
    ("old", "new", "at", "fault"),
    [
        pytest.param(
            "TargetType: SSM_DOCUMENT",
            "TargetType: SSM_DOC",
            "TargetType: SSM_DOC",
            f'{REMEDIATION}.TargetType is "SSM_DOC"; give SSM_DOCUMENT.',
            id="a target type that does not exist",
        ),
        pytest.param(
            "MaximumAutomaticAttempts: 5",
            "MaximumAutomaticAttempts: 99",
            "MaximumAutomaticAttempts",
            f"{REMEDIATION}.MaximumAutomaticAttempts is 99; give 1 to 25.",
            id="99 attempts",
        ),
        pytest.param(
            "RetryAttemptSeconds: 3600",
            "RetryAttemptSeconds: soon",
            "RetryAttemptSeconds",
            f'{REMEDIATION}.RetryAttemptSeconds is "soon"; give a number.',
            id="a word for a number",
        ),
        pytest.param(
            "ErrorPercentage: 20",
            "ErrorPercentage: 0",
            "ErrorPercentage",
            f"{REMEDIATION}.ExecutionControls.SsmControls.ErrorPercentage is 0; give 1 to 100.",
            id="no error allowed at all",
        ),
        pytest.param(
            "Default: TwentyFour_Hours",
            "Default: Hourly",
            "MaximumExecutionFrequency: !Ref",
            f'{RULE}.Source.SourceDetails[2].MaximumExecutionFrequency is "Hourly"; give'
            f" {FREQUENCIES}.",
            id="the default of a parameter is no frequency",
        ),
        pytest.param(
            "Six_Hours, Twelve_Hours",
            "Six_Hours, Hourly, Twelve_Hours",
            "MaximumExecutionFrequency: !Ref",
            f'{RULE}.Source.SourceDetails[2].MaximumExecutionFrequency is "Hourly"; give'
            f" {FREQUENCIES}.",
            id="an allowed value of a parameter is no frequency",
        ),
        pytest.param(
            "MaximumExecutionFrequency: !Ref MaximumExecutionFrequency",
            "MaximumExecutionFrequency: Hourly",
            "MaximumExecutionFrequency: Hourly",
            f'{RULE}.Source.SourceDetails[2].MaximumExecutionFrequency is "Hourly"; give'
            f" {FREQUENCIES}.",
            id="a literal that is no frequency",
        ),
        pytest.param(
            "Type: AWS::Config::RemediationConfiguration",
            "Type: AWS::IAM::Role",
            "Type: AWS::IAM::Role",
            f'Resources.Remediation.Type is "AWS::IAM::Role"; a pack takes {PACK_TYPES} only.',
            id="a resource type that packs refuse",
        ),
        pytest.param(
            "ConfigRuleName: iam-user-no-setup-access-key\n      Description",
            f"ConfigRuleName: {'r' * 37}\n      Description",
            "ConfigRuleName",
            f"{RULE}.ConfigRuleName has 37 characters; give at most 36.",
            id="a rule name of 37 characters",
        ),
        pytest.param(
            SETUP_WINDOW_LINE,
            SETUP_WINDOW_LINE + f"        More: {'m' * 1024}\n",
            "InputParameters",
            f"{RULE}.InputParameters has 1,190 characters; give 1 to 1,024.",
            id="input parameters of more than 1024 characters",
        ),
        pytest.param(
            "MessageType: OversizedConfigurationItemChangeNotification",
            "MessageType: OversizedNotification",
            "MessageType: OversizedNotification",
            f'{RULE}.Source.SourceDetails[1].MessageType is "OversizedNotification"; give'
            " ConfigurationItemChangeNotification or ConfigurationSnapshotDeliveryCompleted or"
            " ScheduledNotification or OversizedConfigurationItemChangeNotification.",
            id="a message type that does not exist",
        ),
        pytest.param(
            "      Scope:\n",
            "      Scopes:\n",
            "Scopes:",
            f"{RULE}.Scopes is not known to AWS; known are ConfigRuleName, ConfigRuleArn,"
            " ConfigRuleId, Description, Scope, Source, InputParameters,"
            " MaximumExecutionFrequency, ConfigRuleState, CreatedBy, EvaluationModes,"
            " RuleEvaluationVisibility.",
            id="a property with a slip of the pen",
        ),
        pytest.param(
            "        Owner: CUSTOM_LAMBDA\n",
            "",
            "Source:",
            f"{RULE}.Source has no Owner; it is required.",
            id="a rule without an owner",
        ),
        pytest.param(
            "- arn:aws:iam::111122223333:role/",
            "- !Sub arn:aws:iam::${AWS::AccountId}:role/",
            "AutomationAssumeRole",
            f"{ROLE} uses Fn::Sub; give a literal role ARN.",
            id="a role ARN that AWS Config would take literally",
        ),
        pytest.param(
            ":role/iam-user",
            ":role/security/iam-user",
            "AutomationAssumeRole",
            f'{ROLE} is "arn:aws:iam::111122223333:role/security/iam-user-no-setu...; give the'
            " ARN of a role with the path /.",
            id="a role with a path",
        ),
        pytest.param(
            "    DependsOn: NoSetupAccessKey\n",
            "",
            "Remediation:",
            "Resources.Remediation has no DependsOn NoSetupAccessKey; the rule must be there"
            " first.",
            id="a remediation before its rule",
        ),
        pytest.param(
            "ConfigRuleName: iam-user-no-setup-access-key\n      ResourceType",
            "ConfigRuleName: iam-user-setup-key\n      ResourceType",
            "ConfigRuleName: iam-user-setup-key",
            f'{REMEDIATION}.ConfigRuleName is "iam-user-setup-key"; give the literal name of a'
            " rule: iam-user-no-setup-access-key.",
            id="a remediation of another rule",
        ),
        pytest.param(
            "      RetryAttemptSeconds: 3600\n",
            "",
            "Properties:\n      # Without",
            f"{REMEDIATION} has no RetryAttemptSeconds; it is required with Automatic.",
            id="automatic without a pause between attempts",
        ),
        pytest.param(
            "      TargetId: iam-user-no-setup-access-key-remediation\n",
            '      TargetId: iam-user-no-setup-access-key-remediation\n      TargetVersion: "1"\n',
            "TargetVersion",
            f"{REMEDIATION}.TargetVersion pins a version; leave it out.",
            id="a pinned version of the runbook",
        ),
        pytest.param(
            "\nResources:",
            "\nOutputs: {}\n\nResources:",
            "Outputs:",
            "Outputs is no part of a pack; give AWSTemplateFormatVersion, Description, Parameters,"
            " Conditions, Resources only.",
            id="outputs in a pack",
        ),
        pytest.param(
            "        UserId:\n",
            '        DryRun: {StaticValue: {Values: [""]}}\n        UserId:\n',
            "DryRun:",
            f"{REMEDIATION}.Parameters.DryRun.StaticValue.Values[0] has 0 characters; give 1 to"
            " 256.",
            id="an empty value for the runbook",
        ),
        pytest.param(
            "!Ref GraceHours",
            "!Ref Grace",
            "",
            "the template cannot be checked: Grace is no parameter and no resource of this"
            " template.",
            id="a reference to nothing",
        ),
    ],
)
def test_an_error_planted_in_the_pack_is_seen(
    tmp_path: Path, old: str, new: str, at: str, fault: str
) -> None:
    file = plant(PACK, tmp_path, old, new)
    found = [each.split(": ", 1) for each in find_faults(file, is_pack=True)]
    said = [place for place, sentence in found if sentence == fault]
    assert len(said) == 1, found
    name, _, number = said[0].rpartition(":")
    assert name == "conformance-pack.yaml"
    line = file.read_text().splitlines()[int(number) - 1]
    assert at.split("\n", maxsplit=1)[0].split(":", maxsplit=1)[0] in line


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        pytest.param(
            "Timeout: 900",
            "Timeout: 0",
            f"{EVALUATOR}.Timeout is 0; give 1 to 5,400.",
            id="no time at all",
        ),
        pytest.param(
            "Architectures: [!Ref Architecture]",
            "Architectures: [arm32]",
            f'{EVALUATOR}.Architectures[0] is "arm32"; give x86_64 or arm64.',
            id="an architecture that does not exist",
        ),
        pytest.param(
            "LogFormat: JSON",
            "LogFormat: Yaml",
            f'{EVALUATOR}.LoggingConfig.LogFormat is "Yaml"; give JSON or Text.',
            id="a log format that does not exist",
        ),
        pytest.param(
            "MaximumRetryAttempts: 2",
            "MaximumRetryAttempts: 3",
            "Resources.EvaluatorInvocations.Properties.MaximumRetryAttempts is 3; give 0 to 2.",
            id="three retries",
        ),
        pytest.param(
            "MaximumEventAgeInSeconds: 3600",
            "MaximumEventAgeInSeconds: 21601",
            "Resources.EvaluatorInvocations.Properties.MaximumEventAgeInSeconds is 21601; give 60"
            " to 21,600.",
            id="an event older than six hours",
        ),
        pytest.param(
            "RoleName: iam-user-no-setup-access-key-evaluator",
            f"RoleName: {'r' * 65}",
            "Resources.EvaluatorRole.Properties.RoleName has 65 characters; give 1 to 64.",
            id="a role name of 65 characters",
        ),
        pytest.param(
            "PolicyName: evaluate",
            "PolicyName: evaluate it",
            'Resources.EvaluatorRole.Properties.Policies[0].PolicyName is "evaluate it"; give a'
            " text that matches [\\w+=,.@-]+.",
            id="a policy name with a blank",
        ),
        pytest.param(
            "Statistic: Sum",
            "Statistic: Total",
            'Resources.EvaluatorAlarm.Properties.Statistic is "Total"; give SampleCount or Average'
            " or Sum or Minimum or Maximum.",
            id="a statistic that does not exist",
        ),
        pytest.param(
            "      Name: iam-user-no-setup-access-key-remediation\n      DocumentType",
            "      Name: AWSSupport-NoSetupKey\n      DocumentType",
            'Resources.Runbook.Properties.Name is "AWSSupport-NoSetupKey"; names may not begin with'
            " aws, amazon, amzn, AWSEC2, AWSConfigRemediation, AWSSupport.",
            id="a document that claims to be of AWS",
        ),
        pytest.param(
            "\nParameters:",
            "\nTransform: AWS::Serverless-2016-10-31\n\nParameters:",
            "Transform is a macro; StackSets that AWS manages take none.",
            id="a macro",
        ),
        pytest.param(
            "Type: AWS::CloudWatch::Alarm",
            "Type: AWS::CloudFormation::Stack",
            'Resources.EvaluatorAlarm.Type is "AWS::CloudFormation::Stack"; StackSets that AWS'
            " manages take no such resource.",
            id="a nested stack",
        ),
        pytest.param(
            "SourceAccount: !Ref AWS::AccountId",
            "SourceAccount: me",
            'Resources.EvaluatorPermission.Properties.SourceAccount is "me"; give a text that'
            " matches \\d{12}.",
            id="an account that has no number",
        ),
    ],
)
def test_an_error_planted_in_the_template_is_seen(
    tmp_path: Path, old: str, new: str, fault: str
) -> None:
    file = plant(TEMPLATE, tmp_path, old, new)
    found = [each.split(": ", 1)[1] for each in find_faults(file, is_pack=False)]
    assert fault in found


@pytest.mark.parametrize(("source", "is_pack"), [(TEMPLATE, False), (PACK, True)])
def test_a_template_of_more_than_51200_bytes_is_seen(
    tmp_path: Path, source: Path, is_pack: bool
) -> None:
    file = tmp_path / source.name
    room = 51_200 - len(source.read_bytes())
    file.write_bytes(source.read_bytes() + b"#" * room)
    assert find_faults(file, is_pack=is_pack) == []
    file.write_bytes(source.read_bytes() + b"#" * (room + 1))
    assert find_faults(file, is_pack=is_pack) == [
        f"{source.name}:1: the template has 51,201 bytes; give at most 51,200."
    ]


def test_a_pack_of_61_parameters_is_seen(tmp_path: Path) -> None:
    more = "".join(f"  P{n}: {{Type: String, Default: x}}\n" for n in range(52))
    file = plant(PACK, tmp_path, "\nParameters:\n", f"\nParameters:\n{more}")
    number = line_of(file, "Parameters:")
    assert find_faults(file, is_pack=True) == [
        f"conformance-pack.yaml:{number}: Parameters has 61 parameters; give at most 60."
    ]


def test_the_check_prints_its_faults_and_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert templates.main() == 0
    shutil.copy(TEMPLATE, tmp_path)
    pack = plant(PACK, tmp_path, "TargetType: SSM_DOCUMENT", "TargetType: SSM_DOC")
    monkeypatch.setattr(templates, "TEMPLATE", tmp_path / TEMPLATE.name)
    monkeypatch.setattr(templates, "PACK", pack)
    assert templates.main() == 1
    number = line_of(pack, "TargetType")
    assert capsys.readouterr().err == (
        f'conformance-pack.yaml:{number}: {REMEDIATION}.TargetType is "SSM_DOC"; give'
        " SSM_DOCUMENT.\n"
    )
