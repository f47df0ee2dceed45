"""What the service control policies of guardrails/scp/ deny, as requests to ask of any policies.

Who asks is somebody whom no policy names: a role, a user and the root user of the account.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from botocore.loaders import create_loader
from botocore.utils import ArnParser

from rollout.aws.iam_actions import find_action
from rollout.names import DOCUMENT, FUNCTION, PACK, REMEDIATION, STACK, STACK_SET
from rollout.organization.denials import Attempt, like, listed
from rule.exception_tags import EXCEPTION_TAGS
from rule.quarantine import QUARANTINE_TAG

TAGS, RULE, CONFIG = "exception-tags.json", "the-rule.json", "config.json"
WRITER = f"role/{FUNCTION}-remediator"
"""The remediation function's role, which has to stay able to write its own tags."""
NOBODY = ("role/nobody-whom-a-policy-names", "user/nobody-whom-a-policy-names", "root")
KEY = f"{QUARANTINE_TAG}AKIAIOSFODNN7EXAMPLE"
ATTEMPT_WORDS = {
    "ExceptionTags": "writing exceptions",
    "QuarantineTags": "writing quarantines",
    "Function": "changing the functions",
    "Invocation": "invoking the functions",
    "Roles": "changing or passing the roles",
    "Runbook": "changing the runbook",
    "PackAndStacks": "changing pack and stacks",
    "LogsAndAlarm": "changing logs and alarms",
    "RulesAndRemediation": "changing AWS Config's rules",
    "Recorder": "stopping the recorder",
}
"""What each statement of the files keeps others from; the ones left out judge nothing more."""
USER = ("arn:{partition}:iam::{account}:user/anybody",)
RESOURCES: Mapping[str, tuple[str, ...]] = {
    "ExceptionTags": USER,
    "QuarantineTags": USER,
    "Function": tuple(
        f"arn:{{partition}}:lambda:{{region}}:{{account}}:function:{name}"
        for name in (FUNCTION, REMEDIATION)
    ),
    "Roles": tuple(
        f"arn:{{partition}}:iam::{{account}}:role/{name}"
        for name in (
            f"{FUNCTION}-evaluator",
            f"{FUNCTION}-remediation",
            f"{FUNCTION}-remediator",
            "stacksets-exec-0123456789abcdef0123456789abcdef",
        )
    ),
    "Runbook": (f"arn:{{partition}}:ssm:{{region}}:{{account}}:document/{DOCUMENT}",),
    "PackAndStacks": tuple(
        f"arn:{{partition}}:{service}:{{region}}:{{account}}:{name}"
        for service, name in (
            ("cloudformation", f"stack/StackSet-{STACK_SET}-0f1e2d3c/4b5a"),
            ("cloudformation", f"stack/{STACK}/4b5a"),
            ("config", f"conformance-pack/OrgConformsPack-{PACK}-ab12cd34/cp-1"),
        )
    ),
    "LogsAndAlarm": (
        *(
            f"arn:{{partition}}:logs:{{region}}:{{account}}:log-group:/aws/lambda/{name}"
            for name in (FUNCTION, REMEDIATION)
        ),
        *(
            f"arn:{{partition}}:cloudwatch:{{region}}:{{account}}:alarm:{name}"
            for name in (FUNCTION, REMEDIATION)
        ),
    ),
    "RulesAndRemediation": (
        "arn:{partition}:config:{region}:{account}:config-rule/config-rule-ab12cd",
    ),
    "Recorder": ("arn:{partition}:config:{region}:{account}:configuration-recorder/default/1",),
}
TAG_KEYS = {"ExceptionTags": EXCEPTION_TAGS, "QuarantineTags": (KEY,)}


@dataclass(frozen=True)
class Address:
    """Where requests are asked for."""

    partition: str
    region: str
    account: str

    def fill(self, arn: str) -> str:
        """Return an ARN of this place."""
        return arn.format(partition=self.partition, region=self.region, account=self.account)


def list_attempts(file: str, at: Address) -> Iterator[tuple[str, str, list[Attempt]]]:
    """Yield what a file denies: the statement, the action, and who tries it on what."""
    for sid, action in read_actions(file):
        arns = [
            at.fill(arn)
            for arn in RESOURCES["Function" if sid == "Invocation" else sid]
            if ArnParser().parse_arn(arn)["service"] == action.partition(":")[0]
        ]
        keys = [each for key in TAG_KEYS.get(sid, ()) for each in spell(key)] or [()]
        yield (
            sid,
            action,
            [
                Attempt(action, arn, at.fill(f"arn:{{partition}}:iam::{{account}}:{who}"), tags)
                for arn in arns
                for who in NOBODY
                for tags in keys
            ],
        )


def spell(key: str) -> tuple[tuple[str, ...], ...]:
    """Return how a tag is written: alone, beside another, and in other letters (IAM knows none)."""
    return (key,), ("team", key), (key.title(),)


def write_own_tags(at: Address) -> list[Attempt]:
    """Return what the remediation function has to be let do."""
    who = at.fill(f"arn:{{partition}}:iam::{{account}}:{WRITER}")
    return [
        Attempt(f"iam:{action}", at.fill(USER[0]), who, (KEY,))
        for action in ("TagUser", "UntagUser")
    ]


@cache
def read_actions(file: str) -> tuple[tuple[str, str], ...]:
    """Return the statements' names in one of our files, each with the actions that it denies."""
    policy = json.loads((files("guardrails") / "scp" / file).read_text(encoding="utf-8"))
    return tuple(
        (each["Sid"], action)
        for each in policy["Statement"]
        if each["Sid"] in ATTEMPT_WORDS
        for pattern in listed(each["Action"])
        for action in expand(pattern)
    )


@cache
def expand(pattern: str) -> tuple[str, ...]:
    """Return the actions that botocore knows of a pattern; one without a wildcard is itself."""
    service, _, name = pattern.partition(":")
    if "*" not in name:
        return (pattern,)
    found = (find_action(service, each) for each in read_operations(service) if like(name, each))
    return tuple(dict.fromkeys(found))


@cache
def read_operations(service: str) -> tuple[str, ...]:
    """Return the operations of a service, as botocore's model has them."""
    return tuple(create_loader().load_service_model(service, "service-2")["operations"])
