"""The SSM document's script: the sources of `rule` that template.yaml carries between two markers.

`make render` pastes them, `make check` proves that what is pasted is what is there. The script is
one module, so no two sources may define the same name, and SSM would replace whatever stands in
doubled braces.
"""

import argparse
import ast
import re
import sys
from pathlib import Path

from rollout.errors import Refused

ROOT = Path(__file__).parent.parent
TEMPLATE = ROOT / "template.yaml"
SOURCES = tuple(
    ROOT / "rule" / f"{name}.py"
    for name in (
        "parameters",
        "facts",
        "quarantine",
        "standing",
        "sentences",
        "exception_tags",
        "decision",
        "live",
        "remediation",
    )
)
LOCAL_IMPORT = re.compile(r"^from rule\.\w+ import [^(\\\n]+\n", re.MULTILINE)
BEGIN = "# Pasted by make render from rule/, less docstrings and comments."
END = "# Here ends what make render pasted."
DOCUMENT_LIMIT = 64 * 1024
"""Bytes of an SSM document (FACTS 5)."""


class _Bare(ast.NodeTransformer):
    """Takes local imports and docstrings away: CloudFormation takes 51,200 bytes."""

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom | None:
        return None if (node.module or "").startswith("rule.") else node

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        return None if isinstance(node.value, ast.Constant) else node


def render_script(sources: list[str]) -> str:
    """Return the script: the sources one after another, less their local imports."""
    bare = [ast.unparse(_Bare().visit(ast.parse(source))) for source in sources]
    return "\n".join(
        re.sub("(?m)^(class [^\n]+:)\n(?=\\S|\n)", r"\1 pass\n", text + "\n") for text in bare
    )


def paste(template: str, script: str) -> str:
    """Return the template with the script between its markers. Raises Refused without them."""
    found = re.search(rf"^( *){BEGIN}\n(.*?)^ *{END}\n", template, re.MULTILINE | re.DOTALL)
    if not found:
        raise Refused(f'template.yaml has no lines "{BEGIN}" and "{END}" in this order.')
    indent = found[1]
    lines = [indent + line if line else "" for line in script.splitlines()]
    return template[: found.start(2)] + "\n".join(lines) + "\n" + template[found.end(2) :]


def find_faults(sources: dict[str, str]) -> list[str]:
    """Return in one sentence each why these sources, by name, cannot be one script."""
    faults = list[str]()
    owners = dict[str, str]()
    for name, source in sources.items():
        kept = LOCAL_IMPORT.sub("", source)
        for text in ("{{", "}}", "from __future__"):
            if text in kept:
                line = kept[: kept.index(text)].count("\n") + 1
                faults.append(f'{name}: "{text}" near line {line} cannot stand in an SSM script.')
        for defined in defined_names(source):
            if owners.setdefault(defined, name) != name:
                faults.append(f"{name}: {defined} is defined in {owners[defined]}, too.")
    if len(render_script(list(sources.values())).encode()) > DOCUMENT_LIMIT:
        faults.append(f"The script is larger than an SSM document may be, {DOCUMENT_LIMIT} bytes.")
    return faults


def defined_names(source: str) -> list[str]:
    """Return the names that a module defines at its top level; imports are not definitions."""
    names = list[str]()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names += [target.id for target in targets if isinstance(target, ast.Name)]
    return names


def main(argv: list[str] | None = None) -> int:
    """Paste the sources into template.yaml, or with --check only tell whether they are there."""
    parser = argparse.ArgumentParser(prog="python -m tools.runbook", description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if outdated")
    arguments = parser.parse_args(argv)
    sources = {f"rule/{path.name}": path.read_text() for path in SOURCES}
    faults = find_faults(sources)
    template = TEMPLATE.read_text()
    rendered = paste(template, render_script(list(sources.values())))
    if arguments.check:
        if rendered != template:
            faults.append("template.yaml does not carry the sources in rule/: run make render.")
    elif not faults:
        TEMPLATE.write_text(rendered)
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
