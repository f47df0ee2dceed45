"""The verb `evidence` on a planted organization: written once, checked later without AWS."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.organizations import MANAGEMENT, ROLE, SECURITY, World, open_estate, run
from tests.support.planted import plant
from tools.happenings import add_aggregator


@pytest.fixture(scope="module")
def planted() -> Iterator[World]:
    """An organization in which every state stands somewhere, with an aggregator."""
    with open_estate() as estate, pytest.MonkeyPatch.context() as patches:
        patches.setattr("time.sleep", estate.sleep)
        plant(estate)
        add_aggregator(estate)
        yield estate


def test_evidence_of_a_day_is_written_and_checked_without_aws(
    planted: World, tmp_path: Path
) -> None:
    folder = tmp_path / "evidence"
    outcome = run(f"evidence {folder} --member-role {ROLE}")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith(f"{folder}: 3 findings in 2 of 5 accounts.\n")
    manifest = json.loads((folder / "manifest.json").read_text())
    assert [each["last_success"] for each in manifest["accounts_read"]] == [
        "2026-09-01T12:00:00Z"
    ] * 5
    assert [(each["user"], each["owner"], each["expires"]) for each in manifest["exceptions"]] == [
        ("dan.waiver", "team-payments", "2026-10-31")
    ]
    sha256 = outcome.out.rpartition("the sha256 ")[2].partition(".")[0]
    with planted.cloud.calls.since_now() as calls:
        good = run(f"evidence --verify {folder} --manifest-sha256 {sha256}")
        other = run(f"evidence --verify {folder} --manifest-sha256 {'0' * 64}")
    assert calls.actions() == []
    assert (good.code, other.code) == (0, 1)
    assert good.out.startswith(f"{folder}: as it was written at 2026-09-01T12:")
    assert "manifest.json is another" in other.out
    (folder / "report.csv").write_text("")
    assert run(f"evidence --verify {folder}").code == 1


def test_accounts_that_were_not_read_are_named_and_exit_3(planted: World, tmp_path: Path) -> None:
    outcome = run(f"evidence {tmp_path / 'e'}")
    assert outcome.code == 3
    assert f"not read: {SECURITY} security: " in outcome.out
    manifest = json.loads((tmp_path / "e" / "manifest.json").read_text())
    assert [each["account"] for each in manifest["accounts_not_read"]] == [SECURITY, MANAGEMENT]


def test_a_hash_goes_with_verify(planted: World, tmp_path: Path) -> None:
    outcome = run(f"evidence {tmp_path / 'e'} --manifest-sha256 00")
    assert (outcome.code, outcome.out) == (2, "")
