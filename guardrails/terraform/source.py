"""The check of Terraform source, without a plan."""

from datetime import date
from pathlib import Path

from guardrails.finding import Judgement, Unreadable


def check_source(folder: Path, files: list[Path], today: date) -> Judgement:
    """Raise Unreadable: only a plan can be judged so far."""
    raise Unreadable("it is Terraform source; give the plan made of it")
