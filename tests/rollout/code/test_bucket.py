"""The code bucket: nobody's private bucket is opened, and nobody's code is taken for ours."""

import json

import boto3
import pytest

from rollout.aws.session import open_session
from rollout.code import bucket as code_bucket
from rollout.code.bucket import (
    build_code,
    complete_bucket,
    delete_code,
    has_code,
    name_bucket,
    read_bucket,
    upload_code,
)
from rollout.names import FUNCTION
from tests.support.organizations import MANAGEMENT, REGION, SHOP, Estate, run

OURS = f"{FUNCTION}-{MANAGEMENT}-{REGION}"
ORGANIZATION = "o-exampleorg"


def put(bucket: str, key: str, body: bytes = b"x") -> None:
    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=body)


def test_a_zip_planted_under_the_name_of_our_code_is_not_taken_for_it(estate: Estate) -> None:
    session, code = open_session(None, REGION), build_code()
    boto3.client("s3").create_bucket(Bucket=OURS)
    assert not has_code(session, OURS, code.name)
    for planted in (b"PK planted", code.read_bytes() + b"x", code.read_bytes()[:-1]):
        put(OURS, code.name, planted)
        assert not has_code(session, OURS, code.name)
    upload_code(session, OURS, code)
    assert has_code(session, OURS, code.name)


def test_deploy_puts_its_own_code_in_the_place_of_a_planted_one(estate: Estate) -> None:
    session, code = open_session(None, REGION), build_code()
    complete_bucket(session, read_bucket(session, OURS, ORGANIZATION), ORGANIZATION)
    put(OURS, code.name, b"PK planted")
    outcome = run("deploy")
    assert outcome.result(f"code {code.name}") == "uploaded"
    assert boto3.client("s3").get_object(Bucket=OURS, Key=code.name)["Body"].read() == (
        code.read_bytes()
    )


def test_s3_gets_the_checksum_of_what_is_uploaded(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, code = open_session(None, REGION), build_code()
    boto3.client("s3").create_bucket(Bucket=OURS)
    sent = list[str]()
    events = session.s3.meta.events
    events.register(
        "before-call.s3.PutObject",
        lambda params, **_: sent.append(params["headers"]["x-amz-checksum-sha256"]),
    )
    upload_code(session, OURS, code)
    assert len(sent) == 1
    assert len(sent[0]) == 44


@pytest.mark.parametrize("policy", [False, True])
def test_a_bucket_that_somebody_names_is_never_opened(estate: Estate, policy: bool) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="finance-archive")
    put("finance-archive", "balance.csv")
    text = json.dumps({"Version": "2012-10-17", "Statement": []})
    if policy:
        s3.put_bucket_policy(Bucket="finance-archive", Policy=text)
    outcome = run("deploy --bucket finance-archive")
    told = outcome.below("code bucket finance-archive")
    assert outcome.code == 1
    assert [each.partition(" {")[0] for each in told] == [
        "bucket finance-archive: it is not closed",
        "bucket finance-archive: it is not versioned",
        "bucket finance-archive: it is not encrypted",
        "bucket finance-archive: its policy lacks",
        "bucket finance-archive: its policy lacks",
    ]
    for statement in (json.loads(each[each.index("{") :].rstrip(".")) for each in told[3:]):
        assert statement["Resource"] == f"arn:aws:s3:::finance-archive/{FUNCTION}-*"
    if policy:
        assert s3.get_bucket_policy(Bucket="finance-archive")["Policy"] == text
    else:
        with pytest.raises(s3.exceptions.ClientError, match="NoSuchBucketPolicy"):
            s3.get_bucket_policy(Bucket="finance-archive")


def test_the_bucket_of_our_own_name_is_completed_while_it_holds_only_ours(estate: Estate) -> None:
    session = open_session(None, REGION)
    boto3.client("s3").create_bucket(Bucket=OURS)
    everything = ("closed", "versioned", "encrypted", "policy")
    assert read_bucket(session, OURS, ORGANIZATION).lacks == everything
    put(OURS, f"{FUNCTION}-0123456789abcdef.zip")
    assert read_bucket(session, OURS, ORGANIZATION).lacks == everything
    put(OURS, "holiday.jpg")
    found = read_bucket(session, OURS, ORGANIZATION)
    assert found.lacks == ()
    assert [each.partition(" {")[0] for each in found.faults] == [
        "it is not closed",
        "it is not versioned",
        "it is not encrypted",
        "its policy lacks",
        "its policy lacks",
    ]


def test_a_bucket_of_our_name_in_a_stranger_s_account_is_not_used(estate: Estate) -> None:
    """Anybody can make a bucket of a name that can be guessed, and let everybody write to it."""
    stranger = estate.cloud.open_account(SHOP, REGION).session().client("s3")
    stranger.create_bucket(Bucket=OURS)
    code = build_code()
    stranger.put_object(Bucket=OURS, Key=code.name, Body=code.read_bytes())
    session = open_session(None, REGION)
    found = read_bucket(session, OURS, ORGANIZATION)
    assert [each.partition(":")[0] for each in found.faults] == [
        "somebody else's, or not to be read"
    ]
    assert run("deploy").code == 1
    kept = stranger.list_object_versions(Bucket=OURS)["Versions"]
    assert [each["Key"] for each in kept] == [code.name]


def test_every_call_but_the_one_that_makes_a_bucket_names_who_must_own_it(estate: Estate) -> None:
    session, code = open_session(None, REGION), build_code()
    named = dict[str, bool]()

    def note(model: object, params: dict[str, dict[str, str]], **_: object) -> None:
        owner = params["headers"].get("x-amz-expected-bucket-owner")
        named[model.name] = owner == MANAGEMENT  # type: ignore[attr-defined]

    session.s3.meta.events.register("before-call.s3", note)
    for _ in range(2):
        complete_bucket(session, read_bucket(session, OURS, ORGANIZATION), ORGANIZATION)
        upload_code(session, OURS, code)
        assert has_code(session, OURS, code.name)
    assert read_bucket(session, OURS, ORGANIZATION).faults == ()
    assert delete_code(session, OURS) == 2
    assert [call for call, owned in named.items() if not owned] == ["CreateBucket"]
    assert len(named) == 14


def test_the_name_fits_into_a_bucket_s_63_characters(estate: Estate) -> None:
    longest = code_bucket.FUNCTION + "-999900000000-ap-southeast-99"
    assert len(longest) <= 63
    assert name_bucket(open_session(None, REGION)) == OURS
