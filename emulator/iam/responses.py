"""IAM's operations that moto answers otherwise than AWS: pages, login profiles, the report."""

from collections.abc import Sequence
from typing import Any

from botocore.utils import ArnParser
from moto.core.responses import ActionResult
from moto.iam import responses
from moto.iam.exceptions import IAMException, LimitExceededException, ValidationError

from emulator.gateway.pages import cut_page
from emulator.iam.models import Iam
from emulator.iam.users import User

_DETAILS = {
    "User": "UserDetailList",
    "Group": "GroupDetailList",
    "Role": "RoleDetailList",
    "LocalManagedPolicy": "Policies",
    "AWSManagedPolicy": "Policies",
}

_REPORT_REFUSALS = {
    "ReportNotPresent": "No report exists. Generate one first.",
    "ReportExpired": "The report has expired. Generate a new one.",
    "ReportInProgress": "The report is being generated.",
}
"""Texts of our own: AWS publishes the codes only."""


class IamResponse(responses.IamResponse):
    """Moto's IAM operations, those below in AWS's form."""

    @property
    def backend(self) -> Iam:
        return Iam.of(self.current_account, self.region)

    def list_users(self) -> ActionResult:
        prefix = self._get_param("PathPrefix") or "/"
        users = [user for user in self.backend.users.values() if user.path.startswith(prefix)]
        page, paging = self._page(users)
        return ActionResult({"Users": page, **paging})

    def list_access_keys(self) -> ActionResult:
        answer = super().list_access_keys().result
        assert isinstance(answer, dict)
        answer["AccessKeyMetadata"], paging = self._page(answer["AccessKeyMetadata"])
        return ActionResult(answer | paging)

    def list_user_tags(self) -> ActionResult:
        page, paging = self._page(self.backend.list_user_tags(self._get_param("UserName")))
        return ActionResult({"Tags": page, **paging})

    def get_account_authorization_details(self) -> ActionResult:
        kinds = self._get_param("Filter", []) or list(_DETAILS)
        answer: dict[str, Any] = {name: [] for name in _DETAILS.values()}
        page, paging = self._page([(kind, item) for kind in kinds for item in self._details(kind)])
        for kind, item in page:
            answer[_DETAILS[kind]].append(item)
        return ActionResult(answer | paging)

    def create_login_profile(self) -> ActionResult:
        user = self.backend.create_login_profile(
            self._get_param("UserName"), self._get_param("Password")
        )
        user.password_reset_required = bool(self._get_param("PasswordResetRequired", False))
        return _login_profile(user)

    def get_login_profile(self) -> ActionResult:
        return _login_profile(self.backend.get_login_profile(self._get_param("UserName")))

    def generate_credential_report(self) -> ActionResult:
        backend = self.backend
        if not backend.report.has_room():
            raise LimitExceededException("Rate of report generation exceeded. Try again later.")
        state = backend.report.generate(backend.users.values(), backend.account_created)
        answer = {"State": state}
        if state == "STARTED":
            answer["Description"] = "No report exists. Starting a new report generation task"
        return ActionResult(answer)

    def get_credential_report(self) -> ActionResult:
        report = self.backend.report
        refusal = report.refuse_reading()
        if refusal is not None:
            raise IAMException(refusal, _REPORT_REFUSALS[refusal])
        assert report.generated is not None
        generated = report.generated.replace(microsecond=0)
        return ActionResult(
            {"Content": report.content, "ReportFormat": "text/csv", "GeneratedTime": generated}
        )

    def _page(self, items: Sequence[Any]) -> tuple[list[Any], dict[str, Any]]:
        size = min(int(self._get_param("MaxItems") or 100), self.backend.page_limit)
        refusal = ValidationError("Invalid Marker.")
        page, following = cut_page(items, self._get_param("Marker"), size, refusal, "Marker")
        return list(page), {"IsTruncated": bool(following), **following}

    def _details(self, kind: str) -> list[Any]:
        backend = self.backend
        parse = ArnParser().parse_arn
        local = [p for p in backend.managed_policies.values() if parse(p.arn)["account"] != "aws"]
        lists: dict[str, Any] = {
            "User": backend.users.values(),
            "Group": backend.groups.values(),
            "Role": backend.roles.values(),
            "LocalManagedPolicy": local,
            "AWSManagedPolicy": backend.aws_managed_policies,
        }
        return list(lists[kind])


def _login_profile(user: User) -> ActionResult:
    profile = {
        "UserName": user.name,
        "CreateDate": user.login_created,
        "PasswordResetRequired": user.password_reset_required,
    }
    return ActionResult({"LoginProfile": profile})
