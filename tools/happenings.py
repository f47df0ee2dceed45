"""What happens in the emulated organization between the commands whose calls are recorded."""

import boto3
from moto.ssm.models import ssm_backends

from emulator.config.remediation import RemediationException
from emulator.ssm.models import Ssm
from tests.support.organizations import MANAGEMENT, REGION, SANDBOX, SHOP, World
from tests.support.paths import ROOT
from tests.support.planted import plant

EVALUATOR = "iam-user-no-setup-access-key-evaluator"


def break_stack(estate: World) -> None:
    """Let a role of our name be in the way of the ordinary stack, and a member's stack fail."""
    boto3.client("iam").create_role(RoleName=EVALUATOR, AssumeRolePolicyDocument="{}")
    estate.sets.failing[SANDBOX] = "It fails."


def mend_stack(estate: World) -> None:
    boto3.client("iam").delete_role(RoleName=EVALUATOR)
    estate.sets.failing.clear()


def attach_policies(estate: World) -> None:
    """Attach the policies that protect tags and rule to the root."""
    for name in ("exception-tags", "the-rule"):
        text = (ROOT / "guardrails" / "scp" / f"{name}.json").read_text(encoding="utf-8")
        estate.organization.add_policy(name, text, estate.organization.root.id)


def add_aggregator(estate: World) -> None:
    boto3.client("config").put_configuration_aggregator(
        ConfigurationAggregatorName="all",
        OrganizationAggregationSource={
            "RoleArn": f"arn:aws:iam::{MANAGEMENT}:role/aggregator",
            "AllAwsRegions": True,
        },
    )


def give_up_a_remediation(estate: World) -> None:
    for account in (MANAGEMENT, SHOP):
        config = estate.members.config(account, REGION)
        user = config.iam.add_user("given.up")
        for rule in config.remediations.configurations:
            config.remediations.exemptions[rule, ("AWS::IAM::User", user.id)] = (
                RemediationException("No.")
            )


def do_nothing(estate: World) -> None:
    pass


def blur_an_answer(estate: World) -> None:
    """Let IAM say once of a password what only GetUser settles, and every report be too old."""
    estate.sleep(5 * 3600)
    estate.cloud.faults.fail("iam", "GetLoginProfile", "NoSuchEntity", "Not there.")


def leave_runbooks_behind(estate: World) -> None:
    """Let an update of the stack leave the runbook's default version behind."""
    for account in (MANAGEMENT, SHOP):
        ssm = ssm_backends[account][REGION]
        assert isinstance(ssm, Ssm)
        ssm.keeps_default = True


def plant_findings(estate: World) -> None:
    """Let AWS Config hold results in every account."""
    plant(estate, deployed=True)
