"""Override files of Terraform: override.tf and *_override.tf change blocks that stand elsewhere.

tfparse gives the block of an override file beside the one it changes; Terraform makes one of both.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import PurePath

from guardrails.folder import SOURCE_SUFFIXES
from guardrails.terraform.blocks import Block


def merge_overrides(blocks: list[Block]) -> list[Block]:
    """Return the blocks with those of override files merged into what they change."""
    if not any(is_override(block.file) for block in blocks):
        return blocks
    ordered = sorted(blocks, key=lambda block: (block.kind, block.address))
    return [
        merged
        for _, same in groupby(ordered, key=lambda block: (block.kind, block.address))
        for merged in _merge(list(same))
    ]


def is_override(file: str) -> bool:
    """Tell whether a file is one of those that Terraform reads last."""
    name = PurePath(file).name
    stem = next((name.removesuffix(s) for s in SOURCE_SUFFIXES if name.endswith(s)), name)
    # .tf.json ends in none of the shorter suffixes.
    return stem == "override" or stem.endswith("_override")


def _merge(same: list[Block]) -> Iterator[Block]:
    bases = [block for block in same if not is_override(block.file)]
    changes = sorted((b for b in same if is_override(b.file)), key=lambda block: block.file)
    if not bases or not changes:
        yield from same
        return
    # A loop may stand on either side: its rounds are what is made.
    loops = [block for block in changes if block.index] or bases
    for block in loops:
        merged = bases[0] if block in changes else block
        for change in changes:
            if change.index in ("", block.index):
                merged = replace(
                    merged,
                    path=block.path,
                    values={**merged.values, **change.values},
                    references=change.references if "user" in change.values else merged.references,
                    text=f"{change.text}\n{merged.text}",
                )
        yield merged
