"""The S3 bucket that holds the function's code, in the Region of the functions.

Its policy is put last. So the bucket of our own name is taken to be unfinished, and is completed,
as long as it has no policy and holds nothing but our code. Every other bucket is left as it is:
what it lacks is a fault that says what to add. Each call names the account that has to own the
bucket, as anybody can make one of a name that can be guessed.

Code is trusted by its content: what lies under its name is read and compared.
"""

import atexit
import hashlib
import json
import shutil
import tempfile
from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from rollout.aws.session import Session
from rollout.code.bucket_policy import allow_organization, deny_insecure, has_statement, is_older
from rollout.code.bucket_policy import name_bucket as name_bucket
from rollout.code.package import build_package
from rollout.errors import Denied, Refused
from rollout.names import FUNCTION

if TYPE_CHECKING:
    from types_boto3_s3.literals import BucketLocationConstraintType
    from types_boto3_s3.type_defs import (
        ObjectIdentifierTypeDef,
        PublicAccessBlockConfigurationTypeDef,
        ServerSideEncryptionRuleTypeDef,
    )

CLOSED: "PublicAccessBlockConfigurationTypeDef" = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
NO_VERSION = "null"
"""The version of an object in a bucket that keeps none (S3 user guide, "Versioning")."""


@dataclass(frozen=True)
class Bucket:
    """A bucket as it stands; `faults` are reasons why it cannot serve."""

    name: str
    exists: bool
    lacks: tuple[str, ...] = ()
    """Settings that `complete_bucket` puts: closed, versioned, encrypted, policy."""
    faults: tuple[str, ...] = ()


