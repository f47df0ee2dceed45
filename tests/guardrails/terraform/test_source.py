"""The check of Terraform source: what it finds is what the plan of the same source shows."""

import importlib.util
import json
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from guardrails.document import check_document
from guardrails.judgement import FileFinding, Judgement, Unreadable
from guardrails.scan import scan
from guardrails.terraform import parse
from guardrails.terraform.source import check_source
from tests.support.paths import CASES
from tests.support.work import count_calls

TODAY = date(2026, 9, 1)
PLACES = CASES / "guardrails"
PROFILE = 'resource "aws_iam_user_login_profile" "p" { user = "ann" }\n'
KEY = 'resource "aws_iam_access_key" "k" { user = "ann" }\n'
PAIR = """\
resource "aws_iam_user" "u" { name = var.name }
variable "name" {}
resource "aws_iam_user_login_profile" "p" { user = aws_iam_user.u.name }
resource "aws_iam_access_key" "k" { user = aws_iam_user.u.name }
"""


def with_line(line: str) -> str:
    """Return the key with one more line in its block."""
    return KEY.replace("{ user", f"{{\n  {line}\n  user").replace(" }", "\n}")


def judge(folder: Path, *texts: str, today: date = TODAY) -> Judgement:
    for number, text in enumerate(texts):
        (folder / f"{number}.tf").write_text(text)
    return check_source(folder, sorted(folder.glob("*.tf")), today)


def find(folder: Path, *texts: str) -> list[str]:
    return [finding.key for finding in judge(folder, *texts).findings]


# What a plan knows and the source does not: a loop over values known only after apply.
OPEN = {
    "created": {
        'aws_iam_access_key.bad_by_a_variable["bob"]',
        "aws_iam_access_key.bad_cut_out_of_the_arn",
        'aws_iam_access_key.bad_filtered["ann"]',
        "aws_iam_access_key.bad_one_or_the_other",
        'aws_iam_access_key.bad_under_the_key_of_another["bob"]',
    },
    # State, not source, holds what is only forgotten.
    "changed": {"aws_iam_access_key.bad_with_a_password_that_is_only_forgotten"},
    # "May be" for a robot whose name differs in its known text: the source tells them apart.
    "07-unknown-text-around": {"aws_iam_access_key.robot"},
}


# Whose name a plan does not know, and whose source is a local, one text on both sides, or the first
# of users whose names it does know.
SURER = {
    "aws_iam_access_key.bad_late_and_undecided",
    "aws_iam_access_key.bad_late_through_a_local",
    "aws_iam_access_key.human",
}


def list_unsure(findings: list[FileFinding]) -> set[str]:
    return {f.key for f in findings if f.message.startswith(f"{f.key} may be ")}


@pytest.mark.parametrize(
    "folder",
    [*(PLACES / "terraform").iterdir(), *(PLACES / "told" / "tf").iterdir()],
    ids=lambda folder: folder.name,
)
def test_the_source_gives_the_findings_of_its_plan_but_for_what_only_the_plan_knows(
    folder: Path,
) -> None:
    source = judge(folder).findings
    plan = check_document((folder / "plan.json").read_bytes(), "plan.json", None, TODAY).findings
    unseen = OPEN.get(folder.name, set())
    assert {f.key for f in source} == {f.key for f in plan} - unseen
    assert list_unsure(source) == list_unsure(plan) - unseen - SURER


def test_a_loop_over_what_only_a_plan_tells_is_said(tmp_path: Path) -> None:
    notes = judge(PLACES / "terraform" / "created").notes
    told = "how many aws_iam_user_login_profile.crew there are, if any, only a plan tells"
    assert told in [note.text for note in notes]


def test_a_user_is_named_whole_whatever_its_index_says(tmp_path: Path) -> None:
    text = PAIR.replace(
        "{ name = var.name }", '{\n for_each = toset(["ann in sales"])\n name = var.name\n}'
    )
    (finding,) = judge(tmp_path, text.replace("u.name", 'u["ann in sales"].name')).findings
    assert finding.user == 'aws_iam_user.u["ann in sales"]'


