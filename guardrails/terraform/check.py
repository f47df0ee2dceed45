"""The check of one Terraform plan: no active access key for a user who has a console password.

One name is one user only within one account. A name that is known only after apply is followed by
the configuration's references; where these leave more than one user, the finding says "may be".
"""

import json
import re
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache

from guardrails.json_documents import JsonDocument
from guardrails.judgement import PLAN, FileFinding, Judgement, Unreadable, join_judgements
from guardrails.terraform.holder import Holder, Holders, find_first_places
from guardrails.terraform.plan import ResourceInstance, TerraformPlan, read_plan
from guardrails.terraform.references import USER, References
from guardrails.terraform.stacks import STACKS, check_body
from guardrails.terraform.unseen import find_unseen_in_plan

KEY_RESOURCE = "aws_iam_access_key"
PROFILE = "aws_iam_user_login_profile"
MOST_NAMED = 5
_ADDRESS = re.compile(r'"address"\s*:\s*("(?:[^"\\]|\\.)*")')


def check_plan(document: JsonDocument, file: str, today: date) -> Judgement:
    """Return the judgement of one plan; raise Unreadable for one that cannot be judged."""

    @cache
    def read_lines() -> dict[str, int]:
        return _index_lines(document.text)

    def find_line(address: str) -> int:
        return document.line - 1 + read_lines().get(json.dumps(address), 1)

    try:
        plan = read_plan(document.value)
        judgement = Judgement(
            PLAN,
            list(_judge(plan, file, find_line)),
            list(find_unseen_in_plan(plan, file, find_line)),
            addresses=frozenset(key.address for key in plan.list_type(KEY_RESOURCE)),
        )
        inside = [
            check_body(s.address, s.values.get("template_body"), file, find_line(s.address), today)
            for kind in STACKS
            for s in plan.list_type(kind)
        ]
        return join_judgements([judgement, *inside])
    # Whatever a malformed plan makes this code stumble over, it must not look like a pass.
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise Unreadable(f"the plan is malformed: {error!r}") from error


def _judge(
    plan: TerraformPlan, file: str, find_line: Callable[[str], int]
) -> Iterator[FileFinding]:
    references = References(plan)
    users = {Holder(user.address): user.address for user in plan.list_type(USER)}
    for user in plan.list_type(USER):
        if isinstance(user.values.get("name"), str):
            users[_identify_name(plan, user, user.values["name"])] = user.address
    profiles = plan.list_type(PROFILE)
    first, alone = find_first_places(_identify(plan, references, each) for each in profiles)
    for key in plan.list_type(KEY_RESOURCE):
        # The default is Active, and a status that is not known yet may become Active.
        if key.values.get("status") == "Inactive":
            continue
        wanted = _identify(plan, references, key)
        common = wanted & first.keys()
        if not common:
            continue
        certain = len(wanted) == 1 and wanted <= alone.keys() and not min(wanted).is_dead_end
        named = sorted({users[identity] for identity in common if identity in users})
        name = join_names(named) or min(common).name
        message = _tell(key.address, name, certain)
        address = profiles[min(first[identity] for identity in common)].address
        yield FileFinding(
            *(file, find_line(key.address), name, key.address, message),
            *(file, find_line(address)),
        )


def join_names(named: list[str]) -> str:
    """Return who it may be; of many, the first few."""
    more = len(named) - MOST_NAMED
    return " or ".join([*named[:MOST_NAMED], *([f"one of {more} more"] if more > 0 else [])])


def _tell(key: str, user: str, certain: bool) -> str:
    if certain:
        return (
            f"{key} is an access key for {user}, who has a console password in the same plan."
            " Leave the key out and create it later, when it is asked for."
        )
    return (
        f"{key} may be an access key for {user}, who has a console password in the same plan: its"
        " user is known only after apply. Refer to the user directly, or leave the key out."
    )


def _identify(plan: TerraformPlan, references: References, instance: ResourceInstance) -> Holders:
    """Return who the user of this key or login profile may be; one identity where it is known."""
    name = instance.values.get("user")
    if isinstance(name, str):
        return frozenset({_identify_name(plan, instance, name)})
    return frozenset(
        each if each.is_dead_end else _identify_address(plan, each)
        for each in references.find_users(instance)
    )


def _identify_address(plan: TerraformPlan, user: Holder) -> Holder:
    instance = plan.instances.get(user.name)
    if instance is None or "name" not in instance.values:
        return user
    return _identify_name(plan, instance, instance.values["name"])


def _identify_name(plan: TerraformPlan, instance: ResourceInstance, name: str) -> Holder:
    # IAM's names are not distinguished by case (CreateUser, botocore's service model).
    return Holder(name.casefold(), plan.find_account(instance))


def _index_lines(text: str) -> dict[str, int]:
    """Return the line on which each address stands first, by its JSON."""
    lines, line, before = dict[str, int](), 1, 0
    for match in _ADDRESS.finditer(text):
        line += text.count("\n", before, match.start())
        before = match.start()
        lines.setdefault(match[1], line)
    return lines
