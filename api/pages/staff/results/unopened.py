"""Pages of students: those who have not opened an assignment, and those who may need help."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import Query
from fastapi.responses import Response

from api.core.errors import InvalidInput
from api.core.ids import parse_id
from api.pages.layout.frame import Breadcrumb, render_page
from api.pages.router import PageDep, PageRouter, build_page_request
from api.pages.staff.common import build_query_string, course_crumbs
from api.pages.staff.results.results import load_staff_assignment
from api.routes.assignments import analytics
from api.routes.courses import people

router = PageRouter()

ROWS: Final = 80


@router.get("/assignments/{assignment}/unopened")
def show_unopened_students(
    assignment: UUID,
    context: PageDep,
    section: Annotated[str, Query(max_length=40)] = "",
    cursor: Annotated[str, Query(max_length=2_000)] = "",
) -> Response:
    """Return the students who have not opened an assignment, by family name."""
    section_id = parse_id(section) if section else None
    if section and section_id is None:
        raise InvalidInput("Name a section of this course.")
    student_page = analytics.get_unopened_students(
        assignment,
        context,
        build_page_request(context, limit=ROWS, cursor=cursor),
        section=section_id,
    )
    assignment_view = load_staff_assignment(assignment, context)
    next_query = {"section": section_id, "cursor": student_page.next}
    return render_page(
        context,
        "staff/unopened.html",
        title=f"{assignment_view.title} · not opened",
        crumbs=course_crumbs(
            context,
            Breadcrumb(f"{assignment_view.title} · results", f"/assignments/{assignment}/results"),
        ),
        tab="assignments",
        assignment=assignment_view,
        students=student_page,
        section=section_id,
        sections=people.get_sections(assignment_view.course, context).items,
        more=build_query_string(next_query) if student_page.next else "",
    )


@router.get("/courses/{course}/students-to-help")
def show_students_to_help(
    course: UUID, context: PageDep, section: Annotated[str, Query(max_length=40)] = ""
) -> Response:
    """Return the students of a course who may need help, with the rules of the list."""
    section_id = parse_id(section) if section else None
    if section and section_id is None:
        raise InvalidInput("Name a section of this course.")
    students = analytics.get_students_to_help(course, context, section_id)
    return render_page(
        context,
        "staff/students_to_help.html",
        title="Students who may need help",
        crumbs=course_crumbs(context),
        tab="assignments",
        course=course,
        students=students,
        section=section_id,
        sections=people.get_sections(course, context).items,
    )
