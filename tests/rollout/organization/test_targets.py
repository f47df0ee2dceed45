import pytest

from rollout.errors import Refused
from rollout.organization.accounts import Account, Organization, Unit
from rollout.organization.targets import Targets, choose_targets

ROOT, UNIT, BELOW = Unit("r-1", "", ""), Unit("ou-1", "a", "r-1"), Unit("ou-2", "a/b", "ou-1")
MANAGEMENT = Account("1", "management", unit="r-1")
IN_UNIT, IN_BELOW = Account("2", "two", unit="ou-1"), Account("3", "three", unit="ou-2")
SUSPENDED = Account("4", "four", active=False, unit="ou-1")


def organization(*more: Account) -> Organization:
    accounts = (MANAGEMENT, IN_UNIT, IN_BELOW, SUSPENDED, *more)
    return Organization("o-1", "1", True, "r-1", accounts, (ROOT, UNIT, BELOW))


def test_everybody_who_is_active_is_meant_unless_said() -> None:
    assert choose_targets(organization(), "1", [], []) == Targets(
        accounts=(MANAGEMENT, IN_UNIT, IN_BELOW),
        excluded=(),
        left_out=(),
        units=("r-1",),
        management=MANAGEMENT,
    )


def test_units_mean_what_is_below_them_and_leave_all_others_out_of_the_pack() -> None:
    assert choose_targets(organization(), "1", ["3"], ["ou-1"]) == Targets(
        accounts=(IN_UNIT,),
        excluded=("1", "3"),
        left_out=("3",),
        units=("ou-1",),
        management=None,
    )


def test_more_than_a_thousand_to_leave_out_are_refused() -> None:
    many = [Account(str(1000 + number), "x", unit="r-1") for number in range(1000)]
    with pytest.raises(Refused, match="1,001 accounts would have to be left out"):
        choose_targets(organization(*many), "1", [], ["ou-1"])


def test_nobody_left_is_refused() -> None:
    with pytest.raises(Refused, match="No account is left"):
        choose_targets(organization(), "1", ["1", "2", "3"], [])
