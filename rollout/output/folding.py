"""Text folded between words, for a terminal; imports nothing that takes time to load.

A file of its own: the edge folds its errors before any library is there.
"""

import re
import shutil
import textwrap
from typing import TextIO

MARGIN = "    "
_COMMAND = re.compile(r"\((?:aws|python|no-setup-access-key) [^()]*\)|`[^`]+`|\(--help [^()]*\)")
"""A command in a sentence, which is copied or read as a whole."""
_GLUE = "\0"


def fold(text: str, width: int) -> list[str]:
    """Return the lines of a text; what has no room goes on below, set in.

    No word is torn, and no command in brackets where it fits on a line.
    """
    return [part for line in text.split("\n") for part in fold_line(line, width)]


def fold_to(stream: TextIO | None, text: str) -> str:
    """Return a text as it goes to a stream: folded for a terminal, else as it is."""
    if stream is None or not stream.isatty():
        return text
    return "\n".join(fold(text, shutil.get_terminal_size().columns))


def fold_line(line: str, width: int) -> list[str]:
    """Return one line of a text as several."""
    deeper = line[: len(line) - len(line.lstrip())] + MARGIN

    def keep_together(command: re.Match[str]) -> str:
        whole = command[0]
        return whole.replace(" ", _GLUE) if len(deeper) + len(whole) <= width else whole

    parts = textwrap.wrap(
        _COMMAND.sub(keep_together, line),
        width,
        subsequent_indent=deeper,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [each.replace(_GLUE, " ") for each in parts] or [""]