@cache
def build_code() -> Path:
    """Return the code of this checkout, in a folder that goes when the program ends."""
    folder = Path(tempfile.mkdtemp(prefix="rollout-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return build_package(folder)


@cache
def hash_code() -> str:
    """Return the SHA-256 of this checkout's code in hexadecimal; its name begins with it."""
    return hashlib.sha256(build_code().read_bytes()).hexdigest()


def read_bucket(session: Session, name: str, organization_id: str) -> Bucket:
    """Return the bucket as it stands; without an organization id no other account has to read it.

    Raises Denied; a bucket that belongs to somebody else is a fault.
    """
    s3, place = session.s3, {"Bucket": name, "ExpectedBucketOwner": session.account}
    try:
        head = s3.head_bucket(Bucket=name, ExpectedBucketOwner=session.account)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchBucket"):
            return Bucket(name, exists=False)
        raise
    except Denied as denied:
        return Bucket(name, True, faults=(f"somebody else's, or not to be read: {denied}",))
    faults = []
    region = head.get("BucketRegion", session.region)
    if region != session.region:
        faults.append(f"it is in {region}, and Lambda takes code from its own Region alone")
    policy = _read(s3.get_bucket_policy, "Policy", **place)
    closed = _read(s3.get_public_access_block, "PublicAccessBlockConfiguration", **place)
    encryption = _read(s3.get_bucket_encryption, "ServerSideEncryptionConfiguration", **place)
    versioning = _read(s3.get_bucket_versioning, "Status", **place)
    lacks = {
        "closed": closed != CLOSED,
        "versioned": versioning != "Enabled",
        "encrypted": not encryption,
    }
    unfinished = policy is None or is_older(session, name, policy)
    if unfinished and is_ours(session, name):
        missing = (*(setting for setting, lacking in lacks.items() if lacking), "policy")
        return Bucket(name, True, missing, tuple(faults))
    faults += [f"it is not {setting}" for setting, lacking in lacks.items() if lacking]
    if "aws:kms" in json.dumps(encryption):
        faults.append("it is encrypted with a KMS key, which other accounts cannot use")
    if not has_statement(policy or "{}", deny_insecure(session, name)):
        faults.append(f"its policy lacks {json.dumps(deny_insecure(session, name))}")
    if organization_id:
        statement = allow_organization(session, name, organization_id)
        if not has_statement(policy or "{}", statement):
            faults.append(f"its policy lacks {json.dumps(statement)}")
    return Bucket(name, True, (), tuple(faults))


def is_ours(session: Session, name: str) -> bool:
    """Is it the bucket of our own name, with nothing in it but our code?"""
    if name != name_bucket(session):
        return False
    pages = session.s3.get_paginator("list_objects_v2").paginate(
        Bucket=name, ExpectedBucketOwner=session.account
    )
    held = [each["Key"] for page in pages for each in page.get("Contents", [])]
    return all(key.startswith(f"{FUNCTION}-") for key in held)


def _read(operation: Any, key: str, **parameters: Any) -> Any:
    """Return one setting, None where the bucket has none (S3 answers that with an error)."""
    try:
        return operation(**parameters).get(key)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return None
        raise


def complete_bucket(session: Session, bucket: Bucket, organization_id: str) -> None:
    """Make the bucket, or put what it lacks, the policy last."""
    s3, name, owner = session.s3, bucket.name, session.account
    lacks = bucket.lacks
    if not bucket.exists:
        lacks = ("closed", "versioned", "encrypted", "policy")
        # us-east-1 is the one Region that must not be named (S3 API reference, CreateBucket).
        if session.region == "us-east-1":
            s3.create_bucket(Bucket=name)
        else:
            s3.create_bucket(
                Bucket=name,
                CreateBucketConfiguration={
                    "LocationConstraint": cast("BucketLocationConstraintType", session.region)
                },
            )
    if "closed" in lacks:
        s3.put_public_access_block(
            Bucket=name, ExpectedBucketOwner=owner, PublicAccessBlockConfiguration=CLOSED
        )
    if "versioned" in lacks:
        s3.put_bucket_versioning(
            Bucket=name,
            ExpectedBucketOwner=owner,
            VersioningConfiguration={"Status": "Enabled"},
        )
    if "encrypted" in lacks:
        rule: ServerSideEncryptionRuleTypeDef = {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}
        }
        s3.put_bucket_encryption(
            Bucket=name,
            ExpectedBucketOwner=owner,
            ServerSideEncryptionConfiguration={"Rules": [rule]},
        )
    if "policy" in lacks:
        statements = [deny_insecure(session, name)]
        if organization_id:
            statements.append(allow_organization(session, name, organization_id))
        policy = {"Version": "2012-10-17", "Statement": statements}
        s3.put_bucket_policy(Bucket=name, ExpectedBucketOwner=owner, Policy=json.dumps(policy))


def find_code_version(session: Session, bucket: str, key: str) -> str:
    """Return the version under which this checkout's code is there, byte for byte, or "".

    The name alone could be anybody's. An object from before the bucket was versioned has the
    version "null", which can be overwritten: that is none.
    """
    wanted = build_code().read_bytes()
    try:
        answer = session.s3.get_object(Bucket=bucket, Key=key, ExpectedBucketOwner=session.account)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchKey", "NoSuchBucket"):
            return ""
        raise
    version = answer.get("VersionId", NO_VERSION)
    with answer["Body"] as body:
        same = body.read(len(wanted) + 1) == wanted
    return version if same and version != NO_VERSION else ""


def upload_code(session: Session, bucket: str, file: Path) -> str:
    """Put the code under its name and return its version.

    S3 refuses what arrives with another checksum. Raises Refused where the bucket has no versions.
    """
    content = file.read_bytes()
    answer = session.s3.put_object(
        Bucket=bucket,
        Key=file.name,
        Body=content,
        ChecksumSHA256=b64encode(hashlib.sha256(content).digest()).decode(),
        ExpectedBucketOwner=session.account,
    )
    version = answer.get("VersionId", NO_VERSION)
    if version == NO_VERSION:
        raise Refused(
            f"The bucket {bucket} keeps no versions, so that others could replace the code later."
            " Switch its versioning on: aws s3api put-bucket-versioning --bucket"
            f" {bucket} --versioning-configuration Status=Enabled"
        )
    return version


def delete_code(session: Session, bucket: str) -> int:
    """Delete every version of our code from a bucket; return how many there were."""
    s3 = session.s3
    pages = s3.get_paginator("list_object_versions").paginate(
        Bucket=bucket, Prefix=f"{FUNCTION}-", ExpectedBucketOwner=session.account
    )
    try:
        found: list[ObjectIdentifierTypeDef] = [
            {"Key": each["Key"], "VersionId": each["VersionId"]}
            for page in pages
            for each in (*page.get("Versions", []), *page.get("DeleteMarkers", []))
        ]
    except s3.exceptions.NoSuchBucket:
        return 0
    for start in range(0, len(found), 1000):
        some = found[start : start + 1000]
        s3.delete_objects(
            Bucket=bucket,
            Delete={"Objects": some, "Quiet": True},
            ExpectedBucketOwner=session.account,
        )
    return len(found)
