"""Status of a problem, displayed as text and as HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from dlgrader_client._markup import NEUTRAL, counted, escape, table
from dlgrader_client._results import VERDICTS, Displayed


@dataclass(frozen=True, repr=False)
class Status(Displayed):
    """Status of a problem: a row per part, the due time, and the number of queued answers."""

    title: str
    due: str
    rows: tuple[tuple[str, ...], ...] = ()
    waiting: int = 0

    HEAD: ClassVar[tuple[str, ...]] = ("Part", "Verdict", "Read as", "Attempts left")

    @classmethod
    def from_json(cls, reply: Mapping[str, Any], *, waiting: int) -> Status:
        """Return the status in a problem as the server describes it."""
        due = (reply.get("times") or {}).get("due") or {}
        rows = tuple(_status_row(part) for part in reply.get("parts", ()))
        return cls(str(reply.get("title", "")), str(due.get("text", "")), rows, waiting)

    def _head_lines(self) -> list[str]:
        lines = [self.title]
        if self.due:
            lines.append(f"Due {self.due}")
        if self.waiting:
            lines.append(f"{counted(self.waiting, 'answer')} in the queue: NOT SUBMITTED")
        return lines

    def _lines(self) -> list[str]:
        return [*self._head_lines(), *("  " + " | ".join(row) for row in (self.HEAD, *self.rows))]

    def _repr_html_(self) -> str:
        head = "".join(f"<div>{escape(line)}</div>" for line in self._head_lines())
        return head + table(self.HEAD, self.rows)


def _status_row(part: Mapping[str, Any]) -> tuple[str, ...]:
    last, left = part.get("last") or {}, part.get("attempts_left")
    status = str(last.get("status", ""))
    verdict = VERDICTS.get(status, (status or "not answered", NEUTRAL))[0]
    limit = "unlimited" if left is None else str(left)
    return (str(part.get("id", "")), verdict, str(last.get("read_as", "")), limit)
