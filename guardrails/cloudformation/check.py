"""The check of one CloudFormation template: the cfn-lint rule of this project, and no other rule.

cfn-lint's configuration files are not read: the answer depends on the template alone. Suppression
inside the template (Metadata, cfn-lint, config, ignore_checks) counts only together with who
accepts the key, until when and why. What has no access key in it never meets cfn-lint.
"""

import json
import os
import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from guardrails.acceptance import METADATA, judge_acceptance
from guardrails.cloudformation.expansion import bound_expansion, name_as_written
from guardrails.cloudformation.structure import is_template, read_structure
from guardrails.cloudformation.unseen import find_unseen_in_template, has_body, read_bodies
from guardrails.content import mentions_key
from guardrails.judgement import (
    NEITHER,
    TEMPLATE,
    Accepted,
    FileFinding,
    Foreign,
    Judgement,
    Unreadable,
)

_MAX_LENGTH = 1024 * 1024
"""CloudFormation takes no larger template, wherever it comes from."""
_MAX_INSIDE = 3
_CACHES = ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA")
"""By these cfn-lint finds its cache on Linux, macOS and Windows (cfnlint.helpers)."""
# A type that a loop puts together may become an access key without its name being in the text.
_BUILT_TYPE = re.compile(r"Type[\"']?\s*:.*[$&]\{")


def check_template(
    text: str, file: str, today: date, structure: Any = None, level: int = 0
) -> Judgement:
    """Return the judgement of one template; `structure` is the parsed text, where it is at hand.

    Raises Foreign for what is no template, Unreadable for one that cannot be followed.
    """
    template = read_structure(text) if structure is None else structure
    if not is_template(template):
        raise Foreign(NEITHER)
    judgement = Judgement(TEMPLATE, notes=find_unseen_in_template(template, text, file))
    built = "Fn::ForEach" in text and _BUILT_TYPE.search(text)
    if not mentions_key(text) and not built:
        return judgement
    if len(text) > _MAX_LENGTH:
        raise Unreadable("it is larger than the 1 MB that CloudFormation takes")
    bound_expansion(template)
    decoded, matches = _load_lint()(text)
    # Of a list that only the deployment knows, several items stand for one.
    for finding, match in {_name(match, template, file): match for match in matches}.items():
        left, acceptance = _accept(finding, match, template, today)
        if left is not None:
            judgement.findings.append(left)
        elif acceptance is not None:
            judgement.accepted.append(acceptance)
    for name, line, body in _find_bodies(decoded):
        inside = _check_inside(body, file, today, level)
        judgement.findings.extend(_move(f, name, line) for f in inside.findings)
        judgement.accepted.extend(
            a._replace(finding=_move(a.finding, name, line)) for a in inside.accepted
        )
        judgement.notes.extend(n._replace(line=line + n.line - 1) for n in inside.notes)
    return judgement


def _load_lint() -> Callable[[str], tuple[Any, list[Any]]]:
    """Return the linter. Imported late: it takes half a second, which most files need not wait for.

    While it is imported cfn-lint looks for newer schemas under HOME: what lies there must neither
    change the answer nor, where nobody may read it, stop the run.
    """
    kept = {name: os.environ.get(name) for name in _CACHES}
    os.environ.update(dict.fromkeys(_CACHES, os.devnull))
    try:
        from guardrails.cloudformation.lint import lint
    except ModuleNotFoundError as error:
        raise Unreadable(
            f"it takes cfn-lint to judge, and {str(error.name).partition('.')[0]} is not installed"
            " here: pip install cfn-lint"
        ) from error
    finally:
        for name, value in kept.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
    return lint


def _name(match: Any, template: dict[str, Any], file: str) -> FileFinding:
    key, user = (name_as_written(template, name) for name in (match.key, match.user))
    message = match.message.replace(match.key, key, 1).replace(match.user, user, 1)
    return FileFinding(file, match.linenumber, user, key, message, file, match.user_line)


def _accept(
    finding: FileFinding, match: Any, template: Any, today: date
) -> tuple[FileFinding | None, Accepted | None]:
    """Return the finding, or its acceptance by the metadata of the key or of the template."""
    for metadata in (match.metadata, template.get("Metadata")):
        if not isinstance(metadata, dict):
            continue
        fields = metadata.get(METADATA)
        if fields is not None or _ignores(metadata, match.rule.id):
            left, acceptance = judge_acceptance(finding, fields, today)
            return left, acceptance and Accepted(finding, acceptance)
    return finding, None


def _ignores(metadata: dict[str, Any], rule: str) -> bool:
    found: Any = metadata
    for step in ("cfn-lint", "config", "ignore_checks"):
        found = found.get(step) if isinstance(found, dict) else None
    return isinstance(found, list) and any(rule.startswith(str(check)) for check in found)


def _find_bodies(template: Any) -> Iterator[tuple[str, int, str]]:
    """Yield each template inside the template: whose it is, the line it begins on, its text."""
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties") if isinstance(resource, dict) else None
        if properties is None or not has_body(properties):
            continue
        for body in read_bodies(properties):
            line = _find_start(body) or _find_start(name) or 1
            text = body if isinstance(body, str) else json.dumps(body, default=str)
            yield str(name), line, str(text)


def _find_start(node: Any) -> int | None:
    mark = getattr(node, "start_mark", None)
    return mark.line + 1 if mark is not None else None


def _check_inside(body: str, file: str, today: date, level: int) -> Judgement:
    if level >= _MAX_INSIDE:
        raise Unreadable(f"it holds templates inside templates more than {_MAX_INSIDE} times over")
    try:
        return check_template(body, file, today, level=level + 1)
    except Foreign:
        return Judgement(TEMPLATE)


def _move(finding: FileFinding, name: str, line: int) -> FileFinding:
    """Return the finding of a template that stands inside the resource of this name."""
    return finding._replace(
        line=line + finding.line,
        user_line=line + finding.user_line,
        message=f"In the template of {name}: {finding.message}",
    )
