"""Tells by its content whether a file is a template or a plan, and checks it.

What is neither a plan nor plainly something else does not pass: a plan that was cut off, wrapped or
redacted has the key in plain sight.
"""

from datetime import date
from pathlib import PurePath
from typing import Any

from guardrails.cloudformation.check import check_template
from guardrails.cloudformation.structure import is_template, may_be_template, read_structure, refuse
from guardrails.content import decode, mentions_key, mentions_plan
from guardrails.deadline import limit_time
from guardrails.finding import NEITHER, Foreign, Judgement, Unreadable, follow, join
from guardrails.json_documents import Damaged, Document, KeyTwice, read_documents
from guardrails.terraform.check import check_plan
from guardrails.terraform.plan import SHOW, is_plan, is_state

CLOUDFORMATION = "cloudformation"
TERRAFORM = "terraform"
KINDS = (CLOUDFORMATION, TERRAFORM)
_MAX_WRAPPING = 3
_NEVER_A_PLAN = (".yaml", ".yml", ".template")


def check_document(content: bytes, file: str, kind: str | None, today: date) -> Judgement:
    """Return the judgement of one file.

    Raises Foreign for a file that is neither a template nor a plan, or not of the `kind` asked for;
    Unreadable for one that cannot be judged.
    """
    text = decode(content)
    if not text.strip():
        is_lost_plan = kind == TERRAFORM and PurePath(file).suffix not in _NEVER_A_PLAN
        raise (Unreadable if is_lost_plan else Foreign)("it is empty")
    with limit_time(), follow():
        documents = _read_json(text)
        if plans := [document for document in documents if is_plan(document.value)]:
            if len(plans) < len(documents):
                raise Unreadable(f"something else stands beside the plan; {SHOW}")
            if kind == CLOUDFORMATION:
                raise Foreign("it is a Terraform plan, not a CloudFormation template")
            return join([check_plan(plan, file, today) for plan in plans])
        _refuse_lost_plan(documents, text, kind)
        return _check_other(documents, text, file, kind, today)


def _read_json(text: str) -> list[Document]:
    """Return the JSON documents of a text, none where it is YAML or something else."""
    if text.lstrip()[0] not in "{[":
        return []
    try:
        return read_documents(text)
    except KeyTwice as error:
        if mentions_key(text) or mentions_plan(text):
            raise Unreadable(str(error)) from error
        return read_documents(text, strict=False)
    except Damaged as error:
        if text.lstrip().startswith('{"@level"'):
            raise _refuse_log() from error
        if mentions_plan(text):
            raise Unreadable(f"the plan is damaged: {error}; {SHOW}") from error
        return []


def _refuse_lost_plan(documents: list[Document], text: str, kind: str | None) -> None:
    """Raise Unreadable for a plan that is inside of something, and for what is taken for one."""
    for document in documents:
        if kind != CLOUDFORMATION and is_state(document.value):
            raise Unreadable(f"it is a Terraform state, not a plan; {SHOW}")
        if isinstance(document.value, dict) and "@level" in document.value:
            raise _refuse_log()
    if mentions_plan(text) and (not documents or any(_wraps(d.value, 0) for d in documents)):
        raise Unreadable(f"a plan stands in it, with something else around it; {SHOW}")


def _refuse_log() -> Unreadable:
    return Unreadable(f"it is the log of terraform plan -json, not a plan; {SHOW}")


def _wraps(value: Any, depth: int) -> bool:
    if is_plan(value):
        return True
    if depth == _MAX_WRAPPING or not isinstance(value, dict | list):
        return False
    items = value.values() if isinstance(value, dict) else value
    return any(_wraps(item, depth + 1) for item in items)


def _check_other(
    documents: list[Document], text: str, file: str, kind: str | None, today: date
) -> Judgement:
    """Return the judgement of a template; raise Foreign or Unreadable for anything else."""
    if len(documents) > 1:
        raise refuse(text, "it holds more than one JSON document")
    if documents:
        structure = documents[0].value
    elif may_be_template(text) or mentions_key(text):
        structure = read_structure(text)
    else:
        raise Foreign(NEITHER)
    if not isinstance(structure, dict | list):
        raise refuse(text, "an access key stands in it, but it is no mapping")
    if not is_template(structure):
        raise Foreign(NEITHER)
    if kind == TERRAFORM:
        raise Foreign(f"it is no Terraform plan; {SHOW}")
    return check_template(text, file, today, structure)
