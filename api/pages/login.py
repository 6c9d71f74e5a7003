"""Logging in and out, and the page to which an invitation leads."""

from collections.abc import Mapping
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import Query
from fastapi.responses import RedirectResponse, Response

from api.core.errors import FieldError, Invalid, ServiceError, Unauthenticated
from api.pages.forms.form import Form, FormDep, validated
from api.pages.layout.templating import respond
from api.pages.router import VIEW_AS, PageDep, PageRouter
from api.routes.accounts import login as api
from api.schemas.accounts.account import AcceptInviteIn, LoginIn

__all__ = ["KEPT", "LOGGED_OUT", "local", "router", "with_cookies"]

router = PageRouter()

KEPT: Final = "kept."
"""What the names of fields begin with that wait behind the log-in."""
LOGGED_OUT: Final = "/login?out=yes"
"""The log-in as it is after a log-out."""
REPEAT: Final = "The two passwords are not the same."


def local(address: str) -> str:
    """Return *address* where it is a path of this service, else that of the first page.

    >>> local("/account?x=1"), local("//example.org"), local("https://example.org/")
    ('/account?x=1', '/', '/')
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        return "/"
    plain = address.isascii() and address.isprintable() and "\\" not in address
    inside = not parts.scheme and not parts.netloc and parts.path.startswith("/")
    return address if plain and inside and not address.startswith("//") else "/"


@router.get("/login")
def login_page(
    next_: Annotated[str, Query(alias="next", max_length=2_000)] = "/",
    out: Annotated[str, Query(max_length=3)] = "",
) -> Response:
    """Return the log-in; it leads on to *next*, and says to who comes from a log-*out* so."""
    return _login_page(next_, is_out=bool(out))


def _login_page(
    next_: str,
    *,
    email: str = "",
    kept: Mapping[str, tuple[str, ...]] | None = None,
    error: ServiceError | None = None,
    is_out: bool = False,
) -> Response:
    said = error.detail if error else ""
    is_wrong = isinstance(error, (Invalid, Unauthenticated))
    context = {"next": local(next_), "said": said, "is_wrong": is_wrong, "email": email}
    context |= {"kept": kept or {}, "is_out": is_out}
    wait = error.retry_after if error else None
    headers = {} if wait is None else {"Retry-After": str(wait)}
    return respond("login.html", context, status=error.status if error else 200, headers=headers)


@router.post("/login")
def login(form: FormDep, here: PageDep) -> Response:
    """Log in and go on, with the form that waited for it."""
    kept, next_ = form.below(KEPT), local(form.text("next", "/"))
    response = Response()
    try:
        body = validated(LoginIn, {"email": form.text("email"), "password": form.exact("password")})
        api.login(body, here, response)
    except ServiceError as error:
        return _login_page(next_, email=form.text("email"), kept=kept, error=error)
    return _onwards(next_, kept, response)


def _onwards(next_: str, kept: Mapping[str, tuple[str, ...]], response: Response) -> Response:
    """Return the way on with the cookies of *response*; a form that waited is asked about."""
    if kept:
        return with_cookies(respond("resume.html", {"next": next_, "kept": kept}), response)
    return with_cookies(RedirectResponse(next_, status_code=303), response)


def with_cookies(response: Response, source: Response) -> Response:
    """Return *response* with the cookies that *source* sets."""
    for cookie in source.headers.getlist("Set-Cookie"):
        response.headers.append("Set-Cookie", cookie)
    return response


@router.post("/logout")
def logout(here: PageDep) -> Response:
    """Log out in this browser."""
    response = Response()
    try:
        api.logout(here, response)
    except Unauthenticated:
        return RedirectResponse(LOGGED_OUT, status_code=303)
    headers = {"Set-Cookie": response.headers["Set-Cookie"]}
    away = RedirectResponse(LOGGED_OUT, status_code=303, headers=headers)
    away.delete_cookie(VIEW_AS)
    return away


@router.get("/welcome")
def welcome_page() -> Response:
    """Return the page that sets a password by the secret of a link."""
    return respond("welcome.html", {"error": None, "secret": "", "asks_current": False})


@router.post("/welcome")
def welcome(form: FormDep, here: PageDep) -> Response:
    """Set the password and log in."""
    secret, response = form.text("secret").rpartition("#")[2], Response()
    typed = {"secret": secret, "password": form.exact("password")}
    if form.exact("current"):
        typed["current"] = form.exact("current")
    try:
        _same_twice(form)
        api.accept_invite(validated(AcceptInviteIn, typed), here, response)
    except ServiceError as error:
        context = {"error": error, "secret": secret}
        context["asks_current"] = form.has("current") or _is_about(error, "current")
        return respond("welcome.html", context, status=error.status)
    return _onwards("/", {}, response)


def _is_about(error: ServiceError, field: str) -> bool:
    return any(one.field == field for one in error.errors)


def _same_twice(form: Form) -> None:
    if form.exact("password") != form.exact("again"):
        raise Invalid(REPEAT, errors=(FieldError("again", "is not the same as the password"),))
