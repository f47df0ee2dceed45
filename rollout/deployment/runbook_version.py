"""The runbook's default version, which an update of the stack may leave behind (FACTS 5).

AWS Config starts the default version: left behind, that of the release before goes on acting.
"""

from collections.abc import Sequence

from rollout.aws.session import Session
from rollout.deployment.health import read_runbook
from rollout.names import DOCUMENT
from rollout.organization.accounts import Account
from rollout.organization.members import Members, list_unseen
from rollout.output.fault import Fault, Result
from rollout.output.run import Run
from rule.counted import count

CHECK = "runbook"


def promote_runbook(session: Session) -> bool | None:
    """Make the runbook's latest version the default one; return whether it was not.

    One call where it is; None where there is no runbook.
    """
    runbook = read_runbook(session)
    if runbook is None:
        return None
    if runbook.default == runbook.latest:
        return False
    session.ssm.update_document_default_version(Name=DOCUMENT, DocumentVersion=runbook.latest)
    return True


def promote_runbooks(run: Run, members: Members, accounts: Sequence[Account]) -> None:
    """Promote the latest version in each of these accounts that can be looked into, and tell it.

    Whom nobody can look into is told with the smoke test.
    """
    able = [each for each in accounts if members.role or each.id == members.session.account]
    if not able:
        return
    title = f"default version of {DOCUMENT} in {count(len(able), 'account')}"
    with run.line(CHECK, title) as line:
        seen = members.look(able, promote_runbook)
        promoted = sum(each is True for each in seen.values())
        good = f"promoted in {count(promoted, 'account')}" if promoted else "the latest"
        faults = tuple(
            Fault(each.id, CHECK, f"{each}: the runbook is not there")
            for each in able
            if seen[each.id] is None
        )
        line.end(list_unseen(Result(CHECK, title, good=good, faults=faults), able, seen))
    if promoted:
        run.changed(f"the runbook's default version in {count(promoted, 'account')}")
