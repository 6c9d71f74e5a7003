"""Gallery of problem templates: a new problem starts from a kind of answer and a title."""

from typing import Final
from uuid import UUID

from fastapi import Response

from api.pages.layout.frame import Breadcrumb, render_page
from api.pages.router import PageDep, PageRouter
from api.pages.staff.authoring.preview import authorize_author
from api.routes.courses import courses
from problems.templates import TEMPLATES

router = PageRouter()
GALLERY_PATH: Final = "/courses/{course}/problems/new"


@router.get(GALLERY_PATH)
def show_template_gallery(course: UUID, context: PageDep, to: UUID | None = None) -> Response:
    """Return the templates, from one of which the editor starts.

    *to* is the assignment that the new problem is for.
    """
    authorize_author(context, course)
    view = courses.get_course(course, context, Response())
    return render_page(
        context,
        "staff/problem_new.html",
        title="New problem",
        crumbs=[
            Breadcrumb(view.title, f"/courses/{course}"),
            Breadcrumb("Problems", f"/courses/{course}/problems"),
        ],
        tab="problems",
        course=view,
        templates=TEMPLATES,
        to=to,
    )
