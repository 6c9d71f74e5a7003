"""Queue of answers that the server has not confirmed: a file for each, written before sending.

Every entry has an idempotency key. If the process is killed between the server's receipt and the
deletion of the file, the entry is sent again with the same key, and the server counts it once.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from hashlib import sha256
from pathlib import Path
from typing import Any, Optional

from dlgrader_client._files import read_json_object, state_folder, write_private_json

ID_CHARACTERS = 8


@dataclass(frozen=True)
class QueuedAnswers:
    """Answers in the queue: where they go, under which idempotency key, and since when.

    *queued_at* is in seconds since 1970 by the clock of this machine; the deadline is decided by
    the server, when the answers arrive there. *failure* is why this session could not send them.
    """

    path: Path
    assignment: str
    problem: str
    answers: dict[str, Any]
    key: str
    queued_at: float
    failure: str = ""

    @property
    def id(self) -> str:
        """The name of the entry for `discard`."""
        return self.key[:ID_CHARACTERS]

    @property
    def name(self) -> str:
        """The problem with its parts: ``conv (side, depth)``."""
        return f"{self.problem} ({', '.join(self.answers)})"

    @property
    def queued_at_text(self) -> str:
        """The time of *queued_at* in UTC, as the server writes times; "" if it cannot be one."""
        try:
            moment = datetime.fromtimestamp(self.queued_at, timezone.utc)
        except (OverflowError, OSError, ValueError):
            return ""
        return f"{moment:%Y-%m-%dT%H:%M:%SZ}"

    def remove(self) -> None:
        """Delete the entry, after the server has confirmed it."""
        self.path.unlink(missing_ok=True)

    def move_out_of_queue(self) -> Optional[Path]:
        """Take the entry out of the queue after the server refused it; return where it is kept.

        The place is None if another notebook has delivered the entry.
        """
        try:
            return self.path.replace(self.path.with_suffix(".refused"))
        except FileNotFoundError:
            return None


class Queue:
    """Queue of one account on one server; *failures* has the reason of each by the key."""

    def __init__(self, address: str, user_id: str) -> None:
        name = sha256(f"{address} {user_id}".encode()).hexdigest()[:32]
        self.folder = state_folder() / "queue" / name
        self.failures: dict[str, str] = {}

    def add(self, assignment: str, problem: str, answers: dict[str, Any]) -> QueuedAnswers:
        """Write answers to the queue; from here on they survive the end of this process."""
        key, queued_at = str(uuid.uuid4()), time.time()
        path = self.folder / f"{self._next_number():020d}-{key}.json"  # names sort by time
        row = {
            "assignment": assignment,
            "problem": problem,
            "answers": answers,
            "key": key,
            "queued_at": queued_at,
        }
        write_private_json(path, row)
        return QueuedAnswers(path, assignment, problem, answers, key, queued_at)

    def _next_number(self) -> int:
        """Return the time in nanoseconds, or more, so that a clock set back changes no order."""
        newest = max((path.name for path in self.folder.glob("[0-9]*.json")), default="0")
        return max(time.time_ns(), int(newest.partition("-")[0]) + 1)

    def __iter__(self) -> Iterator[QueuedAnswers]:
        """Yield the entries, oldest first."""
        for path in sorted(self.folder.glob("[0-9]*.json")):
            row = read_json_object(path)
            try:
                yield QueuedAnswers(
                    path,
                    str(row["assignment"]),
                    str(row["problem"]),
                    dict(row["answers"]),
                    str(row["key"]),
                    float(row["queued_at"]),
                    self.failures.get(str(row["key"]), ""),
                )
            except (KeyError, TypeError, ValueError):
                continue  # another notebook has delivered it in the meantime

    def __len__(self) -> int:
        return sum(1 for _ in self)
