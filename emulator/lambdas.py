"""Lambda of one emulated account and Region: moto's, plus functions of this process.

A handler of this process stands for a deployed function, so that Config finds the function it was
told of, and events reach it without a zip file.
"""

from types import SimpleNamespace
from typing import Any

from moto.awslambda import models, urls

from emulator.functions import Function


class Lambda(models.LambdaBackend):
    """Moto's Lambda; `handlers` are the functions of this process, by ARN."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.handlers: dict[str, Function] = {}

    @property
    def _url_module(self) -> Any:
        return SimpleNamespace(url_bases=urls.url_bases, url_paths=urls.url_paths)

    def get_function(self, function_name_or_arn: str, qualifier: str | None = None) -> Any:
        """Return a handler of this process, or the function that was created over the API."""
        if function_name_or_arn in self.handlers:
            return self.handlers[function_name_or_arn]
        return super().get_function(function_name_or_arn, qualifier)
