"""`python -m rollout evaluate` on files and on live accounts, as a person or a program calls it."""

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from emulator import Account
from rollout.__main__ import main
from rule import __version__
from tests.conftest import NOW
from tests.rule.test_credential_report import GOOD, report
from tests.support.organizations import (
    BANK,
    MANAGEMENT,
    OLD,
    REGION,
    ROLE,
    SANDBOX,
    SECURITY,
    SHOP,
    World,
)
from tests.support.organizations import run as run_verb
from tests.support.paths import CASES

CAPTURED = str(CASES / "captured-report.csv")
LONG_AGO = NOW - timedelta(days=60)
NOTE = (
    "A credential report holds no tags: exceptions and quarantines are not known, and the keys are"
    " named by their slots.\n"
)
NEWEST = (
    " does not say when it was made: judged as of 2026-02-01T00:00:00Z, the newest time in it. Give"
    " the time with --now.\n"
)
HEAD = [
    "criterion SETUP_UNUSED (SetupWindowSeconds=300, GraceHours=4, QuarantineDays=7,"
    " MaxExceptionDays=90)",
]
SENTENCE = (
    "Access key 1 of alice was created at 2026-01-01T00:00:02Z, the user at"
    " 2026-01-01T00:00:00Z: AWS has no use of it on record. Make it inactive, then delete it."
)
USED = {"user": "carol", "access_key_1_last_used_date": "2026-02-01T00:00:00Z"}
OPERATOR = f"arn:aws:sts::{MANAGEMENT}:user/moto"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """The command line: returns its exit code, stdout and stderr."""

    def call(*argv: str) -> tuple[int, str, str]:
        capsys.readouterr()
        try:
            code = main(list(argv))
        except SystemExit as left:
            code = int(str(left.code))
        return (code, *capsys.readouterr())

    return call


@pytest.fixture
def file(tmp_path: Path) -> str:
    """A report: alice has a never-used setup key, bob has no password, carol uses her key."""
    path = tmp_path / "report.csv"
    path.write_bytes(
        report(
            USED,
            {},
            {"user": "bob", "password_enabled": "false"},
        )
    )
    return str(path)


def test_a_report_with_a_finding_is_shown_as_a_table_and_exits_1(run: Run, file: str) -> None:
    code, out, err = run("evaluate", "--credential-report", file)
    assert (code, err) == (1, f"{NOTE}{file}{NEWEST}")
    assert [line.rstrip() for line in out.splitlines()] == [
        f"account 111122223333, {file}, as of 2026-02-01T00:00:00Z (the newest time in the file)",
        *HEAD,
        "USER   COMPLIANCE     WHY",
        f"alice  NON_COMPLIANT  {SENTENCE}",
        "3 users: 1 NON_COMPLIANT, 1 COMPLIANT, 1 NOT_APPLICABLE (2 not shown; --all shows them).",
    ]


def test_all_shows_everybody_findings_first(run: Run, file: str) -> None:
    _, out, _ = run("evaluate", "--credential-report", file, "--all")
    assert [line.split()[:2] for line in out.splitlines()[3:-1]] == [
        ["alice", "NON_COMPLIANT"],
        ["carol", "COMPLIANT"],
        ["bob", "NOT_APPLICABLE"],
    ]
    assert out.endswith("3 users: 1 NON_COMPLIANT, 1 COMPLIANT, 1 NOT_APPLICABLE.\n")


