"""How many of what, with the right noun."""

import pytest

from rule.counted import count, count_of


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (count(0, "account"), "0 accounts"),
        (count(1, "account"), "1 account"),
        (count(2000, "account"), "2,000 accounts"),
        (count(1, "policy", "policies"), "1 policy"),
        (count(2, "policy", "policies"), "2 policies"),
        (count_of(1, 1, "account"), "1 of 1 account"),
        (count_of(1, 1305, "account"), "1 of 1,305 accounts"),
        (count_of(1001, 2000, "policy", "policies"), "1,001 of 2,000 policies"),
    ],
)
def test_a_number_stands_with_the_noun_of_how_many_there_are(said: str, expected: str) -> None:
    assert said == expected
