"""The rule's parameters: what each is called, allows and means, and the policy that they make.

The one source for parameters.json, the conformance pack, the command line's help and the README.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta


class InvalidParameters(ValueError):
    """A parameter is unknown or its value is not allowed; the text names every such fault."""


@dataclass(frozen=True)
class Text:
    """Texts that are allowed, by a pattern of the whole, and what they are in words."""

    pattern: str
    meaning: str


@dataclass(frozen=True)
class Parameter:
    """A rule parameter; `allowed` is a range of whole numbers of `unit`, words, or a text."""

    name: str
    default: str
    allowed: range | tuple[str, ...] | Text
    meaning: str
    unit: str = ""

    @property
    def optional(self) -> bool:
        """May a rule be without it? AWS Config takes no empty value in a rule's parameters."""
        return not self.default

    def describe_allowed(self) -> str:
        """Return what is allowed, in words that complete "give ..."."""
        if isinstance(self.allowed, Text):
            return self.allowed.meaning
        if isinstance(self.allowed, range):
            return f"a whole number of {self.unit} from {self.allowed[0]} to {self.allowed[-1]}"
        return f"{', '.join(self.allowed[:-1])} or {self.allowed[-1]}"


PARAMETERS = (
    Parameter(
        "Criterion",
        "SETUP_UNUSED",
        ("SETUP_UNUSED", "UNUSED", "SETUP"),
        "which active key is a finding. SETUP_UNUSED: created at setup and never used. UNUSED:"
        " never used. SETUP: created at setup, used or not",
    ),
    Parameter(
        "SetupWindowSeconds",
        "300",
        range(86401),
        "a key created at most this long after its user was created at setup",
        "seconds",
    ),
    Parameter(
        "GraceHours",
        "4",
        range(721),
        "a never-used key younger than this is not judged, because last-used data lags",
        "hours",
    ),
    Parameter(
        "QuarantineDays",
        "7",
        range(1, 366),
        "how long a quarantined key stays Inactive before it must be deleted",
        "days",
    ),
    Parameter(
        "MaxExceptionDays",
        "90",
        range(1, 367),
        "an exception may end at most this many days ahead",
        "days",
    ),
    Parameter(
        "ReportUnchanged",
        "false",
        ("true", "false"),
        "also put results that have not changed since the last run",
    ),
    Parameter(
        "ProcessCheckRule",
        "",
        Text("[A-Za-z0-9_-]{0,128}", "nothing, or at most 128 letters, digits, - and _"),
        "the beginning of the name of the process check (a rule of AWS that a person sets by hand)"
        " that each scheduled run sets to what it found; empty for none",
    ),
)
VERDICT_PARAMETERS = tuple(
    each for each in PARAMETERS if each.name not in ("ReportUnchanged", "ProcessCheckRule")
)
"""Those on which a verdict depends."""


@dataclass(frozen=True)
class Policy:
    """The rule's parameters, validated."""

    criterion: str
    setup_window: timedelta
    grace: timedelta
    quarantine: timedelta
    max_exception: timedelta
    report_unchanged: bool
    process_check_rule: str = ""


def parse_parameters(raw: Mapping[str, object]) -> Policy:
    """Return the policy that the parameters describe; what is not given has its default.

    Values are text, as Config sends them, or the JSON number or boolean that says the same. Raises
    InvalidParameters.
    """
    names = [each.name for each in PARAMETERS]
    faults = [
        f"{name} is not a parameter of this rule; those are {', '.join(names)}."
        for name in raw
        if name not in names
    ]
    values = dict[str, str]()
    for each in PARAMETERS:
        given = raw.get(each.name, each.default)
        text = str(given).lower() if isinstance(given, bool) else str(given)
        if isinstance(each.allowed, range):
            # int() alone takes blanks, signs and other scripts' digits.
            good = bool(re.fullmatch("[0-9]{1,9}", text)) and int(text) in each.allowed
        elif isinstance(each.allowed, Text):
            good = bool(re.fullmatch(each.allowed.pattern, text))
        else:
            good = text in each.allowed
        if not good:
            faults.append(f'{each.name} is "{text}"; give {each.describe_allowed()}.')
        values[each.name] = text
    if faults:
        raise InvalidParameters(" ".join(faults))
    return Policy(
        criterion=values["Criterion"],
        setup_window=timedelta(seconds=int(values["SetupWindowSeconds"])),
        grace=timedelta(hours=int(values["GraceHours"])),
        quarantine=timedelta(days=int(values["QuarantineDays"])),
        max_exception=timedelta(days=int(values["MaxExceptionDays"])),
        report_unchanged=values["ReportUnchanged"] == "true",
        process_check_rule=values["ProcessCheckRule"],
    )
