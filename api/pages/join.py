"""Joining a course: the page of its link, and the switch and new link for instructors."""

from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import quote
from uuid import UUID

from fastapi import Query
from fastapi.responses import RedirectResponse, Response

from api.auth.principal import Principal
from api.core.errors import (
    InvalidInput,
    NotFound,
    ServiceError,
    Unauthenticated,
    truncate_echoed_input,
)
from api.dependencies import RequestContext
from api.http.etags import IfMatchVersions
from api.pages.forms.form import FormDep, PostedForm, validate_body
from api.pages.layout.frame import render_page
from api.pages.layout.login_ways import list_login_ways
from api.pages.layout.templating import build_retry_after_headers, render_response
from api.pages.login import check_repeated_password, copy_cookies
from api.pages.router import PageDep, PageRouter
from api.routes.courses import courses
from api.routes.courses import joining as api
from api.schemas.accounts.joining import JoinableCourse, JoinIn, NewAccountIn
from api.schemas.courses.courses import CoursePatch

router = PageRouter()
TITLE: Final = "Join a course"
EMPTY_FORM: Final = PostedForm()
SWITCHES: Final[Mapping[str, bool]] = {"on": True, "off": False}


@router.get("/join")
def join_page(context: PageDep, code: Annotated[str, Query(max_length=200)] = "") -> Response:
    """Return the form for a code; with a *code*, its course and the ways to join."""
    return _render_join(context, code)


def _find_caller(context: RequestContext) -> Principal | None:
    """Return the caller, None without a session."""
    try:
        with context.reading() as session:
            return context.authenticate(session)
    except Unauthenticated:
        return None


def _render_join(
    context: RequestContext,
    code: str,
    *,
    form: PostedForm = EMPTY_FORM,
    error: ServiceError | None = None,
    mailed_to: str = "",
) -> Response:
    caller, course = _find_caller(context), None
    if code:
        course, error = _find_course(context, code, error)
    variables: dict[str, Any] = {
        "code": code,
        "course": course,
        "caller": caller,
        "form": form,
        "error": error,
        "mailed_to": mailed_to,
        "has_password": list_login_ways(context.request.scope)["has_password"],
        "login_path": f"/login?next={quote(f'/join?code={code}', safe='')}",
    }
    status = error.status if error else 200
    if caller is None:
        response: Response = render_response(
            "join.html", {"title": TITLE, "layout": "plain.html", **variables}, status=status
        )
    else:
        response = render_page(
            context, "join.html", title=TITLE, status=status, layout="base.html", **variables
        )
    response.headers.update(build_retry_after_headers(error))
    return response


def _find_course(
    context: RequestContext, code: str, error: ServiceError | None
) -> tuple[JoinableCourse | None, ServiceError | None]:
    """Return the course of *code* and the *error* of the page; a code without a course is one."""
    try:
        return api.get_joinable_course(code, context), error
    except ServiceError as unknown:
        return None, error or unknown


@router.post("/join")
def join_course(form: FormDep, context: PageDep) -> Response:
    """Join a course with the account of the caller, or with a new one."""
    code, response = truncate_echoed_input(form.text("code")), Response()
    texts = form.non_empty_texts("code", "section")
    try:
        if form.text("act") != "account":
            joined = api.post_join(validate_body(JoinIn, texts), context)
        else:
            body = validate_body(NewAccountIn, texts | _read_new_account_fields(form))
            account = api.post_join_account(body, context, response)
            if account.mailed:
                return _render_join(context, code, mailed_to=body.email)
            joined = account
    except Unauthenticated:
        raise
    except ServiceError as error:
        known_code = "" if isinstance(error, NotFound) else code
        return _render_join(context, known_code, form=form, error=error)
    path = f"/courses/{joined.course}?saved=joined"
    return copy_cookies(RedirectResponse(path, status_code=303), response)


def _read_new_account_fields(form: PostedForm) -> dict[str, str]:
    """Return the fields of a new account; raise `InvalidInput` if the passwords differ."""
    account = {"name": form.text("name"), "email": form.text("email")}
    if form.has("password"):
        check_repeated_password(form)
        account["password"] = form.raw_text("password")
    return account


@router.post("/courses/{course}/joining")
def change_joining(course: UUID, form: FormDep, context: PageDep) -> Response:
    """Turn joining on or off, or replace the link and code."""
    act = form.text("act")
    if act in SWITCHES:
        _set_self_enrollment(course, context, is_on=SWITCHES[act])
        word = f"joining-{act}"
    elif act == "new":
        api.post_join_code(course, context)
        word = "join-code-replaced"
    else:
        raise InvalidInput.for_field("act", "must be on, off or new")
    return RedirectResponse(f"/courses/{course}/people?saved={word}#joining", status_code=303)


def _set_self_enrollment(course: UUID, context: RequestContext, *, is_on: bool) -> None:
    body, any_version = CoursePatch(self_enrollment=is_on), IfMatchVersions(None)
    courses.patch_course(course, body, context, any_version, Response())
