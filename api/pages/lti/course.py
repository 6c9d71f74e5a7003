"""Page of a course's learning platforms: connected courses, and what their links open."""

from typing import Final
from uuid import UUID

from fastapi.responses import RedirectResponse, Response

from api.core.errors import InvalidInput, ServiceError
from api.core.ids import parse_id
from api.dependencies import RequestContext
from api.pages.forms.form import FormDep
from api.pages.layout.frame import render_page
from api.pages.lti.common import require_tool
from api.pages.router import PageDep, PageRouter
from api.pages.staff.common import RECOVERABLE_ERRORS, course_crumbs, load_assignment_titles
from api.services.lti.launches.contexts import list_contexts
from api.services.lti.launches.links import choose_assignment, list_links
from api.services.lti.roster.overview import list_departed_members, set_roster_synchronization
from api.services.lti.scores.overview import (
    list_failed_scores,
    list_items,
    reconcile_course_scores,
    start_sending,
)

router = PageRouter()
COURSE_PATH: Final = "/courses/{course}/lti"


@router.get(COURSE_PATH)
def show_connections(course: UUID, context: PageDep) -> Response:
    """Return the connected contexts of a course, with their links."""
    return _render_connections(course, context)


def _render_connections(
    course: UUID, context: RequestContext, *, error: ServiceError | None = None
) -> Response:
    with context.reading() as session:
        context.authorize_course(session, course, right="manage_assignments")
        require_tool(context)
        contexts, links = list_contexts(session, course), list_links(session, course)
        items, failures = list_items(session, course), list_failed_scores(session, course)
        departed = list_departed_members(session, course)
    titles = load_assignment_titles(course, context)
    sending = {item.assignment_id for item in items}
    return render_page(
        context,
        "staff/lti_course.html",
        title="Learning platforms",
        crumbs=course_crumbs(context),
        tab="settings",
        status=error.status if error else 200,
        contexts=contexts,
        links=links,
        assignments=titles,
        items=items,
        failures=failures,
        departed=departed,
        unsent={id_: title for id_, title in titles.items() if id_ not in sending},
        error=error,
    )


@router.post(f"{COURSE_PATH}/links")
def choose_link_target(course: UUID, form: FormDep, context: PageDep) -> Response:
    """Choose the assignment that a link opens."""
    link, assignment = parse_id(form.text("link")), parse_id(form.text("assignment"))
    try:
        with context.transaction() as session:
            member = context.authorize_course(session, course, right="manage_assignments")
            require_tool(context)
            if link is None:
                raise InvalidInput("Choose a link.")
            choose_assignment(session, member, link, assignment, now=context.now)
    except RECOVERABLE_ERRORS as error:
        return _render_connections(course, context, error=error)
    return RedirectResponse(f"/courses/{course}/lti?saved=platform-changed", status_code=303)


@router.post(f"{COURSE_PATH}/scores")
def send_assignment_scores(course: UUID, form: FormDep, context: PageDep) -> Response:
    """Let the scores of an assignment be sent to the connected learning platforms."""
    assignment = parse_id(form.text("assignment"))
    try:
        with context.transaction() as session:
            member = context.authorize_course(session, course, right="override_grades")
            require_tool(context)
            if assignment is None:
                raise InvalidInput.for_field("assignment", "must be chosen")
            start_sending(session, member, assignment, now=context.now)
    except RECOVERABLE_ERRORS as error:
        return _render_connections(course, context, error=error)
    return RedirectResponse(f"/courses/{course}/lti?saved=platform-changed", status_code=303)


@router.post(f"{COURSE_PATH}/roster")
def synchronize_roster(course: UUID, form: FormDep, context: PageDep) -> Response:
    """Let the worker compare the roster of a context now and at intervals, or stop that."""
    lti_context, stops = parse_id(form.text("context")), form.has("stop")
    try:
        with context.transaction() as session:
            member = context.authorize_course(session, course, right="manage_people")
            require_tool(context)
            if lti_context is None:
                raise InvalidInput("Choose a course of the learning platform.")
            set_roster_synchronization(
                session, member, lti_context, is_on=not stops, now=context.now
            )
    except RECOVERABLE_ERRORS as error:
        return _render_connections(course, context, error=error)
    outcome = "platform-changed" if stops else "roster-requested"
    return RedirectResponse(f"/courses/{course}/lti?saved={outcome}", status_code=303)


@router.post(f"{COURSE_PATH}/sync")
def synchronize_scores(course: UUID, context: PageDep) -> Response:
    """Compare all scores now, and send failed ones again."""
    with context.transaction() as session:
        member = context.authorize_course(session, course, right="override_grades")
        require_tool(context)
        reconcile_course_scores(session, member, now=context.now)
    return RedirectResponse(f"/courses/{course}/lti?saved=scores-compared", status_code=303)
