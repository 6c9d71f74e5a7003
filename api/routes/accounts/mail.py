"""News and e-mail: the caller's own, and the failed messages of a course or the site."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.core.errors import Conflict, Forbidden, InvalidInput, NotFound, Unauthenticated
from api.db.models import Assignment, Course, OutboxMessage, User
from api.dependencies import ContextDep, RequestContext
from api.http.json_body import ApiRouter
from api.http.pagination import Cursor, PageRequest, PageRequestDep
from api.http.problem_details import error_responses
from api.schemas.accounts.mail import (
    FailedMessage,
    FailedMessages,
    MailPreferences,
    NewsItem,
    NewsList,
)
from api.services.accounts.accounts import lock_user
from api.services.outbox import failures, news

router = ApiRouter(tags=["account"])


@router.get("/me/news", responses=error_responses(Unauthenticated))
def get_news(context: ContextDep) -> NewsList:
    """List your latest news: released results, replies to your requests, and upcoming due times.

    There is news only if e-mail is set up.
    """
    with context.reading() as session:
        rows = news.list_news(session, context.authenticate(session), now=context.now)
        return NewsList(items=tuple(_serialize_news(*row) for row in rows))


def _serialize_news(message: OutboxMessage, assignment: Assignment, course: Course) -> NewsItem:
    return NewsItem(
        id=message.id,
        kind=message.kind,  # type: ignore[arg-type]  # the query selects these kinds
        course=course.id,
        course_title=course.title,
        assignment=assignment.id,
        assignment_title=assignment.title,
        created_at=message.created_at,
        due_at=message.occasion_at,
        read=message.read_at is not None,
    )


@router.post(
    "/me/news/read", status_code=204, responses=error_responses(Unauthenticated, Forbidden)
)
def post_news_read(context: ContextDep) -> None:
    """Mark all your news as read. Requires a session."""
    with context.transaction() as session:
        caller = context.authenticate(session)
        caller.require_login()
        news.mark_news_read(session, caller.id, now=context.now)


@router.get("/me/mail", responses=error_responses(Unauthenticated))
def get_mail_preferences(context: ContextDep) -> MailPreferences:
    """Return the kinds of e-mail that you have declined."""
    with context.reading() as session:
        caller = context.authenticate(session)
        return MailPreferences(declined=news.load_declined_kinds(session, caller.id))  # type: ignore[arg-type]  # only optional kinds are stored


@router.put("/me/mail", responses=error_responses(Unauthenticated, Forbidden, InvalidInput))
def put_mail_preferences(body: MailPreferences, context: ContextDep) -> MailPreferences:
    """Decline kinds of e-mail; your news still include them. Requires a session.

    Invitations and password reset links cannot be declined.
    """
    with context.transaction() as session:
        caller = context.authenticate(session)
        caller.require_login()
        lock_user(session, caller.id)
        news.store_declined_kinds(session, caller.id, body.declined)
    return MailPreferences(declined=tuple(sorted(set(body.declined))))


@router.get("/mail", responses=error_responses(Unauthenticated, Forbidden))
def get_failed_messages(context: ContextDep, page_request: PageRequestDep) -> FailedMessages:
    """List the messages that could not be sent, latest first. For administrators."""
    with context.reading() as session:
        context.authorize_site(session, right="manage_site")
        return _build_failed_messages(context, session, page_request)


@router.get(
    "/courses/{course}/mail", responses=error_responses(Unauthenticated, Forbidden, NotFound)
)
def get_failed_course_messages(
    course: UUID, context: ContextDep, page_request: PageRequestDep
) -> FailedMessages:
    """List the messages of a course that could not be sent, latest first. For instructors."""
    with context.reading() as session:
        member = context.authorize_course(session, course, right="manage_people")
        return _build_failed_messages(context, session, page_request, course_id=member.course.id)


def _build_failed_messages(
    context: RequestContext,
    session: Session,
    page_request: PageRequest,
    *,
    course_id: UUID | None = None,
) -> FailedMessages:
    after = page_request.parse_cursor("created", datetime)
    rows = failures.list_failed_messages(
        session, after=after, limit=page_request.limit + 1, course_id=course_id
    )
    counts = failures.count_by_status(session, course_id=course_id)
    page = page_request.build_page(
        rows,
        cursor_of=lambda row: Cursor("created", row[0].created_at, row[0].id),
        serialize_row=lambda row: _serialize_failed(
            row[0], row[1], for_course=course_id is not None
        ),
    )
    return FailedMessages(
        enabled=context.service.outbox.is_enabled,
        waiting=counts.get("waiting", 0),
        waiting_error=failures.find_waiting_error(session, course_id=course_id),
        sent=counts.get("sent", 0),
        failed=counts.get("failed", 0),
        items=tuple(page.items),
        next=page.next,
    )


def _serialize_failed(message: OutboxMessage, user: User, *, for_course: bool) -> FailedMessage:
    return FailedMessage(
        id=message.id,
        kind=message.kind,
        recipient=user.id,
        name=user.name,
        email=user.email,
        created_at=message.created_at,
        tries=message.tries,
        error=failures.explain_failure(message, for_course=for_course),
    )


@router.post(
    "/mail/{message}/resend",
    status_code=204,
    responses=error_responses(Unauthenticated, Forbidden, NotFound, Conflict),
)
def post_resend(message: UUID, context: ContextDep) -> None:
    """Send a failed message again, with as many attempts as a new one."""
    with context.transaction() as session:
        caller = context.authorize_site(session, right="manage_site")
        is_requeued = failures.resend_message(session, caller, message, now=context.now)
    if not is_requeued:  # after the commit, which takes it off the list
        raise Conflict(failures.REPLACED_MESSAGE)


@router.post(
    "/courses/{course}/mail/{message}/resend",
    status_code=204,
    responses=error_responses(Unauthenticated, Forbidden, NotFound, Conflict),
)
def post_course_resend(course: UUID, message: UUID, context: ContextDep) -> None:
    """Send a failed message of a course again, with as many attempts as a new one."""
    with context.transaction() as session:
        member = context.authorize_course(session, course, right="manage_people")
        is_requeued = failures.resend_message(session, member, message, now=context.now)
    if not is_requeued:
        raise Conflict(failures.REPLACED_MESSAGE)
