"""Permanent erasure of a person: the identity goes, the answers stay under a random id.

Erased: name, addresses and numbers, password, tokens, sessions and links, drafts, reports with
their documents and passages, and free text: answers that a person grades, unreadable answers,
comments on them, requests, reasons. Grades stay
unchanged, and so does every other answer.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import Text, cast, delete, or_, select, update
from sqlalchemy.orm import Session

from api.auth.principal import Principal
from api.core.errors import FieldError, InvalidInput
from api.db.models import (
    Answer,
    Assignment,
    AuditEntry,
    Base,
    CalendarFeed,
    DeviceCode,
    Draft,
    Enrolment,
    ErasureFlag,
    Excuse,
    Extension,
    Identity,
    Invite,
    LoginSession,
    LtiLaunch,
    LtiMember,
    LtiScore,
    LtiUser,
    MailKey,
    MailOptOut,
    OutboxMessage,
    ProblemProgress,
    RateLimitEvent,
    Regrade,
    RegradeRequest,
    Token,
    User,
)
from api.rate_limits import stored_events
from api.services.accounts.accounts import check_not_self
from api.services.accounts.erasure.work import (
    ERASED,
    delete_attachments,
    delete_reports,
    erase_free_text,
    recompute_receipts,
)
from api.services.audit import recorder

ERASED_NAME: Final = "Erased person"
ID_COLUMNS_WITHOUT_FOREIGN_KEY: Final[Mapping[type[Base], tuple[str, ...]]] = {
    AuditEntry: ("before", "after", "target_id"),
    Regrade: ("draws",),
}
"""Columns that contain ids of people without a foreign key.

