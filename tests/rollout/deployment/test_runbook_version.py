"""The runbook's default version, where an update of a stack has left it behind."""

from moto.ssm.models import ssm_backends

from rollout.names import DOCUMENT
from tests.support.organizations import REGION, SHOP, World, leave_runbook_behind, run

DEPLOY = "deploy --yes --member-role OrganizationAccountAccessRole"


def read_default() -> str:
    """Return the number of the version that AWS Config would start in the shop."""
    described = ssm_backends[SHOP][REGION].describe_document(DOCUMENT, None, None)
    return str(described["DefaultVersion"])


def test_deploy_promotes_the_latest_version_where_an_update_left_it_behind(estate: World) -> None:
    run(DEPLOY)
    leave_runbook_behind()
    assert read_default() == "1"
    outcome = run(DEPLOY)
    assert outcome.result(f"default version of {DOCUMENT} in 5 accounts") == "promoted in 1 account"
    assert read_default() == "2"
    assert "the runbook's default version in 1 account" in outcome.out.splitlines()[-1]
    assert run(DEPLOY).result(f"default version of {DOCUMENT} in 5 accounts") == "the latest"
