"""IAM's and AWS Config's answers, as cheap as they can be made: text, written once where it may be.

Only what the readers of the benchmark call is here; whatever else is asked raises.
"""

import base64
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from tools.benchmark.population import CREATED, USED, BenchUser, Population

PAGE = 1000
RESULTS_PAGE = 100


class ServiceError(Exception):
    """An error of AWS: its code and its message."""


@dataclass
class Answers:
    """One account's services; `report_seconds` after it was asked for, the report is ready."""

    population: Population
    report_seconds: float = 0.0
    stored: dict[str, dict[str, object]] = field(default_factory=dict)
    put: Counter[str] = field(default_factory=Counter)
    asked: float | None = None
    pages: dict[tuple[str, int], str] = field(default_factory=dict)
    people: dict[str, BenchUser] = field(init=False)
    keys: dict[str, BenchUser] = field(init=False)

    def __post_init__(self) -> None:
        self.people = {person.name: person for person in self.population.people}
        self.keys = {person.key_id: person for person in self.population.people}

    def answer(self, action: str, body: bytes) -> bytes:
        """Return the body of the answer. Raises ServiceError."""
        if action in ("PutEvaluations", "GetComplianceDetailsByConfigRule"):
            asked = json.loads(body)
            put = action == "PutEvaluations"
            return json.dumps(self.take(asked) if put else self.list_results(asked)).encode()
        fields = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        result = self.ask_iam(action, fields)
        return (
            f'<{action}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/">'
            f"<{action}Result>{result}</{action}Result>"
            "<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>"
            f"</{action}Response>"
        ).encode()

    def ask_iam(self, action: str, fields: dict[str, str]) -> str:
        """Return IAM's result as XML."""
        if action in ("GetAccountAuthorizationDetails", "ListUsers"):
            return self.list_people(action, int(fields.get("Marker", "0")))
        if action in ("GenerateCredentialReport", "GetCredentialReport"):
            return self.ask_report(action)
        if action == "GetAccessKeyLastUsed":
            person = self.keys[fields["AccessKeyId"]]
            date = "" if person.suspect else f"<LastUsedDate>{USED}Z</LastUsedDate>"
            return (
                f"<UserName>{person.name}</UserName><AccessKeyLastUsed>{date}"
                "<ServiceName>N/A</ServiceName><Region>N/A</Region></AccessKeyLastUsed>"
            )
        name = fields["UserName"]
        person = self.people[name]
        if action == "GetLoginProfile":
            if not person.has_password:
                raise ServiceError(
                    "NoSuchEntity", f"Login Profile for User {name} cannot be found."
                )
            return (
                f"<LoginProfile><UserName>{name}</UserName><CreateDate>{CREATED}Z</CreateDate>"
                "</LoginProfile>"
            )
        if action == "ListAccessKeys":
            return (
                f"<AccessKeyMetadata><member><UserName>{name}</UserName>"
                f"<AccessKeyId>{person.key_id}</AccessKeyId><Status>Active</Status>"
                f"<CreateDate>{CREATED}Z</CreateDate></member></AccessKeyMetadata>"
                "<IsTruncated>false</IsTruncated>"
            )
        assert action == "GetUser", action
        return f"<User>{self.describe(person, tags=True)}</User>"

    def ask_report(self, action: str) -> str:
        """Return what IAM says of the credential report."""
        first = self.asked is None
        ready = not first and time.monotonic() - (self.asked or 0) >= self.report_seconds
        if action == "GenerateCredentialReport":
            if self.asked is None:
                self.asked = time.monotonic()
            return f"<State>{'COMPLETE' if ready else 'STARTED' if first else 'INPROGRESS'}</State>"
        if first:
            raise ServiceError("ReportNotPresent", "No report has been generated.")
        if not ready:
            raise ServiceError("ReportInProgress", "The report is being generated.")
        content = base64.b64encode(self.population.report).decode()
        made = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        return (
            f"<Content>{content}</Content><ReportFormat>text/csv</ReportFormat>"
            f"<GeneratedTime>{made}</GeneratedTime>"
        )

    def list_people(self, action: str, start: int) -> str:
        """Return a page of users; GetAccountAuthorizationDetails' has their tags."""
        if (action, start) not in self.pages:
            details = action == "GetAccountAuthorizationDetails"
            people = self.population.people[start : start + PAGE]
            members = "".join(f"<member>{self.describe(each, details)}</member>" for each in people)
            tag = "UserDetailList" if details else "Users"
            more = start + PAGE < len(self.population.people)
            marker = f"<Marker>{start + PAGE}</Marker>" if more else ""
            self.pages[action, start] = (
                f"<{tag}>{members}</{tag}><IsTruncated>{str(more).lower()}</IsTruncated>{marker}"
            )
        return self.pages[action, start]

    @staticmethod
    def describe(person: BenchUser, tags: bool) -> str:
        """Return one user as XML, with two tags where tags are told."""
        told = "".join(
            f"<member><Key>{key}</Key><Value>{value}</Value></member>"
            for key, value in (("team", "payments"), ("cost-center", "4711"))
        )
        return (
            f"<Path>/</Path><UserName>{person.name}</UserName><UserId>{person.id}</UserId>"
            f"<Arn>{person.arn}</Arn><CreateDate>{CREATED}Z</CreateDate>"
            + (f"<Tags>{told}</Tags>" if tags else "")
        )

    def take(self, asked: dict[str, list[dict[str, str]]]) -> dict[str, list[object]]:
        """Store the results put."""
        for each in asked["Evaluations"]:
            self.put[each["ComplianceType"]] += 1
            if each["ComplianceType"] == "NOT_APPLICABLE":
                self.stored.pop(each["ComplianceResourceId"], None)
                continue
            self.stored[each["ComplianceResourceId"]] = {
                "EvaluationResultIdentifier": {
                    "EvaluationResultQualifier": {
                        "ConfigRuleName": "rule",
                        "ResourceType": each["ComplianceResourceType"],
                        "ResourceId": each["ComplianceResourceId"],
                    },
                    "OrderingTimestamp": time.time(),
                },
                "ComplianceType": each["ComplianceType"],
                "ResultRecordedTime": time.time(),
                "ConfigRuleInvokedTime": time.time(),
                "Annotation": each.get("Annotation", ""),
            }
        return {"FailedEvaluations": []}

    def list_results(self, asked: dict[str, str]) -> dict[str, object]:
        """Return a page of the stored results."""
        start = int(asked.get("NextToken") or 0)
        results = list(self.stored.values())
        page: dict[str, object] = {"EvaluationResults": results[start : start + RESULTS_PAGE]}
        if start + RESULTS_PAGE < len(results):
            page["NextToken"] = str(start + RESULTS_PAGE)
        return page
