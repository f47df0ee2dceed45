"""Answers in pages: opaque tokens that hold the place where the next page begins."""

import base64
from collections.abc import Sequence
from typing import TypeVar

_Item = TypeVar("_Item")


class InvalidToken(Exception):
    """A paging token that no page has handed out."""


def cut_page(
    items: Sequence[_Item], token: str | None, size: int
) -> tuple[Sequence[_Item], str | None]:
    """Return the page of at most `size` items at `token`, and the next page's token, if any."""
    start = _read_token(token) if token else 0
    end = start + size
    return items[start:end], _make_token(end) if end < len(items) else None


def _make_token(position: int) -> str:
    return base64.urlsafe_b64encode(f"page/{position}".encode()).decode()


def _read_token(token: str) -> int:
    try:
        kind, position = base64.urlsafe_b64decode(token).decode().split("/")
        if kind == "page":
            return int(position)
    except ValueError:
        pass
    raise InvalidToken(f"{token!r} is no paging token of this account.")
