"""How AWS takes the packs of an organization: as late, stale and forgetful as users report of it.

Unsure facts are one attribute each (FACTS 1): what `${AWS::AccountId}` becomes in the rule's source
(M), that the caller's account id in AutomationAssumeRole becomes each member's (M-H), and that the
aggregate status stays CREATE_IN_PROGRESS for a delegated administrator (M).
"""


class PackFacts:
    """The attributes may be set at any time; the inconvenient AWS is what stands."""

    def __init__(self) -> None:
        self.seconds_each = 3.0
        self.at_once = 50
        """How many accounts are worked on at a time."""
        self.idle_seconds = 120.0
        """How long after a put no account moves: each shows the result of the put before, or none
        (L)."""
        self.gap_seconds = 40.0
        """How long nothing moves between one lot of accounts and the next (L)."""
        self.stale_seconds = 60.0
        """How long after a put the aggregate is still about the put before (FACTS 1)."""
        self.unseen_seconds = 0.0
        """How long after its first put the descriptions of a pack are an empty list (FACTS 1)."""
        self.hidden_looks = 1
        """How many looks right after a pack was created find no such pack (FACTS 1)."""
        self.empty_looks = 1
        """How many looks right after a put, of each kind, find an empty list (FACTS 1)."""
        self.denied_looks = 1
        """How many calls of each delegated administrator are refused at first (FACTS 1)."""
        self.keeps_rows = True
        """Whether an account that a pack has left keeps its row, DELETE_SUCCESSFUL (M)."""
        self.joining_seconds = 5.0
        """How long after an account joined it gets the packs: before its stack, by default."""
        self.first_run_seconds = 90.0
        """How long after it was made a rule is evaluated for the first time."""
        self.resolves_account_id = True
        """False: `${AWS::AccountId}` is the calling account's id in every account."""
        self.rewrites_role = True
        self.aggregate_sticks = True
        """Whether a delegated administrator's aggregate status never ends."""
        self.failing: dict[str, tuple[str, str]] = {}
        """Accounts in which the pack fails: code and message."""
        self.silent: set[str] = set()
        """Accounts that never show a status."""

    def be_prompt(self) -> None:
        """Show at once what was put, for what counts calls or looks at one fact alone."""
        self.idle_seconds = self.gap_seconds = self.stale_seconds = 0.0
        self.hidden_looks = self.empty_looks = self.denied_looks = 0
        self.keeps_rows = False
