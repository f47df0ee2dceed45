"""Systems Manager of one emulated account and Region: documents, and Automation that runs them.

Moto stores documents and runs none. An execution here is over when StartAutomationExecution
answers, so that a test knows what has happened; who asks how it goes is told InProgress first.
"""

import uuid
from typing import Any, ClassVar

import yaml
from moto.ssm import models
from moto.ssm.exceptions import SSMException
from moto.utilities.utils import get_partition

from emulator.backend import OwnBackend
from emulator.iam.roles import assume_role, trusts_service
from emulator.ssm.automation import Execution
from emulator.ssm.documents import check_new_document, write_content
from emulator.ssm.outputs import as_texts
from emulator.ssm.parameters import ParametersRefused, check_parameters
from emulator.ssm.scripts import Scripts
from emulator.ssm.variables import substitute

SERVICE = "ssm.amazonaws.com"


class Ssm(OwnBackend, models.SimpleSystemManagerBackend):
    """The Systems Manager of one account and Region; the attributes may be set at any time."""

    backends = models.ssm_backends

    cloud_url: ClassVar[str] = ""
    """Where scripts reach the cloud that is open."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.rounds = 1
        """How many looks at an execution find it InProgress before the rest find it ended."""
        self.keeps_default = False
        """Leave the default version behind when CloudFormation puts a new one, as AWS has done."""
        self.executions: dict[str, Execution] = {}
        self.interpreters = Scripts()
        self._sessions: dict[str, dict[str, str]] = {}

    def create_document(self, content: Any, *rest: Any, **more: Any) -> models.Documents:
        """Store a document's first version, as text whatever it was given as."""
        text = write_content(content, more["document_format"])
        check_new_document(more["name"], text, more["document_type"], more["document_format"])
        return super().create_document(text, *rest, **more)

    def update_document(self, content: Any, *rest: Any, **more: Any) -> dict[str, Any]:
        """Store one more version; the default version stays the one it was."""
        documents = self._get_documents(more["name"])
        kind = documents.get_latest_version().document_type
        check_new_document(more["name"], content, kind, more["document_format"])
        return super().update_document(content, *rest, **more)

    def put_from_template(self, properties: dict[str, Any]) -> None:
        """Create the document that a stack describes, or put it as a new version."""
        name, document_format = properties["Name"], properties.get("DocumentFormat", "JSON")
        if name in self._documents:
            self.put_version(name, properties["Content"], document_format)
            return
        self.create_document(
            properties["Content"],
            requires=[],
            attachments=[],
            name=name,
            version_name="",
            document_type=properties.get("DocumentType", "Command"),
            document_format=document_format,
            target_type=properties.get("TargetType", ""),
            tags=properties.get("Tags", []),
        )

    def put_version(self, name: str, content: Any, document_format: str) -> None:
        """Store a version and make it the default one, as CloudFormation does."""
        text = write_content(content, document_format)
        if text == self._get_documents(name).get_latest_version().content:
            return
        described = self.update_document(
            text,
            attachments=[],
            name=name,
            version_name="",
            document_version="$LATEST",
            document_format=document_format,
            target_type="",
        )
        if not self.keeps_default:
            self.update_document_default_version(name, described["DocumentVersion"])

    def start_automation(
        self,
        name: str,
        parameters: dict[str, list[str]],
        *,
        version: str = "$DEFAULT",
        executed_by: str = "",
        variables: dict[str, str] | None = None,
    ) -> Execution:
        """Run a document to its end and return the execution.

        Raises SSM's errors when nothing starts. `variables` are the credentials for a document
        without assumeRole: those of who started it.
        """
        document = self._find_definition(name.rpartition("/")[2], version)
        content = yaml.safe_load(document.content)
        values = check_parameters(content.get("parameters") or {}, parameters)
        texts = {key: as_texts(value) for key, value in values.items()}
        execution = Execution(
            document.name, document.document_version, content, texts, values, executed_by
        )
        execution.values |= {
            "automation:EXECUTION_ID": execution.id,
            "global:REGION": self.region_name,
        }
        role = substitute(content.get("assumeRole", ""), execution.values)
        credentials = self._assume(role, execution.id) if role else variables
        if credentials is None:
            raise ParametersRefused("The document has no assumeRole, and nobody started it.")

        def run_script(step: str, inputs: dict[str, Any], seconds: float) -> Any:
            return self.interpreters.run(f"{name} {step}", inputs, credentials, seconds)

        self.executions[execution.id] = execution
        execution.run(run_script)
        return execution

    def find_execution(self, execution_id: str) -> Execution:
        """Return an execution; raises SSM's error where there is none of this id."""
        if execution_id not in self.executions:
            raise SSMException(
                "AutomationExecutionNotFoundException",
                "Automation execution not found, it may have been deleted.",
            )
        return self.executions[execution_id]

    def looks_ended(self, execution: Execution) -> bool:
        """Say whether this look finds the execution ended, and count it."""
        execution.looks += 1
        return execution.looks > self.rounds

    def _find_definition(self, name: str, version: str) -> models.Document:
        documents = self._documents.get(name)
        if documents is None or documents.get_default_version().document_type != "Automation":
            raise SSMException(
                "AutomationDefinitionNotFoundException",
                f"No Automation document is named {name}.",
            )
        wanted = "" if version == "$DEFAULT" else version
        if not documents.exists(wanted):
            raise SSMException(
                "AutomationDefinitionVersionNotFoundException",
                f"The document {name} has no version {version}.",
            )
        return documents.find(wanted)

    def _assume(self, role: str, execution_id: str) -> dict[str, str]:
        """Return a session of the role, the same for every execution; a message of AWS's own."""
        place = f"{self.region_name}:{self.account_id}"
        arn = f"arn:{get_partition(self.region_name)}:ssm:{place}:automation-execution"
        trusted = trusts_service(
            self.account_id, self.region_name, role, SERVICE, f"{arn}/{execution_id}"
        )
        if not trusted:
            raise ParametersRefused("The defined assume role is unable to be assumed.")
        if role not in self._sessions:
            session = f"Automation-{uuid.uuid4()}"
            self._sessions[role] = assume_role(
                self.account_id, self.region_name, role, session, self.cloud_url
            )
        return self._sessions[role]
