"""What pyproject.toml cannot say: files of the top level that are installed, and the commit.

Everything else stands in pyproject.toml.
"""

import subprocess
from pathlib import Path

from setuptools import find_namespace_packages, setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

ROOTS = ("rule", "rollout", "guardrails", "emulator")
SHIPPED = "rollout.shipped"
"""Where rollout.names looks for the files of the top level once it is installed."""
FILES = ["template.yaml", "conformance-pack.yaml", "parameters.json"]
COMMIT = Path("commit.txt")


def read_commit() -> str:
    """Return the commit that is built: what an sdist carries, else git's; "" without either."""
    if COMMIT.exists():
        return COMMIT.read_text(encoding="ascii")
    command = ("git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*")
    if not Path(".git").exists():
        return ""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""


def write_commit(file: Path) -> None:
    """Write the commit into what is built."""
    commit = read_commit()
    if commit:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(commit, encoding="ascii")


class Build(build_py):
    """Puts the commit beside the files of the top level."""

    def find_package_modules(self, package: str, package_dir: str) -> list[tuple[str, str, str]]:
        """Take this file for no module: the top level holds none."""
        return [] if package == SHIPPED else super().find_package_modules(package, package_dir)

    def run(self) -> None:
        """Copy what is installed."""
        super().run()
        if not self.editable_mode:
            write_commit(Path(self.build_lib, *SHIPPED.split("."), COMMIT))


class SourceDistribution(sdist):
    """Carries the commit, as it carries no git data."""

    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        """Lay out what is packed."""
        super().make_release_tree(base_dir, files)
        write_commit(Path(base_dir, COMMIT))


setup(
    cmdclass={"build_py": Build, "sdist": SourceDistribution},
    packages=[
        *find_namespace_packages(include=[f"{root}{end}" for root in ROOTS for end in ("", ".*")]),
        SHIPPED,
    ],
    package_dir={SHIPPED: "."},
    package_data={
        SHIPPED: FILES,
        "rollout": ["py.typed", "findings/*.j2"],
        "rule": ["py.typed"],
        "guardrails": [
            *("py.typed", "cloudformation/rules/*.guard", "scp/*.json", "terraform/checkov/*.yaml")
        ],
    },
    include_package_data=False,
)
