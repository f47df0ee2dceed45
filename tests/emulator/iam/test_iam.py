from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.exceptions import ClientError

from emulator import Account, open_account
from tests.conftest import NOW


def refusal(error: pytest.ExceptionInfo[ClientError]) -> tuple[int, str, str]:
    answer = error.value.response
    return (
        answer["ResponseMetadata"]["HTTPStatusCode"],
        answer["Error"]["Code"],
        answer["Error"]["Message"],
    )


def test_a_user_has_the_dates_it_was_given_in_whole_seconds(account: Account) -> None:
    created = datetime(2024, 5, 6, 7, 8, 9, 987654, tzinfo=UTC)
    account.iam.add_user("ann", created=created, password=created + timedelta(days=20))
    iam = boto3.client("iam")
    profile = iam.get_login_profile(UserName="ann")["LoginProfile"]
    assert iam.get_user(UserName="ann")["User"] == {
        "Path": "/",
        "UserName": "ann",
        "UserId": account.iam.users["ann"].id,
        "Arn": "arn:aws:iam::111122223333:user/ann",
        "CreateDate": datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC),
    }
    assert profile == {
        "UserName": "ann",
        "CreateDate": datetime(2024, 5, 26, 7, 8, 9, tzinfo=UTC),
        "PasswordResetRequired": False,
    }


def test_ids_have_the_form_of_aws_and_are_the_same_in_every_run(account: Account) -> None:
    user = account.iam.add_user("ann")
    key = account.iam.add_key(user)
    assert (user.id, key.access_key_id) == ("AIDAPWDUSRWMVYSU7SCEI", "AKIAUE7PBUWXS5IDAHWS")


def test_a_user_created_again_under_its_name_has_another_id(account: Account) -> None:
    iam = boto3.client("iam")
    first = iam.create_user(UserName="ann")["User"]["UserId"]
    iam.delete_user(UserName="ann")
    assert iam.create_user(UserName="ann")["User"]["UserId"] != first


def test_a_renamed_user_keeps_its_id_its_keys_and_its_tags(account: Account) -> None:
    iam = boto3.client("iam")
    user = account.iam.add_user("ann", tags={"team": "red"})
    key = account.iam.add_key(user)
    iam.update_user(UserName="ann", NewUserName="anna")
    assert iam.get_user(UserName="anna")["User"]["UserId"] == user.id
    assert iam.list_user_tags(UserName="anna")["Tags"] == [{"Key": "team", "Value": "red"}]
    used = iam.get_access_key_last_used(AccessKeyId=key.access_key_id)
    assert used["UserName"] == "anna"
    assert [k["UserName"] for k in iam.list_access_keys(UserName="anna")["AccessKeyMetadata"]] == [
        "anna"
    ]


def test_no_password_and_no_user_differ_by_their_message(account: Account) -> None:
    iam = boto3.client("iam")
    account.iam.add_user("robot")
    with pytest.raises(ClientError) as no_password:
        iam.get_login_profile(UserName="robot")
    with pytest.raises(ClientError) as no_user:
        iam.get_login_profile(UserName="nobody")
    assert refusal(no_password) == (
        404,
        "NoSuchEntity",
        "Login Profile for User robot cannot be found.",
    )
    assert refusal(no_user) == (
        404,
        "NoSuchEntity",
        "The user with name nobody cannot be found.",
    )


def test_many_clients_are_answered_at_once(account: Account) -> None:
    names = [f"user-{number:02}" for number in range(40)]
    for name in names:
        account.iam.add_user(name)
    iam = boto3.client("iam")
    with ThreadPoolExecutor(8) as pool:
        users = list(pool.map(lambda name: iam.get_user(UserName=name)["User"], names))
    assert [user["UserName"] for user in users] == names
    assert account.calls.actions() == ["iam:GetUser"] * 40


@pytest.mark.parametrize("status", ["Active", "Inactive", "Expired"])
def test_a_key_is_listed_with_its_status_and_its_date(account: Account, status: str) -> None:
    user = account.iam.add_user("ann", created=NOW - timedelta(days=60))
    key = account.iam.add_key(user, created=NOW - timedelta(days=59), status=status)
    assert boto3.client("iam").list_access_keys(UserName="ann")["AccessKeyMetadata"] == [
        {
            "UserName": "ann",
            "AccessKeyId": key.access_key_id,
            "Status": status,
            "CreateDate": NOW - timedelta(days=59),
        }
    ]


