"""What the functions run is what was packed: seen in each account, whatever its stack says."""

import base64

import boto3
from moto.awslambda.models import lambda_backends

from emulator.awslambda.functions import Function
from emulator.awslambda.models import Lambda
from rollout.code.bucket import build_code
from rollout.names import FUNCTION, REMEDIATION
from tests.support.organizations import BANK, MANAGEMENT, REGION, SHOP, World, run

ROLE = "--member-role OrganizationAccountAccessRole"


def functions_of(account: str) -> dict[str, Function]:
    """Return the functions of a member's light stack by ARN."""
    functions = lambda_backends[account][REGION]
    assert isinstance(functions, Lambda)
    return functions.handlers


def arn(account: str, function: str) -> str:
    return f"arn:aws:lambda:{REGION}:{account}:function:{function}"


def test_code_that_somebody_changed_behind_the_stack_is_a_fault_with_its_way_back(
    estate: World,
) -> None:
    run("deploy")
    assert run(f"status {ROLE}").code == 0
    for account, function in ((SHOP, REMEDIATION), (BANK, FUNCTION)):
        functions_of(account)[arn(account, function)].code_sha_256 = "AAAA"
    del functions_of(BANK)[arn(BANK, REMEDIATION)]
    told = run(f"status {ROLE}").below("accounts: 6")
    bucket, code = f"{FUNCTION}-{MANAGEMENT}-{REGION}", build_code().name
    (version,) = boto3.client("s3").list_object_versions(Bucket=bucket)["Versions"]
    assert told == [
        f"{SHOP} shop: the function {REMEDIATION} runs code with the SHA-256 000000, and not"
        f" {code}: CloudTrail's UpdateFunctionCode says who changed it. In that account:",
        f"run: aws lambda update-function-code --function-name {REMEDIATION} --s3-bucket {bucket}"
        f" --s3-key {code} --s3-object-version {version['VersionId']}",
        f"{BANK} bank: the function {FUNCTION} runs code with the SHA-256 000000, and not {code}:"
        " CloudTrail's UpdateFunctionCode says who changed it. In that account:",
        f"run: aws lambda update-function-code --function-name {FUNCTION} --s3-bucket {bucket}"
        f" --s3-key {code} --s3-object-version {version['VersionId']}",
        f"{BANK} bank: the function {REMEDIATION} is not there",
    ]


def test_an_older_release_s_code_is_known_by_its_name_alone(estate: World) -> None:
    run("deploy")
    (stack_set,) = estate.sets.sets.values()
    digest = "0123456789abcdef" + "0" * 48
    stack_set.parameters["CodeKey"] = f"{FUNCTION}-{digest[:16]}.zip"
    for each in functions_of(SHOP).values():
        each.code_sha_256 = base64_of(digest)
    told = run(f"status {ROLE}").below("accounts: 6")
    assert [each for each in told if SHOP in each] == []
    assert len([each for each in told if "runs code with the SHA-256" in each]) == 6


def base64_of(digest: str) -> str:
    return base64.b64encode(bytes.fromhex(digest)).decode()
