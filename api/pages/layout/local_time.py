"""Times in the time zone of a page's course."""

from dataclasses import dataclass
from datetime import datetime

from api.core.errors import NotFound
from api.db.models import Course
from api.dependencies import RequestContext
from api.schemas.student.assignments import Moment
from api.services.student.times import serialize_moment


@dataclass(frozen=True, slots=True)
class CourseClock:
    """Formats times in the time zone of *course*, relative to *now*."""

    course: Course
    now: datetime

    @classmethod
    def for_request(cls, context: RequestContext) -> "CourseClock":
        """Return the clock of the request's course.

        Raises `NotFound` if the request belongs to no course.
        """
        member = context.activity.member
        if member is None:
            raise NotFound("There is no such course.")
        return cls(member.course, context.now)

    def __call__(self, timestamp: datetime) -> Moment:
        """Return *timestamp* in local time, in words."""
        return serialize_moment(timestamp, self.course.zone, now=self.now)
