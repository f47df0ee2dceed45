"""What a service's model does not allow is refused before any service is asked."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from emulator import Account


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "code"),
    [
        pytest.param("iam", "list_users", {"MaxItems": 1001}, "ValidationError", id="of a query"),
        pytest.param(
            "organizations",
            "list_accounts",
            {"MaxResults": 21},
            "ValidationException",
            id="of JSON",
        ),
        pytest.param(
            "config",
            "start_config_rules_evaluation",
            {"ConfigRuleNames": ["r"] * 26},
            "ValidationException",
            id="a list that is too long",
        ),
        pytest.param(
            "lambda",
            "list_functions",
            {"FunctionVersion": "2"},
            "ValidationException",
            id="of REST",
        ),
    ],
)
def test_an_input_that_no_model_allows_is_refused_by_every_service(
    account: Account, service: str, operation: str, parameters: dict[str, Any], code: str
) -> None:
    with pytest.raises(ClientError, match="1 validation error detected") as error:
        getattr(boto3.client(service), operation)(**parameters)
    assert error.value.response["Error"]["Code"] == code
    assert [call.error for call in account.calls.made()] == [code]
