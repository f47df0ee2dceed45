# rdklib 0.3.10 has no type hints; only what this project calls is declared.
from typing import Any

class InvalidParametersError(Exception): ...
class ClientFactory: ...

class Evaluation:
    annotation: str
    complianceResourceId: str
    complianceType: str
    def __init__(
        self, compliance: str, resource_id: str, resource_type: str, annotation: str, /
    ) -> None: ...

class ConfigRule:
    delete_old_evaluations_on_scheduled_notification: bool
    def __init__(self) -> None: ...

class Evaluator:
    def __init__(self, config_rule: ConfigRule, expected_resource_types: list[str]) -> None: ...
    def handle(
        self, event: dict[str, Any], context: object
    ) -> list[dict[str, Any]] | dict[str, Any]: ...
