"""Login and invitation pages, and the page for a forgotten password."""

from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from fastapi import Query
from fastapi.responses import RedirectResponse, Response

from api.auth.proxied_sessions import OTHER_USER_MESSAGE
from api.core.errors import FieldError, InvalidInput, ServiceError, Unauthenticated
from api.dependencies import RequestContext
from api.pages.forms.form import FormDep, PostedForm, validate_body
from api.pages.layout.login_ways import list_login_ways
from api.pages.layout.templating import build_retry_after_headers, render_response
from api.pages.router import PageDep, PageRouter
from api.routes.accounts import login as api
from api.schemas.accounts.account import AcceptInviteIn, LoginIn, PasswordResetIn

router = PageRouter()

CARRIED_PREFIX: Final = "kept."
"""Prefix of the form fields that are carried through the login."""
LOGGED_OUT_PATH: Final = "/login?out=yes"
"""Path of the login page after a logout."""
PASSWORDS_DIFFER_MESSAGE: Final = "The two passwords are not the same."


def local_path_or_home(address: str) -> str:
    """Return *address* if it is a path of this service, and the home page otherwise.

    >>> local_path_or_home("/account?x=1"), local_path_or_home("//example.org"), local_path_or_home("https://example.org/")
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
    context: PageDep,
    next_: Annotated[str, Query(alias="next", max_length=2_000)] = "/",
    out: Annotated[str, Query(max_length=3)] = "",
    other_user: Annotated[str, Query(max_length=3)] = "",
) -> Response:
    """Return the login form, which continues to *next_*; *out* confirms a logout.

    *other_user* explains that the trusted proxy names another user than the session.
    """
    message = OTHER_USER_MESSAGE if other_user else ""
    return render_login(context, next_, message=message, is_out=bool(out))


def render_login(
    context: RequestContext,
    next_: str,
    *,
    email: str = "",
    carried_fields: Mapping[str, tuple[str, ...]] | None = None,
    error: ServiceError | None = None,
    message: str = "",
    is_out: bool = False,
) -> Response:
    """Return the login page with the ways to log in that are set up."""
    is_wrong = isinstance(error, (InvalidInput, Unauthenticated))
    variables: dict[str, Any] = {
        "next": local_path_or_home(next_),
        "message": error.detail if error else message,
        "is_wrong": is_wrong,
        "email": email,
    }
    variables |= list_login_ways(context.request.scope)
    variables |= {"carried_fields": carried_fields or {}, "is_out": is_out}
    return render_response(
        "login.html",
        variables,
        status=error.status if error else 200,
        headers=build_retry_after_headers(error),
    )


@router.post("/login")
def submit_login(form: FormDep, context: PageDep) -> Response:
    """Log in and continue to the next page, with the carried form, if any."""
    carried_fields, next_ = (
        form.with_prefix(CARRIED_PREFIX),
        local_path_or_home(form.text("next", "/")),
    )
    response = Response()
    try:
        body = validate_body(
            LoginIn, {"email": form.text("email"), "password": form.raw_text("password")}
        )
        api.login(body, context, response)
    except ServiceError as error:
        return render_login(
            context, next_, email=form.text("email"), carried_fields=carried_fields, error=error
        )
    return _continue_after_login(next_, carried_fields, response)


def _continue_after_login(
    next_: str, carried_fields: Mapping[str, tuple[str, ...]], response: Response
) -> Response:
    """Redirect to *next_* with the cookies of *response*.

    If there is a carried form, ask whether to send it instead.
    """
    if carried_fields:
        return copy_cookies(
            render_response("resume.html", {"next": next_, "carried_fields": carried_fields}),
            response,
        )
    return copy_cookies(RedirectResponse(next_, status_code=303), response)


def copy_cookies(response: Response, source: Response) -> Response:
    """Add the cookies that *source* sets to *response*, and return it."""
    for cookie in source.headers.getlist("Set-Cookie"):
        response.headers.append("Set-Cookie", cookie)
    return response


@router.get("/forgot")
def forgotten_password_page(context: PageDep) -> Response:
    """Return the form that asks for a link to set another password."""
    return _render_forgotten_password(context)


def _render_forgotten_password(
    context: RequestContext,
    *,
    email: str = "",
    error: ServiceError | None = None,
    is_sent: bool = False,
) -> Response:
    variables = {
        "has_mail": list_login_ways(context.request.scope)["has_mail"],
        "email": email,
        "error": error,
        "is_sent": is_sent,
    }
    return render_response(
        "forgot.html",
        variables,
        status=error.status if error else 200,
        headers=build_retry_after_headers(error),
    )


@router.post("/forgot")
def request_reset_link(form: FormDep, context: PageDep) -> Response:
    """Send a link, and return a page that is the same for every e-mail address."""
    email = form.text("email")
    try:
        api.post_password_reset(validate_body(PasswordResetIn, {"email": email}), context)
    except ServiceError as error:
        return _render_forgotten_password(context, email=email, error=error)
    return _render_forgotten_password(context, email=email, is_sent=True)


@router.get("/welcome")
def invitation_page() -> Response:
    """Return the page that sets a password with the secret of a link."""
    return render_response("welcome.html", {"error": None, "secret": "", "asks_current": False})


@router.post("/welcome")
def accept_invitation(form: FormDep, context: PageDep) -> Response:
    """Set the password and log in."""
    secret, response = form.text("secret").rpartition("#")[2], Response()
    typed = {"secret": secret, "password": form.raw_text("password")}
    if form.raw_text("current"):
        typed["current"] = form.raw_text("current")
    try:
        check_repeated_password(form)
        api.accept_invite(validate_body(AcceptInviteIn, typed), context, response)
    except ServiceError as error:
        variables = {"error": error, "secret": secret}
        variables["asks_current"] = form.has("current") or any(
            one.field == "current" for one in error.errors
        )
        return render_response("welcome.html", variables, status=error.status)
    return _continue_after_login("/", {}, response)


def check_repeated_password(form: PostedForm) -> None:
    """Raise `InvalidInput` unless the form has the same password twice."""
    if form.raw_text("password") != form.raw_text("again"):
        raise InvalidInput(
            PASSWORDS_DIFFER_MESSAGE,
            errors=(FieldError("again", "is not the same as the password"),),
        )