def test_a_finding_has_file_and_line_of_both_blocks(tmp_path: Path) -> None:
    finding = judge(tmp_path, PROFILE, f"\n\n{KEY}").findings[0]
    profile = f"{tmp_path}/0.tf"
    assert (finding.file, finding.line) == (f"{tmp_path}/1.tf", 3)
    assert (finding.user_file, finding.user_line) == (profile, 1)
    assert finding.message == (
        "aws_iam_access_key.k is an access key for ann, who gets a console password"
        f" (aws_iam_user_login_profile.p, {profile}:1). Leave the key out and create it later,"
        " when it is asked for."
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(PAIR, id="one user by reference"),
        pytest.param(PROFILE + KEY.replace("ann", "Ann"), id="a name in other letter case"),
        pytest.param(
            'variable "who" {}\n' + (PROFILE + KEY).replace('"ann"', "var.who"),
            id="one variable on both sides",
        ),
        pytest.param(
            'variable "who" {}\nlocals { name = "${var.who}-x" }\n'
            + (PROFILE + KEY).replace('"ann"', "local.name"),
            id="one local on both sides",
        ),
        pytest.param(
            PAIR.replace(
                "aws_iam_user.u.name }\nresource", "trimspace(aws_iam_user.u.name) }\nresource"
            ),
            id="a function around it",
        ),
        pytest.param(
            'variable "on" {}\n' + with_line("count = var.on ? 1 : 0") + PROFILE,
            id="a count that only the variables tell",
        ),
    ],
)
def test_a_key_beside_a_password_is_found_by(text: str, tmp_path: Path) -> None:
    assert len(find(tmp_path, text)) == 1


@pytest.mark.parametrize("kind", ["list(string)", "set(string)"])
def test_a_loop_over_a_variable_without_a_value_is_looked_into(kind: str, tmp_path: Path) -> None:
    text = f"""\
variable "people" {{ type = {kind} }}
resource "aws_iam_user" "u" {{
  for_each = toset(var.people)
  name     = each.value
}}
resource "aws_iam_user_login_profile" "p" {{
  for_each = aws_iam_user.u
  user     = each.value.name
}}
resource "aws_iam_access_key" "k" {{
  for_each = toset(var.people)
  user     = aws_iam_user.u[each.key].name
}}
"""
    assert find(tmp_path, text) == ['aws_iam_access_key.k["(an item of people)"]']


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(KEY, id="a key alone"),
        pytest.param(PROFILE + KEY.replace("ann", "robot"), id="another name"),
        pytest.param(PROFILE + with_line('status = "Inactive"'), id="Inactive"),
        pytest.param(
            'provider "aws" {}\nprovider "aws" {\n  alias = "prod"\n  profile = "prod"\n}\n'
            + PROFILE
            + with_line("provider = aws.prod"),
            id="one name in two accounts",
        ),
    ],
)
def test_no_finding_for(text: str, tmp_path: Path) -> None:
    assert find(tmp_path, text) == []


LOOPS = {
    "count = 1": False,
    "count = var.off ? 1 : 1": False,
    "count = var.on ? 1 : 0": True,
    "count = var.number": True,
    'count = terraform_data.d.output == "x" ? 1 : 0': True,
    "for_each = toset(var.people)": True,
    'for_each = toset(["a"])': False,
}


def test_where_the_source_leaves_open_whether_there_are_both_the_finding_says_may_be(
    tmp_path: Path,
) -> None:
    text = """\
variable "on" { type = bool }
variable "off" { default = false }
variable "number" { type = number }
variable "people" { type = list(string) }
resource "terraform_data" "d" { input = timestamp() }
"""
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "main.tf").write_text(PROFILE + KEY)
    for at, loop in enumerate(LOOPS):
        text += f"""\
resource "aws_iam_user_login_profile" "one{at}" {{ user = "one{at}" }}
resource "aws_iam_access_key" "one{at}" {{
  {loop}
  user = "one{at}"
}}
resource "aws_iam_user_login_profile" "two{at}" {{
  {loop}
  user = "two{at}"
}}
resource "aws_iam_access_key" "two{at}" {{ user = "two{at}" }}
module "three{at}" {{
  {loop}
  source = "./m"
}}
"""
    findings = judge(tmp_path, text).findings
    told = ": the source leaves open whether there are both. Leave the key out"
    unsure = {f.key for f in findings if told in f.message}
    assert list_unsure(findings) == unsure
    names = {key: re.search(r"(?:one|two|three)\d", key) for key in (f.key for f in findings)}
    assert {name[0]: key in unsure for key, name in names.items() if name} == {
        f"{where}{at}": is_open
        for where in ("one", "two", "three")
        for at, is_open in enumerate(LOOPS.values())
    }


