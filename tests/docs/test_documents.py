import pytest

from tools.documents import DOCS, write_checks, write_roll_out
from tools.permissions import load_stack, write_permissions
from tools.stack_actions import STACK_ACTIONS
from tools.work_off import write_work_off_page

RUN = "make docs writes it anew"


@pytest.mark.slow
def test_the_roll_out_page_shows_what_the_verbs_say() -> None:
    page = (DOCS / "operate" / "roll-out.md").read_text(encoding="utf-8")
    assert write_roll_out(page) == page, RUN


@pytest.mark.slow
def test_the_permissions_page_lists_what_the_verbs_call() -> None:
    assert write_permissions() == (DOCS / "operate" / "permissions.md").read_text(
        encoding="utf-8"
    ), RUN


def test_every_resource_of_the_stack_has_its_actions_listed() -> None:
    types = {each["Type"] for each in load_stack()["Resources"].values()}
    assert types <= STACK_ACTIONS.keys()


def test_the_page_of_checks_lists_every_check() -> None:
    assert write_checks() == (DOCS / "operate" / "checks.md").read_text(encoding="utf-8"), RUN


@pytest.mark.slow
def test_the_page_on_working_off_shows_what_the_verbs_say() -> None:
    page = (DOCS / "operate" / "work-off.md").read_text(encoding="utf-8")
    assert write_work_off_page(page) == page, RUN


def test_every_decision_opens_with_its_number_and_the_numbers_have_no_gap() -> None:
    files = sorted((DOCS / "decisions").glob("*.md"))
    titles = [each.read_text(encoding="utf-8").splitlines()[0] for each in files]
    assert [each.name[:4] for each in files] == [f"{at:04}" for at in range(1, len(files) + 1)]
    assert [title[:8] for title in titles] == [f"# {each.name[:4]}: " for each in files]
