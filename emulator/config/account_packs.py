"""An account's own conformance packs, as PutConformancePack and DeleteConformancePack change them.

PutConformancePack answers before the pack is made; whether that went well stands in the pack's
status. Here it is made at once, and shows it late. The wording of a status reason is not documented
(L).
"""

from typing import Any

from emulator.cloudformation.templates import parse_template
from emulator.config.models import Config
from emulator.config.pack_resources import (
    put_pack_resources,
    remove_pack_resources,
    resolve_pack,
)
from emulator.config.packs import ALLOWED_TYPES, MAX_TEMPLATE_BYTES, ConformancePack, PackFailed
from emulator.gateway.errors import Refusal


def put_own_pack(
    config: Config, name: str, template: str, parameters: dict[str, str]
) -> ConformancePack:
    """Create or change a pack; raises Refusal, and otherwise tells by its state."""
    check_pack_template(template)
    pack = config.packs.begin(name, template, parameters)
    suffix = f"-{pack.id}"
    try:
        resources = resolve_pack(template, parameters, config, name, suffix, config.account_id)
        put_pack_resources(config, resources, name, suffix)
        pack.state = "CREATE_COMPLETE"
    except PackFailed as failure:
        pack.state = "CREATE_FAILED"
        pack.reason = f"{failure} (Error Code: {failure.code})"
    return pack


def delete_own_pack(config: Config, name: str) -> None:
    """Remove a pack with its rules and their results; raises NoSuchConformancePackException."""
    config.packs.end(name)
    remove_pack_resources(config, name)


def check_pack_template(template: str) -> None:
    """Raise Refusal for what PutConformancePack refuses.

    Which types a pack may hold and how long it may be is documented; the sentences are ours.
    """
    if len(template.encode()) > MAX_TEMPLATE_BYTES:
        raise template_refused(f"The template is larger than {MAX_TEMPLATE_BYTES} bytes.")
    try:
        resources: dict[str, Any] = parse_template(template)["Resources"]
        types = {resource["Type"] for resource in resources.values()}
    except Exception as error:
        raise template_refused("The template is not well-formed.") from error
    if refused := sorted(types - set(ALLOWED_TYPES)):
        raise template_refused(f"A conformance pack cannot hold {', '.join(refused)}.")


def template_refused(text: str) -> Refusal:
    """Return what Config answers to a template that no pack may have."""
    return Refusal("ConformancePackTemplateValidationException", text)
