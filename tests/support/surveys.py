"""Surveys for the tests of what shows them: an ordinary one, and one full of hostile names."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from rollout.findings.evaluation import UnreadAccount
from rollout.findings.finding import ADMINISTRATOR, NO_MFA, PRODUCTION, Finding, State, order
from rollout.findings.survey import Held, Survey
from rollout.organization.accounts import Account

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
MADE = datetime(2026, 4, 1, 8, 0, 4, tzinfo=UTC)
SHOP = Account("333300000001", "shop", True, "ou-1")
BANK = Account("333300000002", "bank", True, "ou-2")
SANDBOX = Account("444455556666", "sandbox", True, "ou-3")
LATE = Account("555500000000", "late", True, "")
UNITS = {"ou-1": "production", "ou-2": "production/regulated", "ou-3": "testing"}
HEAD = "Access key {} was created at 2026-04-01T08:00:04Z, its user at 2026-04-01T08:00:00Z: "
IDLE = HEAD + "AWS has no use of it on record. Make it inactive, then delete it."
HOSTILE = (
    "<script>document.title='owned'</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{% raw %}",
    "</style></title><h1>owned</h1>",
    "&lt;b&gt;&#x202e;",
    "\u202eevil\u0007",
    "a" * 128,
)


def finding(account: Account, user: str, key: str, state: State, **more: object) -> Finding:
    """Return a finding whose sentence is the ordinary one unless said."""
    made = Finding(
        account=account.id,
        account_name=account.name,
        unit=UNITS.get(account.unit, ""),
        user=user,
        user_id=f"AIDA{key[4:]}",
        key=key,
        created=MADE,
        state=state,
        until=None,
        owner="",
        sentence=IDLE.format(key),
    )
    return replace(made, **more)  # type: ignore[arg-type]


def make_survey() -> Survey:
    """Return a survey in which every state stands, and two accounts were not read."""
    end = NOW + timedelta(days=7)
    findings = [
        finding(
            SHOP,
            "ben.idle",
            "AKIAZO5W3YBIJFQDPO7W",
            State.FINDING,
            reasons=(PRODUCTION, ADMINISTRATOR, NO_MFA),
        ),
        finding(SHOP, "cora.batch", "AKIA6GJH6IRDJOF4DTP4", State.FINDING, reasons=(PRODUCTION,)),
        finding(
            BANK,
            "eve.lapsed",
            "AKIATILP3MGRU6SJLTNC",
            State.FINDING,
            until=date(2026, 10, 31),
            sentence=IDLE.format("AKIATILP3MGRU6SJLTNC") + " The exception ended on 2026-10-31.",
            reasons=(PRODUCTION,),
        ),
        finding(SANDBOX, "zoe.test", "AKIAPN6JGACEGYTS4U7A", State.FINDING, reasons=(NO_MFA,)),
        finding(
            BANK,
            "gil.returns",
            "AKIA6ZMYK7P75GKA3VPO",
            State.QUARANTINE,
            until=end,
            sentence=HEAD.format("AKIA6ZMYK7P75GKA3VPO")
            + "in quarantine until 2026-12-04T12:00:00Z.",
        ),
        finding(
            SANDBOX,
            "finn.new",
            "AKIAVPN6JGACEGYTS4U7",
            State.WAITING,
            until=NOW + timedelta(hours=3),
            sentence=HEAD.format("AKIAVPN6JGACEGYTS4U7")
            + "AWS has no use of it on record yet; not judged before 2026-11-27T15:00:00Z.",
        ),
        finding(
            SHOP,
            "dan.waiver",
            "AKIASWLZF53C2QKZLW6L",
            State.EXCEPTION,
            until=date(2026, 12, 31),
            owner="team-payments",
            sentence="The risk is accepted by team-payments until the end of 2026-12-31: access key"
            " AKIASWLZF53C2QKZLW6L.",
        ),
    ]
    return Survey(
        source="the aggregator all in 222200000000 security, us-east-1",
        organization="o-exampleorg",
        region="us-east-1",
        caller="arn:aws:sts::222200000000:assumed-role/Auditor/ann",
        time=NOW,
        accounts=(SHOP, BANK, SANDBOX, LATE),
        units=UNITS,
        held={SHOP.id: Held(210), BANK.id: Held(80), SANDBOX.id: Held(5402)},
        not_read=(UnreadAccount(LATE, "the aggregator has no result of our rule"),),
        stale=(UnreadAccount(BANK, "last judged 2026-11-20 06:00 UTC"),),
        findings=tuple(order(findings)),
        parameters={"Criterion": "SETUP_UNUSED", "SetupWindowSeconds": "300", "GraceHours": "4"},
    )


def make_hostile() -> Survey:
    """Return the same with a hostile text wherever one can come from outside."""
    survey = make_survey()
    findings = [
        replace(each, user=text, account_name=text, unit=text, owner=text, sentence=text, key=text)
        for each, text in zip(survey.findings, HOSTILE, strict=True)
    ]
    bad = HOSTILE[0]
    return replace(
        survey,
        findings=tuple(findings),
        source=bad,
        caller=HOSTILE[1],
        organization=bad,
        parameters={HOSTILE[3]: HOSTILE[1]},
        units={"ou-1": bad, "ou-2": HOSTILE[3], "ou-3": HOSTILE[2]},
        notes=HOSTILE,
        not_read=tuple(UnreadAccount(Account(LATE.id, text), text) for text in HOSTILE),
    )
