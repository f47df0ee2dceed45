"""Blocks of console output in a page: each is the real output of the command in its first line."""

import re
from collections.abc import Callable, Mapping

from tests.support.organizations import World, run

HASH = re.compile(r"\b[0-9a-f]{16}\b")
SAME_HASH = "0123456789abcdef"
"""Hashes of code and templates change with every commit; the pages show this one."""
BLOCK = re.compile(
    r"(?:<!-- scene: (?P<scene>[^>]+) -->\n)?```console\n\$ python -m rollout (?P<line>[^\n]+)\n"
    r"(?P<output>.*?)```\n",
    re.DOTALL,
)


def replay(page: str, estate: World, scenes: Mapping[str, Callable[[World], None]]) -> str:
    """Return the page with the output of its commands, run in order; a scene comes before."""

    def write(block: re.Match[str]) -> str:
        scene = block["scene"]
        if scene:
            scenes[scene](estate)
        outcome = run(block["line"], documented=False)
        output = re.sub(r" +\n", "\n", HASH.sub(SAME_HASH, outcome.out + outcome.err))
        begin = f"<!-- scene: {scene} -->\n" if scene else ""
        return f"{begin}```console\n$ python -m rollout {block['line']}\n{output}```\n"

    return BLOCK.sub(write, page)
