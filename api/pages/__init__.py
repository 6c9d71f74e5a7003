"""The pages: what the REST service answers, for people.

The address of a page is that of the API without its prefix, and a page calls the route of the API
in this process: so it can show nothing else, and asks for the same rights.
"""

from typing import Final

from api.pages import (
    account,
    assignment,
    assignment_editor,
    audit,
    bank,
    checker,
    course,
    course_figures,
    course_files,
    course_settings,
    entrance,
    exports,
    extensions,
    gradebook,
    grades,
    history,
    home,
    marking,
    overrides,
    people,
    practice,
    problem,
    problem_settings,
    regrade_requests,
    regrade_run,
    regrades,
    results,
    review,
    roster,
    rubric,
    solution,
    student_story,
    users,
    wrong_answers,
)
from api.pages.router import PageRouter

__all__ = ["PAGES"]

PAGES: Final[tuple[PageRouter, ...]] = (
    account.router,
    assignment.router,
    course.router,
    entrance.router,
    grades.router,
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