def test_a_use_shows_only_after_the_lag(account: Account) -> None:
    iam = boto3.client("iam")
    account.iam.use_lag = timedelta(hours=4)
    key = account.iam.add_key(account.iam.add_user("ann"))
    key.record_use(NOW + timedelta(minutes=1), "ec2", "eu-west-1")
    account.clock.move_to(NOW + timedelta(hours=4))
    before = iam.get_access_key_last_used(AccessKeyId=key.access_key_id)["AccessKeyLastUsed"]
    account.clock.advance(minutes=2)
    after = iam.get_access_key_last_used(AccessKeyId=key.access_key_id)["AccessKeyLastUsed"]
    assert before == {"ServiceName": "N/A", "Region": "N/A"}
    assert after == {
        "LastUsedDate": NOW + timedelta(minutes=1),
        "ServiceName": "ec2",
        "Region": "eu-west-1",
    }


def test_a_call_signed_with_a_users_key_is_a_use_of_it(account: Account) -> None:
    created = boto3.client("iam")
    created.create_user(UserName="ann")
    key = created.create_access_key(UserName="ann")["AccessKey"]
    boto3.client(
        "iam",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    ).list_users()
    used = created.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]
    assert (used["ServiceName"], used["Region"]) == ("iam", "us-east-1")
    assert account.calls.made()[-2].caller == "arn:aws:iam::111122223333:user/ann"


@pytest.mark.parametrize("code", ["NoSuchEntity", "AccessDenied"])
def test_a_deleted_key_has_no_last_use(account: Account, code: str) -> None:
    iam = boto3.client("iam")
    account.iam.deleted_key_error = code
    key = account.iam.add_key(account.iam.add_user("ann"))
    iam.delete_access_key(UserName="ann", AccessKeyId=key.access_key_id)
    with pytest.raises(ClientError) as error:
        iam.get_access_key_last_used(AccessKeyId=key.access_key_id)
    assert error.value.response["Error"]["Code"] == code


def test_users_come_in_pages_of_what_was_asked_for_or_of_the_limit(account: Account) -> None:
    iam = boto3.client("iam")
    names = [f"user-{number:03}" for number in range(250)]
    for name in names:
        account.iam.add_user(name)
    sizes = [len(page["Users"]) for page in iam.get_paginator("list_users").paginate()]
    account.iam.page_limit = 7
    pages = list(iam.get_paginator("list_users").paginate(PaginationConfig={"PageSize": 1000}))
    assert sizes == [100, 100, 50]
    assert len(pages) == 36
    assert [user["UserName"] for page in pages for user in page["Users"]] == names


def test_authorization_details_bring_tags_and_come_in_pages(account: Account) -> None:
    iam = boto3.client("iam")
    for number in range(5):
        account.iam.add_user(f"user-{number}", tags={"number": str(number)})
    iam.create_role(RoleName="left-out", AssumeRolePolicyDocument="{}")
    pages = iam.get_paginator("get_account_authorization_details").paginate(
        Filter=["User"], PaginationConfig={"PageSize": 2}
    )
    seen = [(page["UserDetailList"], page["RoleDetailList"]) for page in pages]
    assert [[user["Tags"] for user in users] for users, _ in seen] == [
        [[{"Key": "number", "Value": "0"}], [{"Key": "number", "Value": "1"}]],
        [[{"Key": "number", "Value": "2"}], [{"Key": "number", "Value": "3"}]],
        [[{"Key": "number", "Value": "4"}]],
    ]
    assert [roles for _, roles in seen] == [[], [], []]


def test_a_marker_of_no_page_is_refused(account: Account) -> None:
    with pytest.raises(ClientError) as error:
        boto3.client("iam").list_users(Marker="made up")
    assert refusal(error) == (400, "ValidationError", "Invalid Marker.")


def test_tag_keys_that_differ_in_case_are_one(account: Account) -> None:
    iam = boto3.client("iam")
    account.iam.add_user("ann", tags={"Team": "red", "cost": "1"})
    iam.tag_user(UserName="ann", Tags=[{"Key": "team", "Value": "blue"}])
    assert iam.list_user_tags(UserName="ann")["Tags"] == [
        {"Key": "team", "Value": "blue"},
        {"Key": "cost", "Value": "1"},
    ]
    iam.untag_user(UserName="ann", TagKeys=["COST"])
    assert iam.get_user(UserName="ann")["User"]["Tags"] == [{"Key": "team", "Value": "blue"}]


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        pytest.param({"k" * 129: ""}, "ValidationError", id="a key of 129 characters"),
        pytest.param({"k": "v" * 257}, "ValidationError", id="a value of 257 characters"),
        pytest.param({"k": "a,b"}, "ValidationError", id="a comma"),
        pytest.param({"{k}": ""}, "ValidationError", id="braces"),
        pytest.param({"aws:k": ""}, "InvalidInput", id="the prefix of AWS"),
        pytest.param({"k": "", "K": ""}, "InvalidInput", id="one key twice"),
    ],
)
def test_a_tag_that_aws_refuses_is_refused(
    account: Account, tags: dict[str, str], code: str
) -> None:
    iam = boto3.client("iam")
    account.iam.add_user("ann")
    with pytest.raises(ClientError) as error:
        iam.tag_user(
            UserName="ann", Tags=[{"Key": key, "Value": value} for key, value in tags.items()]
        )
    assert error.value.response["Error"]["Code"] == code
    assert account.iam.users["ann"].tag_values == {}


