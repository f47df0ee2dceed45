"""The verb `status`: what stands now, account by account, and how it differs from this checkout."""

import argparse
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

from rollout.aws.session import NotSeen, Session
from rollout.code.bucket import build_code, hash_code
from rollout.commands.deploy import tell_others, tell_word
from rollout.commands.options import EVERY_ACCOUNT, add_caller_options, read_caller
from rollout.commands.output_options import add_all_option
from rollout.deployment.drift import compare_pack, compare_stack_here, compare_stack_set
from rollout.deployment.estate import Estate, read_deployment, read_estate
from rollout.deployment.health import Health, read_health
from rollout.deployment.intent import find_standing_pack
from rollout.deployment.read_back import judge_read_back
from rollout.deployment.running_code import judge_running_code
from rollout.deployment.state import judge_health, judge_packs, judge_stacks, judge_stray
from rollout.names import STACK
from rollout.organization.accounts import Account
from rollout.organization.members import list_unseen
from rollout.output.fault import Fault, Result, Unseen
from rollout.output.run import Run
from rollout.output.tables import FEW_ROWS, Cell, Column
from rollout.packs.state import PackIs
from rollout.packs.template import Pack
from rollout.stacks.stack import StackIs
from rule.counted import count
from rule.facts import utc

CHECK = "accounts"
COLUMNS = (
    Column("ACCOUNT", identifies=True),
    Column("NAME", identifies=True),
    Column("STACK"),
    Column("PACK"),
    Column("RUNBOOK"),
    Column("LAST SUCCESS"),
    Column("LAST FAILURE"),
    Column("ERRORS"),
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.epilog = (
        "Exit code: 0 every account is fine, 1 some are not, 2 wrong usage or not allowed to look,"
        " 3 nothing is wrong in what was seen, but not everything was (1 with --strict)."
    )
    add_caller_options(parser)
    add_all_option(parser, EVERY_ACCOUNT)


def run(arguments: argparse.Namespace) -> int:
    """Return 1 when an account is not fine or differs from this checkout, else 0."""
    told = Run("status", arguments.format)
    estate = read_estate(read_caller(arguments))
    title = f"account {estate.here}, {estate.session.region}"
    with told.line("caller", title) as line:
        estate = read_deployment(estate)
        good = estate.organization.id if estate.organization else "this account alone"
        refused = (Fault("", "caller", estate.refusal),) if estate.refusal else ()
        line.end(Result("caller", title, good=good, faults=refused))
    health = read_healths(told, estate)
    tell_drift(told, estate)
    accounts = list_accounts(estate)
    title = f"accounts: {len(accounts)}"
    with told.line(CHECK, title) as line:
        pack = find_standing_pack(estate)
        faults = [
            fault for each in accounts for fault in find_account_faults(estate, each, health, pack)
        ]
        silent = find_silent(accounts, health)
        part = f"{count(len(silent), 'account')} without a run on record"
        line.end(Result(CHECK, title, faults=tuple(faults), unseen=silent, part=part))
    told.teller.say()
    wrong = {each.account for each in faults}
    blind = {each.account for each in told.unseen} - wrong
    many = len(accounts) > FEW_ROWS and not arguments.all
    shown = [each for each in accounts if each.id in wrong] if many else accounts
    told.teller.table(COLUMNS, [make_status_row(estate, each, health) for each in shown])
    for code, number in Counter(find_code_hash(estate, each) for each in accounts).items():
        if code:
            told.teller.say(f"code {code} in {count(number, 'account')}")
    if many:
        hidden = [each for each in accounts if each.id not in wrong]
        unseen = sum(each.id in blind for each in hidden)
        told.teller.say(tell_others(len(hidden) - unseen, unseen))
        told.teller.tell_faults(told.faults)
    return told.close(
        {
            "organization": estate.organization.id if estate.organization else None,
            "region": estate.session.region,
            "accounts": [
                {**describe_account(estate, each, health), "fine": each.id not in wrong | blind}
                for each in accounts
            ],
        }
    )


def read_healths(told: Run, estate: Estate) -> Mapping[str, Health | NotSeen]:
    """Look into every account in which the pack stands."""
    pack = estate.pack
    able = [estate.find(key) for key, each in pack.accounts.items() if each.state is PackIs.OK]
    title = f"looking into {count(len(able), 'account')}"

    def read(session: Session) -> Health:
        return read_health(session, pack.accounts[session.account].name)

    with told.line("look", title) as line:
        seen = estate.members.look(able, read)
        line.end(list_unseen(Result("look", title, good=f"{len(able)} seen"), able, seen))
    return seen


def tell_drift(told: Run, estate: Estate) -> None:
    """Tell how what is deployed differs from this checkout."""
    code = build_code().name
    results = [compare_pack(estate)]
    if estate.stack.status or estate.organization is None:
        results.insert(0, compare_stack_here(estate, code))
    if estate.organization:
        results.insert(0, compare_stack_set(estate, code))
    for result in results:
        with told.line(result.check, result.title) as line:
            line.end(result)


def list_accounts(estate: Estate) -> list[Account]:
    """Return every account that has the rule, or a part of it, or is meant to have it."""
    if estate.organization is None:
        return [estate.here]
    parts = set(estate.pack.holders() | estate.stack_set.instances.keys())
    meant = {
        each.id
        for each in estate.organization.accounts
        if estate.pack.exists and each.active and each.id not in estate.pack.excluded
    }
    return [estate.find(each) for each in sorted(meant | parts)]


def find_account_faults(
    estate: Estate,
    account: Account,
    health: Mapping[str, Health | NotSeen],
    pack: Pack | None,
) -> tuple[Fault, ...]:
    """Return what is not fine in an account; AWS leaves one that is not active out by itself."""
    if not account.active:
        return ()
    faults = judge_stray(CHECK, estate, account)
    if not faults and PackIs.LEFT_OUT is not estate.pack.find(account.id):
        faults += judge_stacks(CHECK, estate, [account])
    if estate.pack.exists and estate.pack.find(account.id) not in (PackIs.LEFT_OUT, PackIs.GONE):
        faults += judge_packs(CHECK, estate, [account])
    seen = health.get(account.id)
    if isinstance(seen, Health):
        faults += judge_health(CHECK, account, seen)
        faults += judge_read_back(CHECK, estate, account, pack, seen.rule)
        stack = find_parameters(estate, account)
        faults += judge_running_code(CHECK, account, seen.code, stack, hash_code())
    return faults


def find_silent(
    accounts: list[Account], health: Mapping[str, Health | NotSeen]
) -> tuple[Unseen, ...]:
    """Return the accounts of whose rule AWS reports no run, as it may (FACTS 4)."""
    return tuple(
        Unseen(each.id, CHECK, "AWS Config reports no run of the rule")
        for each in accounts
        if isinstance(seen := health.get(each.id), Health) and seen.runs is None
    )


def find_code_hash(estate: Estate, account: Account) -> str | None:
    """Return the hash of the code that an account runs, None where it is not known."""
    if estate.stack_in(account) is not StackIs.CURRENT:
        return None
    key = find_parameters(estate, account).get("CodeKey", "")
    return key.removeprefix(f"{STACK}-").removesuffix(".zip") or None


def find_parameters(estate: Estate, account: Account) -> Mapping[str, str]:
    """Return the parameters of an account's stack."""
    here = account == estate.here and estate.has_stack_here()
    return (estate.stack if here else estate.stack_set).parameters


def make_status_row(
    estate: Estate, account: Account, health: Mapping[str, Health | NotSeen]
) -> list[Cell | str]:
    """Return an account's row of the table."""
    stack, pack = estate.stack_in(account), estate.pack.find(account.id)
    missing = stack is StackIs.MISSING and (not account.active or pack is PackIs.LEFT_OUT)
    gone = pack in (PackIs.LEFT_OUT, PackIs.GONE) or not account.active
    well = not account.active or missing or stack in (StackIs.CURRENT, StackIs.NOT_SEEN)
    row: list[Cell | str] = [
        account.id,
        account.name,
        "-" if missing else tell_word(stack, well),
        "-" if gone and pack is not PackIs.OK else tell_word(pack, pack is PackIs.OK),
    ]
    seen = health.get(account.id)
    if not isinstance(seen, Health):
        return row + ["not seen"] * 4
    runs, runbook = seen.runs, seen.runbook
    if runbook is None or runbook.default != runbook.latest:
        row.append(Cell(runbook.default if runbook else "none", bad=True))
    else:
        row.append(runbook.default)
    return [
        *row,
        show_time(runs.success) if runs else "no runs reported",
        show_time(runs.failure) if runs else "no runs reported",
        Cell(str(seen.errors), bad=seen.errors > 0),
    ]


def describe_account(
    estate: Estate,
    account: Account,
    health: Mapping[str, Health | NotSeen],
) -> dict[str, object]:
    """Return an account for the document: nothing that was not seen has a value."""
    seen = health.get(account.id)
    well = seen if isinstance(seen, Health) else None
    runs = well.runs if well else None
    return {
        "account": account.id,
        "name": account.name,
        "active": account.active,
        "stack": estate.stack_in(account).value,
        "code": find_code_hash(estate, account),
        "pack": estate.pack.find(account.id).value,
        "seen": well is not None,
        "runbook": well.runbook.default if well and well.runbook else None,
        "last_success": utc(runs.success) if runs and runs.success else None,
        "last_failure": utc(runs.failure) if runs and runs.failure else None,
        "errors": well.errors if well else None,
    }


def show_time(moment: datetime | None) -> str:
    """Return a time in UTC that may be folded after its date; "none" for none."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%MZ}" if moment else "none"
