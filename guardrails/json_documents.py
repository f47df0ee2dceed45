"""Reads a text as a row of JSON documents, strictly: one after the other, nothing between."""

import json
import re
from collections import Counter
from typing import Any, NamedTuple

# What is left behind an error where the text was cut in a word, a number or an escape.
_PART_OF_TOKEN = re.compile(r"tr?u?|fa?l?s?|nu?l?|[-.]|[eE][-+]?|[\\u0-9a-fA-F]{0,6}")


class JsonDocument(NamedTuple):
    """One JSON value of a row, with the text it was read from and the line where that begins."""

    value: Any
    text: str
    line: int


class Damaged(Exception):
    """A text is no row of JSON documents; the message says where it stops being one."""


class CutOff(Damaged):
    """A text ends before its JSON does."""


class KeyTwice(Damaged):
    """A mapping has one key twice: which of them counts depends on who reads it."""


def read_json_documents(text: str, strict: bool = True) -> list[JsonDocument]:
    """Return the documents of a row; raise Damaged.

    Without `strict` a key may stand twice, and its last value counts.
    """
    decoder = json.JSONDecoder(object_pairs_hook=_make_mapping) if strict else json.JSONDecoder()
    documents = []
    at, line, seen = _skip_space(text, 0), 1, 0
    try:
        while at < len(text):
            line, seen = line + text.count("\n", seen, at), at
            value, end = decoder.raw_decode(text, at)
            whole = text if at == 0 and end == len(text) else text[at:end]
            documents.append(JsonDocument(value, whole, line))
            at = _skip_space(text, end)
    except RecursionError as error:
        raise Damaged("it is nested too deep") from error
    except json.JSONDecodeError as error:
        rest = text[error.pos :][:10].rstrip()
        is_cut = error.msg.startswith("Unterminated") or _PART_OF_TOKEN.fullmatch(rest)
        raise (CutOff if is_cut else Damaged)(f"line {error.lineno}: {error.msg}") from error
    except ValueError as error:
        raise Damaged(str(error)) from error
    return documents


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _make_mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise KeyTwice(f'the key "{twice}" stands twice in one mapping')
    return mapping
