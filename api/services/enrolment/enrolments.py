"""Enrollments: the people of a course, listed, added, changed, withdrawn and restored."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.auth.roles import can_assign_role
from api.core.errors import Conflict, Forbidden, NotFound
from api.core.ids import new_id
from api.db.models import Enrolment, Section, User
from api.http.pagination import Cursor, apply_keyset
from api.schemas.accounts.people import Person, PersonIn, PersonPatch
from api.services.accounts import sessions
from api.services.accounts.account_ownership import NEEDS_ADMIN, STUDENT_ID_LABELS, may_edit_account
from api.services.accounts.credentials import (
    end_sessions_and_lock_unvouched_password,
    unlink_identities,
)
from api.services.accounts.invitation_tokens import revoke_unused_links
from api.services.accounts.uniqueness import check_email_free, flush_new_accounts
from api.services.audit import recorder
from api.services.enrolment.search import person_search_condition
from api.services.enrolment.sections import (
    check_section_exists,
    lock_assignments,
    recompute_grades_with_section_extensions,
)

ACCOUNT_FIELDS: Final = ("name", "email", "student_number")


def _select_people(course_id: UUID) -> Select[Enrolment, User, str]:
    return (
        select(Enrolment, User, Section.name)
        .join(User, User.id == Enrolment.user_id)
        .outerjoin(Section, Section.id == Enrolment.section_id)
        .where(Enrolment.course_id == course_id)
    )


def list_people(
    session: Session,
    member: CourseMembership,
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
    query = _select_people(member.course.id)
    if role is not None:
        query = query.where(Enrolment.role == role)
    if section is not None:
        query = query.where(Enrolment.section_id == section)
    if state != "all":
        withdrawn_at = Enrolment.withdrawn_at
        query = query.where(
            withdrawn_at.is_(None) if state == "active" else withdrawn_at.is_not(None)
        )
    if text:
        columns = (User.email, User.student_number, Enrolment.lms_id)
        query = query.where(person_search_condition(text, *columns))
    return session.execute(
        apply_keyset(query, User.sort_name, User.id, after=after).limit(limit)
    ).all()


def serialize_person(row: Row[Enrolment, User, str]) -> Person:
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


def load_person_details(session: Session, member: CourseMembership, user_id: UUID) -> Person:
    """Return a person of the course; raise `NotFound` if they never were in it."""
    return serialize_person(_load_person(session, member, user_id))


def _load_person(
    session: Session, member: CourseMembership, user_id: UUID
) -> Row[Enrolment, User, str]:
    session.flush()
    row = session.execute(_select_people(member.course.id).where(User.id == user_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such person in this course.")
    return row


def lock_person(
    session: Session, member: CourseMembership, user_id: UUID
) -> tuple[Enrolment, User]:
    """Lock and return a person's enrollment and account; raise `NotFound` if there is none."""
    row = session.execute(
        select(Enrolment, User)
        .join(User, User.id == Enrolment.user_id)
        .where(Enrolment.course_id == member.course.id, Enrolment.user_id == user_id)
        .with_for_update(key_share=True)
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such person in this course.")
    return row[0], row[1]


def add_person(
    session: Session, member: CourseMembership, body: PersonIn, *, now: datetime
) -> Person:
    """Add a person to the course; a withdrawn person comes back with all their work."""
    _check_may_assign_role(member, body.role)
    lock_assignments(session, member.course.id)
    user = session.scalar(
        select(User).where(User.email == body.email).with_for_update(key_share=True)
    )
    if user is None:
        user = User(id=new_id(), email=body.email, name=body.name, created_at=now)
        user.student_number = body.student_number
        session.add(user)
        flush_new_accounts(session)
    check_section_exists(session, member.course.id, body.section)
    enrolment = session.scalar(
        select(Enrolment)
        .where(Enrolment.course_id == member.course.id, Enrolment.user_id == user.id)
        .with_for_update()
    )
    if enrolment is None:
        enrolment = Enrolment(course_id=member.course.id, user_id=user.id, created_at=now)
        session.add(enrolment)
    elif enrolment.withdrawn_at is None:
        raise Conflict(f"The course already has a person with this e-mail address: {user.name}.")
    else:
        _check_may_assign_role(member, enrolment.role)
        enrolment.version += 1
    enrolment.role, enrolment.withdrawn_at = body.role, None
    enrolment.section_id = body.section
    enrolment.lms_id = body.lms_id or enrolment.lms_id or ""
    session.flush()
    if body.role != "student":
        end_sessions_and_lock_unvouched_password(
            session, member, user, course=member.course.id, now=now
        )
    recompute_grades_with_section_extensions(session, member, [user.id], now=now)
    after = {"role": body.role, "section": _id_to_text(body.section)}
    target = ("user", user.id)
    recorder.record_action(
        session, member, "person.added", now=now, target=target, change=({}, after)
    )
    return load_person_details(session, member, user.id)


def update_person(
    session: Session, member: CourseMembership, user_id: UUID, patch: PersonPatch, *, now: datetime
) -> Person:
    """Change a person's enrollment, and their account if the course may edit it.

    *patch* holds the fields that were sent. Name, address and number belong to the account:
    changing them needs the same permission as a reset of its password. Anybody may set a missing
    number.
    """
    enrolment, user = lock_person(session, member, user_id)
    fields = patch.model_dump(exclude_unset=True)
    if patch.role is not None and patch.role != enrolment.role:
        _change_role(session, member, (enrolment, user), patch.role, now=now)
    before = {"role": enrolment.role, "section": _id_to_text(enrolment.section_id)}
    if "section" in fields and patch.section != enrolment.section_id:
        check_section_exists(session, member.course.id, patch.section)
        enrolment.section_id = patch.section
        session.flush()
        recompute_grades_with_section_extensions(session, member, [user.id], now=now)
    if patch.lms_id is not None:
        enrolment.lms_id = patch.lms_id
    account_values = {name: fields[name] for name in ACCOUNT_FIELDS if fields.get(name) is not None}
    _change_account(session, member, (enrolment, user), account_values, now=now)
    enrolment.version += 1
    after = {"role": enrolment.role, "section": _id_to_text(enrolment.section_id)}
    target = ("user", user.id)
    recorder.record_action(
        session, member, "person.changed", now=now, target=target, change=(before, after)
    )
    return load_person_details(session, member, user.id)


def _change_role(
    session: Session,
    member: CourseMembership,
    person: tuple[Enrolment, User],
    role: str,
    *,
    now: datetime,
) -> None:
    enrolment, user = person
    _check_may_assign_role(member, enrolment.role)
    _check_may_assign_role(member, role)
    if enrolment.role == "instructor":
        _check_not_last_instructor(session, member, enrolment)
    before, enrolment.role = enrolment.role, role
    if role == "student":
        sessions.end_sessions_and_tokens_for_event(session, "role_changed", [user.id], now=now)
    else:
        end_sessions_and_lock_unvouched_password(
            session, member, user, course=member.course.id, now=now
        )
    target = ("user", enrolment.user_id)
    change = ({"role": before}, {"role": role})
    recorder.record_action(
        session, member, "person.role_changed", now=now, target=target, change=change
    )


def _change_account(
    session: Session,
    member: CourseMembership,
    person: tuple[Enrolment, User],
    values: Mapping[str, str],
    *,
    now: datetime,
) -> None:
    enrolment, user = person
    changed = {name: value for name, value in values.items() if getattr(user, name) != value}
    if not changed:
        return
    first_set = {name for name in changed if name in STUDENT_ID_LABELS and not getattr(user, name)}
    if changed.keys() - first_set and not may_edit_account(session, member, enrolment, user):
        raise Forbidden(NEEDS_ADMIN)
    if "email" in changed:
        check_email_free(session, changed["email"])
        revoke_unused_links(session, [user.id], now=now)  # they may be in the old mailbox
    for name, value in changed.items():
        setattr(user, name, value)
    if "email" in changed:
        unlink_identities(session, user.id)
    user.version += 1
    details = {"fields": sorted(changed)}
    recorder.record_account_action(
        session, member, "user.changed", user=user.id, now=now, after=details
    )


def withdraw_person(
    session: Session, member: CourseMembership, user_id: UUID, *, now: datetime
) -> None:
    """Withdraw a person from the course; their work stays, and comes back with them."""
    enrolment, user = lock_person(session, member, user_id)
    if enrolment.withdrawn_at is not None:
        return
    _check_may_assign_role(member, enrolment.role)
    if enrolment.role == "instructor":
        _check_not_last_instructor(session, member, enrolment)
    enrolment.withdrawn_at = now
    enrolment.version += 1
    recorder.record_action(session, member, "person.withdrawn", now=now, target=("user", user.id))


def _check_may_assign_role(member: CourseMembership, role: str) -> None:
    if not can_assign_role(member.role, role):  # type: ignore[arg-type]  # the column holds a role
        raise Forbidden(f"You cannot grant or revoke a role above yours: {role}.")


def _check_not_last_instructor(
    session: Session, member: CourseMembership, enrolment: Enrolment
) -> None:
    """Raise `Conflict` if the course would be left without an instructor."""
    other = select(Enrolment.id).where(
        Enrolment.course_id == member.course.id,
        Enrolment.role == "instructor",
        Enrolment.withdrawn_at.is_(None),
        Enrolment.id != enrolment.id,
    )
    if session.scalar(other.limit(1)) is None:
        raise Conflict("This is the only instructor of the course. Name another one first.")


def _id_to_text(section: UUID | None) -> str | None:
    return None if section is None else str(section)