def test_json_is_an_object_with_its_head_and_every_user(run: Run, file: str) -> None:
    code, out, err = run("evaluate", "--credential-report", file, "--format", "json")
    assert (code, err) == (1, f"{NOTE}{file}{NEWEST}")
    key = {
        "id": "access key 1",
        "created": "2026-01-01T00:00:02Z",
        "active": True,
        "last_used": None,
        "offending": True,
    }
    alice = {
        "account": "111122223333",
        "account_name": None,
        "user": "alice",
        "user_id": None,
        "arn": GOOD["arn"],
        "compliance": "NON_COMPLIANT",
        "annotation": SENTENCE,
        "keys": [key],
    }
    assert json.loads(out) == {
        "version": __version__,
        "account": "111122223333",
        "region": None,
        "caller": None,
        "criterion": "SETUP_UNUSED",
        "parameters": {
            "Criterion": "SETUP_UNUSED",
            "SetupWindowSeconds": "300",
            "GraceHours": "4",
            "QuarantineDays": "7",
            "MaxExceptionDays": "90",
        },
        "as_of": "2026-02-01T00:00:00Z",
        "counts": {"NON_COMPLIANT": 1, "UNKNOWN": 0, "COMPLIANT": 1, "NOT_APPLICABLE": 1},
        "accounts": [
            {
                "account": "111122223333",
                "account_name": None,
                "source": file,
                "as_of": "2026-02-01T00:00:00Z",
                "as_of_by": "the newest time in the file",
                "users": 3,
            }
        ],
        "not_read": [],
        "suspended": [],
        "users": [
            alice,
            alice
            | {
                "user": "carol",
                "compliance": "COMPLIANT",
                "annotation": "Every active access key is in use.",
                "keys": [key | {"last_used": "2026-02-01T00:00:00Z", "offending": False}],
            },
            alice
            | {
                "user": "bob",
                "compliance": "NOT_APPLICABLE",
                "annotation": "No console password.",
                "keys": [key | {"offending": False}],
            },
        ],
    }


def test_csv_holds_one_line_a_user(run: Run, file: str) -> None:
    _, out, _ = run("evaluate", "--credential-report", file, "--format", "csv")
    assert list(csv.reader(io.StringIO(out))) == [
        ["account", "user", "compliance", "annotation", "offending_keys"],
        ["111122223333", "alice", "NON_COMPLIANT", SENTENCE, "access key 1"],
        ["111122223333", "carol", "COMPLIANT", "Every active access key is in use.", ""],
        ["111122223333", "bob", "NOT_APPLICABLE", "No console password.", ""],
    ]


def test_a_report_without_a_finding_exits_0(run: Run) -> None:
    code, out, _ = run("evaluate", "--credential-report", CAPTURED)
    assert code == 0
    assert out.endswith(
        "6 users: 0 NON_COMPLIANT, 2 COMPLIANT, 4 NOT_APPLICABLE (6 not shown; --all shows them).\n"
    )


