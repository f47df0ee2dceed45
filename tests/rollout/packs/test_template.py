import pytest
import yaml

from rollout.errors import Refused
from rollout.names import EXPORT
from rollout.packs.template import ADDED, Rendering, load_pack, render_pack


def test_the_role_is_the_calling_accounts_in_its_partition() -> None:
    body = render_pack("999988887777", "aws-us-gov", {}).body
    role = "arn:aws-us-gov:iam::999988887777:role/iam-user-no-setup-access-key-remediation"
    assert role in body
    assert "111122223333" not in body


def test_every_parameter_with_a_value_is_given_and_the_revision_tells_templates_apart() -> None:
    one, same = render_pack("1" * 12, "aws", {}), render_pack("1" * 12, "aws", {"GraceHours": "5"})
    other = render_pack("2" * 12, "aws", {})
    assert set(one.parameters) == {*load_pack()["Parameters"], *ADDED} - {"ProcessCheckRule"}
    assert one.revision == same.revision != other.revision
    assert same.parameters["GraceHours"] == "5"


def test_what_is_rendered_means_what_the_file_means() -> None:
    rendered = yaml.safe_load(render_pack("111122223333", "aws", {}).body)
    for name in ADDED:
        del rendered["Parameters"][name]
    meant = load_pack()
    # A literal, as in every public pack; the file leaves it to a condition.
    meant["Resources"]["Remediation"]["Properties"]["Automatic"] = False
    del meant["Conditions"]["RemediatesAutomatically"]
    assert rendered == {key: each for key, each in meant.items() if each}


def test_what_was_decided_can_be_read_back_and_nothing_is_empty() -> None:
    pack = render_pack("1" * 12, "aws", {}, Rendering("export", "caller", "ou-1,ou-2", "all"))
    told = [pack.parameters[name] for name in ("FunctionBy", "RoleAccount", "Units", "Canary")]
    assert told == ["export", "caller", "ou-1,ou-2", "all"]
    assert [name for name, value in pack.parameters.items() if not value] == []


@pytest.mark.parametrize("automatic", ["true", "false"])
def test_whether_remediation_is_automatic_is_a_literal(automatic: str) -> None:
    body = render_pack("1" * 12, "aws", {"AutomaticRemediation": automatic}).body
    rendered = yaml.safe_load(body)
    remediation = rendered["Resources"]["Remediation"]["Properties"]
    assert remediation["Automatic"] is (automatic == "true")


def test_the_function_can_be_taken_from_its_export() -> None:
    rendered = yaml.safe_load(render_pack("1" * 12, "aws", {}, Rendering("export")).body)
    rule = rendered["Resources"]["NoSetupAccessKey"]["Properties"]
    assert rule["Source"]["SourceIdentifier"] == {"Fn::ImportValue": EXPORT}


def test_an_unknown_parameter_is_refused() -> None:
    with pytest.raises(Refused, match="has no parameter Novelty"):
        render_pack("1" * 12, "aws", {"Novelty": "1"})
