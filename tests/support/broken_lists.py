"""Lists of IAM that break off: IsTruncated without a Marker, of which botocore says nothing.

A file of its own, as the rule's tests and the desk's both need it.
"""

import pytest
from moto.core.responses import ActionResult

from emulator.iam.responses import IamResponse


def break_users_off(patches: pytest.MonkeyPatch, after: int) -> None:
    """Let the list of users with their tags end after so many, and say that more follow."""
    whole = IamResponse.get_account_authorization_details

    def break_off(response: IamResponse) -> ActionResult:
        told = whole(response).result
        assert isinstance(told, dict)
        users = {"UserDetailList": told["UserDetailList"][:after], "IsTruncated": True}
        return ActionResult(told | users)

    patches.setattr(IamResponse, "get_account_authorization_details", break_off)
