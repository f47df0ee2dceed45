"""A cfn-lint rule: no access key for a user who gets a console password in the same template.

cfn-lint imports this file by its path (--append-rules), outside every package: it can import
cfn-lint and the standard library but no neighbour, which is why it is one long file.
What it cannot see: nested stacks, macros, and names that only the deployment knows (a parameter
with several possible values, compared to a literal).
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from cfnlint.rules import CloudFormationLintRule, RuleMatch
from cfnlint.template import Template

USER = "AWS::IAM::User"
KEY = "AWS::IAM::AccessKey"
NO_VALUE = {"Ref": "AWS::NoValue"}
# One value seldom has more than a handful of cases; past these bounds a template is refused.
MAX_CASES = 512
MAX_QUESTIONS = 20_000
"""How often the solver of conditions may be asked about one template."""
MAX_RESOURCES = 500
"""CloudFormation's own limit, after loops and transforms."""


class Piece(NamedTuple):
    """A part of a name: known text, a reference to a user, or a value only the deployment knows."""

    kind: str
    value: str


Name = tuple[Piece, ...]
ConditionValues = dict[str, bool]
"""The conditions on which something depends, each with the outcome it needs."""


class TooManyCases(Exception):
    """A template is so large, or depends on so many conditions, that not all could be looked at."""


class ConsoleUserKey(CloudFormationLintRule):  # type: ignore[misc] # cfn-lint is not typed
    """Report each access key of a console user, on the line of the key."""

    id = "E9111"
    shortdesc = "No access key for a console user at setup"
    description = (
        "An access key made together with a console user is often never needed: one more "
        "long-lived secret. Keys come later and on purpose (CIS AWS Foundations 1.11)."
    )
    source_url = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html"
    tags = ["iam", "security", "resources"]  # noqa: RUF012 (cfn-lint's own is a list)

    def match(self, cfn: Template) -> list[RuleMatch]:
        """Return a match for each pair of active key and console user that can exist together.

        Raises TooManyCases, which cfn-lint reports as E0002: nothing passes unseen.
        """
        if len(cfn.get_resources()) > MAX_RESOURCES:
            raise TooManyCases(
                f"There are more than {MAX_RESOURCES} resources; split the template."
            )
        reader = _Reader(cfn)
        users = [
            (logical_id, list(reader.read_user(resource)))
            for logical_id, resource in cfn.get_resources(USER).items()
        ]
        return [
            RuleMatch(
                ["Resources", key_id],
                _message(key_id, user_id, cases),
                key=key_id,
                user=user_id,
                user_line=_find_line(cfn, user_id),
                metadata=key.get("Metadata"),
            )
            for key_id, key in cfn.get_resources(KEY).items()
            for key_cases in [list(reader.read_key(key))]
            for user_id, user_cases in users
            if (cases := _reduce(reader.join(key, key_cases, user_id, user_cases)))
        ]