def test_two_users_of_which_the_source_leaves_open_which_it_is_are_may_be(tmp_path: Path) -> None:
    text = """\
variable "suffix" {}
resource "aws_iam_user" "u" {
  count = 2
  name  = "person-${count.index}-${var.suffix}"
}
resource "aws_iam_user_login_profile" "p" { user = aws_iam_user.u[0].name }
resource "aws_iam_access_key" "k" { user = element(concat(aws_iam_user.u.*.name, [""]), 9) }
"""
    messages = [f.message for f in judge(tmp_path, text).findings]
    assert [m.partition(" may be an access key for ")[0] for m in messages] == [
        "aws_iam_access_key.k"
    ]


ACCEPT = "# no-setup-access-key:accept owner=ops until=2026-12-31 reason=ticket 4711"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"{ACCEPT}\n{KEY}", id="above the block"),
        pytest.param(with_line(ACCEPT), id="in it"),
        pytest.param(KEY.replace("\n", f" {ACCEPT}\n"), id="behind it"),
        pytest.param(f"{ACCEPT.replace('#', '//')}\n{KEY}", id="the other comment"),
    ],
)
def test_a_comment_on_the_block_accepts_the_key(text: str, tmp_path: Path) -> None:
    judgement = judge(tmp_path, PROFILE, text)
    assert judgement.findings == []
    assert [(a.acceptance.owner, a.acceptance.reason) for a in judgement.accepted] == [
        ("ops", "ticket 4711")
    ]


@pytest.mark.parametrize(
    ("accept", "why"),
    [
        (ACCEPT.replace("2026-12-31", "2026-08-31"), "by ops ended on 2026-08-31."),
        (ACCEPT.replace("owner=ops ", ""), "it needs owner, a text that is not empty."),
        *(
            (ACCEPT.replace("2026-12-31", text), "it needs until, a date such as 2026-12-31.")
            for text in ("soon", "20261231", "2026-W53-4")
        ),
        (ACCEPT.partition(" owner")[0], "it needs owner, a text that is not empty."),
    ],
)
def test_an_acceptance_that_is_over_or_not_whole_fails_used_or_not(
    accept: str, why: str, tmp_path: Path
) -> None:
    used = judge(tmp_path, PROFILE, f"{accept}\n{KEY}").findings
    assert [(f.key, f.message.endswith(why)) for f in used] == [("aws_iam_access_key.k", True)]
    idle = judge(tmp_path, "", f"{accept}\n{KEY}").findings
    assert [(f.line, f.message.endswith(why)) for f in idle] == [(1, True)]


def judge_files(folder: Path, **texts: str) -> Judgement:
    """Judge a folder with these files, of which a hook names the first alone."""
    names = [name.replace("_DOT_", ".") for name in texts]
    for name, text in zip(names, texts.values(), strict=True):
        (folder / name).write_text(text)
    return check_source(folder, [folder / names[0]], TODAY)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ('{ user = "ann" }', ["aws_iam_access_key.k"]),
        ('{\n  user   = "ann"\n  status = "Inactive"\n}', []),
        ('{ status = "Active" }', []),
        (
            '{\n  count = 2\n  user  = "ann"\n}',
            ["aws_iam_access_key.k[0]", "aws_iam_access_key.k[1]"],
        ),
    ],
)
def test_an_override_file_changes_the_block_that_stands_elsewhere(
    change: str, found: list[str], tmp_path: Path
) -> None:
    judgement = judge_files(
        tmp_path,
        main_DOT_tf=PROFILE + KEY.replace("ann", "robot"),
        my_override_DOT_tf=f'resource "aws_iam_access_key" "k" {change}\n',
    )
    assert ([f.key for f in judgement.findings], judgement.notes) == (found, [])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("terraform_DOT_tfvars", 'who = "ann"\n'),
        ("terraform_DOT_tfvars_DOT_json", '{"who": "ann"}'),
        ("a_DOT_auto_DOT_tfvars_DOT_json", '{"who": "ann"}'),
    ],
)
def test_values_that_terraform_reads_by_itself_count(name: str, text: str, tmp_path: Path) -> None:
    source = 'variable "who" { type = string }\n' + PROFILE.replace('"ann"', "var.who") + KEY
    assert len(judge_files(tmp_path, main_DOT_tf=source, **{name: text}).findings) == 1


def test_what_opentofu_reads_is_read_and_an_imported_key_is_one(tmp_path: Path) -> None:
    imported = 'import {\n  to = aws_iam_access_key.k\n  id = "AKIAIOSFODNN7EXAMPLE"\n}\n'
    (tmp_path / "main.tofu").write_text(PROFILE + imported + KEY)
    found = scan([str(tmp_path)], None, [], TODAY, lambda done: None).findings
    assert [(f.line, f.key) for f in found] == [(6, "aws_iam_access_key.k")]


