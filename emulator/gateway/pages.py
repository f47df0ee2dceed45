"""Answers in pages: opaque tokens that hold the place where the next page begins."""

import base64
from collections.abc import Sequence
from typing import TypeVar

_Item = TypeVar("_Item")


def cut_page(
    items: Sequence[_Item],
    token: str | None,
    size: int,
    refusal: Exception,
    name: str = "NextToken",
) -> tuple[Sequence[_Item], dict[str, str]]:
    """Return the page of at most `size` items at `token`, and the next page's token by its name.

    Raises `refusal`, the service's own, for a token that no page has handed out.
    """
    start = _read_token(token, refusal) if token else 0
    end = start + size
    return items[start:end], {name: _make_token(end)} if end < len(items) else {}


def _make_token(position: int) -> str:
    return base64.urlsafe_b64encode(f"page/{position}".encode()).decode()


def _read_token(token: str, refusal: Exception) -> int:
    try:
        kind, position = base64.urlsafe_b64decode(token).decode().split("/")
        if kind == "page":
            return int(position)
    except ValueError:
        pass
    raise refusal
