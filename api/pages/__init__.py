"""Pages: the REST resources as HTML, for people.

The address of a page is that of the API without its prefix, and a page calls the route of the API
in this process: so it can show nothing else, and asks for the same rights.
"""

from typing import Final

from api.pages import account, course, entrance, guides, home
from api.pages.router import PageRouter
from api.pages.staff import (
    assignment_editor,
    audit,
    bank,
    checker,
    course_figures,
    course_files,
    course_settings,
    exports,
    extensions,
    gradebook,
    marking,
    overrides,
    people,
    problem_settings,
    regrade_requests,
    regrade_run,
    regrades,
    results,
    review,
    roster,
    rubric,
    sections,
    student_story,
    users,
    wrong_answers,
)
from api.pages.student import (
    assignment,
    grades,
    history,
    practice,
    problem,
    solution,
)

__all__ = ["PAGES"]

PAGES: Final[tuple[PageRouter, ...]] = (
    account.router,
    assignment.router,
    course.router,
    entrance.router,
    grades.router,
    guides.router,
    history.router,
    home.router,
    practice.router,
    problem.router,
    assignment_editor.router,
    problem_settings.router,
    course_figures.router,
    regrade_run.router,
    regrades.router,
    results.router,
    wrong_answers.router,
    checker.router,
    bank.router,
    gradebook.router,
    student_story.router,
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
"""All pages, one router an area."""
