"""Builds the function's code: the package `rule` and rdklib, in one zip named by its content.

The same source gives the same bytes on every machine, as StackSets notice new code by its key only.
So files are stored, not deflated (zlib's output differs between its versions and forks), sorted,
and carry one date and one mode (docs/decisions/0003).
"""

import hashlib
import io
import sys
import zipfile
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from rollout.errors import Refused
from rollout.names import FUNCTION

LIMIT_BYTES = 200_000
RULE_FOLDER = Path(str(files("rule")))
RDKLIB_VERSION = "0.3.10"
# Of the wheel on PyPI, as digest() has it. The wheel's own hash, in requirements.txt, cannot be
# checked once the wheel is installed. Whoever locks another version changes both lines.
RDKLIB_DIGEST = "a6d6ee27882c469c5229d801fee5c7103e11359efc2efb5cac1ee6cc8b56f8b7"
NO_DATE = (1980, 1, 1, 0, 0, 0)
"""The first date that a zip file can hold."""
REGULAR_FILE = 0o100644 << 16
UNIX = 3


def build_package(folder: Path) -> Path:
    """Write the function's code into `folder` and return the file, named by its own hash.

    Raises Refused where rdklib is not the published wheel, or the code has grown too large.
    """
    content = pack(read_sources("rule", RULE_FOLDER) | read_rdklib())
    if len(content) >= LIMIT_BYTES:
        raise Refused(
            f"The package would have {len(content):,} bytes; fewer than {LIMIT_BYTES:,} are"
            f" allowed. Look for what does not belong into {RULE_FOLDER.name}/."
        )
    file = folder / f"{FUNCTION}-{hashlib.sha256(content).hexdigest()[:16]}.zip"
    folder.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def read_sources(package: str, folder: Path) -> dict[str, bytes]:
    """Return a package's Python sources by their path in the zip; anything else stays behind."""
    return {
        f"{package}/{file.relative_to(folder).as_posix()}": file.read_bytes()
        for file in folder.rglob("*.py")
    }


def read_rdklib() -> dict[str, bytes]:
    """Return rdklib's sources as they are installed here.

    Raises Refused for anything but the published wheel: a source checkout has one module more,
    `rdklib/util/internal.py`, with which rdklib sends no result and says nothing.
    """
    spec = find_spec("rdklib")
    where = spec.submodule_search_locations if spec else None
    sources = read_sources("rdklib", Path(where[0])) if where else {}
    if digest(sources) != RDKLIB_DIGEST:
        raise Refused(
            f"rdklib is not the published wheel {RDKLIB_VERSION} in this environment"
            f" ({len(sources)} modules, digest {digest(sources)}). Set it up anew: make clean venv."
        )
    return sources


def digest(sources: dict[str, bytes]) -> str:
    """Return one hash for a set of files: of their names and contents, in order of names."""
    lines = [f"{hashlib.sha256(sources[name]).hexdigest()}  {name}\n" for name in sorted(sources)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def pack(sources: dict[str, bytes]) -> bytes:
    """Return a zip file of these files that is the same whoever makes it, where and when."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as package:
        for name in sorted(sources):
            entry = zipfile.ZipInfo(name, NO_DATE)
            entry.create_system = UNIX
            entry.external_attr = REGULAR_FILE
            package.writestr(entry, sources[name])
    return content.getvalue()


if __name__ == "__main__":
    try:
        print(build_package(Path("dist")))
    except Refused as refused:
        sys.exit(str(refused))
