"""Students' requests to have an answer marked again."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query

from api.core.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    NotReleased,
    RateLimited,
    Unauthenticated,
)
from api.dependencies import ContextDep
from api.http.json_body import ApiRouter
from api.http.pagination import Cursor, Page, PageRequestDep
from api.http.problem_details import error_responses
from api.rate_limits.storage_budget import utf8_size
from api.routes.shared.error_responses import READ_ERRORS
from api.schemas.grading.regrade_requests import (
    DecisionIn,
    OwnRequest,
    RequestIn,
    RequestStatus,
    RequestView,
)
from api.services.outbox.announcements import announce_answered_request
from api.services.review.decisions import (
    build_regrade_request_cursor,
    decide_regrade_request,
    list_regrade_requests,
)
from api.services.review.requests import create_regrade_request, list_own_regrade_requests

router = ApiRouter(tags=["review"])


@router.post(
    "/submissions/{submission}/parts/{part}/request",
    status_code=201,
    responses=error_responses(
        *(Unauthenticated, Forbidden, NotReleased, NotFound),
        *(Conflict, "requests_closed", InvalidInput, RateLimited, "storage_budget"),
    ),
)
def request_regrade(
    submission: UUID, part: str, body: RequestIn, context: ContextDep
) -> OwnRequest:
    """Request a regrade of your answer to a part, with a reason."""
    with context.transaction() as session:
        caller = context.authenticate(session)
        context.service.storage.check(caller.id)
        request = create_regrade_request(
            session, caller, submission, part, body.text, now=context.now
        )
    context.service.storage.add(caller.id, utf8_size(body.text))
    return request


@router.get("/me/requests", responses=error_responses(Unauthenticated, Forbidden))
def get_my_requests(context: ContextDep, page_request: PageRequestDep) -> Page[OwnRequest]:
    """Return your regrade requests in all courses with their replies, newest first."""
    after = page_request.parse_cursor("created", datetime)
    with context.reading() as session:
        requests = list_own_regrade_requests(
            session,
            context.authenticate(session),
            after=after,
            limit=page_request.limit + 1,
            now=context.now,
        )
    return page_request.build_page(
        requests,
        cursor_of=lambda item: Cursor("created", item.created_at, item.id),
        serialize_row=lambda item: item,
    )


@router.get("/assignments/{assignment}/requests", responses=READ_ERRORS)
def get_requests(
    assignment: UUID,
    context: ContextDep,
    page_request: PageRequestDep,
    status: Annotated[RequestStatus | None, Query(description="only these")] = None,
) -> Page[RequestView]:
    """Return the regrade requests of an assignment, open ones first."""
    after = page_request.parse_cursor("requests", int)
    with context.reading() as session:
        member, assignment_row = context.authorize_assignment(
            session, assignment, right="see_submissions"
        )
        requests = list_regrade_requests(
            session,
            member,
            assignment_row,
            status=status,
            after=after,
            limit=page_request.limit + 1,
        )
    return page_request.build_page(
        requests, cursor_of=build_regrade_request_cursor, serialize_row=lambda item: item
    )


@router.post(
    "/requests/{request}/answer",
    responses=error_responses(
        Unauthenticated, Forbidden, NotFound, Conflict, "claimed", InvalidInput
    ),
)
def answer_request(request: UUID, body: DecisionIn, context: ContextDep) -> RequestView:
    """Accept or decline a regrade request with a reply; accepting it can set a new mark."""
    with context.transaction() as session:
        view = decide_regrade_request(
            session,
            context.authenticate(session),
            request,
            body,
            variants=context.service.variants,
            now=context.now,
        )
        announce_answered_request(
            session, context.service.outbox, request, view.assignment, now=context.now
        )
        return view
