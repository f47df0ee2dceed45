"""The function's code: what is in it, and that it is the same wherever it is built."""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from rollout.code import package
from rollout.code.package import build_package, digest, pack, read_sources
from rollout.errors import Refused
from rollout.names import RULE as NAME
from tests.support.paths import ROOT


def rdklib_folder() -> Path:
    spec = find_spec("rdklib")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0])


@pytest.fixture
def copied_rdklib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of rdklib that this process would import instead of the installed one."""
    copy = tmp_path / "site" / "rdklib"
    shutil.copytree(rdklib_folder(), copy)
    monkeypatch.syspath_prepend(tmp_path / "site")
    for name in [name for name in sys.modules if name.split(".")[0] == "rdklib"]:
        monkeypatch.delitem(sys.modules, name)
    return copy


def test_the_package_holds_the_rule_and_rdklib_and_nothing_else(tmp_path: Path) -> None:
    with zipfile.ZipFile(build_package(tmp_path)) as built:
        content = {name: built.read(name) for name in built.namelist()}
    ours = {f"rule/{file.name}": file.read_bytes() for file in (ROOT / "rule").glob("*.py")}
    theirs = {
        f"rdklib/{file.relative_to(rdklib_folder()).as_posix()}": file.read_bytes()
        for file in [*rdklib_folder().glob("*.py"), *rdklib_folder().glob("util/*.py")]
    }
    assert content == ours | theirs


def test_the_name_carries_the_hash_of_the_content(tmp_path: Path) -> None:
    built = build_package(tmp_path)
    content_hash = hashlib.sha256(built.read_bytes()).hexdigest()
    assert built == tmp_path / f"{NAME}-{content_hash[:16]}.zip"


def test_the_package_is_under_200_kb(tmp_path: Path) -> None:
    assert build_package(tmp_path).stat().st_size < 200_000


def test_another_checkout_day_and_umask_give_the_same_bytes(tmp_path: Path) -> None:
    other = tmp_path / "another checkout"
    for part in ("rule", "rollout"):
        shutil.copytree(ROOT / part, other / part, ignore=shutil.ignore_patterns("*.pyc"))
    for place, file in enumerate(sorted(other.rglob("*"), reverse=True)):
        file.chmod(0o700)
        os.utime(file, (10**9 + place, 10**9 + place))
    (other / "rule" / "notes.txt").write_text("not code")
    shown = subprocess.run(
        [sys.executable, "-m", "rollout.code.package"],
        cwd=other,
        umask=0o077,
        env={"PATH": "", "TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    here = build_package(tmp_path / "here")
    assert shown.stdout == f"dist/{here.name}\n"
    assert (other / "dist" / here.name).read_bytes() == here.read_bytes()


def test_no_byte_of_the_package_depends_on_zlib() -> None:
    text = b"the same again and again " * 100
    packed = pack({"b.py": text, "a.py": b""})
    assert text in packed
    assert packed == pack({"a.py": b"", "b.py": text})


def test_the_installed_rdklib_sends_its_evaluations() -> None:
    from rdklib.util.evaluations import process_evaluations

    assert process_evaluations.__module__ == "rdklib.util.external"


def test_a_source_checkout_of_rdklib_is_refused(copied_rdklib: Path, tmp_path: Path) -> None:
    (copied_rdklib / "util" / "internal.py").write_text("")
    changed = digest(read_sources("rdklib", copied_rdklib))
    with pytest.raises(Refused) as refused:
        build_package(tmp_path / "dist")
    assert str(refused.value) == (
        "rdklib is not the published wheel 0.3.10 in this environment (11 modules, digest"
        f" {changed}). Set it up anew: make clean venv."
    )
    assert not (tmp_path / "dist").exists()


@pytest.mark.parametrize("edit", ["changed", "missing"])
def test_an_edited_rdklib_is_refused(copied_rdklib: Path, tmp_path: Path, edit: str) -> None:
    module = copied_rdklib / "util" / "external.py"
    if edit == "changed":
        module.write_text(module.read_text() + "\n")
    else:
        module.unlink()
    with pytest.raises(Refused, match="rdklib is not the published wheel"):
        build_package(tmp_path / "dist")


def test_an_untouched_copy_of_rdklib_is_taken(copied_rdklib: Path, tmp_path: Path) -> None:
    assert build_package(tmp_path / "dist").exists()


def test_code_that_has_grown_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package, "LIMIT_BYTES", 50_000)
    with pytest.raises(Refused, match=r"bytes; fewer than 50,000 are allowed"):
        build_package(tmp_path)
