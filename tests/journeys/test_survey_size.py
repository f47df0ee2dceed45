"""What a survey of 305 accounts costs in calls; apart, as one cloud at a time can be open."""

from collections import Counter

import pytest

from tests.support.organizations import REGION, ROLE, SANDBOX, SHOP, open_estate, run
from tests.support.planted import plant
from tests.support.workshop import Workshop, act_in_process
from tools.happenings import add_aggregator


@pytest.mark.slow
@pytest.mark.parametrize(
    ("verb", "bound"),
    [
        ("report", {"config": 20, "organizations": 25, "sts": 1, "iam": 0}),
        (f"report --source members --member-role {ROLE}", {"sts": 305, "config": 1240, "iam": 12}),
        (
            f"remediate --dry-run --member-role {ROLE}",
            {"sts": 310, "config": 640, "iam": 45, "ssm": 9},
        ),
        (f"evaluate --organization --member-role {ROLE}", {"sts": 305, "iam": 1260, "config": 0}),
    ],
)
def test_what_305_accounts_cost(
    monkeypatch: pytest.MonkeyPatch, verb: str, bound: dict[str, int]
) -> None:
    with open_estate(accounts=300) as estate:
        monkeypatch.setattr("time.sleep", estate.sleep)
        plant(estate)
        add_aggregator(estate)
        workshop = Workshop(estate)
        act_in_process(workshop, monkeypatch)
        for account in (SHOP, SANDBOX):
            workshop.install(account)
        for account in estate.organization.members:
            estate.members.config(account, REGION).iam.report.hurry()
        with estate.cloud.calls.since_now() as calls:
            run(verb, documented=False)
        # A busy machine drops a connection now and then, and botocore calls once more.
        first = [each for each in calls.made() if each.attempt == 1]
        cost = Counter(each.service for each in first)
    assert {service: cost[service] for service in bound if cost[service] > bound[service]} == {}
