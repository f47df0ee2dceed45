"""The single edge: what is imported, what is said of wrong words, and which exit code it gives."""

import re
import subprocess
import sys
from types import SimpleNamespace

import pytest

from rollout import __main__ as edge
from rollout.__main__ import main
from rollout.commands import VERBS, parser
from rollout.commands.examples import EXAMPLES
from rollout.commands.output_options import FORMAT_WORDS
from rollout.errors import Refused
from tests.support.paths import ROOT
from tests.support.terminal import open_terminal

TITLES = ("options", "which accounts", "credentials", "output", "Examples")
HEAVY = ("boto3", "botocore", "cfnlint", "rich", "emulator", "rdklib")


def run_program(*arguments: str, shell: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rollout", *arguments]
    if shell:
        command = ["sh", "-c", f'"$0" -m rollout {shell}', sys.executable]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def let_check_raise(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def run(_: object) -> int:
        raise error

    module = SimpleNamespace(configure=lambda _: None, run=run)
    monkeypatch.setattr("rollout.commands.parser.importlib.import_module", lambda _: module)


@pytest.mark.parametrize("line", ["--version", "--help", "prevent --help", "no-such-verb"])
def test_no_library_is_imported_that_the_verb_does_not_need(line: str) -> None:
    script = (
        "import sys; from rollout.__main__ import main\n"
        f"try: main({line.split()!r})\n"
        "except SystemExit: pass\n"
        f"print([each for each in {HEAVY!r} if each in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stderr.splitlines()[-1] == "[]"


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_shows_its_help(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([verb, "--help"])
    assert left.value.code == 0
    assert f"usage: python -m rollout {verb} " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("chek", "python -m rollout: chek is no verb; did you mean check?"),
        ("evalute --user a", "python -m rollout: evalute is no verb; did you mean evaluate?"),
        ("xyzzy", f"python -m rollout: xyzzy is no verb; give {' or '.join(VERBS)}"),
        ("", "python -m rollout: the following arguments are required: <verb>"),
        (
            "prevent --formt json a",
            "python -m rollout prevent: --formt is not known here; did you mean --format?",
        ),
        ("check --xyzzyx", "python -m rollout check: --xyzzyx is not known here"),
        ("prevent", "python -m rollout prevent: the following arguments are required: FILE"),
    ],
)
def test_wrong_usage_is_told_in_one_line_that_names_what_is_nearest(
    line: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(line.split())
    assert left.value.code == 2
    assert capsys.readouterr().err == f"{said} (--help shows the usage)\n"


@pytest.mark.parametrize(
    ("error", "said", "code"),
    [
        (Refused("Give a Region."), "Give a Region.", 2),
        (
            ModuleNotFoundError("No module named 'boto3'", name="boto3"),
            "This takes the package boto3, which is not installed here: pip install"
            " iam-user-no-setup-access-key, without --no-deps, brings all that the verbs need.",
            2,
        ),
        (
            RuntimeError("the tape\nis torn"),
            "RuntimeError: the tape is torn (an error of this program: run it again with --debug,"
            " and report what it shows)",
            70,
        ),
        (
            AssertionError(),
            "AssertionError (an error of this program: run it again with --debug, and report what"
            " it shows)",
            70,
        ),
    ],
)
def test_an_error_is_one_line_and_what_nobody_foresaw_never_reads_as_findings(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    said: str,
    code: int,
) -> None:
    let_check_raise(monkeypatch, error)
    assert main(["check"]) == code
    assert capsys.readouterr().err == f"python -m rollout: {said}\n"


@pytest.mark.parametrize("line", ["--debug check", "check --debug"])
def test_debug_shows_where_it_was(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    let_check_raise(monkeypatch, RuntimeError("torn"))
    assert main(line.split()) == 70
    said = capsys.readouterr().err
    assert said.startswith("Traceback (most recent call last):\n")
    assert said.splitlines()[-1].startswith("python -m rollout: RuntimeError: torn (")


def test_an_interrupt_is_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    let_check_raise(monkeypatch, KeyboardInterrupt())
    assert main(["check"]) == 130
    assert capsys.readouterr().err == "Interrupted.\n"


def test_a_closed_standard_output_is_said_and_is_no_finding() -> None:
    done = run_program(shell="prevent /dev/null >&-")
    assert done.stderr == (
        "python -m rollout: Standard output is closed: there is nowhere to write to.\n"
    )
    assert done.returncode == 2


def test_the_version_comes_with_the_commit() -> None:
    done = run_program("--version")
    commit = subprocess.run(
        ["git", "rev-parse", "--short=12", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    words = done.stdout.split()
    assert words[:4] == ["python", "-m", "rollout", words[3]]
    assert words[4:] in (["(commit", f"{commit})"], ["(commit", f"{commit}-dirty)"])


@pytest.mark.parametrize(
    ("called", "name"),
    [
        ("/home/ann/.local/bin/no-setup-access-key", "no-setup-access-key"),
        ("no-setup-access-key.exe", "no-setup-access-key"),
        ("/checkout/rollout/__main__.py", "python -m rollout"),
    ],
)
def test_the_program_calls_itself_what_it_was_called_as(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], called: str, name: str
) -> None:
    monkeypatch.setattr(sys, "argv", [called, "prevent", "--xyzzyx", "x"])
    with pytest.raises(SystemExit):
        edge.main()
    assert capsys.readouterr().err.startswith(f"{name} prevent: --xyzzyx is not known here")


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_s_help_is_short_above_and_has_examples_that_its_parser_takes(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([verb, "--help"])
    shown = capsys.readouterr().out
    assert shown.index("\n\n") < 160, "usage is at most two lines"
    assert "\nExamples:\n  # " in shown
    assert "xit code" in " ".join(shown.split())
    assert "AWS_PROFILE" in shown
    for arguments, _ in EXAMPLES[verb]:
        assert f"\n  python -m rollout {verb} {arguments}".rstrip() + "\n" in shown
        parsed = parser.make_parser("x").parse_args([verb, *arguments.split()])
        assert callable(parsed.run)


@pytest.mark.parametrize("shell", parser.SHELLS)
def test_a_shell_completes_verbs_and_options(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--print-completion", shell])
    shown = capsys.readouterr().out
    assert left.value.code == 0
    assert {verb for verb in VERBS if verb not in shown} == set()
    assert "credential-report" in shown


def test_the_script_for_bash_is_one_that_bash_can_read(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["--print-completion", "bash"])
    script = capsys.readouterr().out
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_groups_its_options_and_names_forms_by_the_same_words(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([verb, "--help"])
    shown = capsys.readouterr().out
    titles = [title for title in TITLES if f"\n{title}:\n" in shown]
    assert titles == sorted(titles, key=lambda title: shown.index(f"\n{title}:\n"))
    for option, title in (("--profile", "credentials"), ("--format", "output")):
        group = shown.partition(f"\n{title}:\n")[2].partition("\n\n")[0]
        assert (f"\n  {option} " in shown) == (f"  {option} " in group), option
    forms = re.findall(r"--format \{([a-z,]+)\}", shown)
    assert all(set(each.split(",")) <= set(FORMAT_WORDS) for each in forms)
    assert all(each.startswith("text,json") for each in forms)


def test_an_error_is_folded_between_words_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    told = "The credentials have expired: sign in again (aws sso login --profile security) first."
    let_check_raise(monkeypatch, Refused(told))
    with open_terminal(60, "stderr") as terminal:
        assert main(["check"]) == 2
    assert terminal.lines == [
        "python -m rollout: The credentials have expired: sign in",
        "    again (aws sso login --profile security) first.",
        "",
    ]


def test_wrong_usage_is_folded_between_words_on_a_terminal() -> None:
    with open_terminal(60, "stderr") as terminal, pytest.raises(SystemExit):
        main(["deploy", "--automatic"])
    assert terminal.lines == [
        "python -m rollout deploy: --automatic is not known here; did",
        "    you mean --automatic-remediation?",
        "    (--help shows the usage)",
        "",
    ]
