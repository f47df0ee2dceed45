"""A log group that outlived an earlier stack is named with the command that takes it away."""

import boto3
import pytest

from rollout.errors import NOT_SEEN
from rollout.stacks.leftovers import tell_leftover
from tests.support.organizations import MANAGEMENT, SANDBOX, World, run

NAME = "iam-user-no-setup-access-key"
GROUP = f"/aws/lambda/{NAME}-remediation"
SAID = " (a log that outlived an earlier stack; in that account:)"


def reason(group: str) -> str:
    """Return CloudFormation's reason for a log group that is there already."""
    identifier = f'{{"/properties/LogGroupName": "{group}"}}'
    return f"Resource of type 'AWS::Logs::LogGroup' with identifier '{identifier}' already exists."


@pytest.mark.parametrize("group", [f"/aws/lambda/{NAME}", GROUP])
def test_the_log_group_that_is_in_the_way_is_named(group: str) -> None:
    mend = f"aws logs delete-log-group --log-group-name {group}"
    assert tell_leftover(reason(group)) == (SAID, mend)


@pytest.mark.parametrize("other", ["The role x already exists.", f"{GROUP} is in use.", ""])
def test_of_anything_else_nothing_is_said(other: str) -> None:
    assert tell_leftover(other) == ("", "")


def test_the_operator_reads_what_to_do_in_each_account_and_the_next_run_goes_on(
    estate: World,
) -> None:
    boto3.client("logs").create_log_group(logGroupName=GROUP)
    estate.sets.failing[SANDBOX] = reason(GROUP)
    outcome = run("deploy")
    run_this = f"run: aws logs delete-log-group --log-group-name {GROUP}"
    (told, mend) = outcome.below(f"stacks of StackSet {NAME} in 4 accounts")
    assert (told, mend) == (
        f"{SANDBOX} sandbox: the stack is failed: {reason(GROUP)}{SAID}",
        run_this,
    )
    (told, mend) = outcome.below(f"stack {NAME} in {MANAGEMENT} management")
    assert told.startswith(f"{MANAGEMENT} management: ROLLBACK_COMPLETE: ")
    assert (outcome.code, told.endswith(SAID), mend) == (1, True, run_this)
    boto3.client("logs").delete_log_group(logGroupName=GROUP)
    estate.sets.failing.clear()
    assert run("deploy").code == NOT_SEEN
