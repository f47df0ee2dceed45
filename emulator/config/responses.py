"""AWS Config's operations that moto lacks or answers otherwise than AWS."""

import json

from moto.config.exceptions import (
    InvalidResourceParameters,
    ResourceNotDiscoveredException,
    TooManyResourceIds,
)
from moto.s3.exceptions import MissingBucket
from moto.s3.models import s3_backends

from emulator.config.account_packs import delete_own_pack, put_own_pack, template_refused
from emulator.config.aggregate_responses import AggregateResponse
from emulator.config.answers import list_pack_parameters
from emulator.config.items import USER_TYPE
from emulator.config.organization_pack_responses import OrganizationPackResponse
from emulator.config.remediation_responses import RemediationResponse
from emulator.config.rules import Rule


class ConfigResponse(AggregateResponse, RemediationResponse, OrganizationPackResponse):
    """Moto's Config operations, and those below."""

    def get_compliance_details_by_config_rule(self) -> str:
        """The stored results of a rule, 10 a page unless Limit says otherwise."""
        name = self._get_param("ConfigRuleName")
        results = self.config_backend.results(name).stored(self._get_param("ComplianceTypes") or ())
        return self._pages("EvaluationResults", results, 10, lambda result: result.answer(name))

    def get_compliance_details_by_resource(self) -> str:
        """The stored results of one resource, of all rules."""
        kind, resource_id = self._get_param("ResourceType"), self._get_param("ResourceId")
        wanted = self._get_param("ComplianceTypes") or ()
        found = [
            result.answer(name)
            for name in self.config_backend.config_rules
            for result in self.config_backend.results(name).stored(wanted)
            if (result.resource_type, result.resource_id) == (kind, resource_id)
        ]
        return self._pages("EvaluationResults", found)

    def get_resource_config_history(self) -> str:
        """The items of one user, the latest first unless asked otherwise."""
        if self._get_param("resourceType") != USER_TYPE:
            raise NotImplementedError("The emulator records users alone.")
        oldest_first = self._get_param("chronologicalOrder") == "Forward"
        items = self.config_backend.history.list(self._get_param("resourceId"), oldest_first)
        if not items:
            raise ResourceNotDiscoveredException(USER_TYPE, self._get_param("resourceId"))
        return self._pages("configurationItems", items, 10, limit="limit", token="nextToken")

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
        return self._pages("resourceIdentifiers", found, limit="limit", token="nextToken")

    def put_conformance_pack(self) -> str:
        """Create or change a pack from a template in the request or in S3."""
        template = self._get_param("TemplateBody") or self._read_template(
            self._get_param("TemplateS3Uri") or ""
        )
        name = self._get_param("ConformancePackName")
        pack = put_own_pack(self.config_backend, name, template, self._pack_parameters())
        return json.dumps({"ConformancePackArn": pack.arn})

    def describe_conformance_packs(self) -> str:
        """The packs of these names, or all."""
        packs = self.config_backend.packs
        details = [
            {
                "ConformancePackName": pack.name,
                "ConformancePackArn": pack.arn,
                "ConformancePackId": pack.id,
                "ConformancePackInputParameters": list_pack_parameters(pack.parameters),
                "LastUpdateRequestedTime": pack.updated.timestamp(),
            }
            for pack in packs.look(self._get_param("ConformancePackNames"), "packs")
        ]
        return json.dumps({"ConformancePackDetails": details})

    def describe_conformance_pack_status(self) -> str:
        """How far the packs of these names are, or all."""
        packs = self.config_backend.packs
        details = [
            {
                "ConformancePackName": pack.name,
                "ConformancePackId": pack.id,
                "ConformancePackArn": pack.arn,
                "ConformancePackState": pack.shown,
                "StackArn": pack.stack_arn,
                "LastUpdateRequestedTime": pack.updated.timestamp(),
                **({} if pack.moving else {"LastUpdateCompletedTime": pack.ends.timestamp()}),
                **({"ConformancePackStatusReason": pack.reason} if pack.failed else {}),
            }
            for each in packs.look(self._get_param("ConformancePackNames"), "statuses")
            for pack in [packs.read_status(each)]
        ]
        return json.dumps({"ConformancePackStatusDetails": details})

    def delete_conformance_pack(self) -> str:
        """Remove a pack and its rules."""
        delete_own_pack(self.config_backend, self._get_param("ConformancePackName"))
        return "{}"

    def start_config_rules_evaluation(self) -> str:
        """Send the periodic trigger to rules, at once rather than within minutes."""
        names = self._get_param("ConfigRuleNames") or list(self.config_backend.config_rules)
        for name in names:
            Rule(self.config_backend, name).send_schedule()
        return "{}"

    def _read_template(self, uri: str) -> str:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        try:
            content = s3_backends[self.current_account][self.partition].get_object(bucket, key)
        except MissingBucket:
            content = None
        if content is None:
            raise template_refused(f"The template {uri} cannot be read.")
        return str(content.value.decode())