class _Reader:
    """Reads values of one template, following its intrinsic functions and conditions."""

    def __init__(self, cfn: Template) -> None:
        self.cfn = cfn
        self.users = set(cfn.get_resources(USER))
        self.decidable: dict[str, bool] = {}
        self.answers: dict[frozenset[tuple[str, bool]], bool] = {}

    def read_user(self, user: dict[str, Any]) -> Iterator[tuple[ConditionValues, Name | None]]:
        """Yield the cases in which a user gets a password, with its name (None: generated)."""
        for case, properties in self.read_properties(user):
            for with_password, profile in self.choose(properties.get("LoginProfile"), case):
                if profile is not None:
                    yield from self.read_name(properties.get("UserName"), with_password)

    def read_key(self, key: dict[str, Any]) -> Iterator[tuple[ConditionValues, Name | None]]:
        """Yield the cases in which a key may be Active, with the name of its user."""
        for case, properties in self.read_properties(key):
            for with_status, status in self.read_name(properties.get("Status"), case):
                if status != (Piece("text", "Inactive"),):
                    yield from self.read_name(properties.get("UserName"), with_status)

    def read_properties(
        self, resource: dict[str, Any]
    ) -> Iterator[tuple[ConditionValues, dict[str, Any]]]:
        condition = resource.get("Condition")
        case: ConditionValues | None = {}
        if isinstance(condition, str):
            case = self.extend({}, {condition: True})
        if case is not None:
            for chosen, properties in self.choose(resource.get("Properties"), case):
                yield chosen, properties if isinstance(properties, dict) else {}

    def join(
        self,
        key: dict[str, Any],
        key_cases: list[tuple[ConditionValues, Name | None]],
        user_id: str,
        user_cases: list[tuple[ConditionValues, Name | None]],
    ) -> Iterator[ConditionValues]:
        """Yield the cases in which the key and the user exist together and belong together."""
        depends_on = key.get("DependsOn")
        depends = user_id in (depends_on if isinstance(depends_on, list) else [depends_on])
        for key_case, wanted in key_cases:
            for user_case, name in user_cases:
                if wanted == (Piece("user", user_id),):
                    same = True
                elif name is None:
                    # CloudFormation generates this name: nothing but a reference can hit it.
                    same = False
                else:
                    same = _is_same(wanted, name) or (depends and _may_be_same(wanted, name))
                if same and (case := self.extend(key_case, user_case)) is not None:
                    yield case

    def extend(self, case: ConditionValues, more: ConditionValues) -> ConditionValues | None:
        """Return both cases as one, or None when they can never be together."""
        if any(case.get(name, outcome) != outcome for name, outcome in more.items()):
            return None
        merged = {**case, **more}
        if merged == case:
            return case
        known = {name: outcome for name, outcome in merged.items() if self.is_decidable(name)}
        return merged if self.is_possible(known) else None

    def is_possible(self, known: ConditionValues) -> bool:
        """Tell whether these outcomes can be together; each question costs, so it is put once."""
        question = frozenset(known.items())
        if question not in self.answers:
            self.answers[question] = not known or self.ask(known)
        return self.answers[question]

    def ask(self, known: ConditionValues) -> bool:
        if len(self.answers) >= MAX_QUESTIONS:
            raise TooManyCases(
                f"Its conditions have more than {MAX_QUESTIONS} cases; give it fewer conditions."
            )
        scenarios = {name: {outcome} for name, outcome in known.items()}
        return any(True for _ in self.cfn.conditions.build_scenarios(scenarios))

    def is_decidable(self, condition: str) -> bool:
        """Tell whether cfn-lint's solver knows this condition; of others it says "never"."""
        if condition not in self.decidable:
            both = self.cfn.conditions.build_scenarios({condition: {True, False}})
            self.decidable[condition] = any(True for _ in both)
        return self.decidable[condition]

    def choose(self, value: Any, case: ConditionValues) -> Iterator[tuple[ConditionValues, Any]]:
        """Yield what a value can be without its outer Fn::If; None where it has no value."""
        function, argument = _read_function(value)
        if value == NO_VALUE:
            yield case, None
        elif function == "Fn::If" and _is_list(argument, 3) and isinstance(argument[0], str):
            for outcome, branch in ((True, argument[1]), (False, argument[2])):
                extended = self.extend(case, {argument[0]: outcome})
                if extended is not None:
                    yield from self.choose(branch, extended)
        else:
            yield case, value

    def read_name(
        self, value: Any, case: ConditionValues
    ) -> Iterator[tuple[ConditionValues, Name | None]]:
        """Yield every name that a value can come to, with its case; None where it has no value."""
        for count, (chosen, name) in enumerate(self._read_name(value, case)):
            if count >= MAX_CASES:
                raise TooManyCases(
                    f"A name or status has more than {MAX_CASES} cases; give it fewer conditions."
                )
            yield chosen, None if name is None else _normalize(name)

    def _read_name(
        self, value: Any, case: ConditionValues
    ) -> Iterator[tuple[ConditionValues, Name | None]]:
        for chosen, plain in self.choose(value, case):
            function, argument = _read_function(plain)
            if plain is None:
                yield chosen, None
            elif isinstance(plain, str | int | float):
                text = str(plain).lower() if isinstance(plain, bool) else str(plain)
                yield chosen, (Piece("text", text),)
            elif function == "Ref" and isinstance(argument, str):
                yield chosen, self.read_reference(argument)
            elif function == "Fn::GetAtt":
                yield chosen, self.read_attribute(argument)
            elif function == "Fn::Sub":
                yield from self.read_sub(argument, chosen)
            elif function == "Fn::Join" and _is_list(argument, 2) and isinstance(argument[1], list):
                delimiter = argument[0]
                parts = [p for item in argument[1] for p in (delimiter, item)][1:]
                yield from self.read_parts(parts, chosen)
            elif function == "Fn::Select" and _is_list(argument, 2):
                yield from self.read_selected(argument[0], argument[1], chosen)
            elif function == "Fn::FindInMap" and isinstance(argument, list):
                yield from self.read_mapping(argument, chosen)
            else:
                yield chosen, _opaque(plain)

    def read_reference(self, target: str) -> Name:
        if target in self.users:
            return (Piece("user", target),)
        parameter = self.cfn.context.parameters.get(target)
        if parameter is not None and parameter.type in ("String", "Number"):
            sets = self.cfn.context.parameter_sets or []
            given = {str(s.parameters[target]) for s in sets if target in s.parameters}
            possible = given or {str(value) for value in parameter.allowed_values or []}
            if len(possible) == 1:
                return (Piece("text", possible.pop()),)
        return _opaque({"Ref": target})

    def read_attribute(self, argument: Any) -> Name:
        path = argument.split(".", 1) if isinstance(argument, str) else argument
        if _is_list(path, 2) and path[1] == "Arn" and path[0] in self.users:
            return (Piece("user", path[0]),)
        return _opaque({"Fn::GetAtt": path})

    def read_sub(
        self, argument: Any, case: ConditionValues
    ) -> Iterator[tuple[ConditionValues, Name | None]]:
        text, variables = argument if _is_list(argument, 2) else (argument, {})
        if not isinstance(text, str) or not isinstance(variables, dict):
            yield case, _opaque({"Fn::Sub": argument})
            return
        parts: list[Any] = []
        for literal, name in re.findall(r"((?:[^$]|\$(?!\{)|\$\{![^}]*\})+)|\$\{([^!}]*)\}", text):
            if literal:
                parts.append(literal.replace("${!", "${"))
            elif name.strip() in variables:
                parts.append(variables[name.strip()])
            else:
                parts.append({"Fn::GetAtt" if "." in name else "Ref": name.strip()})
        yield from self.read_parts(parts, case)

    def read_parts(
        self, parts: list[Any], case: ConditionValues
    ) -> Iterator[tuple[ConditionValues, Name | None]]:
        """Yield the names that come of reading these values one after the other."""
        if not parts:
            yield case, ()
            return
        for chosen, head in self._read_name(parts[0], case):
            for last, tail in self.read_parts(parts[1:], chosen):
                yield last, (head or ()) + (tail or ())

    def read_selected(
        self, index: Any, source: Any, case: ConditionValues
    ) -> Iterator[tuple[ConditionValues, Name | None]]:
        function, argument = _read_function(source)
        if isinstance(source, list) and str(index).isdigit() and int(index) < len(source):
            yield from self._read_name(source[int(index)], case)
        elif function == "Fn::Split" and _is_list(argument, 2):
            for chosen, whole in self._read_name(argument[1], case):
                part = None if whole is None else _select_part(whole, argument[0], str(index))
                yield chosen, part or _opaque({"Fn::Select": [index, source]})
        else:
            yield case, _opaque({"Fn::Select": [index, source]})

    def read_mapping(
        self, argument: list[Any], case: ConditionValues
    ) -> Iterator[tuple[ConditionValues, Name | None]]:
        for chosen, keys in self.read_keys(argument[:3], case):
            found: Any = self.cfn.template.get("Mappings")
            for key in keys:
                found = found.get(key) if isinstance(found, dict) else None
            default = argument[3] if len(argument) > 3 else None
            if found is None and isinstance(default, dict) and None not in keys:
                found = default.get("DefaultValue")
            if isinstance(found, str | int | float):
                yield from self._read_name(found, chosen)
            else:
                yield chosen, _opaque({"Fn::FindInMap": argument})

    def read_keys(
        self, keys: list[Any], case: ConditionValues
    ) -> Iterator[tuple[ConditionValues, tuple[str | None, ...]]]:
        """Yield the text of each key of a mapping, None where only the deployment knows it."""
        if not keys:
            yield case, ()
            return
        for chosen, name in self.read_name(keys[0], case):
            known = name is not None and len(name) == 1 and name[0].kind == "text"
            key = name[0].value if known and name is not None else None
            for last, others in self.read_keys(keys[1:], chosen):
                yield last, (key, *others)


