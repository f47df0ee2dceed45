"""The code bucket: nobody's private bucket is opened, and nobody's code is taken for ours."""

import base64
import hashlib
import json

import boto3
import pytest

from rollout.aws.session import open_session
from rollout.code.bucket import (
    build_code,
    complete_bucket,
    delete_code,
    find_code_version,
    name_bucket,
    read_bucket,
    upload_code,
)
from rollout.errors import Refused
from rollout.names import FUNCTION
from tests.support.organizations import MANAGEMENT, REGION, SHOP, World, run

OURS = f"{FUNCTION}-{MANAGEMENT}-{REGION}"
ORGANIZATION = "o-exampleorg"


def put(bucket: str, key: str, body: bytes = b"x") -> None:
    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=body)


def keep_versions() -> None:
    boto3.client("s3").put_bucket_versioning(
        Bucket=OURS, VersioningConfiguration={"Status": "Enabled"}
    )


def test_a_zip_planted_under_the_name_of_our_code_is_not_taken_for_it(estate: World) -> None:
    session, code = open_session(None, REGION), build_code()
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=OURS)
    assert not find_code_version(session, OURS, code.name)
    put(OURS, code.name, code.read_bytes())
    assert not find_code_version(session, OURS, code.name), (
        "a version that can be overwritten is none"
    )
    with pytest.raises(Refused, match="put-bucket-versioning"):
        upload_code(session, OURS, code)
    keep_versions()
    for planted in (b"PK planted", code.read_bytes() + b"x", code.read_bytes()[:-1]):
        put(OURS, code.name, planted)
        assert not find_code_version(session, OURS, code.name)
    version = upload_code(session, OURS, code)
    assert find_code_version(session, OURS, code.name) == version


def test_deploy_puts_its_own_code_in_the_place_of_a_planted_one(estate: World) -> None:
    session, code = open_session(None, REGION), build_code()
    complete_bucket(session, read_bucket(session, OURS, ORGANIZATION), ORGANIZATION)
    put(OURS, code.name, b"PK planted")
    outcome = run("deploy")
    assert outcome.result(f"code {code.name}") == "uploaded"
    assert boto3.client("s3").get_object(Bucket=OURS, Key=code.name)["Body"].read() == (
        code.read_bytes()
    )


def test_s3_gets_the_checksum_of_what_is_uploaded(
    estate: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, code = open_session(None, REGION), build_code()
    boto3.client("s3").create_bucket(Bucket=OURS)
    keep_versions()
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
def test_a_bucket_that_somebody_names_is_never_opened(estate: World, policy: bool) -> None:
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


def test_the_bucket_of_our_own_name_is_completed_while_it_holds_only_ours(estate: World) -> None:
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


def test_a_bucket_of_our_name_in_a_stranger_s_account_is_not_used(estate: World) -> None:
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


def test_every_call_but_the_one_that_makes_a_bucket_names_who_must_own_it(estate: World) -> None:
    session, code = open_session(None, REGION), build_code()
    named = dict[str, bool]()

    def note(model: object, params: dict[str, dict[str, str]], **_: object) -> None:
        owner = params["headers"].get("x-amz-expected-bucket-owner")
        named[model.name] = owner == MANAGEMENT  # type: ignore[attr-defined]

    session.s3.meta.events.register("before-call.s3", note)
    for _ in range(2):
        complete_bucket(session, read_bucket(session, OURS, ORGANIZATION), ORGANIZATION)
        upload_code(session, OURS, code)
        assert find_code_version(session, OURS, code.name)
    assert read_bucket(session, OURS, ORGANIZATION).faults == ()
    assert delete_code(session, OURS) == 2
    assert [call for call, owned in named.items() if not owned] == ["CreateBucket"]
    assert len(named) == 14


def test_the_name_fits_into_a_bucket_s_63_characters(estate: World) -> None:
    longest = FUNCTION + "-999900000000-ap-southeast-99"
    assert len(longest) <= 63
    assert name_bucket(open_session(None, REGION)) == OURS


def test_the_policy_of_an_older_release_is_completed_and_somebody_s_own_is_left(
    estate: World,
) -> None:
    """It let the accounts read the latest alone; a version that is named is one right more."""
    session, s3 = open_session(None, REGION), boto3.client("s3")
    complete_bucket(session, read_bucket(session, OURS, ORGANIZATION), ORGANIZATION)
    policy = json.loads(s3.get_bucket_policy(Bucket=OURS)["Policy"])
    policy["Statement"][1]["Action"] = "s3:GetObject"
    s3.put_bucket_policy(Bucket=OURS, Policy=json.dumps(policy))
    found = read_bucket(session, OURS, ORGANIZATION)
    assert (found.lacks, found.faults) == (("policy",), ())
    policy["Statement"][1]["Principal"] = {"AWS": MANAGEMENT}
    s3.put_bucket_policy(Bucket=OURS, Policy=json.dumps(policy))
    found = read_bucket(session, OURS, ORGANIZATION)
    assert (found.lacks, len(found.faults)) == ((), 1)


def test_the_stacks_name_the_version_so_that_another_object_under_the_key_is_not_run(
    estate: World,
) -> None:
    run("deploy")
    s3, code = boto3.client("s3"), build_code()
    (ours,) = s3.list_object_versions(Bucket=OURS)["Versions"]
    assert {each["CodeVersion"] for each in estate.members.stacks.values()} == {ours["VersionId"]}
    put(OURS, code.name, b"PK planted")
    estate.join("700000000001", "late")
    estate.organization.agenda.finish()
    late = estate.cloud.open_account("700000000001", REGION).session().client("lambda")
    hashes = {
        late.get_function_configuration(FunctionName=each)["CodeSha256"]
        for each in (FUNCTION, f"{FUNCTION}-remediation")
    }
    digest = hashlib.sha256(code.read_bytes()).digest()
    assert hashes == {base64.b64encode(digest).decode()}
