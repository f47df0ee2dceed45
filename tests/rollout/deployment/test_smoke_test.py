"""The smoke test knows the rule's answer from that of other code under its name."""

import pytest

from rollout.deployment.smoke_test import judge_answer

OTHER = "which the rule's code does not: other code runs there"


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"null", id="nothing"),
        pytest.param(b"{}", id="an empty answer"),
        pytest.param(b'"ok"', id="a text"),
        pytest.param(b"<html>", id="no json"),
        pytest.param(b'{"message_type": "ConfigurationItemChangeNotification"}', id="no figures"),
        pytest.param(
            b'{"message_type": "ConfigurationItemChangeNotification", "users_seen": true}',
            id="a figure of another type",
        ),
        pytest.param(b'{"message_type": "ScheduledNotification", "users_seen": 1}', id="another"),
    ],
)
def test_an_answer_of_another_shape_is_a_fault(payload: bytes) -> None:
    assert judge_answer(payload) == f"it answers {payload.decode()!r}, {OTHER}"


def test_the_rule_s_own_answer_passes() -> None:
    told = b'{"message_type": "ConfigurationItemChangeNotification", "users_seen": 0, "put": {}}'
    assert judge_answer(told) == ""
