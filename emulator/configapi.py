"""AWS Config's operations that moto lacks or answers otherwise than AWS."""

import json
from collections.abc import Sequence
from typing import Any


from moto.config.exceptions import (
    InvalidLimitException,
    InvalidNextTokenException,
    InvalidResourceParameters,
    NameTooLongException,
    TooManyResourceIds,
)
from moto.config.models import config_backends

from emulator.config import Config
from emulator.items import USER_TYPE
from emulator.organizationpackapi import OrganizationPackResponse
from emulator.pages import InvalidToken, cut_page

MAX_NAME = 64
"""Of a rule's name in the compliance queries (botocore's model), though rules may have 128."""
MAX_PAGE = 100


class ConfigResponse(OrganizationPackResponse):
    """Moto's Config operations, and those below."""

    @property
    def config_backend(self) -> Config:
        backend = config_backends[self.current_account][self.region]
        assert isinstance(backend, Config)
        return backend

    def get_compliance_details_by_config_rule(self) -> str:
        """The stored results of a rule, 10 a page unless Limit says otherwise."""
        name = self._get_param("ConfigRuleName")
        if len(name) > MAX_NAME:
            raise NameTooLongException(name, "configRuleName", MAX_NAME)
        results = self.config_backend.results(name).stored(self._get_param("ComplianceTypes") or ())
        page, token = self._page(results, "Limit", "NextToken", 10)
        answer: dict[str, Any] = {"EvaluationResults": [result.answer(name) for result in page]}
        if token is not None:
            answer["NextToken"] = token
        return json.dumps(answer)

    def delete_evaluation_results(self) -> str:
        """Forget the results of a rule."""
        self.config_backend.results(self._get_param("ConfigRuleName")).clear()
        return "{}"

    def list_discovered_resources(self) -> str:
        """Users from the emulated IAM; every other type as moto has it."""
        if self._get_param("resourceType") != USER_TYPE:
            return super().list_discovered_resources()
        ids, name = self._get_param("resourceIds"), self._get_param("resourceName")
        if ids and name:
            raise InvalidResourceParameters
        if ids and len(ids) > 20:
            raise TooManyResourceIds
        found = [
            resource
            for resource in self.config_backend.list_users(
                bool(self._get_param("includeDeletedResources"))
            )
            if (not ids or resource["resourceId"] in ids)
            and (not name or resource["resourceName"] == name)
        ]
        page, token = self._page(found, "limit", "nextToken", MAX_PAGE)
        answer: dict[str, Any] = {"resourceIdentifiers": list(page)}
        if token is not None:
            answer["nextToken"] = token
        return json.dumps(answer)

    def _page(
        self, items: Sequence[Any], limit_name: str, token_name: str, usual: int
    ) -> tuple[Sequence[Any], str | None]:
        limit = self._get_param(limit_name) or usual
        if limit > MAX_PAGE:
            raise InvalidLimitException(limit)
        try:
            return cut_page(items, self._get_param(token_name), limit)
        except InvalidToken:
            raise InvalidNextTokenException from None
