"""Reads what the locks hold, and writes the pins of the pre-commit hooks from them.

pre-commit runs `pip install . ADDITIONAL_DEPENDENCIES` in a clone, and what it adds may be pip's
own options: with --no-deps each hook gets the packages that it needs, not those of every verb.
"""

import re
import tomllib
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
HOOKS = ROOT / ".pre-commit-hooks.yaml"
LOCK = ROOT / "requirements-prevent.txt"
GROUPS = {
    "no-setup-access-key-cloudformation": "prevent-templates",
    "no-setup-access-key-terraform": "prevent-plans",
    "no-setup-access-key-terraform-source": "prevent-source",
}
"""The hooks, and the dependency group of pyproject.toml that holds what each needs."""
PIP_OPTIONS = ("--no-deps", "--no-compile")


class Locked(NamedTuple):
    """One line of a lock."""

    requirement: Requirement
    hashes: int


def read_lock(file: Path) -> dict[str, list[Locked]]:
    """Return what is locked, by name; a name may stand there once for each range of Pythons."""
    found = dict[str, list[Locked]]()
    for entry in file.read_text().replace("\\\n", " ").splitlines():
        words = entry.partition(" #")[0]
        if not words.strip() or words.lstrip().startswith("#"):
            continue
        text, *hashes = words.split("--hash=sha256:")
        requirement = Requirement(text)
        found.setdefault(canonicalize_name(requirement.name), []).append(
            Locked(requirement, len(hashes))
        )
    return found


def read_asked(groups: Sequence[str], *, own: bool = True) -> list[Requirement]:
    """Return what pyproject.toml asks for: `own` are the dependencies of the package itself."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    every = project["project"]["optional-dependencies"] | project["dependency-groups"]
    lines = list(project["project"]["dependencies"]) if own else []
    waiting = list(groups)
    while waiting:
        for line in every[waiting.pop()]:
            if isinstance(line, dict):
                waiting.append(line["include-group"])
            else:
                lines.append(line)
    return [Requirement(line) for line in lines]


def follow_requirements(asked: list[Requirement]) -> list[Requirement]:
    """Return these requirements and, with their extras, all that they need on this Python."""
    seen = dict[tuple[str, str], Requirement]()
    waiting = [(each, "") for each in asked]
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        if (requirement.name, str(requirement)) in seen:
            continue
        seen[requirement.name, str(requirement)] = requirement
        try:
            needs = [Requirement(line) for line in requires(requirement.name) or ()]
        except PackageNotFoundError:
            raise SystemExit(f"{requirement.name} is needed and not installed: make venv") from None
        waiting += [(need, each) for need in needs for each in ("", *requirement.extras)]
    return list(seen.values())


def list_pins(group: str) -> list[str]:
    """Return what a hook installs: pip's options, then every package of the group as locked."""
    lock = read_lock(LOCK)
    names = {
        canonicalize_name(each.name)
        for each in follow_requirements(read_asked((group,), own=False))
    }
    pins = [str(each.requirement) for name in sorted(names) for each in lock[name]]
    return [*PIP_OPTIONS, *pins]


def put_pins(text: str) -> str:
    """Return the text of the hooks with their additional_dependencies written anew."""
    for hook, group in GROUPS.items():
        lines = "".join(f"    - {_quote(pin)}\n" for pin in list_pins(group))
        pattern = rf"(- id: {hook}\n(?:  .*\n)*?  additional_dependencies:\n)(?:    - .*\n)*"
        text = re.sub(pattern, rf"\g<1>{lines}", text)
    return text


def _quote(pin: str) -> str:
    return "'" + pin.replace("'", '"') + "'"


def main() -> int:
    """Write the pins into .pre-commit-hooks.yaml."""
    HOOKS.write_text(put_pins(HOOKS.read_text()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
