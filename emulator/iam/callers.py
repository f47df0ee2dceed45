"""Who signs a request: the account and the ARN behind an access key."""

from moto.iam.models import iam_backends

from emulator.iam.users import AccessKey


def find_caller(access_key_id: str) -> tuple[str, str] | None:
    """Return account and ARN of whoever owns an Active key, or None for any other key."""
    for account_id, regions in list(iam_backends.items()):
        for iam in list(regions.values()):
            key = iam.access_keys.get(access_key_id)
            if isinstance(key, AccessKey) and key.status == "Active":
                if key.user_name is not None:
                    return account_id, iam.get_user(key.user_name).arn
                return account_id, key.caller or key.role_arn or ""
    return None
