"""S3's bucket policies, as far as the code bucket needs them.

Moto lets a statement with a condition deny everything. Here conditions count: a signed request of
this cloud stands for one with TLS, and another account's request comes from its organization.
"""

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.iam.access_control import PermissionResult
from moto.moto_server.werkzeug_app import BackendRequest
from moto.s3 import models
from moto.utilities.utils import get_partition

from emulator.iam.statements import covers, meets_conditions

CONTEXT = {"aws:SecureTransport": "true"}


@contextmanager
def own_policies() -> Iterator[None]:
    """Let S3 judge bucket policies as below until the block ends."""
    original = models.FakeBucket.get_permission
    models.FakeBucket.get_permission = judge_policy  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        models.FakeBucket.get_permission = original  # type: ignore[method-assign]


def judge_policy(bucket: models.FakeBucket, action: str, resource: str) -> PermissionResult:
    """Return DENIED where a statement whose condition holds denies the owner's request."""
    denied = any(
        statement["Effect"] == "Deny" and meets_conditions(statement.get("Condition", {}), CONTEXT)
        for statement in _statements(bucket)
    )
    return PermissionResult.DENIED if denied else PermissionResult.NEUTRAL


def find_code_fault(
    account: str, region: str, bucket: str, key: str, organization: str, version: str = ""
) -> str:
    """Return Lambda's complaint when an account cannot take its code from S3, or ""."""
    found = _find_bucket(bucket, region)
    if found is None:
        return "Error occurred while GetObject. S3 Error Code: NoSuchBucket."
    context = CONTEXT | {"aws:PrincipalOrgID": organization}
    action = "s3:GetObjectVersion" if version else "s3:GetObject"
    allowed = found.account_id == account or any(
        statement["Effect"] == "Allow"
        and covers(statement["Action"], action)
        and covers(statement["Resource"], f"arn:{get_partition(region)}:s3:::{bucket}/{key}")
        and meets_conditions(statement.get("Condition", {}), context)
        for statement in _statements(found)
    )
    if not allowed:
        return "Your access has been denied by S3, S3 Error Code: AccessDenied."
    if found.region_name != region:
        return f"S3 Error Code: PermanentRedirect. The bucket is in {found.region_name}."
    if key not in found.keys:
        return "Error occurred while GetObject. S3 Error Code: NoSuchKey."
    if version and version not in {each.version_id for each in found.keys.getlist(key)}:
        return "Error occurred while GetObject. S3 Error Code: NoSuchVersion."
    return ""


def find_object(region: str, bucket: str, key: str, version: str = "") -> bytes:
    """Return the content of an object, whoever owns it, or nothing where there is none."""
    found = _find_bucket(bucket, region)
    for each in found.keys.getlist(key, []) if found else ():
        if version in ("", each.version_id):
            return bytes(each.value)
    return b""


def digest_code(code: bytes) -> str:
    """Return CodeSha256 of a function's code."""
    return base64.b64encode(hashlib.sha256(code).digest()).decode()


def _find_bucket(name: str, region: str) -> models.FakeBucket | None:
    """Return a bucket, whoever owns it, in the partition of a Region."""
    partition, owner = models.s3_backends.bucket_accounts.get(name, ("", ""))
    if partition != get_partition(region):
        return None
    return models.s3_backends[owner][partition].buckets.get(name)


def _statements(bucket: models.FakeBucket) -> list[dict[str, Any]]:
    if bucket.policy is None:
        return []
    statements: list[dict[str, Any]] = json.loads(bucket.policy)["Statement"]
    return statements


def is_foreign(request: BackendRequest) -> bool:
    """Does somebody else own the bucket than the request expects? S3 answers that with a 403."""
    expected = request.headers.get("x-amz-expected-bucket-owner")
    bucket = request.path.lstrip("/").partition("/")[0]
    owner = models.s3_backends.bucket_accounts.get(bucket)
    return bool(expected and owner and owner[1] != expected)
