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

__all__ = ["Entry", "Ledger", "Mark", "Receipt", "Request"]

Mark: TypeAlias = tuple[UUID, UUID, str, str]
"""Student, problem, part and answer: no two requests have the same."""


@dataclass(frozen=True, slots=True)
class Request:
    """Submission of a student to a problem; one without a *key* is never sent again."""

    student: UUID
    problem: UUID
    part: str
    answer: str
    key: str | None

    @property
    def mark(self) -> Mark:
        """Fields that identify its row, independent of idempotency keys."""
        return self.student, self.problem, self.part, self.answer


@dataclass(frozen=True, slots=True)
class Receipt:
    """Receipt of a submission as its author has it; *reply* is the digest of the whole response."""

    id: str
    sequence: int
    digest: str
    reply: str

    @classmethod
    def of(cls, reply: Mapping[str, Any]) -> Self:
        """Return the receipt in the *reply* to a submission."""
        told = json.dumps(reply, sort_keys=True).encode()
        digest = str(reply["receipt"]["digest"])
        whole = hashlib.sha256(told).hexdigest()
        return cls(str(reply["id"]), int(reply["sequence"]), digest, whole)


@dataclass(slots=True)
class Entry:
    """Request with its receipts; *denied* if the response says that nothing is stored."""

    request: Request
    receipts: set[Receipt] = field(default_factory=set)
    denied: bool = False


class Ledger:
    """Thread-safe history of all clients; entries are never removed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.entries: list[Entry] = []
        self.statuses: Counter[int] = Counter()
        self.odd: list[str] = []
        self.unanswered = 0
        self.replayed = 0
        self.longest = 0.0
        self._accepted: list[float] = []

    def sent(self, request: Request) -> Entry:
        """Record a request before it is sent, and return its entry."""
        entry = Entry(request)
        with self._lock:
            self.entries.append(entry)
        return entry

    def accepted(self, entry: Entry, reply: Mapping[str, Any], *, replayed: bool) -> None:
        """Record a receipt; *replayed* if the submission was stored earlier."""
        receipt = Receipt.of(reply)
        with self._lock:
            self.statuses[201] += 1
            self.replayed += replayed
            self._accepted.append(time.monotonic())
            entry.receipts.add(receipt)
            entry.denied = False

    def refused(self, entry: Entry, status: int, *, kept: bool, odd: str = "") -> None:
        """Record a rejection; *kept* is False if it says that nothing of the request is stored."""
        with self._lock:
            self.statuses[status] += 1
            entry.denied = not kept
            if odd:
                self.odd.append(f"{status} {odd}")

    def lost_sight(self) -> None:
        """Record that no response came, so that the outcome of the request is unknown."""
        with self._lock:
            self.unanswered += 1

    def waited(self, seconds: float) -> None:
        """Record the duration of a request in *seconds*, with any outcome."""
        with self._lock:
            self.longest = max(self.longest, seconds)

    def accepted_after(self, moment: float) -> float | None:
        """Return the seconds from *moment* (monotonic clock) to the next receipt, or None."""
        with self._lock:
            at = bisect_right(self._accepted, moment)
            return self._accepted[at] - moment if at < len(self._accepted) else None

    @property
    def receipts(self) -> int:
        """Number of requests with a receipt."""
        with self._lock:
            return sum(bool(entry.receipts) for entry in self.entries)
