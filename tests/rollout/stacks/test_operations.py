"""Operations of the StackSet: units in parts, and targets that do not narrow what comes later."""

import pytest

from tests.support.organizations import BANK, LATE, MANAGEMENT, SANDBOX, SHOP, World, run


def targets(estate: World, operation: str) -> list[dict[str, list[str]]]:
    """Return the deployment targets of the calls of an operation."""
    return [
        call.parameters["DeploymentTargets"]
        for call in estate.cloud.calls.made()
        if call.operation == operation
    ]


@pytest.mark.slow
def test_more_than_fifty_units_go_in_parts_of_which_none_is_empty(estate: World) -> None:
    units = [estate.organization.add_unit(f"unit-{number}") for number in range(60)]
    estate.join(LATE, "late", units[-1])
    estate.sets.failing[LATE] = "No."
    chosen = " ".join(each.id for each in (estate.production, *units))
    first = run(f"deploy --ou {chosen}")
    created = targets(estate, "CreateStackInstances")
    assert [len(each["OrganizationalUnitIds"]) for each in created] == [50, 11]
    assert [row[:4] for row in first.rows()] == [
        [SHOP, "shop", "current", "ok"],
        [BANK, "bank", "current", "ok"],
        [LATE, "late", "FAILED", "FAILED"],
    ]
    estate.sets.failing.clear()
    assert run("deploy").code == 3
    (again,) = targets(estate, "UpdateStackInstances")
    assert (again["Accounts"], len(again["OrganizationalUnitIds"])) == ([LATE], 11)


def test_units_whose_ids_no_parameter_holds_are_refused_before_anything_is_changed(
    estate: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rollout.deployment.intent.MAX_VALUE", 20)
    outcome = run(f"deploy --ou {estate.testing.id} {estate.production.id}")
    assert (outcome.code, estate.sets.sets) == (2, {})
    assert "--ou: the ids of 2 units have 33 characters" in outcome.err


def test_accounts_named_one_by_one_never_narrow_what_later_accounts_get(estate: World) -> None:
    estate.sets.failing[SANDBOX] = "No."
    run(f"deploy --exclude {MANAGEMENT}")
    estate.sets.failing.clear()
    run("deploy")  # to the one that failed, by name
    assert targets(estate, "UpdateStackInstances")[0]["Accounts"] == [SANDBOX]
    estate.join(LATE, "late")
    for _ in range(3):
        estate.sleep(60)
        estate.organization.agenda.settle()
    assert LATE in estate.members.stacks
    (stack_set,) = estate.sets.sets.values()
    assert stack_set.only is None