def _read_function(value: Any) -> tuple[str | None, Any]:
    if isinstance(value, dict) and len(value) == 1:
        function, argument = next(iter(value.items()))
        return function, argument
    return None, None


def _is_list(value: Any, length: int) -> bool:
    return isinstance(value, list) and len(value) == length


def _select_part(whole: Name, delimiter: Any, index: str) -> Name | None:
    """Return one part of a name that is split at a delimiter, None where it is not known."""
    name = _normalize(whole)
    if len(name) == 1 and name[0].kind == "user":
        # The ARN of a user, split at its slashes: the name is the only part of use here.
        return name
    if all(piece.kind == "text" for piece in name) and isinstance(delimiter, str) and delimiter:
        parts = "".join(piece.value for piece in name).split(delimiter)
        if index.isdigit() and int(index) < len(parts):
            return (Piece("text", parts[int(index)]),)
    return None


def _find_line(cfn: Template, logical_id: str) -> int:
    names = (name for name in cfn.template["Resources"] if name == logical_id)
    mark = getattr(next(names, None), "start_mark", None)
    return mark.line + 1 if mark is not None else 1


def _opaque(value: Any) -> Name:
    # The same expression twice has the same value, whatever it is.
    return (Piece("opaque", json.dumps(value, sort_keys=True, default=str)),)


