"""Each verb declares the options that it reads, and no others."""

import pytest

from tests.support.organizations import BANK, MANAGEMENT, SANDBOX, World, run


@pytest.mark.parametrize(
    "arguments",
    [
        "status --ou nonsense",
        f"status --exclude {SANDBOX}",
        "status --bucket nope",
        "status --minutes 3",
        "check --minutes 3",
        "check --grace-hours 3",
        "plan --minutes 3",
        "plan --canary 1",
        f"remove --exclude {SANDBOX}",
        "remove --ou all",
        "remove --canary 1",
        "deploy --minutes -3",
        "deploy --minutes nan",
        "plan --auto",
        "remove --y",
        "plan --exclude sandbox",
        f"plan --exclude {SANDBOX},{BANK}",
        "plan --grace-hours soon",
        "plan --stack-parameter Foo=1",
        "plan --stack-parameter LogRetentionDays=29",
        "plan --stack-parameter AlarmTopicArn=here",
        "plan --stack-parameter CodeKey=mine.zip",
        "plan --account-only --ou all",
    ],
)
def test_an_option_that_a_verb_does_not_read_or_a_wrong_value_is_refused_before_aws_is_asked(
    estate: World, arguments: str
) -> None:
    with estate.cloud.calls.since_now() as calls:
        try:
            code = run(arguments, documented=False).code
        except SystemExit as refused:
            code = int(str(refused.code))
    assert (code, calls.actions()) == (2, [])


def test_what_a_stack_parameter_may_be_is_said(estate: World) -> None:
    told = run("plan --stack-parameter Foo=1", documented=False).err
    assert told.startswith(
        "python -m rollout: --stack-parameter Foo=1: template.yaml has no parameter Foo; it has"
        " LogRetentionDays, "
    )
    assert MANAGEMENT not in told
