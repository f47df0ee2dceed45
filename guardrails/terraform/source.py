"""The check of Terraform source, without a plan: as the plan's, with file and line of both blocks.

Where the source leaves open which user it is, or whether there are both, the finding says "may be".
A comment on the key's block accepts it: # no-setup-access-key:accept owner=... until=... reason=
"""

import re
import shlex
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from guardrails.acceptance import judge_acceptance
from guardrails.content import mentions_key
from guardrails.folder import SOURCE_SUFFIXES
from guardrails.judgement import SOURCE, Accepted, FileFinding, Judgement, Note, Unreadable
from guardrails.terraform.blocks import Block, read_blocks, read_source
from guardrails.terraform.check import KEY_RESOURCE, PROFILE, join_names
from guardrails.terraform.holder import Holders, find_first_places
from guardrails.terraform.identities import RootModule
from guardrails.terraform.overrides import is_override, merge_overrides
from guardrails.terraform.stacks import STACKS, check_body

_MARK = re.compile(r"(?:#|//)\s*no-setup-access-key:accept\b(.*)$")
_LOCAL = re.compile(r'\bsource"?\s*[=:]\s*"(\.[^"]*)"')
_ELSEWHERE = re.compile(r'\bsource"?\s*[=:]\s*(?!"\.)')
_BLOCK = re.compile(rf'^\s*resource\s+"({KEY_RESOURCE}|{PROFILE})"\s+"([^"]+)"', re.MULTILINE)


def check_source(folder: Path, files: list[Path], today: date) -> Judgement:
    """Return the judgement of one folder, which is one root module. Raises Unreadable."""
    texts = {str(file): read_source(str(file)) for file in files}
    for other in list_source(folder):
        texts.setdefault(str(other), read_source(str(other)))
    judgement = Judgement(SOURCE)
    within = "\n".join([*texts.values(), *_read_local_modules(folder, texts)])
    # Without a key, a module or a stack there is nothing to find, and most folders have none.
    if not any(word in within for word in (KEY_RESOURCE, "provisioner", *STACKS)) and not (
        _ELSEWHERE.search(within)
    ):
        return judgement
    try:
        blocks = merge_overrides(read_blocks(folder, texts))
    except Unreadable as error:
        if mentions_key(within):
            raise
        told = f"the source could not be worked out, and no access key stands in it: {error}"
        judgement.notes.append(Note(str(files[0]), 1, told))
        return judgement
    used: set[tuple[str, int]] = set()
    for finding, block in _judge(RootModule(blocks, texts), blocks):
        marks = _find_marks(block, texts)
        used |= {(block.file, line) for line, _ in marks}
        if not marks:
            judgement.findings.append(finding)
            continue
        left, acceptance = judge_acceptance(finding, marks[0][1], today)
        if acceptance is not None:
            judgement.accepted.append(Accepted(finding, acceptance))
        elif left is not None:
            judgement.findings.append(left)
    judgement.findings.extend(_find_idle_marks(texts, used, today))
    for stack in (block for block in blocks if block.kind in STACKS and not block.is_data):
        body = stack.values.get("template_body")
        inside = check_body(stack.path, body, stack.file, stack.line, today)
        judgement.findings.extend(inside.findings)
        judgement.notes.extend(inside.notes)
    judgement.notes.extend(_find_unseen(blocks, texts))
    return judgement


def list_source(folder: Path) -> list[Path]:
    """Return the files of Terraform source that stand in a folder itself."""
    return sorted(f for f in folder.iterdir() if f.name.endswith(SOURCE_SUFFIXES) and f.is_file())


def _read_local_modules(folder: Path, texts: dict[str, str]) -> Iterator[str]:
    """Yield the text of every module in the repository that this root module leads to."""
    known = {folder.resolve()}
    left = [(folder, text) for text in texts.values()]
    while left:
        base, text = left.pop()
        for path in _LOCAL.findall(text):
            inside = (base / path).resolve()
            if inside not in known and inside.is_dir():
                known.add(inside)
                found = [read_source(str(file)) for file in list_source(inside)]
                left += [(inside, each) for each in found]
                yield from found


