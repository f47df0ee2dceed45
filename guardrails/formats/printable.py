"""Makes lines of what others wrote: names in files may hold anything, and a log obeys some of it.

A terminal obeys escape sequences. GitHub Actions obeys a line that begins with `::`, and `##[` in
any place of a line; Azure Pipelines obeys `##vso[`, GitLab its section marks, which are escapes.
"""

import re

_COMMAND = re.compile(r"^\s*::|##(?=\[|vso\[)")


def make_printable(text: str) -> str:
    """Return one line that shows every character and gives no command to who prints it."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return _COMMAND.sub(_escape, shown)


def _escape(match: re.Match[str]) -> str:
    return "".join(f"\\x{ord(c):02x}" for c in match[0])


def make_harmless(text: str) -> str:
    """Return JSON in which no string can be taken for a command of the log that shows it."""
    return text.replace("##", "\\u0023\\u0023")
