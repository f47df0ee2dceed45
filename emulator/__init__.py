"""AWS on loopback: moto, and what it lacks of the services that an organization is run with.

For the demo and the tests. `open_account` is the way in:

    with open_account(datetime(2026, 9, 1, tzinfo=UTC)) as account:
        ann = account.iam.add_user("ann", password=account.clock.now())
        boto3.client("iam").get_login_profile(UserName="ann")
"""

from emulator.environment import own_environment

# Moto makes a session where it is imported, and that fails where AWS_PROFILE names no profile.
with own_environment():
    from emulator.account import Account
    from emulator.cloud import Cloud, open_account, use_account

__all__ = ["Account", "Cloud", "open_account", "use_account"]
