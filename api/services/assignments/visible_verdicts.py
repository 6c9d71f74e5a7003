"""What a student may see of the verdict on an answer."""

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
    """The verdict on an answer as its student sees it; a hidden one has no credit and no words."""

    status: str
    credit: Fraction | None = None
    feedback: str | None = None
    cells: Sequence[bool] = ()
    place: str = ""

    @property
    def is_hidden(self) -> bool:
        """Whether the student is told no more than that the answer arrived."""
        return self.status == RECEIVED


def visible_status(status: str, misfit: str, *, results: Shown) -> str:
    """Return the status that a student sees.

    While results are hidden it depends on the form of the answer alone: a *misfit* is unreadable,
    even if it is a known mistake or right for the student's earlier answers.
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
    """Return what a student sees of a verdict; *said* is what they see of it after the release."""
    visible = visible_status(status, misfit, results=results)
    if visible == RECEIVED:
        return VisibleVerdict(RECEIVED)
    if visible != status:
        return VisibleVerdict(visible, NOTHING, " ".join((misfit, *said.get("notes", ()))))
    return VisibleVerdict(
        status, credit, said.get("feedback"), said.get("cells", ()), said.get("place", "")
    )
