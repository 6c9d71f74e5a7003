"""Delivery of the outbox: at least once, with longer and longer pauses between the tries.

The worker claims a message for a few minutes, sends it, and marks it as sent. Claim and mark are
separate transactions, so that nothing is locked while the SMTP server is at work. If the worker
dies in between, the claim ends and the message is tried again, with the same Message-ID. The same
happens if the reply of the server is lost. A few tries without a known outcome are the end, so that
nobody gets a message many times.

Optional messages that wait for one person are claimed together and sent as one e-mail, a digest.
The claim gives them the same number of tries and the same due time, whose microseconds depend on
the first of them. The next try selects them by both, so that a repeated e-mail contains no message
that was added since, and none of another e-mail. A message that should not
be sent any more is dropped with the outcome of its e-mail, not before: a repeat still finds the
first message, whose id is the Message-ID.

The worker connects to the SMTP server before it claims a message. An outage of the server uses up
no tries: the messages wait until it is over, and staff see why. The same holds while the server
refuses the login or the sender, which are settings.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

from sqlalchemy import Update, select, update
from sqlalchemy.orm import Session

from api.core.clock import Clock
from api.db.engine import Database
from api.db.models import OutboxMessage
from api.services.outbox.composition import Composition, compose_draft
from api.services.outbox.kinds import OPTIONAL_KINDS, SCORE_KIND, UNCOUNTED_KINDS
from api.services.outbox.queue import compute_allowed_time
from api.services.outbox.smtp import DeliverySettings, MailError, SmtpTransport

CLAIM_TIME: Final = timedelta(minutes=5)
"""How long a message belongs to the worker that claimed it; longer than any try takes."""
SECOND: Final = timedelta(seconds=1)
MARKS: Final = 1_000_000
FIRST_PAUSE: Final = timedelta(minutes=1)
MAX_PAUSE: Final = timedelta(hours=1)
MAX_DOUBLINGS: Final = 10
MAX_UNCERTAIN_TRIES: Final = 3
"""Tries of unknown outcome after which a message fails; the server may have sent it each time."""
MAX_DIGEST_MESSAGES: Final = 50
LOST_MESSAGE: Final = "the worker ended during the last try; the message may have been sent"
UNSENT_MESSAGE: Final = "every try ended before the message was sent"

Progress: TypeAlias = Literal["idle", "handled", "unreachable", "misconfigured"]
"""Outcome of `deliver_next`.

