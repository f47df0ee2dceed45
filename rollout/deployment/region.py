"""Where the roll-out happens: the Region whose recorder records IAM users; this account's name."""

import argparse
from dataclasses import replace

from botocore.exceptions import ClientError

from rollout.aws.session import Desk, open_desk
from rollout.errors import Refused
from rollout.organization.accounts import Account, Organization, read_organization
from rollout.organization.recorder import (
    MAIN_REGIONS,
    Recorder,
    read_recorder,
)


def open_home(arguments: argparse.Namespace) -> tuple[Desk, Recorder]:
    """Return the desk in the Region of the roll-out, and the recorder there.

    That is the Region given, or else the first of the configured one and the partition's main one
    whose recorder records IAM users. Raises Refused where none does.
    """
    desk = open_desk(arguments.profile, arguments.region)
    regions = [arguments.region or desk.session.region_name, MAIN_REGIONS.get(desk.partition, "")]
    reasons = []
    for region in dict.fromkeys(regions[:1] if arguments.region else filter(None, regions)):
        there = desk if region == desk.region else replace(desk, region=region, _clients={})
        recorder = read_recorder(there)
        if not recorder.fault or (arguments.region and not recorder.running):
            return there, recorder
        reasons.append(f"{region}: {recorder.fault}")
    raise Refused(
        f"{desk.label}: IAM users are recorded in no Region looked at ({'; '.join(reasons)}). Use"
        " --region with the one whose Config recorder records them, or let the recorder do so."
    )


def open_place(arguments: argparse.Namespace) -> tuple[Desk, Organization | None, Account]:
    """Return the desk, the organization (None with --account-only), and this account by name.

    Raises Refused as `open_home` and `read_organization` do.
    """
    desk, _ = open_home(arguments)
    organization = None if arguments.account_only else read_organization(desk)
    here = (
        organization.find(desk.account) if organization else Account(desk.account, read_alias(desk))
    )
    desk.label = str(here)
    return desk, organization, here


def read_alias(desk: Desk) -> str:
    """Return the account's alias; Organizations knows names, but a plain account may not ask."""
    try:
        aliases = desk.client("iam").list_account_aliases()["AccountAliases"]
    except (Refused, ClientError):
        aliases = []
    return aliases[0] if aliases else "(no alias)"
