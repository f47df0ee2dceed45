"""`make demo` on a machine where nothing is set up, or where setting up went wrong."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.checkout import copy_checkout, run
from tools import environment
from tools.environment import LOCKS, NotReady, set_up

DONE = "Every verdict was the expected one."


def find_pythons() -> dict[str, Path]:
    """Return the Pythons on this machine that the project is for, by version."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = dict[str, Path]()
    for minor in range(11, 15):
        name = f"3.{minor}"
        installed = [*sorted(pyenv.glob(f"{name}.*/bin/python")), shutil.which(f"python{name}")]
        candidates = [Path(each) for each in installed if each]
        works = [each for each in candidates if run(Path(), each, "-V").returncode == 0]
        if works:
            found[name] = works[0]
    return found


PYTHONS = find_pythons()


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What set_up runs; nothing of it is run, and everything succeeds."""
    made = list[tuple[str, ...]]()

    def note(*command: str) -> None:
        made.append(command)

    monkeypatch.setattr(environment, "run_quietly", note)
    return made


def test_nothing_is_resolved_and_the_mark_is_written_last(
    calls: list[tuple[str, ...]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".venv").mkdir()
    set_up("demo")
    venv, pip = calls
    assert venv == (sys.executable, "-m", "venv", "--clear", ".venv")
    assert pip[-4:] == ("--no-deps", "--require-hashes", "-r", LOCKS["demo"])
    assert [each.name for each in (tmp_path / ".venv").iterdir()] == [".ready-demo"]


def test_what_a_link_points_to_is_not_emptied(
    calls: list[tuple[str, ...]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shared").mkdir()
    (tmp_path / ".venv").symlink_to("shared")
    with pytest.raises(NotReady, match=r"^\.venv is a link to shared: .* Remove the link and"):
        set_up("dev")
    assert calls == []


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "ERROR: Could not find a version that satisfies the requirement antlr4 (from versions:"
            " none) ERROR: No matching distribution found for antlr4",
            "The packages cannot be fetched: pip reaches no package index. It takes them from PyPI,"
            " or from the index and the proxy that pip's own configuration names.",
        ),
        (
            "ERROR: No space left on device",
            "pip cannot install requirements-dev.txt: ERROR: No space left on device",
        ),
    ],
)
def test_what_pip_cannot_do_is_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        environment, "run_quietly", lambda *command: said if "pip" in command else None
    )
    with pytest.raises(NotReady) as raised:
        set_up("dev")
    assert str(raised.value) == told
    assert list(tmp_path.iterdir()) == []


def test_an_older_python_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    with pytest.raises(NotReady, match=r"^This is Python 3\.9, and 3\.11 or later is needed"):
        set_up("dev")


def test_a_python_that_is_not_there_is_not_called_older(tmp_path: Path) -> None:
    for name in ("Makefile", "requirements-dev.txt"):
        (tmp_path / name).write_bytes((environment_folder() / name).read_bytes())
    done = run(tmp_path, "make", "venv", "PYTHON=python3.99")
    assert done.stdout == "There is no python3.99 here: name a Python with make PYTHON=python3.12\n"
    assert done.returncode != 0


def environment_folder() -> Path:
    return Path(environment.__file__).parents[1]


def without_network(folder: Path) -> dict[str, str]:
    """Return variables with which pip reaches nothing, and that it is soon told."""
    return {
        "PIP_INDEX_URL": "http://127.0.0.1:9/",
        "PIP_RETRIES": "0",
        "PIP_NO_CACHE_DIR": "1",
        "PIP_CONFIG_FILE": os.devnull,
        "HOME": str(folder),
    }


@pytest.mark.slow
def test_without_a_network_make_says_so_in_one_sentence(tmp_path: Path) -> None:
    checkout = copy_checkout(tmp_path / "checkout")
    done = run(checkout, "make", f"PYTHON={sys.executable}", "demo", **without_network(tmp_path))
    lines = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert lines == [
        "The packages cannot be fetched: pip reaches no package index. It takes them from PyPI, or"
        " from the index and the proxy that pip's own configuration names."
    ]
    assert done.returncode != 0


@pytest.mark.slow
@pytest.mark.parametrize("version", PYTHONS)
def test_make_demo_sets_up_what_it_needs_in_a_folder_with_a_blank_and_a_read_only_home(
    tmp_path: Path, version: str
) -> None:
    """The first Python also has its set-up killed half way; the next make does it anew."""
    checkout = copy_checkout(tmp_path / "a folder")
    home = tmp_path / "home"
    home.mkdir(mode=0o500)
    command = ["make", f"PYTHON={PYTHONS[version]}", "demo"]
    if version == next(iter(PYTHONS)):
        interrupt(command, checkout, home)
    done = run(checkout, *command, HOME=str(home))
    if "pip reaches no package index" in done.stderr:
        pytest.skip("pip reaches no package index")
    assert done.stdout.splitlines()[-1] == DONE, done.stdout + done.stderr
    assert done.returncode == 0
    again = run(checkout, *command, HOME=str(home))
    assert "Setting up" not in again.stdout
    assert again.stdout.splitlines()[-1] == DONE


def interrupt(command: list[str], checkout: Path, home: Path) -> None:
    """Kill a set-up, with all it started, as soon as pip has begun to write packages."""
    started = subprocess.Popen(
        command,
        cwd=checkout,
        env={**os.environ, "HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while started.poll() is None and not list(checkout.glob(".venv/lib/*/site-packages/*moto*")):
        time.sleep(0.05)
    os.killpg(started.pid, signal.SIGKILL)
    started.wait()
    assert not (checkout / ".venv" / ".ready-demo").exists()


@pytest.mark.slow
@pytest.mark.parametrize("pip", ["pip==23.2.1", "pip<25", "pip"])
def test_each_pip_installs_exactly_what_is_locked(tmp_path: Path, pip: str) -> None:
    run(tmp_path, sys.executable, "-m", "venv", tmp_path / "venv")
    python = tmp_path / "venv" / "bin" / "python"
    done = run(tmp_path, python, "-m", "pip", "install", "--upgrade", pip)
    if done.returncode:
        pytest.skip("pip reaches no package index")
    lock = environment_folder() / LOCKS["demo"]
    exactly = ("install", "-q", "--no-deps", "--require-hashes", "-r", lock)
    done = run(tmp_path, python, "-m", "pip", *exactly)
    assert done.returncode == 0, done.stderr
    assert run(tmp_path, python, "-m", "pip", "check").stdout == "No broken requirements found.\n"
