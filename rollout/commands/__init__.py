"""One module a verb: `configure(parser)`, and `run(arguments)`, which returns the exit code."""

VERBS = {
    "evaluate": "Judge an account's users, one user, or a credential report; nothing is changed.",
    "prevent": "Check CloudFormation templates and Terraform plans for keys of console users.",
    "demo": "Show the whole story on an emulated account; needs no AWS account and no network.",
    "check": "Say what stands in the way of a roll-out; nothing is changed.",
    "plan": "Show what deploy would do, account by account; nothing is changed.",
    "deploy": "Bring the rule to every account, or to this one; run again to finish or to update.",
    "status": "Show what stands in every account, and how it differs from this checkout.",
    "remove": "Take the rule away again; users, keys and quarantines are left as they are.",
    "report": "Show what AWS Config holds in every account, worst first; nothing is changed.",
    "evidence": "Write what an auditor keeps into a folder, or check such a folder later.",
    "remediate": "Work the findings off in batches, worst first; each is shown and asked for.",
    "restore": "Make quarantined keys Active again and leave their tags: the undoing.",
    "rescan": "Let AWS Config judge everybody anew; say what is new, gone and still there.",
    "letters": "Write one text for each owner of a finding into a folder; nothing is sent.",
    "exceptions": "List, add, remove and apply exceptions: who accepts a key's risk, until when.",
}
"""Each verb with its line of help. Its module is imported only when the verb is asked for."""
