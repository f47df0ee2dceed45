"""An account with the pasted runbook and a quarantine of it comes to the two functions, and back.

The older templates are those of the last commit that pasted the runbook (tests/cases).
"""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import boto3
import pytest

from emulator import Account, open_account
from emulator.iam.users import User
from rollout.names import PACK_FILE, RULE, TEMPLATE_FILE
from tests.conftest import NOW
from tests.support.deployment import put_code, put_pack, put_stack
from tests.support.paths import ROOT
from tests.support.runbook import TAG, read_state

pytestmark = pytest.mark.slow
OLDER = ROOT / "tests" / "cases" / "pasted-runbook"
CREATED = NOW - timedelta(days=60)
QUARANTINE = "2026-09-01T12:00:00Z until 2026-09-08T12:00:00Z"


class Release:
    """An account in which one of two releases stands."""

    def __init__(self, account: Account, package: Path) -> None:
        self.account = account
        self.code = put_code(account, package)

    def put(self, *, newer: bool) -> None:
        """Deploy a release as `deploy` does: the stack, then the pack."""
        template, pack = OLDER / "template.yaml", OLDER / "conformance-pack.yaml"
        if newer:
            template, pack = TEMPLATE_FILE, PACK_FILE  # type: ignore[assignment]
        put_stack(self.account, self.code, template)
        put_pack(self.account, {"AutomaticRemediation": "true"}, pack)

    def settle(self) -> None:
        """Judge everybody, and remediate what comes of it."""
        assert self.account.find_rule(RULE).send_schedule().succeeded
        for remediation in self.account.deliver_remediations():
            assert (remediation.state, remediation.error) == ("SUCCEEDED", "")

    def list_documents(self) -> list[str]:
        """Return the runbooks that are there."""
        found = boto3.client("ssm").list_documents(Filters=[{"Key": "Owner", "Values": ["Self"]}])[
            "DocumentIdentifiers"
        ]
        return [each["Name"] for each in found]


@pytest.fixture
def release(package: Path) -> Iterator[Release]:
    """An empty account, its clock standing still."""
    with open_account(NOW, ticking=False) as account:
        account.iam.report.rounds = 0
        yield Release(account, package)


def add_idle(account: Account, name: str) -> User:
    """Add a user with a setup key that nobody ever used."""
    user = account.iam.add_user(name, created=CREATED, password=CREATED)
    account.iam.add_key(user, created=CREATED)
    return user


@pytest.mark.parametrize("back", [False, True], ids=["there", "there and back"])
def test_a_quarantine_goes_on_in_another_release_and_ends_as_it_was_meant_to(
    release: Release, back: bool
) -> None:
    ann = add_idle(release.account, "ann")
    (key,) = ann.access_keys
    release.put(newer=False)
    release.settle()
    quarantined = ({key.access_key_id: "Inactive"}, {TAG + key.access_key_id: QUARANTINE})
    assert read_state(ann) == quarantined
    release.put(newer=True)
    assert release.list_documents() == [f"{RULE}-remediation"]
    if back:
        release.put(newer=False)
        assert release.list_documents() == [RULE]
        release.put(newer=True)
        release.put(newer=False)
    release.account.clock.advance(days=6)
    release.settle()
    assert read_state(ann) == quarantined
    bob = add_idle(release.account, "bob")
    release.account.clock.advance(days=1)
    release.account.iam.report.generated = None
    release.settle()
    assert read_state(ann) == ({}, {})
    assert [each.status for each in bob.access_keys] == ["Inactive"]


def test_each_deployment_of_the_newer_release_is_a_version_with_a_text_of_its_own(
    release: Release, package: Path, tmp_path: Path
) -> None:
    first = release.code
    other = put_code(release.account, Path(shutil.copy(package, tmp_path / "other.zip")))
    for code in (first, other, first):
        release.code = code
        release.account.clock.advance(seconds=1)
        release.put(newer=True)
    ssm = boto3.client("ssm")
    document = ssm.describe_document(Name=f"{RULE}-remediation")["Document"]
    assert (document["DefaultVersion"], document["LatestVersion"]) == ("3", "3")
    assert package.name in ssm.get_document(Name=f"{RULE}-remediation")["Content"]
