"""Page on which a logged-in student confirms the login of a program."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import Query
from fastapi.responses import Response

from api.auth.user_codes import normalize_user_code
from api.core.errors import Forbidden, InvalidInput, NotFound, RateLimited, ServiceError
from api.dependencies import RequestContext
from api.pages.forms.form import FormDep
from api.pages.layout.frame import render_page
from api.pages.layout.templating import build_retry_after_headers
from api.pages.router import PageDep, PageRouter
from api.services.accounts import device_codes
from api.services.accounts.device_codes import PendingLogin

router = PageRouter()

TITLE: Final = "Log in a program"
CODE_FORM_MESSAGE: Final = "A code has eight letters, such as BDFK-XTRW: consonants only."
REFUSALS: Final = (Forbidden, InvalidInput, NotFound, RateLimited)
"""Errors that the page explains above the form."""
DECISIONS: Final = {"allow": True, "refuse": False}


@router.get("/device")
def device_page(context: PageDep, code: Annotated[str, Query(max_length=40)] = "") -> Response:
    """Return the form for the code of a program; with a *code*, the program that asks."""
    caller_id = _require_login(context)
    if not code:
        return _render_device(context)
    try:
        _validate_code_and_consume_limit(context, caller_id, code)
        with context.reading() as session:
            pending = device_codes.load_pending_login(
                session, context.authenticate(session), code, now=context.now
            )
    except REFUSALS as error:
        return _render_device(context, typed=code, error=error)
    return _render_device(context, typed=normalize_user_code(code), pending=pending)


def _require_login(context: RequestContext) -> UUID:
    """Return the id of the caller, who must have a session; a token confirms no other token."""
    with context.reading() as session:
        caller = context.authenticate(session)
        caller.require_login()
    return caller.id


def _validate_code_and_consume_limit(context: RequestContext, caller_id: UUID, code: str) -> None:
    """Count a code that the caller entered; raise `InvalidInput` if it cannot be one."""
    if not normalize_user_code(code):
        raise InvalidInput.for_field("code", "has eight letters, such as BDFK-XTRW")
    context.consume_action_limit("code_person", str(caller_id))


@router.post("/device")
def decide_login(form: FormDep, context: PageDep) -> Response:
    """Confirm or refuse the login of a program."""
    caller_id = _require_login(context)
    code, approves = form.text("code"), DECISIONS.get(form.text("decision"))
    try:
        _validate_code_and_consume_limit(context, caller_id, code)
        if approves is None:
            raise InvalidInput.for_field("decision", "must be allow or refuse")
        with context.transaction() as session:
            device_codes.decide_pending_login(
                session,
                context.authenticate(session),
                code,
                approves=approves,
                now=context.now,
            )
    except REFUSALS as error:
        return _render_device(context, typed=code, error=error)
    return _render_device(context, outcome="allowed" if approves else "refused")


def _render_device(
    context: RequestContext,
    *,
    typed: str = "",
    pending: PendingLogin | None = None,
    error: ServiceError | None = None,
    outcome: str = "",
) -> Response:
    message = CODE_FORM_MESSAGE if isinstance(error, InvalidInput) else error and error.detail
    response = render_page(
        context,
        "device.html",
        title=TITLE,
        status=error.status if error else 200,
        typed=typed,
        pending=pending,
        message=message or "",
        outcome=outcome,
        days=device_codes.TOKEN_DAYS,
    )
    response.headers.update(build_retry_after_headers(error))
    return response
