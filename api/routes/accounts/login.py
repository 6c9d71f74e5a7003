"""Login and logout, and links for setting a password."""

from typing import Annotated, Final, Literal

from fastapi import Depends, Request, Response

from api.auth.sessions import (
    DEVICE_LIFETIME,
    build_device_cookie,
    build_session_cookie,
    explain_cross_site_refusal,
)
from api.core.errors import (
    Conflict,
    Forbidden,
    Gone,
    InvalidInput,
    NotFound,
    RateLimited,
    Unauthenticated,
)
from api.dependencies import AnonymousContextDep, ContextDep, RequestContext
from api.http.json_body import ApiRouter
from api.http.pipeline.authenticator import AuthenticatorDependency
from api.http.problem_details import error_responses
from api.schemas.accounts.account import AcceptInviteIn, LoginIn, LoginOut, PasswordResetIn
from api.services.accounts import sessions
from api.services.accounts.acceptance import LinkAcceptance, set_password_with_link
from api.services.accounts.links.password_reset import ResetRequest, request_password_reset
from api.services.accounts.login import LoginAttempt, log_in
from api.services.accounts.sessions import NewSession
from api.services.external_login.provider_sessions import ProviderLogin, take_provider_login

router = ApiRouter(tags=["account"])
PASSWORD_LOGIN_OFF: Final = (
    "Login by password is turned off. Use another way on the login page; it asks for an "  # noqa: S105  # not a secret
    "invitation link if it needs one."
)


class _LogoutContext(RequestContext):
    """Context of a logout: it ends a session also while a trusted proxy names another user."""

    checks_named_user = False


_LogoutContextDep = Annotated[RequestContext, Depends(AuthenticatorDependency(_LogoutContext))]


@router.post(
    "/login",
    response_model=LoginOut,
    openapi_extra={"security": []},
    responses=error_responses(Unauthenticated, Forbidden, InvalidInput, RateLimited),
)
def login(body: LoginIn, context: AnonymousContextDep, response: Response) -> LoginOut:
    """Log in with e-mail address and password; the response sets a session cookie.

    After too many wrong passwords in a minute, you must wait before the next try, longer each time.
    `Retry-After` states the seconds.
    """
    refuse_cross_site(context.request)
    require_password_login(context)
    cookie = build_session_cookie(context.service.settings.public_url)
    new_session = log_in(
        context.service.db,
        LoginAttempt(
            body.email,
            context.client_address_key,
            context.now,
            body.password,
            context.device_secret,
        ),
        passwords=context.service.passwords,
        previous_cookie=context.request.cookies.get(cookie.name, ""),
    )
    return set_session_cookies(new_session, context, response)


@router.post("/logout", status_code=204, responses=error_responses(Unauthenticated, Forbidden))
def logout(context: _LogoutContextDep, response: Response) -> None:
    """Log out: end the session of the cookie.

    A session at an OpenID provider continues.
    """
    end_session_of_cookie(context, response, "logout")


def end_session_of_cookie(
    context: ContextDep, response: Response, event: Literal["logout", "logout_everywhere"]
) -> ProviderLogin | None:
    """End the session of the cookie, and return the provider login that began it.

    Other sessions of the person end too if the *event* says so.
    """
    with context.transaction() as session:
        caller = context.authenticate(session)
        session_id = caller.require_login()
        sessions.end_sessions_and_tokens_for_event(
            session, event, [caller.id], now=context.now, current_session=session_id
        )
        login = take_provider_login(session, session_id)
    response.headers["Set-Cookie"] = build_session_cookie(
        context.service.settings.public_url
    ).to_clearing_header()
    return login


@router.post(
    "/invites/accept",
    response_model=LoginOut,
    responses=error_responses(Forbidden, NotFound, Gone, InvalidInput, RateLimited),
)
def accept_invite(
    body: AcceptInviteIn, context: AnonymousContextDep, response: Response
) -> LoginOut:
    """Set a password with the secret of an invitation or a reset link, and log in.

    A link works once. A person who was given a staff role in another course also sends the current
    password as `current`.
    """
    refuse_cross_site(context.request)
    require_password_login(context)
    acceptance = LinkAcceptance(
        context.client_address_key, context.now, body.secret, body.password, body.current or ""
    )
    new_session = set_password_with_link(
        context.service.db, acceptance, passwords=context.service.passwords
    )
    return set_session_cookies(new_session, context, response)


@router.post(
    "/password-reset",
    status_code=202,
    response_class=Response,
    openapi_extra={"security": []},
    responses=error_responses(Forbidden, Conflict, InvalidInput, RateLimited),
)
def post_password_reset(body: PasswordResetIn, context: AnonymousContextDep) -> Response:
    """Send a password reset link by e-mail if an account has this address.

    The response is the same if no account has it. The link works once and expires after a day;
    using it ends all sessions and tokens.
    """
    refuse_cross_site(context.request)
    require_password_login(context)
    request_password_reset(
        context.service.db,
        context.service.outbox,
        ResetRequest(body.email, context.client_address_key, context.now),
    )
    return Response(status_code=202)


def set_session_cookies(
    new_session: NewSession, context: ContextDep, response: Response
) -> LoginOut:
    """Set the cookies of a new session and device on *response*; return the login data."""
    public_url = context.service.settings.public_url
    if new_session.device:
        cookie = build_device_cookie(public_url).to_header(
            new_session.device, remaining=DEVICE_LIFETIME
        )
        response.headers.append("Set-Cookie", cookie)
    response.headers.append(
        "Set-Cookie", build_session_cookie(public_url).to_header(new_session.secret)
    )
    return LoginOut(
        user=new_session.user.id, name=new_session.user.name, expires_at=new_session.expires_at
    )


def require_password_login(context: ContextDep) -> None:
    """Raise `Forbidden` if the operator has turned the login by password off."""
    if not context.service.settings.local_login:
        raise Forbidden(PASSWORD_LOGIN_OFF)


def refuse_cross_site(request: Request) -> None:
    """Raise `Forbidden` for a request from another site's page.

    Programs send neither ``Origin`` nor ``Sec-Fetch-Site``, and are let through.
    """
    if {"origin", "sec-fetch-site"} & set(request.headers):
        refusal = explain_cross_site_refusal(request.method, request.headers)
        if refusal:
            raise Forbidden(refusal)
