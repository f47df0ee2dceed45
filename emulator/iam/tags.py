"""IAM's rules for the tags of a user.

Characters are those of botocore's service model (`Tag`), whose pattern Python cannot read; that
keys which differ only in case are one key is stated in the IAM user guide, "Tags for IAM
resources".
"""

import re
import unicodedata

from moto.iam.exceptions import (
    DuplicateTags,
    InvalidInput,
    InvalidTagCharacters,
    LimitExceededException,
)

MAX_TAGS = 50
_PUNCTUATION = "_.:/=+-@"


def check_tags(tags: list[dict[str, str]]) -> dict[str, str]:
    """Return the tags of one request by key, or raise IAM's own error for the first bad one."""
    checked: dict[str, str] = {}
    for position, tag in enumerate(tags, 1):
        key, value = tag["Key"], tag.get("Value", "")
        for text, name in ((key, "key"), (value, "value")):
            if not all(map(_is_allowed, text)):
                raise InvalidTagCharacters(text, f"tags.{position}.member.{name}")
        if re.match("aws:", key, re.IGNORECASE):
            raise InvalidInput(f"The tag key {key} begins with aws:, which is reserved for AWS.")
        if key.lower() in map(str.lower, checked):
            raise DuplicateTags
        checked[key] = value
    return checked


def put_tags(present: dict[str, str], added: dict[str, str]) -> None:
    """Add `added` to `present`, in place; a key that differs only in case is replaced.

    Raises LimitExceeded, and changes nothing, when more than 50 would be there. (The text of that
    error is not documented.)
    """
    spelled = {key.lower(): key for key in added}
    merged = {spelled.get(key.lower(), key): value for key, value in present.items()} | added
    if len(merged) > MAX_TAGS:
        raise LimitExceededException("The number of tags has reached the maximum limit.")
    present.clear()
    present.update(merged)


def remove_tags(present: dict[str, str], keys: list[str]) -> None:
    """Remove `keys` from `present`, in place, in any case of letters; absent ones do not matter."""
    lowered = {key.lower() for key in keys}
    for key in [key for key in present if key.lower() in lowered]:
        del present[key]


def _is_allowed(character: str) -> bool:
    return character in _PUNCTUATION or unicodedata.category(character)[0] in "LZN"
