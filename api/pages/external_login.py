"""Login and logout pages for people whom a trusted proxy or an OpenID provider identifies."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final, Literal

from fastapi import Query
from fastapi.responses import RedirectResponse, Response

from api.auth.sessions import SessionCookie, build_session_cookie
from api.core.errors import Forbidden, NotFound, ServiceError, ServiceUnavailable, Unauthenticated
from api.dependencies import RequestContext
from api.pages.forms.form import FormDep
from api.pages.layout.templating import NO_HEADERS, build_retry_after_headers, render_response
from api.pages.login import LOGGED_OUT_PATH, copy_cookies, local_path_or_home, render_login
from api.pages.router import VIEW_AS_COOKIE, LogoutPageDep, PageDep, PageRouter
from api.routes.accounts.login import end_session_of_cookie, set_session_cookies
from api.services.accounts.sessions import NewSession
from api.services.external_login import flows
from api.services.external_login.flows import FLOW_LIFETIME, START_AGAIN, FlowSecret
from api.services.external_login.identities import AssertedIdentity, parse_email
from api.services.external_login.login import (
    LinkProof,
    link_account,
    load_awaiting_link,
    log_in_directly,
    log_in_or_await_link,
)
from api.services.external_login.provider_sessions import LOGOUT_RETURN_PATH, ProviderLogin

if TYPE_CHECKING:
    from api.services.external_login.oidc import OidcProvider

router = PageRouter()
Parameter = Annotated[str, Query(max_length=8_000)]

LINK_PATH: Final = "/login/link"
NOT_NAMED: Final = "The proxy in front of this service did not say who you are."


def build_pending_login_cookie(context: RequestContext) -> SessionCookie:
    """Return the cookie that holds the secret of a pending login."""
    session = build_session_cookie(context.service.settings.public_url)
    return SessionCookie(f"{session.name}-flow", secure=session.secure)


def _get_flow_secret(context: RequestContext) -> FlowSecret:
    text = context.request.cookies.get(build_pending_login_cookie(context).name, "")
    if not text:
        raise Forbidden(START_AGAIN)
    return FlowSecret(text)


def _get_previous_cookie(context: RequestContext) -> str:
    name = build_session_cookie(context.service.settings.public_url).name
    return context.request.cookies.get(name, "")


def _redirect_with_cookies(
    context: RequestContext, path: str, *, flow: FlowSecret | None, login: NewSession | None = None
) -> Response:
    """Redirect to *path* with the cookie of *flow* (None clears it) and those of a new session."""
    cookies, cookie = Response(), build_pending_login_cookie(context)
    value, remaining = ("", timedelta(0)) if flow is None else (flow.text, FLOW_LIFETIME)
    cookies.headers.append("Set-Cookie", cookie.to_header(value, remaining=remaining))
    if login is not None:
        set_session_cookies(login, context, cookies)
    return copy_cookies(RedirectResponse(path, status_code=303), cookies)


@router.post("/login/proxy")
def log_in_by_proxy(form: FormDep, context: PageDep) -> Response:
    """Log in the user whom a trusted proxy names in its header."""
    proxy = context.service.proxy_login
    if proxy is None:
        raise NotFound("This service does not log people in through a proxy.")
    next_path = local_path_or_home(form.text("next", "/"))
    try:
        user = proxy.find_user(context.request.scope)
        if user is None:
            raise Forbidden(NOT_NAMED)
        asserted = AssertedIdentity(proxy.issuer, user, parse_email(user), user)
        return _log_in_directly(context, asserted, next_path)
    except ServiceError as error:
        return render_login(context, next_path, error=error)


def _log_in_directly(
    context: RequestContext, asserted: AssertedIdentity, next_path: str
) -> Response:
    """Log in with an identity that needs no further answer."""
    context.consume_action_limit("flow_address", context.client_address_key)
    secret = FlowSecret.create()
    with context.service.db.transaction() as session:
        new_session = log_in_directly(
            session,
            secret,
            asserted,
            next_path=next_path,
            settings=context.service.settings,
            now=context.now,
            previous_cookie=_get_previous_cookie(context),
        )
    if new_session is None:
        return _redirect_with_cookies(context, LINK_PATH, flow=secret)
    return _redirect_with_cookies(context, next_path, flow=None, login=new_session)


@router.get("/login/oidc/{provider}")
def start_oidc_login(
    provider: str,
    context: PageDep,
    next_: Annotated[str, Query(alias="next", max_length=2_000)] = "/",
) -> Response:
    """Begin a login at a provider, and send the browser there."""
    oidc, next_path, secret = (
        _find_provider(context, provider),
        local_path_or_home(next_),
        FlowSecret.create(),
    )
    try:
        context.consume_action_limit("flow_address", context.client_address_key)
        url = oidc.build_authorization_url(secret)
        with context.service.db.transaction() as session:
            flows.store_login_flow(
                session, secret, provider=provider, next_path=next_path, now=context.now
            )
    except ServiceError as error:
        return render_login(context, next_path, error=error)
    return _redirect_with_cookies(context, url, flow=secret)


def _find_provider(context: RequestContext, provider: str) -> "OidcProvider":
    oidc = context.service.oidc_providers.get(provider)
    if oidc is None:
        raise NotFound("There is no such way to log in.")
    return oidc


@router.get("/login/oidc/{provider}/callback")
def finish_oidc_login(
    provider: str,
    context: PageDep,
    state: Parameter = "",
    code: Parameter = "",
    iss: Parameter | None = None,
    error: Parameter = "",
) -> Response:
    """Finish a login with the response of a provider."""
    oidc = _find_provider(context, provider)
    try:
        secret = _get_flow_secret(context)
        context.consume_action_limit("flow_step_address", context.client_address_key)
        with context.service.db.transaction() as session:
            flows.consume_state(session, secret, state, provider=provider, now=context.now)
        if error or not code:
            raise Forbidden(_explain_refusal(oidc.settings.name, error))
        asserted = oidc.fetch_identity(secret, code=code, issuer=iss, now=context.now)
        return _log_in_with_flow(context, secret, asserted)
    except ServiceError as refusal:
        return render_login(context, "/", error=refusal)


def _explain_refusal(name: str, error: str) -> str:
    """Return why nobody is logged in after a provider reported an *error*."""
    if error == "access_denied":
        return f"{name} did not log you in: it was canceled, or you may not use this service."
    return f"{name} did not log you in. Start again; if this continues, tell an administrator."


def _log_in_with_flow(
    context: RequestContext, secret: FlowSecret, asserted: AssertedIdentity
) -> Response:
    """Log in with the identity of a pending login, or ask for a link to an account."""
    with context.service.db.transaction() as session:
        flow = flows.lock_answered_flow(session, secret, now=context.now)
        next_path = local_path_or_home(flow.next_path)
        new_session = log_in_or_await_link(
            session,
            flow,
            asserted,
            settings=context.service.settings,
            now=context.now,
            previous_cookie=_get_previous_cookie(context),
        )
    if new_session is None:
        return _redirect_with_cookies(context, LINK_PATH, flow=secret)
    return _redirect_with_cookies(context, next_path, flow=None, login=new_session)


@router.get(LINK_PATH)
def show_link_form(context: PageDep) -> Response:
    """Return the page that shows both identities and asks for a proof."""
    return _render_link_form(context)


def _render_link_form(context: RequestContext, *, error: ServiceError | None = None) -> Response:
    try:
        secret = _get_flow_secret(context)
        with context.service.db.reading() as session:
            awaiting = load_awaiting_link(session, secret, now=context.now)
    except ServiceError as missing:
        return render_login(context, "/", error=missing)
    oidc = context.service.oidc_providers.get(awaiting.provider)
    provider = "the proxy" if oidc is None else oidc.settings.name
    return render_response(
        "login_link.html",
        {"awaiting": awaiting, "provider": provider, "error": error},
        status=error.status if error else 200,
        headers=build_retry_after_headers(error),
    )


@router.post(LINK_PATH)
def submit_link_form(form: FormDep, context: PageDep) -> Response:
    """Link the identity to the account, log in, and continue."""
    proof = LinkProof(
        context.client_address_key,
        context.device_secret,
        form.raw_text("password"),
        form.text("link").rpartition("#")[2],
    )
    try:
        context.consume_action_limit("flow_step_address", context.client_address_key)
        new_session, next_path = link_account(
            context.service.db,
            _get_flow_secret(context),
            proof,
            passwords=context.service.passwords,
            now=context.now,
            previous_cookie=_get_previous_cookie(context),
        )
    except ServiceError as error:
        return _render_link_form(context, error=error)
    return _redirect_with_cookies(
        context, local_path_or_home(next_path), flow=None, login=new_session
    )


@router.post("/logout")
def logout(context: LogoutPageDep) -> Response:
    """Log out in this browser, and offer the logout at the provider that began the session."""
    try:
        return end_login(context, "logout")
    except Unauthenticated:
        response = RedirectResponse(LOGGED_OUT_PATH, status_code=303)
        cookie = build_session_cookie(context.service.settings.public_url)
        response.headers.append("Set-Cookie", cookie.to_clearing_header())
        response.delete_cookie(VIEW_AS_COOKIE)
        return response


def end_login(context: RequestContext, event: Literal["logout", "logout_everywhere"]) -> Response:
    """Log out here or everywhere; raise `Unauthenticated` for somebody who is not logged in."""
    cookies = Response()
    login = end_session_of_cookie(context, cookies, event)
    cookies.delete_cookie(VIEW_AS_COOKIE)
    provider = context.service.oidc_providers.get(login.provider) if login else None
    if login is None or provider is None:
        return copy_cookies(RedirectResponse(LOGGED_OUT_PATH, status_code=303), cookies)
    return copy_cookies(_render_provider_logout(provider, login), cookies)


def _render_provider_logout(provider: "OidcProvider", login: ProviderLogin) -> Response:
    """Return the page that leads to the logout of a provider, or says that there is none.

    It is not a redirect: the CSP (``form-action``) allows a form to lead to this site only.
    """
    url, is_down = None, False
    try:
        url = provider.build_logout_url(login.id_token)
    except ServiceUnavailable:
        is_down = True
    goes_on = url is not None and provider.settings.logout == "always"
    return render_response(
        "logged_out.html",
        {"provider": provider.settings.name, "url": url, "is_down": is_down, "goes_on": goes_on},
        headers={"Refresh": f"0; url={url}"} if goes_on else NO_HEADERS,
    )


@router.get(LOGOUT_RETURN_PATH)
def return_from_provider_logout() -> Response:
    """Continue at the login page after the logout at a provider."""
    return RedirectResponse(LOGGED_OUT_PATH, status_code=303)