def _normalize(name: Name) -> Name:
    """Join neighbouring texts, so that one name has one form however it was put together."""
    pieces: list[Piece] = []
    for piece in name:
        if piece.kind == "text" and pieces and pieces[-1].kind == "text":
            pieces[-1] = Piece("text", pieces[-1].value + piece.value)
        elif piece != Piece("text", ""):
            pieces.append(piece)
    return tuple(pieces)


def _fold(name: Name) -> Name:
    # IAM's names are not distinguished by case (CreateUser, botocore's service model).
    return tuple(Piece(p.kind, p.value.casefold() if p.kind == "text" else p.value) for p in name)


def _is_same(wanted: Name | None, name: Name) -> bool:
    return wanted is not None and _fold(wanted) == _fold(name)


def _may_be_same(wanted: Name | None, name: Name) -> bool:
    """Tell whether a key that depends on a user may be for it: unless known texts contradict."""
    if wanted is None:
        return True
    if any(piece.kind == "user" for piece in wanted):
        return False
    left, right = list(_fold(wanted)), list(_fold(name))
    for end in (0, -1):
        while left and right and left[end] == right[end]:
            del left[end], right[end]
    texts = [p.kind == "text" and "{{resolve:" not in p.value for p in (*left, *right)]
    return not all(texts)


def _reduce(cases: Iterable[ConditionValues]) -> list[ConditionValues]:
    """Return the fewest cases that say the same, without conditions that do not matter."""
    left = {frozenset(case.items()) for case in cases}
    changed = True
    while changed:
        changed = False
        for case in sorted(left, key=_sorting):
            for name, outcome in case:
                if case ^ {(name, True), (name, False)} in left:
                    left -= {case, case ^ {(name, True), (name, False)}}
                    left.add(case - {(name, outcome)})
                    changed = True
                    break
            if changed:
                break
    shortest = {case for case in left if not any(other < case for other in left)}
    return [dict(sorted(case)) for case in sorted(shortest, key=_sorting)]


def _sorting(case: frozenset[tuple[str, bool]]) -> list[tuple[str, bool]]:
    return sorted(case)


def _message(key_id: str, user_id: str, cases: list[ConditionValues]) -> str:
    alternatives = [
        " and ".join(f"{name} is {str(outcome).lower()}" for name, outcome in case.items())
        for case in cases
        if case
    ]
    when = f", when {', or when '.join(alternatives)}" if alternatives else ""
    return (
        f"{key_id} is an access key for {user_id}, who gets a console password in the same "
        f"template{when}. Leave the key out and create it later, when it is asked for."
    )
