"""Login of a program by a code that a student confirms in a browser (RFC 8628, ADR 30).

A code lives ten minutes and gives one token, whose scope is ``submit``. Confirming it is for
students: a token of staff would read the work of the class.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from api.auth.principal import Principal
from api.auth.roles import ROLE_RANKS
from api.auth.secrets import NewSecret, digests_match, new_secret, parse_secret
from api.auth.user_codes import new_user_code, normalize_user_code, user_code_digest
from api.core.errors import Forbidden, NotFound
from api.core.ids import new_id
from api.db.models import Course, DeviceCode, Enrolment, Token, User
from api.services.accounts.tokens import create_token, load_highest_role, lock_account
from api.services.audit import recorder

CODE_LIFETIME: Final = timedelta(minutes=10)
POLL_INTERVAL: Final = timedelta(seconds=5)
POLL_TOLERANCE: Final = timedelta(seconds=0.5)
"""How much earlier than the interval a request may come: clocks and networks are not exact."""
TOKEN_DAYS: Final = 90
UNKNOWN_CODE_MESSAGE: Final = (
    "No login is waiting for this code. Check the letters, or start again: a "
    "code works once, for ten minutes."
)

PollRefusal = Literal["authorization_pending", "slow_down", "expired_token", "access_denied"]


@dataclass(frozen=True, slots=True)
class NewDeviceCode:
    """New login of a program: *secret* for the program, *user_code* for the person."""

    secret: NewSecret
    user_code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PendingLogin:
    """Login that waits for a person: the program, its course, and the time of the request.

    *course* is None if the program named none.
    """

    client: str
    course: Course | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class GrantedToken:
    """Token that a program has fetched."""

    token: Token
    secret: NewSecret


def create_device_code(
    session: Session, *, client: str, course_slug: str, now: datetime
) -> NewDeviceCode:
    """Create a login for a program, and delete expired ones."""
    session.execute(delete(DeviceCode).where(DeviceCode.expires_at <= now - CODE_LIFETIME))
    code = NewDeviceCode(new_secret("code"), new_user_code())
    session.add(
        DeviceCode(
            id=new_id(),
            prefix=code.secret.prefix,
            digest=code.secret.digest,
            user_code_digest=user_code_digest(code.user_code),
            client=client,
            course_slug=course_slug,
            created_at=now,
            expires_at=now + CODE_LIFETIME,
        )
    )
    return code


def load_pending_login(
    session: Session, caller: Principal, user_code: str, *, now: datetime
) -> PendingLogin:
    """Return the login of *user_code*.

    Raises `NotFound` if none waits for the code or its course has no such member, and `Forbidden`
    for a caller who is more than a student there.
    """
    caller.require_login()
    row = _require_pending_code(session, user_code, now=now)
    return PendingLogin(row.client, _require_student_course(session, caller, row), row.created_at)


def decide_pending_login(
    session: Session, caller: Principal, user_code: str, *, approves: bool, now: datetime
) -> None:
    """Confirm or refuse the login of *user_code*; raise the errors of `load_pending_login`."""
    caller.require_login()
    lock_account(session, caller.id, caller)
    row = _require_pending_code(session, user_code, now=now, locks=True)
    course = _require_student_course(session, caller, row)
    row.user_id, row.course_id = caller.id, course.id if course else None
    row.approved_at, row.denied_at = (now, None) if approves else (None, now)
    recorder.record_action(
        session,
        caller,
        "device.approved" if approves else "device.denied",
        now=now,
        change=({}, {"client": row.client, "course": str(course.id) if course else None}),
    )


def _require_pending_code(
    session: Session, user_code: str, *, now: datetime, locks: bool = False
) -> DeviceCode:
    digest = user_code_digest(normalize_user_code(user_code))
    query = (
        select(DeviceCode)
        .where(
            DeviceCode.expires_at > now,
            DeviceCode.user_id.is_(None),
            DeviceCode.denied_at.is_(None),
        )
        .filter_by(user_code_digest=digest)
    )
    row = session.scalars(query.with_for_update() if locks else query).one_or_none()
    if row is None:
        raise NotFound(UNKNOWN_CODE_MESSAGE)
    return row


def _require_student_course(session: Session, caller: Principal, row: DeviceCode) -> Course | None:
    """Return the course of a login, in which the caller must be a student.

    Without a course the caller must be no more than a student anywhere.
    """
    course = None
    if row.course_slug:
        course = session.scalars(
            select(Course)
            .join(Enrolment, Enrolment.course_id == Course.id)
            .where(
                Course.slug == row.course_slug,
                Enrolment.user_id == caller.id,
                Enrolment.withdrawn_at.is_(None),
            )
        ).one_or_none()
        if course is None:
            raise NotFound(
                "You are not in the course that the program names. Stop the program, correct the "
                "name of the course, and log in again."
            )
    role = load_highest_role(session, caller.user, course=course.id if course else None)
    if ROLE_RANKS[role or "student"] > ROLE_RANKS["student"]:
        raise Forbidden(
            "Codes are for students: a staff token could read the work of the class. Create a "
            "token under “Account”, or name a course in which you are a student."
        )
    return course


def find_poll_refusal(session: Session, device_code: str, *, now: datetime) -> PollRefusal | None:
    """Return why the program gets no token now, or None if it gets one; nothing is stored.

    Unknown, used and expired codes are not told apart.
    """
    row = _find_device_code(session, device_code)
    if row is None or row.expires_at <= now or row.used_at is not None:
        return "expired_token"
    if row.denied_at is not None:
        return "access_denied"
    if row.polled_at is not None and now - row.polled_at < POLL_INTERVAL - POLL_TOLERANCE:
        return "slow_down"
    return None if row.approved_at is not None else "authorization_pending"


def record_poll(session: Session, device_code: str, *, now: datetime) -> None:
    """Store the time at which a program asked in vain."""
    row = _find_device_code(session, device_code)
    if row is not None:
        row.polled_at = now


def redeem_device_code(
    session: Session, device_code: str, *, request: str, now: datetime
) -> GrantedToken | PollRefusal:
    """Create the token of a confirmed login, once; otherwise return why there is none.

    Raises `Conflict` if the account has all the tokens that it may have.
    """
    row = _find_device_code(session, device_code)
    if row is None or row.user_id is None:
        return "expired_token"
    # In the order of whatever ends tokens: first the account, then its codes.
    owner = lock_account(session, row.user_id, None)
    session.refresh(row, with_for_update=True)
    refusal = find_poll_refusal(session, device_code, now=now)
    if refusal is not None:
        return refusal
    if not _may_receive_token(session, owner, row.course_id):
        return "access_denied"
    row.used_at = now
    token, secret = create_token(
        session,
        owner,
        actor=Principal(owner, frozenset({"submit"}), request=request),
        name=row.client,
        scopes=("submit",),
        days=TOKEN_DAYS,
        course=row.course_id,
        now=now,
    )
    token.is_from_code = True
    return GrantedToken(token, secret)


def _may_receive_token(session: Session, owner: User, course_id: UUID | None) -> bool:
    """Return whether *owner* is still active, and no more than a student where the token is for."""
    if owner.suspended_at is not None or owner.erased_at is not None:
        return False
    role = load_highest_role(session, owner, course=course_id)
    return role == "student" or (role is None and course_id is None)


def _find_device_code(session: Session, device_code: str) -> DeviceCode | None:
    """Return the row of a program's code, or None if there is none."""
    secret = parse_secret(device_code)
    if secret is None or secret.kind != "code":
        return None
    row = session.scalars(
        select(DeviceCode).where(DeviceCode.prefix == secret.prefix)
    ).one_or_none()
    is_same = digests_match(secret.digest, None if row is None else row.digest)
    return row if is_same else None
