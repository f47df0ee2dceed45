"""Every table of every verb on a terminal of 40, 80 and 120 columns."""

import re
from collections.abc import Iterator

import pytest

from tests.support.organizations import BANK, SANDBOX, SHOP, World, open_estate, run
from tests.support.planted import add_user, evaluate, plant
from tests.support.workshop import open_workshop

pytestmark = pytest.mark.slow

ROLE = "--member-role OrganizationAccountAccessRole"
TWINS = [f"firstname.lastname-contractor@{each}.example.com" for each in ("partner", "other")]
COMMANDS = (
    f"check {ROLE}",
    f"plan {ROLE}",
    f"deploy --yes {ROLE}",
    f"status {ROLE}",
    f"evaluate --organization --all {ROLE}",
    f"report --all {ROLE}",
    f"remediate --dry-run {ROLE}",
    f"restore --all --account {BANK} --dry-run {ROLE}",
    f"exceptions list {ROLE}",
)
WHOLE = re.compile(
    r"\b(?:AKIA\w{16}|\d{12}|\d{4}-\d\d-\d\d(?:T[\d:]+Z)?|[\w.-]+@[\w.]+\.com|(?<![/-])[a-z]+\.[a-z]+)\b"
)
"""Keys, accounts, dates and names, as they stand where there is room; a path is none of them."""


@pytest.fixture(scope="module")
def planted() -> Iterator[World]:
    """An organization with every kind of row, and two users whose names begin alike."""
    with open_estate() as estate, pytest.MonkeyPatch.context() as patches:
        patches.setattr("time.sleep", estate.sleep)
        plant(estate)
        for name in TWINS:
            add_user(estate, SHOP, name)
        for account in estate.organization.members:
            config = estate.members.config(account, estate.account.region)
            evaluate(config, estate.cloud.clock.now())
        open_workshop(estate, patches, BANK, SHOP, SANDBOX)
        yield estate


@pytest.mark.parametrize("command", COMMANDS)
def test_every_identity_and_date_stands_whole_on_every_terminal(
    planted: World, command: str
) -> None:
    wide = set(WHOLE.findall(run(command, documented=False).out))
    assert wide
    for columns in (40, 80, 120):
        out = run(command, documented=False, columns=columns).out
        assert "…" not in out
        lines = out.splitlines()
        assert max(map(len, lines)) <= columns
        short = {each for each in wide if len(each) <= columns - 8}
        assert {each for each in short if not any(each in line for line in lines)} == set()
        assert {each for each in wide if each not in "".join(lines)} == set()
