"""Ledger: responses to clients, kept outside the service and compared with its rows."""

import hashlib
import json
import threading
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self, TypeAlias
from uuid import UUID

RequestIdentity: TypeAlias = tuple[UUID, UUID, str, str]
"""Student, problem, part and answer of a request; unique to it."""


@dataclass(frozen=True, slots=True)
class ClientRequest:
    """Submission of a student to a problem; one without a *key* is never sent again."""

    student: UUID
    problem: UUID
    part: str
    answer: str
    key: str | None

    @property
    def identity(self) -> RequestIdentity:
        """Fields that identify its row, independent of idempotency keys."""
        return self.student, self.problem, self.part, self.answer


@dataclass(frozen=True, slots=True)
class ClientReceipt:
    """Receipt of a submission as its author has it; *reply_digest* is that of the response."""

    id: str
    sequence: int
    digest: str
    reply_digest: str

    @classmethod
    def from_reply(cls, reply: Mapping[str, Any]) -> Self:
        """Return the receipt in the *reply* to a submission."""
        canonical_json = json.dumps(reply, sort_keys=True).encode()
        digest = str(reply["receipt"]["digest"])
        reply_digest = hashlib.sha256(canonical_json).hexdigest()
        return cls(str(reply["id"]), int(reply["sequence"]), digest, reply_digest)


@dataclass(slots=True)
class LedgerEntry:
    """Request with its receipts; *denied* if the response says that nothing is stored."""

    request: ClientRequest
    receipts: set[ClientReceipt] = field(default_factory=set)
    denied: bool = False


class Ledger:
    """Thread-safe history of all clients; entries are never removed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.entries: list[LedgerEntry] = []
        self.statuses: Counter[int] = Counter()
        self.unexpected: list[str] = []
        self.unanswered = 0
        self.replayed = 0
        self.longest_wait_seconds = 0.0
        self._receipt_times: list[float] = []

    def record_request(self, request: ClientRequest) -> LedgerEntry:
        """Record a request before it is sent, and return its entry."""
        entry = LedgerEntry(request)
        with self._lock:
            self.entries.append(entry)
        return entry

    def record_receipt(
        self, entry: LedgerEntry, reply: Mapping[str, Any], *, replayed: bool
    ) -> None:
        """Record a receipt; *replayed* if the submission was stored earlier."""
        receipt = ClientReceipt.from_reply(reply)
        with self._lock:
            self.statuses[201] += 1
            self.replayed += replayed
            self._receipt_times.append(time.monotonic())
            entry.receipts.add(receipt)
            entry.denied = False

    def record_refusal(
        self, entry: LedgerEntry, status: int, *, may_be_stored: bool, unexpected: str = ""
    ) -> None:
        """Record a rejection; *may_be_stored* is False if it says that nothing is stored."""
        with self._lock:
            self.statuses[status] += 1
            entry.denied = not may_be_stored
            if unexpected:
                self.unexpected.append(f"{status} {unexpected}")

    def record_unanswered(self) -> None:
        """Record that no response came, so that the outcome of the request is unknown."""
        with self._lock:
            self.unanswered += 1

    def record_request_duration(self, seconds: float) -> None:
        """Record the duration of a request in *seconds*, with any outcome."""
        with self._lock:
            self.longest_wait_seconds = max(self.longest_wait_seconds, seconds)

    def seconds_until_receipt(self, moment: float) -> float | None:
        """Return the seconds from *moment* (monotonic clock) to the next receipt, or None."""
        with self._lock:
            index = bisect_right(self._receipt_times, moment)
            return self._receipt_times[index] - moment if index < len(self._receipt_times) else None

    @property
    def receipt_count(self) -> int:
        """Number of requests with a receipt."""
        with self._lock:
            return sum(bool(entry.receipts) for entry in self.entries)
