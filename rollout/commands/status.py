"""The verb `status`: what stands now, account by account, and how it differs from this checkout."""

import argparse
from collections.abc import Mapping
from datetime import UTC, datetime

from rollout.code.bucket import build_code
from rollout.commands.options import add_place_options
from rollout.deployment.standing import Standing, read_standing
from rollout.names import PACK, STACK, STACK_SET, TEMPLATE_FILE, name_program
from rollout.organization.accounts import Account
from rollout.output.progress import Fault, Story
from rollout.packs.readback import Health
from rollout.packs.template import REVISION, render_pack


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.epilog = "Exit code: 0 every account is fine, 1 some are not, 2 not allowed to look."
    add_place_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Return 1 when an account is not fine or differs from this checkout, else 0."""
    story = Story(arguments.format)
    standing = read_standing(arguments, story)
    code = build_code().name
    tell_drift(story, standing, code)
    rows = [describe(standing, account) for account in standing.accounts]
    with story.line(f"accounts: {len(rows)}") as line:
        line.find([fault for each in standing.accounts for fault in check(standing, each)])
    story.say()
    columns = list(rows[0]) if rows else ["account"]
    story.table([each.upper() for each in columns], [list(row.values()) for row in rows])
    return story.close(
        {
            "verb": "status",
            "organization": standing.organization.id if standing.organization else None,
            "region": standing.session.region,
            "accounts": rows,
        }
    )


def tell_drift(story: Story, standing: Standing, code: str) -> None:
    """Tell how what is deployed differs from this checkout."""
    template = TEMPLATE_FILE.read_text(encoding="utf-8")
    parts: list[tuple[str, bool, str, Mapping[str, str]]] = []
    if standing.organization:
        found = standing.stack_set
        parts.append((f"StackSet {STACK_SET}", found.exists, found.template, found.parameters))
    ordinary = standing.stack
    if ordinary.status or standing.organization is None:
        name = f"stack {STACK} in {standing.here}"
        parts.append((name, bool(ordinary.status), ordinary.template, ordinary.parameters))
    for name, exists, body, parameters in parts:
        with story.line(f"{name}, as in this checkout") as line:
            if not exists:
                line.find([Fault("it is not there", f"{name_program()} deploy")], "MISSING")
                continue
            faults = []
            if body.strip() != template.strip():
                faults.append(Fault(f"its template is not this checkout's {TEMPLATE_FILE.name}"))
            if parameters.get("CodeKey") != code:
                faults.append(Fault(f"its code is {parameters.get('CodeKey')}, here it is {code}"))
            line.find(faults, "DIFFERENT")
    with story.line(f"conformance pack {PACK}, as in this checkout") as line:
        pack = standing.pack
        if not pack.exists:
            line.find([Fault("it is not there", f"{name_program()} deploy")], "MISSING")
            return
        known = {
            render_pack(
                standing.session.account, standing.session.partition, {}, function_by=by
            ).revision: by
            for by in ("name", "export")
        }
        revision = pack.parameters.get(REVISION, "(none)")
        if revision not in known:
            line.find([Fault(f"its revision is {revision}, here it is {next(iter(known))}")])
        values = [f"{key}={value}" for key, value in pack.parameters.items() if key != REVISION]
        line.notes.append(", ".join(values))


def check(standing: Standing, account: Account) -> list[Fault]:
    """Return what is not fine in an account."""
    if not account.active:
        return []
    stack, pack = standing.stack_state(account), standing.pack.accounts.get(account.id)
    faults = []
    if not stack and pack is not None:
        text = f"{account}: it has the pack but no function"
        faults.append(Fault(f"{text}; it joined elsewhere since: deploy there, or --exclude it"))
    elif stack == "failed" and account == standing.here:
        faults.append(Fault(f"{account}: the stack: {standing.stack.status}"))
    elif stack not in ("current", "not seen"):
        instance = standing.stack_set.instances.get(account.id)
        reason = f": {instance.reason}" if instance and instance.reason else ""
        faults.append(Fault(f"{account}: the stack is {stack or 'missing'}{reason}"))
    if pack is None:
        if account.id not in standing.pack.excluded and standing.pack.exists:
            faults.append(Fault(f"{account}: AWS Config shows no status of the pack"))
    elif pack.state != "ok":
        faults.append(Fault(f"{account}: the pack: {pack.word}: {pack.reason or 'no reason'}"))
    health = standing.health.get(account.id)
    if isinstance(health, Health):
        faults += check_health(account, health)
    return faults


def check_health(account: Account, health: Health) -> list[Fault]:
    """Return what is not fine with the runs in an account."""
    faults = []
    success = health.last_success or datetime.min.replace(tzinfo=UTC)
    if health.last_failure and health.last_failure > success:
        faults.append(Fault(f"{account}: the rule's last run failed: {health.failure}"))
    if health.errors:
        faults.append(
            Fault(
                f"{account}: the function failed {health.errors} times in the last day; its log"
                " says why"
            )
        )
    if not health.runbook:
        faults.append(Fault(f"{account}: the runbook is not there"))
    elif "latest" in health.runbook:
        latest = health.runbook.rpartition(" ")[2].rstrip(")")
        faults.append(
            Fault(
                f"{account}: the runbook's default version is {health.runbook}; in that account:",
                "aws ssm update-document-default-version --name iam-user-no-setup-access-key"
                f" --document-version {latest}",
            )
        )
    return faults


def describe(standing: Standing, account: Account) -> dict[str, str]:
    """Return an account's row of the table."""
    pack = standing.pack.accounts.get(account.id)
    stack = standing.stack_state(account)
    health = standing.health.get(account.id)
    source = standing.stack if account == standing.here else standing.stack_set
    code = source.parameters.get("CodeKey", "") if stack == "current" else ""
    row = {
        "account": account.id,
        "name": account.name,
        "stack": stack if stack in ("current", "not seen") else (stack or "missing").upper(),
        "code": code.removeprefix(f"{STACK}-").removesuffix(".zip") or "-",
        "pack": "MISSING" if pack is None else "ok" if pack.state == "ok" else pack.state.upper(),
    }
    if not account.active:
        # AWS leaves it out by itself: nothing is missing there.
        row |= {"stack": stack or "-", "pack": pack.state if pack else "-"}
    if isinstance(health, Health):
        return row | {
            "runbook": health.runbook or "none",
            "last success": tell_time(health.last_success),
            "last failure": tell_time(health.last_failure),
            "errors": str(health.errors),
        }
    words = ("runbook", "last success", "last failure", "errors")
    return row | dict.fromkeys(words, "not seen")


def tell_time(moment: datetime | None) -> str:
    """Return a time in UTC, "none" for none."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else "none"
