"""Checks many files and folders and keeps what each came to: judged, passed over, not judged."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from guardrails.content import read_content
from guardrails.document import CLOUDFORMATION, check_document
from guardrails.folder import SOURCE_SUFFIXES, is_excluded, list_files
from guardrails.judgement import (
    KINDS_OF_FILE,
    SOURCE,
    Accepted,
    FileFinding,
    Foreign,
    Judgement,
    Note,
    Unreadable,
    refuse_malformed,
)
from rule.counted import count

STANDARD_INPUT = "<stdin>"


@dataclass
class Scan:
    """What everything that was named came to."""

    findings: list[FileFinding] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    accepted: list[Accepted] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)
    judged: Counter[str] = field(default_factory=Counter)
    passed_over: int = 0
    addresses: set[str] = field(default_factory=set)
    places: frozenset[tuple[str, int, str, int]] = frozenset()

    def add(self, judgement: Judgement, files: int = 1) -> None:
        """Take in what one file or one folder of source came to."""
        # One block of a module can be met from its own folder and from who calls it.
        places = {_place(finding) for finding in judgement.findings}
        known, self.places = self.places, self.places | places
        self.findings += [
            finding
            for finding in judgement.findings
            if judgement.kind != SOURCE or _place(finding) not in known
        ]
        self.notes += [note for note in judgement.notes if note not in self.notes]
        self.accepted += [a for a in judgement.accepted if a not in self.accepted]
        self.addresses |= judgement.addresses
        self.judged[judgement.kind] += files

    def tell_counts(self) -> str:
        """Return how many files were judged, by kind, passed over and not judged."""
        total = sum(self.judged.values())
        kinds = [count(self.judged[kind], kind) for kind in KINDS_OF_FILE if self.judged[kind]]
        which = f" ({', '.join(kinds)})" if kinds else ""
        return (
            f"{count(len(self.findings), 'finding')}; {count(total, 'file')} judged{which},"
            f" {self.passed_over} passed over, {len(self.unreadable)} not judged."
        )


def _place(finding: FileFinding) -> tuple[str, int, str, int]:
    return finding.file, finding.line, finding.user_file, finding.user_line


def scan(
    paths: Sequence[str],
    kind: str | None,
    exclude: Sequence[str],
    today: date,
    tell: Callable[[int], None],
) -> Scan:
    """Return what these files and folders came to; `tell` hears how many files are done."""
    result = Scan()
    sources: dict[Path, list[Path]] = {}
    done = 0
    for path in dict.fromkeys(paths):
        is_folder = path != "-" and Path(path).is_dir()
        if is_folder:
            names = [str(file) for file in list_files(Path(path), exclude)]
        else:
            names = [path] if path == "-" or not is_excluded(Path(path), exclude) else []
        for name in names:
            if name.endswith(SOURCE_SUFFIXES):
                sources.setdefault(Path(name).parent, []).append(Path(name))
            else:
                _check_one(result, name, kind, today, is_tolerant=is_folder or kind is not None)
            done += 1
            tell(done)
    for folder, files in sources.items():
        _check_sources(result, folder, files, kind, today)
    return result


def _check_one(result: Scan, name: str, kind: str | None, today: date, is_tolerant: bool) -> None:
    shown = STANDARD_INPUT if name == "-" else name
    try:
        result.add(check_document(read_content(name), shown, kind, today))
    except Foreign as foreign:
        if is_tolerant:
            result.passed_over += 1
        else:
            result.unreadable[shown] = str(foreign)
    except Unreadable as error:
        result.unreadable[shown] = str(error)


def _check_sources(
    result: Scan, folder: Path, files: list[Path], kind: str | None, today: date
) -> None:
    if kind == CLOUDFORMATION:
        result.passed_over += len(files)
        return
    from guardrails.terraform.source import check_source

    try:
        with refuse_malformed():
            judgement = check_source(folder, files, today)
    except Unreadable as error:
        for file in files:
            result.unreadable[str(file)] = str(error)
        return
    result.add(judgement, len(files))
