"""The check of plans: kept beside the code they were made of, and made anew by the real terraform.

KEEP_PLANS=1 keeps the plans that were made, when the code under tests/cases changes.
"""

import contextlib
import json
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.server import ThreadedMotoServer

from guardrails.json_documents import JsonDocument
from guardrails.judgement import FileFinding, Judgement, Unreadable
from guardrails.terraform.check import check_plan
from guardrails.terraform.plan import read_plan
from tests.support.paths import CASES
from tests.support.terraform import make_plan, scrub
from tests.support.work import count_calls

PLACES = CASES / "guardrails" / "terraform"
NAMES = ["changed", "created"]


TODAY = date(2026, 9, 1)


def check_text(text: str) -> Judgement:
    return check_plan(JsonDocument(json.loads(text), text, 1), "plan.json", TODAY)


def check(document: Any) -> list[FileFinding]:
    return check_text(json.dumps(document, indent=1)).findings


@pytest.fixture(scope="module")
def iam() -> Iterator[str]:
    """The address of an emulated IAM with what the case `changed` imports and looks up."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    client = boto3.client(
        "iam",
        endpoint_url=address,
        region_name="us-east-1",
        aws_access_key_id="emulated",
        aws_secret_access_key="not-a-secret",
    )
    for name in ("imported", "operator"):
        client.create_user(UserName=name)
        client.create_login_profile(UserName=name, Password="Not-A-Secret-1")
    yield address
    server.stop()


def judge_by_name(text: str) -> None:
    document = json.loads(text)
    keys = [key.address for key in read_plan(document).list_type("aws_iam_access_key")]
    assert any("ok_" in key for key in keys)
    assert [f.key for f in check(document)] == [key for key in keys if "bad_" in key]


@pytest.mark.parametrize("case", NAMES)
def test_every_key_named_bad_is_found_and_no_key_named_ok(case: str) -> None:
    judge_by_name((PLACES / case / "plan.json").read_text())


@pytest.mark.parametrize("case", NAMES)
@pytest.mark.slow
def test_a_plan_made_now_by_the_real_terraform_gives_the_findings_of_the_one_kept(
    case: str, iam: str, tmp_path: Path
) -> None:
    variables = [f"-var=iam={iam}"] if case == "changed" else []
    made = scrub(make_plan(PLACES / case, tmp_path, *variables))
    judge_by_name(made)
    kept = PLACES / case / "plan.json"
    if os.environ.get("KEEP_PLANS"):
        kept.write_text(made)
    found = [finding._replace(line=0) for finding in check(json.loads(made))]
    assert found == [f._replace(line=0) for f in check(json.loads(kept.read_text()))]


@pytest.fixture
def created() -> Any:
    return json.loads((PLACES / "created" / "plan.json").read_text())


def test_a_finding_names_key_and_user_and_stands_on_the_line_of_the_key(created: Any) -> None:
    text = json.dumps(created, indent=1)
    finding = next(f for f in check_text(text).findings if "bad_of_a_mod" in f.key)
    assert finding == FileFinding(
        file="plan.json",
        line=1 + text.splitlines().index('     "address": "aws_iam_access_key.bad_of_a_module",'),
        user='module.person["operator"].aws_iam_user.this',
        key="aws_iam_access_key.bad_of_a_module",
        message="aws_iam_access_key.bad_of_a_module is an access key for"
        ' module.person["operator"].aws_iam_user.this, who has a console password in the same'
        " plan. Leave the key out and create it later, when it is asked for.",
        user_file="plan.json",
        user_line=1
        + next(
            number
            for number, line in enumerate(text.splitlines())
            if 'module.person[\\"operator\\"].aws_iam_user_login_profile.this' in line
        ),
    )


def test_where_references_leave_several_users_the_finding_says_may_be(created: Any) -> None:
    finding = next(f for f in check(created) if "undecided" in f.key)
    assert finding.message == (
        "aws_iam_access_key.bad_late_and_undecided may be an access key for"
        ' aws_iam_user.late["ann"], who has a console password in the same plan: its user is'
        " known only after apply. Refer to the user directly, or leave the key out."
    )


def resource(kind: str, name: str, /, **values: Any) -> dict[str, Any]:
    return {
        "address": f"{kind}.{name}",
        "mode": "managed",
        "type": kind,
        "name": name,
        "provider_name": "registry.terraform.io/hashicorp/aws",
        "values": values,
    }


def code(kind: str, name: str, provider: str = "aws", **expressions: Any) -> dict[str, Any]:
    return {
        "address": f"{kind}.{name}",
        "mode": "managed",
        "type": kind,
        "name": name,
        "provider_config_key": provider,
        "expressions": {name: {"references": [value]} for name, value in expressions.items()},
    }


def plan(*resources: dict[str, Any], configuration: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {"resources": list(resources)}},
        "configuration": configuration or {},
        **more,
    }


KEY = resource("aws_iam_access_key", "key", user="alice", status="Active")
PROFILE = resource("aws_iam_user_login_profile", "profile", user="alice")


@pytest.mark.parametrize("version", ["0.1", "0.2", "1.0", "1.1", "1.2", "1.9"])
def test_every_plan_format_that_terraform_has_had_is_read(created: Any, version: str) -> None:
    expected = [finding.key for finding in check(created)]
    assert [f.key for f in check({**created, "format_version": version})] == expected


def test_the_shorter_references_of_terraform_0_12_lead_to_the_same_findings(created: Any) -> None:
    def shorten(value: Any) -> Any:
        if isinstance(value, list):
            return [shorten(item) for item in value]
        if not isinstance(value, dict):
            return value
        short = {key: shorten(item) for key, item in value.items()}
        if "references" in value:
            resources = ("aws_iam_user", "data.", "terraform_data")
            ends = (".name", ".id", ".user", ".user_name", ".output")
            short["references"] = [
                ref
                for ref in value["references"]
                if not (ref.startswith(resources) and ref.endswith(ends))
            ]
        return short

    old = shorten({**created, "format_version": "0.1"})
    assert old["configuration"] != created["configuration"]
    assert [f.key for f in check(old)] == [f.key for f in check(created)]


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        pytest.param(
            plan(KEY, format_version="2.0"),
            "plan format '2.0' is not known here (0.x and 1.x are)",
            id="a format that is newer than this check",
        ),
        pytest.param(
            {"format_version": "1.0", "terraform_version": "1.11.4", "values": {}},
            "it is a Terraform state, not a plan; run terraform plan -out=FILE, then"
            " terraform show -json FILE",
            id="a state as terraform show prints it",
        ),
        pytest.param(
            plan(KEY, errored=True),
            "the plan ended in an error and is not whole; plan again",
            id="a plan that ended in an error",
        ),
    ],
)
def test_what_is_no_whole_plan_is_an_error(document: Any, reason: str) -> None:
    with pytest.raises(Unreadable) as refused:
        check(document)
    assert str(refused.value) == reason


@pytest.mark.parametrize(
    "document",
    [
        plan(KEY, planned_values=[]),
        plan(KEY, planned_values={"root_module": {"resources": [7]}}),
        plan(KEY, planned_values={"root_module": {"child_modules": [{"resources": []}]}}),
        plan(KEY, PROFILE, configuration=[1]),
        plan(KEY, deferred_changes=[{}]),
        plan(resource("aws_iam_access_key", "key", user="a"), resource_changes=[None]),
    ],
    ids=str,
)
def test_a_malformed_plan_is_an_error_and_no_traceback(document: Any) -> None:
    with pytest.raises(Unreadable, match="the plan is malformed: "):
        check(document)


def test_a_plan_that_only_shows_drift_is_judged_by_what_exists() -> None:
    assert [f.key for f in check(plan(KEY, PROFILE, resource_drift=[]))] == [
        "aws_iam_access_key.key"
    ]


def test_a_key_that_is_deferred_to_a_later_plan_is_judged_in_this_one() -> None:
    change = {**KEY, "change": {"actions": ["create"], "after": KEY["values"]}}
    deferred = {"reason": "instance_count_unknown", "resource_change": change}
    assert [f.key for f in check(plan(PROFILE, deferred_changes=[deferred]))] == [
        "aws_iam_access_key.key"
    ]


def test_a_status_of_null_is_the_default_active() -> None:
    key = resource("aws_iam_access_key", "key", user="alice", status=None)
    assert [f.key for f in check(plan(key, PROFILE))] == ["aws_iam_access_key.key"]


def providers(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    return {
        "provider_config": {
            "aws": {"name": "aws", "expressions": first},
            "aws.other": {"name": "aws", "alias": "other", "expressions": second},
        },
        "root_module": {
            "resources": [
                code("aws_iam_access_key", "key"),
                code("aws_iam_user_login_profile", "profile", provider="aws.other"),
            ]
        },
    }


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        pytest.param({}, {}, True, id="no difference"),
        pytest.param(
            {"region": {"constant_value": "a"}},
            {"region": {"constant_value": "b"}},
            True,
            id="only the Region differs",
        ),
        pytest.param(
            {}, {"profile": {"constant_value": "b"}}, False, id="another profile is another account"
        ),
        pytest.param(
            {"assume_role": [{"role_arn": {"references": ["var.a"]}}]},
            {"assume_role": [{"role_arn": {"references": ["var.b"]}}]},
            False,
            id="another role is another account",
        ),
    ],
)
def test_one_name_is_one_user_only_within_an_account(first: Any, second: Any, found: bool) -> None:
    document = plan(KEY, PROFILE, configuration=providers(first, second))
    assert [f.key for f in check(document)] == (["aws_iam_access_key.key"] if found else [])


def test_one_reference_in_two_modules_with_their_own_providers_can_be_two_accounts() -> None:
    modules = ["module.a", "module.b"]
    configuration = {
        "provider_config": {
            f"{module}:aws": {"expressions": {"profile": {"references": ["var.profile"]}}}
            for module in modules
        },
        "root_module": {
            "module_calls": {
                module.removeprefix("module."): {
                    "module": {"resources": [code(kind, name, provider=f"{module}:aws")]}
                }
                for module, kind, name in (
                    ("module.a", "aws_iam_access_key", "key"),
                    ("module.b", "aws_iam_user_login_profile", "profile"),
                )
            }
        },
    }
    children = [
        {"address": module, "resources": [{**item, "address": f"{module}.{item['address']}"}]}
        for module, item in zip(modules, (KEY, PROFILE), strict=True)
    ]
    document = plan(configuration=configuration)
    document["planned_values"] = {"root_module": {"child_modules": children}}
    assert check(document) == []


def test_a_provider_that_an_old_terraform_shows_as_passed_on_is_that_of_the_root() -> None:
    configuration = providers({"profile": {"constant_value": "p"}}, {})
    key, profile = configuration["root_module"]["resources"]
    key["provider_config_key"] = "module.keys:aws"
    profile["provider_config_key"] = "aws"
    found = [f.key for f in check(plan(KEY, PROFILE, configuration=configuration))]
    assert found == ["aws_iam_access_key.key"]


@pytest.mark.parametrize("passed", [True, False])
def test_a_local_of_a_module_may_be_a_user_that_was_passed_into_it(passed: bool) -> None:
    reference = {"name": {"references": ["aws_iam_user.user.id"]}}
    configuration = {
        "root_module": {
            "resources": [code("aws_iam_user_login_profile", "profile", user="aws_iam_user.user")],
            "module_calls": {
                "m": {
                    "expressions": reference if passed else {},
                    "module": {"resources": [code("aws_iam_access_key", "key", user="local.x")]},
                }
            },
        }
    }
    document = plan(
        resource("aws_iam_user", "user"),
        resource("aws_iam_user_login_profile", "profile"),
        configuration=configuration,
    )
    key = {**resource("aws_iam_access_key", "key"), "address": "module.m.aws_iam_access_key.key"}
    document["planned_values"]["root_module"]["child_modules"] = [
        {"address": "module.m", "resources": [key]}
    ]
    assert [f.user for f in check(document)] == (["aws_iam_user.user"] if passed else [])


def test_without_a_configuration_a_user_who_is_not_known_may_be_anyone_who_is_created() -> None:
    key = resource("aws_iam_access_key", "key", status="Active")
    user = resource("aws_iam_user", "user", name="alice")
    assert [(f.key, f.user) for f in check(plan(key, user, PROFILE))] == [
        ("aws_iam_access_key.key", "aws_iam_user.user")
    ]


def test_two_names_that_are_put_together_of_what_is_not_known_may_be_one() -> None:
    """References do not tell robot-${terraform_data.x.id} from human-${terraform_data.x.id}."""
    resources = [
        code(kind, name, user="terraform_data.x.id")
        for kind, name in (
            ("aws_iam_access_key", "key"),
            ("aws_iam_user_login_profile", "profile"),
        )
    ]
    document = plan(
        resource("aws_iam_access_key", "key"),
        resource("aws_iam_user_login_profile", "profile"),
        configuration={"root_module": {"resources": resources}},
    )
    assert [f.message.partition(",")[0] for f in check(document)] == [
        "aws_iam_access_key.key may be an access key for terraform_data.x.id"
    ]


def test_two_expressions_without_any_reference_are_not_taken_for_one() -> None:
    key = resource("aws_iam_access_key", "key")
    profile = resource("aws_iam_user_login_profile", "profile")
    resources = [code("aws_iam_access_key", "key"), code("aws_iam_user_login_profile", "profile")]
    configuration = {"root_module": {"resources": resources}}
    assert check(plan(key, profile, configuration=configuration)) == []
    assert [(f.key, f.user) for f in check(plan(key, profile))] == [
        ("aws_iam_access_key.key", "a user the plan does not show")
    ]


def test_a_user_who_exists_cannot_be_behind_a_name_that_is_not_known() -> None:
    key = resource("aws_iam_access_key", "key", status="Active")
    user = resource("aws_iam_user", "user", name="alice", id="alice")
    assert check(plan(key, user, PROFILE)) == []


def test_references_in_a_circle_end() -> None:
    configuration = {
        "root_module": {
            "resources": [
                code("aws_iam_access_key", "key", user="terraform_data.a.output"),
                code("terraform_data", "a", input="terraform_data.b.output"),
                code("terraform_data", "b", input="terraform_data.a.output"),
            ]
        }
    }
    key = resource("aws_iam_access_key", "key")
    assert check(plan(key, PROFILE, configuration=configuration)) == []


@pytest.mark.parametrize(
    ("known", "most"),
    [
        pytest.param(True, 4.2, id="names known"),
        pytest.param(False, 16, id="each key may be for each user"),
    ],
)
def test_four_times_the_keys_take_no_more_work_than_they_must(known: bool, most: float) -> None:
    def judge(users: int) -> int:
        resources = [
            resource(kind, f"r{number}", **({"user": f"user-{number}"} if known else {}))
            for number in range(users)
            for kind in ("aws_iam_access_key", "aws_iam_user_login_profile", "aws_iam_user")
        ]
        document = plan(*resources)
        return count_calls(lambda: check(document))

    judge(1)  # what is made once and kept
    assert judge(200) < most * judge(50)


def test_of_many_users_whom_a_key_may_be_for_the_first_few_are_named() -> None:
    kinds = ("aws_iam_access_key", "aws_iam_user_login_profile", "aws_iam_user")
    resources = [resource(kind, f"r{number}") for number in range(9) for kind in kinds]
    findings = check(plan(*resources))
    named = " or ".join(f"aws_iam_user.r{number}" for number in range(5))
    assert {each.user for each in findings} == {f"{named} or one of 4 more"}


@given(st.data())
def test_no_malformed_plan_ends_in_a_traceback(data: st.DataObject) -> None:
    """Anything may stand anywhere in a plan: it is judged or refused, nothing else."""
    document = json.loads(SMALL)
    node: Any = document
    path: list[Any] = []
    while isinstance(node, dict | list) and node and (not path or data.draw(st.booleans())):
        path.append(data.draw(st.sampled_from(list(node) if isinstance(node, dict) else [0])))
        parent, node = node, node[path[-1]]
    parent[path[-1]] = data.draw(
        st.none()
        | st.integers()
        | st.text()
        | st.just([])
        | st.just({})
        | st.just([1])
        | st.just({"a": 1})
    )
    with contextlib.suppress(Unreadable):
        check(document)


SMALL = json.dumps(
    plan(
        resource("aws_iam_access_key", "key"),
        resource("aws_iam_user", "user"),
        resource("aws_iam_user_login_profile", "profile"),
        configuration={
            "provider_config": {"aws": {"expressions": {"profile": {"constant_value": "p"}}}},
            "root_module": {
                "resources": [
                    code("aws_iam_access_key", "key", user="module.m.name"),
                    code("aws_iam_user_login_profile", "profile", user="aws_iam_user.user.name"),
                ],
                "module_calls": {
                    "m": {
                        "expressions": {"name": {"references": ["aws_iam_user.user"]}},
                        "module": {
                            "outputs": {"name": {"expression": {"references": ["var.name"]}}}
                        },
                    }
                },
            },
        },
        resource_changes=[{**KEY, "change": {"actions": ["forget"], "before": {}}}],
    )
)
