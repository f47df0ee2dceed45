"""Sets the process check that AWS's CIS packs leave to a person to what a scheduled run found.

It never costs the evaluation: its results are put before, whatever fails here is logged and
counted, and every call is short. Nothing is said COMPLIANT after a run that did not read everybody.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from botocore.config import Config

from rule.counted import count, count_of
from rule.metrics import print_metrics
from rule.parameters import Policy
from rule.tally import Tally

if TYPE_CHECKING:
    from types_boto3_config import ConfigServiceClient
    from types_boto3_config.type_defs import ConfigRuleOutputTypeDef

PROCESS_CHECK = "AWS_CONFIG_PROCESS_CHECK"
QUICKLY = Config(
    retries={"mode": "standard", "total_max_attempts": 2}, connect_timeout=3, read_timeout=5
)
SECONDS_A_CALL = 20.0
"""What a call takes at worst, with its second attempt."""
SUFFIX = re.compile("-conformance-pack-[a-z0-9]+$")
KEYS = {
    "SETUP_UNUSED": "an access key made at setup and never used",
    "UNUSED": "an access key never used",
    "SETUP": "an access key made at setup",
}
MAX_ANNOTATION = 256


class NotSet(Exception):
    """The process check keeps the result it has; the text says why."""


def attest(found: Tally, policy: Policy) -> tuple[Literal["COMPLIANT", "NON_COMPLIANT"], str]:
    """Return what is true of the account, and the sentence that counts. Raises NotSet."""
    if not found.whole and not found.findings:
        raise NotSet("The run found nothing, but it did not read every user.")
    many = count_of(found.findings, found.users, "console user")
    if not found.whole:
        many = f"At least {count(found.findings, 'console user')}"
    have = "has" if found.findings == 1 or (found.whole and found.users == 1) else "have"
    others = (
        (found.excepted, "with an exception"),
        (found.waiting, "waiting"),
        (found.quarantined, "in quarantine"),
    )
    besides = ", ".join(f"{number} {what}" for number, what in others if number)
    said = f"{many} {have} {KEYS[policy.criterion]}"
    unread = "" if found.whole else "; not every user could be read"
    texts = [f"{said}{unread}; rule {found.rule}."]
    if besides:
        texts.insert(0, f"{said}, not counting {besides}{unread}; rule {found.rule}.")
    fitting = next((each for each in texts if len(each) <= MAX_ANNOTATION), f"{said}{unread}.")
    return ("NON_COMPLIANT" if found.findings else "COMPLIANT"), fitting


def set_process_checks(
    make_config: "Callable[..., ConfigServiceClient]",
    policy: Policy,
    found: Tally,
    seconds_left: Callable[[], float],
    dimension: tuple[str, str],
) -> None:
    """Set the process checks that the policy names; print what was set, and each that was not.

    `make_config` returns a client of AWS Config with the given configuration. Raises nothing.
    """
    prefix, done, faults = policy.process_check_rule, 0, list[str]()

    def hurry() -> None:
        if seconds_left() < SECONDS_A_CALL:
            raise NotSet("The function's time is nearly over.")

    try:
        compliance, annotation = attest(found, policy)
        config = make_config(config=QUICKLY)
        names, faults = choose_process_checks(prefix, list(read_rules(config, prefix, hurry)))
        for name in names:
            try:
                hurry()
                config.put_external_evaluation(
                    ConfigRuleName=name,
                    ExternalEvaluation={
                        "ComplianceResourceType": "AWS::::Account",
                        "ComplianceResourceId": found.account,
                        "ComplianceType": compliance,
                        "Annotation": annotation,
                        "OrderingTimestamp": found.at,
                    },
                )
            except Exception as error:
                faults.append(f"{name}: {error}")
                continue
            done += 1
            _print("INFO", "process check set", name, compliance=compliance, annotation=annotation)
    except Exception as error:
        faults.append(str(error))
    for fault in faults:
        _print("ERROR", "process check not set", prefix, error=fault)
    print_metrics(dimension, {"ProcessChecksSet": done, "ProcessChecksNotSet": len(faults)})


def read_rules(
    config: "ConfigServiceClient", prefix: str, hurry: Callable[[], None]
) -> "Iterator[ConfigRuleOutputTypeDef]":
    """Yield the account's rules whose names begin so; a call for each 25 rules of the account."""
    hurry()
    for page in config.get_paginator("describe_config_rules").paginate():
        yield from (
            each for each in page["ConfigRules"] if each["ConfigRuleName"].startswith(prefix)
        )
        hurry()


def choose_process_checks(
    prefix: str, rules: "Sequence[ConfigRuleOutputTypeDef]"
) -> tuple[list[str], list[str]]:
    """Return the names of the process checks to set, and what is wrong with the others.

    The same check stands in several packs, and is set in each. Checks of different names are
    different controls: then none is set, as one of them would be attested by mistake.
    """
    exact = [each for each in rules if SUFFIX.sub("", each["ConfigRuleName"]) == prefix]
    rules = exact or rules
    checks = {
        each["ConfigRuleName"]: SUFFIX.sub("", each["ConfigRuleName"])
        for each in rules
        if each["Source"]["Owner"] == "AWS"
        and each["Source"].get("SourceIdentifier") == PROCESS_CHECK
    }
    if not rules:
        return [], [
            f'ProcessCheckRule is "{prefix}", and no rule here has a name that begins so. Give the'
            " beginning of the name of a process check, or nothing."
        ]
    if len(set(checks.values())) > 1:
        return [], [
            f'ProcessCheckRule is "{prefix}", with which several controls begin:'
            f" {', '.join(sorted(set(checks.values())))}. None was set: give the name of one."
        ]
    return list(checks), [
        f"Rule {name} is no process check (its source is not {PROCESS_CHECK}): it was not set."
        for each in rules
        if (name := each["ConfigRuleName"]) not in checks
    ]


def _print(level: str, message: str, rule: str, **told: str) -> None:
    print(json.dumps({"level": level, "message": message, "rule": rule, **told}))
