"""The code that an account's functions run, as Lambda tells its hash: it has to be the package's.

What the stack says is not enough: whoever may call UpdateFunctionCode leaves the stack as it was.
"""

from base64 import b64decode
from collections.abc import Mapping

from rollout.aws.session import Session
from rollout.names import FUNCTION, REMEDIATION
from rollout.organization.accounts import Account
from rollout.output.fault import Fault


def read_running_code(session: Session) -> dict[str, str]:
    """Return the SHA-256 of each function's code in hexadecimal, "" where there is no function."""
    return {name: _read_hash(session, name) for name in (FUNCTION, REMEDIATION)}


def _read_hash(session: Session, function: str) -> str:
    client = session.awslambda
    try:
        found = client.get_function_configuration(FunctionName=function)
    except client.exceptions.ResourceNotFoundException:
        return ""
    return b64decode(found["CodeSha256"]).hex()


def judge_running_code(
    check: str, account: Account, code: Mapping[str, str], stack: Mapping[str, str], package: str
) -> tuple[Fault, ...]:
    """Return a fault for each function that is not there or runs other code than its stack names.

    `stack` are the stack's parameters, `package` is the SHA-256 of this checkout's package. The
    name of an older package holds the beginning of its hash.
    """
    key = stack.get("CodeKey", "")
    named = key.removeprefix(f"{FUNCTION}-").removesuffix(".zip")
    meant = package if package.startswith(named) else named
    faults = []
    for function, found in code.items():
        if not found:
            text = f"{account}: the function {function} is not there"
            faults.append(Fault(account.id, check, text))
        elif not found.startswith(meant):
            text = (
                f"{account}: the function {function} runs code with the SHA-256 {found}, and not"
                f" {key}: CloudTrail's UpdateFunctionCode says who changed it. In that account:"
            )
            mend = (
                f"aws lambda update-function-code --function-name {function}"
                f" --s3-bucket {stack.get('CodeBucket')} --s3-key {key}"
            )
            if version := stack.get("CodeVersion"):
                mend += f" --s3-object-version {version}"
            faults.append(Fault(account.id, check, text, mend))
    return tuple(faults)
