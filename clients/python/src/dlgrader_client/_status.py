"""Status of a problem, displayed as text and as HTML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Optional

from dlgrader_client._markup import NEUTRAL, escape_html, format_count, render_box, render_table
from dlgrader_client._results import VERDICTS, Displayed


@dataclass(frozen=True)
class PartStatus:
    """Status of a part: the newest answer, and the attempts left.

    *status* is that of the newest answer, "" without one; *attempts_left* is None without a limit.
    """

    part: str
    status: str = ""
    read_as: str = ""
    attempts_left: Optional[int] = None

    @classmethod
    def from_json(cls, reply: Mapping[str, Any]) -> PartStatus:
        """Return the status of a part as the server describes it."""
        last, left = reply.get("last") or {}, reply.get("attempts_left")
        return cls(
            str(reply.get("id", "")),
            str(last.get("status", "")),
            str(last.get("read_as", "")),
            left if isinstance(left, int) else None,
        )

    @property
    def row(self) -> tuple[str, ...]:
        """The cells of the part in a table with the head of `Status`."""
        verdict = VERDICTS.get(self.status, (self.status or "not answered", NEUTRAL))[0]
        left = "unlimited" if self.attempts_left is None else str(self.attempts_left)
        return (self.part, verdict, self.read_as, left)


@dataclass(frozen=True, repr=False)
class Status(Displayed):
    """Status of a problem: its parts, the due time, and the number of queued answers."""

    title: str
    due: str
    parts: tuple[PartStatus, ...] = ()
    waiting: int = 0

    HEAD: ClassVar[tuple[str, ...]] = ("Part", "Verdict", "Read as", "Attempts left")

    @classmethod
    def from_json(cls, reply: Mapping[str, Any], *, waiting: int) -> Status:
        """Return the status in a problem as the server describes it."""
        due = (reply.get("times") or {}).get("due") or {}
        parts = tuple(PartStatus.from_json(part) for part in reply.get("parts", ()))
        return cls(str(reply.get("title", "")), str(due.get("text", "")), parts, waiting)

    def _head_lines(self) -> list[str]:
        lines = [self.title]
        if self.due:
            lines.append(f"Due {self.due}")
        if self.waiting:
            lines.append(f"{format_count(self.waiting, 'answer')} in the queue: NOT SUBMITTED")
        return lines

    def _lines(self) -> list[str]:
        rows = (self.HEAD, *(part.row for part in self.parts))
        return [*self._head_lines(), *("  " + " | ".join(row) for row in rows)]

    def _repr_html_(self) -> str:
        head = "".join(f"<div>{escape_html(line)}</div>" for line in self._head_lines())
        return head + render_table(self.HEAD, (part.row for part in self.parts))


@dataclass(frozen=True, repr=False)
class AssignmentStatus(Displayed):
    """Status of the problems of an assignment, in their order."""

    title: str
    problems: tuple[Status, ...] = ()

    def __iter__(self) -> Iterator[Status]:
        return iter(self.problems)

    def __len__(self) -> int:
        return len(self.problems)

    def __getitem__(self, place: int) -> Status:
        return self.problems[place]

    def _lines(self) -> list[str]:
        return [self.title, *map(repr, self.problems)]

    def _repr_html_(self) -> str:
        return render_box(self.title, NEUTRAL, (problem._repr_html_() for problem in self.problems))


@dataclass(frozen=True, repr=False)
class SavedDraft(Displayed):
    """Answers that the page of the problem keeps; they are not submitted."""

    problem: str
    parts: tuple[str, ...]

    def _lines(self) -> list[str]:
        return [f"Draft saved, not submitted: {self.problem} ({', '.join(self.parts)})"]

    def _repr_html_(self) -> str:
        return render_box(self._lines()[0], NEUTRAL, ())
