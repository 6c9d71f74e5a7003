"""Requests of students that an answer is marked again."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query

from api.core.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    NotReleased,
    RateLimited,
    Unauthenticated,
)
from api.dependencies import HereDep
from api.http.json_body import ApiRouter
from api.http.pagination import Cursor, Page, PageWindow
from api.http.problem_details import responses
from api.routes.shared.error_responses import SEES
from api.schemas.grading.regrade_requests import (
    DecisionIn,
    OwnRequest,
    RequestIn,
    RequestStatus,
    RequestView,
)
from api.services.rate_limits.storage_budget import text_bytes
from api.services.review.decisions import decide, request_cursor, requests_to
from api.services.review.requests import ask, own_requests

__all__ = ["router"]

router = ApiRouter(tags=["review"])


@router.post(
    "/submissions/{submission}/parts/{part}/request",
    status_code=201,
    responses=responses(
        *(Unauthenticated, Forbidden, NotReleased, NotFound),
        *(Conflict, "requests_closed", Invalid, RateLimited, "storage_budget"),
    ),
)
def request_regrade(submission: UUID, part: str, body: RequestIn, here: HereDep) -> OwnRequest:
    """Ask that your answer to a part is marked again, and say why."""
    with here.transaction() as session:
        caller = here.caller(session)
        here.service.storage.check(caller.id)
        request = ask(session, caller, submission, part, body.text, now=here.now)
    here.service.storage.add(caller.id, text_bytes(body.text))
    return request


@router.get("/me/requests", responses=responses(Unauthenticated, Forbidden))
def mine(here: HereDep, window: PageWindow) -> Page[OwnRequest]:
    """Return your requests in all courses with their answers, the last one first."""
    after = window.after("created", datetime)
    with here.reading() as session:
        found = own_requests(
            session, here.caller(session), after=after, limit=window.limit + 1, now=here.now
        )
    return window.page(
        found,
        end=lambda one: Cursor("created", one.created_at, one.id),
        show=lambda one: one,
    )


@router.get("/assignments/{assignment}/requests", responses=SEES)
def listed(
    assignment: UUID,
    here: HereDep,
    window: PageWindow,
    status: Annotated[RequestStatus | None, Query(description="only these")] = None,
) -> Page[RequestView]:
    """Return the requests in an assignment, the open ones first."""
    after = window.after("requests", int)
    with here.reading() as session:
        member, where = here.assignment(session, assignment, right="see_submissions")
        found = requests_to(
            session, member, where, status=status, after=after, limit=window.limit + 1
        )
    return window.page(found, end=request_cursor, show=lambda one: one)


@router.post(
    "/requests/{request}/answer",
    responses=responses(Unauthenticated, Forbidden, NotFound, Conflict, "claimed", Invalid),
)
def answer_request(request: UUID, body: DecisionIn, here: HereDep) -> RequestView:
    """Accept or decline a request, with a reply; an accepted one may bring a new mark."""
    with here.transaction() as session:
        return decide(
            session,
            here.caller(session),
            request,
            body,
            variants=here.service.variants,
            now=here.now,
        )
