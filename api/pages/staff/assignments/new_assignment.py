"""New assignment: an empty form for its settings."""

from uuid import UUID

from fastapi import Response

from api.dependencies import RequestContext
from api.pages.forms.form import FormDep, validate_body
from api.pages.forms.redisplay import FORM_ERRORS, BoundForm
from api.pages.layout import flash
from api.pages.layout.frame import Breadcrumb, render_page
from api.pages.router import PageDep, PageRouter
from api.pages.staff.assignments.assignment_form import (
    LABELS,
    NEW_ASSIGNMENT_TEXTS,
    build_form_context,
    read_posted_texts,
    texts_to_assignment,
)
from api.routes.assignments import assignments as api
from api.routes.courses import courses
from api.schemas.assignments.assignments import AssignmentIn

router = PageRouter()


@router.get("/courses/{course}/assignments/new")
def show_new_assignment(course: UUID, context: PageDep) -> Response:
    """Return the form for a new assignment."""
    return _render_new_assignment(course, context, BoundForm(NEW_ASSIGNMENT_TEXTS, labels=LABELS))


def _render_new_assignment(course: UUID, context: RequestContext, typed: BoundForm) -> Response:
    with context.reading() as session:
        context.authorize_course(session, course, right="manage_assignments")
    view = courses.get_course(course, context, Response())
    return render_page(
        context,
        "staff/assignment_new.html",
        title="New assignment",
        crumbs=[Breadcrumb(view.title, f"/courses/{course}")],
        tab="assignments",
        status=typed.status,
        course=view,
        **build_form_context(typed, view),
    )


@router.post("/courses/{course}/assignments/new")
def create_assignment(course: UUID, form: FormDep, context: PageDep) -> Response:
    """Create an assignment and redirect to the choice of its problems."""
    typed = read_posted_texts(form)
    try:
        body = validate_body(AssignmentIn, texts_to_assignment(typed))
        created = api.post_assignment(course, body, context, Response())
    except FORM_ERRORS as error:
        return _render_new_assignment(course, context, BoundForm(typed, error, LABELS))
    return flash.redirect_with_flash(
        f"/courses/{course}/problems?to={created.id}", word="assignment-created"
    )
