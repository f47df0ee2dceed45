"""Puts the rule into one emulated account by the parts that `deploy --account-only` is made of.

Everything goes over the API: code to S3, template.yaml to CloudFormation, conformance-pack.yaml to
AWS Config. From then on Config's events run the deployed code under the deployed role. The verb
reads, plans and tests around these parts, which a test of something else need not wait for.
"""

from collections.abc import Mapping
from importlib.resources.abc import Traversable
from pathlib import Path

from emulator.account import Account
from emulator.config.rules import Rule
from rollout.aws.session import Session
from rollout.code.bucket import complete_bucket, name_bucket, read_bucket, upload_code
from rollout.names import PACK_FILE, PLACEHOLDER_ACCOUNT, RULE, TEMPLATE_FILE
from rollout.packs.account import put_account_pack, read_account_pack
from rollout.packs.state import AccountPack, PackIs
from rollout.packs.template import Pack
from rollout.stacks import stack

MINUTES = 1


def open_desk(account: Account) -> Session:
    """Return the operator's session in an account, which makes no call to find out where it is."""
    boto = account.session()
    partition = boto.get_partition_for_region(account.region)
    return Session(boto, account.region, account.account_id, partition)


def deploy(account: Account, package: Path, parameters: Mapping[str, str] | None = None) -> Rule:
    """Put code, stack and pack into the account and return the rule. Raises StackBroken.

    `parameters` are those of the pack; the others have their defaults.
    """
    put_stack(account, put_code(account, package))
    put = put_pack(account, parameters)
    assert put.state is PackIs.OK, put.tell()
    return account.find_rule(RULE)


def put_code(account: Account, package: Path) -> dict[str, str]:
    """Upload the functions' code; return the stack's parameters that say where it is."""
    session = open_desk(account)
    name = name_bucket(session)
    complete_bucket(session, read_bucket(session, name, ""), "")
    version = upload_code(session, name, package)
    return {"CodeBucket": name, "CodeKey": package.name, "CodeVersion": version}


def put_stack(
    account: Account, parameters: Mapping[str, str], template: Traversable = TEMPLATE_FILE
) -> None:
    """Create the stack, or change the one that stands. Raises StackBroken."""
    session = open_desk(account)
    text = template.read_text(encoding="utf-8")
    stack.put_stack(session, stack.read_stack(session), text, parameters, MINUTES)


def put_pack(
    account: Account,
    parameters: Mapping[str, str] | None = None,
    template: Traversable = PACK_FILE,
) -> AccountPack:
    """Create the conformance pack, or change the one that stands; return how it stands then."""
    body = template.read_text(encoding="utf-8").replace(PLACEHOLDER_ACCOUNT, account.account_id)
    return put_rendered(account, Pack(body, dict(parameters or {})))


def put_rendered(account: Account, pack: Pack) -> AccountPack:
    """Put a pack as it is, and return how it stands then."""
    account.config.packs.be_prompt()
    session = open_desk(account)
    put_account_pack(session, pack, MINUTES)
    return read_account_pack(session).accounts[account.account_id]
