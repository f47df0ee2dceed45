"""The page of a report: looked at in a browser at three widths, and fed hostile names."""

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By

from rollout.findings.html import CIS, write_html
from rollout.findings.survey import Survey
from rollout.output.report import tell_end
from tests.support.browser import (
    BROWSER,
    DRIVER,
    MISSING,
    find_violations,
    open_browser,
    set_media,
    set_width,
    take_picture,
)
from tests.support.paths import ROOT
from tests.support.surveys import HOSTILE, make_hostile, make_survey

WIDTHS = (400, 800, 1280)
looked_at = pytest.mark.skipif(not (BROWSER and DRIVER), reason=MISSING)


def page_of(survey: Survey) -> str:
    return write_html(survey, next(tell_end(survey)))


@pytest.fixture(scope="module")
def browser() -> Iterator[Chrome]:
    with open_browser() as opened:
        yield opened


def show(browser: Chrome, page: str, tmp_path: Path) -> Chrome:
    """Open the page from a file, in the light and on a wide screen."""
    file = tmp_path / "report.html"
    file.write_text(page, encoding="utf-8")
    set_width(browser, 1280)
    set_media(browser)
    browser.get(file.as_uri())
    return browser


def test_the_page_says_everything_in_words_and_runs_nothing() -> None:
    page = page_of(make_survey())
    assert re.findall(r"<(?:script|link|img|iframe|object|form)|\bon\w+=|https?:|url\(", page) == []
    assert "default-src 'none'; style-src 'unsafe-inline'" in page
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.partition("<body>")[2]))
    for said in (
        "4 findings in 3 of 4 accounts, 1 account not read, 1 account stale.",
        "4 findings",
        "3 of 4 accounts affected",
        "1 in quarantine",
        "2 exceptions, 1 expired",
        "1 account not read , 1 not judged lately",
        "555500000000 late : the aggregator has no result of our rule",
        "python -m rollout remediate --account 333300000001 --user ben.idle --dry-run",
        "Criterion=SETUP_UNUSED, SetupWindowSeconds=300, GraceHours=4",
        f"CIS AWS Foundations {CIS}",
        "Read by arn:aws:sts::222200000000:assumed-role/Auditor/ann",
    ):
        assert re.sub(r"\s+", "", said) in re.sub(r"\s+", "", text), said
    order = [text.index(each) for each in ("2026-10-31 expired", "2026-12-31 dan.waiver")]
    assert order == sorted(order)


def test_a_page_without_findings_says_so() -> None:
    survey = replace(make_survey(), findings=())
    page = page_of(survey)
    assert "Nothing to look at in what was read." in page
    assert "0 findings in 0 of 4 accounts, 1 account not read, 1 account stale." in page


def test_hostile_names_are_text_and_nothing_else() -> None:
    page = page_of(make_hostile())
    for text in (*HOSTILE[:2], *HOSTILE[3:5]):
        assert text not in page
    assert page.count(HOSTILE[2]) > 1, "a template in a name is a name"
    assert "\u202e" not in page
    assert "\x07" not in page
    assert r"\u202eevil\u0007" in page
    assert page.count("<h1>") == 1


@looked_at
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(
    "make",
    [
        pytest.param(make_survey, id="ordinary"),
        pytest.param(make_hostile, id="hostile", marks=pytest.mark.slow),
    ],
)
def test_a_page_is_readable_at_three_widths_in_light_and_dark(
    browser: Chrome, tmp_path: Path, width: int, dark: bool, make: Callable[[], Survey]
) -> None:
    show(browser, page_of(make()), tmp_path)
    set_width(browser, width)
    set_media(browser, dark=dark)
    across = browser.execute_script("return document.documentElement.scrollWidth")
    assert across <= width, "something stands out to the right"
    assert find_violations(browser) == []
    assert browser.title.startswith("Setup access keys: ")
    assert [each["message"] for each in browser.get_log("browser")] == []
    take_picture(browser, tmp_path / f"{width}.png")
    assert (tmp_path / f"{width}.png").stat().st_size > 10_000


@looked_at
def test_the_page_is_used_by_keyboard(browser: Chrome, tmp_path: Path) -> None:
    show(browser, page_of(make_survey()), tmp_path)
    body = browser.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.TAB)
    assert browser.switch_to.active_element.text == "Skip to the findings"
    browser.switch_to.active_element.send_keys(Keys.TAB)
    summary = browser.switch_to.active_element
    assert summary.text == "Numbers of (root)"
    details = summary.find_element(By.XPATH, "..")
    summary.send_keys(Keys.ENTER)
    assert details.get_attribute("open") is not None


@looked_at
def test_everything_is_in_print_also_what_is_folded(browser: Chrome, tmp_path: Path) -> None:
    show(browser, page_of(make_survey()), tmp_path)
    set_media(browser, "print")
    shown = browser.execute_script(
        "return [...document.querySelectorAll('details:not([open]) td')]"
        ".every(cell => cell.getBoundingClientRect().height > 0)"
    )
    assert shown
    pdf = base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", {})["data"])
    assert pdf.startswith(b"%PDF")


@looked_at
def test_a_screen_reader_finds_landmarks_headings_and_captions(
    browser: Chrome, tmp_path: Path
) -> None:
    show(browser, page_of(make_survey()), tmp_path)
    one_each = ["header", "main", "footer", "h1"]
    none = ["table:not(:has(caption))", "svg:not([role=img])"]
    count = browser.execute_script(
        "return arguments[0].map(each => document.querySelectorAll(each).length)", one_each + none
    )
    assert count == [1, 1, 1, 1, 0, 0]


def test_the_readme_shows_the_page() -> None:
    assert "docs/pictures/report.png" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert (ROOT / "docs" / "pictures" / "report.png").stat().st_size > 10_000
