"""Events of a grade as sentences, with the names that the reader knows."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Final

from api.schemas.grades.history import GradeEvent
from grader.policy import format_rounded_number

GRADED_BY: Final = {"auto": "", "manual": ", by a TA", "regrade": ", by a regrade"}
STATUS_WORDS: Final[Mapping[str, str]] = {
    "correct": "correct",
    "follow_through": "correct, given your earlier answer",
    "partial": "partly correct",
    "mistake": "incorrect",
    "wrong": "incorrect",
    "missing": "no answer",
    "unreadable": "could not be read",
    "needs_review": "waiting for a TA",
    "auto": "automatic",
    "manual": "by a TA",
    "regrade": "by a regrade",
    "judging": "computing",
    "cancelled": "canceled",
}
"""Statuses and kinds of gradings, and statuses of regrades, in words."""
INCORRECT_STATUSES: Final = frozenset({"mistake", "wrong"})
"""Statuses of answers that may still have partial credit."""
PUNCTUATION: Final = ("?", "!", ".")
CAUSES: Final = {
    "submission": "a submission",
    "regrade": "a regrade",
    "undo": "a regrade that was undone",
    "review": "a grade by a TA",
    "override": "an override",
    "extension": "an extension",
    "excuse": "an excuse",
    "late_days": "late days",
    "settings": "other settings",
}


def describe_status(status: str) -> str:
    """Return a status or kind in words.

    >>> describe_status("follow_through"), describe_status("applied")
    ('correct, given your earlier answer', 'applied')
    """
    return STATUS_WORDS.get(status, status.replace("_", " "))


def append_punctuation(about: str, sign: str = ":") -> str:
    """Return *about* followed by *sign*, unless it ends with punctuation already.

    >>> append_punctuation("Sizes"), append_punctuation("Large?"), append_punctuation("Large?", ",")
    ('Sizes:', 'Large?', 'Large?')
    """
    return about if about.endswith(PUNCTUATION) else f"{about}{sign}"


def describe_event(
    event: GradeEvent,
    *,
    problem: Callable[[str], str] = str,
    part: Callable[[str], str] = str,
) -> str:
    """Return an event as a sentence; *problem* and *part* turn ids into names.

    >>> from datetime import UTC, datetime
    >>> values = {"at": datetime(2026, 1, 1, tzinfo=UTC), "kind": "submission", "text": ""}
    >>> event = GradeEvent(**values, problem="sizes", sequence=2, parts=("side", "area"))
    >>> describe_event(event), describe_event(event, problem=str.upper, part=str.title)
    ('Submission 2 to sizes: side, area.', 'Submission 2 to SIZES: Side, Area.')
    """
    slug = problem(event.problem) if event.problem else ""
    about = f"{append_punctuation(slug, ',')} {part(event.part)}" if slug and event.part else slug
    points = "" if event.points is None else format_rounded_number(event.points)
    match event.kind:
        case "submission":
            parts = ", ".join(map(part, event.parts))
            return f"Submission {event.sequence} to {append_punctuation(slug)} {parts}."
        case "grading":
            return f"{append_punctuation(about)} {_describe_grading(event)}."
        case "override":
            return f"{about or 'The assignment'} was set by hand to {points}: {event.reason}"
        case "override_withdrawn":
            return f"{about or 'The assignment'} is no longer set by hand to {points}."
        case "excuse":
            return f"Excused from {slug or 'the assignment'}."
        case "excuse_withdrawn":
            return f"No longer excused from {slug or 'the assignment'}."
        case "grade":
            why = CAUSES.get(event.cause or "", event.cause)
            before, after = _format_score(event.before), _format_score(event.after)
            return f"The score went from {before} to {after}, by {why}."


def _describe_grading(event: GradeEvent) -> str:
    is_partial = event.status in INCORRECT_STATUSES and bool(event.credit)
    status = describe_status("partial" if is_partial else event.status or "")
    credit = "" if event.credit is None else f", credit {format_rounded_number(event.credit)}"
    return f"{status}{credit}{GRADED_BY.get(event.cause or '', '')}"


def _format_score(score: Fraction | None) -> str:
    return "none" if score is None else format_rounded_number(score)
