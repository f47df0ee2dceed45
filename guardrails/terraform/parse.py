"""Parses a folder of Terraform source with tfparse, in a process of its own.

tfparse is Go code in one library: it can neither be stopped from Python nor survive a panic, and a
count of millions would take the machine's memory. This file is run by its path and prints JSON.
"""

import json
import sys

try:
    import resource
except ModuleNotFoundError:
    # Windows has no such limits: there the parent's time limit is all that bounds the parser.
    resource = None  # type: ignore[assignment]

KINDS = (
    "aws_iam_user",
    "aws_iam_access_key",
    "aws_iam_user_login_profile",
    "aws_cloudformation_stack",
    "aws_cloudformation_stack_set",
    "module",
    "provider",
)
_CPU_SECONDS = 20
_BYTES = 8 * 1024**3


def main(folder: str, *variables: str) -> int:
    """Print the blocks of these kinds; 1 and a line of text for source that has an error."""
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))
    import tfparse

    try:
        found = tfparse.load_from_path(folder, stop_on_hcl_error=True, vars_paths=list(variables))
    except tfparse.ParseError as error:
        print(str(error).removeprefix("unable to create TerraformConverter: "))
        return 1
    blocks = [
        {"kind": kind, **block}
        for kind, listed in found.items()
        for block in listed
        if kind in KINDS or "provisioner" in block
    ]
    print(json.dumps(blocks))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
