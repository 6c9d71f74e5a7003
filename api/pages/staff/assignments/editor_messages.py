"""Messages of the assignment editor about the previous action."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from api.dependencies import RequestContext
from api.pages.layout import flash
from api.routes.grading import review
from api.schemas.assignments.assignments import StaffAssignment
from api.services.courses.active_students import AudienceSize, count_audience

PUBLISHED: Final = "published"
PROBLEM_REMOVED: Final = "removed"
PROBLEM_REMOVED_MESSAGE: Final = (
    "Problem removed. If you choose it again, its submissions count again."
)
HIDDEN_UNTIL: Final[Mapping[str, str]] = {
    "after_due": " until due",
    "after_close": " until the assignment closes",
    "manual": " until you release them",
    "never": "",
}
"""How long each release rule hides results or solutions, to follow the verb."""
HIDDEN_MESSAGE: Final = "{what} are hidden{until}."
AUTOMATIC_MESSAGE: Final = "{what} are released automatically again."
RELEASED_MESSAGES: Final[Mapping[str, str]] = {
    "results": "Students see their results now.",
    "solutions": "Students see the solutions now, each as soon as their time to answer is over.",
}
SCHEDULED_MESSAGES: Final[Mapping[str, str]] = {
    "results": "Students see their results as soon as they see the assignment.",
    "solutions": "Students see the solutions once they see the assignment, each as soon as their "
    "time to answer is over.",
}


@dataclass(frozen=True, slots=True)
class ReleaseButton:
    """A button that shows *what* now, or returns it to its rule, if *value* is ``rule``."""

    what: str
    value: str
    label: str


def build_release_buttons(
    assignment: StaffAssignment, now: datetime
) -> tuple[ReleaseButton, ReleaseButton]:
    """Return the buttons for results and solutions; each label says what the button does."""
    results = _release_button("results", assignment, assignment.results_released_at, now)
    solutions = _release_button("solutions", assignment, assignment.solutions_released_at, now)
    return results, solutions


def _release_button(
    what: str, assignment: StaffAssignment, released_at: datetime | None, now: datetime
) -> ReleaseButton:
    if not released_at:
        return ReleaseButton(what, "now", f"Show {what} now")
    rule = assignment.results if what == "results" else assignment.solutions
    if not _is_hidden_by_rule(rule, assignment, now):
        return ReleaseButton(what, "rule", f"Undo the early release of {what}")
    until = "" if rule == "manual" else HIDDEN_UNTIL[rule]
    return ReleaseButton(what, "rule", f"Hide {what}{until}")


def _is_hidden_by_rule(rule: str, assignment: StaffAssignment, now: datetime) -> bool:
    """Return whether *rule* alone hides results or solutions from students without extensions."""
    times = assignment.times
    match rule:
        case "at_once":
            return False
        case "after_due":
            return times.due is None or times.due.at >= now
        case "after_close":
            return times.state != "closed"
        case _:
            return True


@dataclass(frozen=True, slots=True)
class EditorMessage:
    """Message about the previous action: a text, or the audience after a publication.

    *warnings* list what is not done yet.
    """

    text: str = ""
    audience: AudienceSize | None = None
    warnings: tuple[str, ...] = ()


def build_editor_message(
    saved: str, assignment: StaffAssignment, context: RequestContext
) -> EditorMessage:
    """Return the message for *saved*, the code that the redirect passed to the page."""
    if saved == PUBLISHED and assignment.published_at:
        with context.reading() as session:
            return EditorMessage(audience=count_audience(session, assignment.course))
    word, _, counts = saved.partition(".")
    released_at = {
        "results": assignment.results_released_at,
        "solutions": assignment.solutions_released_at,
    }
    prefix = f"{flash.flash_message(counts)} " if counts else ""
    if word == PROBLEM_REMOVED:
        return EditorMessage(prefix + PROBLEM_REMOVED_MESSAGE)
    if word not in released_at:
        return EditorMessage(flash.flash_message(saved if saved != PUBLISHED else ""))
    if not released_at[word]:
        return EditorMessage(prefix + _describe_rule(word, assignment, context.now))
    is_seen = assignment.published_at is not None and assignment.times.state != "planned"
    warnings = (
        review.get_release_readiness(assignment.id, context).warnings if word == "results" else ()
    )
    return EditorMessage(
        prefix + (RELEASED_MESSAGES if is_seen else SCHEDULED_MESSAGES)[word], warnings=warnings
    )


def _describe_rule(what: str, assignment: StaffAssignment, now: datetime) -> str:
    """Return the message after results or solutions follow their rule again."""
    rule = assignment.results if what == "results" else assignment.solutions
    if not _is_hidden_by_rule(rule, assignment, now):
        return AUTOMATIC_MESSAGE.format(what=what.capitalize())
    return HIDDEN_MESSAGE.format(what=what.capitalize(), until=HIDDEN_UNTIL[rule])
