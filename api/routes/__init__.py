"""REST routes, one module per resource."""

from typing import Final

from api.http.json_body import ApiRouter
from api.routes import (
    analytics,
    assignment_problems,
    assignments,
    audit,
    course_files,
    courses,
    drafts,
    exports,
    extensions,
    gradebook,
    grades,
    history,
    login,
    marks,
    me,
    overrides,
    people,
    problems,
    problems_posed,
    regrades,
    requests,
    review,
    roster,
    submissions,
    users,
)

__all__ = ["ROUTERS"]

ROUTERS: Final[tuple[ApiRouter, ...]] = (
    login.router,
    me.router,
    people.router,
    roster.router,
    users.router,
    audit.router,
    submissions.router,
    problems_posed.router,
    drafts.router,
    history.router,
    courses.router,
    course_files.router,
    assignments.router,
    assignment_problems.router,
    extensions.router,
    regrades.router,
    analytics.router,
    review.router,
    marks.router,
    requests.router,
    gradebook.router,
    grades.router,
    overrides.router,
    exports.router,
    problems.router,
)
"""All routers; `create_app` puts them below ``/api/v1``."""
