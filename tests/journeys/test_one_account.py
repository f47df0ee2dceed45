"""The commands that set up one account are run as they stand in the documentation, by bash.

The AWS CLI runs behind the loopback guard, against the emulated account.
"""

import json
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from moto.s3 import models

from emulator import Account
from rollout.commands.demo import STEP
from rollout.names import RULE
from tests.conftest import NOW
from tests.support.paths import ROOT

LONG_AGO = NOW - timedelta(days=60)


def read_blocks(section: str) -> list[str]:
    """Return the shell commands in one section of the page, in blocks."""
    page = (ROOT / "docs" / "operate" / "one-account.md").read_text()
    text = page.partition(f"<!-- {section} -->")[2].partition(f"<!-- /{section} -->")[0]
    return re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def run(account: Account, folder: Path, *blocks: str) -> list[str]:
    """Run blocks in one shell, pasted as a reader would, and return what was printed, by line.

    Nothing makes that shell stop at a command that fails: the commands are chained where they must.
    """
    account.config.packs.be_prompt()
    binaries, ready = Path(sys.executable).parent, folder / "ready"
    ready.touch()
    done = subprocess.run(
        ["bash", "-c", "".join(blocks)],
        cwd=ROOT,
        env={
            **account.environment(),
            "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder),
            # The tests run in the environment that stands: make must not set it up anew.
            "MAKEFLAGS": f"READY={ready}",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


@pytest.mark.slow
def test_the_commands_set_the_account_up_judge_it_and_take_everything_away(
    account: Account, tmp_path: Path
) -> None:
    ann = account.iam.add_user("ann", created=LONG_AGO, password=LONG_AGO)
    key = account.iam.add_key(ann, created=LONG_AGO).access_key_id
    set_up, look, take_away = read_blocks("one-account")
    printed = run(account, tmp_path, set_up, look)
    status, (finding,) = printed[-2].split("\t"), printed[-1].split("\t")
    assert status == ["CREATE_COMPLETE", "None"]
    assert finding.startswith(f"Access key {key} of ann was created at 2026-07-03T12:00:00Z")
    (run_,) = account.find_rule(RULE).invocations
    assert run_.errors == []
    # Again, as the text has it: without the bucket, and with something changed.
    changed = set_up.replace('aws s3 mb "s3://$bucket" &&\n', "").rstrip() + (
        " --conformance-pack-input-parameters ParameterName=GraceHours,ParameterValue=9\n"
    )
    changed = changed.replace("CodeKey=", "LogRetentionDays=30 CodeKey=")
    run(account, tmp_path, changed)
    assert [each.annotation for each in account.find_rule(RULE).list_lines()] == [finding]
    (rule,) = account.config.config_rules.values()
    assert rule.input_parameters_dict["GraceHours"] == "9"
    run(account, tmp_path, take_away)
    assert account.config.config_rules == {}
    assert account.functions.list_functions() == []
    assert [user.name for user in account.iam.users.values()] == ["ann"]


@pytest.mark.slow
def test_the_runbook_is_run_by_hand_first_without_a_change(
    account: Account, tmp_path: Path
) -> None:
    ben = account.iam.add_user("ben.idle", created=LONG_AGO, password=LONG_AGO)
    key = account.iam.add_key(ben, created=LONG_AGO)
    account.automation.rounds = 0
    (by_hand,) = read_blocks("by-hand")
    account.iam.report.rounds = 0
    run(account, tmp_path, *read_blocks("one-account")[:2])
    told = json.loads("".join(run(account, tmp_path, by_hand)))
    assert told[:2] == ["Success", None]
    assert [json.loads(each)["Done"] for each in told[2][f"{STEP}.Keys"]] == [
        "would be quarantined"
    ]
    assert (key.status, ben.tag_values) == ("Active", {})
    told = json.loads("".join(run(account, tmp_path, by_hand.replace("=true", "=false"))))
    assert [json.loads(each)["Done"] for each in told[2][f"{STEP}.Keys"]] == ["quarantined"]
    assert key.status == "Inactive"


def test_the_commands_stop_at_a_bucket_that_is_a_stranger_s(
    account: Account, tmp_path: Path
) -> None:
    """Whoever knows the account's number can make the bucket first, and leave it open."""
    models.s3_backends["999988887777"]["aws"].create_bucket(
        f"no-setup-access-key-{account.account_id}", "us-east-1"
    )
    with pytest.raises(AssertionError, match="BucketAlreadyExists"):
        run(account, tmp_path, read_blocks("one-account")[0])
    assert account.functions.list_functions() == []
    assert account.config.config_rules == {}
