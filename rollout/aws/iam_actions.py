"""The IAM action that a call needs, where it is not named after the operation.

Source: AWS's Service Authorization Reference, pages for Amazon S3, AWS Lambda and Amazon
CloudWatch (M for the s3 rows: they were stable for years).
"""

ACTION_PREFIXES = {"monitoring": "cloudwatch", "config-service": "config"}
ACTIONS = {
    ("s3", "HeadBucket"): "s3:ListBucket",
    ("s3", "HeadObject"): "s3:GetObject",
    ("s3", "ListObjectsV2"): "s3:ListBucket",
    ("s3", "GetPublicAccessBlock"): "s3:GetBucketPublicAccessBlock",
    ("s3", "PutPublicAccessBlock"): "s3:PutBucketPublicAccessBlock",
    ("s3", "GetBucketEncryption"): "s3:GetEncryptionConfiguration",
    ("s3", "PutBucketEncryption"): "s3:PutEncryptionConfiguration",
    ("s3", "ListObjectVersions"): "s3:ListBucketVersions",
    ("s3", "DeleteObjects"): "s3:DeleteObjectVersion",
    ("lambda", "Invoke"): "lambda:InvokeFunction",
    ("lambda", "InvokeWithResponseStream"): "lambda:InvokeFunction",
}


def find_action(service: str, operation: str) -> str:
    """Return the action, such as s3:ListBucket, that a policy must allow for a call."""
    prefix = ACTION_PREFIXES.get(service, service)
    return ACTIONS.get((prefix, operation), f"{prefix}:{operation}")