def test_parameters_and_time_are_options(run: Run, file: str) -> None:
    given = ("evaluate", "--credential-report", file)
    assert run(*given, "--setup-window-seconds", "1")[0] == 0
    assert run(*given, "--setup-window-seconds", "1", "--criterion", "UNUSED")[0] == 1
    assert run(*given, "--now", "2026-02-01T00:00:00", "--grace-hours", "720")[0] == 1
    assert run(*given, "--now", "2026-01-31T23:59:59")[0] == 2
    young = str(Path(file).parent / "young.csv")
    Path(young).write_bytes(report({}))
    given = ("evaluate", "--credential-report", young)
    assert run(*given, "--now", "2026-01-01T04:00:01")[0] == 0
    assert run(*given, "--now", "2026-01-01T06:00:02+02:00")[0] == 1
    assert run(*given, "--now", "2026-01-01T04:00:01Z", "--grace-hours", "3")[0] == 1


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (
            ["--credential-report", "/no/such/file"],
            "python -m rollout: /no/such/file: No such file or directory.\n",
        ),
        (["--credential-report", "/"], "python -m rollout: /: Is a directory.\n"),
        (
            ["--credential-report", CAPTURED, "--grace-hours", "soon"],
            'rollout: GraceHours is "soon"; give a whole number of hours from 0 to 720.\n',
        ),
        (
            ["--credential-report", CAPTURED, "--now", "soon"],
            '--now: "soon" is no time such as 2026-01-31T12:00:00Z or 2026-01-31 (--help shows the',
        ),
        (
            ["--credential-report", CAPTURED, "--now", "9999-12-31T23:59:59-10:00"],
            '"9999-12-31T23:59:59-10:00" is no time such as 2026-01-31T12:00:00Z or 2026-01-31',
        ),
        *(
            (
                ["--credential-report", CAPTURED, "--now", text],
                f'"{text}" is no time such as 2026-01-31T12:00:00Z or 2026-01-31',
            )
            for text in ("20260131", "2026-W05-6", "2026-01-31T120000Z", "2026-01-31x12:00")
        ),
        (["--credential-report", ""], "python -m rollout: : Is a directory.\n"),
        (["--credential-report", CAPTURED, "--user", "x"], "not allowed with argument"),
        (["--format", "xml"], "invalid choice: 'xml'"),
        (["--colour"], "evaluate: --colour is not known here"),
    ],
)
def test_wrong_usage_is_one_line_and_exits_2(run: Run, argv: list[str], says: str) -> None:
    code, out, err = run("evaluate", *argv)
    assert (code, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1


def test_an_unreadable_report_names_file_line_and_column(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(report({}, {"user": "bob", "password_enabled": "maybe"}))
    assert run("evaluate", "--credential-report", str(path)) == (
        2,
        "",
        f'python -m rollout: {path}, line 3, column password_enabled: "maybe" is not true or'
        " false.\n",
    )


def test_a_report_on_standard_input_needs_no_credentials_and_no_network(file: str) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "rollout",
            "evaluate",
            "--credential-report",
            "-",
            "--format",
            "csv",
        ],
        input=Path(file).read_bytes(),
        capture_output=True,
        env={"PATH": "/usr/bin:/bin", "AWS_EC2_METADATA_DISABLED": "true"},
        check=False,
    )
    assert (done.returncode, done.stderr.decode()) == (1, f"{NOTE}standard input{NEWEST}")
    assert done.stdout.decode().splitlines()[1].startswith("111122223333,alice,NON_COMPLIANT,")


