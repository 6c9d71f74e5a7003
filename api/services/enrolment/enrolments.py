"""Enrollments: the people of a course, listed, added, changed, withdrawn and restored."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Row, Select, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.auth.authorization import Member
from api.auth.roles import may_give
from api.core.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from api.core.ids import new_id
from api.db.models import Enrolment, Section, User
from api.http.pagination import Cursor, keyset
from api.schemas.accounts.people import Person, PersonIn, PersonPatch
from api.services.accounts import sessions
from api.services.accounts.account_ownership import ELSEWHERE, NUMBERS, may_edit
from api.services.accounts.credentials import secure_new_staff
from api.services.audit import recorder
from api.services.enrolment.search import called
from api.services.enrolment.sections import hold_rules, regrade_moved, section_of

__all__ = [
    "add",
    "change",
    "check_free",
    "find",
    "flush_new",
    "listed",
    "locked",
    "people",
    "withdraw",
]

OF_USER: Final = ("name", "email", "student_number")


def _all(course_id: UUID) -> Select[Enrolment, User, str]:
    return (
        select(Enrolment, User, Section.name)
        .join(User, User.id == Enrolment.user_id)
        .outerjoin(Section, Section.id == Enrolment.section_id)
        .where(Enrolment.course_id == course_id)
    )


def people(
    session: Session,
    member: Member,
    *,
    role: str | None,
    section: UUID | None,
    text: str,
    state: str,
    after: Cursor | None,
    limit: int,
) -> Sequence[Row[Enrolment, User, str]]:
    """Return the people of a course by family name, one more than *limit*.

    *text* is part of a name, an e-mail address or a number; *state* is ``active``, ``withdrawn`` or
    ``all``.
    """
    found = _all(member.course.id)
    if role is not None:
        found = found.where(Enrolment.role == role)
    if section is not None:
        found = found.where(Enrolment.section_id == section)
    if state != "all":
        left = Enrolment.withdrawn_at
        found = found.where(left.is_(None) if state == "active" else left.is_not(None))
    if text:
        columns = (User.email, User.student_number, Enrolment.lms_id)
        found = found.where(called(text, *columns))
    return session.execute(keyset(found, User.sort_name, User.id, after=after).limit(limit)).all()


def listed(row: Row[Enrolment, User, str]) -> Person:
    """Serialize a person of a course for staff."""
    enrolment, user, section = row
    return Person(
        user=user.id,
        name=user.name,
        email=user.email,
        student_number=user.student_number,
        lms_id=enrolment.lms_id,
        role=enrolment.role,  # type: ignore[arg-type]  # the column holds a role
        section=enrolment.section_id,
        section_name=section,
        is_test=enrolment.is_test,
        has_password=user.has_password,
        suspended=user.suspended_at is not None,
        joined_at=enrolment.created_at,
        withdrawn_at=enrolment.withdrawn_at,
        version=enrolment.version,
    )


def find(session: Session, member: Member, user_id: UUID) -> Person:
    """Return a person of the course; raise `NotFound` if they never were in it."""
    return listed(_one(session, member, user_id))


def _one(session: Session, member: Member, user_id: UUID) -> Row[Enrolment, User, str]:
    session.flush()
    found = session.execute(_all(member.course.id).where(User.id == user_id)).one_or_none()
    if found is None:
        raise NotFound("There is no such person in this course.")
    return found


def locked(session: Session, member: Member, user_id: UUID) -> tuple[Enrolment, User]:
    """Lock and return a person's enrollment and account; raise `NotFound` if there is none."""
    found = session.execute(
        select(Enrolment, User)
        .join(User, User.id == Enrolment.user_id)
        .where(Enrolment.course_id == member.course.id, Enrolment.user_id == user_id)
        .with_for_update(key_share=True)
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such person in this course.")
    return found[0], found[1]


def add(session: Session, member: Member, given: PersonIn, *, now: datetime) -> Person:
    """Add a person to the course; a withdrawn person comes back with all their work."""
    _check_role(member, given.role)
    hold_rules(session, member.course.id)
    user = session.scalar(
        select(User).where(User.email == given.email).with_for_update(key_share=True)
    )
    if user is None:
        user = User(id=new_id(), email=given.email, name=given.name, created_at=now)
        user.student_number = given.student_number
        session.add(user)
        flush_new(session)
    section = section_of(session, member.course.id, given.section)
    enrolment = session.scalar(
        select(Enrolment)
        .where(Enrolment.course_id == member.course.id, Enrolment.user_id == user.id)
        .with_for_update()
    )
    if enrolment is None:
        enrolment = Enrolment(course_id=member.course.id, user_id=user.id, created_at=now)
        session.add(enrolment)
    elif enrolment.withdrawn_at is None:
        raise Conflict(f"There is somebody with this e-mail address in the course: {user.name}.")
    else:
        _check_role(member, enrolment.role)
        enrolment.version += 1
    enrolment.role, enrolment.withdrawn_at = given.role, None
    enrolment.section_id = section
    enrolment.lms_id = given.lms_id or enrolment.lms_id or ""
    session.flush()
    if given.role != "student":
        secure_new_staff(session, member, user, course=member.course.id, now=now)
    regrade_moved(session, member, [user.id], now=now)
    told = {"role": given.role, "section": _text(section)}
    target = ("user", user.id)
    recorder.record(session, member, "person.added", now=now, target=target, change=({}, told))
    return find(session, member, user.id)


def change(
    session: Session, member: Member, user_id: UUID, given: PersonPatch, *, now: datetime
) -> Person:
    """Change a person's enrollment, and their account if the course may edit it.

    *given* holds the fields that were sent. Name, address and number belong to the account:
    changing them needs the same permission as a reset of its password. Anybody may set a missing
    number.
    """
    enrolment, user = locked(session, member, user_id)
    fields = given.model_dump(exclude_unset=True)
    if given.role is not None and given.role != enrolment.role:
        _change_role(session, member, (enrolment, user), given.role, now=now)
    before = {"role": enrolment.role, "section": _text(enrolment.section_id)}
    if "section" in fields and given.section != enrolment.section_id:
        enrolment.section_id = section_of(session, member.course.id, given.section)
        session.flush()
        regrade_moved(session, member, [user.id], now=now)
    if given.lms_id is not None:
        enrolment.lms_id = given.lms_id
    own = {name: fields[name] for name in OF_USER if fields.get(name) is not None}
    _change_account(session, member, (enrolment, user), own, now=now)
    enrolment.version += 1
    after = {"role": enrolment.role, "section": _text(enrolment.section_id)}
    target = ("user", user.id)
    recorder.record(
        session, member, "person.changed", now=now, target=target, change=(before, after)
    )
    return find(session, member, user.id)


def _change_role(
    session: Session, member: Member, person: tuple[Enrolment, User], role: str, *, now: datetime
) -> None:
    enrolment, user = person
    _check_role(member, enrolment.role)
    _check_role(member, role)
    if enrolment.role == "instructor":
        _check_not_last(session, member, enrolment)
    before, enrolment.role = enrolment.role, role
    if role == "student":
        sessions.settle(session, "role_changed", [user.id], now=now)
    else:
        secure_new_staff(session, member, user, course=member.course.id, now=now)
    target = ("user", enrolment.user_id)
    change = ({"role": before}, {"role": role})
    recorder.record(session, member, "person.role_changed", now=now, target=target, change=change)


def _change_account(
    session: Session,
    member: Member,
    person: tuple[Enrolment, User],
    own: Mapping[str, str],
    *,
    now: datetime,
) -> None:
    enrolment, user = person
    changed = {name: value for name, value in own.items() if getattr(user, name) != value}
    if not changed:
        return
    first = {name for name in changed if name in NUMBERS and not getattr(user, name)}
    if changed.keys() - first and not may_edit(session, member, enrolment, user):
        raise Forbidden(ELSEWHERE)
    if "email" in changed:
        check_free(session, changed["email"])
    for name, value in changed.items():
        setattr(user, name, value)
    user.version += 1
    told = {"fields": sorted(changed)}
    recorder.record_account(session, member, "user.changed", user=user.id, now=now, told=told)


def check_free(session: Session, email: str) -> None:
    """Raise `Invalid` if the e-mail address is taken."""
    if session.scalar(select(User.id).where(User.email == email)) is not None:
        said = "is somebody else's"
        raise Invalid(f"The e-mail address {said}.", errors=(FieldError("email", said),))


def withdraw(session: Session, member: Member, user_id: UUID, *, now: datetime) -> None:
    """Withdraw a person from the course; their work stays, and comes back with them."""
    enrolment, user = locked(session, member, user_id)
    if enrolment.withdrawn_at is not None:
        return
    _check_role(member, enrolment.role)
    if enrolment.role == "instructor":
        _check_not_last(session, member, enrolment)
    enrolment.withdrawn_at = now
    enrolment.version += 1
    recorder.record(session, member, "person.withdrawn", now=now, target=("user", user.id))


def flush_new(session: Session) -> None:
    """Flush new accounts; raise `Conflict` if another course is adding the same person."""
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict("Somebody adds the same person just now. Try again.") from error


def _check_role(member: Member, role: str) -> None:
    if not may_give(member.role, role):  # type: ignore[arg-type]  # the column holds a role
        raise Forbidden(f"Your role does not allow to give or take the role {role}.")


def _check_not_last(session: Session, member: Member, enrolment: Enrolment) -> None:
    """Raise `Conflict` if the course would be left without an instructor."""
    others = session.scalar(
        select(func.count())
        .select_from(Enrolment)
        .where(
            Enrolment.course_id == member.course.id,
            Enrolment.role == "instructor",
            Enrolment.withdrawn_at.is_(None),
            Enrolment.id != enrolment.id,
        )
    )
    if not others:
        raise Conflict("This is the only instructor of the course. Name another one first.")


def _text(section: UUID | None) -> str | None:
    return None if section is None else str(section)
