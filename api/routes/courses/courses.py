"""Courses: made, read, changed, copied and archived."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from api.core.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from api.dependencies import HereDep
from api.http.etags import IfMatch, etag
from api.http.json_body import ApiRouter
from api.http.pagination import Cursor, Page, PageWindow
from api.http.problem_details import responses
from api.routes.shared.editing import DryRun, tag, taken
from api.routes.shared.error_responses import CHANGES, EDITS, SEES
from api.schemas.courses.courses import CopyIn, CourseChanged, CourseIn, CoursePatch, CourseView
from api.services.audit.change_context import Act
from api.services.courses import lifecycle
from api.services.courses.copying import copy_course

__all__ = ["router"]

router = ApiRouter(tags=["courses"])


@router.get("/courses", response_model=Page[CourseView], responses=responses(Unauthenticated))
def get_courses(
    here: HereDep,
    window: PageWindow,
    *,
    archived: Annotated[bool, Query(description="those too that are archived")] = False,
) -> Page[CourseView]:
    """List the courses that one is in; an administrator sees all."""
    with here.reading() as session:
        rows = lifecycle.visible(
            session,
            here.caller(session),
            archived=archived,
            after=window.after("slug", str),
            limit=window.limit,
        )
    return window.page(
        rows,
        end=lambda row: Cursor("slug", row[0].slug, row[0].id),
        show=lambda row: lifecycle.view(*row),
    )


@router.post(
    "/courses",
    status_code=201,
    response_model=CourseView,
    responses=responses(Unauthenticated, Forbidden, Conflict, Invalid),
)
def post_course(body: CourseIn, here: HereDep, response: Response) -> CourseView:
    """Make a course; needs an administrator."""
    with here.transaction() as session:
        caller = here.site(session, right="create_courses")
        told = lifecycle.view(lifecycle.create(session, caller, body, now=here.now), "admin")
    response.headers["Location"] = f"/api/v1/courses/{told.id}"
    response.headers["ETag"] = etag(told.version)
    return told


@router.get(
    "/courses/{course}", response_model=CourseView, responses=responses(Unauthenticated, NotFound)
)
def get_course(course: UUID, here: HereDep, response: Response) -> CourseView:
    """Return a course, and what one is in it."""
    with here.reading() as session:
        member = here.member(session, course)
        told = lifecycle.view(member.course, member.role)
    response.headers["ETag"] = etag(told.version)
    return told


@router.patch(
    "/courses/{course}",
    response_model=CourseChanged,
    responses=EDITS,
)
def patch_course(
    course: UUID,
    body: CoursePatch,
    here: HereDep,
    expected: IfMatch,
    response: Response,
    *,
    dry_run: DryRun = False,
) -> CourseChanged:
    """Change settings of a course; try another zone with `dry_run` first."""
    with here.recomputing("manage_course") as session:
        member = here.member(session, course, right="manage_course")
        act = Act.of(member, now=here.now, dry_run=dry_run)
        taken(session, act.course, expected)
        told = lifecycle.change(session, act, body)
    tag(response, act, told.course.version)
    return told


@router.post(
    "/courses/{course}/archive",
    response_model=CourseView,
    responses=SEES,
)
def post_archive(course: UUID, here: HereDep) -> CourseView:
    """Archive a course: it is left out of lists, and all of it stays."""
    return _archived(course, here, is_archived=True)


@router.post(
    "/courses/{course}/restore",
    response_model=CourseView,
    responses=SEES,
)
def post_restore(course: UUID, here: HereDep) -> CourseView:
    """Bring a course back that was archived."""
    return _archived(course, here, is_archived=False)


def _archived(course: UUID, here: HereDep, *, is_archived: bool) -> CourseView:
    with here.transaction() as session:
        member = here.member(session, course)
        member.need("manage_course", archived=True)
        taken(session, member.course)
        done = lifecycle.archive(session, member, is_archived=is_archived, now=here.now)
        return lifecycle.view(done, member.role)


@router.post(
    "/courses/{course}/copy",
    status_code=201,
    response_model=CourseView,
    responses=CHANGES,
)
def post_copy(course: UUID, body: CopyIn, here: HereDep, response: Response) -> CourseView:
    """Copy what is set in a course to other times, without people and their work.

    Its assignments are not published yet; who copies it is its instructor.
    """
    with here.transaction() as session:
        member = here.member(session, course)
        member.need("manage_course", archived=True)
        new = copy_course(session, Act.of(member, now=here.now), body)
        told = lifecycle.view(new, member.role)
    response.headers["Location"] = f"/api/v1/courses/{told.id}"
    return told
