"""The pictures show what the program says."""

import re
import sys
from xml.etree import ElementTree

import pytest

from tools.pictures import PICTURES, cut_chapters, draw_flow, draw_terminal, run_on_terminal

AGAIN = "run make pictures"


def read_words(svg: str) -> list[str]:
    """Return the words of a picture in their order."""
    return " ".join("".join(ElementTree.fromstring(svg).itertext()).split()).split()


def test_the_flow_is_as_it_is_drawn() -> None:
    assert (PICTURES / "flow.svg").read_text(encoding="utf-8") == draw_flow(), AGAIN


@pytest.mark.slow
def test_the_terminal_shows_the_demo_as_it_is() -> None:
    demo = cut_chapters(run_on_terminal([sys.executable, "-m", "rollout", "demo"]))
    shown = (PICTURES / "demo.svg").read_text(encoding="utf-8")
    assert read_words(shown) == read_words(draw_terminal(demo)), AGAIN


def test_the_pictures_load_nothing_from_elsewhere() -> None:
    for picture in PICTURES.glob("*.svg"):
        addresses = re.findall(r"https?://[^\"') ]+", picture.read_text(encoding="utf-8"))
        assert set(addresses) == {"http://www.w3.org/2000/svg"}
