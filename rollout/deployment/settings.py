"""rollout.toml: what was decided, reviewed in git; options win over it, and it over what stands.

member_role = "OrganizationAccountAccessRole"
exclude = ["444455556666"]
ou = ["ou-exam-production"]
role_account = "management"
tags_protected_by = "permission boundaries"
canary = ["333300000001"]

[parameters]
GraceHours = 24
AutomaticRemediation = false

[stack_parameters]
LogRetentionDays = 30
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rollout.deployment.request import Decisions, Request
from rollout.errors import Refused
from rollout.names import ACCOUNT_ID
from rollout.packs.template import AUTOMATIC
from rule.parameters import InvalidParameters, parse_parameters

FILE = "rollout.toml"
FREQUENCY = "MaximumExecutionFrequency"
FREQUENCIES = ("One_Hour", "Three_Hours", "Six_Hours", "Twelve_Hours", "TwentyFour_Hours")
SWITCHES = ("ReportUnchanged", AUTOMATIC)
LISTS = ("exclude", "ou", "canary")
WORDS = ("member_role", "role_account", "function_by", "bucket", "tags_protected_by")
TABLES = ("parameters", "stack_parameters")
CHOICES = {"role_account": ("management", "caller"), "function_by": ("name", "export")}


@dataclass(frozen=True)
class Settings:
    """What a file decides."""

    decisions: Decisions = field(default_factory=Decisions)
    member_role: str = ""
    canary: tuple[str, ...] = ()
    tags_protected_by: str = ""


@dataclass(frozen=True)
class SettingsText:
    """A file's text, to name the line of what is wrong."""

    name: str
    text: str = field(repr=False)

    def refuse(self, key: str, why: str) -> Refused:
        """Return the error for a key, with its line."""
        for number, line in enumerate(self.text.splitlines(), 1):
            if re.match(rf"\s*\[?\s*\"?{re.escape(key)}\"?\s*[=\].]", line):
                return Refused(f"{self.name}:{number}: {key}: {why}.")
        return Refused(f"{self.name}: {key}: {why}.")


def read_settings(named: str | None, check_stack: Callable[[str, str], str]) -> Settings:
    """Return the settings of the named file, else of the one in the working folder, if any.

    `check_stack` returns what is wrong with a parameter of template.yaml. Raises Refused.
    """
    file = Path(named or FILE)
    if named is None and not file.is_file():
        return Settings()
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{file}: cannot be read: {error}.") from error
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Refused(f"{file}: {error}.") from error
    return parse_settings(SettingsText(str(file), text), found, check_stack)


def parse_settings(
    source: SettingsText, found: Mapping[str, Any], check_stack: Callable[[str, str], str]
) -> Settings:
    """Return the settings. Raises Refused for what is unknown or not allowed, with its line."""
    known = (*LISTS, *WORDS, *TABLES)
    for key, value in found.items():
        if key not in known:
            raise source.refuse(key, f"no such setting; there are {', '.join(known)}")
        kind: type
        kind, word = (list, "a list of texts") if key in LISTS else (str, "a text")
        if key in TABLES:
            kind, word = dict, "a table"
        if not isinstance(value, kind):
            raise source.refuse(key, f"must be {word}")
        if key in CHOICES and value not in CHOICES[key]:
            raise source.refuse(key, f'"{value}" is not one of {", ".join(CHOICES[key])}')
    for key in ("exclude", "canary"):
        for each in found.get(key, []):
            if not isinstance(each, str) or not ACCOUNT_ID.fullmatch(each):
                raise source.refuse(key, f"{each!r} is no account number of 12 digits in quotes")
    for each in found.get("ou", []):
        if not isinstance(each, str):
            raise source.refuse("ou", f"{each!r} is no text")
    stack = {key: write_value(each) for key, each in found.get("stack_parameters", {}).items()}
    for name, value in stack.items():
        if fault := check_stack(name, value):
            raise source.refuse(name, fault)
    decisions = Decisions(
        exclude=tuple(found["exclude"]) if "exclude" in found else None,
        units=tuple(found["ou"]) if "ou" in found else None,
        parameters=parse_pack_parameters(source, found.get("parameters", {})),
        stack_parameters=stack,
        function_by=found.get("function_by"),
        role_account=found.get("role_account"),
        bucket=found.get("bucket"),
    )
    return Settings(
        decisions,
        found.get("member_role", ""),
        tuple(found.get("canary", ())),
        found.get("tags_protected_by", ""),
    )


def parse_pack_parameters(source: SettingsText, found: Mapping[str, Any]) -> dict[str, str]:
    """Return the pack's parameters. Raises Refused."""
    given = {name: write_value(value) for name, value in found.items()}
    for name, value in given.items():
        if name == FREQUENCY:
            if value not in FREQUENCIES:
                raise source.refuse(name, f'"{value}" is not one of {", ".join(FREQUENCIES)}')
        elif name in SWITCHES:
            if value not in ("true", "false"):
                raise source.refuse(name, f'"{value}" is neither true nor false')
        else:
            try:
                parse_parameters({name: value})
            except InvalidParameters as fault:
                raise source.refuse(name, str(fault).rstrip(".")) from fault
    return given


def write_value(value: Any) -> str:
    """Return a value as AWS carries it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def merge(request: Request, settings: Settings) -> Request:
    """Return the request with what only the file says."""
    given, file = request.decisions, settings.decisions
    decisions = Decisions(
        exclude=file.exclude if given.exclude is None else given.exclude,
        units=file.units if given.units is None else given.units,
        parameters={**file.parameters, **given.parameters},
        stack_parameters={**file.stack_parameters, **given.stack_parameters},
        function_by=given.function_by or file.function_by,
        role_account=given.role_account or file.role_account,
        bucket=given.bucket or file.bucket,
    )
    role = request.caller.member_role or settings.member_role
    return replace(
        request,
        decisions=decisions,
        caller=replace(request.caller, member_role=role),
        tags_protected_by=request.tags_protected_by or settings.tags_protected_by,
    )


def write_settings(decisions: Decisions, member_role: str, tags_protected_by: str = "") -> str:
    """Return the file that holds these decisions."""
    lines = ["# What was decided for iam-user-no-setup-access-key. Options win over this file."]
    if member_role:
        lines.append(f"member_role = {quote(member_role)}")
    if tags_protected_by:
        lines.append(f"tags_protected_by = {quote(tags_protected_by)}")
    lines.append(f"exclude = [{', '.join(map(quote, decisions.exclude or ()))}]")
    lines.append(f"ou = [{', '.join(map(quote, decisions.units or ()))}]")
    lines.append(f"role_account = {quote(decisions.role_account or 'management')}")
    lines.append(f"function_by = {quote(decisions.function_by or 'name')}")
    for title, values in (
        ("parameters", decisions.parameters),
        ("stack_parameters", decisions.stack_parameters),
    ):
        if values:
            lines += ["", f"[{title}]"]
            lines += [f"{name} = {write_literal(value)}" for name, value in sorted(values.items())]
    return "\n".join(lines) + "\n"


def write_literal(value: str) -> str:
    """Return a value as TOML has it: numbers and booleans bare."""
    bare = value in ("true", "false") or re.fullmatch(r"-?(0|[1-9]\d*)", value)
    return value if bare else quote(value)


def quote(text: str) -> str:
    """Return a text as TOML has it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