def test_a_key_in_json_beside_the_file_that_a_hook_names_is_found(tmp_path: Path) -> None:
    key = json.dumps({"resource": {"aws_iam_access_key": {"k": {"user": "ann"}}}})
    found = judge_files(tmp_path, main_DOT_tf=PROFILE, keys_DOT_tf_DOT_json=key).findings
    assert [f.key for f in found] == ["aws_iam_access_key.k"]


@pytest.mark.parametrize("has_key", [True, False])
def test_source_that_cannot_be_worked_out_blocks_only_where_a_key_can_stand(
    has_key: bool, tmp_path: Path
) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "main.tf").write_text(KEY if has_key else "")
    text = 'module "i" { source = "./inside" }\nmodule "o" { source = "a/b/c" }\nx = {\n'
    if has_key:
        with pytest.raises(Unreadable, match="Terraform would not take it"):
            judge_files(tmp_path, main_DOT_tf=text)
        return
    told = "the source could not be worked out, and no access key stands in it: Terraform would"
    notes = judge_files(tmp_path, main_DOT_tf=text).notes
    assert [note.text.startswith(told) for note in notes] == [True]


def test_source_with_an_error_is_no_source_without_a_finding(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"Terraform would not take it: 0\.tf:"):
        judge(tmp_path, KEY + 'resource "aws_iam_user" "u" {\n')


@pytest.mark.slow
def test_a_count_without_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"more than can be worked out|than a minute"):
        judge(tmp_path, with_line("count = 900000000"))


def test_without_the_extra_source_with_a_key_is_not_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert judge(tmp_path, 'resource "aws_s3_bucket" "b" {}\n').findings == []
    with pytest.raises(Unreadable, match=r"takes the extra \[hcl\]"):
        judge(tmp_path, KEY)


def test_a_block_met_from_its_own_folder_and_from_a_caller_is_one_finding(tmp_path: Path) -> None:
    person = tmp_path / "person"
    person.mkdir()
    (person / "main.tf").write_text(PAIR)
    (tmp_path / "main.tf").write_text('module "p" {\n  source = "./person"\n  name   = "ann"\n}\n')
    result = scan([str(tmp_path)], None, [], TODAY, lambda done: None)
    assert [(f.file, f.line) for f in result.findings] == [(str(person / "main.tf"), 4)]
    assert json.dumps(result.judged) == '{"source file": 2}'


def test_what_source_does_not_show_is_said(tmp_path: Path) -> None:
    text = """\
module "m" { source = "terraform-aws-modules/iam/aws" }
resource "terraform_data" "k" {
  provisioner "local-exec" { command = "make keys" }
}
resource "aws_cloudformation_stack" "s" {
  name         = "s"
  template_url = "https://example.com/t.yaml"
}
"""
    assert sorted(note.text for note in judge(tmp_path, text).notes) == [
        "aws_cloudformation_stack.s is a stack whose template is not in the source",
        "module.m comes from terraform-aws-modules/iam/aws: its source is not here",
        "terraform_data.k runs a provisioner: what its command makes is not seen",
    ]


def test_where_each_key_may_be_for_each_user_the_work_grows_with_their_square_at_most(
    tmp_path: Path,
) -> None:
    def judge_many(users: int) -> int:
        folder = tmp_path / str(users)
        folder.mkdir()
        blocks = "".join(
            f"""
            resource "aws_iam_user" "u{each}" {{ name = "${{var.prefix}}{each}" }}
            resource "aws_iam_access_key" "k{each}" {{ user = local.who["{each}"] }}
            resource "aws_iam_user_login_profile" "p{each}" {{ user = local.who["{each}"] }}
            """
            for each in range(users)
        )
        made = ", ".join(f"aws_iam_user.u{each}" for each in range(users))
        text = f"""{blocks}
            variable "prefix" {{}}
            locals {{
              who = {{ for user in [{made}] : user.name => user.name }}
            }}
            """
        found = list[str]()
        calls = count_calls(lambda: found.extend(find(folder, text)))
        assert len(found) == users
        return calls

    judge_many(1)  # what is made once and kept
    assert judge_many(80) < 16 * judge_many(20)


def test_where_the_system_knows_no_limits_source_is_parsed_without_them(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(PROFILE + KEY)
    script = (
        "import runpy, sys; sys.modules['resource'] = None\n"
        f"sys.argv = ['parse.py', {str(tmp_path)!r}]\n"
        f"runpy.run_path({parse.__file__!r}, run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    kinds = {block["kind"] for block in json.loads(done.stdout)}
    assert kinds == {"aws_iam_access_key", "aws_iam_user_login_profile"}
