"""What is meant: the decisions of this run over those that stand, else the defaults; pure.

The standing pack's own parameters hold what was decided, those of the rule as well as the ones that
`rollout.packs.template` adds; so a run that gives nothing changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rollout.code.bucket import name_bucket
from rollout.deployment.estate import Estate
from rollout.deployment.request import Decisions
from rollout.deployment.reservation import NO_LIMIT, PARAMETER
from rollout.errors import Refused
from rollout.names import TEMPLATE_FILE
from rollout.organization.targets import Targets, choose_targets
from rollout.packs.template import (
    ALL,
    AUTOMATIC,
    CANARY,
    FUNCTION_BY,
    NONE,
    REVISION,
    ROLE_ACCOUNT,
    UNITS,
    Pack,
    Rendering,
    load_pack,
    load_template,
    render_pack,
)
from rule.counted import count

MAX_VALUE = 4096
"""Of a pack's parameter (botocore's model)."""
TO_COME = "(the upload's)"
"""The code's version before it is uploaded."""


@dataclass(frozen=True)
class Intent:
    """Everything that a deployment is to bring about."""

    targets: Targets
    code: Path
    bucket: str
    template: str
    stack_parameters: Mapping[str, str]
    reserved: int | None
    """Runs of the function that may be under way at once; None where nothing was decided."""
    pack: Pack
    decisions: Decisions
    """The decisions in full, as they hold after this run."""

    @property
    def remediates(self) -> bool:
        """Is AWS Config to remediate by itself?"""
        return self.pack.parameters.get(AUTOMATIC) == "true"

    @property
    def stacked_here(self) -> bool:
        """Does the calling account get an ordinary stack?"""
        return self.targets.management is not None


def make_intent(estate: Estate, given: Decisions, code: Path) -> Intent:
    """Return what is meant. Raises Refused for what AWS cannot do."""
    decisions = complete_decisions(estate, given)
    targets = find_targets(estate, decisions)
    template = TEMPLATE_FILE.read_text(encoding="utf-8")
    bucket = decisions.bucket or name_bucket(estate.session)
    # An older template, of a release that is gone back to, declares fewer.
    declared = load_template(template).get("Parameters", {})
    wanted = {
        "CodeBucket": bucket,
        "CodeKey": code.name,
        "CodeVersion": estate.code_version or TO_COME,
        **decisions.stack_parameters,
    }
    decided = decisions.stack_parameters.get(PARAMETER)
    if decided not in (None, str(NO_LIMIT)):
        del wanted[PARAMETER]
    return Intent(
        targets=targets,
        code=code,
        bucket=bucket,
        template=template,
        stack_parameters={key: value for key, value in wanted.items() if key in declared},
        reserved=int(decided) if decided else None,
        pack=render(estate, decisions),
        decisions=decisions,
    )


def complete_decisions(estate: Estate, given: Decisions) -> Decisions:
    """Return the decisions with every gap filled by what stands, else by the default."""
    stands = estate.pack.parameters
    source = estate.stack_set if estate.stack_set.exists else estate.stack
    declared = load_pack()["Parameters"]
    kept = {name: value for name, value in stands.items() if name in declared}
    bucket = given.bucket or source.parameters.get("CodeBucket") or None
    units = find_units(estate) if given.units is None else given.units
    exclude = find_excluded(estate) if given.exclude is None else given.exclude
    return Decisions(
        exclude=exclude,
        units=units,
        parameters={**kept, **given.parameters},
        stack_parameters=given.stack_parameters,
        function_by=given.function_by or stands.get(FUNCTION_BY, "name"),
        role_account=given.role_account or stands.get(ROLE_ACCOUNT, "management"),
        bucket=bucket,
    )


def find_units(estate: Estate) -> tuple[str, ...]:
    """Return the units that were decided on; empty for all."""
    told = estate.pack.parameters.get(UNITS)
    if told is not None:
        return () if told == ALL else tuple(told.split(","))
    organization = estate.organization
    if organization is None or organization.root in estate.stack_set.units:
        return ()
    return estate.stack_set.units


def find_excluded(estate: Estate) -> tuple[str, ...]:
    """Return the accounts that were left out by name, without those that the units leave out."""
    organization, pack = estate.organization, estate.pack
    if organization is None or not pack.exists:
        return ()
    told = pack.parameters.get(CANARY, NONE)
    if told != NONE:
        return () if told == ALL else tuple(told.split(","))
    outside = organization.outside(find_units(estate))
    known = {each.id for each in organization.accounts}
    return tuple(sorted(set(pack.excluded) & known - outside))


def find_targets(estate: Estate, decisions: Decisions) -> Targets:
    """Return the accounts that are meant. Raises Refused."""
    if estate.organization is None:
        return Targets((estate.here,), (), (), (), estate.here)
    return choose_targets(
        estate.organization,
        estate.session.account,
        decisions.exclude or (),
        decisions.units or (),
    )


def render(estate: Estate, decisions: Decisions, *, canary_of: str = NONE) -> Pack:
    """Return the pack that the decisions make; `canary_of` is what holds after a canary."""
    organization = estate.organization
    account = estate.session.account
    units = ",".join(decisions.units or ()) or ALL
    if len(units) > MAX_VALUE:
        chosen = count(len(decisions.units or ()), "unit")
        raise Refused(
            f"--ou: the ids of {chosen} have {len(units):,} characters,"
            f" and the pack keeps at most {MAX_VALUE:,}. Choose units above them."
        )
    role_account = decisions.role_account or "management"
    if organization and role_account == "management":
        account = organization.management
    return render_pack(
        account,
        estate.session.partition,
        dict(decisions.parameters),
        Rendering(
            function_by=decisions.function_by or "name",
            role_account=role_account,
            units=units,
            canary=canary_of,
        ),
    )


def find_standing_pack(estate: Estate) -> Pack | None:
    """Return the pack that stands; None where this checkout does not know its template.

    AWS never gives the template back: that of another release is told as a difference of its own.
    """
    stands = estate.pack.parameters
    if not estate.pack.exists or not estate.pack.ours:
        return None
    decisions = complete_decisions(estate, Decisions())
    pack = render(estate, decisions, canary_of=stands.get(CANARY, NONE))
    return pack if pack.revision == stands[REVISION] else None


def switch_remediation_off(estate: Estate) -> tuple[Pack, tuple[str, ...]]:
    """Return the pack that stands with automatic remediation off, and whom it leaves out.

    Raises Refused where none of ours stands, or where this release would put more than that.
    """
    stands = estate.pack.parameters
    if not estate.pack.exists or not estate.pack.ours:
        raise Refused(f"No conformance pack of this program stands in {estate.place}.")
    if find_standing_pack(estate) is None:
        raise Refused(
            "The pack that stands is of another release: switch remediation off with that release,"
            " or deploy this one with --no-automatic-remediation."
        )
    decisions = complete_decisions(estate, Decisions(parameters={AUTOMATIC: "false"}))
    pack = render(estate, decisions, canary_of=stands.get(CANARY, NONE))
    return pack, estate.pack.excluded


def tell_exclusions(decisions: Decisions) -> str:
    """Return what a canary's pack says of who is left out once the canary is over."""
    told = ",".join(decisions.exclude or ()) or ALL
    if len(told) > MAX_VALUE:
        raise Refused("--canary: too many accounts are left out by name; use --ou instead.")
    return told
