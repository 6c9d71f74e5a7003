"""What clients were told, kept outside the service: the history that its rows are compared with."""

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
    """What is handed in by a student to a problem; one without a *key* is never sent again."""

    student: UUID
    problem: UUID
    part: str
    answer: str
    key: str | None

    @property
    def mark(self) -> Mark:
        """By what its row is found, whatever the service does with keys."""
        return self.student, self.problem, self.part, self.answer


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the author of a submission holds of it; *reply* is the digest of all that was told."""

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
    """A request and what it was told: its receipts, and whether nothing of it is kept."""

    request: Request
    receipts: set[Receipt] = field(default_factory=set)
    denied: bool = False


class Ledger:
    """The history of all clients; what is noted once is never taken back."""

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
        """Return the entry of a request, noted before it is sent."""
        entry = Entry(request)
        with self._lock:
            self.entries.append(entry)
        return entry

    def accepted(self, entry: Entry, reply: Mapping[str, Any], *, replayed: bool) -> None:
        """Note a receipt, and whether it was told of a submission that was stored before."""
        receipt = Receipt.of(reply)
        with self._lock:
            self.statuses[201] += 1
            self.replayed += replayed
            self._accepted.append(time.monotonic())
            entry.receipts.add(receipt)
            entry.denied = False

    def refused(self, entry: Entry, status: int, *, kept: bool, odd: str = "") -> None:
        """Note a refusal; *kept* is False where it says that nothing of the request is stored."""
        with self._lock:
            self.statuses[status] += 1
            entry.denied = not kept
            if odd:
                self.odd.append(f"{status} {odd}")

    def lost_sight(self) -> None:
        """Note that no answer came, so that nobody knows what became of the request."""
        with self._lock:
            self.unanswered += 1

    def waited(self, seconds: float) -> None:
        """Note how long a request took, however it ended."""
        with self._lock:
            self.longest = max(self.longest, seconds)

    def accepted_after(self, moment: float) -> float | None:
        """Return how long after a *moment* of the monotonic clock the next receipt came."""
        with self._lock:
            at = bisect_right(self._accepted, moment)
            return self._accepted[at] - moment if at < len(self._accepted) else None

    @property
    def receipts(self) -> int:
        """How many requests have a receipt."""
        with self._lock:
            return sum(bool(entry.receipts) for entry in self.entries)
