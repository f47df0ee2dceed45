"""What goes wrong every day is told in a sentence that says what to do."""

import pytest
from botocore import exceptions
from botocore.parsers import ResponseParserError

from rollout.aws.failures import translate
from rollout.errors import explain
from tests.support.organizations import Estate, run

GO_ON = "and run the same command again; it goes on."


def answer(code: str) -> exceptions.ClientError:
    return exceptions.ClientError({"Error": {"Code": code, "Message": "No."}}, "ListUsers")


@pytest.mark.parametrize(
    ("error", "begins", "ends"),
    [
        pytest.param(
            answer("ExpiredToken"),
            "Your credentials have expired (ExpiredToken).",
            f"Sign in again (aws sso login --profile audit) {GO_ON}",
            id="the token has expired",
        ),
        pytest.param(
            answer("InvalidClientTokenId"),
            "AWS does not accept these credentials (InvalidClientTokenId):",
            "shows who they are.",
            id="the key is not known",
        ),
        pytest.param(
            exceptions.NoCredentialsError(),
            "There are no AWS credentials to use (Unable to locate credentials).",
            "or sign in (aws sso login --profile audit).",
            id="there are no credentials",
        ),
        pytest.param(
            exceptions.UnauthorizedSSOTokenError(),
            "You are not signed in (",
            f"Run aws sso login --profile audit {GO_ON}",
            id="the SSO session has expired",
        ),
        pytest.param(
            exceptions.SSOTokenLoadError(error_msg="no token"),
            "You are not signed in (",
            f"Run aws sso login --profile audit {GO_ON}",
            id="nobody has signed in by SSO",
        ),
        pytest.param(
            exceptions.ProfileNotFound(profile="audit"),
            "The config profile (audit) could not be found.",
            "shows those that there are.",
            id="there is no such profile",
        ),
        pytest.param(
            exceptions.NoRegionError(),
            "You must specify a region.",
            "Give a Region such as us-east-1 with --region or AWS_REGION.",
            id="no Region is set",
        ),
        pytest.param(
            exceptions.InvalidRegionError(region_name="us east 1"),
            "Provided region_name 'us east 1'",
            "Give a Region such as us-east-1 with --region or AWS_REGION.",
            id="the Region is misspelt",
        ),
        pytest.param(
            exceptions.EndpointConnectionError(endpoint_url="https://iam.eu-wst-1.amazonaws.com"),
            "AWS cannot be reached: Could not connect to the endpoint URL:",
            f"at the Region's name, {GO_ON}",
            id="there is no network, or no such Region",
        ),
        pytest.param(
            exceptions.ReadTimeoutError(endpoint_url="https://iam.amazonaws.com"),
            "AWS cannot be reached: Read timeout on endpoint URL:",
            f"at the Region's name, {GO_ON}",
            id="AWS does not answer",
        ),
        pytest.param(
            exceptions.ProxyConnectionError(proxy_url="http://proxy:3128"),
            "AWS cannot be reached: Failed to connect to proxy URL:",
            f"at the Region's name, {GO_ON}",
            id="the proxy cannot be reached",
        ),
        pytest.param(
            ResponseParserError("Unable to parse response, invalid XML received:\nb'<html>'"),
            "What answered is not AWS:",
            "(Unable to parse response, invalid XML received: b'<html>')",
            id="a proxy answers with a page",
        ),
        pytest.param(
            answer("MalformedPolicyDocument"),
            "An error occurred (MalformedPolicyDocument) when calling the ListUsers operation: No.",
            "No.",
            id="anything else is AWS's own sentence",
        ),
    ],
)
def test_it_is_one_sentence_that_says_what_to_do(error: Exception, begins: str, ends: str) -> None:
    sentence, code = explain(error, "audit")
    assert sentence.startswith(begins), sentence
    assert sentence.endswith(ends), sentence
    assert "\n" not in sentence
    assert code == 2


def test_without_a_profile_the_one_of_the_environment_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "prod")
    assert "aws sso login --profile prod" in str(translate(exceptions.NoCredentialsError()))
    monkeypatch.delenv("AWS_PROFILE")
    assert "(aws sso login)" in str(translate(exceptions.NoCredentialsError()))


def test_what_is_not_botocore_s_is_not_translated() -> None:
    assert translate(RuntimeError("torn")) is None


@pytest.mark.parametrize("verb", ["check", "status", "evaluate", "deploy", "remove --yes"])
def test_credentials_that_expire_on_the_way_end_a_verb_with_what_to_do(
    estate: Estate, verb: str
) -> None:
    estate.cloud.faults.fail("", "", "ExpiredToken", times=None)
    outcome = run(f"{verb}", documented=False)
    assert (outcome.code, outcome.err.splitlines()[-1]) == (
        2,
        "python -m rollout: Your credentials have expired (ExpiredToken). Sign in again"
        " (aws sso login) and run the same command again; it goes on.",
    )


def test_credentials_that_expire_in_the_middle_are_not_one_thing_that_was_not_seen(
    estate: Estate,
) -> None:
    estate.cloud.faults.fail("", "DescribeOrganization", "ExpiredToken", times=None)
    outcome = run("check", documented=False)
    assert outcome.code == 2
    assert "Your credentials have expired" in outcome.err
    assert "not seen" not in outcome.out
