"""Reads the bytes of a file within bounds, and makes text of them.

A device or an endless pipe must not take the machine's memory, and bytes that are no text must not
pass when an access key stands in them.
"""

import base64
import codecs
import json
import re
import stat
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from guardrails.judgement import Foreign, Unreadable

MAX_BYTES = 512 * 1024 * 1024
"""The largest plan seen so far had 126 MB."""
_CHUNK = 1024 * 1024
KEY_TYPES = ("AWS::IAM::AccessKey", "aws_iam_access_key")
_MARKS = (
    # The longer mark of UTF-32 begins with that of UTF-16. PowerShell's > writes UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)
# How YAML and JSON write a character by its number, and YAML a word over two lines.
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|U([0-9a-fA-F]{8})|\r?\n[ \t]*)")
# A file of it alone, in either alphabet, quoted or between the marks that certutil writes.
_BASE64 = re.compile(r'[\w+/=\s"-]+', re.ASCII)
_WORDS_OF_PLAN = re.compile(r'"(planned_values|resource_changes|terraform_version)\\*"')


def read_content(file: str) -> bytes:
    """Return the content of a file, or of standard input for "-"; raise Unreadable."""
    try:
        if file == "-":
            return _read_bounded(sys.stdin.buffer)
        mode = Path(file).stat().st_mode
        if stat.S_ISDIR(mode):
            raise Unreadable("it is a folder that cannot be listed")
        if not stat.S_ISREG(mode) and not stat.S_ISFIFO(mode):
            raise Unreadable("it is a device or a socket, not a file")
        with open(file, "rb") as stream:
            return _read_bounded(stream)
    except (OSError, ValueError) as error:
        raise Unreadable(getattr(error, "strerror", None) or str(error)) from error


def _read_bounded(stream: IO[bytes]) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while chunk := stream.read(_CHUNK):
        size += len(chunk)
        if size > MAX_BYTES:
            raise Unreadable(f"it is larger than {MAX_BYTES // _CHUNK} MB")
        chunks.append(chunk)
        # What has a zero byte in its first chunk is text in a wide encoding or none at all.
        if len(chunks) == 1 and _is_binary(chunk):
            break
    return b"".join(chunks)


def _is_binary(start: bytes) -> bool:
    return b"\0" in start and _find_encoding(start) == "utf-8"


def _find_encoding(content: bytes) -> str:
    for mark, name in _MARKS:
        if content.startswith(mark):
            return name
    # JSON's own way to tell a wide encoding without a mark, by where its first zeros are.
    if content[:1] in (b"{", b"[", b"\0") and b"\0" in content[:4] and content[:4].strip(b"\0"):
        return json.detect_encoding(content)
    return "utf-8"


def decode_content(content: bytes) -> str:
    """Return the text; raise Unreadable for none that may hold a key, Foreign for any other."""
    if content.startswith(b"PK\x03\x04"):
        raise Unreadable("it is a binary file; of a saved plan, run terraform show -json FILE")
    if content.startswith(b"\x1f\x8b"):
        raise _refuse(_unpack(content), "it is compressed; unpack it first")
    try:
        text = content.decode(_find_encoding(content))
        reason = "it holds a zero byte" if "\0" in text else ""
    except UnicodeDecodeError as error:
        reason = f"{error.reason} at byte {error.start}"
    if reason:
        raise _refuse(content, f"it is no text: {reason}")
    if any(_may_hide(inside) for inside in _decode_base64(text)):
        raise Unreadable("it is in base64; decode it first")
    return text


def _refuse(content: bytes, reason: str) -> Unreadable:
    """Return Unreadable for bytes in which a key or a plan stands, else Foreign."""
    return (Unreadable if _may_hide(content) else Foreign)(reason)


def _may_hide(content: bytes) -> bool:
    plain = content.replace(b"\0", b"").decode("latin-1")
    return mentions_key(plain) or mentions_plan(plain)


def _decode_base64(text: str) -> Iterator[bytes]:
    """Yield what a file in base64 may stand for, whichever of its first characters are lost."""
    if not _BASE64.fullmatch(text):
        return
    lines = (line for line in text.splitlines() if not line.startswith("-----"))
    packed = re.sub(r"[^\w+/-]", "", "".join(lines)).replace("+", "-").replace("/", "_")
    for lost in range(4):
        left = packed[lost:]
        content = base64.urlsafe_b64decode(left[: len(left) // 4 * 4])
        yield _unpack(content) or content


def _unpack(content: bytes) -> bytes:
    """Return the beginning of what gzip packed, as far as it can be unpacked."""
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(content, 16 * _CHUNK)
    except zlib.error:
        return b""


def mentions_key(text: str) -> bool:
    """Tell whether the type of an access key stands in a text, spelled out or in escapes."""
    if any(word in text for word in KEY_TYPES):
        return True
    if "\\" not in text or not _ESCAPE.search(text):
        return False
    plain = _ESCAPE.sub(_unescape, text)
    return any(word in plain for word in KEY_TYPES)


def _unescape(match: re.Match[str]) -> str:
    number = int(match[1] or match[2] or match[3] or "0", 16)
    return chr(number) if 0 < number <= sys.maxunicode else ""


def mentions_plan(text: str) -> bool:
    """Tell whether a text holds what only a Terraform plan in JSON holds, as JSON or inside it."""
    words = {match[1] for match in _WORDS_OF_PLAN.finditer(text)}
    return "planned_values" in words or words >= {"resource_changes", "terraform_version"}
