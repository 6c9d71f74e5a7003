"""What the editor of an assignment says of the act before it: who sees what now."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from api.dependencies import Here
from api.pages.layout import flash
from api.routes.grading import review
from api.schemas.assignments.assignments import StaffAssignment
from api.services.courses.active_students import Audience, audience

__all__ = ["PUBLISHED", "News", "news"]

PUBLISHED: Final = "published"
RULE: Final[Mapping[str, str]] = {
    "results": "Results are shown by the rule again.",
    "solutions": "Solutions are shown by the rule again.",
}
NOW: Final[Mapping[str, str]] = {
    "results": "Students see their results now.",
    "solutions": "Students see the solutions now, each as soon as their time to answer is over.",
}
LATER: Final[Mapping[str, str]] = {
    "results": "Students see their results as soon as they see the assignment.",
    "solutions": "Students see the solutions once they see the assignment, each as soon as their "
    "time to answer is over.",
}


@dataclass(frozen=True, slots=True)
class News:
    """A sentence, or for whom the assignment was published; *warnings* are what is not done."""

    text: str = ""
    audience: Audience | None = None
    warnings: tuple[str, ...] = ()


def news(saved: str, one: StaffAssignment, here: Here) -> News:
    """Return what to say of an assignment after an act, by the word that came with the page."""
    if saved == PUBLISHED and one.published_at:
        with here.reading() as session:
            return News(audience=audience(session, one.course))
    word, _, counts = saved.partition(".")
    shown = {"results": one.results_released_at, "solutions": one.solutions_released_at}
    if word not in shown:
        return News(flash.told(saved if saved != PUBLISHED else ""))
    along = f"{flash.told(counts)} " if counts else ""
    if not shown[word]:
        return News(along + RULE[word])
    is_seen = one.published_at is not None and one.times.state != "planned"
    warnings = review.ready(one.id, here).warnings if word == "results" else ()
    return News(along + (NOW if is_seen else LATER)[word], warnings=warnings)
