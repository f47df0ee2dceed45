"""The house stays as docs/architecture.md says: each folder has a row, each import goes one way."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from graphlib import TopologicalSorter
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.paths import ROOT

PACKAGES = ("rule", "guardrails", "rollout", "emulator", "tools")
MAY_IMPORT = {
    "rule": {"rule"},
    "guardrails": {"guardrails", "rule"},
    "emulator": {"emulator"},
    "rollout": {"rollout", "rule", "guardrails", "emulator"},
}
LONGER = {
    # cfn-lint loads a rule from one file.
    "guardrails/cloudformation/rules/console_user_key.py",
}
MAX_LINES = 250


def modules(package: str) -> Iterator[Path]:
    return (file.relative_to(ROOT) for file in sorted((ROOT / package).rglob("*.py")))


def name(file: Path) -> str:
    return ".".join(file.with_suffix("").parts).removesuffix(".__init__")


def imports(file: Path) -> Iterator[str]:
    """Yield what a module imports, in its functions and for its types, too."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for each in node.names:
                whole = f"{node.module}.{each.name}"
                yield whole if (ROOT / f"{whole.replace('.', '/')}.py").exists() else node.module
        elif isinstance(node, ast.Import):
            yield from (each.name for each in node.names)


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_what_lies_below_it(package: str) -> None:
    upward = {
        (str(file), each)
        for file in modules(package)
        for each in imports(file)
        if each.partition(".")[0] in (*PACKAGES, "tests")
        and each.partition(".")[0] not in MAY_IMPORT[package]
    }
    assert upward == set()


def test_what_stands_in_a_pipeline_takes_of_the_rule_only_what_needs_no_aws() -> None:
    taken = {
        each for file in modules("guardrails") for each in imports(file) if each.startswith("rule")
    }
    assert taken == {"rule", "rule.counted", "rule.day"}
    assert {each for name in ("counted", "day") for each in imports(Path(f"rule/{name}.py"))} <= {
        "re",
        "datetime",
    }


@pytest.mark.parametrize("package", PACKAGES)
def test_no_import_goes_in_a_circle(package: str) -> None:
    names = {name(file) for file in modules(package)}
    graph = {
        name(file): {each for each in imports(file) if each in names} - {name(file)}
        for file in modules(package)
    }
    assert len(list(TopologicalSorter(graph).static_order())) == len(graph)


FOR_ALL = {"errors", "names", "version"}
"""Modules that every folder of rollout/ may import."""
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def read_rows() -> dict[str, set[str]]:
    """Return the folders of rollout/ that each of them may import, as the page says."""
    rows = re.findall(r"^\| `rollout/(\w+)/` \|.*\|(.*)\|$", PAGE, re.MULTILINE)
    return {folder: set(re.findall(r"`(\w+)`", said)) for folder, said in rows}


def folders_imported(file: Path) -> set[str]:
    """Return the folders of rollout/ that a module imports, without its own."""
    parts = [each.split(".") for each in imports(file)]
    found = {each[1] for each in parts if each[0] == "rollout" and len(each) > 1}
    return found - FOR_ALL - {file.parts[1]}


def test_a_folder_of_the_desk_imports_what_its_row_says() -> None:
    rows = read_rows()
    actual = {folder: set[str]() for folder in rows}
    for file in modules("rollout"):
        if len(file.parts) > 2:
            actual[file.parts[1]] |= folders_imported(file)
    assert actual == rows


def test_no_two_folders_of_the_desk_import_each_other_but_for_tellers() -> None:
    tellers = {file for file in modules("rollout") if file.parts[1] == "output"} - {
        file
        for file in modules("rollout")
        if file.parts[1] == "output" and not folders_imported(file)
    }
    told_of = {each for file in tellers for each in folders_imported(file)}
    assert told_of == read_rows()["output"]
    names = {name(file) for file in tellers}
    graph = {
        folder: {each for each in rows if each != "output"} for folder, rows in read_rows().items()
    }
    assert len(list(TopologicalSorter(graph).static_order())) == len(graph)
    # Who is told of knows nothing of its teller; but evidence holds the report as it is told.
    assert {
        str(file)
        for file in modules("rollout")
        if file.parts[1] != "commands"
        for each in imports(file)
        if each in names
    } == {"rollout/findings/evidence.py"}


AN_INTERFACE = {
    "configure": "what every verb declares its options with",
    "run": "what every verb does",
    "main": "what a module does that is run by itself",
    "lambda_handler": "what Lambda calls of each of the two functions, as template.yaml says",
    "url_bases": "what moto routes a service by",
    "url_paths": "what moto routes a service by",
}
"""What stands in several modules, as whoever calls it does not know which of them it calls."""
OF_AWS = {
    "Account": "an account of an organization",
    "Organization": "the organization of AWS Organizations",
    "StackInstance": "the stack of a StackSet in one account",
    "StackSet": "CloudFormation's",
    "Unit": "an organizational unit, or the root",
    "User": "an IAM user",
}
"""What the product reads and the emulator keeps: AWS's own concepts, the same in both."""


