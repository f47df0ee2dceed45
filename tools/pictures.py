"""The README's pictures: how findings flow, the demo on a terminal, and the page of a report.

`make pictures` writes them anew. The terminal's is the real output on a pseudo-terminal, so that it
shows what a person sees and not what a pipe gets; a test compares its text with the program's.
"""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from html import escape
from io import StringIO
from itertools import pairwise
from pathlib import Path

from rich.console import Console
from rich.text import Text

from rollout.findings.html import write_html
from rollout.output.report import tell_end
from tests.support.browser import (
    BROWSER,
    DRIVER,
    MISSING,
    open_browser,
    set_width,
    take_picture,
)
from tests.support.surveys import make_survey
from tests.support.terminal import read_pieces

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
COLUMNS, ROWS = 110, 50
SHOWN = "24"
"""The chapters of the demo that the picture shows."""
COLOURS = r"(?:\x1b\[[0-9;]*m)*"

TERMINAL = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img">
<title>The demo on a terminal</title>
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, monospace;
 font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}<g class="{unique_id}-matrix">
{matrix}
</g></g>
</svg>
"""

BOX = (212, 58)
"""Width and height of a box in the picture of the flow."""
BOXES = {
    "users": (20, 20, "IAM users", "password, keys, tags"),
    "config": (284, 20, "AWS Config", "changes and a schedule"),
    "evaluator": (548, 20, "evaluator", "reads, judges, says why"),
    "console": (812, 20, "Config console", "a verdict and a sentence"),
    "runbook": (284, 150, "SSM runbook", "starts for a finding"),
    "remediation": (548, 150, "remediation function", "proves it again, live"),
    "keys": (812, 150, "access key", "Inactive, later deleted"),
}
ARROWS = (
    ("users", "config", ""),
    ("config", "evaluator", ""),
    ("evaluator", "console", ""),
    ("config", "runbook", "NON_COMPLIANT"),
    ("runbook", "remediation", ""),
    ("remediation", "keys", ""),
)


def draw_flow() -> str:
    """Return the picture of the flow in one account, as SVG that fits a light and a dark page."""
    width, height = BOX
    parts = [
        '<svg viewBox="0 0 1044 228" xmlns="http://www.w3.org/2000/svg" role="img">',
        "<title>From a user in IAM to a sentence in AWS Config and an access key less</title>",
        "<style>rect{fill:#f6f8fa;stroke:#57606a}text{font:14px sans-serif;fill:#24292f}"
        ".name{font-weight:bold}path{stroke:#57606a;fill:none;marker-end:url(#head)}"
        "#head path{fill:#57606a;stroke:none;marker-end:none}"
        "@media(prefers-color-scheme:dark){rect{fill:#161b22;stroke:#8b949e}text{fill:#e6edf3}"
        "path{stroke:#8b949e}#head path{fill:#8b949e}}</style>",
        '<defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8"'
        ' markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>',
    ]
    for x, y, name, what in BOXES.values():
        parts += [
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="6"/>',
            f'<text class="name" x="{x + 14}" y="{y + 24}">{escape(name)}</text>',
            f'<text x="{x + 14}" y="{y + 44}">{escape(what)}</text>',
        ]
    for start, end, label in ARROWS:
        (x1, y1, *_), (x2, y2, *_) = BOXES[start], BOXES[end]
        across = y1 == y2
        begin = (x1 + width, y1 + height // 2) if across else (x1 + width // 2, y1 + height)
        target = (x2, y2 + height // 2) if across else (x2 + width // 2, y2)
        parts.append(f'<path d="M{begin[0]} {begin[1]} {target[0]} {target[1]}"/>')
        if label:
            middle = (begin[1] + target[1]) // 2
            parts.append(f'<text x="{begin[0] + 10}" y="{middle + 5}">{escape(label)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def run_on_terminal(command: list[str]) -> str:
    """Return what the command writes to a terminal of COLUMNS by ROWS, colours included."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(COLUMNS)}
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL, env=environment
    ) as process:
        os.close(theirs)
        told = b"".join(read_pieces(ours))
    os.close(ours)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with exit code {process.returncode}.")
    return told.decode().replace("\r\n", "\n")


def cut_chapters(demo: str) -> str:
    """Return the chapters of the demo's output that the picture shows."""
    starts = [found.start() for found in re.finditer(rf"^{COLOURS}\d+\. ", demo, re.MULTILINE)]
    chapters = [demo[begin:end].strip() for begin, end in pairwise([*starts, len(demo)])]
    return "\n\n".join(each for each in chapters if re.match(f"{COLOURS}[{SHOWN}]", each))


def draw_terminal(text: str) -> str:
    """Return the picture of a terminal that shows the text."""
    console = Console(record=True, width=COLUMNS, file=StringIO())
    console.print(Text.from_ansi(f"$ make demo\n...\n{text}"))
    return console.export_svg(title="make demo", code_format=TERMINAL, unique_id="demo")


def draw_report(file: Path) -> None:
    """Write a picture of the page that report makes, as a browser shows it."""
    survey = make_survey()
    with tempfile.TemporaryDirectory() as folder, open_browser() as browser:
        page = Path(folder, "report.html")
        page.write_text(write_html(survey, next(tell_end(survey))), encoding="utf-8")
        set_width(browser, 1000)
        browser.get(page.as_uri())
        take_picture(browser, file, whole=False)


def main() -> None:
    """Write the pictures; that of the report only where there is a browser."""
    PICTURES.mkdir(exist_ok=True)
    if BROWSER and DRIVER:
        draw_report(PICTURES / "report.png")
    else:
        print(f"report.png is left as it is: {MISSING}", file=sys.stderr)
    demo = run_on_terminal([sys.executable, "-m", "rollout", "demo"])
    (PICTURES / "flow.svg").write_text(draw_flow(), encoding="utf-8")
    (PICTURES / "demo.svg").write_text(draw_terminal(cut_chapters(demo)), encoding="utf-8")


if __name__ == "__main__":
    main()
