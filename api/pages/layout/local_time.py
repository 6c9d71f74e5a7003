"""Times on the wall clock of the course that a page is about."""

from dataclasses import dataclass
from datetime import datetime

from api.core.errors import NotFound
from api.db.models import Course
from api.dependencies import Here
from api.schemas.student.assignments import Moment
from api.services.student.times import moment_of

__all__ = ["Wall"]


@dataclass(frozen=True, slots=True)
class Wall:
    """The clock on the wall of a *course*, looked at *now*."""

    course: Course
    now: datetime

    @classmethod
    def of(cls, here: Here) -> "Wall":
        """Return the clock of the course in which the request has found its caller."""
        member = here.visit.member
        if member is None:
            raise NotFound("There is no such course.")
        return cls(member.course, here.now)

    def __call__(self, at: datetime) -> Moment:
        """Return a time as people read it."""
        return moment_of(at, self.course.zone, now=self.now)
