"""Tells by its content whether a file is a template or a plan, and checks it.

What is neither a plan nor plainly something else does not pass: a plan that was cut off, wrapped or
redacted has the key in plain sight.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import PurePath
from typing import Any

from guardrails.cloudformation.check import check_template
from guardrails.cloudformation.structure import is_template, may_be_template, read_structure, refuse
from guardrails.content import decode_content, mentions_key, mentions_plan
from guardrails.deadline import TooLong, limit_time
from guardrails.json_documents import CutOff, Damaged, JsonDocument, KeyTwice, read_json_documents
from guardrails.judgement import (
    NEITHER,
    Foreign,
    Judgement,
    Malformed,
    Unreadable,
    join_judgements,
    refuse_malformed,
)
from guardrails.terraform.check import KEY_RESOURCE, check_plan
from guardrails.terraform.plan import PLAN_PARTS, SHOW, is_of_plan, is_plan, is_state

CLOUDFORMATION = "cloudformation"
TERRAFORM = "terraform"
DOCUMENT_KINDS = (CLOUDFORMATION, TERRAFORM)
_FIRST_NAME = re.compile(r'\s*\{\s*"(?P<name>\w*)(?P<end>"?)')
_NEVER_A_PLAN = (".yaml", ".yml", ".template")


def check_document(content: bytes, file: str, kind: str | None, today: date) -> Judgement:
    """Return the judgement of one file.

    Raises Foreign for a file that is neither a template nor a plan, or not of the `kind` asked for;
    Unreadable for one that cannot be judged.
    """
    text = decode_content(content)
    is_for_plans = kind == TERRAFORM and PurePath(file).suffix not in _NEVER_A_PLAN
    # What a program prints that had nothing to print.
    if text.strip() in ("", "null"):
        raise (Unreadable if is_for_plans else Foreign)("it is empty")
    with _spare(text), limit_time(), refuse_malformed():
        documents = _read_json(text, is_for_plans)
        if plans := [document for document in documents if is_plan(document.value)]:
            if len(plans) < len(documents):
                raise Unreadable(f"something else stands beside the plan; {SHOW}")
            if kind == CLOUDFORMATION:
                raise Foreign("it is a Terraform plan, not a CloudFormation template")
            return join_judgements([check_plan(plan, file, today) for plan in plans])
        _refuse_lost_plan(documents, text, kind, is_for_plans)
        return _check_other(documents, text, file, kind, today)


@contextmanager
def _spare(text: str) -> Iterator[None]:
    """Raise Foreign instead of Unreadable for what takes too long and can hide no access key."""
    try:
        yield
    except Foreign:
        raise
    except (TooLong, Malformed) as error:
        if mentions_plan(text) or "Fn::ForEach" in text:
            raise
        raise refuse(text, str(error)) from error


def _read_json(text: str, is_for_plans: bool) -> list[JsonDocument]:
    """Return the JSON documents of a text, none where it is YAML or something else."""
    if text.lstrip()[0] not in "{[":
        if is_for_plans and _closes_more(text):
            raise Unreadable(f"it begins in the middle of something; {SHOW}")
        return []
    try:
        return read_json_documents(text)
    except KeyTwice as error:
        if mentions_key(text) or mentions_plan(text):
            raise Unreadable(str(error)) from error
        return read_json_documents(text, strict=False)
    except Damaged as error:
        if text.lstrip().startswith('{"@level"'):
            raise _refuse_log() from error
        if mentions_plan(text):
            raise Unreadable(f"the plan is damaged: {error}; {SHOW}") from error
        is_cut = isinstance(error, CutOff) and _begins_as_plan(text, is_for_plans)
        if is_cut or (is_for_plans and _closes_more(text)):
            raise Unreadable(f"it was cut off: {error}; {SHOW}") from error
        return []


def _begins_as_plan(text: str, is_for_plans: bool) -> bool:
    """Tell whether a text begins as a plan does, whatever the order of its names."""
    match = _FIRST_NAME.match(text)
    if match is None:
        return is_for_plans and text.strip() == "{"
    if not match["end"]:
        return is_for_plans and any(part.startswith(match["name"]) for part in PLAN_PARTS)
    return match["name"] == "format_version" or (is_for_plans and match["name"] in PLAN_PARTS)


def _closes_more(text: str) -> bool:
    """Tell whether brackets are closed that the text has not opened: it lost its beginning."""
    return sum(map(text.count, "}]")) > sum(map(text.count, "{["))


def _refuse_lost_plan(
    documents: list[JsonDocument], text: str, kind: str | None, is_for_plans: bool
) -> None:
    """Raise Unreadable for a plan that is inside of something, and for what is taken for one."""
    for document in documents:
        if kind != CLOUDFORMATION and is_state(document.value):
            raise Unreadable(f"it is a Terraform state, not a plan; {SHOW}")
        if isinstance(document.value, dict) and "@level" in document.value:
            raise _refuse_log()
    has_key = mentions_key(text)
    if documents:
        may_hide = has_key or (kind == TERRAFORM and mentions_plan(text))
        is_inside = may_hide and any(_wraps(d.value) for d in documents)
    else:
        is_inside = (is_for_plans and KEY_RESOURCE in text) or (
            mentions_plan(text) and (is_for_plans or has_key)
        )
    if is_inside:
        raise Unreadable(f"a plan or a part of one stands in it, and something else; {SHOW}")


def _refuse_log() -> Unreadable:
    return Unreadable(f"it is the log of terraform plan -json, not a plan; {SHOW}")


def _wraps(document: Any) -> bool:
    """Tell whether a plan stands anywhere in a document, as a value or as a text."""
    left = [document]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            if is_of_plan(value):
                return True
            left += value.values()
        elif isinstance(value, list):
            left += value
        elif isinstance(value, str) and mentions_plan(value) and mentions_key(value):
            return True
    return False


def _check_other(
    documents: list[JsonDocument], text: str, file: str, kind: str | None, today: date
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
