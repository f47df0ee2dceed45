"""The README's table of the rule's parameters, made from their one table in `rule.decision`.

`make readme` writes it between two markers; a test fails when it is not what stands there.
"""

import re
import sys
from pathlib import Path

from rollout.errors import Refused
from rollout.policy_options import MEANINGS
from rule.decision import PARAMETERS, Parameter

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- parameters -->", "<!-- /parameters -->"


def make_table() -> str:
    """Return the table in Markdown, one parameter a line."""
    rows = ["| Parameter | Default | Allowed | Meaning |", "|---|---|---|---|"]
    for each in PARAMETERS:
        cells = (f"`{each.name}`", f"`{each.default}`", each.describe_allowed(), describe(each))
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def describe(parameter: Parameter) -> str:
    """Return what the parameter means, as a sentence without its full stop."""
    meaning = MEANINGS[parameter.name]
    return meaning[0].upper() + meaning[1:]


def put_table(text: str) -> str:
    """Return the README with the table between its markers. Raises Refused without them."""
    found = re.search(f"(?<={BEGIN}\n).*?(?={END})", text, re.DOTALL)
    if not found:
        raise Refused(f"README.md has no line {BEGIN} with a line {END} below it.")
    return text[: found.start()] + make_table() + text[found.end() :]


if __name__ == "__main__":
    try:
        README.write_text(put_table(README.read_text()))
    except Refused as refused:
        sys.exit(str(refused))
