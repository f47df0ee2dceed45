"""What outlived an earlier stack and is in the way of a new one: a log group."""

from rollout.names import FUNCTION, REMEDIATION

LOG_GROUPS = (f"/aws/lambda/{REMEDIATION}", f"/aws/lambda/{FUNCTION}")
"""The longer name first, as it holds the other."""


def find_leftover(reason: str) -> str:
    """Return the log group that a stack's reason says is there already; "" for none.

    The wording is that of CloudFormation's handler of AWS::Logs::LogGroup (M).
    """
    if "already exists" not in reason:
        return ""
    return next((each for each in LOG_GROUPS if each in reason), "")


def tell_leftover(reason: str) -> tuple[str, str]:
    """Return what to say of a leftover, and the command that takes it away; both may be ""."""
    group = find_leftover(reason)
    if not group:
        return "", ""
    return (
        " (a log that outlived an earlier stack; in that account:)",
        f"aws logs delete-log-group --log-group-name {group}",
    )
