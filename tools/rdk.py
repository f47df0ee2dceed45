"""Lays the rule out as AWS's RDK reads it: `build/rdk/<rule-name>/`.

RDK takes the rule's name from the folder and zips the folder as it is, so rdklib lies in it, from
the published wheel, and no layer of another account is needed. `rdk test-local` runs what ends in
_test.py.
"""

import shutil
import sys
from pathlib import Path

from rollout.code.package import RULE_FOLDER, read_rdklib, read_sources
from rollout.errors import Refused
from rollout.names import RULE

ROOT = RULE_FOLDER.parent
FILES = {"parameters.json": ROOT / "parameters.json", "rule_test.py": ROOT / "tests/rule_test.py"}


def fill_folder(build: Path) -> Path:
    """Write the rule's folder anew under `build` and return it. Raises Refused as the package."""
    sources = read_sources("rule", RULE_FOLDER) | read_rdklib()
    folder = build / RULE
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in sources.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    for name, source in FILES.items():
        shutil.copyfile(source, folder / name)
    return folder


if __name__ == "__main__":
    try:
        print(fill_folder(Path("build/rdk")))
    except Refused as refused:
        sys.exit(str(refused))
