"""What is shared by all clients is not what one of them is told."""

from typing import Any

import boto3
import botocore.session
import pytest

from emulator import Account
from tests.support.shared_models import _copy_node


def test_a_handler_of_one_client_or_session_is_no_other_s(account: Account) -> None:
    told = list[str]()
    one, other = account.session(), boto3.Session()
    client = one.client("iam")
    client.meta.events.register("before-call", lambda **_: told.append("the client"))
    other.events.register("before-call", lambda **_: told.append("the session"))
    client.list_users()
    other.client("iam").list_users()
    account.session().client("iam").list_users()
    assert told == ["the client", "the session"]


def test_each_client_is_announced_and_what_is_added_to_it_is_its_own(account: Account) -> None:
    announced = list[str]()

    def add(class_attributes: dict[str, Any], **_: Any) -> None:
        class_attributes["added"] = announced.append

    one, other = boto3.Session(region_name="us-east-1"), boto3.Session(region_name="us-east-1")
    one.events.register("creating-client-class.iam", add)
    made = [each.client("iam") for each in (one, one, other)]
    assert [hasattr(each, "added") for each in made] == [True, True, False]


def test_handlers_are_copied_as_botocore_copies_them() -> None:
    session: Any = botocore.session.Session()
    trie = session._events._emitter._handlers
    copied = _copy_node(trie._root)
    assert copied == trie._recursive_copy(trie._root)
    trie.append_item("before-call.iam", "one more")
    assert copied != trie._recursive_copy(trie._root)


def test_whoever_has_models_of_his_own_has_a_loader_of_his_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours = botocore.session.Session().get_component("data_loader")
    assert botocore.session.Session().get_component("data_loader") is ours
    monkeypatch.setenv("AWS_DATA_PATH", "/models")
    theirs = botocore.session.Session().get_component("data_loader")
    assert "/models" in theirs.search_paths
    assert "/models" not in ours.search_paths


def test_a_handler_that_does_not_take_any_keyword_is_refused_each_time() -> None:
    class Handler:
        def strict(self, one: object) -> None: ...

        def lax(self, **every: object) -> None: ...

    events = botocore.session.Session()._events  # type: ignore[attr-defined]
    for _ in range(2):
        for refused in (Handler().strict, lambda one: one):
            with pytest.raises(ValueError, match="must accept keyword"):
                events.register("before-call", refused)
        events.register("before-call", Handler().lax)
