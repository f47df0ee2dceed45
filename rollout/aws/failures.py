"""What AWS's library says when AWS cannot be reached or will not know the caller, in our words.

Each sentence says what to do. The classes are botocore's own (botocore/exceptions.py); the codes
are those that services answer with (STS and Signature Version 4, "Common errors" of each API).
"""

import difflib
import os

import boto3
from botocore import exceptions
from botocore.parsers import ResponseParserError

AGAIN = "and run the same command again; it goes on"
EXPIRED = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
)
UNKNOWN_CALLER = frozenset(
    {
        "AuthFailure",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "NotSignedUp",
        "OptInRequired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
THROTTLED = frozenset(
    {
        "RequestLimitExceeded",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
WAIT = "Wait a minute and run the same command again; it goes on where it stopped."
NO_CREDENTIALS = (
    exceptions.NoCredentialsError,
    exceptions.PartialCredentialsError,
    exceptions.CredentialRetrievalError,
)
NOT_SIGNED_IN = (
    exceptions.SSOError,
    exceptions.TokenRetrievalError,
    exceptions.UnauthorizedSSOTokenError,
)
FINAL = (*NO_CREDENTIALS, *NOT_SIGNED_IN)
"""After these no other call will go better: nobody keeps one as the fault of one account."""
UNREACHABLE = (
    exceptions.ConnectionError,
    exceptions.HTTPClientError,
    exceptions.ProxyConnectionError,
)


def tell_error(error: Exception, profile: str = "") -> str:
    """Return any error that was caught, in our words where it is AWS's or botocore's."""
    return translate(error, profile) or " ".join(str(error).split())


def sign_in(profile: str) -> str:
    """Return the command that signs in again."""
    return f"aws sso login{f' --profile {profile}' if profile else ''}"


def tell_expired(code: str, profile: str = "") -> str:
    """Return what to do when AWS says that the credentials have expired."""
    profile = profile or os.environ.get("AWS_PROFILE", "")
    return f"Your credentials have expired ({code}). Sign in again ({sign_in(profile)}) {AGAIN}."


def translate(error: Exception, profile: str = "") -> str | None:
    """Return botocore's error as a sentence that says what to do; None for anything else.

    `profile` is the one asked for; without it, the one that the environment names.
    """
    profile = profile or os.environ.get("AWS_PROFILE", "")
    said = " ".join(str(error).split()).rstrip(".")
    if isinstance(error, exceptions.ClientError):
        return _translate_answer(error, profile)
    if isinstance(error, NOT_SIGNED_IN):
        return f"You are not signed in ({said}). Run {sign_in(profile)} {AGAIN}."
    if isinstance(error, NO_CREDENTIALS):
        return (
            f"There are no AWS credentials to use ({said}). Name a profile with --profile or"
            f" AWS_PROFILE, or sign in ({sign_in(profile)})."
        )
    if isinstance(error, exceptions.ProfileNotFound):
        return f"{said}. `aws configure list-profiles` shows those that there are."
    if isinstance(error, exceptions.ConfigParseError):
        return f"{said}. Mend that file, or name another with AWS_CONFIG_FILE."
    if isinstance(error, exceptions.NoRegionError | exceptions.InvalidRegionError):
        return f"{said}. Give a Region such as us-east-1 with --region or AWS_REGION."
    if isinstance(error, UNREACHABLE):
        return (
            f"AWS cannot be reached: {said}. Look at the network, at the proxy (HTTPS_PROXY) and at"
            f" the Region's name, {AGAIN}."
        )
    if isinstance(error, ResponseParserError):
        return (
            "What answered is not AWS: its answer is in none of AWS's forms. Look at the proxy"
            f" (HTTPS_PROXY) and at AWS_ENDPOINT_URL. ({said[:200]})"
        )
    return said if isinstance(error, exceptions.BotoCoreError) else None


def suggest_region(session: boto3.Session, region: str) -> str:
    """Return which Region may be meant by one that botocore does not know, "" where it knows it."""
    known = [
        each
        for partition in session.get_available_partitions()
        for each in session.get_available_regions("config", partition)
    ]
    if region in known:
        return ""
    near = difflib.get_close_matches(region, known, 1)
    return f" {region} is no Region known here" + (f": is it {near[0]}?" if near else ".")


def _translate_answer(error: exceptions.ClientError, profile: str) -> str:
    code = error.response.get("Error", {}).get("Code", "")
    if code in EXPIRED:
        return tell_expired(code, profile)
    if code in THROTTLED:
        return f"AWS answered {error.operation_name} with {code} time and again. {WAIT}"
    if code in UNKNOWN_CALLER:
        return (
            f"AWS does not accept these credentials ({code}): the key may be deleted, Inactive or"
            " misspelt, or the Region not switched on in this account. `aws sts"
            " get-caller-identity` shows who they are."
        )
    return str(error)
