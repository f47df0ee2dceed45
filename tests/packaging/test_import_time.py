"""What a cold start waits for is Python's and AWS's own code, not ours.

Measured as CPU time, so that a busy machine does not count; as a part of the whole, so that a slow
one does not; and as the least of several runs. Everybody's bytecode is there: without it Python
compiles our code and not boto3's, and the figure is of the compiler.
"""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
MOST = 0.15
ROUNDS = 6
CHILD = """\
import sys, time
before = {*sys.modules}
began = time.process_time()
for name in sys.argv[1:]:
    __import__(name)
print(time.process_time() - began)
print(*(each for each in sys.modules if each not in before))
"""


@pytest.fixture(scope="module")
def unpacked(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as Lambda unpacks it."""
    folder = tmp_path_factory.mktemp("task")
    with zipfile.ZipFile(package) as archive:
        archive.extractall(folder)
    return folder


def load(folder: Path, *names: str) -> tuple[float, list[str]]:
    """Import modules in an interpreter of their own; return its CPU seconds and what came."""
    env = {**os.environ, "PYTHONPATH": str(folder), "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *names],
        env=env,
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    seconds, modules = done.stdout.splitlines()
    return float(seconds), modules.split()


@pytest.mark.parametrize("handler", ["rule.evaluator", "rule.remediation"])
def test_our_code_and_rdklib_are_a_small_part_of_the_import(unpacked: Path, handler: str) -> None:
    _, modules = load(unpacked, handler)
    assert handler in modules
    others = [each for each in modules if each.partition(".")[0] not in ("rule", "rdklib")]
    whole, without = [], []
    part = 1.0
    for _ in range(ROUNDS):
        whole.append(load(unpacked, handler)[0])
        without.append(load(unpacked, *others)[0])
        part = 1 - min(without) / min(whole)
        if part < MOST:
            break
    assert part < MOST, (whole, without)
