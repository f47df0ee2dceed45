"""What goes wrong every day is told in a sentence that says what to do."""

import sys
from pathlib import Path

import pytest
from botocore import exceptions
from botocore.parsers import ResponseParserError

from rollout.__main__ import main
from rollout.aws.failures import translate
from rollout.commands.examples import EXAMPLES
from rollout.errors import explain_error
from tests.support.organizations import World, run

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
            answer("ThrottlingException"),
            "AWS answered ListUsers with ThrottlingException time and again. Wait a minute",
            "run the same command again; it goes on where it stopped.",
            id="AWS throttles for long",
        ),
        pytest.param(
            exceptions.ConfigParseError(path="/home/ann/.aws/config"),
            "Unable to parse config file: /home/ann/.aws/config.",
            "Mend that file, or name another with AWS_CONFIG_FILE.",
            id="the configuration file is damaged",
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
    sentence, code = explain_error(error, "audit")
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
    estate: World, verb: str
) -> None:
    estate.cloud.faults.fail("", "", "ExpiredToken", times=None)
    outcome = run(f"{verb}", documented=False)
    assert (outcome.code, outcome.err.splitlines()[-1]) == (
        2,
        "python -m rollout: Your credentials have expired (ExpiredToken). Sign in again"
        " (aws sso login) and run the same command again; it goes on.",
    )


def test_credentials_that_expire_in_the_middle_are_not_one_thing_that_was_not_seen(
    estate: World,
) -> None:
    estate.cloud.faults.fail("", "DescribeOrganization", "ExpiredToken", times=None)
    outcome = run("check", documented=False)
    assert outcome.code == 2
    assert "Your credentials have expired" in outcome.err
    assert "not seen" not in outcome.out


MONDAY = (
    exceptions.NoCredentialsError(),
    exceptions.UnauthorizedSSOTokenError(),
    exceptions.TokenRetrievalError(provider="sso", error_msg="it has expired"),
    exceptions.EndpointConnectionError(endpoint_url="https://config.us-east-1.amazonaws.com/"),
    answer("ExpiredToken"),
    answer("InvalidClientTokenId"),
    answer("ThrottlingException"),
)
IDENTITY = {"Account": "111122223333", "Arn": "arn:aws:iam::111122223333:user/ann", "UserId": "A"}
OFFLINE = ("prevent", "demo")
LINES = [f"{verb} {examples[0][0]}" for verb, examples in EXAMPLES.items() if verb not in OFFLINE]


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine with credentials and a profile "audit", of which no call reaches anything."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["rollout"])
    Path("config").write_text("[profile audit]\naws_access_key_id = A\naws_secret_access_key = x\n")
    for name, value in {
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_ACCESS_KEY_ID": "A",
        "AWS_SECRET_ACCESS_KEY": "x",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.mark.slow
@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize("line", LINES)
def test_every_verb_says_it_in_these_words_at_its_first_call_and_at_every_later_one(
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    profile = "audit" if "--profile" in line else ""
    # Nobody is there to be asked.
    line += " --dry-run" * line.startswith("restore")
    for error, is_first in ((MONDAY[0], True), *((each, False) for each in MONDAY)):

        def call(_: object, name: str, __: object, known: bool = not is_first) -> object:
            if known and name == "GetCallerIdentity":
                return IDENTITY
            raise error  # noqa: B023 (called before the next turn)

        monkeypatch.setattr("botocore.client.BaseClient._make_api_call", call)
        code = main(line.split())
        told = " ".join("".join(capsys.readouterr()).split())
        assert (code, str(translate(error, profile)) in told) == (2, True), told


@pytest.mark.usefixtures("desk")
def test_a_misspelt_region_is_told_with_the_nearest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def call(*_: object) -> object:
        raise exceptions.EndpointConnectionError(endpoint_url="https://sts.eu-wst-1.amazonaws.com/")

    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", call)
    assert main(["check", "--region", "eu-wst-1"]) == 2
    assert "eu-wst-1 is no Region known here: is it eu-west-1?" in capsys.readouterr().err
    assert main(["check", "--region", "eu-west-1"]) == 2
    assert "no Region known" not in capsys.readouterr().err
