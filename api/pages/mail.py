"""Pages of e-mail: which messages a person wants, their news, and failed messages."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import Query
from fastapi.responses import RedirectResponse, Response

from api.core.errors import ServiceError
from api.dependencies import RequestContext
from api.pages.forms.form import FormDep, validate_body
from api.pages.layout.frame import Breadcrumb, render_page
from api.pages.router import PageDep, PageRouter, build_page_request
from api.pages.staff.common import RECOVERABLE_ERRORS, course_crumbs
from api.routes.accounts import mail as api
from api.schemas.accounts.mail import MailPreferences, NewsItem
from api.services.outbox.kinds import KIND_RULES, OPTIONAL_KINDS

router = PageRouter()
ROWS: Final = 50


def load_news(context: RequestContext) -> tuple[NewsItem, ...]:
    """Return the news of the caller; none without e-mail, and none while viewing as a student."""
    if not context.service.outbox.is_enabled or context.view_as:
        return ()
    return api.get_news(context).items


@router.post("/me/news/read")
def mark_news_read(context: PageDep) -> Response:
    """Mark all news as read and return to the home page."""
    api.post_news_read(context)
    return RedirectResponse("/", status_code=303)


@router.get("/me/mail")
def show_preferences(context: PageDep, done: Annotated[str, Query(max_length=3)] = "") -> Response:
    """Return the form of the messages that the caller wants as e-mail."""
    declined = api.get_mail_preferences(context).declined
    return render_page(
        context,
        "mail_preferences.html",
        title="E-mail",
        crumbs=(Breadcrumb("Account", "/account"),),
        has_mail=context.service.outbox.is_enabled,
        kinds=[(kind, KIND_RULES[kind].description) for kind in OPTIONAL_KINDS],
        declined=declined,
        done=bool(done),
    )


@router.post("/me/mail")
def store_preferences(form: FormDep, context: PageDep) -> Response:
    """Store which messages the caller wants; those that are not ticked are declined."""
    chosen = form.get_all("kind")
    declined = [kind for kind in OPTIONAL_KINDS if kind not in chosen]
    api.put_mail_preferences(validate_body(MailPreferences, {"declined": declined}), context)
    return RedirectResponse("/me/mail?done=yes", status_code=303)


@router.get("/mail")
def show_failed_messages(
    context: PageDep, cursor: Annotated[str, Query(max_length=2_000)] = ""
) -> Response:
    """Return the messages that could not be sent, for administrators."""
    return _render_failed_messages(context, cursor=cursor)


@router.get("/courses/{course}/mail")
def show_failed_course_messages(
    course: UUID, context: PageDep, cursor: Annotated[str, Query(max_length=2_000)] = ""
) -> Response:
    """Return the messages of a course that could not be sent, for its instructors."""
    return _render_failed_messages(context, cursor=cursor, course=course)


def _render_failed_messages(
    context: RequestContext,
    *,
    cursor: str = "",
    course: UUID | None = None,
    error: ServiceError | None = None,
) -> Response:
    window = build_page_request(context, limit=ROWS, cursor=cursor)
    crumbs: tuple[Breadcrumb, ...] = ()
    if course is None:
        messages = api.get_failed_messages(context, window)
    else:
        messages = api.get_failed_course_messages(course, context, window)
        crumbs = course_crumbs(context, Breadcrumb("People", f"/courses/{course}/people"))
    return render_page(
        context,
        "staff/mail.html",
        title="E-mail delivery",
        tab="people" if course else "",
        crumbs=crumbs,
        status=error.status if error else 200,
        messages=messages,
        course=course,
        descriptions={kind: rule.description for kind, rule in KIND_RULES.items()},
        error=error,
    )


@router.post("/mail/{message}/resend")
def resend_message(message: UUID, context: PageDep) -> Response:
    """Try a failed message again."""
    try:
        api.post_resend(message, context)
    except RECOVERABLE_ERRORS as error:
        return _render_failed_messages(context, error=error)
    return RedirectResponse("/mail", status_code=303)


@router.post("/courses/{course}/mail/{message}/resend")
def resend_course_message(course: UUID, message: UUID, context: PageDep) -> Response:
    """Try a failed message of a course again."""
    try:
        api.post_course_resend(course, message, context)
    except RECOVERABLE_ERRORS as error:
        return _render_failed_messages(context, course=course, error=error)
    return RedirectResponse(f"/courses/{course}/mail", status_code=303)
