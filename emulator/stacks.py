"""CloudFormation of one emulated account and Region: moto's, with this package's operations."""

from types import SimpleNamespace
from typing import Any

from moto.cloudformation import models, urls


class CloudFormation(models.CloudFormationBackend):
    """Moto's backend, so that requests reach this package's responses."""

    @property
    def _url_module(self) -> Any:
        from emulator.stacksetapi import StackSetResponse

        paths = {**urls.url_paths, "{0}/$": StackSetResponse.dispatch}
        return SimpleNamespace(url_bases=urls.url_bases, url_paths=paths)
