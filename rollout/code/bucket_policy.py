"""The two statements of the code bucket's policy: what the organization may read, and only by TLS.

They speak of our objects alone, so that a bucket which holds other things as well stays as closed
as it was. Only the bucket of our own name refuses everything without TLS.
"""

import json
from typing import Any

from rollout.aws.session import Session
from rollout.names import FUNCTION


def name_bucket(session: Session) -> str:
    """Return the name that is used unless --bucket names another; at most 63 characters."""
    return f"{FUNCTION}-{session.account}-{session.region}"


def deny_insecure(session: Session, name: str) -> dict[str, Any]:
    """Return the statement that refuses every request without TLS."""
    arn = f"arn:{session.partition}:s3:::{name}"
    own = name == name_bucket(session)
    return {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"] if own else f"{arn}/{FUNCTION}-*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def allow_organization(session: Session, name: str, organization_id: str) -> dict[str, Any]:
    """Return the statement that lets the accounts of the organization read our code alone."""
    return {
        "Sid": "ReadInTheOrganization",
        "Effect": "Allow",
        "Principal": "*",
        # Of a version that is named, S3 asks for the second (API reference, GetObject).
        "Action": ["s3:GetObject", "s3:GetObjectVersion"],
        "Resource": f"arn:{session.partition}:s3:::{name}/{FUNCTION}-*",
        "Condition": {"StringEquals": {"aws:PrincipalOrgID": organization_id}},
    }


def is_older(session: Session, name: str, policy: str) -> bool:
    """Is it, statement by statement, what an older release put: read without naming a version?"""
    older = [deny_insecure(session, name)]
    for statement in json.loads(policy).get("Statement", []):
        condition = statement.get("Condition", {}).get("StringEquals", {})
        if organization_id := condition.get("aws:PrincipalOrgID"):
            allowed = allow_organization(session, name, organization_id)
            older.append({**allowed, "Action": "s3:GetObject"})
    return policy_of(older) == policy_of(json.loads(policy).get("Statement", [])) and len(older) > 1


def policy_of(statements: list[dict[str, Any]]) -> set[str]:
    """Return statements in a form that can be compared, whatever their order."""
    return {json.dumps(each, sort_keys=True) for each in statements}


def has_statement(policy: str, wanted: dict[str, Any]) -> bool:
    """Does a bucket policy hold this statement, whatever its Sid?"""
    statements = json.loads(policy).get("Statement", [])
    plain = [{key: each[key] for key in each if key != "Sid"} for each in statements]
    return {key: wanted[key] for key in wanted if key != "Sid"} in plain
