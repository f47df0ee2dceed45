"""The names of quarantine tags: IAM tells keys of tags apart without regard to letter case."""

import pytest

from rule.quarantine import QUARANTINE_TAG, find_quarantine, is_quarantine_tag

KEY = "AKIAIOSFODNN7EXAMPLE"


@pytest.mark.parametrize("name", [f"{QUARANTINE_TAG}{KEY}", f"{QUARANTINE_TAG}{KEY}".title()])
def test_a_quarantine_tag_is_known_in_whatever_letters(name: str) -> None:
    assert is_quarantine_tag(name)
    assert find_quarantine({"team": "people", name: "since when"}, KEY) == "since when"


@pytest.mark.parametrize("name", ["team", "no-setup-access-key:exception-owner", KEY])
def test_other_tags_are_no_quarantine(name: str) -> None:
    assert not is_quarantine_tag(name)
    assert find_quarantine({name: "since when"}, KEY) is None
