"""Joining a course as a student, with the link or code that an instructor turned on.

Whoever joins with a new account has shown no proof of the e-mail address. Where e-mail is set up,
its owner therefore sets the password with a link. Elsewhere the password is never vouched for
(`api.services.accounts.credentials`), so that a later staff role locks it.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.auth.passwords import PasswordHasher
from api.auth.principal import Principal
from api.auth.secrets import new_secret
from api.auth.user_codes import new_join_code, normalize_join_code
from api.core.errors import Conflict, Forbidden, InvalidInput, NotFound, RateLimited
from api.core.ids import new_id
from api.db.engine import Database
from api.db.models import Course, Enrolment, Invite, Section, User
from api.rate_limits import stored_events
from api.schemas.accounts.joining import JoinableSection, JoinLink, NewAccountIn
from api.services.accounts import login, sessions
from api.services.accounts.credentials import ACCOUNT_BY_JOINING
from api.services.accounts.invitation_tokens import check_password_allowed
from api.services.accounts.sessions import NewSession
from api.services.accounts.uniqueness import flush_new_accounts
from api.services.audit import recorder
from api.services.enrolment.sections import check_section_exists
from api.services.outbox.queue import MessageSubject, Outbox

UNKNOWN_CODE: Final = (
    "No course can be joined with this code. Check the letters, or ask your instructor for the "
    "current link."
)
TURNED_OFF: Final = "Turn on joining with a link or code first."
WAS_WITHDRAWN: Final = "You were withdrawn from this course. Ask your instructor to add you again."
ACCOUNT_EXISTS: Final = (
    "There is already an account with this e-mail address. Log in with it, then join the course."
)
SET_LATER: Final = "must be left out: the link that is sent by e-mail sets it"


def build_join_link(course: Course, *, public_url: str) -> JoinLink:
    """Return the link and code of a course for its instructors."""
    code = course.join_code
    link = f"{public_url.rstrip('/')}/join?code={code}" if code else None
    return JoinLink(enabled=course.self_enrollment, code=code, link=link)


def replace_join_code(session: Session, member: CourseMembership, *, now: datetime) -> None:
    """Give the course of *member* a new code; the old link and code stop working."""
    course = member.course
    if not course.self_enrollment:
        raise Conflict(TURNED_OFF)
    course.join_code = new_join_code()
    target = ("course", course.id)
    recorder.record_action(session, member, "join_code.replaced", now=now, target=target)


def load_joinable_course(db: Database, code: str, *, address: str, now: datetime) -> Course:
    """Return the course of *code*; raise `NotFound` if none can be joined with it.

    Wrong codes are counted by network *address*, and too many raise `RateLimited`. They block no
    right code.
    """
    with db.reading() as session:
        course = _find_joinable_course(session, code)
    if course is None:
        stored_events.consume_and_commit_action_limit(db, "join_guess", address, now=now)
        raise NotFound(UNKNOWN_CODE)
    return course


def _find_joinable_course(session: Session, code: str) -> Course | None:
    normalized = normalize_join_code(code)
    if not normalized:
        return None
    return session.scalar(
        select(Course).where(
            Course.join_code == normalized, Course.self_enrollment, Course.archived_at.is_(None)
        )
    )


def list_sections(session: Session, course: Course) -> tuple[JoinableSection, ...]:
    """Return the sections of a course by name, without its people."""
    rows = session.scalars(
        select(Section).where(Section.course_id == course.id).order_by(Section.name, Section.id)
    )
    return tuple(JoinableSection(id=row.id, name=row.name) for row in rows)


def join_course(
    session: Session, caller: Principal, course: Course, *, section: UUID | None, now: datetime
) -> None:
    """Enroll the caller as a student; nothing changes for somebody who is in the course.

    Raises `Forbidden` for somebody who was withdrawn: an instructor decides on their return.
    """
    caller.require_login()
    # The lock lets only one of two requests add the enrollment.
    session.get(User, caller.id, with_for_update={"key_share": True})
    enrolment = session.scalar(
        select(Enrolment).where(Enrolment.course_id == course.id, Enrolment.user_id == caller.id)
    )
    if enrolment is None:
        _enrol_student(session, caller, course, section=section, now=now)
    elif enrolment.withdrawn_at is not None:
        raise Forbidden(WAS_WITHDRAWN)


def _enrol_student(
    session: Session, caller: Principal, course: Course, *, section: UUID | None, now: datetime
) -> None:
    check_section_exists(session, course.id, section)
    session.add(
        Enrolment(
            course_id=course.id,
            user_id=caller.id,
            role="student",
            section_id=section,
            created_at=now,
        )
    )
    session.flush()
    recorder.record_action(
        session,
        caller,
        "person.joined",
        now=now,
        target=("user", caller.id),
        change=({}, {"section": str(section) if section else None}),
        course_id=course.id,
    )


@dataclass(frozen=True, slots=True)
class NewAccountRequest:
    """Request of somebody at a network *address* to join with a new account.

    *request_id* is that of the HTTP request, for the audit log.
    """

    address: str
    now: datetime
    request_id: str
    body: NewAccountIn = field(repr=False)


def join_with_new_account(
    db: Database,
    outbox: Outbox,
    course: Course,
    request: NewAccountRequest,
    *,
    passwords: PasswordHasher,
) -> NewSession | None:
    """Create an account that joins *course*; return its session, or None if a link was sent.

    Raises `InvalidInput` for an unusable password, `RateLimited`, and `Conflict` if an account has
    the address. Where a link is sent, the result is the same for every address.
    """
    body, now = request.body, request.now
    stored_events.consume_and_commit_action_limit(
        db, "join_account_address", request.address, now=now
    )
    stored_events.consume_and_commit_action_limit(
        db, "join_account_course", str(course.id), now=now
    )
    with db.reading() as session:
        # Before the address is looked up: a wrong section must not tell whether it has an account.
        check_section_exists(session, course.id, body.section)
    if outbox.is_enabled:
        _join_by_mail(db, outbox, course, request)
        return None
    user = User(id=new_id(), email=body.email, name=body.name, created_at=now)
    if body.password is None:
        raise InvalidInput.for_field("password", "is required")
    check_password_allowed(user, body.password)
    user.password_hash = passwords.hash(body.password)
    with db.transaction() as session:
        if _find_account(session, body.email) is not None:
            raise Conflict(ACCOUNT_EXISTS)
        _add_and_enrol_account(session, course, user, request)
        _add_unconfirmed_link(session, course, user, now=now)
        device = login.store_device_secret(session, body.email, now=now)
        return sessions.create_session(session, user, now=now, device=device)


def _join_by_mail(db: Database, outbox: Outbox, course: Course, request: NewAccountRequest) -> None:
    """Create an account without a password, and send its owner a link; again, if it was lost."""
    body, now = request.body, request.now
    if body.password is not None:
        raise InvalidInput.for_field("password", SET_LATER)
    with db.transaction() as session:
        try:
            stored_events.consume_action_limit(session, "reset_account", body.email, now=now)
        except RateLimited:
            return
        user = _find_account(session, body.email)
        if user is None:
            user = User(id=new_id(), email=body.email, name=body.name, created_at=now)
            _add_and_enrol_account(session, course, user, request)
        elif user.password_hash is not None or not _is_enrolled(session, course, user):
            return
        subject = MessageSubject(course_id=course.id, created_by=user.id)
        outbox.add(session, "invitation", [user.id], subject, now=now)


def _find_account(session: Session, email: str) -> User | None:
    return session.scalar(select(User).where(User.email == email))


def _is_enrolled(session: Session, course: Course, user: User) -> bool:
    query = select(Enrolment.id).where(
        Enrolment.course_id == course.id,
        Enrolment.user_id == user.id,
        Enrolment.withdrawn_at.is_(None),
    )
    return session.scalar(query) is not None


def _add_and_enrol_account(
    session: Session, course: Course, user: User, request: NewAccountRequest
) -> None:
    session.add(user)
    flush_new_accounts(session)
    caller = Principal(user, None, request=request.request_id)
    recorder.record_action(
        session,
        caller,
        "user.created",
        now=request.now,
        target=("user", user.id),
        course_id=course.id,
    )
    _enrol_student(session, caller, course, section=request.body.section, now=request.now)


def _add_unconfirmed_link(session: Session, course: Course, user: User, *, now: datetime) -> None:
    """Store the used link that keeps anybody from vouching for the password."""
    secret = new_secret("invite")
    session.add(
        Invite(
            prefix=secret.prefix,
            digest=secret.digest,
            user_id=user.id,
            purpose=ACCOUNT_BY_JOINING,
            course_id=course.id,
            created_at=now,
            expires_at=now,
            used_at=now,
        )
    )
