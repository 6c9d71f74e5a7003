"""Regrade requests by students: list, accept and decline."""

from collections.abc import Mapping
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Query, Response

from api.core.errors import InvalidInput, ServiceError
from api.core.ids import parse_id
from api.dependencies import RequestContext
from api.http.pagination import MAX_CURSOR_CHARACTERS
from api.pages.forms.form import FormDep, PostedForm, validate_body
from api.pages.forms.redisplay import FORM_ERRORS, BoundForm
from api.pages.layout import flash
from api.pages.layout.frame import render_page
from api.pages.layout.grade_steps import ProblemTitles
from api.pages.router import PageDep, PageRouter, build_page_request
from api.pages.staff.grading.review import load_assignment_and_crumbs
from api.routes.grading import regrade_requests as api
from api.schemas.grading.regrade_requests import DecisionIn, RequestStatus

router = PageRouter()
LABELS: Final = {"decision": "Decision", "reply": "Reply", "mark": "New credit"}
KEEP_GRADE: Final = "accepted with the same grade"
"""Value of the button that accepts a request without a new credit."""
CREDIT_MISSING: Final = "must not be empty, unless the grade stays"
STATUSES: Final = ("open", "accepted", "declined")
ROWS: Final = 25
Cursor = Annotated[str | None, Query(max_length=MAX_CURSOR_CHARACTERS)]


@router.get("/assignments/{assignment}/requests")
def show_regrade_requests(
    assignment: UUID,
    context: PageDep,
    status: RequestStatus | None = None,
    cursor: Cursor = None,
    saved: flash.SavedQuery = "",
) -> Response:
    """Return the regrade requests of an assignment, open ones first."""
    return _render_regrade_requests(
        assignment, context, status=status, cursor=cursor, message=flash.flash_message(saved)
    )


def _render_regrade_requests(
    assignment: UUID,
    context: RequestContext,
    *,
    status: RequestStatus | None = None,
    cursor: str | None = None,
    message: str = "",
    request_id: UUID | None = None,
    typed: Mapping[str, str] | None = None,
    error: ServiceError | None = None,
) -> Response:
    """Return the list; *typed* and *error* belong to the form of the request *request_id*."""
    request_page = api.get_requests(
        assignment, context, build_page_request(context, limit=ROWS, cursor=cursor), status
    )
    assignment_view, crumbs = load_assignment_and_crumbs(
        assignment, context, with_review_crumb=True
    )
    return render_page(
        context,
        "staff/regrade_requests.html",
        title="Requests",
        crumbs=crumbs,
        tab="assignments",
        status=error.status if error else 200,
        assignment=assignment_view,
        names=ProblemTitles.from_problems(assignment_view.problems),
        requests=request_page.items,
        next=request_page.next,
        wanted=status,
        statuses=STATUSES,
        keep_grade=KEEP_GRADE,
        done=message,
        submitted=request_id,
        typed=BoundForm(typed or {}, error, LABELS),
        blank=BoundForm(),
    )


@router.post("/requests/{request}/answer")
def answer_request(request: UUID, form: FormDep, context: PageDep) -> Response:
    """Accept or decline a regrade request."""
    try:
        answered_request = api.answer_request(
            request, validate_body(DecisionIn, _parse_decision(form)), context
        )
    except FORM_ERRORS as error:
        assignment = parse_id(form.text("assignment"))
        if assignment is None:
            raise
        typed = {"reply": form.text("reply"), "mark": form.text("credit")}
        return _render_regrade_requests(
            assignment, context, request_id=request, typed=typed, error=error
        )
    return flash.redirect_with_flash(f"/assignments/{answered_request.assignment}/requests")


def _parse_decision(form: PostedForm) -> dict[str, Any]:
    """Return the decision; a request is accepted with a new credit, or with the same grade."""
    decision, credit = form.text("decision"), form.text("credit")
    if decision == "accepted" and not credit:
        raise InvalidInput.for_field("mark", CREDIT_MISSING)
    keeps_grade = decision == KEEP_GRADE
    values: dict[str, Any] = {
        "decision": "accepted" if keeps_grade else decision,
        "reply": form.text("reply"),
    }
    return values if keeps_grade or not credit else values | {"mark": {"credit": credit}}
