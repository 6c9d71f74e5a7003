"""Logging in and out, and links by which somebody sets a password."""

from fastapi import Request, Response

from api.auth.sessions import DEVICE_LIFETIME, cookie_for, device_cookie_for, foreign_request
from api.core.errors import Forbidden, Gone, Invalid, NotFound, RateLimited, Unauthenticated
from api.dependencies import HereDep, HereUnasked
from api.http.json_body import ApiRouter
from api.http.problem_details import responses
from api.schemas.accounts.account import AcceptInviteIn, LoginIn, LoginOut
from api.services.accounts import sessions
from api.services.accounts.acceptance import Acceptance, accept
from api.services.accounts.login import Attempt, log_in
from api.services.accounts.sessions import Begun

__all__ = ["logged_in", "router"]

router = ApiRouter(tags=["account"])


@router.post(
    "/login",
    response_model=LoginOut,
    openapi_extra={"security": []},
    responses=responses(Unauthenticated, Forbidden, Invalid, RateLimited),
)
def login(body: LoginIn, here: HereUnasked, response: Response) -> LoginOut:
    """Log in by e-mail and password; the session comes as a cookie.

    Too many wrong tries in a minute make the next one wait, longer each time: `Retry-After` says
    how long.
    """
    _refuse_foreign(here.request)
    cookie = cookie_for(here.service.settings.public_url)
    begun = log_in(
        here.service.db,
        Attempt(body.email, here.address, here.now, body.password, here.device),
        passwords=here.service.passwords,
        before=here.request.cookies.get(cookie.name, ""),
    )
    return logged_in(begun, here, response)


@router.post("/logout", status_code=204, responses=responses(Unauthenticated, Forbidden))
def logout(here: HereDep, response: Response) -> None:
    """End the session of the cookie."""
    with here.transaction() as session:
        caller = here.caller(session)
        this = caller.need_login()
        sessions.settle(session, "logout", [caller.id], now=here.now, this=this)
    response.headers["Set-Cookie"] = cookie_for(here.service.settings.public_url).cleared()


@router.post(
    "/invites/accept",
    response_model=LoginOut,
    responses=responses(Forbidden, NotFound, Gone, Invalid, RateLimited),
)
def accept_invite(body: AcceptInviteIn, here: HereUnasked, response: Response) -> LoginOut:
    """Set a password by the secret of an invitation or a reset, and log in; it can be used once.

    Somebody who got a staff role elsewhere sends the password until now as `current`.
    """
    _refuse_foreign(here.request)
    acceptance = Acceptance(here.address, here.now, body.secret, body.password, body.current or "")
    begun = accept(here.service.db, acceptance, passwords=here.service.passwords)
    return logged_in(begun, here, response)


def logged_in(begun: Begun, here: HereDep, response: Response) -> LoginOut:
    """Put a session that has begun, and the device, into cookies of *response*."""
    address = here.service.settings.public_url
    if begun.device:
        cookie = device_cookie_for(address).header(begun.device, remaining=DEVICE_LIFETIME)
        response.headers.append("Set-Cookie", cookie)
    response.headers.append("Set-Cookie", cookie_for(address).header(begun.secret))
    return LoginOut(user=begun.user.id, name=begun.user.name, expires_at=begun.expires_at)


def _refuse_foreign(request: Request) -> None:
    """Raise `Forbidden` for another site's page; programs send none of the headers that tell."""
    if {"origin", "sec-fetch-site"} & set(request.headers):
        refusal = foreign_request(request.method, request.headers)
        if refusal:
            raise Forbidden(refusal)
