"""Launch pages: a platform begins a launch, sends its message, and the browser goes on."""

from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import Query
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from api.core.errors import Forbidden, ServiceError, Unauthenticated
from api.db.models import LtiPlatform
from api.dependencies import RequestContext
from api.pages.forms.form import FormDep
from api.pages.lti.common import (
    consume_launch_step_limit,
    create_browser_secret,
    get_browser_secret,
    get_session_cookie,
    is_framed,
    may_be_framed,
    redirect,
    render_framed,
    render_launch_refusal,
    render_launch_refusal_in_frame,
    require_tool,
)
from api.pages.router import CrossSitePageRoute, PageDep, PageRouter
from api.services.lti.launches.entry import BrowserLogin, LaunchEntry, resolve_launch_entry
from api.services.lti.launches.frames import find_launch_origins, find_login_origins
from api.services.lti.launches.initiation import (
    LoginRequest,
    build_authorization_url,
    find_platform,
    start_launch,
)
from api.services.lti.launches.verification import (
    VerifiedLaunch,
    bind_launch_to_other_browser,
    consume_state,
    load_verified_launch,
    verify_launch,
)
from api.services.lti.platforms.configuration import ToolAddresses

router = PageRouter()
cross_site_router = PageRouter(CrossSitePageRoute)
MAX_PARAMETER_CHARACTERS: Final = 8_000
Parameter = Annotated[str, Query(max_length=MAX_PARAMETER_CHARACTERS)]
PARAMETERS: Final = (
    *("iss", "login_hint", "target_link_uri", "client_id", "lti_deployment_id"),
    "lti_message_hint",
)
NO_COOKIE: Final = (
    "Your browser did not send the cookie of this launch. Let it accept cookies of Grader, or open "
    "the link of the learning platform in a new tab."
)
NOT_SENT: Final = (
    "The learning platform did not send a message ({error}). Open the link there again."
)


def _begin_launch(context: RequestContext, values: dict[str, str]) -> Response:
    """Begin a launch: send the browser to the platform, or to a new tab if it is in a frame."""
    tool = require_tool(context)
    request = LoginRequest(*(values[name][:MAX_PARAMETER_CHARACTERS] for name in PARAMETERS))
    try:
        context.consume_action_limit("flow_address", context.client_address_key)
        with context.service.db.reading() as session:
            platform = find_platform(session, request, addresses=tool.addresses)
            session.expunge(platform)
        if is_framed(context) and not tool.addresses.is_deep_link(request.target):
            return _render_new_tab_form(request, platform, tool.addresses)
        secret = get_browser_secret(context) or create_browser_secret()
        with context.service.db.transaction() as session:
            state = start_launch(session, platform, secret, now=context.now)
    except ServiceError as error:
        return render_launch_refusal_in_frame(
            context, error, lambda session: find_login_origins(session, request)
        )
    url = build_authorization_url(platform, request, state, tool.addresses)
    return redirect(context, url, browser_secret=secret)


def _render_new_tab_form(
    request: LoginRequest, platform: LtiPlatform, addresses: ToolAddresses
) -> Response:
    """Return the page in a frame that begins a launch again, in a new tab or to choose links."""
    parameters = request.list_parameters()
    choice = parameters | {"target_link_uri": addresses.deep_link_url}
    variables = {
        "platform": platform,
        "url": f"/lti/login?{urlencode(parameters)}",
        "choice_url": f"/lti/login?{urlencode(choice)}",
    }
    return render_framed("lti/open.html", variables, origins=platform.origins)


@router.get("/lti/login")
def begin_launch_by_link(
    context: PageDep,
    iss: Parameter = "",
    login_hint: Parameter = "",
    target_link_uri: Parameter = "",
    client_id: Parameter = "",
    lti_deployment_id: Parameter = "",
    lti_message_hint: Parameter = "",
) -> Response:
    """Begin a launch that a platform requests by a link."""
    values = (iss, login_hint, target_link_uri, client_id, lti_deployment_id, lti_message_hint)
    return _begin_launch(context, dict(zip(PARAMETERS, values, strict=True)))


@cross_site_router.post("/lti/login")
def begin_launch_by_form(form: FormDep, context: PageDep) -> Response:
    """Begin a launch that a platform requests by a form."""
    return _begin_launch(context, {name: form.text(name) for name in PARAMETERS})


