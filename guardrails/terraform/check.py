"""The check of one Terraform plan: no active access key for a user who has a console password.

One name is one user only within one account. A name that is known only after apply is followed by
the configuration's references; where these leave more than one user, the finding says "may be".
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from guardrails.finding import Finding, Unreadable
from guardrails.terraform.plan import Instance, Plan, read_plan
from guardrails.terraform.references import DEAD_END, USER, References

KEY = "aws_iam_access_key"
PROFILE = "aws_iam_user_login_profile"

Identities = frozenset[str]
"""Who a key or login profile may be for: a name in an account, an address, or a dead end."""


def check_plan(document: Any, text: str, file: str) -> list[Finding]:
    """Return the findings of one plan; raise Unreadable for one that cannot be judged.

    `document` is the parsed `text`, which only serves to tell lines.
    """
    try:
        return list(_judge(read_plan(document), text, file))
    # Whatever a malformed plan makes this code stumble over, it must not look like a pass.
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise Unreadable(f"the plan is malformed: {error!r}") from error


def _judge(plan: Plan, text: str, file: str) -> Iterator[Finding]:
    references = References(plan)
    users = {user.address: user.address for user in plan.list_type(USER)}
    for user in plan.list_type(USER):
        if isinstance(user.values.get("name"), str):
            users[_identify_name(plan, user, user.values["name"])] = user.address
    profiles = [_identify(plan, references, profile) for profile in plan.list_type(PROFILE)]
    for key in plan.list_type(KEY):
        # The default is Active, and a status that is not known yet may become Active.
        if key.values.get("status") == "Inactive":
            continue
        wanted = _identify(plan, references, key)
        for certain in (True, False):
            common = {
                identity
                for having in profiles
                for identity in wanted & having
                if certain == _is_certain(wanted, having)
            }
            if common:
                named = sorted({users[identity] for identity in common if identity in users})
                # The name without its account, for a user who is not in the plan.
                name = " or ".join(named) or min(common).lstrip(DEAD_END).partition(" in ")[0]
                message = _tell(key.address, name, certain)
                yield Finding(file, _find_line(text, key.address), name, key.address, message)
                break


def _is_certain(wanted: Identities, having: Identities) -> bool:
    return len(wanted | having) == 1 and not min(wanted).startswith(DEAD_END)


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


def _identify(plan: Plan, references: References, instance: Instance) -> Identities:
    """Return who the user of this key or login profile may be; one identity where it is known."""
    name = instance.values.get("user")
    if isinstance(name, str):
        return frozenset({_identify_name(plan, instance, name)})
    return frozenset(
        _identify_name(plan, plan.instances[target], plan.instances[target].values["name"])
        if target in plan.instances and "name" in plan.instances[target].values
        else target
        for target in references.find_users(instance)
    )


def _identify_name(plan: Plan, instance: Instance, name: str) -> str:
    # IAM's names are not distinguished by case (CreateUser, botocore's service model).
    return f"{name.casefold()} in {plan.find_account(instance)}"


def _find_line(text: str, address: str) -> int:
    match = re.search(rf'"address"\s*:\s*{re.escape(json.dumps(address))}', text)
    return text.count("\n", 0, match.start()) + 1 if match else 1
