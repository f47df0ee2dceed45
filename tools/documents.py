"""Writes the generated parts of docs/: what the verbs say, and which actions they need.

`make docs` runs it; tests/docs/test_documents.py fails while a page differs from its output.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from rollout.deployment.checks import CHECKS
from tests.support.organizations import (
    BANK,
    REGION,
    SANDBOX,
    SHOP,
    World,
    open_estate,
)
from tools import work_off
from tools.console import replay
from tools.permissions import write_permissions

DOCS = Path(__file__).parent.parent / "docs"


def stop_recorder(estate: World) -> None:
    estate.members.add_recorder(SANDBOX, REGION, running=False)


def start_recorder(estate: World) -> None:
    estate.members.add_recorder(SANDBOX, REGION)


def fail_a_run(estate: World) -> None:
    estate.sleep(86_400)
    now = estate.cloud.clock.now().timestamp()
    for account in estate.organization.members:
        config = estate.members.config(account, REGION)
        for rule in config.config_rules:
            config.runs[rule] = {"LastSuccessfulEvaluationTime": now - 7200}
            if account == BANK:
                config.runs[rule] |= {
                    "LastFailedEvaluationTime": now - 60,
                    "LastErrorMessage": "The function timed out.",
                }


def quarantine_a_key(estate: World) -> None:
    iam = estate.members.config(SHOP, REGION).iam
    iam.add_user("bob", tags={"no-setup-access-key:quarantined:AKIAIOSFODNN7EXAMPLE": "x"})


SCENES: dict[str, Callable[[World], None]] = {
    "the recorder of sandbox is stopped": stop_recorder,
    "the recorder of sandbox runs": start_recorder,
    "a day later, the function of bank has failed": fail_a_run,
    "a key of bob in shop is in quarantine": quarantine_a_key,
}


def write_roll_out(page: str) -> str:
    """Return docs/operate/roll-out.md with the output of its commands, run in order."""
    with open_estate() as estate, pytest.MonkeyPatch.context() as patches:
        patches.setattr("time.sleep", estate.sleep)
        estate.organization.page_limit = 100
        return replay(page, estate, SCENES)


CHECKS_FRAME = """\
# What is checked before a roll-out

Written by `make docs` from the table that the verbs run. `check` runs all of these, and so do
`plan` and `deploy`; where a fault *blocks*, `deploy` changes nothing. What nobody could look at is
*not seen*, never *ok*. In the document of `--format json` a fault is
`{{"account", "check", "text", "mend"}}`, with the check's name as here.

| check | what is looked at | blocks |
|---|---|---|
{rows}
"""


def write_checks() -> str:
    """Return docs/operate/checks.md."""
    rows = [
        f"| `{each.name}` | {each.meaning} | {'yes' if each.blocks else 'no'} |" for each in CHECKS
    ]
    return CHECKS_FRAME.format(rows="\n".join(rows))


def main() -> None:
    """Write the pages."""
    page = DOCS / "operate" / "roll-out.md"
    page.write_text(write_roll_out(page.read_text(encoding="utf-8")), encoding="utf-8")
    page = DOCS / "operate" / "work-off.md"
    page.write_text(
        work_off.write_work_off_page(page.read_text(encoding="utf-8")), encoding="utf-8"
    )
    (DOCS / "operate" / "permissions.md").write_text(write_permissions(), encoding="utf-8")
    (DOCS / "operate" / "checks.md").write_text(write_checks(), encoding="utf-8")


if __name__ == "__main__":
    main()