Nothing was due, a message was handled, the server cannot be used now, or it cannot be used with
these settings.
"""

log = logging.getLogger("api.outbox")


@dataclass(frozen=True, slots=True)
class _Claim:
    """Claim on the messages of one e-mail, due at *due_at*, in their try number *tries*.

    The try counts as one of *uncertain_tries* from its composition until its outcome is known.
    """

    message_ids: tuple[UUID, ...]
    tries: int
    uncertain_tries: int
    due_at: datetime


def deliver_next(
    db: Database, transport: SmtpTransport, mail: DeliverySettings, clock: Clock
) -> Progress:
    """Try to send the next message, with others that wait for its recipient."""
    message_id = _find_next(db, clock())
    if message_id is None:
        return "idle"
    try:
        transport.connect()
    except MailError as error:
        _store_outage(db, error, now=clock())
        return _classify_outage(error)
    with db.transaction() as session:
        claim = _claim(session, message_id, mail, now=clock())
    if claim is None:
        return "handled"
    composed = _compose(db, claim, mail, clock)
    if composed.draft is None:
        _store_outcome(db, claim, composed.dropped)
        return "handled"
    try:
        transport.send(composed.draft.build(mail))
    except MailError as error:
        _record_failure(db, claim, composed.dropped, mail, error, now=clock())
        if error.is_unreachable:
            _store_outage(db, error, now=clock())
        return _classify_outage(error)
    _store_outcome(
        db, claim, composed.dropped, status="sent", sent_at=clock(), error="", details=""
    )
    return "handled"


def _classify_outage(error: MailError) -> Progress:
    if not error.is_unreachable:
        return "handled"
    return "misconfigured" if error.is_permanent else "unreachable"


def _find_next(db: Database, now: datetime) -> UUID | None:
    """Return the message that has been due longest; a password reset does not wait for others."""
    due = _due_messages(now).with_only_columns(OutboxMessage.id)
    with db.reading() as session:
        urgent: UUID | None = session.scalar(due.where(OutboxMessage.kind.in_(UNCOUNTED_KINDS)))
        return urgent or session.scalar(due)


def _store_outage(db: Database, error: MailError, *, now: datetime) -> None:
    """Store on the due messages why the server cannot be used, and log it when that is new.

    While the reason and the server stay the same, this only reads; replies may differ each time.
    """
    server = f" {error.server} " if error.server else ""
    is_new = (OutboxMessage.error != str(error)) | ~OutboxMessage.details.contains(server)
    due = _due_messages(now).with_only_columns(OutboxMessage.id).where(is_new)
    with db.reading() as session:
        if session.scalar(due) is None:
            return
    with db.transaction() as session:
        rows = due.limit(None).order_by(None).with_for_update(skip_locked=True)
        session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.id.in_(rows))
            .values(error=str(error), details=error.details)
            .execution_options(synchronize_session=False)
        )
    log.warning("messages wait: %s", error.details)


def _due_messages(now: datetime) -> Any:
    return (
        select(OutboxMessage)
        .where(
            OutboxMessage.status == "waiting",
            OutboxMessage.due_at <= now,
            OutboxMessage.kind != SCORE_KIND,
        )
        .order_by(OutboxMessage.due_at, OutboxMessage.id)
        .limit(1)
    )


def _claim(
    session: Session, message_id: UUID, mail: DeliverySettings, *, now: datetime
) -> _Claim | None:
    """Claim a message; None if another worker was faster, or if it has to wait or fails."""
    is_next = OutboxMessage.id == message_id
    message = session.scalar(_due_messages(now).where(is_next).with_for_update(skip_locked=True))
    if message is None:
        return None
    if message.uncertain_tries >= MAX_UNCERTAIN_TRIES:
        message.status, message.error, message.details = "failed", LOST_MESSAGE, ""
        return None
    if message.tries >= mail.max_tries:
        unknown = LOST_MESSAGE if message.uncertain_tries else UNSENT_MESSAGE
        message.status, message.error = "failed", message.error or unknown
        return None
    due_at = message.due_at
    messages = [message, *_lock_messages_for_same_email(session, message, now=now)]
    ids = tuple(sorted(each.id for each in messages))
    allowed_at = compute_allowed_time(session, message, mail.per_hour, now=now)
    if allowed_at > now:
        is_repeat = message.tries > 0  # with all of its messages
        next_at = _mark_time(allowed_at + SECOND, ids) if is_repeat else allowed_at
        for each in messages if is_repeat else [message]:
            # What an earlier outage said of the message is over.
            each.due_at, each.error, each.details = next_at, "", ""
        return None
    for each in messages:
        each.tries += 1
        each.due_at = _mark_time(now + CLAIM_TIME, ids)
    return _Claim(ids, message.tries, message.uncertain_tries + 1, due_at)


def _lock_messages_for_same_email(
    session: Session, message: OutboxMessage, *, now: datetime
) -> Sequence[OutboxMessage]:
    """Lock and return the messages that are sent in the same e-mail as *message*."""
    if message.kind not in OPTIONAL_KINDS:
        return ()
    is_due = (
        OutboxMessage.due_at == message.due_at if message.tries else OutboxMessage.due_at <= now
    )
    return session.scalars(
        select(OutboxMessage)
        .where(
            OutboxMessage.recipient_id == message.recipient_id,
            OutboxMessage.kind.in_(OPTIONAL_KINDS),
            OutboxMessage.status == "waiting",
            OutboxMessage.tries == message.tries,
            is_due,
            OutboxMessage.id != message.id,
        )
        .order_by(OutboxMessage.id)
        .limit(MAX_DIGEST_MESSAGES - 1)
        .with_for_update(skip_locked=True)
    ).all()


def _compose(db: Database, claim: _Claim, mail: DeliverySettings, clock: Clock) -> Composition:
    """Return the draft of the claimed messages, and count the try as one of unknown outcome.

    None are left after their recipient was erased, or if another worker has begun a later try.
    """
    with db.transaction() as session:
        messages = session.scalars(
            select(OutboxMessage)
            .where(
                OutboxMessage.id.in_(claim.message_ids),
                OutboxMessage.status == "waiting",
                OutboxMessage.tries == claim.tries,
            )
            .order_by(OutboxMessage.id)
        ).all()
        composition = compose_draft(session, messages, mail, now=clock())
        for message in messages:  # after the account was locked, as in an erasure
            message.uncertain_tries = claim.uncertain_tries
        return composition


def _record_failure(
    db: Database,
    claim: _Claim,
    dropped: Mapping[UUID, str],
    mail: DeliverySettings,
    error: MailError,
    *,
    now: datetime,
) -> None:
    """Plan the next try, which drops messages again, or give the messages up."""
    numbers = ", ".join(map(str, claim.message_ids))
    log.warning("message %s, try %s: %s", numbers, claim.tries, error.details)
    uncertain_tries = claim.uncertain_tries - (0 if error.is_uncertain else 1)
    is_last = claim.tries >= mail.max_tries or uncertain_tries >= MAX_UNCERTAIN_TRIES
    values: dict[str, Any] = {"uncertain_tries": uncertain_tries}
    values |= {"error": str(error), "details": error.details}
    if error.is_unreachable:  # as if this try had not begun
        _store_outcome(db, claim, {}, **values, tries=claim.tries - 1, due_at=claim.due_at)
    elif error.is_permanent or is_last:
        _store_outcome(db, claim, dropped, **values, status="failed")
    else:
        due_at = _mark_time(now + compute_pause(claim.tries), claim.message_ids)
        _store_outcome(db, claim, {}, **values, due_at=due_at)


def _mark_time(instant: datetime, message_ids: Sequence[UUID]) -> datetime:
    """Return *instant*, less than a second earlier, with microseconds that identify an e-mail.

    Two e-mails to one person that are due at the same time must not become one.
    """
    return instant - SECOND * (message_ids[0].int % MARKS) / MARKS


def compute_pause(tries: int) -> timedelta:
    """Return the pause after try number *tries*: a minute, then twice as long, up to an hour.

    >>> [compute_pause(tries).seconds // 60 for tries in (1, 2, 6, 7, 99)]
    [1, 2, 32, 60, 60]
    """
    doublings: int = min(tries - 1, MAX_DOUBLINGS)
    return min(FIRST_PAUSE * (1 << doublings), MAX_PAUSE)


def _store_outcome(db: Database, claim: _Claim, dropped: Mapping[UUID, str], **values: Any) -> None:
    """Store the reasons of *dropped* messages, and *values* for the others of *claim*.

    Nothing changes if another worker has begun a later try.
    """
    with db.transaction() as session:
        ids = select(OutboxMessage.id).where(OutboxMessage.id.in_(claim.message_ids))
        session.execute(ids.order_by(OutboxMessage.id).with_for_update()).all()  # as an erasure
        for message_id, reason in dropped.items():
            session.execute(
                _update_waiting([message_id], claim).values(status="dropped", error=reason)
            )
        if values:
            session.execute(_update_waiting(claim.message_ids, claim).values(**values))


def _update_waiting(message_ids: Collection[UUID], claim: _Claim) -> Update:
    return update(OutboxMessage).where(
        OutboxMessage.id.in_(message_ids),
        OutboxMessage.status == "waiting",
        OutboxMessage.tries == claim.tries,
    )
