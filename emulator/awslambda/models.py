"""Lambda of one emulated account and Region: moto's, with functions that run.

A function that was created over the API or by CloudFormation runs in a bare interpreter under its
role's credentials. A handler of this process may stand for one, so that events reach it without a
zip file.
"""

import json
from datetime import UTC, datetime
from typing import Any, ClassVar

from moto.awslambda import models
from moto.awslambda.exceptions import InvalidParameterValueException
from moto.logs.models import logs_backends
from moto.utilities.utils import get_partition

from emulator.awslambda.concurrency import Concurrency
from emulator.awslambda.functions import ATTEMPTS, Function, LambdaContext, invoke
from emulator.awslambda.runtime import FunctionError, Runtime, Runtimes
from emulator.backend import OwnBackend, OwnResource
from emulator.iam.roles import assume_role, trusts_service
from emulator.iam.statements import meets_conditions
from emulator.s3.policies import digest_code, find_object

SERVICE = "lambda.amazonaws.com"


class DeployedFunction(OwnResource, models.LambdaFunction):
    """A function with code, and with the settings that moto forgets."""

    def __init__(self, account_id: str, spec: dict[str, Any], region: str) -> None:
        super().__init__(account_id, spec, region, "$LATEST")
        group = f"/aws/lambda/{self.function_name}"
        self.logging = {"LogFormat": "Text", "LogGroup": group} | spec.get("LoggingConfig", {})

    def get_configuration(self, on_create: bool = False) -> dict[str, Any]:
        return super().get_configuration(on_create) | {"LoggingConfig": self.logging}

    def _set_function_code(self, updated_spec: dict[str, Any]) -> None:
        self.code_bytes = b""
        super()._set_function_code(updated_spec)
        version = updated_spec.get("S3ObjectVersion")
        if version and self.code_bytes:
            self.code_bytes = find_object(
                self.region, updated_spec["S3Bucket"], updated_spec["S3Key"], version
            )
            self.code_size = len(self.code_bytes)
            self.code_sha_256 = digest_code(self.code_bytes)
        if not self.code_bytes:
            # Moto creates the function all the same.
            raise InvalidParameterValueException(
                "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The"
                " specified key does not exist."
            )

    @classmethod
    def delete_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str
    ) -> None:
        models.lambda_backends[account_id][region_name].delete_function(resource_name)

    def permits(self, principal: str, account_id: str) -> bool:
        """Say whether the function's policy lets a service invoke it for an account."""
        return any(
            statement["Effect"] == "Allow"
            and statement["Principal"] == {"Service": principal}
            and statement["Action"] == "lambda:InvokeFunction"
            and meets_conditions(statement.get("Condition", {}), {"aws:SourceAccount": account_id})
            for statement in self.policy.statements
        )

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
        **_: Any,
    ) -> models.LambdaFunction:
        spec = {**cloudformation_json["Properties"], "FunctionName": resource_name}
        return models.lambda_backends[account_id][region_name].create_function(spec)


