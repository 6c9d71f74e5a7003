"""Location of a problem page: assignment, titles, path and breadcrumbs."""

from dataclasses import dataclass
from uuid import UUID

from fastapi.responses import Response

from api.dependencies import RequestContext
from api.pages.layout.formatting import part_name
from api.pages.layout.frame import Breadcrumb
from api.pages.layout.local_time import CourseClock
from api.routes.assignments import assignments
from api.schemas.assignments.assignments import StaffAssignment, StudentAssignment


@dataclass(frozen=True, slots=True)
class ProblemLocation:
    """A problem within its assignment, with its titles, path and breadcrumbs."""

    assignment: StudentAssignment | StaffAssignment
    problem: str
    clock: CourseClock

    @classmethod
    def load(cls, context: RequestContext, assignment: UUID, problem: str) -> "ProblemLocation":
        """Return the location of a problem, provided the caller may see its assignment."""
        assignment_view = assignments.get_assignment(assignment, context, Response())
        return cls(assignment_view, problem, CourseClock.for_request(context))

    @property
    def title(self) -> str:
        """The title of the problem, or its id if the problem was removed."""
        titles = (
            problem.title for problem in self.assignment.problems if problem.problem == self.problem
        )
        return next(titles, self.problem)

    def part_title(self, part: str) -> str:
        """Return the display name of a part of the problem."""
        listed = self.assignment.problems
        titles = next((one.part_titles for one in listed if one.problem == self.problem), {})
        return part_name(part, titles.get(part, ""))

    @property
    def path(self) -> str:
        """The URL path of the problem."""
        return f"/assignments/{self.assignment.id}/problems/{self.problem}"

    @property
    def crumbs(self) -> tuple[Breadcrumb, ...]:
        """The breadcrumbs from the course to the problem."""
        return (
            Breadcrumb(self.clock.course.title, f"/courses/{self.assignment.course}"),
            Breadcrumb(self.assignment.title, f"/assignments/{self.assignment.id}"),
            Breadcrumb(self.title, self.path),
        )
