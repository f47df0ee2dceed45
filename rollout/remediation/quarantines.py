"""The keys in quarantine: told when the rule goes, as nothing ends their quarantine then."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from rollout.aws.session import NotSeen, Session
from rollout.organization.accounts import Account
from rollout.organization.members import Members, list_unseen
from rollout.output.fault import Result
from rollout.output.run import Run
from rule.counted import count
from rule.quarantine import QUARANTINE_TAG, is_quarantine_tag

CHECK = "quarantines"


def tell_quarantines(run: Run, members: Members, accounts: Sequence[Account]) -> None:
    """Tell which keys are still in quarantine: they stay Inactive until somebody acts."""
    title = f"quarantines left in {count(len(accounts), 'account')}"
    with run.line(CHECK, title) as line:
        seen = members.look(accounts, read_quarantined_ids)
        notes = [
            f"{account}: {user}: {', '.join(keys)}"
            for account in accounts
            if not isinstance(tags := seen[account.id], NotSeen)
            for user, keys in tags.items()
        ]
        found = sum(
            len(keys)
            for tags in seen.values()
            if not isinstance(tags, NotSeen)
            for keys in tags.values()
        )
        stay = count(found, "key stays", "keys stay")
        good = f"{stay} Inactive until somebody deletes or reactivates it" if found else "none"
        result = list_unseen(Result(CHECK, title, good=good), accounts, seen)
        if found:
            result = replace(result, part=good)
        line.end(replace(result, notes=(*result.notes, *notes)))


def read_quarantined_ids(session: Session) -> Mapping[str, list[str]]:
    """Return the ids of the quarantined keys of this account by user."""
    pages = session.iam.get_paginator("get_account_authorization_details").paginate(
        Filter=["User"], PaginationConfig={"PageSize": 1000}
    )
    found = {
        user["UserName"]: [
            tag["Key"][len(QUARANTINE_TAG) :]
            for tag in user.get("Tags", [])
            if is_quarantine_tag(tag["Key"])
        ]
        for page in pages
        for user in page["UserDetailList"]
    }
    return {user: keys for user, keys in found.items() if keys}
