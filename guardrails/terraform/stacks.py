"""CloudFormation inside Terraform: stacks and StackSets that carry their template in the plan."""

from datetime import date
from typing import Any

from guardrails.cloudformation.check import check_template
from guardrails.cloudformation.structure import is_template, read_structure
from guardrails.judgement import PLAN, Foreign, Judgement

STACKS = ("aws_cloudformation_stack", "aws_cloudformation_stack_set")


def check_body(address: str, body: Any, file: str, line: int, today: date) -> Judgement:
    """Return the judgement of the template that a stack carries, if it is one.

    A key is named by the stack's address and its own logical id. Raises Unreadable.
    """
    empty = Judgement(PLAN)
    if not isinstance(body, str) or not body.strip():
        return empty
    try:
        structure = read_structure(body)
        if not is_template(structure):
            return empty
        inside = check_template(body, file, today, structure)
    except Foreign:
        return empty
    return Judgement(
        PLAN,
        [
            finding._replace(
                line=line,
                user_line=line,
                key=f"{address}/{finding.key}",
                user=f"{address}/{finding.user}",
                message=f"In the template of {address}: {finding.message}",
            )
            for finding in inside.findings
        ],
        [note._replace(line=line, text=f"{address}: {note.text}") for note in inside.notes],
        [a._replace(finding=a.finding._replace(line=line)) for a in inside.accepted],
        frozenset(f"{address}/{finding.key}" for finding in inside.findings),
    )
