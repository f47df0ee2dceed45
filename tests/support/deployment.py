"""Deploys the rule to one emulated account from the repository's files, without the verb.

Everything goes over the API: code to S3, template.yaml to CloudFormation, conformance-pack.yaml to
AWS Config. From then on Config's events run the deployed code under the deployed role.
"""

from contextlib import suppress
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from emulator.account import Account
from emulator.config.rules import Rule
from rollout.names import PACK_FILE, TEMPLATE_FILE

NAME = "iam-user-no-setup-access-key"
BUCKET = "no-setup-access-key-code"
PACK = "no-setup-access-key"


class NotDeployed(Exception):
    """The stack or the pack could not be made; the text is AWS's own."""


def deploy(account: Account, package: Path, parameters: dict[str, str] | None = None) -> Rule:
    """Put code, stack and pack into the account and return the rule. Raises NotDeployed.

    `parameters` are those of the pack; the others have their defaults.
    """
    put_code(account, package)
    put_stack(account, package.name)
    put_pack(account, parameters)
    return account.find_rule(NAME)


def put_code(account: Account, package: Path) -> None:
    """Upload the function's code to a bucket, which is made if it is missing."""
    s3 = account.session().client("s3")
    where = {"LocationConstraint": account.region}
    # us-east-1 alone is named by naming no Region.
    elsewhere: Any = {} if account.region == "us-east-1" else {"CreateBucketConfiguration": where}
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=BUCKET, **elsewhere)
    s3.upload_file(str(package), BUCKET, package.name)


def put_stack(account: Account, code_key: str, template: Traversable = TEMPLATE_FILE) -> None:
    """Create the stack, or change the one that stands. Raises NotDeployed."""
    cloudformation = account.session().client("cloudformation")
    standing = [each["StackName"] for each in cloudformation.describe_stacks()["Stacks"]]
    try:
        (cloudformation.update_stack if NAME in standing else cloudformation.create_stack)(
            StackName=NAME,
            TemplateBody=template.read_text(encoding="utf-8"),
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Parameters=[
                {"ParameterKey": "CodeBucket", "ParameterValue": BUCKET},
                {"ParameterKey": "CodeKey", "ParameterValue": code_key},
            ],
        )
    except ClientError as error:
        raise NotDeployed(str(error)) from error
    (stack,) = cloudformation.describe_stacks(StackName=NAME)["Stacks"]
    if stack["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        events = cloudformation.describe_stack_events(StackName=NAME)["StackEvents"]
        reasons = [event.get("ResourceStatusReason", "") for event in events]
        raise NotDeployed(" ".join([stack["StackStatus"], *filter(None, reasons)]))


def put_pack(
    account: Account,
    parameters: dict[str, str] | None = None,
    template: Traversable = PACK_FILE,
) -> None:
    """Create the conformance pack, or change the one that stands. Raises NotDeployed."""
    account.config.packs.be_prompt()
    config = account.session().client("config")
    body = template.read_text(encoding="utf-8").replace("111122223333", account.account_id)
    config.put_conformance_pack(
        ConformancePackName=PACK,
        TemplateBody=body,
        ConformancePackInputParameters=[
            {"ParameterName": name, "ParameterValue": value}
            for name, value in (parameters or {}).items()
        ],
    )
    (status,) = config.describe_conformance_pack_status(ConformancePackNames=[PACK])[
        "ConformancePackStatusDetails"
    ]
    if status["ConformancePackState"] != "CREATE_COMPLETE":
        raise NotDeployed(
            f"{status['ConformancePackState']} {status['ConformancePackStatusReason']}"
        )
