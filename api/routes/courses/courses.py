"""Courses: create, read, edit, copy and archive."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from api.core.errors import Conflict, Forbidden, InvalidInput, NotFound, Unauthenticated
from api.dependencies import ContextDep
from api.http.etags import IfMatch, format_etag
from api.http.json_body import ApiRouter
from api.http.pagination import Cursor, Page, PageRequestDep
from api.http.problem_details import error_responses
from api.routes.shared.edit_helpers import DryRun, lock_row, set_etag
from api.routes.shared.error_responses import CHANGE_ERRORS, EDIT_ERRORS, READ_ERRORS
from api.schemas.courses.courses import CopyIn, CourseChanged, CourseIn, CoursePatch, CourseView
from api.services.audit.change_context import ChangeContext
from api.services.courses import lifecycle
from api.services.courses.course_copy import copy_course

router = ApiRouter(tags=["courses"])


@router.get("/courses", response_model=Page[CourseView], responses=error_responses(Unauthenticated))
def get_courses(
    context: ContextDep,
    page_request: PageRequestDep,
    *,
    archived: Annotated[bool, Query(description="include archived courses")] = False,
) -> Page[CourseView]:
    """List your courses; administrators see all."""
    with context.reading() as session:
        rows = lifecycle.list_courses(
            session,
            context.authenticate(session),
            archived=archived,
            after=page_request.parse_cursor("slug", str),
            limit=page_request.limit,
        )
    return page_request.build_page(
        rows,
        cursor_of=lambda row: Cursor("slug", row[0].slug, row[0].id),
        serialize_row=lambda row: lifecycle.serialize_course(*row),
    )


@router.post(
    "/courses",
    status_code=201,
    response_model=CourseView,
    responses=error_responses(Unauthenticated, Forbidden, Conflict, InvalidInput),
)
def post_course(body: CourseIn, context: ContextDep, response: Response) -> CourseView:
    """Create a course. For administrators."""
    with context.transaction() as session:
        caller = context.authorize_site(session, right="create_courses")
        view = lifecycle.serialize_course(
            lifecycle.create_course(session, caller, body, now=context.now), "admin"
        )
    response.headers["Location"] = f"/api/v1/courses/{view.id}"
    response.headers["ETag"] = format_etag(view.version)
    return view


@router.get(
    "/courses/{course}",
    response_model=CourseView,
    responses=error_responses(Unauthenticated, NotFound),
)
def get_course(course: UUID, context: ContextDep, response: Response) -> CourseView:
    """Return a course and your role in it."""
    with context.reading() as session:
        member = context.authorize_course(session, course)
        view = lifecycle.serialize_course(member.course, member.role)
    response.headers["ETag"] = format_etag(view.version)
    return view


@router.patch(
    "/courses/{course}",
    response_model=CourseChanged,
    responses=EDIT_ERRORS,
)
def patch_course(
    course: UUID,
    body: CoursePatch,
    context: ContextDep,
    expected: IfMatch,
    response: Response,
    *,
    dry_run: DryRun = False,
) -> CourseChanged:
    """Change settings of a course. Try a new time zone with `dry_run` first."""
    with context.queue_recomputing_transaction("manage_course") as session:
        member = context.authorize_course(session, course, right="manage_course")
        act = ChangeContext.for_member(member, now=context.now, dry_run=dry_run)
        lock_row(session, act.course, expected)
        result = lifecycle.update_course(session, act, body)
    set_etag(response, act, result.course.version)
    return result


@router.post(
    "/courses/{course}/archive",
    response_model=CourseView,
    responses=READ_ERRORS,
)
def post_archive(course: UUID, context: ContextDep) -> CourseView:
    """Archive a course: lists leave it out, and everything is kept."""
    return _set_archived(course, context, is_archived=True)


@router.post(
    "/courses/{course}/restore",
    response_model=CourseView,
    responses=READ_ERRORS,
)
def post_restore(course: UUID, context: ContextDep) -> CourseView:
    """Restore an archived course."""
    return _set_archived(course, context, is_archived=False)


def _set_archived(course: UUID, context: ContextDep, *, is_archived: bool) -> CourseView:
    with context.transaction() as session:
        member = context.authorize_course(session, course)
        member.require("manage_course", allow_archived=True)
        lock_row(session, member.course)
        course_row = lifecycle.set_archived(
            session, member, is_archived=is_archived, now=context.now
        )
        return lifecycle.serialize_course(course_row, member.role)


@router.post(
    "/courses/{course}/copy",
    status_code=201,
    response_model=CourseView,
    responses=CHANGE_ERRORS,
)
def post_copy(course: UUID, body: CopyIn, context: ContextDep, response: Response) -> CourseView:
    """Copy the settings of a course and shift its dates, without people and their work.

    The copied assignments are not published. You become the instructor of the copy.
    """
    with context.transaction() as session:
        member = context.authorize_course(session, course)
        member.require("manage_course", allow_archived=True)
        new = copy_course(session, ChangeContext.for_member(member, now=context.now), body)
        view = lifecycle.serialize_course(new, member.role)
    response.headers["Location"] = f"/api/v1/courses/{view.id}"
    return view
