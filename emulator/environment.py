"""The environment variables with which AWS clients reach an emulated cloud, and nothing else."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

NO_FILES = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
"""Variables that keep AWS clients from reading what the user of this machine has configured."""


def client_variables(
    url: str, region: str, access_key_id: str, secret: str = "emulated"
) -> dict[str, str]:
    """Return the variables for a client that signs with this key."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": access_key_id,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        **NO_FILES,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }


@contextmanager
def own_environment() -> Iterator[None]:
    """Let no setting of AWS or moto on this machine count until the block ends."""
    before = dict(os.environ)
    for name in before:
        if name.startswith(("AWS_", "MOTO_")):
            del os.environ[name]
    os.environ.update(NO_FILES)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
