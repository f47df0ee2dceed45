"""A real AWS account for the tests marked `aws_verified`; see docs/verify.md."""

import os

import boto3
import pytest

VARIABLE = "AWS_VERIFIED_ACCOUNT"
"""The number of the account that somebody lends; without it the emulated account answers."""
wanted = os.environ.get(VARIABLE, "")


def leave_out_the_others(items: list[pytest.Item]) -> None:
    """Where a real account is asked for, skip each test that is not made for one."""
    for item in items if wanted else ():
        if item.get_closest_marker("aws_verified") is None:
            item.add_marker(pytest.mark.skip(reason=f"{VARIABLE} is set: not for a real account"))


def open_session() -> boto3.Session:
    """Return a session of the account that was named; any other one ends the run."""
    session = boto3.Session()
    found = session.client("sts").get_caller_identity()["Account"]
    if found != wanted:
        pytest.exit(
            f"{VARIABLE} is {wanted}, but the credentials are of {found}: nothing was done."
        )
    return session