def test_a_user_has_at_most_50_tags(account: Account) -> None:
    iam = boto3.client("iam")
    full = {f"key-{number}": "" for number in range(50)}
    account.iam.add_user("ann", tags=full)
    with pytest.raises(ClientError) as error:
        iam.tag_user(UserName="ann", Tags=[{"Key": "one more", "Value": ""}])
    iam.tag_user(UserName="ann", Tags=[{"Key": "KEY-0", "Value": "replaced"}])
    assert error.value.response["Error"]["Code"] == "LimitExceeded"
    del full["key-0"]
    assert account.iam.users["ann"].tag_values == full | {"KEY-0": "replaced"}


def test_a_user_with_a_key_or_a_password_cannot_be_deleted(account: Account) -> None:
    iam = boto3.client("iam")
    user = account.iam.add_user("ann", password=NOW)
    key = account.iam.add_key(user)
    with pytest.raises(ClientError) as with_key:
        iam.delete_user(UserName="ann")
    iam.delete_access_key(UserName="ann", AccessKeyId=key.access_key_id)
    with pytest.raises(ClientError) as with_password:
        iam.delete_user(UserName="ann")
    iam.delete_login_profile(UserName="ann")
    iam.delete_user(UserName="ann")
    assert refusal(with_key) == (
        409,
        "DeleteConflict",
        "Cannot delete entity, must delete access keys first.",
    )
    assert refusal(with_password) == (
        409,
        "DeleteConflict",
        "Cannot delete entity, must delete login profile first.",
    )
    assert account.iam.users == {}


@pytest.mark.parametrize(
    ("operation", "parameters", "expected"),
    [
        pytest.param(
            "create_user",
            {"UserName": "ann"},
            (409, "EntityAlreadyExists", "User with name ann already exists."),
            id="a user under a taken name",
        ),
        pytest.param(
            "update_user",
            {"UserName": "bob", "NewUserName": "ann"},
            (409, "EntityAlreadyExists", "User with name ann already exists."),
            id="a new name that is taken",
        ),
        pytest.param(
            "create_login_profile",
            {"UserName": "ann", "Password": "x" * 20},
            (409, "EntityAlreadyExists", "Login Profile for user ann already exists."),
            id="a second password",
        ),
        pytest.param(
            "create_access_key",
            {"UserName": "ann"},
            (409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2"),
            id="a third key",
        ),
    ],
)
def test_what_is_there_already_is_refused(
    account: Account, operation: str, parameters: dict[str, str], expected: tuple[int, str, str]
) -> None:
    ann = account.iam.add_user("ann", password=NOW)
    account.iam.add_key(ann)
    account.iam.add_key(ann)
    account.iam.add_user("bob")
    with pytest.raises(ClientError) as error:
        getattr(boto3.client("iam"), operation)(**parameters)
    assert refusal(error) == expected


def test_five_thousand_users_fit_and_no_more(account: Account) -> None:
    for number in range(5000):
        account.iam.add_user(f"user-{number}")
    with pytest.raises(ClientError) as error:
        boto3.client("iam").create_user(UserName="one-more")
    assert refusal(error) == (
        409,
        "LimitExceeded",
        "Cannot exceed quota for UsersPerAccount: 5000",
    )


def test_accounts_of_one_cloud_do_not_see_each_other(account: Account) -> None:
    other = account.open_other("444455556666", "eu-west-1")
    account.iam.add_user("ann")
    other.iam.add_user("bob")
    users = other.session().client("iam").list_users()["Users"]
    assert [user["Arn"] for user in users] == ["arn:aws:iam::444455556666:user/bob"]
    assert [user["UserName"] for user in boto3.client("iam").list_users()["Users"]] == ["ann"]


def test_a_list_of_keys_may_be_of_before_the_last_writes() -> None:
    with open_account(NOW, ticking=False) as account:
        account.iam.key_history.lag = timedelta(seconds=15)
        ann = account.iam.add_user("ann")
        first = account.iam.add_key(ann).access_key_id
        iam = boto3.client("iam")

        def read() -> list[str]:
            listed = iam.list_access_keys(UserName="ann")["AccessKeyMetadata"]
            return [each["Status"] for each in listed]

        iam.update_access_key(UserName="ann", AccessKeyId=first, Status="Inactive")
        account.clock.advance(seconds=10)
        iam.delete_access_key(UserName="ann", AccessKeyId=first)
        found = [read()]
        for _ in range(2):
            account.clock.advance(seconds=8)
            found.append(read())
        assert found == [["Active"], ["Inactive"], []]
