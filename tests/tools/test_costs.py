"""The page on what it costs is what the model says."""

from tools.costs import COST_PAGE, write_cost_page


def test_the_page_is_written_from_the_model() -> None:
    assert COST_PAGE.read_text(encoding="utf-8") == write_cost_page(), "make docs writes it anew"
