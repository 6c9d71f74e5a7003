"""Pages in a frame of a platform on which a teacher chooses what new links open."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from fastapi import Query
from fastapi.responses import Response

from api.core.errors import Forbidden, InvalidInput, ServiceError
from api.core.ids import parse_id
from api.dependencies import RequestContext
from api.pages.forms.form import FormDep
from api.pages.lti.common import (
    consume_launch_step_limit,
    render_framed,
    render_launch_refusal_in_frame,
    require_tool,
)
from api.pages.router import PageDep, PageRouter
from api.services.lti.launches.frames import find_launch_origins
from api.services.lti.launches.verification import START_AGAIN
from api.services.lti.protocol.addresses import get_origin

if TYPE_CHECKING:
    from api.services.lti.launches.content_selection import LinkChoice

router = PageRouter()
CHOICE_PATH = "/lti/deep-link"
Token = Annotated[str, Query(max_length=200)]


@router.get(CHOICE_PATH)
def show_link_choice(context: PageDep, token: Token = "") -> Response:
    """Return the page on which a teacher chooses the assignments that new links open."""
    require_tool(context)
    try:
        consume_launch_step_limit(context)
        return _render_assignment_choice(context, token)
    except ServiceError as error:
        return render_launch_refusal_in_frame(
            context, error, lambda session: find_launch_origins(session, token)
        )


def _render_assignment_choice(
    context: RequestContext, token: str, *, error: ServiceError | None = None
) -> Response:
    choice = _load_assignment_choice(context, token)
    if choice is None:
        raise Forbidden(START_AGAIN)
    return render_framed(
        "lti/deep_link.html",
        {
            "token": token,
            "course": choice.course.title,
            "platform": choice.platform.name,
            "assignments": choice.assignments,
            "several": choice.request.accepts_multiple,
            "is_moved": choice.is_moved,
            "error": error,
        },
        origins=choice.platform.origins,
        status=error.status if error else 200,
    )


def _load_assignment_choice(context: RequestContext, token: str) -> "LinkChoice | None":
    # Imported here: a service without LTI does not load these libraries.
    from api.services.lti.launches.content_selection import load_link_choice  # noqa: PLC0415

    with context.service.db.transaction() as session:
        choice = load_link_choice(session, token, now=context.now)
        session.flush()
        session.expunge_all()
        return choice


@router.post(CHOICE_PATH)
def send_link_choice(form: FormDep, context: PageDep) -> Response:
    """Return the page that sends the chosen links, signed, back to the platform."""
    # Imported here: a service without LTI does not load these libraries.
    from api.services.lti.launches.content_selection import choose_links  # noqa: PLC0415

    tool, token = require_tool(context), form.text("token")
    chosen = [one for one in map(parse_id, form.get_all("assignment")) if isinstance(one, UUID)]
    try:
        consume_launch_step_limit(context)
        try:
            answer = choose_links(context.service.db, tool, token, chosen, now=context.now)
        except InvalidInput as error:
            return _render_assignment_choice(context, token, error=error)
    except ServiceError as error:
        return render_launch_refusal_in_frame(
            context, error, lambda session: find_launch_origins(session, token)
        )
    return render_framed(
        "lti/deep_link_answer.html",
        {"answer": answer, "platform": answer.platform.name},
        origins=answer.platform.origins,
        form_origin=get_origin(answer.return_url),
    )
