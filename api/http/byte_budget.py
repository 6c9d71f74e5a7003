"""Byte budget of one process and each of its callers, for request bodies and responses."""

from abc import ABC, abstractmethod
from typing import Final

from api.core.errors import ServiceError

KIBIBYTE: Final = 1024
MEBIBYTE: Final = 1024 * KIBIBYTE


class ByteBudget(ABC):
    """Bytes that one process holds for its callers, in total and per caller.

    While others hold a part of the total, a caller gets at most half of what they leave free.
    Therefore a few slow callers cannot use it up: the next one always gets a share. Only the event
    loop uses this class, so it needs no lock.
    """

    def __init__(self, total_bytes: int = 64 * MEBIBYTE, caller_bytes: int = 24 * MEBIBYTE) -> None:
        self._total_bytes, self._caller_bytes = total_bytes, caller_bytes
        self._reserved: dict[str, int] = {}
        self.reserved_bytes = 0

    def check_capacity(self, caller: str, size: int) -> None:
        """Raise a `ServiceError` if *caller* cannot reserve *size* more bytes."""
        reserved = self._reserved.get(caller, 0)
        if reserved + size > self._caller_bytes:
            raise self.build_caller_error(self._caller_bytes // MEBIBYTE)
        others = self.reserved_bytes - reserved
        free = self._total_bytes - others
        if reserved + size > (free // 2 if others else free):
            raise self.build_capacity_error()

    def reserve(self, caller: str, size: int) -> None:
        """Reserve *size* bytes for *caller*; raise the error of `check_capacity` if none is left.

        The error is `RateLimited` over the budget of the caller, else `ServiceUnavailable`.
        """
        self.check_capacity(caller, size)
        self.add(caller, size)

    def add(self, caller: str, size: int) -> None:
        """Add *size* bytes for *caller* without a check."""
        self._reserved[caller] = self._reserved.get(caller, 0) + size
        self.reserved_bytes += size

    def release(self, caller: str, size: int) -> None:
        """Release *size* bytes that were reserved for *caller*."""
        self.reserved_bytes -= size
        remaining = self._reserved.pop(caller, 0) - size
        if remaining:
            self._reserved[caller] = remaining

    @abstractmethod
    def build_caller_error(self, mebibytes: int) -> ServiceError:
        """Return the error for a caller who would hold more than *mebibytes*."""

    @abstractmethod
    def build_capacity_error(self) -> ServiceError:
        """Return the error for a process without room."""
