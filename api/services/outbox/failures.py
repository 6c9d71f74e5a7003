"""Failed messages: administrators see them, and send them again."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from api.auth.principal import Principal
from api.core.errors import Conflict, NotFound
from api.db.models import OutboxMessage, User
from api.http.pagination import Cursor, apply_keyset
from api.services.audit import recorder
from api.services.outbox.kinds import SCORE_KIND


def list_failed_messages(
    session: Session, *, after: Cursor | None, limit: int
) -> Sequence[Row[OutboxMessage, User]]:
    """Return the failed messages with their recipients, latest first."""
    query = (
        select(OutboxMessage, User)
        .join(User, User.id == OutboxMessage.recipient_id)
        .where(OutboxMessage.status == "failed", OutboxMessage.kind != SCORE_KIND)
    )
    page = apply_keyset(
        query, OutboxMessage.created_at, OutboxMessage.id, after=after, order="descending"
    )
    return session.execute(page.limit(limit)).all()


def resend_message(session: Session, caller: Principal, message_id: UUID, *, now: datetime) -> None:
    """Try a failed message again, as often as a new one.

    Raises `NotFound` if there is no such message, and `Conflict` if it has not failed.
    """
    message = session.get(OutboxMessage, message_id, with_for_update=True)
    if message is None or message.kind == SCORE_KIND:
        raise NotFound("There is no such message.")
    if message.status != "failed":
        raise Conflict("This message has not failed.")
    message.status, message.tries, message.due_at = "waiting", 0, now
    recorder.record_action(
        session,
        caller,
        "message.requeued",
        now=now,
        target=("user", message.recipient_id),
        change=({}, {"kind": message.kind}),
    )
