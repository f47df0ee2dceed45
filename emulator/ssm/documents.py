"""SSM documents as an emulated account stores them, and what it refuses to store.

Moto keeps whatever it is given: a mapping out of a CloudFormation template stays one, and an
Automation document is never looked into. Limits are those of botocore's model and of AWS's page
"Systems Manager Automation actions reference"; that an undefined variable is refused when the
document is put, and not only when it runs, is M.
"""

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import yaml
from moto.ssm import models
from moto.ssm.exceptions import SSMException

from emulator.backend import OwnResource
from emulator.ssm.variables import find_references

MAX_BYTES = 64 * 1024
MAX_SCRIPT_SECONDS = 600
RESERVED = ("aws", "amazon", "amzn")
"""How no document of a customer may be called; it covers AWSEC2, AWSSupport and their like."""
RUNTIMES = ("python3.8", "python3.9", "python3.10", "python3.11")
TYPES = ("String", "StringList", "StringMap", "MapList", "Boolean", "Integer")


class DocumentRefused(SSMException):
    """The document's content is none that SSM takes."""

    code = "InvalidDocumentContent"


class Document(OwnResource, models.Document):
    """One version of a document, as CloudFormation creates and replaces it."""

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> models.Document:
        """Put a new version where the template says UpdateMethod: NewVersion.

        Another name makes another document, and takes the old one away.
        """
        properties = cloudformation_json["Properties"]
        renamed = properties.get("Name", original_resource.name) != original_resource.name
        if renamed or properties.get("UpdateMethod") != "NewVersion":
            return super().update_from_cloudformation_json(
                original_resource, new_resource_name, cloudformation_json, account_id, region_name
            )
        ssm: Any = models.ssm_backends[account_id][region_name]
        ssm.put_version(original_resource.name, properties["Content"], properties["DocumentFormat"])
        documents: models.Documents = ssm._get_documents(original_resource.name)
        return documents.get_latest_version()


def write_content(content: Any, document_format: str) -> str:
    """Return the text of a document that may have been given as a mapping."""
    if isinstance(content, str):
        return content
    text = json.dumps(content)
    return _as_yaml(text) if document_format == "YAML" else text


@lru_cache(maxsize=16)
def _as_yaml(text: str) -> str:
    """Return JSON as YAML; hundreds of accounts store the same document."""
    return str(yaml.safe_dump(json.loads(text), sort_keys=False, allow_unicode=True))


@lru_cache(maxsize=16)
def parse_document(text: str) -> dict[str, Any]:
    """Return a document, parsed; nobody may change it. Raises YAMLError."""
    content: dict[str, Any] = yaml.safe_load(text)
    return content


def check_new_document(name: str, text: str, document_type: str, document_format: str) -> None:
    """Raise SSM's error for a document that it would not store."""
    if name.lower().startswith(RESERVED):
        raise SSMException("ValidationException", f"Invalid document name {name}")
    if len(text.encode()) > MAX_BYTES:
        raise SSMException("MaxDocumentSizeExceeded", "The size limit of a document is 64 KB.")
    if document_type == "Automation":
        try:
            content = parse_document(text)
        except yaml.YAMLError as error:
            raise DocumentRefused("The content for the document is not valid.") from error
        for fault in find_document_faults(content, document_format):
            raise DocumentRefused(fault)


def find_document_faults(content: dict[str, Any], document_format: str) -> Iterator[str]:
    """Give what is wrong with an Automation document; the sentences are ours."""
    if content.get("schemaVersion") != "0.3":
        yield "An Automation document has schemaVersion 0.3."
    steps = content.get("mainSteps") or []
    names = [step.get("name") for step in steps]
    if not names or len(set(names)) < len(names):
        yield "mainSteps needs steps, each with a name of its own."
    for name, parameter in (content.get("parameters") or {}).items():
        if parameter.get("type") not in TYPES:
            yield f"The type of parameter {name} is not supported."
    produced = set[str]()
    for step in steps:
        produced |= {f"{step['name']}.{output['Name']}" for output in step.get("outputs", ())}
        if step["action"] == "aws:executeScript":
            yield from find_script_faults(step, document_format)
    if missing := {*content.get("outputs", ())} - produced:
        yield f"No step has the output {', '.join(sorted(missing))}."
    known = {*(content.get("parameters") or ()), *produced}
    for reference in find_references(content):
        if reference not in known and not reference.startswith(("global:", "automation:")):
            yield f"The variable {reference} is not defined."


def find_script_faults(step: dict[str, Any], document_format: str) -> Iterator[str]:
    """Give what is wrong with an aws:executeScript step."""
    inputs = step["inputs"]
    if "Script" in inputs and document_format != "YAML":
        yield f"Step {step['name']}: an inline Script is possible in YAML documents only."
    if inputs.get("Runtime") not in RUNTIMES:
        yield f"Step {step['name']}: the runtime {inputs.get('Runtime')} is not supported."
    if not 1 <= int(step.get("timeoutSeconds", MAX_SCRIPT_SECONDS)) <= MAX_SCRIPT_SECONDS:
        yield f"Step {step['name']}: a script may run for at most {MAX_SCRIPT_SECONDS} seconds."
