"""Where the roll-out happens: the Region whose recorder records IAM users."""

from rollout.aws.session import Session, open_session
from rollout.deployment.request import Caller
from rollout.errors import Refused
from rollout.organization.recorder import MAIN_REGIONS, NO_USERS, Recorder, read_recorder


def open_home(caller: Caller) -> tuple[Session, Recorder]:
    """Return the session in the Region of the roll-out, and the recorder there.

    That is the Region given, or else the first of the configured one and the partition's main one
    whose recorder records IAM users. Raises Refused where none does.
    """
    session = open_session(caller.profile, caller.region)
    reasons = []
    for region in list_regions(session, caller):
        there = session.move(region)
        recorder = read_recorder(there)
        stopped = caller.region and not recorder.running and region not in NO_USERS
        if not recorder.fault or stopped:
            return there, recorder
        reasons.append(f"{region}: {recorder.fault}")
    raise Refused(
        f"{session.label}: IAM users are recorded in no Region looked at ({'; '.join(reasons)})."
        " Use --region with the one whose Config recorder records them, or let the recorder do so."
    )


def list_regions(session: Session, caller: Caller) -> tuple[str, ...]:
    """Return the Regions in which the rule can stand: the given one, or else two."""
    if caller.region:
        return (caller.region,)
    regions = (session.boto.region_name, MAIN_REGIONS.get(session.partition, ""))
    return tuple(dict.fromkeys(filter(None, regions)))
