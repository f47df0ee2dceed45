"""Makes plans with the real terraform, where it and its AWS provider are on this machine.

No connection leaves loopback: the provider comes from a mirror on disk and skips its own checks.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

PROVIDER = Path("registry.terraform.io", "hashicorp", "aws")
# TF_PLUGIN_MIRROR first; then where terraform itself looks, and where packages put mirrors.
MIRRORS = (
    *filter(None, [os.environ.get("TF_PLUGIN_MIRROR")]),
    "~/.terraform.d/plugins",
    "/usr/local/share/terraform/plugins",
    "/usr/share/terraform/plugins",
    "/opt/tf-plugins",
)
_SECRETS = ("password", "secret", "ses_smtp_password_v4")


def find_mirror() -> Path:
    """Return a folder that holds the AWS provider, or skip the test with what is missing."""
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not on this machine")
    for folder in MIRRORS:
        mirror = Path(folder).expanduser()
        if (mirror / PROVIDER).is_dir():
            return mirror
    pytest.skip("no mirror of the AWS provider is on this machine; name one in TF_PLUGIN_MIRROR")


def make_plan(code: Path, work: Path, *arguments: str) -> str:
    """Return the plan of this folder as JSON; `work` is an empty folder to write in."""
    mirror = find_mirror()
    rc = work / "terraformrc"
    rc.write_text(
        "provider_installation {\n  filesystem_mirror {\n"
        f"    path = {json.dumps(str(mirror))}\n  }}\n}}\n"
    )
    inherited = {
        name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ
    }
    environment = {**inherited, "TF_CLI_CONFIG_FILE": str(rc), "CHECKPOINT_DISABLE": "1"}
    folder = work / "code"
    shutil.copytree(code, folder)

    def terraform(*command: str) -> str:
        run = subprocess.run(
            ["terraform", *command],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout

    terraform("init", "-no-color", "-input=false")
    terraform("plan", "-no-color", "-input=false", "-refresh=false", "-out=made.plan", *arguments)
    return terraform("show", "-json", "made.plan")


def scrub(plan: str) -> str:
    """Return a plan fit to be kept: one line an item, without secrets, even emulated ones."""

    def scrub_value(value: object) -> object:
        if isinstance(value, list):
            return [scrub_value(item) for item in value]
        if isinstance(value, dict):
            return {
                key: "not-a-secret"
                if key in _SECRETS and isinstance(item, str)
                else scrub_value(item)
                for key, item in value.items()
            }
        return value

    return json.dumps(scrub_value(json.loads(plan)), indent=1) + "\n"
