"""A terminal of so many columns in this process: what is written to it, and what it shows at last.

A file of its own: tests of several modules look at the same terminal as a person does.
"""

import fcntl
import os
import pty
import re
import struct
import sys
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

ROWS = 50
_CONTROL = re.compile(
    r"\x1b\[(\d*)(?:;\d+)*(?:\?\d+)?([A-Za-z])|\x1b\[\?\d+[hl]|(\r)|(\n)|([^\x1b\r\n]+)"
)


@dataclass
class Terminal:
    """What was written to a terminal."""

    columns: int
    written: bytes = b""
    _gone: threading.Event = field(default_factory=threading.Event)

    @property
    def text(self) -> str:
        """Everything that was written, control codes included."""
        return self.written.decode()

    @property
    def lines(self) -> list[str]:
        """What stands there in the end, row by row, without colours and blanks at the end."""
        rows, row, column = [""], 0, 0
        for found in _CONTROL.finditer(self.text):
            number, code, begin, new, shown = found.groups()
            if code == "A":
                row = max(row - int(number or 1), 0)
            elif code == "K":
                rows[row] = ""
            elif begin:
                column = 0
            elif new:
                row += 1
                rows += [""] * (row + 1 - len(rows))
            for letter in shown or "":
                if column == self.columns:
                    row, column = row + 1, 0
                    rows += [""] * (row + 1 - len(rows))
                rows[row] = rows[row][:column].ljust(column) + letter + rows[row][column + 1 :]
                column += 1
        return [each.rstrip() for each in rows]


def read_pieces(terminal: int) -> Iterator[bytes]:
    """Return what is written to a terminal, piece by piece, until its other end is closed."""
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # Linux says EIO where the other end is closed.
            return
        if not piece:
            return
        yield piece


@contextmanager
def open_terminal(columns: int, *streams: str) -> Iterator[Terminal]:
    """Let stdout, or the streams named, be a terminal of so many columns while the block runs."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
    terminal = Terminal(columns)

    def read() -> None:
        for piece in read_pieces(ours):
            terminal.written += piece

    reader = threading.Thread(target=read, name="terminal")
    reader.start()
    with pytest.MonkeyPatch.context() as patches, os.fdopen(theirs, "w") as screen:
        patches.setenv("TERM", "xterm-256color")
        patches.setenv("COLUMNS", str(columns))
        for each in streams or ("stdout",):
            patches.setattr(sys, each, screen)
        yield terminal
    reader.join()
    os.close(ours)
