"""The S3 bucket that holds the function's code, in the Region of the functions.

Its policy is put last, so a bucket without one is taken to be new or unfinished and is completed. A
bucket with a policy is left as it is; what it lacks is a fault that says what to add.
"""

import atexit
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from rollout.aws.session import Session
from rollout.code.package import build_package
from rollout.errors import Denied
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


@dataclass(frozen=True)
class Bucket:
    """A bucket as it stands; `faults` are reasons why it cannot serve."""

    name: str
    exists: bool
    lacks: tuple[str, ...] = ()
    """Settings that `complete_bucket` puts: closed, versioned, encrypted, policy."""
    faults: tuple[str, ...] = ()


def build_code() -> Path:
    """Return the code of this checkout, in a folder that goes when the program ends."""
    folder = Path(tempfile.mkdtemp(prefix="rollout-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return build_package(folder)


def name_bucket(session: Session) -> str:
    """Return the name that is used unless --bucket names another; at most 63 characters."""
    return f"iam-user-no-setup-access-key-{session.account}-{session.region}"


def read_bucket(session: Session, name: str, organization_id: str) -> Bucket:
    """Return the bucket as it stands; without an organization id no other account has to read it.

    Raises Denied; a bucket that belongs to somebody else is a fault.
    """
    s3 = session.s3
    try:
        head = s3.head_bucket(Bucket=name)
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
    policy = _read(s3.get_bucket_policy, "Policy", Bucket=name)
    closed = _read(s3.get_public_access_block, "PublicAccessBlockConfiguration", Bucket=name)
    encryption = _read(s3.get_bucket_encryption, "ServerSideEncryptionConfiguration", Bucket=name)
    versioning = _read(s3.get_bucket_versioning, "Status", Bucket=name)
    lacks = {
        "closed": closed != CLOSED,
        "versioned": versioning != "Enabled",
        "encrypted": not encryption,
    }
    if policy is None:
        missing = (*(setting for setting, lacking in lacks.items() if lacking), "policy")
        return Bucket(name, True, missing, tuple(faults))
    faults += [f"it is not {setting}" for setting, lacking in lacks.items() if lacking]
    if "aws:kms" in json.dumps(encryption):
        faults.append("it is encrypted with a KMS key, which other accounts cannot use")
    if not has_statement(policy, deny_insecure(session, name)):
        faults.append(f"its policy lacks {json.dumps(deny_insecure(session, name))}")
    if organization_id:
        statement = allow_organization(session, name, organization_id)
        if not has_statement(policy, statement):
            faults.append(f"its policy lacks {json.dumps(statement)}")
    return Bucket(name, True, (), tuple(faults))


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
    s3, name = session.s3, bucket.name
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
        s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=CLOSED)
    if "versioned" in lacks:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    if "encrypted" in lacks:
        rule: ServerSideEncryptionRuleTypeDef = {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}
        }
        s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    if "policy" in lacks:
        statements = [deny_insecure(session, name)]
        if organization_id:
            statements.append(allow_organization(session, name, organization_id))
        policy = {"Version": "2012-10-17", "Statement": statements}
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))


def has_code(session: Session, bucket: str, key: str) -> bool:
    """Is the code there? Its key names its content."""
    try:
        session.s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchKey", "NoSuchBucket"):
            return False
        raise
    return True


def upload_code(session: Session, bucket: str, file: Path) -> None:
    """Put the code under its name."""
    session.s3.put_object(Bucket=bucket, Key=file.name, Body=file.read_bytes())


def delete_code(session: Session, bucket: str) -> int:
    """Delete every version of our code from a bucket; return how many there were."""
    s3 = session.s3
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=f"{FUNCTION}-")
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
        s3.delete_objects(Bucket=bucket, Delete={"Objects": some, "Quiet": True})
    return len(found)


def deny_insecure(session: Session, name: str) -> dict[str, Any]:
    """Return the statement that refuses every request without TLS."""
    arn = f"arn:{session.partition}:s3:::{name}"
    return {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def allow_organization(session: Session, name: str, organization_id: str) -> dict[str, Any]:
    """Return the statement that lets the accounts of the organization read."""
    return {
        "Sid": "ReadInTheOrganization",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:{session.partition}:s3:::{name}/*",
        "Condition": {"StringEquals": {"aws:PrincipalOrgID": organization_id}},
    }


def has_statement(policy: str, wanted: dict[str, Any]) -> bool:
    """Does a bucket policy hold this statement, whatever its Sid?"""
    statements = json.loads(policy).get("Statement", [])
    plain = [{key: each[key] for key in each if key != "Sid"} for each in statements]
    return {key: wanted[key] for key in wanted if key != "Sid"} in plain
