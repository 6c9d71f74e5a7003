"""The results of an assignment: what needs action, the scores, and how each part does."""

from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, Query
from fastapi.responses import Response

from api.core.errors import Forbidden, Invalid
from api.core.ids import read_id
from api.dependencies import Here
from api.pages.charts import Bin, Chart, histogram
from api.pages.layout.frame import page
from api.pages.router import PageDep, PageRouter
from api.pages.staff.common import course_crumbs, is_blind_to, may
from api.pages.staff.grading.item_rows import Dir, Sort, heads, item_rows, ordered
from api.routes.assignments import analytics, assignments
from api.routes.courses import people
from api.routes.grading import review
from api.schemas.analytics.assignment import AssignmentAnalytics
from api.schemas.analytics.figures import DistributionOut
from api.schemas.assignments.assignments import StaffAssignment
from api.services.analytics import Which

__all__ = ["Asked", "AskedDep", "distribution", "router", "staff_view", "title_of"]

router = PageRouter()

FEWEST: Final = 20
"""Below so many students figures are mostly chance."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which students are measured, and by which attempt."""

    attempt: Which = "first"
    section: UUID | None = None

    @property
    def query(self) -> dict[str, object]:
        """What of it an address says."""
        return {"attempt": "" if self.attempt == "first" else self.attempt, "section": self.section}


async def _asked(attempt: Which = "first", section: str = "") -> Asked:
    """Return what a query asks for; an empty section, as a form sends it, is all of them."""
    found = read_id(section) if section else None
    if section and found is None:
        raise Invalid("Name a section of this course.")
    return Asked(attempt, found)


AskedDep = Annotated[Asked, Depends(_asked)]


@router.get("/assignments/{assignment}/results")
def results(
    assignment: UUID,
    here: PageDep,
    asked: AskedDep,
    sort: Sort = "place",
    direction: Annotated[Dir, Query(alias="dir")] = "asc",
) -> Response:
    """Return how a class did: what waits first, then scores, then the parts."""
    told = analytics.of_assignment(assignment, here, asked.attempt, asked.section)
    found = staff_view(assignment, here)
    ready = review.ready(assignment, here)
    rows = ordered(item_rows(told), sort=sort, direction=direction)
    return page(
        here,
        "staff/results.html",
        title=f"{found.title} · results",
        crumbs=course_crumbs(here),
        tab="assignments",
        set=found,
        told=told,
        ready=ready,
        rows=rows,
        heads=heads(sort, direction, asked.query),
        scores=distribution(told.grades),
        may_release=may(here, "manage_assignments"),
        **_around(here, found, asked),
        **_counts(told, ready.unassessed),
    )


def staff_view(assignment: UUID, here: Here) -> StaffAssignment:
    """Return an assignment with all its settings; `Forbidden` for who is not of the staff."""
    found = assignments.get_assignment(assignment, here, Response())
    if not isinstance(found, StaffAssignment):
        raise Forbidden("This is for the staff of the course.")
    return found


def title_of(found: StaffAssignment, problem: str) -> str:
    """Return the title of a problem of an assignment."""
    return next((one.title for one in found.problems if one.problem == problem), problem)


def _around(here: Here, found: StaffAssignment, asked: Asked) -> dict[str, Any]:
    sections = () if is_blind_to(here, found) else people.get_sections(found.course, here).items
    return {"asked": asked, "sections": sections, "course": found.course, "fewest": FEWEST}


def _counts(told: AssignmentAnalytics, unassessed: Any) -> dict[str, int]:
    return {
        "to_mark": sum(one.waiting for one in unassessed),
        "unexplained": sum(one.unexplained for one in told.wrong),
    }


def distribution(grades: DistributionOut) -> Chart | None:
    """Return the histogram of grades in percent, None where there are no grades."""
    if not grades.n:
        return None
    bins = [Bin(one.low, one.high, one.count) for one in grades.histogram]
    return histogram(bins, median=grades.median, unit="score (%)", who="student")
