"""List of all page routers."""

from typing import Final

from api.pages import (
    account,
    api_reference,
    course,
    device,
    docs,
    external_login,
    home,
    join,
    login,
    mail,
)
from api.pages.lti import connect, deep_link, endpoints, launch, link, platforms, registration
from api.pages.lti import course as lti_course
from api.pages.messages import calendar, unsubscribe
from api.pages.router import PageRouter
from api.pages.staff.assignments import (
    assignment_actions,
    assignment_editor,
    bank,
    new_assignment,
    problem_settings,
)
from api.pages.staff.authoring import checker, gallery, preview
from api.pages.staff.courses import (
    audit,
    course_analytics,
    course_files,
    course_settings,
    exports,
    extensions,
    people,
    roster,
    sections,
    users,
)
from api.pages.staff.grading import marking, regrade_requests, review, rubric
from api.pages.staff.regrades import regrade_run, regrades
from api.pages.staff.results import (
    gradebook,
    overrides,
    results,
    student_detail,
    unopened,
    wrong_answers,
)
from api.pages.student import (
    assignment,
    attachments,
    client,
    grades,
    history,
    practice,
    problem,
    receipt,
    reports,
    sheet,
    solution,
)

PAGES: Final[tuple[PageRouter, ...]] = (
    account.router,
    api_reference.router,
    device.router,
    client.router,
    calendar.router,
    unsubscribe.router,
    mail.router,
    assignment.router,
    course.router,
    login.router,
    external_login.router,
    endpoints.router,
    launch.router,
    launch.cross_site_router,
    link.router,
    connect.router,
    deep_link.router,
    lti_course.router,
    platforms.router,
    registration.router,
    grades.router,
    docs.router,
    history.router,
    receipt.router,
    home.router,
    join.router,
    practice.router,
    reports.router,
    attachments.router,
    sheet.router,
    problem.router,
    new_assignment.router,
    assignment_actions.router,
    assignment_editor.router,
    problem_settings.router,
    course_analytics.router,
    regrade_run.router,
    regrades.router,
    results.router,
    wrong_answers.router,
    unopened.router,
    checker.router,
    gallery.router,
    preview.router,
    bank.router,
    gradebook.router,
    student_detail.router,
    overrides.router,
    exports.router,
    people.router,
    sections.router,
    roster.router,
    audit.router,
    users.router,
    marking.router,
    regrade_requests.router,
    review.router,
    rubric.router,
    solution.router,
    course_settings.router,
    course_files.router,
    extensions.router,
)
"""Routers of all pages, one for each area."""
