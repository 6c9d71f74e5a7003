"""Sheet of an assignment: all problems with the labels of their parts, to print or fill in."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from api.pages.layout.frame import Breadcrumb, render_page
from api.pages.layout.local_time import CourseClock
from api.pages.router import PageDep, PageRouter
from api.routes.student import report_templates as api
from api.services.reports.uploads.templates import TemplateForm

router = PageRouter()


@router.get("/assignments/{assignment}/sheet")
def sheet_page(assignment: UUID, context: PageDep) -> Response:
    """Return all problems of an assignment on one page, with the student's numbers."""
    title, sections = api.build_sheet(context, assignment)
    clock = CourseClock.for_request(context)
    return render_page(
        context,
        "student/sheet.html",
        title=title,
        crumbs=(
            Breadcrumb(clock.course.title, f"/courses/{clock.course.id}"),
            Breadcrumb(title, f"/assignments/{assignment}"),
        ),
        tab="assignments",
        assignment=assignment,
        sections=sections,
    )


@router.get("/assignments/{assignment}/report-template")
def template_page(
    assignment: UUID, context: PageDep, form: Annotated[TemplateForm, Query()] = "md"
) -> Response:
    """Return a template of a report to fill in."""
    return api.get_report_template(assignment, context, form)
