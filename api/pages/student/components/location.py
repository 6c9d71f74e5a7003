"""The problem that a page is about: what it and its assignment are called, and the way to it."""

from dataclasses import dataclass
from uuid import UUID

from fastapi.responses import Response

from api.dependencies import Here
from api.pages.layout.formatting import part_name
from api.pages.layout.frame import Crumb
from api.pages.layout.local_time import Wall
from api.routes.assignments import assignments
from api.schemas.assignments.assignments import StaffAssignment, StudentAssignment

__all__ = ["Place"]


@dataclass(frozen=True, slots=True)
class Place:
    """The problem that a page is about: its assignment, and what they are called."""

    assignment: StudentAssignment | StaffAssignment
    problem: str
    wall: Wall

    @classmethod
    def of(cls, here: Here, assignment: UUID, problem: str) -> "Place":
        """Return where a problem belongs, for who may see the assignment."""
        found = assignments.get_assignment(assignment, here, Response())
        return cls(found, problem, Wall.of(here))

    @property
    def title(self) -> str:
        """What the problem is called; one that was removed has its id left."""
        named = (one.title for one in self.assignment.problems if one.problem == self.problem)
        return next(named, self.problem)

    def part(self, part: str) -> str:
        """Return what a part of the problem is called."""
        listed = self.assignment.problems
        titles = next((one.part_titles for one in listed if one.problem == self.problem), {})
        return part_name(part, titles.get(part, ""))

    @property
    def path(self) -> str:
        """The address of the problem."""
        return f"/assignments/{self.assignment.id}/problems/{self.problem}"

    @property
    def crumbs(self) -> tuple[Crumb, ...]:
        """The way to the problem, itself at the end."""
        return (
            Crumb(self.wall.course.title, f"/courses/{self.assignment.course}"),
            Crumb(self.assignment.title, f"/assignments/{self.assignment.id}"),
            Crumb(self.title, self.path),
        )
