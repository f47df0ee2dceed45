"""What a child interpreter of an emulated account runs first: the loopback guard, then the clock.

Python imports this file by itself when `Account.environment()` has put its folder on PYTHONPATH. A
fault here must stop the child: Python would only print it and go on unguarded.
"""

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType


def _load(name: str) -> ModuleType:
    path = Path(__file__).parent.parent / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"emulator_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


try:
    _load("loopback").install_guard()
    if os.environ.get("EMULATOR_CLOCK"):
        _load("child/travel").travel(os.environ["EMULATOR_CLOCK"])
except Exception as error:
    sys.exit(f"{__file__}: the emulated account's child could not be set up: {error!r}")
