"""The pack of one account: late, hidden and stale at first, and followed to its end."""

import boto3

from tests.support.organizations import MANAGEMENT, REGION, World, run

NAME = "iam-user-no-setup-access-key"
PACK = f"conformance pack {NAME}"
ALONE = "deploy --account-only"


def test_a_pack_that_is_hidden_and_slow_at_first_is_followed_to_its_end(estate: World) -> None:
    packs = estate.members.config(MANAGEMENT, REGION).packs
    packs.seconds, packs.hidden_looks, packs.empty_looks = 400.0, 2, 3
    outcome = run(ALONE)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.rows() == [[MANAGEMENT, "(no alias)", "current", "ok", "ok"]]


def test_a_stale_status_is_not_taken_for_the_end_of_the_update(estate: World) -> None:
    packs = estate.members.config(MANAGEMENT, REGION).packs
    run(ALONE)
    packs.stale_seconds, packs.seconds = 90.0, 120.0
    boto3.client("lambda").delete_function(FunctionName=NAME)
    outcome = run(f"{ALONE} --grace-hours 9 --yes")
    assert outcome.code == 1
    (told,) = outcome.below(PACK)
    assert told.startswith(f"{MANAGEMENT} (no alias): CREATE_FAILED: ")


def test_a_pack_that_somebody_put_a_moment_ago_is_waited_for(estate: World) -> None:
    run(ALONE)
    config, packs = boto3.client("config"), estate.members.config(MANAGEMENT, REGION).packs
    (stands,) = packs.find(None)
    packs.seconds = 300.0
    given = [{"ParameterName": k, "ParameterValue": v} for k, v in stands.parameters.items()]
    config.put_conformance_pack(
        ConformancePackName=stands.name,
        TemplateBody=stands.template,
        ConformancePackInputParameters=given,
    )
    outcome = run(f"{ALONE} --grace-hours 9 --yes")
    (stands,) = packs.find(None)
    assert (outcome.code, stands.parameters["GraceHours"]) == (0, "9")
    assert run("remove --account-only --yes").code == 0
    assert packs.find(None) == []
