"""List of all REST routers."""

from typing import Final

from api.http.json_body import ApiRouter
from api.routes.accounts import calendar, device, login, mail, me, users
from api.routes.assignments import analytics, assignment_problems, assignments, exceptions
from api.routes.courses import audit, course_files, courses, joining, people, problems, roster
from api.routes.grades import exports, gradebook, grades, overrides
from api.routes.grading import marks, regrade_requests, regrades, review
from api.routes.grading import submissions as student_submissions
from api.routes.student import (
    assigned_problems,
    attachments,
    drafts,
    history,
    report_templates,
    reports,
    submissions,
)

ROUTERS: Final[tuple[ApiRouter, ...]] = (
    login.router,
    me.router,
    device.router,
    calendar.router,
    mail.router,
    people.router,
    joining.router,
    roster.router,
    users.router,
    audit.router,
    submissions.router,
    assigned_problems.router,
    drafts.router,
    history.router,
    reports.router,
    attachments.router,
    report_templates.router,
    courses.router,
    course_files.router,
    assignments.router,
    assignment_problems.router,
    exceptions.router,
    regrades.router,
    analytics.router,
    review.router,
    marks.router,
    regrade_requests.router,
    student_submissions.router,
    gradebook.router,
    grades.router,
    overrides.router,
    exports.router,
    problems.router,
)
"""All routers, with paths below ``/api/v1``; `create_app` includes them."""
