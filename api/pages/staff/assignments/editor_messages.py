"""Messages of the assignment editor about the previous action."""

from collections.abc import Mapping
from dataclasses import dataclass
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
RULE_MESSAGES: Final[Mapping[str, str]] = {
    "results": "Results are released automatically again.",
    "solutions": "Solutions are released automatically again.",
}
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
        return EditorMessage(prefix + RULE_MESSAGES[word])
    is_seen = assignment.published_at is not None and assignment.times.state != "planned"
    warnings = (
        review.get_release_readiness(assignment.id, context).warnings if word == "results" else ()
    )
    return EditorMessage(
        prefix + (RELEASED_MESSAGES if is_seen else SCHEDULED_MESSAGES)[word], warnings=warnings
    )
