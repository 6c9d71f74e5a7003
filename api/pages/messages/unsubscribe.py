"""Page to unsubscribe from a kind of e-mail by a signed link, without a login (RFC 8058)."""

from fastapi.responses import Response

from api.core.errors import ServiceError
from api.dependencies import RequestContext
from api.pages.layout.templating import render_response
from api.pages.router import CrossSitePageRoute, PageDep, PageRouter
from api.services.accounts.links.unsubscribe import read_unsubscribe_token, unsubscribe
from api.services.outbox.kinds import KIND_RULES, MessageKind

# Mail programs send the form, so it comes from no page of ours. It uses no session.
router = PageRouter(CrossSitePageRoute)


@router.get("/mail/unsubscribe/{token}")
def show_unsubscribe_form(token: str, context: PageDep) -> Response:
    """Ask whether to unsubscribe; scanners of links change nothing by it."""
    try:
        context.consume_action_limit("unsubscribe_address", context.client_address_key)
        with context.service.db.reading() as session:
            _, kind = read_unsubscribe_token(session, token)
    except ServiceError as error:
        return _render_unsubscribe_page(context, error=error)
    return _render_unsubscribe_page(context, kind=kind)


@router.post("/mail/unsubscribe/{token}")
def unsubscribe_by_link(token: str, context: PageDep) -> Response:
    """Decline the kind of message that the link is for."""
    try:
        context.consume_action_limit("unsubscribe_address", context.client_address_key)
        with context.service.db.transaction() as session:
            kind = unsubscribe(session, token)
    except ServiceError as error:
        return _render_unsubscribe_page(context, error=error)
    return _render_unsubscribe_page(context, kind=kind, is_done=True)


def _render_unsubscribe_page(
    context: RequestContext,
    *,
    kind: MessageKind | None = None,
    is_done: bool = False,
    error: ServiceError | None = None,
) -> Response:
    variables = {
        "path": context.request.url.path,
        "description": KIND_RULES[kind].description if kind else "",
        "is_done": is_done,
        "error": error,
    }
    return render_response("unsubscribe.html", variables, status=error.status if error else 200)
