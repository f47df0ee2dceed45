"""One act in one account, and the sentence when it could not be done."""

from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError

from rollout.aws.failures import FINAL, tell_error
from rollout.errors import Refused
from rule.live import PasswordUnclear, UserGone


class ChangedMeanwhile(Exception):
    """Somebody else changed what was read; nothing was done."""


EXPECTED = (Refused, ChangedMeanwhile, UserGone, PasswordUnclear, BotoCoreError, ClientError)


def attempt(act: Callable[[], object]) -> str:
    """Do it, and return "" or why it was not done."""
    try:
        act()
    except FINAL:
        raise
    except EXPECTED as error:
        return tell_error(error)
    return ""
