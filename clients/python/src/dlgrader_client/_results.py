"""Results as the server sends them, displayed as text and as HTML."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Optional

from dlgrader_client._markup import (
    BAD,
    GOOD,
    NEUTRAL,
    describe_time,
    describe_wait,
    escape_html,
    render_box,
    strip_control_characters,
    to_number,
)

if TYPE_CHECKING:
    from dlgrader_client._deliveries import Delivery

VERDICTS = {
    "correct": ("correct", GOOD),
    "follow_through": ("correct for your earlier answer", GOOD),
    "mistake": ("incorrect", BAD),
    "partial": ("partly correct", BAD),
    "wrong": ("incorrect", BAD),
    "missing": ("no answer", NEUTRAL),
    "unreadable": ("cannot be read; no attempt used", NEUTRAL),
    "needs_review": ("being graded", NEUTRAL),
    "received": ("received; results come later", NEUTRAL),
}

HINT_LABELS = {"unreadable": "Reason", "missing": "Note"}
"""Labels of feedback that is not a hint, by status of the result."""


class Displayed(ABC):
    """Base of everything that a notebook displays; `str` and `repr` are the same text."""

    @abstractmethod
    def _lines(self) -> list[str]:
        """Return the text, a line for each item."""

    def __repr__(self) -> str:
        return strip_control_characters("\n".join(self._lines()))

    __str__ = __repr__


@dataclass(frozen=True, repr=False)
class Reading(Displayed):
    """How the server reads an answer; nothing was submitted and no attempt used."""

    part: str
    is_readable: bool
    read_as: str
    notes: tuple[str, ...] = ()
    message: str = ""
    expected: str = ""

    @classmethod
    def from_json(cls, part: str, reply: Mapping[str, Any]) -> Reading:
        """Return the reading in a reply."""
        return cls(
            part,
            reply.get("readable") is True,
            str(reply.get("read_as", "")),
            tuple(map(str, reply.get("notes", ()))),
            str(reply.get("message", "")),
            str(reply.get("expected", "")),
        )

    def _title(self) -> str:
        verdict = "readable" if self.is_readable else "cannot be read"
        return f"{self.part}: {verdict} (not submitted)"

    def _facts(self) -> list[tuple[str, str]]:
        facts = [("Read as", self.read_as), *(("Note", note) for note in self.notes)]
        facts += [("Reason", self.message), ("Expected", self.expected)]
        return [(name, value) for name, value in facts if value]

    def _lines(self) -> list[str]:
        return [self._title(), *(f"  {name}: {value}" for name, value in self._facts())]

    def _repr_html_(self) -> str:
        return render_box(self._title(), NEUTRAL, _html_facts(self._facts()))


@dataclass(frozen=True, repr=False)
class PartResult(Displayed):
    """Result of the answer to one part, as far as it is visible now.

    *attempts_left* is None without a limit. *points* are those of the part, *score* those that the
    answer earned, None while results are hidden.
    """

    part: str
    status: str
    read_as: str
    hint: str
    score: Optional[float]
    points: Optional[float]
    attempts_left: Optional[int]
    notes: tuple[str, ...] = ()
    repeats: bool = False

    @classmethod
    def from_json(cls, reply: Mapping[str, Any]) -> PartResult:
        """Return the result of one part in a reply."""
        left = reply.get("attempts_left")
        return cls(
            str(reply.get("part", "")),
            str(reply.get("status", "")),
            str(reply.get("read_as", "")),
            str(reply.get("feedback") or ""),
            to_number(reply.get("score")),
            to_number(reply.get("points")),
            left if isinstance(left, int) else None,
            tuple(map(str, reply.get("notes", ()))),
            reply.get("repeats") is not None,
        )

    @property
    def is_correct(self) -> bool:
        """Whether the answer is right, or right for an earlier answer of the student."""
        return self.status in {"correct", "follow_through"}

    def _title(self) -> str:
        score = ""
        if self.score is not None and self.points is not None:
            noun = "point" if self.points == 1 else "points"
            score = f" ({self.score:g} of {self.points:g} {noun})"
        return f"{self.part}: {_get_verdict_text(self.status)}{score}"

    def _facts(self) -> list[tuple[str, str]]:
        facts = [("Read as", self.read_as)]
        if not self.is_correct and self.hint.rstrip(".").lower() != _get_verdict_text(self.status):
            facts.append((HINT_LABELS.get(self.status, "Hint"), self.hint))
        facts += [("Note", note) for note in self.notes]
        if self.repeats:
            facts.append(("Note", "You gave this answer before; it used no attempt."))
        left = self.attempts_left
        facts.append(("Attempts left", "unlimited" if left is None else str(left)))
        return [(name, value) for name, value in facts if value]

    def _lines(self) -> list[str]:
        return [self._title(), *(f"  {name}: {value}" for name, value in self._facts())]

    def _repr_html_(self) -> str:
        color = VERDICTS.get(self.status, ("", NEUTRAL))[1]
        return render_box(self._title(), color, _html_facts(self._facts()))


@dataclass(frozen=True, repr=False)
class SubmissionResult(Displayed):
    """A submission that the server has stored, with the result of each part and its receipt.

    *late_credit* is the share of the credit that lateness leaves, 1 for an answer in time.
    *queued_at* is when an answer that waited was queued, by the clock of this machine; "" if it
    did not wait. *earlier* is the outcome of the answers that were in the queue before it, None
    without any.
    """

    submission: str
    received_at: str
    parts: tuple[PartResult, ...]
    receipt: str
    messages: tuple[str, ...] = ()
    problem: str = ""
    earlier: Optional[Delivery] = None
    late_credit: float = 1
    queued_at: str = ""

    is_submitted: ClassVar[Literal[True]] = True

    @classmethod
    def from_json(cls, reply: Mapping[str, Any], problem: str = "") -> SubmissionResult:
        """Return the submission to *problem* in a reply."""
        receipt = reply.get("receipt")
        return cls(
            str(reply.get("id", "")),
            str(reply.get("received_at", "")),
            tuple(PartResult.from_json(part) for part in reply.get("results", ())),
            str(receipt.get("digest", "")) if isinstance(receipt, dict) else "",
            tuple(map(str, reply.get("messages", ()))),
            problem,
            late_credit=float(reply.get("late_credit", 1)),
        )

    @property
    def is_late(self) -> bool:
        """Whether the answer arrived so late that it counts for less."""
        return self.late_credit < 1

    def __getitem__(self, part: str) -> PartResult:
        for result in self.parts:
            if result.part == part:
                return result
        raise KeyError(part)

    def _head_lines(self) -> list[str]:
        name = f"{self.problem}: received" if self.problem else "Received"
        lines = [f"{name} at {describe_time(self.received_at)} (the server's time)"]
        if self.is_late:
            lines.append(f"LATE: {self.late_credit:.0%} of the credit counts.")
        if self.queued_at:
            lines.append(describe_wait(self.queued_at))
        return [*lines, *self.messages]

    def _lines(self) -> list[str]:
        earlier = [repr(self.earlier)] if self.earlier else []
        return [*self._head_lines(), *map(repr, self.parts), *earlier]

    def _repr_html_(self) -> str:
        head = "".join(f"<div>{escape_html(line)}</div>" for line in self._head_lines())
        parts = "".join(part._repr_html_() for part in self.parts)
        return head + parts + (self.earlier._repr_html_() if self.earlier else "")


def _get_verdict_text(status: str) -> str:
    return VERDICTS.get(status, (status, NEUTRAL))[0]


def _html_facts(facts: Sequence[tuple[str, str]]) -> list[str]:
    return [f"<b>{escape_html(name)}:</b> {escape_html(value)}" for name, value in facts]
