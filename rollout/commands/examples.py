"""The examples in each verb's help: the arguments, and what they are for.

A test gives each of them to the verb's own parser.
"""

ROLE = "--member-role OrganizationAccountAccessRole"
EXAMPLES = {
    "evaluate": (
        ("--profile audit", "every user of a live account"),
        ("--user ben.idle", "one user, with every key read"),
        ("--credential-report report.csv --format csv", "a report that somebody sent"),
        (f"--organization {ROLE}", "every account, before any roll-out"),
    ),
    "prevent": (
        ("stack.yaml plan.json", "a template, and what terraform show -json printed"),
        ("--format sarif stack.yaml", "for a code scanner"),
    ),
    "demo": (("", "the same story each time, in about a minute"),),
    "check": (
        (ROLE, "the organization, with a look into each account"),
        ("--account-only --region us-east-1", "this account alone"),
    ),
    "plan": (
        (ROLE, "what deploy would do"),
        ("--ou ou-exam-pleou000", "in the accounts of one organizational unit"),
    ),
    "deploy": (
        (f"{ROLE} --canary 111122223333", "one account first, then ask"),
        ("--account-only", "a trial in this account"),
        ("--automatic-remediation --yes", "switch the remediation on, when you have looked"),
    ),
    "status": (
        (ROLE, "every account, with a look into each"),
        (f"{ROLE} --format json", "for another program"),
    ),
    "remove": (
        ("--account-only", "the trial in this account"),
        (f"{ROLE} --with-code", "everything but the bucket itself"),
    ),
    "report": (
        ("", "every finding, worst first"),
        ("--format html", "one page to send on"),
    ),
    "evidence": (
        ("evidence-2026-12", "everything, into a new folder"),
        ("evidence-2026-12 --verify", "is it still what was written?"),
    ),
    "remediate": (
        (f"{ROLE} --dry-run", "the batches, and nothing is changed"),
        (f"{ROLE} --batch 5 --max 20", "the worst twenty, five at a time"),
    ),
    "restore": (
        (f"{ROLE} --account 111122223333 --user ben.idle", "one user's keys"),
        ("--account-only --all --dry-run", "what would be made Active again here"),
    ),
    "rescan": ((ROLE, "every account"),),
    "letters": (("letters --owner-tag owner", "one text for each owner, in a new folder"),),
    "exceptions": (
        ("list --expiring 14", "those that end within two weeks"),
        (
            "add 111122223333/ben.idle --owner payments --expires 2027-01-31 --reason partner",
            "one, or its renewal",
        ),
    ),
}


def describe_examples(program: str, verb: str) -> str:
    """Return the examples of a verb as its help shows them; "" for a verb without any."""
    lines = [
        f"  # {purpose}\n  {program} {arguments}".rstrip()
        for arguments, purpose in EXAMPLES.get(verb, ())
    ]
    return "\n".join(["Examples:", *lines]) if lines else ""
