"""The part of a verdict that a student may see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from api.services.assignments.release import Visibility
from grader.grading.result import FREE_STATUSES

RECEIVED: Final = "received"
UNREADABLE: Final = "unreadable"
NO_CREDIT: Final = Fraction(0)


@dataclass(frozen=True, slots=True)
class VisibleVerdict:
    """Verdict on an answer as the student sees it; a hidden one has no credit and no text."""

    status: str
    credit: Fraction | None = None
    feedback: str | None = None
    cells: Sequence[bool] = ()
    location: str = ""

    @property
    def is_hidden(self) -> bool:
        """Whether the student learns only that the answer arrived."""
        return self.status == RECEIVED


def mask_unreleased_status(status: str, form_mismatch: str, *, results: Visibility) -> str:
    """Return the status that a student sees.

    While results are hidden, it depends only on the form of the answer: a *form_mismatch* counts as
    unreadable, even if it is a known mistake or follows from the student's earlier answers.
    """
    if results.now or status in FREE_STATUSES:
        return status
    return UNREADABLE if form_mismatch else RECEIVED


def mask_unreleased_verdict(
    status: str,
    credit: Fraction | None,
    details: Mapping[str, Any],
    *,
    form_mismatch: str,
    results: Visibility,
) -> VisibleVerdict:
    """Return the part of a verdict that a student sees; *details* is its text after the release."""
    visible = mask_unreleased_status(status, form_mismatch, results=results)
    if visible == RECEIVED:
        return VisibleVerdict(RECEIVED)
    if visible != status:
        return VisibleVerdict(
            visible, NO_CREDIT, " ".join((form_mismatch, *details.get("notes", ())))
        )
    return VisibleVerdict(
        status, credit, details.get("feedback"), details.get("cells", ()), details.get("place", "")
    )
