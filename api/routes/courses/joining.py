"""Joining a course with its link or code: the code for instructors, and its use by students."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Response

from api.core.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    RateLimited,
    Unauthenticated,
)
from api.db.models import Course
from api.dependencies import AnonymousContextDep, ContextDep, RequestContext
from api.http.json_body import ApiRouter
from api.http.problem_details import error_responses
from api.routes.accounts.login import (
    refuse_cross_site,
    require_password_login,
    set_session_cookies,
)
from api.routes.shared.edit_helpers import lock_row
from api.routes.shared.error_responses import CHANGE_ERRORS, READ_ERRORS
from api.schemas.accounts.joining import (
    JoinableCourse,
    JoinedCourse,
    JoinIn,
    JoinLink,
    NewAccountIn,
    NewAccountOut,
)
from api.services.courses import joining
from api.services.courses.joining import NewAccountRequest

router = ApiRouter(tags=["people"])
JOINING_PATH = "/courses/{course}/joining"
CodeInPath = Annotated[str, Path(description="the code of a course")]


@router.get(JOINING_PATH, response_model=JoinLink, responses=READ_ERRORS)
def get_join_link(course: UUID, context: ContextDep) -> JoinLink:
    """Return the link and code for joining a course. `self_enrollment` turns them on and off."""
    with context.reading() as session:
        member = context.authorize_course(session, course, right="manage_people")
        return _serialize_join_link(member.course, context)


@router.post(f"{JOINING_PATH}/code", response_model=JoinLink, responses=CHANGE_ERRORS)
def post_join_code(course: UUID, context: ContextDep) -> JoinLink:
    """Create a new code; the old link and code stop working."""
    with context.transaction() as session:
        member = context.authorize_course(session, course, right="manage_people")
        lock_row(session, member.course)
        joining.replace_join_code(session, member, now=context.now)
        return _serialize_join_link(member.course, context)


@router.get(
    "/join/{code}",
    response_model=JoinableCourse,
    openapi_extra={"security": []},
    responses=error_responses(NotFound, RateLimited),
)
def get_joinable_course(code: CodeInPath, context: AnonymousContextDep) -> JoinableCourse:
    """Return the course of a code, with its sections."""
    course = _load_course(context, code)
    with context.service.db.reading() as session:
        return JoinableCourse(
            title=course.title,
            sections=joining.list_sections(session, course),
            confirms_email=context.service.outbox.is_enabled,
        )


@router.post(
    "/join",
    response_model=JoinedCourse,
    responses=error_responses(Unauthenticated, Forbidden, NotFound, InvalidInput, RateLimited),
)
def post_join(body: JoinIn, context: ContextDep) -> JoinedCourse:
    """Join a course as a student. Log in for this; a token cannot join a course."""
    with context.reading() as session:
        context.authenticate(session).require_login()
    course = _load_course(context, body.code)
    with context.transaction() as session:
        caller = context.authenticate(session)
        joining.join_course(session, caller, course, section=body.section, now=context.now)
    return JoinedCourse(course=course.id)


@router.post(
    "/join/account",
    status_code=201,
    response_model=NewAccountOut,
    openapi_extra={"security": []},
    responses=error_responses(Forbidden, NotFound, Conflict, InvalidInput, RateLimited),
)
def post_join_account(
    body: NewAccountIn, context: AnonymousContextDep, response: Response
) -> NewAccountOut:
    """Create an account that joins a course as a student, and log in.

    Where e-mail is set up, the response is the same for every address, and the owner of the address
    sets the password with a link that is sent there.
    """
    refuse_cross_site(context.request)
    require_password_login(context)
    course = _load_course(context, body.code)
    request = NewAccountRequest(
        context.client_address_key, context.now, str(context.request.state.request_id), body
    )
    new_session = joining.join_with_new_account(
        context.service.db,
        context.service.outbox,
        course,
        request,
        passwords=context.service.passwords,
    )
    if new_session is not None:
        set_session_cookies(new_session, context, response)
    return NewAccountOut(course=course.id, mailed=new_session is None)


def _load_course(context: RequestContext, code: str) -> Course:
    return joining.load_joinable_course(
        context.service.db, code, address=context.client_address_key, now=context.now
    )


def _serialize_join_link(course: Course, context: RequestContext) -> JoinLink:
    return joining.build_join_link(course, public_url=context.service.settings.public_url)
