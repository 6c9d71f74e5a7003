"""The part of a verdict that a student may see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from api.services.assignments.release import Shown
from grader.grading.result import FREE

__all__ = ["RECEIVED", "VisibleVerdict", "visible_status", "visible_verdict"]

RECEIVED: Final = "received"
UNREADABLE: Final = "unreadable"
NOTHING: Final = Fraction(0)


@dataclass(frozen=True, slots=True)
class VisibleVerdict:
    """Verdict on an answer as the student sees it; a hidden one has no credit and no text."""

    status: str
    credit: Fraction | None = None
    feedback: str | None = None
    cells: Sequence[bool] = ()
    place: str = ""

    @property
    def is_hidden(self) -> bool:
        """Whether the student learns only that the answer arrived."""
        return self.status == RECEIVED


def visible_status(status: str, misfit: str, *, results: Shown) -> str:
    """Return the status that a student sees.

    While results are hidden, it depends only on the form of the answer: a *misfit* counts as
    unreadable, even if it is a known mistake or follows from the student's earlier answers.
    """
    if results.now or status in FREE:
        return status
    return UNREADABLE if misfit else RECEIVED


def visible_verdict(
    status: str,
    credit: Fraction | None,
    said: Mapping[str, Any],
    *,
    misfit: str,
    results: Shown,
) -> VisibleVerdict:
    """Return the part of a verdict that a student sees; *said* is its text after the release."""
    visible = visible_status(status, misfit, results=results)
    if visible == RECEIVED:
        return VisibleVerdict(RECEIVED)
    if visible != status:
        return VisibleVerdict(visible, NOTHING, " ".join((misfit, *said.get("notes", ()))))
    return VisibleVerdict(
        status, credit, said.get("feedback"), said.get("cells", ()), said.get("place", "")
    )
