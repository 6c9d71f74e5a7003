"""Page on which a teacher connects a context to a course: one of theirs, or a copy of it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.core.errors import Forbidden, InvalidInput, ServiceError
from api.core.ids import parse_id
from api.db.models import Course, LtiContext
from api.dependencies import RequestContext
from api.pages.forms.form import FormDep, PostedForm, validate_body
from api.pages.layout.frame import render_page
from api.pages.lti.common import consume_launch_step_limit, render_launch_refusal, require_tool
from api.pages.lti.launch import build_choice_path
from api.pages.lti.link import bind_launch
from api.pages.router import PageDep, PageRouter
from api.pages.staff.courses.course_settings import build_copy_body
from api.schemas.courses.courses import CopyIn
from api.services.audit.change_context import ChangeContext
from api.services.courses.course_copy import copy_course
from api.services.courses.lifecycle import list_courses
from api.services.lti.launches.contexts import (
    connect_context,
    find_copied_course,
    store_context,
    store_resource_link,
)
from api.services.lti.launches.verification import START_AGAIN
from api.services.lti.protocol.claims import LaunchClaims
from api.services.lti.protocol.roles import map_roles

router = PageRouter()
CONNECT_PATH: Final = "/lti/connect"
Token = Annotated[str, Query(max_length=200)]
MAX_COURSES: Final = 200
COPY_FIELDS: Final = ("slug", "title", "shift_days")
NOT_INSTRUCTOR: Final = "Only an instructor of the learning platform connects a course."
NOTHING_TYPED: Final[Mapping[str, str]] = MappingProxyType({})


@router.get(CONNECT_PATH)
def show_connection_form(context: PageDep, token: Token = "") -> Response:
    """Return the page on which a teacher connects a context to a course."""
    require_tool(context)
    return _render_connection_form(context, token)


def _render_connection_form(
    context: RequestContext,
    token: str,
    *,
    typed: Mapping[str, str] = NOTHING_TYPED,
    error: ServiceError | None = None,
) -> Response:
    with context.service.db.reading() as session:
        caller = context.authenticate(session)
        try:
            launch = bind_launch(context, token).load(session, locks=False)
            claims = LaunchClaims(**launch.claims)
            _require_instructor(claims, launch.user_id, caller.id)
        except Forbidden as missing:
            return render_launch_refusal(missing)
        rows = list_courses(session, caller, archived=False, after=None, limit=MAX_COURSES)
        courses = [row[0] for row in rows if row[1] in {"instructor", "admin"}]
        original = _find_original_course(context, session, claims)
    suggested = {"title": claims.context_title, "slug": "", "shift_days": "364"}
    return render_page(
        context,
        "lti/connect.html",
        title="Connect a course",
        status=error.status if error else 200,
        courses=courses,
        original=original,
        copy={**suggested, **typed},
        claims=claims,
        token=token,
        error=error,
    )


def _find_original_course(
    context: RequestContext, session: Session, claims: LaunchClaims
) -> Course | None:
    """Return the course whose copy at the platform was launched, if the caller manages it."""
    course = find_copied_course(session, claims)
    try:
        if course is not None:
            context.authorize_course(session, course.id, right="manage_people")
    except ServiceError:
        return None
    return course


def _require_instructor(claims: LaunchClaims, user_id: UUID | None, caller_id: UUID) -> None:
    if user_id != caller_id:
        raise Forbidden(START_AGAIN)
    if map_roles(claims.roles) != "instructor":
        raise Forbidden(NOT_INSTRUCTOR)


@router.post(CONNECT_PATH)
def connect_course(form: FormDep, context: PageDep) -> Response:
    """Connect a context to a course of the teacher or a copy, and open what the launch is for."""
    require_tool(context)
    token = form.text("token")
    typed = {name: form.text(name) for name in COPY_FIELDS if form.has(name)}
    try:
        consume_launch_step_limit(context)
        path = _connect_chosen_course(context, form)
    except ServiceError as error:
        return _render_connection_form(context, token, typed=typed, error=error)
    return RedirectResponse(path, status_code=303)


def _connect_chosen_course(context: RequestContext, form: PostedForm) -> str:
    token, course = form.text("token"), parse_id(form.text("course"))
    if course is None:
        raise InvalidInput.for_field("course", "must be chosen")
    with context.transaction() as session:
        member = context.authorize_course(session, course, right="manage_people")
        launch = bind_launch(context, token).load(session)
        claims = LaunchClaims(**launch.claims)
        _require_instructor(claims, launch.user_id, member.caller.id)
        lti_context: LtiContext = store_context(session, launch, now=context.now)
        if form.has("copies"):
            member = _copy_course(context, session, member, form)
        connect_context(session, member, lti_context.id, now=context.now)
        if claims.deep_link is not None:
            return build_choice_path(token)
        assignment = store_resource_link(session, lti_context, claims, now=context.now)
        launch.expires_at = context.now
    if assignment is not None:
        return f"/assignments/{assignment.id}/results?{urlencode({'saved': 'course-connected'})}"
    return f"/courses/{member.course.id}/lti?{urlencode({'saved': 'course-connected'})}"


def _copy_course(
    context: RequestContext, session: Session, member: CourseMembership, form: PostedForm
) -> CourseMembership:
    """Copy the course of *member*, and return their membership in the copy."""
    member.require("manage_course", allow_archived=True)
    body = validate_body(
        CopyIn,
        build_copy_body({"zone": "", **{name: form.text(name) for name in COPY_FIELDS}}),
    )
    course = copy_course(session, ChangeContext.for_member(member, now=context.now), body)
    session.flush()
    return context.authorize_course(session, course.id, right="manage_people")
