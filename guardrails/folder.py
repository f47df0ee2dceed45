"""Finds what may be a template, a plan or Terraform source in a folder and below it.

What git ignores is left out, as are git's and Terraform's own folders: the copies of modules in
.terraform are somebody else's code.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from pathspec import GitIgnoreSpec

SOURCE_SUFFIXES = (".tf", ".tofu", ".tf.json", ".tofu.json")
SUFFIXES = (".json", ".template", ".yaml", ".yml", ".tf", ".tofu")
_NEVER = frozenset({".git", ".terraform", ".terragrunt-cache"})
_Rules = tuple[tuple[Path, GitIgnoreSpec], ...]
"""The .gitignore files that count in a folder, the innermost last."""


def list_files(folder: Path, exclude: Sequence[str]) -> Iterator[Path]:
    """Yield the files worth a look, in order; `exclude` has patterns as .gitignore has them."""
    whole = folder.resolve()
    excluded = ((whole, GitIgnoreSpec.from_lines(exclude)),)
    yield from _walk(folder, whole, (*_read_outer_rules(whole), *_read_rules(whole)), excluded)


def is_excluded(file: Path, exclude: Sequence[str]) -> bool:
    """Tell whether a file that was named is excluded; patterns count from the working folder."""
    whole = Path(os.path.abspath(file))
    return _is_ignored(whole, False, ((Path.cwd(), GitIgnoreSpec.from_lines(exclude)),))


def _walk(folder: Path, whole: Path, rules: _Rules, excluded: _Rules) -> Iterator[Path]:
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        # Whoever reads it says what is wrong: what cannot be listed must not pass unseen.
        yield folder
        return
    for entry in found:
        path = whole / entry.name
        is_folder = entry.is_dir(follow_symlinks=False)
        if is_folder and entry.name in _NEVER:
            continue
        if not is_folder and not (entry.name.endswith(SUFFIXES) and entry.is_file()):
            continue
        if _is_ignored(path, is_folder, rules) or _is_ignored(path, is_folder, excluded):
            continue
        if is_folder:
            yield from _walk(folder / entry.name, path, (*rules, *_read_rules(path)), excluded)
        else:
            yield folder / entry.name


def _is_ignored(path: Path, is_folder: bool, rules: _Rules) -> bool:
    for base, spec in reversed(rules):
        if path.is_relative_to(base):
            name = path.relative_to(base).as_posix() + "/" * is_folder
            verdict = spec.check_file(name).include
            if verdict is not None:
                return verdict
    return False


def _read_rules(folder: Path) -> _Rules:
    file = folder / ".gitignore"
    try:
        lines = file.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        # None is there, or it cannot be read: then nothing is left out for it.
        return ()
    return ((folder, GitIgnoreSpec.from_lines(lines)),)


def _read_outer_rules(folder: Path) -> _Rules:
    """Return the rules of the folders above, up to the one that is git's work tree."""
    rules: _Rules = ()
    while not os.path.exists(folder / ".git"):  # noqa: PTH110 (no error where it is not readable)
        if folder == folder.parent:
            return ()
        folder = folder.parent
        rules = (*_read_rules(folder), *rules)
    return rules
