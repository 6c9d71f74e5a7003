"""Deliveries: what became of queued answers, and which are still in the queue."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal, NoReturn, Optional

from dlgrader_client._errors import ConnectionFailedError, GraderClientError, NotLoggedInError
from dlgrader_client._markup import BAD, GOOD, describe_time, escape_html, format_count, render_box
from dlgrader_client._queue import QueuedAnswers
from dlgrader_client._results import Displayed, SubmissionResult

MAX_ANSWER_CHARACTERS = 200
OUTAGES = frozenset({0, 408, 429, 503, 504})
"""Statuses that concern every answer: none, too slow, too many requests, unavailable."""
LISTING_HINT = "`hw.queue()` lists the queue; `hw.discard(...)` deletes an answer from it."


@dataclass(frozen=True, repr=False)
class NotSubmitted(Displayed):
    """Answers that wait on this machine because the server did not answer: not submitted.

    *earlier* is the outcome of the queued answers that were delivered or refused before that.
    """

    reason: str
    waiting: int
    earlier: Optional[Delivery] = None

    is_submitted: ClassVar[Literal[False]] = False

    def __getitem__(self, part: str) -> NoReturn:
        """Raise `GraderClientError`: there is no result of a part yet."""
        raise GraderClientError(f"NOT SUBMITTED: there is no result of {part}. {self.reason}")

    def _own_lines(self) -> list[str]:
        return [
            "NOT SUBMITTED: queued on this machine only.",
            f"  {self.reason}",
            f"  {format_count(self.waiting, 'answer')} in the queue.",
            "  Queued is not submitted: the time at which the server receives an answer counts.",
            "  Run `hw.deliver()` when you are online again; each later `submit` does so too.",
            f"  {LISTING_HINT}",
        ]

    def _lines(self) -> list[str]:
        return [*self._own_lines(), *([repr(self.earlier)] if self.earlier else [])]

    def _repr_html_(self) -> str:
        title, *lines = self._own_lines()
        earlier = self.earlier._repr_html_() if self.earlier else ""
        return render_box(title, BAD, map(escape_html, lines)) + earlier


@dataclass(frozen=True, repr=False)
class Delivery(Displayed):
    """Outcome of a delivery: what was *delivered*, *refused* with the reason, and *unsent*.

    Refused and unsent answers are named by their problem and parts: ``conv (side, depth)``.
    *reason* is why the first unsent answer was not sent, "" if all were sent.
    """

    delivered: tuple[SubmissionResult, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    unsent: tuple[str, ...] = ()
    reason: str = ""

    @property
    def waiting(self) -> int:
        """The number of unsent answers."""
        return len(self.unsent)

    @property
    def is_empty(self) -> bool:
        """Whether the server neither stored nor refused an answer."""
        return not self.delivered and not self.refused

    def _own_lines(self) -> list[str]:
        lines = [f"{format_count(len(self.delivered), 'queued answer')} delivered."]
        lines += [f"  Refused, NOT SUBMITTED: {name}: {why}" for name, why in self.refused]
        if self.waiting:
            lines.append(
                f"  {format_count(self.waiting, 'answer')} NOT SUBMITTED yet: {self.reason}"
            )
        lines += [f"    NOT SUBMITTED: {name}" for name in self.unsent]
        return [*lines, *([f"  {LISTING_HINT}"] if self.waiting else [])]

    def _lines(self) -> list[str]:
        return [*self._own_lines(), *map(repr, self.delivered)]

    def _repr_html_(self) -> str:
        color = BAD if self.refused or self.waiting else GOOD
        title, *lines = self._own_lines()
        results = "".join(result._repr_html_() for result in self.delivered)
        return render_box(title, color, [*map(escape_html, lines), *([results] if results else [])])


class DeliveryProgress:
    """Outcome of a delivery while it runs, and the failures that keep later answers back."""

    def __init__(self) -> None:
        self.delivered: list[SubmissionResult] = []
        self.refused: list[tuple[str, str]] = []
        self.unsent: list[str] = []
        self._outage: Optional[GraderClientError] = None
        self._failed_problems: dict[tuple[str, str], ConnectionFailedError] = {}

    def add_failure(
        self, entry: QueuedAnswers, error: ConnectionFailedError | NotLoggedInError
    ) -> None:
        """Add why *entry* stays in the queue."""
        self.unsent.append(entry.name)
        if isinstance(error, ConnectionFailedError) and error.status not in OUTAGES:
            self._failed_problems[entry.assignment, entry.problem] = error
        else:
            self._outage = error

    def find_obstacle(self, entry: QueuedAnswers) -> Optional[GraderClientError]:
        """Return why *entry* cannot be sent after these failures, None if it can.

        Answers to a problem keep their order, because it decides which attempt each of them is.
        """
        failure = self._failed_problems.get((entry.assignment, entry.problem))
        if self._outage is not None or failure is None:
            return self._outage
        return GraderClientError(
            f"An earlier answer to {entry.problem} is in the queue and was not sent: {failure}"
        )

    def to_delivery(self) -> Delivery:
        """Return the outcome so far."""
        reasons = [self._outage, *self._failed_problems.values()]
        reason = next((str(error) for error in reasons if error is not None), "")
        return Delivery(tuple(self.delivered), tuple(self.refused), tuple(self.unsent), reason)


class _Notice(Displayed):
    """Text that a notebook displays in a box, under its first line."""

    def _color(self) -> str:
        return BAD

    def _repr_html_(self) -> str:
        title, *lines = self._lines()
        return render_box(title, self._color(), map(escape_html, lines))


@dataclass(frozen=True, repr=False)
class QueueStatus(_Notice):
    """Answers in the queue of an account, oldest first, each with its id and its last failure."""

    entries: tuple[QueuedAnswers, ...] = ()

    def __iter__(self) -> Iterator[QueuedAnswers]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, place: int) -> QueuedAnswers:
        return self.entries[place]

    def _lines(self) -> list[str]:
        if not self.entries:
            return ["The queue is empty."]
        title = f"{format_count(len(self), 'answer')} in the queue: NOT SUBMITTED"
        return [title, *(f"  {line}" for line in self._entry_lines())]

    def _entry_lines(self) -> Iterator[str]:
        for entry in self.entries:
            since = describe_time(entry.queued_at_text) or "an unknown time"
            yield f"{entry.id}: {entry.name}, queued at {since} by the clock of this machine"
            yield f"  {describe_answers(entry)}"
            yield f"  {entry.failure or 'This session has not tried to send it.'}"
        yield "`hw.deliver()` sends all of them."
        yield f"`hw.discard({self.entries[0].id!r})` deletes the first without sending it."

    def _color(self) -> str:
        return BAD if self.entries else GOOD


@dataclass(frozen=True, repr=False)
class Interruption(_Notice):
    """Answers that are in the queue after the user interrupted their sending."""

    queue: QueueStatus

    @property
    def is_empty(self) -> bool:
        """Whether no answer is in the queue."""
        return not self.queue.entries

    def _lines(self) -> list[str]:
        return [
            f"INTERRUPTED: {format_count(len(self.queue), 'answer')} in the queue, NOT SUBMITTED",
            *(f"  {entry.id}: {entry.name}" for entry in self.queue),
            "  The server may have received the answer that was being sent.",
            "  `hw.deliver()` and the next `submit` send the queue; each answer counts once.",
            f"  {LISTING_HINT}",
        ]


@dataclass(frozen=True, repr=False)
class Discarded(_Notice):
    """Answers that were deleted from the queue, so that this machine does not send them again."""

    entry: QueuedAnswers

    def _lines(self) -> list[str]:
        return [
            f"Deleted from the queue: {self.entry.name}",
            f"  {describe_answers(self.entry)}",
            "  If the server received it before, it counts: `hw.status()` displays it then.",
        ]


def describe_answers(entry: QueuedAnswers) -> str:
    """Return queued answers as JSON, the end left out if it is long."""
    text = json.dumps(entry.answers, ensure_ascii=False)
    if len(text) <= MAX_ANSWER_CHARACTERS:
        return text
    return f"{text[:MAX_ANSWER_CHARACTERS]} ..."
