"""The verdict on one IAM user: facts, policy and the time in, verdict out.

Rules of this file:
- It touches nothing: no AWS, no clock, no environment. Times are aware, in UTC, in whole seconds.
- It is pasted into the SSM runbook: standard library only, no doubled braces, Python 3.11.
- Never used is None. Not read is NOT_READ, and asking about what was not read raises NotRead.
- What a person wrote into a tag is never an error, only a sentence.
- Sentences name dates, not ages: an unchanged verdict has an unchanged sentence.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum

COMPLIANT = "COMPLIANT"
NON_COMPLIANT = "NON_COMPLIANT"
NOT_APPLICABLE = "NOT_APPLICABLE"

QUARANTINE_TAG = "no-setup-access-key:quarantined:"
EXCEPTION_TAG = "no-setup-access-key:exception-"
EXCEPTION_TAGS = tuple(EXCEPTION_TAG + part for part in ("owner", "expires", "reason"))
ANNOTATION_LIMIT = 256  # PutEvaluations


class InvalidParameters(ValueError):
    """A parameter is unknown or its value is not allowed; the text names every such fault."""


class NotRead(Exception):
    """The verdict depends on a fact that was not read."""


class Unread(Enum):
    """The type of NOT_READ, which must never be taken for None (never used)."""

    NOT_READ = "not read"


NOT_READ = Unread.NOT_READ


@dataclass(frozen=True)
class Parameter:
    """A rule parameter; `allowed` is a range of whole numbers of `unit`, or words."""

    name: str
    default: str
    allowed: range | tuple[str, ...]
    unit: str = ""

    def describe_allowed(self) -> str:
        """Return what is allowed, in words that complete "give ..."."""
        if isinstance(self.allowed, range):
            return f"a whole number of {self.unit} from {self.allowed[0]} to {self.allowed[-1]}"
        return f"{', '.join(self.allowed[:-1])} or {self.allowed[-1]}"


PARAMETERS = (
    Parameter("Criterion", "SETUP_UNUSED", ("SETUP_UNUSED", "UNUSED", "SETUP")),
    Parameter("SetupWindowSeconds", "300", range(86401), "seconds"),
    Parameter("GraceHours", "4", range(721), "hours"),
    Parameter("QuarantineDays", "7", range(1, 366), "days"),
    Parameter("MaxExceptionDays", "90", range(1, 367), "days"),
    Parameter("ReportUnchanged", "false", ("true", "false")),
)


@dataclass(frozen=True)
class Policy:
    """The rule's parameters, validated."""

    criterion: str
    setup_window: timedelta
    grace: timedelta
    quarantine: timedelta
    max_exception: timedelta
    report_unchanged: bool


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
    )


@dataclass(frozen=True)
class Key:
    """An access key. `status` is Active, Inactive or Expired; `last_used` None means never used."""

    id: str
    created: datetime
    status: str
    last_used: datetime | Unread | None


@dataclass(frozen=True)
class User:
    """What AWS says about one IAM user, in one shape whatever the source.

    `id` is None where the source has none (a credential report). `tags` None means not read.
    """

    name: str
    id: str | None
    arn: str
    created: datetime
    has_password: bool
    keys: tuple[Key, ...]
    tags: Mapping[str, str] | None


class Standing(Enum):
    """How one key stands: the phrase that the sentence on it makes of it."""

    TO_QUARANTINE = "AWS has no use of it on record"
    TO_FINISH = "AWS has no use of it on record; its quarantine was begun at {start}, not finished"
    TO_DELETE = "AWS has no use of it on record; its quarantine ended at {end}"
    USED_AT_SETUP = "a setup key in use"
    YOUNG = "AWS has no use of it on record yet; not judged before {end}"
    REACTIVATED = "made Active again during its quarantine; not judged before {end}"
    IN_QUARANTINE = "in quarantine until {end}"
    QUARANTINED_USED = "in quarantine since {start}, but AWS has a use of it on record"
    QUARANTINED_UNMET = "in quarantine since {start}, but no longer meets the Criterion {criterion}"
    UNUSED_LATER = "never used, but no setup key; Criterion UNUSED would report it"
    IN_USE = "in use"
    NOT_AT_SETUP = "not created at setup"
    NOT_OURS = "Inactive, left alone"
    EXPIRED = "Expired"


BY_HAND = " Make it Active again or delete it by hand."
ADVICE = {
    Standing.TO_QUARANTINE: " Make it inactive, then delete it.",
    Standing.TO_FINISH: " Make it inactive, then delete it.",
    Standing.TO_DELETE: " Delete it.",
    Standing.USED_AT_SETUP: " Move its work to a key made on purpose, then delete it.",
    Standing.QUARANTINED_USED: BY_HAND,
    Standing.QUARANTINED_UNMET: BY_HAND,
}
OFFENDING = (
    Standing.TO_QUARANTINE,
    Standing.TO_FINISH,
    Standing.TO_DELETE,
    Standing.USED_AT_SETUP,
)
UNREMARKABLE = (Standing.IN_USE, Standing.NOT_AT_SETUP, Standing.NOT_OURS, Standing.EXPIRED)


