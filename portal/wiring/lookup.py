"""How a builder finds the services that were built before it."""

from typing import Protocol, TypeVar

T = TypeVar("T")


class Lookup(Protocol):
    """Finds a service by its class."""

    def __call__(self, kind: type[T], /) -> T:
        """The one instance of the class. Raises LookupError."""
        ...