@cross_site_router.post("/lti/launch")
def receive_message(form: FormDep, context: PageDep) -> Response:
    """Verify the message of a platform, and go on in the browser that began the launch."""
    tool = require_tool(context)
    try:
        consume_launch_step_limit(context)
        launch_id, platform, state = consume_state(
            context.service.db, form.text("state"), now=context.now
        )
        if not form.has("id_token"):
            raise Forbidden(NOT_SENT.format(error=form.text("error")[:100] or "nothing was sent"))
        launch = verify_launch(
            context.service.db,
            tool,
            launch_id,
            platform,
            state,
            id_token=form.raw_text("id_token"),
            now=context.now,
        )
    except ServiceError as error:
        return render_launch_refusal_in_frame(
            context, error, lambda session: find_launch_origins(session, form.text("state"))
        )
    if launch.claims.deep_link is not None:
        return _show_link_choice_or_continue(context, launch)
    if may_be_framed(context):
        return render_continuation(launch)
    return RedirectResponse(f"/lti/enter?{urlencode({'token': launch.url_token})}", status_code=303)


def _show_link_choice_or_continue(context: RequestContext, launch: VerifiedLaunch) -> Response:
    """Redirect a teacher to the choice of links; in a new tab, account and course come first."""
    # Imported here: a service without LTI does not load these libraries.
    from api.services.lti.launches.content_selection import load_link_choice  # noqa: PLC0415

    try:
        with context.service.db.transaction() as session:
            choice = load_link_choice(session, launch.url_token, now=context.now)
    except ServiceError as error:
        return render_launch_refusal(error, origins=launch.platform.origins)
    if choice is None:
        return render_continuation(launch)
    return RedirectResponse(build_choice_path(launch.url_token), status_code=303)


def build_choice_path(token: str) -> str:
    """Return the path of the page on which a teacher chooses what links open."""
    return f"/lti/deep-link?{urlencode({'token': token})}"


def render_continuation(launch: VerifiedLaunch) -> Response:
    """Return the page that continues a launch in a new tab, where cookies are not blocked."""
    return render_framed(
        "lti/continue.html",
        {"launch": launch, "name": launch.claims.name or "the user of the platform"},
        origins=launch.platform.origins,
    )


@router.get("/lti/enter")
def continue_launch(context: PageDep, token: Parameter = "") -> Response:
    """Continue a launch in the browser that began it."""
    require_tool(context)
    try:
        consume_launch_step_limit(context)
        if not get_browser_secret(context):
            raise Forbidden(NO_COOKIE)
        return _continue_and_redirect(context, token, get_browser_secret(context))
    except ServiceError as error:
        return render_launch_refusal(error)


@router.post("/lti/enter")
def continue_launch_in_tab(form: FormDep, context: PageDep) -> Response:
    """Continue a launch in the new tab that its user opened."""
    require_tool(context)
    secret = create_browser_secret()
    try:
        consume_launch_step_limit(context)
        with context.service.db.transaction() as session:
            token = bind_launch_to_other_browser(
                session, form.text("token"), secret, now=context.now
            )
        return _continue_and_redirect(context, token, secret)
    except ServiceError as error:
        return render_launch_refusal(error)


def _continue_and_redirect(context: RequestContext, token: str, secret: str) -> Response:
    with context.service.db.transaction() as session:
        launch = load_verified_launch(session, token, secret, now=context.now)
        entry = resolve_launch_entry(
            session, launch, load_browser_login(context, session), now=context.now
        )
    return redirect_to_entry(context, entry, token, secret)


def load_browser_login(context: RequestContext, session: Session) -> BrowserLogin:
    """Return who is logged in to the browser of a request."""
    cookie = get_session_cookie(context)
    try:
        caller = context.authenticate(session) if cookie else None
    except (Unauthenticated, Forbidden):
        caller = None
    return BrowserLogin(caller, cookie)


def redirect_to_entry(
    context: RequestContext, entry: LaunchEntry, token: str, secret: str
) -> Response:
    """Redirect to the page that an entry leads to."""
    path, query = entry.path, urlencode({"token": token})
    if entry.needs_link:
        path = f"/lti/link?{query}"
    elif entry.needs_connection:
        path = f"/lti/connect?{query}"
    elif entry.chooses_links:
        path = build_choice_path(token)
    return redirect(context, path, browser_secret=secret, login=entry.new_session)