@dataclass(frozen=True)
class Tag:
    """What a quarantine tag says: no end while the runbook is at it, a fault if invalid."""

    start: datetime | None = None
    end: datetime | None = None
    fault: str = ""


NO_TAG = Tag()


@dataclass(frozen=True)
class KeyVerdict:
    """How one key stands, the sentence that says so, and a brief one for an annotation of two."""

    key: Key
    standing: Standing
    sentence: str
    brief: str
    remarkable: bool

    @property
    def offending(self) -> bool:
        """Whether this key is a finding, exception or not."""
        return self.standing in OFFENDING


@dataclass(frozen=True)
class Verdict:
    """Compliance, the sentence that explains it (the annotation), and how each key stands."""

    compliance: str
    annotation: str
    keys: tuple[KeyVerdict, ...] = ()

    @property
    def offending(self) -> tuple[Key, ...]:
        """The offending keys; a COMPLIANT user who has one has a valid exception."""
        return tuple(each.key for each in self.keys if each.offending)


def utc(moment: datetime) -> str:
    """Return a time as it is written everywhere: ISO 8601, UTC, whole seconds, Z."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def is_setup_key(key: Key, user: User, policy: Policy) -> bool:
    """Was the key created no later than the setup window after its user?"""
    return key.created - user.created <= policy.setup_window


def is_used(key: Key) -> bool:
    """Has AWS a use of the key on record? Raises NotRead where nobody asked."""
    if key.last_used is NOT_READ:
        raise NotRead(f"The last use of access key {key.id} was not read.")
    return key.last_used is not None


def meets_criterion(key: Key, user: User, policy: Policy) -> bool:
    """Does the key meet the criterion in all but being Active?"""
    if policy.criterion == "UNUSED":
        return not is_used(key)
    at_setup = is_setup_key(key, user, policy)
    return at_setup and (policy.criterion == "SETUP" or not is_used(key))


def needs_last_use(key: Key, user: User, policy: Policy) -> bool:
    """Does the verdict depend on the last use of this key, whatever its tag?"""
    judged = policy.criterion != "SETUP" or is_setup_key(key, user, policy)
    return key.status == "Active" and judged


def needs_tags(user: User, policy: Policy) -> bool:
    """Does the verdict depend on the user's tags: may a key offend or be in quarantine?"""
    return any(
        key.status == "Inactive"
        or (needs_last_use(key, user, policy) and meets_criterion(key, user, policy))
        for key in user.keys
    )


def parse_tag(key: Key, user: User, policy: Policy, now: datetime) -> Tag:
    """Return what the key's quarantine tag says.

    The end that counts is the later of the tag's and start + the current quarantine days.
    """
    if user.tags is None:
        raise NotRead(f"The tags of user {user.name} were not read.")
    value = user.tags.get(QUARANTINE_TAG + key.id)
    if value is None:
        return NO_TAG
    moment = r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"
    form = re.fullmatch(moment + " (?:started|until " + moment + ")", value, re.ASCII)
    if form is None:
        return Tag(fault="its value is not of the known form")
    try:
        start = datetime.fromisoformat(form[1])
        end = datetime.fromisoformat(form[2]) if form[2] else None
    except ValueError:
        return Tag(fault="it holds a date that does not exist")
    if start > now:
        return Tag(fault="it starts in the future")
    if start < key.created:
        return Tag(fault="it starts before the key was created")
    return Tag(start, max(end, start + policy.quarantine) if end else None)


def judge_standing(key: Key, user: User, policy: Policy, now: datetime) -> tuple[Standing, Tag]:
    """Return how one key of a user with a password stands, and its tag where that was asked for."""
    if key.status == "Inactive":
        tag = parse_tag(key, user, policy, now)
        return judge_inactive(key, user, policy, now, tag), tag
    if key.status != "Active":
        # An Expired key opens nothing, whatever its tag.
        return Standing.EXPIRED, NO_TAG
    if not needs_last_use(key, user, policy):
        return Standing.NOT_AT_SETUP, NO_TAG
    if not meets_criterion(key, user, policy):
        return (Standing.IN_USE if is_used(key) else Standing.UNUSED_LATER), NO_TAG
    if is_used(key):
        return Standing.USED_AT_SETUP, NO_TAG
    tag = parse_tag(key, user, policy, now)
    if tag.start and not tag.end:
        return Standing.TO_FINISH, tag
    if tag.end and now < tag.end:
        return Standing.REACTIVATED, tag
    if now < key.created + policy.grace:
        return Standing.YOUNG, Tag(end=key.created + policy.grace, fault=tag.fault)
    return Standing.TO_QUARANTINE, tag


def judge_inactive(key: Key, user: User, policy: Policy, now: datetime, tag: Tag) -> Standing:
    """Return how an Inactive key stands: without a valid tag of ours it is not ours to judge."""
    if tag.start is None:
        return Standing.NOT_OURS
    if is_used(key):
        return Standing.QUARANTINED_USED
    if tag.end and now < tag.end:
        return Standing.IN_QUARANTINE
    if not meets_criterion(key, user, policy):
        return Standing.QUARANTINED_UNMET
    return Standing.TO_DELETE if tag.end else Standing.TO_FINISH


