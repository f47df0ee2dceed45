"""The lives of users at random, once more with the code as it lies in the built package."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.paths import ROOT

FUZZ = "tests/rule/test_remediation.py"
CHILD = """\
import sys
folder, *arguments = sys.argv[1:]
sys.path.insert(0, folder)
import pytest, rule.remediation
code = pytest.main(arguments)
ours = [each for name, each in sys.modules.items() if name.split(".")[0] in ("rule", "rdklib")]
foreign = [each.__file__ for each in ours if not each.__file__.startswith(folder)]
sys.exit(f"not of the package: {foreign}" if foreign else code)
"""


@pytest.mark.slow
def test_no_life_of_a_user_ends_in_a_wrong_key_touched_by_the_package(
    package: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(package) as archive:
        archive.extractall(tmp_path)
    chosen = [FUZZ, "-k", "no_life_of_a_user", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path), *chosen],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^[1-9]\d* passed", done.stdout, re.MULTILINE), done.stdout
