"""How many runs of Lambda functions there may be at once in an account, and who reserves them."""

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import LambdaBackend

LEAST_UNRESERVED = 100
"""Of PutFunctionConcurrency's reference."""


class Concurrency(LambdaBackend):
    """Moto's Lambda with the account's limit, which moto takes from an environment variable."""

    limit = 1000
    """Runs that may be under way at once in this account and Region; 10 in many new ones."""

    @property
    def unreserved(self) -> int:
        """What is left of the limit for functions without a reservation."""
        return self.limit - sum(each.reserved_concurrency or 0 for each in self.list_functions())

    def put_function_concurrency(self, function_name: str, reserved_concurrency: str) -> str:
        """Reserve runs for a function, where that leaves enough for all others."""
        function = self.get_function(function_name)
        free = self.unreserved + (function.reserved_concurrency or 0)
        if free - int(reserved_concurrency) < LEAST_UNRESERVED:
            # The words are moto's.
            raise InvalidParameterValueException(
                "Specified ReservedConcurrentExecutions for function decreases account's"
                f" UnreservedConcurrentExecution below its minimum value of [{LEAST_UNRESERVED}]."
            )
        return super().put_function_concurrency(function_name, reserved_concurrency)