The database does not update these.
"""
CHUNK_SIZE: Final = 500
IDENTITY_FIELDS: Final = ("name", "family_name", "email", "student_number", "login")
PERSONAL_FIELDS: Final = frozenset({*IDENTITY_FIELDS, "reason", "comment", "text", "reply"})
"""Audit log fields with personal data, an earlier name included."""
AUDIT_TARGET_OWNERS: Final = {
    "answer": (Answer.id, Answer.student_id),
    "regrade_request": (RegradeRequest.id, RegradeRequest.student_id),
    "excuse": (Excuse.id, Excuse.student_id),
    "extension": (Extension.id, Extension.student_id),
}
"""Audit log targets that belong to a person: the columns of their id and owner."""


def lock_student_work(session: Session, user_id: UUID) -> None:
    """Lock the work of *user_id*, so that nobody else writes or refers to it before its erasure.

    The lock order is that of the submission writer: assignments, enrollments, standings, user.
    """
    courses = select(Enrolment.course_id).where(Enrolment.user_id == user_id)
    for query in (
        select(Assignment.id).where(Assignment.course_id.in_(courses)).order_by(Assignment.id),
        select(Enrolment.id).where(Enrolment.user_id == user_id).order_by(Enrolment.id),
        select(ProblemProgress.problem_id)
        .where(ProblemProgress.student_id == user_id)
        .order_by(ProblemProgress.problem_id),
    ):
        session.execute(query.with_for_update(key_share=True)).all()
    session.execute(select(User.id).where(User.id == user_id).with_for_update()).all()


def erase_account(
    session: Session, caller: Principal, user: User, *, confirm: str, now: datetime
) -> UUID:
    """Erase *user*; return the random id of their answers and grades.

    Raises `InvalidInput` unless *confirm* is the name of the account.
    """
    check_not_self(caller, user)
    if confirm.strip() != user.name:
        raise InvalidInput(
            "Nothing was erased. Erasure cannot be undone and requires the name of the account.",
            errors=(FieldError("confirm", "must be the name of the account"),),
        )
    old, new = user.id, uuid4()
    words = {getattr(user, name) for name in IDENTITY_FIELDS} - {"", None}
    _allow_append_only_changes(session)
    erase_free_text(session, old)
    delete_reports(session, old)
    delete_attachments(session, old)
    _delete_personal_rows(session, user)
    for enrolment in session.scalars(select(Enrolment).where(Enrolment.user_id == old)):
        enrolment.lms_id = ""
        # Withdrawn, so off every list: an instructor cannot grade a person without a name.
        enrolment.withdrawn_at = enrolment.withdrawn_at or now
        enrolment.version += 1
    user.name, user.email, user.student_number, user.login = ERASED_NAME, None, "", ""
    user.family_name = ""
    user.password_hash, user.is_admin, user.erased_at = None, False, now
    user.version += 1
    _replace_id_and_erase_words(session, old, new, words)
    recompute_receipts(session, old, new)
    session.flush()
    session.execute(
        update(User).where(User.id == old).values(id=new),
        execution_options={"synchronize_session": False},
    )
    session.expunge_all()
    session.execute(delete(ErasureFlag))
    recorder.record_action(session, caller, "user.erased", now=now, target=("user", new))
    return new


def _allow_append_only_changes(session: Session) -> None:
    """Let this transaction change personal data in append-only rows."""
    session.add(ErasureFlag())
    session.flush()


def _delete_personal_rows(session: Session, user: User) -> None:
    owners = (
        *(Token.user_id, LoginSession.user_id, Invite.user_id),
        *(DeviceCode.user_id, Identity.user_id, Draft.student_id),
        # The error of a message may quote the address.
        # Scores refer to their messages, so they go first.
        *(LtiScore.student_id, LtiUser.user_id, LtiLaunch.user_id, LtiMember.user_id),
        *(OutboxMessage.recipient_id, MailOptOut.user_id, MailKey.user_id, CalendarFeed.user_id),
    )
    # The delivery of scores locks a message before its score.
    messages = select(OutboxMessage.id).where(OutboxMessage.recipient_id == user.id)
    session.execute(messages.order_by(OutboxMessage.id).with_for_update()).all()
    for owner in owners:
        session.execute(delete(owner.class_).where(owner == user.id))
    if user.email:
        digest = stored_events.build_event_key("", user.email).strip()
        session.execute(delete(RateLimitEvent).where(RateLimitEvent.key.contains(digest)))


def _replace_id_and_erase_words(session: Session, old: UUID, new: UUID, words: set[str]) -> None:
    """Replace the *old* id in columns without a foreign key, and erase *words* there."""
    for entry in _iterate_audit_entries(session, old):
        entry.reason = ERASED if entry.reason else ""
    for table, columns in ID_COLUMNS_WITHOUT_FOREIGN_KEY.items():
        mentions = [cast(getattr(table, name), Text).contains(str(old)) for name in columns]
        for row in session.scalars(select(table).where(or_(*mentions))):
            for name in columns:
                setattr(row, name, _replace_in_json(getattr(row, name), str(old), str(new), words))
            if isinstance(row, AuditEntry) and row.target_id == str(new):
                row.reason = ERASED if row.reason else ""


def _iterate_audit_entries(session: Session, student: UUID) -> Iterator[AuditEntry]:
    """Yield the entries of the audit log about the student's answers, requests and exceptions."""
    for target, (key, owner) in AUDIT_TARGET_OWNERS.items():
        ids = [str(one) for one in session.scalars(select(key).where(owner == student))]
        for start in range(0, len(ids), CHUNK_SIZE):
            is_in_chunk = AuditEntry.target_id.in_(ids[start : start + CHUNK_SIZE])
            yield from session.scalars(
                select(AuditEntry).where(AuditEntry.target == target, is_in_chunk)
            )


def _replace_in_json(value: Any, old: str, new: str, words: set[str]) -> Any:
    match value:
        case dict():
            erased = {key: ERASED for key, one in value.items() if one and key in PERSONAL_FIELDS}
            remaining = {key: one for key, one in value.items() if key not in erased}
            return erased | {
                key.replace(old, new): _replace_in_json(one, old, new, words)
                for key, one in remaining.items()
            }
        case list():
            return [_replace_in_json(one, old, new, words) for one in value]
        case str():
            return ERASED if value in words else value.replace(old, new)
        case _:
            return value
