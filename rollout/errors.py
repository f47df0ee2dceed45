"""What a verb raises when it cannot do what was asked; only `rollout.__main__` catches it."""

import sys


class Refused(Exception):
    """Wrong usage or unreadable input: its text is shown in one line and the exit code is 2."""


class Denied(Refused):
    """AWS does not allow the caller an action; the text names the action and the account."""

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.code = code
        """AWS's own code."""


class Throttled(Refused):
    """AWS still answered "too many requests" after every retry."""


class CutShort(Refused):
    """A list of AWS's breaks off in the middle: whoever is missing is not known to be gone."""


class SignedOut(Exception):
    """The caller's credentials have expired or are not accepted.

    It is no `Refused`, which one account or one user may meet alone: no other call will go better.
    """


class NotThere(Refused):
    """AWS does not show what has just been made; the same command may find it in a minute."""


class Stopped(Refused):
    """AWS's engines did not come to an end in the time allowed; the same command goes on."""


NOT_SEEN = 3
"""The exit code where nothing is wrong in what was seen but something was not; --strict: FAULTS."""
FAULTS = 1
"""The exit code of findings and faults."""
WRONG = 2
"""The exit code of wrong usage, and of what cannot be read or is not allowed."""
UNFORESEEN = 70
"""sysexits.h's EX_SOFTWARE: an error of the program, which must not read as "findings"."""


def explain_error(error: Exception, profile: str = "") -> tuple[str, int]:
    """Return an error in one line, and the exit code; `profile` is the one that was asked for."""
    if isinstance(error, Refused | SignedOut):
        return str(error), WRONG
    # Whoever has not called AWS does not wait for its library, some of whose errors are OSErrors.
    if "botocore" in sys.modules:
        from rollout.aws.failures import translate

        sentence = translate(error, profile)
        if sentence is not None:
            return sentence, WRONG
    if isinstance(error, OSError):
        return str(error), WRONG
    if isinstance(error, ModuleNotFoundError) and "." not in str(error.name):
        return (
            f"This takes the package {error.name}, which is not installed here: pip install"
            " iam-user-no-setup-access-key, without --no-deps, brings all that the verbs need.",
            WRONG,
        )
    text = " ".join(str(error).split())
    return (
        f"{type(error).__name__}{': ' * bool(text)}{text} (an error of this program: run it again"
        " with --debug, and report what it shows)",
        UNFORESEEN,
    )
