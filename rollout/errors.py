"""What a verb raises when it cannot do what was asked; only `rollout.__main__` catches it."""


class Refused(Exception):
    """Wrong usage or unreadable input: its text is shown in one line and the exit code is 2."""


class Denied(Refused):
    """AWS does not allow the caller an action; the text names the action and the account."""


class Throttled(Refused):
    """AWS still answered "too many requests" after every retry."""


class Stopped(Refused):
    """AWS's engines did not come to an end in the time allowed; the same command goes on."""
