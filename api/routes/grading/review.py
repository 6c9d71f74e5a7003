"""Marking queue, rubrics, and groups of equal answers."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from sqlalchemy.orm import Session

from api.auth.roles import Permission
from api.core.errors import (
    Forbidden,
    InvalidInput,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
)
from api.core.errors import Unauthenticated as Nobody
from api.dependencies import ContextDep, RequestContext
from api.http.etags import IfMatch, format_etag
from api.http.json_body import ApiRouter
from api.http.pagination import Cursor, Page, PageRequestDep
from api.http.problem_details import error_responses
from api.routes.shared.error_responses import INPUT_ERRORS, READ_ERRORS
from api.schemas.grading.marks import (
    GroupMarked,
    GroupView,
    MarkIn,
    RubricChange,
    RubricItemIn,
    RubricItemPatch,
    RubricItemView,
    RubricView,
)
from api.schemas.grading.regrade_requests import Readiness
from api.schemas.grading.review import NextAnswer, QueueLine, ReviewProgress
from api.services.review.marks.groups import (
    build_group_cursor,
    grade_answer_group,
    list_answer_groups,
)
from api.services.review.marks.marking_view import claim_next_item
from api.services.review.marks.rubric import load_rubric
from api.services.review.marks.rubric_updates import (
    RubricEdit,
    add_rubric_item,
    retire_rubric_item,
    update_rubric_item,
)
from api.services.review.queue import QueueFilter, filter_queue, load_queue, load_review_progress
from api.services.review.readiness import assess_release_readiness
from api.services.review.review_subjects import AssignedPart, find_part
from api.services.review.serializers import load_queue_lines

router = ApiRouter(tags=["review"])

PART_PATH = "/assignments/{assignment}/review/{problem}/{part}"
EDIT_ERRORS = error_responses(
    Nobody, Forbidden, NotFound, PreconditionFailed, InvalidInput, PreconditionRequired
)

DryRun = Annotated[bool, Query(description="only return the effect on grades; nothing is stored")]


def _authorize_part(
    context: RequestContext,
    session: Session,
    path_ids: tuple[UUID, str, str],
    *,
    right: Permission = "mark",
) -> AssignedPart:
    assignment, problem, part = path_ids
    return find_part(context.authorize_problem(session, assignment, problem, right=right), part)


@router.get("/assignments/{assignment}/review", responses=READ_ERRORS)
def get_review_progress(assignment: UUID, context: ContextDep) -> ReviewProgress:
    """Return the grading progress of each part that people grade."""
    with context.reading() as session:
        member, assignment_row = context.authorize_assignment(
            session, assignment, right="see_submissions"
        )
        return load_review_progress(session, member, assignment_row, now=context.now)


@router.get("/assignments/{assignment}/readiness", responses=READ_ERRORS)
def get_release_readiness(assignment: UUID, context: ContextDep) -> Readiness:
    """Return what must still be graded or answered before results are released."""
    with context.reading() as session:
        member, assignment_row = context.authorize_assignment(
            session, assignment, right="see_submissions"
        )
        return assess_release_readiness(session, member, assignment_row, now=context.now)


@router.get(PART_PATH, responses=READ_ERRORS)
def get_review_queue(
    assignment: UUID,
    problem: str,
    part: str,
    context: ContextDep,
    page_request: PageRequestDep,
    shows: Annotated[QueueFilter, Query(description="which answers of the queue to list")] = "all",
) -> Page[QueueLine]:
    """Return the queue of a part, in a random order that is the same for everybody."""
    after = page_request.parse_cursor("review", str)
    with context.reading() as session:
        review_part = _authorize_part(
            context, session, (assignment, problem, part), right="see_submissions"
        )
        user_id = review_part.assigned_problem.member.caller.id
        queued = load_queue(session, review_part, now=context.now)
        page_answers = filter_queue(
            queued, shows, caller_id=user_id, after=after, limit=page_request.limit + 1
        )
        rows = load_queue_lines(session, review_part, page_answers, now=context.now)
    return page_request.build_page(
        rows,
        cursor_of=lambda item: Cursor("review", item.rank, item.line.answer),
        serialize_row=lambda item: item.line,
    )


@router.post(f"{PART_PATH}/next", responses=READ_ERRORS)
def claim_next_answer(
    assignment: UUID, problem: str, part: str, context: ContextDep, response: Response
) -> NextAnswer:
    """Claim the next answer for 15 minutes and return it; an answer that you hold comes first."""
    with context.transaction() as session:
        review_part = _authorize_part(context, session, (assignment, problem, part))
        caller = review_part.assigned_problem.member.caller
        next_answer = claim_next_item(
            session, caller, review_part, variants=context.service.variants, now=context.now
        )
    if next_answer.item is not None:
        response.headers["ETag"] = format_etag(next_answer.item.version)
    return next_answer


@router.get(f"{PART_PATH}/rubric", responses=READ_ERRORS)
def get_rubric(assignment: UUID, problem: str, part: str, context: ContextDep) -> RubricView:
    """Return the rubric of a part: that of the problem until staff change it."""
    with context.reading() as session:
        review_part = _authorize_part(
            context, session, (assignment, problem, part), right="see_submissions"
        )
        return load_rubric(session, review_part, variants=context.service.variants)


@router.post(f"{PART_PATH}/rubric", status_code=201, responses=INPUT_ERRORS)
def post_rubric_item(
    assignment: UUID, problem: str, part: str, body: RubricItemIn, context: ContextDep
) -> RubricItemView:
    """Add an item to the rubric of a part."""
    with context.transaction() as session:
        review_part = _authorize_part(context, session, (assignment, problem, part))
        return add_rubric_item(session, _build_edit(context, review_part), body)


@router.patch(f"{PART_PATH}/rubric/{{item}}", responses=EDIT_ERRORS)
def patch_rubric_item(
    assignment: UUID,
    problem: str,
    part: str,
    item: UUID,
    body: RubricItemPatch,
    context: ContextDep,
    if_match: IfMatch,
    dry_run: DryRun = False,  # noqa: FBT002  # a parameter of the query
) -> RubricChange:
    """Change a rubric item and every mark that uses it."""
    with context.queue_recomputing_transaction("mark") as session:
        review_part = _authorize_part(context, session, (assignment, problem, part))
        edit = _build_edit(context, review_part, dry_run=dry_run)
        return update_rubric_item(session, edit, item, body, expected=if_match)


@router.delete(f"{PART_PATH}/rubric/{{item}}", responses=EDIT_ERRORS)
def delete_rubric_item(
    assignment: UUID,
    problem: str,
    part: str,
    item: UUID,
    context: ContextDep,
    if_match: IfMatch,
    dry_run: DryRun = False,  # noqa: FBT002  # a parameter of the query
) -> RubricChange:
    """Delete a rubric item and remove it from every mark."""
    with context.queue_recomputing_transaction("mark") as session:
        review_part = _authorize_part(context, session, (assignment, problem, part))
        edit = _build_edit(context, review_part, dry_run=dry_run)
        return retire_rubric_item(session, edit, item, expected=if_match)


def _build_edit(
    context: RequestContext, review_part: AssignedPart, *, dry_run: bool = False
) -> RubricEdit:
    return RubricEdit(review_part, context.service.variants, context.now, dry_run=dry_run)


@router.get(f"{PART_PATH}/groups", responses=READ_ERRORS)
def get_answer_groups(
    assignment: UUID,
    problem: str,
    part: str,
    context: ContextDep,
    page_request: PageRequestDep,
    least: Annotated[
        int, Query(ge=1, le=1_000, description="the smallest number of answers in a group")
    ] = 2,
) -> Page[GroupView]:
    """Return groups of identical answers to the same numbers, largest first."""
    after = page_request.parse_cursor("groups", str)
    with context.reading() as session:
        review_part = _authorize_part(
            context, session, (assignment, problem, part), right="see_submissions"
        )
        rows = list_answer_groups(
            session,
            review_part,
            min_size=least,
            after=after,
            limit=page_request.limit + 1,
            now=context.now,
        )
    return page_request.build_page(
        rows, cursor_of=build_group_cursor, serialize_row=lambda item: item
    )


@router.post(f"{PART_PATH}/groups/{{group}}/mark", responses=INPUT_ERRORS)
def post_group_mark(
    assignment: UUID, problem: str, part: str, group: UUID, body: MarkIn, context: ContextDep
) -> GroupMarked:
    """Grade all ungraded answers of a group, except those that others have claimed."""
    with context.queue_recomputing_transaction("mark") as session:
        review_part = _authorize_part(context, session, (assignment, problem, part))
        return grade_answer_group(
            session, review_part, group, body, variants=context.service.variants, now=context.now
        )
