"""Backlog of the outbox: counted for monitoring; staff send failed messages again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Row, case, func, select
from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.auth.principal import Principal
from api.core.errors import Conflict, NotFound
from api.db.models import OutboxMessage, User
from api.http.pagination import Cursor, apply_keyset
from api.services.audit import recorder
from api.services.outbox.kinds import SCORE_KIND
from api.services.outbox.queue import REPLACED, has_newer_message

NO_MESSAGE: Final = "There is no such message."
REPLACED_MESSAGE: Final = (
    "A newer message to the same person replaces this one, so it is not sent again."
)


@dataclass(frozen=True, slots=True)
class Backlog:
    """Messages of one channel (``mail``, ``score``) that are not sent.

    *oldest_seconds* is for how long the first waiting message has been due, 0 without one. After
    a failed try it counts from its creation, because each try moves the due time.
    """

    waiting: int
    failed: int
    oldest_seconds: float


def count_backlog(session: Session, *, now: datetime) -> dict[str, Backlog]:
    """Return the backlog of each channel."""
    is_score = (OutboxMessage.kind == SCORE_KIND).label("is_score")
    since = case((OutboxMessage.tries > 0, OutboxMessage.created_at), else_=OutboxMessage.due_at)
    rows = session.execute(
        select(is_score, OutboxMessage.status, func.count(), func.min(since))
        .where(OutboxMessage.status.in_(("waiting", "failed")))
        .group_by(is_score, OutboxMessage.status)
    )
    counts = {(bool(score), status): (count, first) for score, status, count, first in rows}
    backlogs = {}
    for channel, is_of_scores in (("mail", False), ("score", True)):
        waiting, first_at = counts.get((is_of_scores, "waiting"), (0, now))
        failed, _ = counts.get((is_of_scores, "failed"), (0, now))
        backlogs[channel] = Backlog(waiting, failed, max((now - first_at).total_seconds(), 0))
    return backlogs


def count_by_status(session: Session, *, course_id: UUID | None = None) -> dict[str, int]:
    """Return how many e-mails, or those of a course, have each status."""
    query = select(OutboxMessage.status, func.count()).where(OutboxMessage.kind != SCORE_KIND)
    if course_id is not None:
        query = query.where(OutboxMessage.course_id == course_id)
    return {row[0]: row[1] for row in session.execute(query.group_by(OutboxMessage.status))}


def find_waiting_error(session: Session, *, course_id: UUID | None = None) -> str:
    """Return the error of the first waiting e-mail that has one, of all courses or of one.

    "" if none has. Without a course it is for administrators, and may name the server.
    """
    query = select(OutboxMessage).where(
        OutboxMessage.status == "waiting",
        OutboxMessage.error != "",
        OutboxMessage.kind != SCORE_KIND,
    )
    if course_id is not None:
        query = query.where(OutboxMessage.course_id == course_id)
    message = session.scalar(query.order_by(OutboxMessage.due_at, OutboxMessage.id).limit(1))
    return "" if message is None else explain_failure(message, for_course=course_id is not None)


def explain_failure(message: OutboxMessage, *, for_course: bool) -> str:
    """Return why a message has not been sent: for the staff of a course, or administrators."""
    return message.error if for_course else message.details or message.error


def list_failed_messages(
    session: Session, *, after: Cursor | None, limit: int, course_id: UUID | None = None
) -> Sequence[Row[OutboxMessage, User]]:
    """Return the failed messages, or those of a course, with their recipients, latest first."""
    query = (
        select(OutboxMessage, User)
        .join(User, User.id == OutboxMessage.recipient_id)
        .where(OutboxMessage.status == "failed", OutboxMessage.kind != SCORE_KIND)
    )
    if course_id is not None:
        query = query.where(OutboxMessage.course_id == course_id)
    page = apply_keyset(
        query, OutboxMessage.created_at, OutboxMessage.id, after=after, order="descending"
    )
    return session.execute(page.limit(limit)).all()


def resend_message(
    session: Session, actor: Principal | CourseMembership, message_id: UUID, *, now: datetime
) -> bool:
    """Requeue a failed message with as many tries as a new one; members only those of the course.

    Returns False if a newer message replaces it. It is dropped then, and leaves the list of failed
    messages. Raises `NotFound` if there is no such message, and `Conflict` if it has not failed.
    """
    message = session.get(OutboxMessage, message_id, with_for_update=True)
    if message is None or message.kind == SCORE_KIND:
        raise NotFound(NO_MESSAGE)
    if isinstance(actor, CourseMembership) and message.course_id != actor.course.id:
        raise NotFound(NO_MESSAGE)
    if message.status != "failed":
        raise Conflict("This message has not failed.")
    if has_newer_message(session, message):
        message.status, message.error, message.details = "dropped", REPLACED, ""
        _record_change(session, actor, "message.dropped", message, now=now)
        return False
    message.status, message.tries, message.due_at = "waiting", 0, now
    message.uncertain_tries, message.error, message.details = 0, "", ""
    if message.created_by is not None and isinstance(actor, CourseMembership):
        # The link of an invitation belongs to its creator. Instructors may change the address, so
        # they must not send a link of an administrator, which no course limits.
        message.created_by = actor.caller.id
    _record_change(session, actor, "message.requeued", message, now=now)
    return True


def _record_change(
    session: Session,
    actor: Principal | CourseMembership,
    action: str,
    message: OutboxMessage,
    *,
    now: datetime,
) -> None:
    recorder.record_action(
        session,
        actor,
        action,
        now=now,
        target=("user", message.recipient_id),
        change=({}, {"kind": message.kind}),
    )
