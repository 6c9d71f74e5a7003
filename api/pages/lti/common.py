"""Helpers of the LTI pages: the tool, frames of platforms, and the cookie of launches."""

import secrets
from collections.abc import Callable, Collection
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from api.auth.sessions import SessionCookie, build_session_cookie
from api.core.errors import NotFound, RateLimited, ServiceError
from api.dependencies import RequestContext
from api.pages.layout.templating import CSP, build_retry_after_headers, render_response
from api.pages.login import copy_cookies
from api.routes.accounts.login import set_session_cookies
from api.services.accounts.sessions import NewSession
from api.services.lti.launches.frames import find_registered_origin
from api.services.lti.protocol.addresses import get_origin, is_https_url

if TYPE_CHECKING:
    from api.services.lti.tool import LtiTool

LTI_OFF: Final = "LTI is not set up for this service."
BROWSER_SECRET_BYTES: Final = 32
MAX_SECRET_CHARACTERS: Final = 100
COOKIE_LIFETIME: Final = timedelta(hours=1)
NO_FRAME: Final = "frame-ancestors 'none'"
OWN_FORMS: Final = "form-action 'self'"


def require_tool(context: RequestContext) -> "LtiTool":
    """Return the LTI tool; raise `NotFound` if LTI is off."""
    tool = context.service.lti
    if tool is None:
        raise NotFound(LTI_OFF)
    return tool


def consume_launch_step_limit(context: RequestContext) -> None:
    """Count a step of a launch before it writes; raise `RateLimited` over the limit."""
    context.consume_action_limit("flow_step_address", context.client_address_key)


def is_framed(context: RequestContext) -> bool:
    """Return whether the browser shows the page in a frame, where it may block our cookies."""
    return context.request.headers.get("sec-fetch-dest", "") in {"iframe", "frame"}


def may_be_framed(context: RequestContext) -> bool:
    """Return whether the browser shows the page in a frame, or is too old to tell."""
    headers = context.request.headers
    is_silent = not (headers.get("sec-fetch-dest") or headers.get("sec-fetch-site"))
    return is_silent or is_framed(context)


def build_launch_cookie(context: RequestContext) -> SessionCookie:
    """Return the cookie by which a browser is known to have begun a launch."""
    session = build_session_cookie(context.service.settings.public_url)
    return SessionCookie(f"{session.name}-lti", secure=session.secure)


def get_browser_secret(context: RequestContext) -> str:
    """Return the secret of the browser, "" if it has none."""
    value = context.request.cookies.get(build_launch_cookie(context).name, "")
    return value if len(value) <= MAX_SECRET_CHARACTERS else ""


def create_browser_secret() -> str:
    """Create an unguessable secret of a browser."""
    return secrets.token_urlsafe(BROWSER_SECRET_BYTES)


def get_session_cookie(context: RequestContext) -> str:
    """Return the session cookie of the browser, "" if it has none."""
    name = build_session_cookie(context.service.settings.public_url).name
    return context.request.cookies.get(name, "")


def redirect(
    context: RequestContext,
    path: str,
    *,
    browser_secret: str = "",
    login: NewSession | None = None,
) -> Response:
    """Redirect to *path* with the cookies of a launch and of a new session, if there are any."""
    cookies = Response()
    if browser_secret:
        header = build_launch_cookie(context).to_header(browser_secret, remaining=COOKIE_LIFETIME)
        cookies.headers.append("Set-Cookie", header)
    if login is not None:
        set_session_cookies(login, context, cookies)
    return copy_cookies(RedirectResponse(path, status_code=303), cookies)


def render_framed(
    template: str,
    variables: dict[str, Any],
    *,
    origins: Collection[str] = (),
    status: int = 200,
    form_origin: str = "",
    keeps_opener: bool = False,
) -> Response:
    """Render a page that the platform with these *origins* may show in a frame.

    Its form may go to *form_origin*, if that is given, and else to this service alone. With
    *keeps_opener* it may send messages to the window of the platform that opened it.
    """
    policy = CSP
    if origins:
        policy = policy.replace(NO_FRAME, f"frame-ancestors {' '.join(origins)}")
    if form_origin:
        # The platform may redirect the form to another of its addresses.
        targets = " ".join(dict.fromkeys((form_origin, *origins)))
        policy = policy.replace(OWN_FORMS, f"form-action {targets}")
    headers = {"Content-Security-Policy": policy}
    if keeps_opener:
        headers["Cross-Origin-Opener-Policy"] = "unsafe-none"
    return render_response(template, variables, status=status, headers=headers)


def render_launch_refusal_in_frame(
    context: RequestContext,
    error: ServiceError,
    find_origins: Callable[[Session], Collection[str]],
) -> Response:
    """Return the page that says why a launch in a frame is refused.

    The platform whose origins *find_origins* returns may show it. If there is none, the site that
    sent the request may, if it is an origin of a platform: the page lists no other platforms. A
    request above a limit reads no database.
    """
    if isinstance(error, RateLimited):
        return render_launch_refusal(error)
    with context.service.db.reading() as session:
        origins = find_origins(session) or find_registered_origin(
            session, _get_sender_origin(context)
        )
    return render_launch_refusal(error, origins=origins)


def _get_sender_origin(context: RequestContext) -> str:
    """Return the origin of the site that sent a request, "" if it is not known."""
    headers = context.request.headers
    for name in ("origin", "referer"):
        if is_https_url(headers.get(name)):
            return get_origin(headers[name])
    return ""


def render_launch_refusal(error: ServiceError, *, origins: Collection[str] = ()) -> Response:
    """Return the page that says why a launch is refused."""
    response = render_framed(
        "lti/refused.html", {"error": error}, origins=origins, status=error.status
    )
    response.headers.update(build_retry_after_headers(error))
    return response