@pytest.mark.parametrize(
    ("redirection", "code", "says"),
    [
        ("| true; exit ${PIPESTATUS[0]}", 141, "{note}"),
        ("> /dev/full", 2, "{note}python -m rollout: [Errno 28] No space left on device\n"),
    ],
)
def test_output_that_cannot_be_written_is_no_traceback(
    file: str, redirection: str, code: int, says: str
) -> None:
    command = f"{sys.executable} -m rollout evaluate --credential-report {file} --format json"
    done = subprocess.run(
        ["bash", "-c", f"{command} {redirection}"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (code, says.format(note=f"{NOTE}{file}{NEWEST}"))


def test_a_closed_standard_input_is_told(file: str) -> None:
    command = f"{sys.executable} -m rollout evaluate --credential-report - <&-"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        2,
        "python -m rollout: Standard input is closed: give the report's file name.\n",
    )


def populate(account: Account) -> str:
    """Add alice, who has a setup key, and others; return the id of her key."""
    account.iam.report.hurry()
    alice = account.iam.add_user("alice", created=LONG_AGO, password=LONG_AGO)
    key = account.iam.add_key(alice, created=LONG_AGO)
    account.iam.add_user("robot", created=LONG_AGO)
    carol = account.iam.add_user("carol", created=LONG_AGO, password=LONG_AGO)
    account.iam.add_key(carol, created=LONG_AGO, last_used=NOW)
    account.iam.add_key(carol, created=LONG_AGO, status="Inactive")
    return key.access_key_id


def test_a_live_account_is_judged_by_the_prefilter_of_the_schedule(
    account: Account, run: Run
) -> None:
    key_id = populate(account)
    with account.calls.since_now() as calls:
        code, out, err = run("evaluate", "--format", "json")
    assert (code, err) == (1, "")
    assert calls.actions() == [
        "sts:GetCallerIdentity",
        "iam:GetCredentialReport",
        "iam:GenerateCredentialReport",
        "iam:GetAccountAuthorizationDetails",
        "iam:GetCredentialReport",
        "iam:GetLoginProfile",
        "iam:ListAccessKeys",
        "iam:GetAccessKeyLastUsed",
        "iam:GetAccountAuthorizationDetails",
    ]
    found = {each["user"]: each for each in json.loads(out)["users"]}
    assert {name: each["compliance"] for name, each in found.items()} == {
        "alice": "NON_COMPLIANT",
        "carol": "COMPLIANT",
        "robot": "NOT_APPLICABLE",
    }
    assert [key["id"] for key in found["alice"]["keys"]] == [key_id]
    assert [key["id"] for key in found["carol"]["keys"]] == ["access key 1", "access key 2"]
    assert found["alice"]["user_id"] == account.iam.users["alice"].id


def test_one_user_is_judged_live(account: Account, run: Run) -> None:
    populate(account)
    with account.calls.since_now() as calls:
        code, out, _ = run("evaluate", "--user", "carol", "--format", "json")
    assert code == 0
    assert calls.actions() == [
        "sts:GetCallerIdentity",
        "iam:GetUser",
        "iam:GetLoginProfile",
        "iam:ListAccessKeys",
        "iam:GetAccessKeyLastUsed",
    ]
    (carol,) = json.loads(out)["users"]
    assert [key["last_used"] for key in carol["keys"]] == ["2026-09-01T12:00:00Z", "not read"]


def test_what_was_not_asked_for_is_not_called_never_used(account: Account, run: Run) -> None:
    populate(account)
    (alice,) = json.loads(run("evaluate", "--user", "alice", "--format", "json")[1])["users"]
    assert [key["last_used"] for key in alice["keys"]] == [None]


def test_a_user_who_is_not_there_is_an_error(account: Account, run: Run) -> None:
    code, out, err = run("evaluate", "--user", "nobody")
    assert (code, out) == (2, "")
    assert err == "python -m rollout: No IAM user has the name nobody.\n"


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ("GenerateCredentialReport", "AccessDenied"),
        ("GetAccountAuthorizationDetails", "AccessDenied"),
        ("ListAccessKeys", "AccessDenied"),
    ],
)
def test_a_read_that_fails_is_an_error_and_never_no_findings(
    account: Account, run: Run, operation: str, code: str
) -> None:
    populate(account)
    account.faults.fail("iam", operation, code, times=None)
    exit_code, out, err = run("evaluate")
    assert (exit_code, out) == (2, "")
    assert err.startswith("python -m rollout: ")
    assert f"An error occurred ({code}) when calling the {operation}" in err
    assert err.count("\n") == 1


def test_an_endpoint_that_is_none_is_told(
    account: Account, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "notaurl")
    assert run("evaluate") == (
        2,
        "",
        "python -m rollout: Invalid endpoint: notaurl. Look at AWS_ENDPOINT_URL.\n",
    )


