"""What `rdk test-local` runs in the folder that `make rdk` fills; pytest runs it here as well.

Standard library only: RDK's environment has boto3 and what lies in the folder.
"""

import json
import unittest
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rule.decision import COMPLIANT, NON_COMPLIANT, NOT_APPLICABLE, judge
from rule.evaluator import lambda_handler
from rule.events import NotAnEvent
from rule.facts import Key, User
from rule.parameters import parse_parameters as parse

CREATED = datetime(2026, 1, 1, tzinfo=UTC)
NOW = CREATED + timedelta(days=60)
PARAMETERS = next(
    file for folder in Path(__file__).parents if (file := folder / "parameters.json").exists()
)


def verdict(*, password: bool = True, after: int = 0, used: bool = False) -> str:
    """Return the compliance of a user with one Active key, under the parameters of RDK's file."""
    given = json.loads(PARAMETERS.read_text())["Parameters"]["InputParameters"]
    made = CREATED + timedelta(seconds=after)
    key = Key("AKIAEXAMPLE000000001", made, "Active", NOW if used else None)
    user = User("alice", "AIDAEXAMPLE000000001", "", CREATED, password, (key,), {})
    return judge(user, parse(json.loads(given)), NOW).compliance


class RuleTest(unittest.TestCase):
    """The scenarios of the control, with the defaults that RDK deploys."""

    def test_a_setup_key_that_was_never_used_is_a_finding(self) -> None:
        assert verdict(after=300) == NON_COMPLIANT

    def test_a_key_created_after_the_window_is_no_finding(self) -> None:
        assert verdict(after=301) == COMPLIANT

    def test_a_setup_key_in_use_is_no_finding(self) -> None:
        assert verdict(used=True) == COMPLIANT

    def test_a_user_without_a_password_is_not_judged(self) -> None:
        assert verdict(password=False) == NOT_APPLICABLE

    def test_the_handler_refuses_what_is_no_event(self) -> None:
        refuses = self.assertRaisesRegex
        refuses(NotAnEvent, "Only AWS Config may call", lambda_handler, {}, None)
