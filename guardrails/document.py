"""Tells by its content whether a file is a template or a plan, and checks it."""

import codecs
import json
from typing import Any

from guardrails.finding import NEITHER, TEMPLATE_KEYS, Finding, Foreign, Unreadable
from guardrails.terraform.check import check_plan

CLOUDFORMATION = "cloudformation"
TERRAFORM = "terraform"
KINDS = (CLOUDFORMATION, TERRAFORM)

_MARKS = (
    # The longer mark of UTF-32 begins with that of UTF-16. PowerShell's > writes UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)
_SHOW = "run terraform plan -out=FILE, then terraform show -json FILE"


def check_document(content: bytes, file: str, kind: str | None = None) -> list[Finding]:
    """Return the findings of one file.

    Raises Foreign for a file that is neither a template nor a plan, or not of the `kind` asked for;
    Unreadable for one that cannot be judged.
    """
    text = _decode(content)
    document = _parse(text)
    if _is_plan(document):
        if kind == CLOUDFORMATION:
            raise Foreign("it is a Terraform plan, not a CloudFormation template")
        return check_plan(document, text, file)
    # JSON of other sorts can be large, and cfn-lint reads it as slowly as YAML.
    if document is not None and not document.keys() & TEMPLATE_KEYS:
        raise Foreign(NEITHER)
    # Imported late: cfn-lint takes half a second, which a check of plans alone need not wait for.
    from guardrails.cloudformation.check import check_template

    if kind == TERRAFORM:
        raise Foreign(f"it is no Terraform plan; {_SHOW}")
    return check_template(text, file)


def _decode(content: bytes) -> str:
    if content.startswith(b"PK\x03\x04"):
        raise Unreadable("it is a binary file; of a saved plan, run terraform show -json FILE")
    if not content.strip():
        raise Foreign("it is empty")
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise Unreadable(f"it is no text: {error.reason} at byte {error.start}") from error
    if "\0" in text:
        raise Unreadable("it is no text: it holds a zero byte")
    return text


def _parse(text: str) -> Any:
    """Return the JSON document, or None for what is YAML or nothing."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        return json.loads(text)
    except RecursionError as error:
        raise Unreadable("its JSON is nested too deep") from error
    except ValueError:
        if text.lstrip().startswith('{"@level"'):
            raise Unreadable(
                f"it is the log of terraform plan -json, not a plan; {_SHOW}"
            ) from None
        return None


def _is_plan(document: Any) -> bool:
    if not isinstance(document, dict):
        return False
    if "terraform_version" in document and ("lineage" in document or "serial" in document):
        raise Unreadable(f"it is a Terraform state, not a plan; {_SHOW}")
    return "format_version" in document and not document.keys() & TEMPLATE_KEYS