def judge_key(key: Key, user: User, policy: Policy, now: datetime) -> KeyVerdict:
    """Return how one key of a user with a password stands at `now`, and the sentences on it."""
    standing, tag = judge_standing(key, user, policy, now)
    start, end = (utc(time) if time else "" for time in (tag.start, tag.end))
    phrase = standing.value.format(start=start, end=end, criterion=policy.criterion)
    said = f"{phrase}.{ADVICE.get(standing, '')}"
    if tag.fault:
        said += f" Its quarantine tag is invalid: {tag.fault}."
    named = f"Access key {key.id.removeprefix('access key ')}"
    return KeyVerdict(
        key,
        standing,
        f"{named} was created at {utc(key.created)}, its user at {utc(user.created)}: {said}",
        f"{named}: {said}",
        standing not in UNREMARKABLE or bool(tag.fault),
    )


def check_exception(tags: Mapping[str, str], policy: Policy, now: datetime) -> tuple[str, str]:
    """Return what a valid exception says and "", or "" and what is wrong with an invalid one.

    Both are "" where no exception was recorded. It is good through the end of its last day, UTC.
    """
    spelled = {name.lower(): name for name in tags}
    recorded = [tag for tag in EXCEPTION_TAGS if tag in spelled]
    if not recorded:
        return "", ""
    fault = "Invalid exception: "
    for tag in EXCEPTION_TAGS:
        short = tag.removeprefix(EXCEPTION_TAG)
        if tag not in spelled:
            return "", f"{fault}{short} is missing."
        if tag not in tags:
            return "", f"{fault}{spelled[tag]} is not in lower case."
        if not tags[tag].strip():
            return "", f"{fault}{short} is empty."
    owner, expires, _ = (tags[tag].strip() for tag in EXCEPTION_TAGS)
    try:
        # fromisoformat also takes 20261231 and 2026-W53-4, which nobody would read as a date.
        last = date.fromisoformat(expires if re.fullmatch("[0-9-]{10}", expires) else "")
    except ValueError:
        return "", f'{fault}expires "{clip(expires, 20)}" is no date (YYYY-MM-DD).'
    if last < now.date():
        return "", f"The exception ended on {last}."
    if last - now.date() > policy.max_exception:
        days = policy.max_exception.days
        return "", f"{fault}it ends on {last}, more than {days} days ahead."
    return f"The risk is accepted by {clip(owner, 80)} until the end of {last}", ""


def judge(user: User, policy: Policy, now: datetime) -> Verdict:
    """Return the verdict for one user at `now`.

    A key created exactly `setup_window` after its user is still a setup key. A key AWS has no
    last-used date for counts as never used; a date that could not be read must have raised before.
    """
    if not user.has_password:
        return Verdict(NOT_APPLICABLE, "No console password.")
    # Neither IAM nor the credential report says in which order it gives keys.
    keys = tuple(
        judge_key(key, user, policy, now)
        for key in sorted(user.keys, key=lambda key: (key.created, key.id))
    )
    offending = [each for each in keys if each.offending]
    if not offending:
        return Verdict(COMPLIANT, describe_compliance(keys, policy), keys)
    if user.tags is None:
        raise NotRead(f"The tags of user {user.name} were not read.")
    accepted, fault = check_exception(user.tags, policy, now)
    ids = " and ".join(each.key.id.removeprefix("access key ") for each in offending)
    if accepted:
        return Verdict(COMPLIANT, fit(f"{accepted}: access key {ids}."), keys)
    annotation = fit(
        " ".join([*(each.sentence for each in offending), fault]),
        " ".join([*(each.brief for each in offending), fault]),
        f"Offending access keys: {ids}. {fault}",
    )
    return Verdict(NON_COMPLIANT, annotation, keys)


def describe_compliance(keys: tuple[KeyVerdict, ...], policy: Policy) -> str:
    """Return what was seen of a user without an offending key.

    The sentences that a row of the credential report can lead to name no key, as it knows no ids.
    """
    remarkable = [each for each in keys if each.remarkable]
    if remarkable:
        return fit(
            " ".join(each.sentence for each in remarkable),
            " ".join(each.brief for each in remarkable),
            " ".join(each.brief.partition(". ")[0].rstrip(".") + "." for each in remarkable),
        )
    if not any(each.key.status == "Active" for each in keys):
        return "No active access key."
    if policy.criterion == "SETUP":
        return "No active access key was created at setup."
    return "Every active access key is in use."


def fit(*versions: str) -> str:
    """Return the first of several versions, longest first, that PutEvaluations takes."""
    texts = [version.strip() for version in versions]
    return next((text for text in texts if len(text) <= ANNOTATION_LIMIT), None) or clip(
        texts[-1], ANNOTATION_LIMIT
    )


def clip(text: str, limit: int) -> str:
    """Return the text, cut to `limit` characters with an ellipsis where it is longer."""
    return text if len(text) <= limit else text[: limit - 3] + "..."
