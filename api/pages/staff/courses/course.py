"""The course for its staff: what needs action first, then its assignments."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from fastapi.responses import Response

from api.dependencies import Here
from api.pages.layout.formatting import counted
from api.pages.layout.frame import page
from api.pages.router import window
from api.pages.staff.common import may
from api.routes.assignments import analytics, assignments
from api.schemas.assignments.assignments import StaffAssignment
from api.schemas.courses.attention import AssignmentAttention, RegradeUnderWay
from api.schemas.student.assignments import Moment

__all__ = ["dashboard"]

SOON: Final = timedelta(days=7)
WAITS: Final[Mapping[str, str]] = {
    "judging": "is being tried out",
    "ready": "is ready to be applied",
    "applying": "is being applied",
    "stopped": "was stopped half-way",
    "undoing": "is being undone",
}
SHOWN: Final[Mapping[str, str]] = {
    "at_once": "at once",
    "after_due": "when it is due",
    "after_close": "when it closes",
    "manual": "when you release them",
}


@dataclass(frozen=True, slots=True)
class Todo:
    """Something to do: a sentence that leads there, in which assignment."""

    says: str
    href: str
    where: str
    is_urgent: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """An assignment among the others of its course."""

    id: UUID
    title: str
    state: str
    due: Moment | None
    results: str
    found: AssignmentAttention


def dashboard(here: Here, course: UUID) -> Response:
    """Return the first page of a *course* for its staff."""
    waiting = analytics.attention(course, here)
    told = assignments.get_assignments(course, here, window(here), None).items
    every = [one for one in told if isinstance(one, StaffAssignment)]
    found = {one.assignment: one for one in waiting.assignments}
    rows = [_row(one, found[one.id]) for one in every]
    member = here.visit.member
    return page(
        here,
        "staff/course.html",
        title=member.course.title if member else "",
        tab="assignments",
        course=course,
        students=waiting.students,
        todo=[todo for one in every for todo in _todo(here, one, found[one.id])],
        rows=rows,
        may_import=may(here, "manage_people"),
        may_make=may(here, "manage_assignments"),
    )


def _row(one: StaffAssignment, found: AssignmentAttention) -> Row:
    state = "draft" if one.published_at is None else one.times.state
    results = "released" if one.results_released_at else SHOWN[one.results]
    return Row(one.id, one.title, state, one.times.due, results, found)


def _todo(here: Here, one: StaffAssignment, found: AssignmentAttention) -> Iterator[Todo]:
    """Yield what is to be done in an assignment, what students wait for first."""
    path, where = f"/assignments/{one.id}", one.title
    if found.failures:
        says = f"{counted(found.failures, 'answer')} that the grader could not judge"
        yield Todo(says, f"{path}/review", where, is_urgent=True)
    yield from (_regrade(run, where) for run in found.regrades)
    texts = found.to_mark - found.failures
    if texts:
        yield Todo(f"{counted(texts, 'answer')} to mark", f"{path}/review", where)
    if found.requests:
        yield Todo(f"{counted(found.requests, 'request')} to answer", f"{path}/requests", where)
    if found.unexplained:
        says = f"{counted(found.unexplained, 'group')} of equal wrong answers without a name"
        yield Todo(says, f"{path}/results#items", where)
    if hurry := _hurry(here, one):
        yield Todo(f"Not published yet and {hurry}", f"{path}/edit", where, is_urgent=True)


def _regrade(run: RegradeUnderWay, where: str) -> Todo:
    says = f"The regrade of {run.problem} {WAITS[run.status]}"
    return Todo(says, f"/regrades/{run.id}", where, is_urgent=run.status == "stopped")


def _hurry(here: Here, one: StaffAssignment) -> str:
    """Return why an assignment should be published, "" where there is time or it was."""
    due = one.times.due
    if one.published_at is not None or due is None or due.at - here.now >= SOON:
        return ""
    return "past its due time" if due.at < here.now else "due soon"
