"""The ordinary conformance pack of one account, for --account-only."""

from rollout.aws.session import Session
from rollout.aws.waiting import wait
from rollout.names import PACK
from rollout.output.progress import Story
from rollout.packs.organization import LONG_AGO, AccountPack, PackState
from rollout.packs.template import Pack


def read_account_pack(session: Session) -> PackState:
    """Return the pack of this account in the shape of an organization's pack."""
    config = session.config
    try:
        (described,) = config.describe_conformance_packs(ConformancePackNames=[PACK])[
            "ConformancePackDetails"
        ]
        (status,) = config.describe_conformance_pack_status(ConformancePackNames=[PACK])[
            "ConformancePackStatusDetails"
        ]
    except config.exceptions.NoSuchConformancePackException:
        return PackState(exists=False)
    except ValueError:
        # Asked for one name, AWS may also answer with an empty list.
        return PackState(exists=False)
    word = status["ConformancePackState"]
    state = {"COMPLETE": "ok", "FAILED": "failed"}.get(word.rpartition("_")[2], "running")
    account = AccountPack(
        session.account,
        state,
        PACK,
        status.get("ConformancePackStatusReason") or "",
        status.get("LastUpdateCompletedTime") or LONG_AGO,
        word,
    )
    return PackState(
        exists=True,
        parameters={
            each["ParameterName"]: each["ParameterValue"]
            for each in described.get("ConformancePackInputParameters", [])
        },
        accounts={session.account: account},
        aggregate=word,
    )


def put_account_pack(session: Session, pack: Pack, minutes: float) -> None:
    """Put the pack in this account as soon as AWS takes it."""
    config = session.config
    for _ in wait(f"The conformance pack {PACK}, which is in progress,", minutes):
        try:
            config.put_conformance_pack(
                ConformancePackName=PACK,
                TemplateBody=pack.body,
                ConformancePackInputParameters=[
                    {"ParameterName": name, "ParameterValue": value}
                    for name, value in pack.parameters.items()
                ],
            )
        except config.exceptions.ResourceInUseException:
            continue
        return


def follow_account_pack(session: Session, story: Story, minutes: float) -> PackState:
    """Wait until the pack of this account has come to an end."""
    state = PackState(exists=False)
    with story.progress("pack") as follow:
        for _ in wait(f"The conformance pack {PACK}", minutes):
            state = read_account_pack(session)
            told = {session.label: f"pack {state.aggregate.lower().replace('_', ' ')}"}
            follow.show(told if state.exists else {}, int(not state.moving), 1)
            if not state.moving:
                break
    return state


def delete_account_pack(session: Session, minutes: float) -> None:
    """Delete the pack of this account and wait until it is gone."""
    config = session.config
    for _ in wait(f"The conformance pack {PACK}", minutes):
        try:
            config.delete_conformance_pack(ConformancePackName=PACK)
        except config.exceptions.ResourceInUseException:
            continue
        except config.exceptions.NoSuchConformancePackException:
            return
        break
    for _ in wait(f"The conformance pack {PACK}", minutes):
        if not read_account_pack(session).exists:
            return
