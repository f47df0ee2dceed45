"""What is installed works: wheel and sdist are built, installed into an empty venv, and run.

The packages beside ours are exactly those of the demo lock, so this also proves that it is enough.
"""

import re
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from emulator import Account
from rollout.commands import VERBS
from tests.rollout.commands.test_prevent import CLEAN, TEMPLATE, TEMPLATE_MESSAGE
from tests.support.checkout import copy_checkout, run
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow

DISTRIBUTIONS = ("wheel", "sdist")
REPORT = ROOT / "tests" / "cases" / "captured-report.csv"
PIP = ("-m", "pip", "install", "-q", "--disable-pip-version-check")
TRIAL = ("check", "plan", "deploy", "status", "remove --yes --with-code")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_checkout(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="module")
def built(checkout: Path) -> dict[str, Path]:
    """Wheel and sdist of this work tree, built without a network."""
    done = run(checkout, sys.executable, "-m", "build", "--no-isolation", "--outdir", "dist")
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = (checkout / "dist").glob("*.whl")
    (sdist,) = (checkout / "dist").glob("*.tar.gz")
    return {"wheel": wheel, "sdist": sdist}


@pytest.fixture(scope="module")
def binaries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty venv's commands; in it is what the demo's lock holds, and nothing of ours."""
    folder = tmp_path_factory.mktemp("installed")
    assert run(folder, sys.executable, "-m", "venv", folder / "venv").returncode == 0
    found = folder / "venv" / "bin"
    exactly = ("--no-deps", "--require-hashes", "-r", ROOT / "requirements-demo.txt")
    done = run(folder, found / "python", *PIP, *exactly)
    if done.returncode:
        pytest.skip(f"pip cannot install here: {done.stderr.strip().splitlines()[-1]}")
    return found


@pytest.fixture(scope="module", params=DISTRIBUTIONS)
def program(request: pytest.FixtureRequest, built: dict[str, Path], binaries: Path) -> Path:
    """The program, installed from the wheel and then from the sdist."""
    # The sdist is built by the setuptools of the development lock: no network is needed for it.
    options = ("--no-deps", "--force-reinstall", "--no-build-isolation")
    environment = {"PYTHONPATH": str(Path(pytest.__file__).parents[1])}
    done = run(binaries, binaries / "python", *PIP, *options, built[request.param], **environment)
    assert done.returncode == 0, done.stderr
    assert run(binaries, binaries / "python", "-m", "pip", "check").returncode == 0
    return binaries / "no-setup-access-key"


def test_an_sdist_builds_the_same_wheel(built: dict[str, Path], tmp_path: Path) -> None:
    with tarfile.open(built["sdist"]) as archive:
        archive.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.iterdir()
    command = ("-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path)
    assert run(folder, sys.executable, *command).returncode == 0
    (again,) = tmp_path.glob("*.whl")
    assert read_wheel(again) == read_wheel(built["wheel"])


def read_wheel(file: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(file) as wheel:
        return {name: wheel.read(name) for name in wheel.namelist()}


def test_the_wheel_holds_each_module_and_each_file_it_reads_and_nothing_else(
    checkout: Path, built: dict[str, Path]
) -> None:
    folders = ("rule", "rollout", "guardrails", "emulator")
    listed = run(checkout, "git", "ls-files", *folders).stdout.splitlines()
    shipped = ("commit.txt", "conformance-pack.yaml", "parameters.json", "template.yaml")
    held = [name for name in read_wheel(built["wheel"]) if ".dist-info/" not in name]
    assert sorted(held) == sorted([*listed, *(f"rollout/shipped/{name}" for name in shipped)])


def test_it_names_version_commit_and_itself(program: Path, checkout: Path, tmp_path: Path) -> None:
    commit = run(checkout, "git", "rev-parse", "--short=12", "HEAD").stdout.strip()
    said = run(tmp_path, program, "--version").stdout
    assert re.fullmatch(rf"no-setup-access-key [\w.]+ \(commit {commit}\)\n", said)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_shows_its_help(program: Path, tmp_path: Path, verb: str) -> None:
    done = run(tmp_path, program, verb, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: no-setup-access-key {verb}")


def test_evaluate_judges_a_report(program: Path, tmp_path: Path) -> None:
    done = run(tmp_path, program, "evaluate", "--credential-report", REPORT, "--format", "csv")
    assert done.returncode in (0, 1), done.stderr
    assert done.stdout.count("\n") > 1


def test_prevent_judges_templates(program: Path, tmp_path: Path) -> None:
    (tmp_path / "stack.yaml").write_text(TEMPLATE)
    (tmp_path / "clean.yaml").write_text(CLEAN)
    done = run(tmp_path, program, "prevent", "stack.yaml", "clean.yaml")
    finding, closing = done.stdout.splitlines()
    assert finding == f"stack.yaml:5: {TEMPLATE_MESSAGE}"
    assert closing.startswith("1 finding")
    assert (done.returncode, done.stderr) == (1, "")


def test_the_demo_tells_its_story(program: Path, tmp_path: Path) -> None:
    done = run(tmp_path, program, "demo")
    assert done.stdout.endswith("Every verdict was the expected one.\n"), done.stderr


def test_the_code_it_uploads_is_byte_for_byte_that_of_make_package(
    program: Path, checkout: Path, tmp_path: Path
) -> None:
    here = checkout / run(checkout, sys.executable, "-m", "rollout.code.package").stdout.strip()
    script = (
        "from pathlib import Path; from rollout.code.package import build_package;"
        "print(build_package(Path('there')))"
    )
    done = run(tmp_path, program.with_name("python"), "-c", script)
    there = tmp_path / done.stdout.strip()
    assert (there.name, there.read_bytes()) == (here.name, here.read_bytes())


def test_it_deploys_to_an_account_and_takes_itself_away(
    program: Path, account: Account, tmp_path: Path
) -> None:
    record_users(account)
    account.config.packs.be_prompt()
    told = []
    for line in TRIAL:
        verb, *options = line.split()
        done = run(tmp_path, program, verb, "--account-only", *options, **account.environment())
        assert "python -m rollout" not in done.stdout
        told.append((verb, done.returncode, done.stderr))
        if verb == "deploy":
            assert len(account.config.config_rules) == 1
    assert told == [(line.split()[0], 0, "") for line in TRIAL]
    assert account.config.config_rules == {}


def record_users(account: Account) -> None:
    """Let AWS Config record the account's users, over the API as its administrator does."""
    config = account.session().client("config")
    account.session().client("s3").create_bucket(Bucket="config-logs")
    role = f"arn:aws:iam::{account.account_id}:role/config"
    group = {"allSupported": True, "includeGlobalResourceTypes": True}
    config.put_configuration_recorder(
        ConfigurationRecorder={"name": "default", "roleARN": role, "recordingGroup": group}
    )
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "config-logs"})
    config.start_configuration_recorder(ConfigurationRecorderName="default")
