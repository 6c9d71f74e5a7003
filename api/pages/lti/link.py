"""Page of a first launch: its user chooses the account that it opens from then on."""

from typing import Annotated

from fastapi import Query
from fastapi.responses import Response

from api.core.errors import InvalidInput, RateLimited, ServiceError
from api.dependencies import RequestContext
from api.pages.forms.form import FormDep
from api.pages.layout.templating import build_retry_after_headers, render_response
from api.pages.lti.common import (
    consume_launch_step_limit,
    get_browser_secret,
    render_launch_refusal,
    require_tool,
)
from api.pages.lti.launch import load_browser_login, redirect_to_entry
from api.pages.router import PageDep, PageRouter
from api.routes.accounts.login import require_password_login
from api.services.accounts.login import LoginAttempt
from api.services.lti.launches.entry import LaunchEntry
from api.services.lti.launches.linking import (
    BoundLaunch,
    create_account_and_enter,
    link_by_password,
    link_to_logged_in_account,
    load_account_choices,
)

router = PageRouter()
Token = Annotated[str, Query(max_length=200)]


def bind_launch(context: RequestContext, token: str) -> BoundLaunch:
    """Return the launch that *token* continues in the browser of a request."""
    return BoundLaunch(token, get_browser_secret(context), context.now)


@router.get("/lti/link")
def show_link_choices(context: PageDep, token: Token = "") -> Response:
    """Return the page on which an unknown user of a platform chooses their account."""
    require_tool(context)
    return _render_account_choices(context, token)


def _render_account_choices(
    context: RequestContext, token: str, *, email: str = "", error: ServiceError | None = None
) -> Response:
    try:
        with context.service.db.reading() as session:
            login = load_browser_login(context, session)
            choices = load_account_choices(session, bind_launch(context, token), login)
    except ServiceError as missing:
        return render_launch_refusal(missing)
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
        headers=build_retry_after_headers(error),
    )


@router.post("/lti/link")
def link_account(form: FormDep, context: PageDep) -> Response:
    """Link the user to an account, and continue the launch."""
    require_tool(context)
    token = form.text("token")
    try:
        consume_launch_step_limit(context)
    except RateLimited as error:
        return render_launch_refusal(error)
    try:
        entry = _link_chosen_account(
            context, form.text("choice"), form.text("email"), form.raw_text("password"), token
        )
    except ServiceError as error:
        return _render_account_choices(context, token, email=form.text("email"), error=error)
    return redirect_to_entry(context, entry, token, get_browser_secret(context))


def _link_chosen_account(
    context: RequestContext, choice: str, email: str, password: str, token: str
) -> LaunchEntry:
    bound, db = bind_launch(context, token), context.service.db
    if choice == "password":
        require_password_login(context)
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
            return link_to_logged_in_account(session, bound, login)
        if choice == "new":
            return create_account_and_enter(session, bound, login)
    raise InvalidInput("Choose an account.")
