"""Planted users in an emulated organization, and what AWS Config holds of them once it has judged.

The results are what the rule itself says of the emulated users: nobody writes a sentence here.
"""

from datetime import datetime, timedelta

from emulator.config.models import Config
from emulator.config.results import Results
from emulator.iam.users import AccessKey
from emulator.iam.users import User as Emulated
from rollout.names import RULE
from rule.decision import judge
from rule.facts import Key, User
from rule.parameters import Policy, parse_parameters
from rule.quarantine import QUARANTINE_TAG
from tests.support.organizations import BANK, NOW, REGION, SANDBOX, SHOP, World, run

MADE = datetime.fromisoformat("2026-04-01T08:00:00Z")
EXCEPTION = {
    "no-setup-access-key:exception-owner": "team-payments",
    "no-setup-access-key:exception-expires": "2026-10-31",
    "no-setup-access-key:exception-reason": "migration",
}
ADMINISTRATOR = (
    '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'
)


def add_user(estate: World, account: str, name: str, *, age_hours: float | None = None) -> Emulated:
    """Add a user with a password and a never-used key that was made with him."""
    iam = estate.members.config(account, REGION).iam
    created = MADE if age_hours is None else NOW - timedelta(hours=age_hours)
    user = iam.add_user(name, created=created, password=created)
    iam.add_key(user, created=created + timedelta(seconds=4))
    return user


def find_keys(user: Emulated) -> list[AccessKey]:
    """Return the keys of an emulated user."""
    return [key for key in user.access_keys if isinstance(key, AccessKey)]


def find_user(config: Config, name: str) -> Emulated:
    """Return an emulated user by name."""
    (found,) = (user for user in config.iam.users.values() if user.name == name)
    assert isinstance(found, Emulated)
    return found


def plant(estate: World, *, deployed: bool = False) -> None:
    """Deploy, and let every state stand somewhere: see the names."""
    if not deployed:
        assert run("deploy --yes", documented=False).code == 3
        add_user(estate, SHOP, "ben.idle")
    shop = estate.members.config(SHOP, REGION).iam
    boss = add_user(estate, SHOP, "adam.boss")
    group = shop.create_group("admins", "/")
    shop.put_group_policy("admins", "everything", ADMINISTRATOR)
    shop.add_user_to_group(group.name, boss.name)
    waits = add_user(estate, SHOP, "finn.new", age_hours=1)
    assert waits.name == "finn.new"
    quarantined = add_user(estate, BANK, "gil.returns")
    (key,) = find_keys(quarantined)
    key.status = "Inactive"
    start, end = ("2026-08-30T12:00:00Z", "2026-09-06T12:00:00Z")
    quarantined.tag_values[QUARANTINE_TAG + key.access_key_id] = f"{start} until {end}"
    add_user(estate, BANK, "dan.waiver").tag_values.update(EXCEPTION)
    add_user(estate, SANDBOX, "zoe.test")
    ada = add_user(estate, SANDBOX, "ada.uses")
    find_keys(ada)[0].record_use(NOW - timedelta(days=3))
    for account in estate.organization.members:
        evaluate(estate.members.config(account, REGION), NOW)


def put_result(
    results: Results, user_id: str, compliance: str, now: datetime, annotation: str = ""
) -> None:
    """Let AWS Config hold this of a user, as the rule would put it."""
    evaluation = {
        "ComplianceResourceType": "AWS::IAM::User",
        "ComplianceResourceId": user_id,
        "ComplianceType": compliance,
        "OrderingTimestamp": now.timestamp(),
    }
    results.put(evaluation | ({"Annotation": annotation} if annotation else {}), now)


def evaluate(config: Config, now: datetime, policy: Policy | None = None) -> None:
    """Put what the rule says of every user with a password, as its scheduled run does."""
    for rule in [each for each in config.config_rules if each.startswith(RULE)]:
        results = config.results(rule)
        results.clear()
        for user in config.iam.users.values():
            verdict = judge(read_facts(user), policy or parse_parameters({}), now)
            put_result(results, user.id, verdict.compliance, now, verdict.annotation)
        config.runs[rule] = {"LastSuccessfulEvaluationTime": now.timestamp()}


def read_facts(user: Emulated) -> User:
    """Return the facts that a live read would give."""
    keys = tuple(
        Key(
            each.access_key_id,
            each.create_date,
            each.status,
            each.last_used.timestamp if each.last_used else None,
        )
        for each in user.access_keys
    )
    return User(
        user.name,
        user.id,
        user.arn,
        user.create_date,
        user.password is not None,
        keys,
        dict(user.tag_values),
    )
