import pytest
import yaml

from rollout.errors import Refused
from rollout.names import EXPORT
from rollout.packs.template import load_pack, render_pack


def test_the_role_is_the_calling_accounts_in_its_partition() -> None:
    body = render_pack("999988887777", "aws-us-gov", {}).body
    role = "arn:aws-us-gov:iam::999988887777:role/iam-user-no-setup-access-key-remediation"
    assert role in body
    assert "111122223333" not in body


def test_every_parameter_is_given_and_the_revision_tells_templates_apart() -> None:
    one, same = render_pack("1" * 12, "aws", {}), render_pack("1" * 12, "aws", {"GraceHours": "5"})
    other = render_pack("2" * 12, "aws", {})
    assert set(one.parameters) == {*load_pack()["Parameters"], "Revision"}
    assert one.revision == same.revision != other.revision
    assert same.parameters["GraceHours"] == "5"


def test_what_is_rendered_means_what_the_file_means() -> None:
    rendered = yaml.safe_load(render_pack("111122223333", "aws", {}).body)
    del rendered["Parameters"]["Revision"]
    assert rendered == load_pack()


def test_the_function_can_be_taken_from_its_export() -> None:
    rendered = yaml.safe_load(render_pack("1" * 12, "aws", {}, function_by="export").body)
    rule = rendered["Resources"]["NoSetupAccessKey"]["Properties"]
    assert rule["Source"]["SourceIdentifier"] == {"Fn::ImportValue": EXPORT}


def test_an_unknown_parameter_is_refused() -> None:
    with pytest.raises(Refused, match="has no parameter Novelty"):
        render_pack("1" * 12, "aws", {"Novelty": "1"})
