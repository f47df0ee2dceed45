"""Administrator rights are seen where they are given outright, and nowhere else."""

import json
from urllib.parse import quote

import pytest

from rollout.findings.rights import Rights, allows_everything, is_administrator

ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param({"Statement": [ALL]}, True, id="a list of one"),
        pytest.param({"Statement": ALL}, True, id="a statement alone"),
        pytest.param({"Statement": [ALL | {"Action": ["s3:*", "*"]}]}, True, id="one of several"),
        pytest.param(quote(json.dumps({"Statement": ALL})), True, id="as AWS Config has it"),
        pytest.param({"Statement": ALL | {"Effect": "Deny"}}, False, id="denied"),
        pytest.param({"Statement": ALL | {"Action": "s3:*"}}, False, id="one service"),
        pytest.param({"Statement": ALL | {"Resource": "arn:x"}}, False, id="one resource"),
        pytest.param({"Statement": ALL | {"Condition": {"Bool": {}}}}, False, id="on a condition"),
        pytest.param({"Statement": {"Effect": "Allow", "NotAction": "*"}}, False, id="the others"),
        pytest.param("no policy", False, id="no json"),
        pytest.param("[]", False, id="no policy"),
        pytest.param({}, False, id="empty"),
    ],
)
def test_a_policy_that_allows_everything(document: str, expected: bool) -> None:
    assert allows_everything(document) is expected


def test_rights_come_directly_or_by_a_group_of_the_user() -> None:
    admins = {"admins": Rights(managed=("AdministratorAccess",)), "readers": Rights()}
    assert is_administrator(Rights(managed=("AdministratorAccess",)), {})
    assert is_administrator(Rights(groups=("readers", "admins")), admins)
    assert not is_administrator(Rights(groups=("readers", "gone")), admins)
    assert not is_administrator(Rights(managed=("ReadOnlyAccess",)), admins)