def _judge(source: RootModule, blocks: list[Block]) -> Iterator[tuple[FileFinding, Block]]:
    names = {source.identify_user(user): user.path for user in source.users}
    profiles = [(block, source.identify(block)) for block in blocks if block.kind == PROFILE]
    first, alone = find_first_places(having for _, having in profiles)
    for key in (block for block in blocks if block.kind == KEY_RESOURCE):
        # The default is Active, and a status that is not known yet may become Active.
        if key.values.get("status") == "Inactive":
            continue
        wanted = source.identify(key)
        places = [
            *(alone[each] for each in wanted if len(wanted) == 1 and each in alone),
            *sorted(first[each] for each in wanted if each in first),
        ]
        for profile, having in (profiles[place] for place in places[:1]):
            common = sorted(names.get(identity, identity.name) for identity in wanted & having)
            user = join_names(common)
            is_open = source.is_open(key) or source.is_open(profile)
            message = _tell(key, user, profile, wanted | having, is_open)
            where = (profile.file, profile.line)
            yield FileFinding(key.file, key.line, user, key.path, message, *where), key


def _tell(key: Block, user: str, profile: Block, identities: Holders, is_open: bool) -> str:
    where = f"{profile.path}, {profile.file}:{profile.line}"
    if len(identities) == 1:
        verb = "may be" if is_open else "is"
        doubt = ": the source leaves open whether there are both" if is_open else ""
        return (
            f"{key.path} {verb} an access key for {user}, who gets a console password"
            f" ({where}){doubt}. Leave the key out and create it later, when it is asked for."
        )
    return (
        f"{key.path} may be an access key for {user}, who gets a console password ({where}): the"
        " source leaves open which user it is. Refer to the user directly, or leave the key out."
    )


def _find_marks(block: Block, texts: dict[str, str]) -> list[tuple[int, Any]]:
    """Return the acceptances in a block and in the comments right above it, with their lines."""
    lines = texts[block.file].splitlines()
    first = block.line - 1
    while first > 0 and lines[first - 1].lstrip().startswith(("#", "//")):
        first -= 1
    marks = ((at + 1, _MARK.search(lines[at])) for at in range(first, block.end))
    return [(line, _read_fields(mark[1])) for line, mark in marks if mark]


def _read_fields(text: str) -> Any:
    """Return the fields of an acceptance; a value may be quoted, or go on to the next field."""
    try:
        words = shlex.split(text)
    except ValueError:
        return None
    fields: dict[str, str] = {}
    name = ""
    for word in words:
        head, is_field, value = word.partition("=")
        if is_field and head in ("owner", "until", "reason"):
            name, fields[head] = head, value
        elif name:
            fields[name] += f" {word}"
        else:
            return None
    return fields


def _find_idle_marks(
    texts: dict[str, str], used: set[tuple[str, int]], today: date
) -> Iterator[FileFinding]:
    """Yield a finding for each acceptance without a finding that is over or not whole."""
    for file, text in texts.items():
        for line, row in enumerate(text.splitlines(), 1):
            mark = _MARK.search(row)
            if mark and (file, line) not in used:
                told = "An acceptance stands here."
                blank = FileFinding(file, line, "", f"{file}:{line}", told)
                left, _ = judge_acceptance(blank, _read_fields(mark[1]), today)
                if left is not None:
                    yield left


def _find_unseen(blocks: list[Block], texts: dict[str, str]) -> Iterator[Note]:
    for block in blocks:
        source = block.values.get("source")
        if block.kind == "module" and not str(source).startswith("."):
            text = f"{block.path} comes from {source}: its source is not here"
            yield Note(block.file, block.line, text)
        if "provisioner" in block.values and 'provisioner "file"' not in block.text:
            text = f"{block.path} runs a provisioner: what its command makes is not seen"
            yield Note(block.file, block.line, text)
        if block.kind in STACKS and not block.values.get("template_body"):
            text = f"{block.path} is a stack whose template is not in the source"
            yield Note(block.file, block.line, text)
    met = {(block.file, block.line) for block in blocks}
    for file, text in texts.items():
        for match in _BLOCK.finditer(text):
            line = text.count("\n", 0, match.start(1)) + 1
            if (file, line) not in met and not is_override(file):
                what = f"how many {match[1]}.{match[2]} there are, if any, only a plan tells"
                yield Note(file, line, what)