class Lambda(OwnBackend, Concurrency):
    """Moto's Lambda; `handlers` are the functions of this process, by ARN."""

    backends = models.lambda_backends

    cloud_url: ClassVar[str] = ""
    """Where functions reach the cloud that is open."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.handlers: dict[str, Function] = {}
        self.interpreters = Runtimes()
        """Those of the deployed functions that have run, by name."""

    def get_function(self, function_name_or_arn: str, qualifier: str | None = None) -> Any:
        """Return a handler of this process, or the function that was created over the API."""
        place = f"arn:{get_partition(self.region_name)}:lambda:{self.region_name}:{self.account_id}"
        for arn in (function_name_or_arn, f"{place}:function:{function_name_or_arn}"):
            if arn in self.handlers:
                return self.handlers[arn]
        return super().get_function(function_name_or_arn, qualifier)

    def list_functions(self, func_version: str | None = None) -> Any:
        """Return the deployed functions, and the handlers of this process beside them."""
        return [*super().list_functions(func_version), *self.handlers.values()]

    def create_function(self, spec: dict[str, Any]) -> models.LambdaFunction:
        """Create a function; as in AWS, its role must trust Lambda."""
        if not trusts_service(self.account_id, self.region_name, spec["Role"], SERVICE):
            raise InvalidParameterValueException(
                "The role defined for the function cannot be assumed by Lambda."
            )
        function = DeployedFunction(self.account_id, spec, self.region_name)
        self._lambdas.put_function(function)
        return function

    def find_function(self, arn: str, qualifier: str | None = None) -> Function:
        """Return what runs when the function is invoked; raises moto's error where there is none.

        An asynchronous run is retried as the function's event invoke configuration says.
        """
        function = self.get_function(arn, qualifier)
        if isinstance(function, Function):
            return function
        configs = [each.config for each in function.event_invoke_config]
        attempts = 1 + configs[0].get("MaximumRetryAttempts", ATTEMPTS - 1) if configs else ATTEMPTS
        return Function(
            function.function_arn,
            lambda event, context: self.run(function, event, context),
            float(function.timeout),
            attempts,
        )

    def may_invoke(self, arn: str, principal: str) -> bool:
        """Say whether a service may invoke the function for this account, and there is one."""
        try:
            function = self.get_function(arn)
        except Exception:  # moto has one for each way in which a function is not there
            return False
        return isinstance(function, Function) or function.permits(principal, self.account_id)

    def run(self, function: DeployedFunction, event: dict[str, Any], context: LambdaContext) -> Any:
        """Run a deployed function once, warm where it can be; raises FunctionError."""
        context.memory_limit_in_mb = function.memory_size
        told = self._warm(function).run(event, context)
        self._log(function, context, told.printed)
        if told.error is not None:
            raise told.error
        return told.answer

    def invoke(
        self,
        function_name: str,
        qualifier: str | None,
        body: Any,
        headers: Any,
        response_headers: Any,
    ) -> str | bytes | None:
        """Run a function for the API's Invoke, which waits for the answer unless told not to."""
        function, event = self.find_function(function_name, qualifier), json.loads(body or "{}")
        if headers.get("x-amz-invocation-type") == "Event":
            invoke(function, event)
            return b""
        try:
            context = LambdaContext(function.name, function.arn, function.timeout_seconds)
            payload = function.handler(event, context)
        except FunctionError as error:
            response_headers["x-amz-function-error"] = "Unhandled"
            payload = {"errorMessage": error.text, "errorType": error.kind}
        except Exception as error:
            response_headers["x-amz-function-error"] = "Unhandled"
            payload = {"errorMessage": str(error), "errorType": type(error).__name__}
        response_headers["x-amz-log-result"] = ""
        return json.dumps(payload).encode()

    def _warm(self, function: DeployedFunction) -> Runtime:
        """Return the function's interpreter, a new one where code or settings have changed."""
        version = f"{function.code_sha_256} {function.handler} {function.role}"
        return self.interpreters.warm(
            function.function_name,
            version,
            lambda: Runtime(function.code_bytes, function.handler or "", self._variables(function)),
        )

    def _variables(self, function: DeployedFunction) -> dict[str, str]:
        """Return what Lambda puts into the environment, the role's credentials among it."""
        return {
            **assume_role(
                self.account_id,
                self.region_name,
                function.role,
                function.function_name,
                self.cloud_url,
            ),
            **function.environment_vars,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.run_time}",
            "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
            "AWS_LAMBDA_LOG_GROUP_NAME": function.logging["LogGroup"],
            "_HANDLER": function.handler or "",
            "TZ": ":UTC",
        }

    def _log(self, function: DeployedFunction, context: LambdaContext, printed: str) -> None:
        """Write what a run printed to the function's log group, where there is one."""
        logs = logs_backends[self.account_id][self.region_name]
        group = function.logging["LogGroup"]
        if group not in logs.groups:
            return
        now = int(datetime.now(UTC).timestamp() * 1000)
        logs.ensure_log_stream(group, context.log_stream_name)
        logs.put_log_events(
            group,
            context.log_stream_name,
            [{"timestamp": now, "message": line} for line in printed.splitlines()],
        )
