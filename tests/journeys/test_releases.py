"""One release after another and back, by the verb, with full stacks: A to B to A to B.

A is the last release that pasted its runbook (tests/cases): another template, another runbook under
another name, fewer parameters of the pack, other code. What AWS refuses, the emulated one refuses.
"""

import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from moto.ssm.models import ssm_backends

from rollout.code.package import build_package
from rollout.packs.template import load_pack
from tests.support.organizations import MANAGEMENT, REGION, SHOP, World, run
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow
OLDER = ROOT / "tests" / "cases" / "pasted-runbook"
NAME = "iam-user-no-setup-access-key"
DECIDED = "--grace-hours 9 --quarantine-days 30 --yes"
ROLE = "--member-role OrganizationAccountAccessRole"


@contextmanager
def checkout(folder: Path, *, older: bool) -> Iterator[None]:
    """Let the desk be that of a release until the block ends."""
    with pytest.MonkeyPatch.context() as patches:
        if older:
            for module in ("intent", "drift", "judgements"):
                place = f"rollout.deployment.{module}.TEMPLATE_FILE"
                patches.setattr(place, OLDER / "template.yaml")
            patches.setattr("rollout.packs.template.PACK_FILE", OLDER / "conformance-pack.yaml")
            patches.setattr("rollout.deployment.health.DOCUMENT", NAME)
            patches.setattr("rollout.code.bucket.build_package", lambda _: build_older(folder))
        yield


def build_older(folder: Path) -> Path:
    """Return other code: this one's with a file more."""
    file = build_package(folder)
    content = folder / "older.zip"
    content.write_bytes(file.read_bytes())
    with zipfile.ZipFile(content, "a") as archive:
        archive.writestr(zipfile.ZipInfo("rule/RELEASE"), "older")
    named = folder / f"{NAME}-{hashlib.sha256(content.read_bytes()).hexdigest()[:16]}.zip"
    content.rename(named)
    return named


def documents(account: str) -> dict[str, str]:
    """Return the text of the runbooks in an account, of their default versions."""
    found = ssm_backends[account][REGION]._documents
    return {name: each.get_default_version().content for name, each in found.items()}


def describe(estate: World, account: str) -> tuple[dict[str, str], str]:
    """Return what stands in an account: the rule's parameters, and the remediation's target."""
    config = estate.members.config(account, REGION)
    (rule,) = config.config_rules.values()
    (remediation,) = config.remediations.configurations.values()
    return rule.input_parameters_dict, remediation["TargetId"]


def deploy(estate: World, folder: Path, options: str, *, older: bool) -> None:
    """Deploy a release, and see that nothing is left to do afterwards."""
    estate.sleep(3600)
    with checkout(folder, older=older):
        outcome = run(f"deploy {options} {DECIDED}")
        assert (outcome.code, outcome.err) == (0, ""), outcome.out + outcome.err
        assert {row[-1] for row in outcome.rows()} == {"ok"}
        assert "deploy would change nothing." in run(f"plan {options}").out
        declared = set(load_pack()["Parameters"])
    known = declared - {"MaximumExecutionFrequency"}
    for account in (SHOP, MANAGEMENT) if "--account-only" not in options else (MANAGEMENT,):
        parameters, target = describe(estate, account)
        assert set(parameters) <= known
        assert (parameters["GraceHours"], parameters["QuarantineDays"]) == ("9", "30")
        assert target == (NAME if older else f"{NAME}-remediation")
        assert set(documents(account)) == {target}
        assert ("FunctionName" in documents(account)[target]) is not older


@pytest.mark.parametrize("options", ["--account-only", ROLE], ids=["one account", "organization"])
def test_each_release_goes_on_after_the_other_and_back_with_what_was_decided(
    estate: World, tmp_path: Path, options: str
) -> None:
    estate.members.full = True
    for older in (True, False, True, False):
        deploy(estate, tmp_path, options, older=older)
    assert run(f"status {options}").code == 0
