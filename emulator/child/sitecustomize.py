"""What a child interpreter of an emulated account runs first: the loopback guard, then the clock.

Python imports this file by itself when `Account.environment()` has put its folder on PYTHONPATH. A
fault here must stop the child: Python would only print it and go on unguarded.
"""

import importlib.util
import os
import sys
from datetime import timedelta
from pathlib import Path


def _install_guard() -> None:
    path = Path(__file__).parent.parent / "loopback.py"
    spec = importlib.util.spec_from_file_location("emulator_loopback", path)
    assert spec is not None
    assert spec.loader is not None
    loopback = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loopback)
    loopback.install_guard()


def _travel() -> None:
    offset = os.environ.get("EMULATOR_CLOCK_OFFSET_SECONDS")
    if offset:
        import time_machine

        traveller = time_machine.travel(timedelta(seconds=float(offset)), tick=True)
        traveller.start()


try:
    _install_guard()
    _travel()
except Exception as error:
    sys.exit(f"{__file__}: the emulated account's child could not be set up: {error!r}")
