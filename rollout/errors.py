"""What a verb raises when it cannot do what was asked; only `rollout.__main__` catches it."""


class Refused(Exception):
    """Wrong usage or unreadable input: its text is shown in one line and the exit code is 2."""
