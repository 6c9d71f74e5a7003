"""Composition of a message at its delivery: who gets it, whether it is still due, and its text.

A link is created here, so that the stored message has no secret. Each try creates another one; the
links of a message end together when one is used.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.db.models import Assignment, Course, Enrolment, MailOptOut, OutboxMessage, User
from api.services.accounts.invitation_tokens import LinkCreator, PasswordLink, issue_links
from api.services.accounts.links.password_reset import create_mailed_reset_link
from api.services.accounts.links.unsubscribe import create_unsubscribe_token
from api.services.assignments.timeline import format_absolute
from api.services.courses.time_zones import get_zone
from api.services.outbox.kinds import KIND_RULES, MessageKind
from api.services.outbox.occasions.reminders import STAFF_ROLES, find_open_due_times
from api.services.outbox.occasions.waiting_work import count_waiting_work
from api.services.outbox.queue import (
    ASSIGNMENT_HIDDEN,
    NOT_IN_COURSE,
    RELEASE_WITHDRAWN,
    REMINDER_OUTDATED,
    REPLACED,
    has_newer_message,
)
from api.services.outbox.smtp import DeliverySettings
from api.services.outbox.texts import MessageText, render_digest, render_message
from grader.display.text import pluralize

UTC_ZONE: Final = ZoneInfo("UTC")


class _UnfoldedHeader(UnstructuredHeader, BaseHeader):
    """Header on one line. Folding would encode a long address, and mail programs would not see it.

    RFC 5322 allows lines of 998 characters.
    """

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


_HEADERS: Final = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", _UnfoldedHeader)
_EMAIL_POLICY: Final = SMTP.clone(header_factory=_HEADERS)


class MessageDroppedError(Exception):
    """There is no reason to send a message any more; the text says why."""


@dataclass(frozen=True, slots=True)
class EmailDraft:
    """Content of an e-mail: its text and what its headers depend on."""

    text: MessageText
    recipient: str
    message_id: str
    date: datetime
    unsubscribe_url: str = ""

    def build(self, mail: DeliverySettings) -> EmailMessage:
        """Return the e-mail, with a plain and an HTML part; repeats have the same headers.

        With *unsubscribe_url*, mail programs offer to unsubscribe with one click (RFC 8058).
        """
        email = EmailMessage(policy=_EMAIL_POLICY)
        email["From"], email["To"] = mail.sender, self.recipient
        email["Subject"] = self.text.subject
        email["Date"], email["Message-ID"] = format_datetime(self.date), self.message_id
        email["Auto-Submitted"] = "auto-generated"
        if self.unsubscribe_url:
            email["List-Unsubscribe"] = f"<{self.unsubscribe_url}>"
            email["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        email.set_content(self.text.text)
        email.add_alternative(self.text.to_html(mail.public_url), subtype="html")
        return email


@dataclass(frozen=True, slots=True)
class Composition:
    """Draft of the e-mail of some messages to one person, None if all of them were dropped.

    *dropped* has the reason for each message that should not be sent any more.
    """

    draft: EmailDraft | None
    dropped: dict[UUID, str]


def compose_draft(
    session: Session, messages: Sequence[OutboxMessage], mail: DeliverySettings, *, now: datetime
) -> Composition:
    """Return the draft of the e-mail of *messages* to one person: one message, or a digest.

    Its Message-ID and date are those of the first message, even if that one is dropped: it may
    have been part of an earlier try. The e-mail itself is built after the transaction, because
    SQLite stores no submission meanwhile.
    """
    texts: list[tuple[OutboxMessage, User, MessageText]] = []
    dropped: dict[UUID, str] = {}
    for message in messages:
        try:
            user = _lock_recipient(session, message)
            _drop_if_replaced(session, message)
            text = _compose_text(session, message, user, mail, now=now)
        except MessageDroppedError as reason:
            dropped[message.id] = str(reason)
        else:
            texts.append((message, user, text))
    if not texts:
        return Composition(None, dropped)
    first = messages[0]
    sent, user, text = texts[0]
    if len(texts) > 1:
        text = render_digest([one for _, _, one in texts], user.name, public_url=mail.public_url)
    is_one_kind = len({message.kind for message, _, _ in texts}) == 1
    draft = EmailDraft(
        text,
        recipient=user.email or "",
        message_id=f"<{first.id}@{mail.sender.rpartition('@')[2]}>",
        date=first.created_at,
        unsubscribe_url=_create_unsubscribe_url(session, sent, mail) if is_one_kind else "",
    )
    return Composition(draft, dropped)


def _is_optional(kind: str) -> bool:
    return kind in KIND_RULES and KIND_RULES[kind].optional  # type: ignore[index]  # it is a key


def _create_unsubscribe_url(
    session: Session, message: OutboxMessage, mail: DeliverySettings
) -> str:
    """Return the address that declines the kind of *message*, "" if it cannot be declined."""
    if not _is_optional(message.kind):
        return ""
    kind: MessageKind = message.kind  # type: ignore[assignment]  # only kinds are stored
    token = create_unsubscribe_token(session, message.recipient_id, kind)
    return f"{mail.public_url}/mail/unsubscribe/{token}"


def _lock_recipient(session: Session, message: OutboxMessage) -> User:
    """Return the recipient, who is locked until the end of the transaction.

    The lock keeps the password unchanged while a link is created.
    """
    user = session.get(
        User, message.recipient_id, with_for_update={"key_share": True}, populate_existing=True
    )
    if user is None or user.erased_at is not None or not user.email:
        raise MessageDroppedError("the account has no e-mail address")
    if user.suspended_at is not None:
        raise MessageDroppedError("the account is suspended")
    if _is_optional(message.kind):
        declined = session.get(MailOptOut, {"user_id": user.id, "kind": message.kind})
        if declined is not None:
            raise MessageDroppedError("the recipient declined this kind of message")
    return user


def _drop_if_replaced(session: Session, message: OutboxMessage) -> None:
    """Drop *message* if a newer one says the same.

    After an outage one digest is enough, and only the reset link that was requested last.
    """
    if has_newer_message(session, message):
        raise MessageDroppedError(REPLACED)


def _compose_text(
    session: Session, message: OutboxMessage, user: User, mail: DeliverySettings, *, now: datetime
) -> MessageText:
    kind: MessageKind = message.kind  # type: ignore[assignment]  # only kinds are stored
    match kind:
        case "password_reset":
            link = create_mailed_reset_link(session, user, public_url=mail.public_url, now=now)
            variables = _describe_link(link, UTC_ZONE)
        case "invitation":
            variables = _compose_invitation(session, message, user, mail, now=now)
        case "results_released" | "request_answered":
            variables = _compose_news(session, message, mail)
        case "due_soon":
            variables = _compose_reminder(session, message, mail, now=now)
        case "work_waiting":
            variables = _compose_digest(session, message, mail)
    return render_message(kind, {"name": user.name, **variables}, public_url=mail.public_url)


def _describe_link(link: PasswordLink, zone: ZoneInfo) -> dict[str, str]:
    until = link.expires_at.replace(second=0, microsecond=0)
    return {"link": link.url, "until": format_absolute(until, zone)}


def _compose_invitation(
    session: Session, message: OutboxMessage, user: User, mail: DeliverySettings, *, now: datetime
) -> dict[str, str]:
    course = None if message.course_id is None else _load_course(session, message)
    if user.has_password:
        raise MessageDroppedError("the recipient already has a password")
    creator = session.get(User, message.created_by) if message.created_by else None
    if creator is None:
        raise MessageDroppedError("the account that sent the invitation no longer exists")
    if course is None and not creator.is_admin:
        raise MessageDroppedError("the account that sent the invitation is no administrator")
    # As for a link that is downloaded: that of an administrator does not belong to the course.
    is_limited = course is not None and not creator.is_admin
    link_creator = LinkCreator(creator.id, course.id if course and is_limited else None)
    [link] = issue_links(
        session, [user], "invite", public_url=mail.public_url, creator=link_creator, now=now
    )
    if course is None:
        return {"course": "", **_describe_link(link, UTC_ZONE)}
    return {"course": course.title, **_describe_link(link, get_zone(course.zone))}


def _compose_news(
    session: Session, message: OutboxMessage, mail: DeliverySettings
) -> dict[str, str]:
    course = _load_course(session, message)
    assignment = session.get(Assignment, message.assignment_id)
    if assignment is None or assignment.deleted_at is not None or assignment.published_at is None:
        raise MessageDroppedError(ASSIGNMENT_HIDDEN)
    since = message.created_at
    path = "/me/requests"
    if message.kind == "results_released":
        if assignment.results_released_at is None:
            raise MessageDroppedError(RELEASE_WITHDRAWN)
        path = f"/assignments/{assignment.id}"
    return {
        "course": course.title,
        "assignment": assignment.title,
        "since": format_absolute(since.replace(second=0, microsecond=0), get_zone(course.zone)),
        "link": f"{mail.public_url}{path}",
    }


def _compose_reminder(
    session: Session, message: OutboxMessage, mail: DeliverySettings, *, now: datetime
) -> dict[str, str]:
    course = _load_course(session, message)
    assignment = session.get(Assignment, message.assignment_id)
    if assignment is None or assignment.deleted_at is not None or assignment.published_at is None:
        raise MessageDroppedError(ASSIGNMENT_HIDDEN)
    student = message.recipient_id
    due = find_open_due_times(session, assignment, course, now=now, among=[student]).get(student)
    if due is None or due != message.occasion_at:
        raise MessageDroppedError(REMINDER_OUTDATED)
    return {
        "course": course.title,
        "assignment": assignment.title,
        "due": format_absolute(due, get_zone(course.zone)),
        "link": f"{mail.public_url}/assignments/{assignment.id}",
    }


def _compose_digest(
    session: Session, message: OutboxMessage, mail: DeliverySettings
) -> dict[str, str]:
    course = _load_course(session, message, roles=STAFF_ROLES)
    work = count_waiting_work(session, course.id)
    if not work.total:
        raise MessageDroppedError("no work is waiting any more")
    return {
        "course": course.title,
        "works": pluralize(work.works, "submission"),
        "requests": pluralize(work.requests, "regrade request"),
        "link": f"{mail.public_url}/courses/{course.id}",
    }


def _load_course(session: Session, message: OutboxMessage, *, roles: Sequence[str] = ()) -> Course:
    """Return the course of *message*, which its recipient has to be in, with one of *roles*."""
    course = session.scalar(
        select(Course)
        .join(Enrolment, Enrolment.course_id == Course.id)
        .where(
            Course.id == message.course_id,
            Enrolment.user_id == message.recipient_id,
            Enrolment.withdrawn_at.is_(None),
            *([Enrolment.role.in_(roles)] if roles else []),
        )
    )
    if course is None:
        raise MessageDroppedError(NOT_IN_COURSE)
    return course
