"""Pages of a first launch: link the user to an account, and connect the context to a course."""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query
from fastapi.responses import RedirectResponse, Response

from api.core.errors import Forbidden, InvalidInput, RateLimited, ServiceError
from api.core.ids import parse_id
from api.db.models import LtiContext
from api.dependencies import RequestContext
from api.pages.forms.form import FormDep
from api.pages.layout.frame import render_page
from api.pages.layout.templating import render_response, retry_headers
from api.pages.lti.common import count_step, get_browser_secret, render_refusal, require_tool
from api.pages.lti.launch import build_choice_path, load_browser_login, redirect_to_entry
from api.pages.router import PageDep, PageRouter
from api.services.accounts.login import LoginAttempt
from api.services.courses.lifecycle import list_courses
from api.services.lti.launches.contexts import connect_context, remember_context, remember_link
from api.services.lti.launches.entry import LaunchEntry
from api.services.lti.launches.linking import (
    BoundLaunch,
    create_and_enter,
    link_by_password,
    link_to_login,
    load_choices,
)
from api.services.lti.launches.verification import START_AGAIN
from api.services.lti.protocol.claims import LaunchClaims
from api.services.lti.protocol.roles import map_roles

router = PageRouter()
Token = Annotated[str, Query(max_length=200)]
MAX_COURSES = 200
NOT_INSTRUCTOR = "Only an instructor of the learning platform connects a course."


def _bind(context: RequestContext, token: str) -> BoundLaunch:
    return BoundLaunch(token, get_browser_secret(context), context.now)


@router.get("/lti/link")
def show_link_choices(context: PageDep, token: Token = "") -> Response:
    """Return the page on which an unknown user of a platform chooses their account."""
    require_tool(context)
    return _render_choices(context, token)


def _render_choices(
    context: RequestContext, token: str, *, email: str = "", error: ServiceError | None = None
) -> Response:
    try:
        with context.service.db.reading() as session:
            login = load_browser_login(context, session)
            choices = load_choices(session, _bind(context, token), login)
    except ServiceError as missing:
        return render_refusal(missing)
    return render_response(
        "lti/link.html",
        {
            "choices": choices,
            "token": token,
            "email": email,
            "error": error,
            "has_password": context.service.settings.local_login,
        },
        status=error.status if error else 200,
        headers=retry_headers(error),
    )


@router.post("/lti/link")
def link_account(form: FormDep, context: PageDep) -> Response:
    """Link the user to an account, and continue the launch."""
    require_tool(context)
    token = form.text("token")
    try:
        count_step(context)
    except RateLimited as error:
        return render_refusal(error)
    try:
        entry = _link(
            context, form.text("choice"), form.text("email"), form.raw_text("password"), token
        )
    except ServiceError as error:
        return _render_choices(context, token, email=form.text("email"), error=error)
    return redirect_to_entry(context, entry, token, get_browser_secret(context))


def _link(
    context: RequestContext, choice: str, email: str, password: str, token: str
) -> LaunchEntry:
    bound, db = _bind(context, token), context.service.db
    if choice == "password":
        with db.reading() as session:
            login = load_browser_login(context, session)
        attempt = LoginAttempt(
            email.lower(), context.client_address_key, context.now, password, context.device_secret
        )
        return link_by_password(
            db, bound, attempt, passwords=context.service.passwords, login=login
        )
    with db.transaction() as session:
        login = load_browser_login(context, session)
        if choice == "login":
            return link_to_login(session, bound, login)
        if choice == "new":
            return create_and_enter(session, bound, login)
    raise InvalidInput("Choose an account.")


@router.get("/lti/connect")
def show_connection_form(context: PageDep, token: Token = "") -> Response:
    """Return the page on which a teacher connects a context to a course."""
    require_tool(context)
    return _render_connection_form(context, token)


def _render_connection_form(
    context: RequestContext, token: str, *, error: ServiceError | None = None
) -> Response:
    with context.service.db.reading() as session:
        caller = context.authenticate(session)
        try:
            launch = _bind(context, token).load(session, locks=False)
            claims = LaunchClaims(**launch.claims)
            _require_instructor(claims, launch.user_id, caller.id)
        except Forbidden as missing:
            return render_refusal(missing)
        rows = list_courses(session, caller, archived=False, after=None, limit=MAX_COURSES)
        courses = [row[0] for row in rows if row[1] in {"instructor", "admin"}]
    return render_page(
        context,
        "lti/connect.html",
        title="Connect a course",
        status=error.status if error else 200,
        courses=courses,
        claims=claims,
        token=token,
        error=error,
    )


def _require_instructor(claims: LaunchClaims, user_id: UUID | None, caller_id: UUID) -> None:
    if user_id != caller_id:
        raise Forbidden(START_AGAIN)
    if map_roles(claims.roles) != "instructor":
        raise Forbidden(NOT_INSTRUCTOR)


@router.post("/lti/connect")
def connect_course(form: FormDep, context: PageDep) -> Response:
    """Connect a context to a course of the teacher, and open what the launch is for."""
    require_tool(context)
    token, course = form.text("token"), parse_id(form.text("course"))
    try:
        if course is None:
            raise InvalidInput.for_field("course", "must be chosen")
        path = _connect(context, token, course)
    except ServiceError as error:
        return _render_connection_form(context, token, error=error)
    return RedirectResponse(path, status_code=303)


def _connect(context: RequestContext, token: str, course: UUID) -> str:
    with context.transaction() as session:
        member = context.authorize_course(session, course, right="manage_people")
        launch = _bind(context, token).load(session)
        claims = LaunchClaims(**launch.claims)
        _require_instructor(claims, launch.user_id, member.caller.id)
        lti_context: LtiContext = remember_context(session, launch, now=context.now)
        connect_context(session, member, lti_context.id, now=context.now)
        if claims.deep_link is not None:
            return build_choice_path(token)
        assignment = remember_link(session, lti_context, claims, now=context.now)
        launch.expires_at = context.now
    if assignment is not None:
        return f"/assignments/{assignment.id}?{urlencode({'saved': 'course-connected'})}"
    return f"/courses/{course}/lti?{urlencode({'saved': 'course-connected'})}"
