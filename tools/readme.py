"""The parts of README.md that are made, not written: the parameters' table and what verbs print.

`make readme` writes them between their markers; a test fails when they are not what stands there.
"""

import re
import subprocess
import sys
from pathlib import Path

from rollout.errors import Refused
from rule.parameters import PARAMETERS, Parameter

README = Path(__file__).parent.parent / "README.md"
ROLL_OUT = README.parent / "docs" / "operate" / "roll-out.md"
SHOWN_CHAPTER = "2"


def make_parameter_table() -> str:
    """Return the table of the rule's parameters in Markdown, one parameter a line."""
    rows = ["| Parameter | Default | Allowed | Meaning |", "|---|---|---|---|"]
    for each in PARAMETERS:
        default = f"`{each.default}`" if each.default else "none"
        cells = (f"`{each.name}`", default, each.describe_allowed(), describe_parameter(each))
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def describe_parameter(parameter: Parameter) -> str:
    """Return what the parameter means, as a sentence without its full stop."""
    return parameter.meaning[0].upper() + parameter.meaning[1:]


def excerpt(demo: str) -> str:
    """Return the chapter of the demo's output that the README shows, as a block of text."""
    chapters = re.split(r"\n\n(?=\d\. )", demo.strip())
    shown = next(each for each in chapters if each.startswith(SHOWN_CHAPTER))
    return f"```text\n{shown}\n```\n"


def shorten(page: str) -> str:
    """Return what the README shows of check and deploy in docs/operate/roll-out.md.

    That page has their output whole, and plan's; the README has check's faults and deploy's table.
    """
    check, _, deploy = re.findall("^```console\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)[:3]
    faults = "".join(re.findall(r"^.* FAULTS?\n(?: {4}.*\n)+", check, re.MULTILINE))
    table = deploy[deploy.index("\nACCOUNT ") + 1 :].partition("\n\n")[0]
    shown = []
    for output, part in ((check, faults.rstrip("\n")), (deploy, table)):
        lines = output.splitlines()
        shown.append(f"{lines[0]}\n...\n{part}\n...\n{lines[-1]}\n")
    return "```console\n" + "\n".join(shown) + "```\n"


def put_section(text: str, name: str, content: str) -> str:
    """Return the README with the content between its markers. Raises Refused without them."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    found = re.search(f"(?<={begin}\n).*?(?={end})", text, re.DOTALL)
    if not found:
        raise Refused(f"README.md has no line {begin} with a line {end} below it.")
    return text[: found.start()] + content + text[found.end() :]


def main() -> None:
    """Write the made parts into README.md."""
    demo = subprocess.run(
        [sys.executable, "-m", "rollout", "demo"], check=True, capture_output=True, text=True
    )
    text = put_section(README.read_text(), "parameters", make_parameter_table())
    text = put_section(text, "roll-out", shorten(ROLL_OUT.read_text()))
    README.write_text(put_section(text, "demo", excerpt(demo.stdout)))


if __name__ == "__main__":
    try:
        main()
    except Refused as refused:
        sys.exit(str(refused))
