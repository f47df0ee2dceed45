"""What every group of Config's operations needs: this account's Config, and answers in pages."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from moto.config import responses
from moto.config.exceptions import InvalidNextTokenException

from emulator.config.models import Config
from emulator.gateway.pages import cut_page


class ConfigAnswer(responses.ConfigResponse):
    """Moto's Config operations, asked of an account's own Config."""

    @property
    def config_backend(self) -> Config:
        return Config.of(self.current_account, self.region)

    def _pack_parameters(self) -> dict[str, str]:
        """Return the parameters that a pack is put with."""
        given = self._get_param("ConformancePackInputParameters") or ()
        return {each["ParameterName"]: each["ParameterValue"] for each in given}

    def _pages(
        self,
        name: str,
        items: Sequence[Any],
        usual: int = 100,
        describe: Callable[[Any], Any] = lambda item: item,
        *,
        most: int = 1000,
        limit: str = "Limit",
        token: str = "NextToken",
    ) -> str:
        """Return a page as JSON: `usual` items unless asked otherwise, and never over `most`."""
        size = min(self._get_param(limit) or usual, most)
        given = self._get_param(token)
        page, following = cut_page(items, given, size, InvalidNextTokenException(), token)
        return json.dumps({name: [describe(item) for item in page], **following})


def list_pack_parameters(parameters: dict[str, str]) -> list[dict[str, str]]:
    """Return a pack's parameters as Config sends them."""
    return [{"ParameterName": k, "ParameterValue": v} for k, v in parameters.items()]
