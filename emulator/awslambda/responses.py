"""Operations of Lambda that moto lacks."""

import json

from moto.awslambda.responses import LambdaResponse

from emulator.awslambda.models import Lambda


class AccountSettings(LambdaResponse):
    """The account's limits."""

    def get_account_settings(self) -> str:
        """Return how many runs there may be at once, as far as anybody asks."""
        backend = Lambda.of(self.current_account, self.region)
        limit = {
            "ConcurrentExecutions": backend.limit,
            "UnreservedConcurrentExecutions": backend.unreserved,
        }
        return json.dumps({"AccountLimit": limit})
