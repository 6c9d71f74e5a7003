"""Requests of students that an answer is marked again: read, accepted and declined."""

from collections.abc import Mapping
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Query, Response

from api.core.errors import ServiceError
from api.core.ids import read_id
from api.dependencies import Here
from api.http.pagination import MAX_CURSOR
from api.pages.forms.form import Form, FormDep, validated
from api.pages.forms.redisplay import REFUSALS, Typed
from api.pages.layout import flash
from api.pages.layout.frame import page
from api.pages.layout.grade_steps import Names
from api.pages.router import PageDep, PageRouter, window
from api.pages.staff.grading.review import way
from api.routes.grading import regrade_requests as api
from api.schemas.grading.regrade_requests import DecisionIn, RequestStatus

__all__ = ["router"]

router = PageRouter()
LABELS: Final = {"decision": "Decision", "reply": "Reply", "mark": "New credit"}
STATUSES: Final = ("open", "accepted", "declined")
ROWS: Final = 25
Cursor = Annotated[str | None, Query(max_length=MAX_CURSOR)]


@router.get("/assignments/{assignment}/requests")
def requests(
    assignment: UUID,
    here: PageDep,
    status: RequestStatus | None = None,
    cursor: Cursor = None,
    saved: flash.Saved = "",
) -> Response:
    """Return the requests in an assignment, the open ones first."""
    return _requests(assignment, here, status=status, cursor=cursor, done=flash.told(saved))


def _requests(
    assignment: UUID,
    here: Here,
    *,
    status: RequestStatus | None = None,
    cursor: str | None = None,
    done: str = "",
    at: UUID | None = None,
    typed: Mapping[str, str] | None = None,
    error: ServiceError | None = None,
) -> Response:
    """Return the list; *typed* stands in the form of the request *at*, with the *error* it met."""
    found = api.listed(assignment, here, window(here, limit=ROWS, cursor=cursor), status)
    one, crumbs = way(assignment, here, more=True)
    return page(
        here,
        "staff/regrade_requests.html",
        title="Requests",
        crumbs=crumbs,
        tab="assignments",
        status=error.status if error else 200,
        one=one,
        names=Names.of(one.problems),
        found=found.items,
        next=found.next,
        wanted=status,
        statuses=STATUSES,
        done=done,
        at=at,
        typed=Typed(typed or {}, error, LABELS),
        blank=Typed(),
    )


@router.post("/requests/{request}/answer")
def answer(request: UUID, form: FormDep, here: PageDep) -> Response:
    """Accept or decline a request."""
    try:
        told = api.answer_request(request, validated(DecisionIn, _values(form)), here)
    except REFUSALS as error:
        assignment = read_id(form.text("assignment"))
        if assignment is None:
            raise
        typed = {"reply": form.text("reply"), "mark": form.text("credit")}
        return _requests(assignment, here, at=request, typed=typed, error=error)
    return flash.onwards(f"/assignments/{told.assignment}/requests")


def _values(form: Form) -> dict[str, Any]:
    values: dict[str, Any] = {"decision": form.text("decision"), "reply": form.text("reply")}
    credit = form.text("credit")
    return values | ({"mark": {"credit": credit}} if credit else {})