def find_words(*packages: str) -> dict[str, list[str]]:
    """Return where each public class, alias of a type and function is defined."""
    places = defaultdict[str, list[str]](list)
    for package in packages:
        for file in modules(package):
            for node in ast.parse((ROOT / file).read_text(encoding="utf-8")).body:
                for word in name_defined(node):
                    if not word.startswith("_") and word not in AN_INTERFACE:
                        places[word].append(str(file))
    return places


def name_defined(node: ast.stmt) -> Iterator[str]:
    """Yield what a statement defines, without constants."""
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        yield node.name
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        yield from (
            each.id for each in targets if isinstance(each, ast.Name) and not each.id.isupper()
        )


@pytest.mark.parametrize(
    "packages",
    [("rule", "rollout", "guardrails", "tools"), ("emulator",)],
    ids=["of the product and its tools", "of the emulator"],
)
def test_no_two_public_classes_or_functions_share_a_name(packages: tuple[str, ...]) -> None:
    words = find_words(*packages)
    assert {word: files for word, files in words.items() if len(files) > 1} == {}


def test_the_emulator_shares_with_the_product_only_words_of_aws() -> None:
    ours = find_words("rule", "rollout", "guardrails", "tools")
    assert find_words("emulator").keys() & ours.keys() == OF_AWS.keys()


def test_a_class_that_helps_tests_is_named_like_none_of_the_product_or_the_emulator() -> None:
    classes = {
        node.name
        for file in modules("tests/support")
        for node in ast.parse((ROOT / file).read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef)
    }
    assert classes & find_words(*PACKAGES).keys() == set()


def test_nothing_below_the_verbs_imports_a_verb_or_argparse() -> None:
    below = [
        file for file in modules("rollout") if file.parts[1] not in ("commands", "__main__.py")
    ]
    assert {
        (str(file), each)
        for file in below
        for each in imports(file)
        if each.startswith(("rollout.commands", "argparse"))
    } == set()


def test_every_module_is_short_enough_to_hold_one_subject() -> None:
    lengths = {
        str(file): len((ROOT / file).read_text(encoding="utf-8").splitlines())
        for package in PACKAGES
        for file in modules(package)
        if str(file) not in LONGER
    }
    assert {file: lines for file, lines in lengths.items() if lines > MAX_LINES} == {}


def test_every_folder_has_its_row_in_the_page() -> None:
    named = set(re.findall(r"`([\w/]+)/`", PAGE))
    folders = {
        str(file.relative_to(ROOT).parent) for file in ROOT.glob("rollout/*/__init__.py")
    } | set(PACKAGES)
    assert folders - named == set()
    assert {each for each in named if not (ROOT / each).is_dir()} <= {
        "cloudformation",
        "terraform",
        "formats",
        "scp",
        "journeys",
        "packaging",
        "templates",
        "support",
        "cases",
    }


NOUNS = re.compile(
    r" (?:other |console )?(?:account|attempt|day|failure|fault|file|finding|group|hour|key|letter"
    r"|minute|pack|quarantine|resource|result|row|rule|second|stack|unit|user|version)s\b"
)


def test_whoever_says_how_many_has_the_noun_from_one_place() -> None:
    """No person reads "1 accounts": rule.counted gives number and noun together."""
    by_hand = [
        f"{file}:{value.lineno}: {ast.unparse(value.value)}{text}"
        for package in ("rule", "rollout", "guardrails")
        for file in modules(package)
        for value, text in find_values((ROOT / file).read_text(encoding="utf-8"))
        if NOUNS.match(text) and not is_constant(value)
    ]
    assert by_hand == [], "\n".join(by_hand)


def find_values(source: str) -> Iterator[tuple[ast.FormattedValue, str]]:
    """Yield each value in an f-string, and the text after it."""
    for node in ast.walk(ast.parse(source)):
        for value, text in pairwise(node.values if isinstance(node, ast.JoinedStr) else ()):
            if isinstance(value, ast.FormattedValue) and isinstance(text, ast.Constant):
                yield value, str(text.value)


def is_constant(value: ast.FormattedValue) -> bool:
    """Is it a constant of the program, or told as a fraction?"""
    names = [each.id for each in ast.walk(value.value) if isinstance(each, ast.Name)]
    return value.format_spec is not None or all(map(str.isupper, names))