def test_a_name_that_the_terminal_cannot_show_is_escaped(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_bytes(report({"user": "\u00fcn\u00ef"}, USED))
    done = subprocess.run(
        [sys.executable, "-m", "rollout", "evaluate", "--credential-report", str(path)],
        capture_output=True,
        env={"PATH": "/usr/bin:/bin", "PYTHONIOENCODING": "ascii"},
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout.splitlines()[3].startswith(b"\\xfcn\\xef ")


def test_without_credentials_it_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    assert run("evaluate") == (
        2,
        "",
        "python -m rollout: There are no AWS credentials to use (Unable to locate credentials)."
        " Name a profile with --profile or AWS_PROFILE, or sign in (aws sso login).\n",
    )
    assert run("evaluate", "--profile", "nobody") == (
        2,
        "",
        "python -m rollout: The config profile (nobody) could not be found."
        " `aws configure list-profiles` shows those that there are.\n",
    )


def test_markup_in_a_name_is_shown_as_it_is(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_bytes(report({"user": "=cmd@red"}, USED))
    assert "\n=cmd@red  NON_COMPLIANT" in run("evaluate", "--credential-report", str(path))[1]


def add_idle(estate: World, account: str) -> None:
    """Give an account ben.idle, whose key was made at setup and never used."""
    iam = estate.members.config(account, REGION).iam
    iam.report.rounds = 0
    ben = iam.add_user("ben.idle", created=LONG_AGO, password=LONG_AGO)
    iam.add_key(ben, created=LONG_AGO)


def test_every_account_of_the_organization_is_judged_before_any_roll_out(estate: World) -> None:
    add_idle(estate, SHOP)
    add_idle(estate, SANDBOX)
    outcome = run_verb(f"evaluate --organization --member-role {ROLE}")
    assert (outcome.code, outcome.err) == (1, "")
    lines = outcome.out.splitlines()
    who = f"account {SECURITY} security, us-east-1, {OPERATOR}"
    head = rf"{who}, as of 2026-09-01T12:00:\d\dZ \(now\)"
    assert re.fullmatch(head, lines[0])
    assert [line.split()[:4] for line in lines if "NON_COMPLIANT  " in line] == [
        [SHOP, "shop", "ben.idle", "NON_COMPLIANT"],
        [SANDBOX, "sandbox", "ben.idle", "NON_COMPLIANT"],
    ]
    assert lines[-2:] == [
        f"suspended, not judged: {OLD} old-shop",
        "2 users in 5 accounts: 2 NON_COMPLIANT, 0 COMPLIANT, 0 NOT_APPLICABLE.",
    ]


def test_an_account_that_cannot_be_read_is_named_and_no_finding_is_exit_3(estate: World) -> None:
    estate.cloud.faults.fail("iam", "GetAccountAuthorizationDetails", "AccessDenied", times=1)
    outcome = run_verb(f"evaluate --accounts {SHOP} --member-role {ROLE}")
    assert outcome.code == 3
    assert f"not read: {SHOP} shop: " in outcome.out
    assert "0 users" in outcome.out
    told = json.loads(run_verb(f"evaluate --accounts {BANK} {SHOP} --format json").out)
    assert [(each["account"], each["account_name"], each["why"]) for each in told["not_read"]] == [
        (SHOP, "shop", "no --member-role was given"),
        (BANK, "bank", "no --member-role was given"),
    ]


def test_a_role_that_is_not_there_is_named_with_its_account(estate: World) -> None:
    estate.cloud.faults.fail("sts", "AssumeRole", "AccessDenied", times=1)
    outcome = run_verb(f"evaluate --accounts {SHOP} --member-role {ROLE} --format csv")
    assert outcome.code == 3
    why = f"Not read: arn:aws:iam::{SHOP}:role/{ROLE} cannot be assumed: "
    assert outcome.out.splitlines()[1].startswith(f'{SHOP},,UNKNOWN,"{why}')


def test_a_time_before_a_key_was_made_is_refused_live_too(account: Account, run: Run) -> None:
    populate(account)
    code, out, err = run("evaluate", "--now", "2020-01-01")
    assert (code, out) == (2, "")
    assert "--now 2020-01-01T00:00:00Z is before 2026-0" in err


@pytest.mark.parametrize("number", ["333", "shop", "3333000000011"])
def test_an_account_is_given_by_its_twelve_digits(run: Run, number: str) -> None:
    code, _, err = run("evaluate", "--accounts", number)
    assert (code, err.count("\n")) == (2, 1)
    assert f"--accounts {number}: give account numbers of 12 digits" in err


def test_a_role_without_accounts_is_refused(run: Run) -> None:
    assert "say which accounts" in run("evaluate", "--member-role", "Audit")[2]


def test_a_device_that_never_ends_is_no_credential_report(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["evaluate", "--credential-report", "/dev/zero"]) == 2
    assert capsys.readouterr().err.endswith("/dev/zero: it is a device, not a file.\n")
