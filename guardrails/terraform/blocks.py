"""Terraform source as blocks, each with where it stands and what tfparse could make of it.

tfparse (Trivy's evaluator) works out modules, locals, loops and functions, but drops a loop over
what is known only with its variables: for a list or map without a value an item is invented.
"""

import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from guardrails.content import decode_content, read_content
from guardrails.judgement import Unreadable
from guardrails.terraform import parse

_TIMEOUT = 60.0
_VARIABLE = re.compile(
    r'^\s*variable\s+"(?P<one>[^"]+)"\s*\{(?P<line>[^\n]*)\}\s*$'
    r'|^\s*variable\s+"(?P<name>[^"]+)"\s*\{(?P<body>.*?)^\}',
    re.MULTILINE | re.DOTALL,
)
_TYPE = re.compile(r"\btype\s*=\s*(list|set|map)\(\s*(.*)", re.DOTALL)
_OWN_VALUES = tuple(
    f"{name}{form}" for name in ("terraform.tfvars", ".auto.tfvars") for form in ("", ".json")
)
_INVENTED = re.compile(r"\((?:an item|a key|\w+ of an item) of ")
_FIELD = re.compile(r"(\w+)\s*=\s*(?:optional\(\s*)?(string|bool|number)")


@dataclass(frozen=True, eq=False)
class Block:
    """One block of source, once for each round of a loop."""

    kind: str
    path: str
    file: str
    line: int
    end: int
    values: dict[str, Any]
    references: tuple[str, ...]
    text: str = field(repr=False)

    @cached_property
    def module(self) -> str:
        """The path of the module instance that it is in, empty for the root, else with a dot."""
        match = re.match(r"((?:module\.[^.\[]+(?:\[[^\]]*\])?\.)*)", self.path)
        return match[1] if match else ""

    @cached_property
    def index(self) -> str:
        """Its index, such as [0], empty outside of a loop."""
        return self.path[self.path.rindex("[") :] if self.path.endswith("]") else ""

    @property
    def address(self) -> str:
        """Its path without its own index."""
        return self.path.removesuffix(self.index)

    @property
    def is_open(self) -> bool:
        """Does its count, or a loop over an invented item, leave open whether it is there?"""
        count = self.values.get("count", 1)
        return not isinstance(count, int | float) or bool(_INVENTED.search(self.path))

    @property
    def is_data(self) -> bool:
        return self.path.removeprefix(self.module).startswith("data.")


def read_blocks(folder: Path, texts: dict[str, str]) -> list[Block]:
    """Return the blocks of one root module; raise Unreadable for source that has an error.

    `texts` has the files of the folder, and takes in those of the modules that are met.
    """
    if importlib.util.find_spec("tfparse") is None:
        raise Unreadable(
            "it is Terraform source, which takes the extra [hcl] to judge: pip install"
            " 'iam-user-no-setup-access-key[hcl]'"
        )
    with tempfile.TemporaryDirectory() as scratch:
        invented = Path(scratch, "invented.tfvars.json")
        invented.write_text(json.dumps(_invent("\n".join(texts.values()))))
        given = [f.name for f in sorted(folder.glob("*.tfvars*")) if f.name.endswith(_OWN_VALUES)]
        # Terraform reads terraform.tfvars before all others.
        given.sort(key=lambda name: not name.startswith("terraform."))
        paths = [os.path.relpath(invented.resolve(), folder.resolve()), *given]
        listed = _run([parse.__file__, str(folder.resolve()), *paths])
    return [_make_block(block, folder, texts) for block in listed]


def _run(command: list[str]) -> list[dict[str, Any]]:
    try:
        run = subprocess.run(
            [sys.executable, "-P", *command],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Unreadable("it takes more than a minute to work out") from None
    if run.returncode == 1 and run.stdout.strip():
        raise Unreadable(f"Terraform would not take it: {run.stdout.strip()}")
    if run.returncode != 0:
        raise Unreadable("it is more than can be worked out here: check a plan of it")
    blocks: list[dict[str, Any]] = json.loads(run.stdout)
    return blocks


def _make_block(raw: dict[str, Any], folder: Path, texts: dict[str, str]) -> Block:
    meta = raw["__tfmeta"]
    file = os.path.normpath(folder / meta["filename"])
    if file not in texts:
        texts[file] = read_source(file)
    lines = texts[file].splitlines()[meta["line_start"] - 1 : meta["line_end"]]
    return Block(
        raw["kind"],
        meta["path"],
        file,
        meta["line_start"],
        meta["line_end"],
        {name: value for name, value in raw.items() if name not in ("kind", "__tfmeta")},
        tuple(r["id"] for r in meta.get("references") or () if r["label"] == "aws_iam_user"),
        "\n".join(lines),
    )


def read_source(file: str) -> str:
    """Return the text of a file of source; raise Unreadable."""
    return decode_content(read_content(file))


def _invent(text: str) -> dict[str, Any]:
    """Return a value for each list, set and map of the variables that has none."""
    values: dict[str, Any] = {}
    for match in _VARIABLE.finditer(text):
        name = match["one"] or match["name"]
        body = match["line"] or match["body"] or ""
        default = re.search(r"\bdefault\s*=\s*(\S[^\n]*)", body)
        if default and re.sub(r"\s", "", default[1]) not in ("[]", "{}", "null"):
            continue
        kind = _TYPE.search(body)
        if kind is None:
            continue
        item = _invent_item(kind[2], name)
        values[name] = {f"(a key of {name})": item} if kind[1] == "map" else [item]
    return values


def _invent_item(kind: str, name: str) -> Any:
    if not kind.startswith("object"):
        return {"bool": True, "number": 1}.get(
            kind.split(")", maxsplit=1)[0].strip(), f"(an item of {name})"
        )
    types = {"bool": True, "number": 1}
    return {f: types.get(t, f"({f} of an item of {name})") for f, t in _FIELD.findall(kind)}
