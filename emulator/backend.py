"""What this package's backends share: they stand in for moto's, and are found by their place."""

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
