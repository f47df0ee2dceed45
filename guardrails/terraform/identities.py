"""Whose a key or a password is in Terraform source: a name, a user's block, or an expression.

What tfparse leaves open is read off the text: the users that take part in an argument, through
locals, variables of modules and outputs. One expression in one module has one value.
"""

import json
import os
import re
from collections import defaultdict
from typing import Any

from guardrails.terraform.blocks import Block
from guardrails.terraform.holder import Holder, Holders
from guardrails.terraform.plan import ACCOUNT

USER = "aws_iam_user"
_MAX_DEPTH = 8
_REFERENCE = re.compile(
    rf"(?<![\w.]){USER}\.(\w+)(\[[^\]*]*\])?|(?<![\w.])(local|var|module)\.(\w+)"
)


class RootModule:
    """The blocks of one root module, and who they are about."""

    def __init__(self, blocks: list[Block], texts: dict[str, str]) -> None:
        self.texts = texts
        self.users = [b for b in blocks if b.kind == USER and not b.is_data]
        self.by_address = defaultdict[tuple[str, str], list[Block]](list)
        for user in self.users:
            self.by_address[user.module, user.path.removesuffix(user.index)].append(user)
        self.by_id = {user.values["id"]: user for user in self.users}
        self.calls = {b.path: b for b in blocks if b.kind == "module"}
        self.providers = {
            ".".join(filter(None, ("aws", b.values.get("alias")))): b
            for b in blocks
            if b.kind == "provider" and b.path == "provider.aws"
        }
        self.by_name = {
            (user.module, self._write(user, "name")): self.identify_user(user)
            for user in self.users
            if not _is_known(user.values.get("name"))
        }

    def identify_user(self, user: Block) -> Holder:
        """Return the name of a user in its account, its address where the name is not known."""
        name = user.values.get("name")
        return self._name(user, str(name)) if _is_known(name) else Holder(user.path)

    def identify(self, block: Block) -> Holders:
        """Return who the user of this key or login profile may be; one where it is known."""
        given = block.values.get("user")
        if isinstance(given, str) and given in self.by_id:
            return frozenset({self.identify_user(self.by_id[given])})
        if _is_known(given):
            return frozenset({self._name(block, str(given))})
        for users in (
            self._find_in_loop(block),
            [self.by_id[id] for id in block.references if id in self.by_id],
            self._find_in_text(_read_argument(block.text, "user"), block, _MAX_DEPTH),
        ):
            if users:
                return frozenset(map(self.identify_user, users))
        written = self._write(block, "user")
        expression = Holder(f"{block.module}{written}", is_dead_end=True)
        return frozenset({self.by_name.get((block.module, written), expression)})

    def find_account(self, block: Block) -> str:
        """Return what tells this block's account from others, as far as the source says."""
        given = block.values.get("provider")
        name = given.get("__attribute__", "aws") if isinstance(given, dict) else "aws"
        module = block.module
        while module:
            call = self.calls.get(module.removesuffix("."))
            passed = re.search(r"providers\s*=\s*\{([^}]*)\}", call.text) if call else None
            pairs = re.findall(r"([\w.]+)\s*=\s*([\w.]+)", passed[1]) if passed else []
            name = dict(pairs).get(name, name)
            module = call.module if call else ""
        provider = self.providers.get(name)
        if provider is None:
            return "" if name == "aws" else name
        told = {k: _strip(v) for k, v in provider.values.items() if k in ACCOUNT}
        return json.dumps(told, sort_keys=True) if told else ""

    def is_open(self, block: Block) -> bool:
        """Does the source leave open whether this block, or a module around it, is there?"""
        while not block.is_open:
            call = self.calls.get(block.module.removesuffix("."))
            if call is None:
                return False
            block = call
        return True

    def _name(self, block: Block, name: str) -> Holder:
        # IAM's names are not distinguished by case (CreateUser, botocore's service model).
        return Holder(name.casefold(), self.find_account(block))

    def _write(self, block: Block, argument: str) -> str:
        """Return an argument as it is written, with the round of the loop that it depends on."""
        written = _read_argument(block.text, argument)
        return f"{written}{block.index}" if re.search(r"each\.|count\.", written) else written

    def _find_in_loop(self, block: Block) -> list[Block]:
        """Return the user that a loop over users gives to this round."""
        over, key = block.values.get("for_each"), block.index.strip('[]"')
        if "each.value" not in _read_argument(block.text, "user"):
            return []
        if isinstance(over, dict) and isinstance(over.get(key), dict):
            found = self.by_id.get(over[key].get("id"))
            return [found] if found else []
        if isinstance(over, dict) and "__attribute__" in over:
            path = f"{block.module}{over['__attribute__']}{block.index}"
            return [user for user in self.users if user.path == path]
        return []

    def _find_in_text(self, text: str, place: Block, depth: int) -> list[Block]:
        """Return the users that take part in an expression which stands in the place's module."""
        found: list[Block] = []
        for name, index, head, what in _REFERENCE.findall(text) if depth else ():
            if name:
                address = f"{place.module}{USER}.{name}"
                same = self.by_address.get((place.module, address), [])
                wanted = place.index if re.search(r"each\.|count\.", index) else index
                found += [u for u in same if wanted and u.index == wanted] or same
            elif head == "local":
                folder = os.path.dirname(place.file)
                for file, whole in self.texts.items():
                    if os.path.dirname(file) == folder:
                        found += self._find_in_text(_read_argument(whole, what), place, depth - 1)
            elif head == "module":
                inside = f"{place.module}module.{what}"
                found += [u for u in self.users if re.match(rf"{re.escape(inside)}[.\[]", u.path)]
            elif call := self.calls.get(place.module.removesuffix(".")):
                found += self._find_in_text(_read_argument(call.text, what), call, depth - 1)
        return list(dict.fromkeys(found))


def _is_known(value: Any) -> bool:
    return isinstance(value, str) and "${" not in value


def _read_argument(text: str, name: str) -> str:
    """Return what stands behind the equals sign, up to the end of the line."""
    match = re.search(rf"(?:^|[{{\s;]){re.escape(name)}\s*=(?!=)\s*([^\n]*)", text)
    return match[1].strip().removesuffix("}").strip() if match else ""


def _strip(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _strip(v) for k, v in value.items() if k not in ("id", "__tfmeta")}
    return [_strip(item) for item in value] if isinstance(value, list) else value
