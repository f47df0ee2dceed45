"""What stands in for moto's own: its backends, which are found by their place, and its objects."""

from typing import Any, ClassVar, Self


class OwnBackend:
    """A backend that moto makes in place of its own, as long as a cloud is open."""

    backends: ClassVar[Any]
    """Moto's backends of the service, by account and Region."""

    @classmethod
    def of(cls, account_id: str, region: str) -> Self:
        """Return the backend of an account and Region."""
        backend = cls.backends[account_id][region]
        assert isinstance(backend, cls)
        return backend


class OwnResource:
    """An object of moto's that CloudFormation can make; whether it may go on moto leaves open."""

    def is_created(self) -> bool:
        """Say that CloudFormation may go on."""
        return True
