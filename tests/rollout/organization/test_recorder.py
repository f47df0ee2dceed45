from typing import Any

import pytest

from rollout.organization.recorder import is_daily, records_users


@pytest.mark.parametrize(
    ("group", "records"),
    [
        pytest.param({"allSupported": True, "includeGlobalResourceTypes": True}, True, id="all"),
        pytest.param(
            {"allSupported": True, "includeGlobalResourceTypes": False},
            False,
            id="all but global types",
        ),
        pytest.param({"resourceTypes": ["AWS::IAM::User"]}, True, id="users named"),
        pytest.param({"resourceTypes": ["AWS::EC2::Instance"]}, False, id="others named"),
        pytest.param(
            {
                "allSupported": False,
                "recordingStrategy": {"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"},
                "exclusionByResourceTypes": {"resourceTypes": ["AWS::EC2::Instance"]},
            },
            True,
            id="all but others",
        ),
        pytest.param(
            {
                "recordingStrategy": {"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"},
                "exclusionByResourceTypes": {"resourceTypes": ["AWS::IAM::User"]},
            },
            False,
            id="all but users",
        ),
        pytest.param(
            {
                "recordingStrategy": {"useOnly": "INCLUSION_BY_RESOURCE_TYPES"},
                "resourceTypes": ["AWS::IAM::User"],
            },
            True,
            id="only users",
        ),
        pytest.param({}, False, id="nothing said"),
    ],
)
def test_a_group_records_users_when_it_says_so(group: dict[str, Any], records: bool) -> None:
    assert records_users(group) is records


@pytest.mark.parametrize(
    ("mode", "daily"),
    [
        pytest.param({}, False, id="nothing said"),
        pytest.param({"recordingFrequency": "DAILY"}, True, id="daily"),
        pytest.param(
            {
                "recordingFrequency": "DAILY",
                "recordingModeOverrides": [
                    {"resourceTypes": ["AWS::IAM::User"], "recordingFrequency": "CONTINUOUS"}
                ],
            },
            False,
            id="daily, but users continuously",
        ),
    ],
)
def test_an_override_for_users_wins(mode: dict[str, Any], daily: bool) -> None:
    assert is_daily(mode) is daily
