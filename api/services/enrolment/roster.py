"""Roster import: a file of students read, planned, and applied in one transaction."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from api.auth.authorization import Member
from api.core.errors import FieldError, Invalid
from api.core.ids import new_id
from api.db.models import Course, Enrolment, Section, User
from api.schemas.accounts.people import (
    RosterChange,
    RosterLine,
    RosterNew,
    RosterOut,
    RosterPerson,
)
from api.services.audit import recorder
from api.services.enrolment.enrolments import flush_new
from api.services.enrolment.roster_files import Roster, RowProblem, read_roster
from api.services.enrolment.roster_plan import (
    LMS_ID,
    OF_ACCOUNT,
    SECTION,
    Change,
    Known,
    Plan,
    make_plan,
)
from api.services.enrolment.sections import hold_rules, regrade_moved

__all__ = ["import_roster", "look_at", "told"]


def look_at(session: Session, member: Member, file: bytes) -> Plan:
    """Return the plan of what a roster *file* would do to the course.

    Raises `Invalid` if the file cannot be used at all.
    """
    roster = read_roster(file)
    if not roster.format:
        raise Invalid(roster.problems[0].said, errors=_errors(roster.problems))
    sections = _sections(session, member.course.id)
    return make_plan(roster, _known(session, member.course.id, roster), sections)


def _check_whole(plan: Plan, *, partial: bool, withdraw: bool) -> None:
    """Raise `Invalid` if rows cannot be used, unless the import is *partial*.

    A partial import withdraws nobody: a person who seems missing may be in one of those rows.
    """
    if plan.problems and withdraw:
        raise Invalid(
            "Nobody is withdrawn by a file with rows that cannot be used. Correct them first.",
            errors=_errors(plan.problems),
        )
    if plan.problems and not partial:
        raise Invalid(
            "Some rows cannot be used, and nothing was changed. Correct them, or send the file "
            "with partial=true to take over the others.",
            errors=_errors(plan.problems),
        )


def import_roster(
    session: Session,
    member: Member,
    file: bytes,
    *,
    partial: bool,
    withdraw: bool,
    now: datetime,
) -> RosterOut:
    """Apply a roster *file* to the course, and return its effects."""
    # One import per course at a time: two of the same file would add everybody twice.
    session.get(Course, member.course.id, with_for_update=True)
    hold_rules(session, member.course.id)
    plan = look_at(session, member, file)
    _check_whole(plan, partial=partial, withdraw=withdraw)
    sections = _sections(session, member.course.id)
    for name in plan.new_sections:
        sections[name] = new_id()
        session.add(Section(id=sections[name], course_id=member.course.id, name=name))
    moved = _add(session, member, plan.new, sections, now=now)
    moved += _change(plan.changed, sections)
    if withdraw:
        _withdraw(plan.missing, now=now)
    flush_new(session)
    regrade_moved(session, member, moved, now=now)
    done = told(plan, applied=True, withdrawn=withdraw)
    counts = {"new": len(plan.new), "changed": len(plan.changed)}
    counts["withdrawn"] = len(plan.missing) if withdraw else 0
    recorder.record(
        session,
        member,
        "roster.imported",
        now=now,
        target=("course", member.course.id),
        change=({}, counts | {"format": plan.roster.format}),
    )
    return done


def _sections(session: Session, course_id: UUID) -> dict[str, UUID]:
    found = select(Section.name, Section.id).where(Section.course_id == course_id)
    return {row.name: row.id for row in session.execute(found)}


def _known(session: Session, course_id: UUID, roster: Roster) -> list[Known]:
    """Return the people of the course, and the owners of e-mail addresses in the file."""
    here = {
        user.id: (user, enrolment, section)
        for enrolment, user, section in session.execute(
            select(Enrolment, User, Section.name)
            .join(User, User.id == Enrolment.user_id)
            .outerjoin(Section, Section.id == Enrolment.section_id)
            .where(Enrolment.course_id == course_id)
            .order_by(User.sort_name, User.id)
        )
    }
    emails = [row.email for row in roster.rows if row.email]
    others = session.scalars(select(User).where(User.email.in_(emails))).all()
    elsewhere = _elsewhere(session, course_id, emails)
    found = [
        Known(user, enrolment, section or "", fixed=user.is_admin or user.id in elsewhere)
        for user, enrolment, section in here.values()
    ]
    return found + [
        Known(user, fixed=user.is_admin or user.id in elsewhere)
        for user in others
        if user.id not in here
    ]


def _elsewhere(session: Session, course_id: UUID, emails: Collection[str]) -> set[UUID]:
    """Return the people of this course and the owners of *emails* who are in another course."""
    here = select(Enrolment.user_id).where(Enrolment.course_id == course_id)
    return set(
        session.scalars(
            select(Enrolment.user_id)
            .join(User, User.id == Enrolment.user_id)
            .where(
                Enrolment.course_id != course_id,
                Enrolment.withdrawn_at.is_(None),
                or_(User.id.in_(here), User.email.in_(emails)),
            )
        )
    )


def _add(
    session: Session,
    member: Member,
    new: Collection[Change],
    sections: Mapping[str, UUID],
    *,
    now: datetime,
) -> list[UUID]:
    """Add people to the course or restore them; return those with an existing account."""
    users = {id(one): _account(one, now=now) for one in new}
    session.add_all(users.values())
    flush_new(session)
    for one in new:
        if one.known is not None and one.known.enrolment is not None:
            one.known.enrolment.withdrawn_at = None
            _set(one, sections)
            continue
        row = one.row
        session.add(
            Enrolment(
                course_id=member.course.id,
                user_id=users[id(one)].id,
                role="student",
                section_id=sections[row.sections[0]] if row.sections else None,
                lms_id=row.lms_id,
                created_at=now,
            )
        )
    return [one.known.user.id for one in new if one.known is not None]


def _account(one: Change, *, now: datetime) -> User:
    if one.known is not None:
        _set_account(one)
        return one.known.user
    row = one.row
    return User(
        id=new_id(),
        name=row.name,
        family_name=row.family_name,
        email=row.email or None,
        student_number=row.student_number,
        login=row.login,
        created_at=now,
    )


def _change(changed: Collection[Change], sections: Mapping[str, UUID]) -> list[UUID]:
    """Change people of the course; return those who moved to another section."""
    for one in changed:
        _set_account(one)
        _set(one, sections)
    return [one.known.user.id for one in changed if one.known and SECTION in one.changes]


def _set_account(one: Change) -> None:
    own = {name: after for name, (_, after) in one.changes.items() if name in OF_ACCOUNT}
    if one.known is not None and own:
        for name, value in own.items():
            setattr(one.known.user, name, value)
        one.known.user.version += 1


def _set(one: Change, sections: Mapping[str, UUID]) -> None:
    enrolment = one.known.enrolment if one.known else None
    if enrolment is None:
        return
    if SECTION in one.changes:
        enrolment.section_id = sections[one.changes[SECTION][1]]
    if LMS_ID in one.changes:
        enrolment.lms_id = one.changes[LMS_ID][1]
    enrolment.version += 1


def _withdraw(missing: Collection[Known], *, now: datetime) -> None:
    for one in missing:
        if one.enrolment is not None:
            one.enrolment.withdrawn_at = now
            one.enrolment.version += 1


def told(plan: Plan, *, applied: bool, withdrawn: bool) -> RosterOut:
    """Serialize a plan for the instructor."""
    return RosterOut(
        format=plan.roster.format,
        applied=applied,
        new=tuple(
            RosterNew(
                line=one.row.line,
                name=one.row.name,
                email=one.row.email,
                section=one.row.sections[0] if one.row.sections else "",
                known=one.known is not None,
            )
            for one in plan.new
        ),
        changed=tuple(
            RosterChange(
                line=one.row.line,
                user=one.known.user.id,
                name=one.row.name,
                changes=dict(one.changes),
            )
            for one in plan.changed
            if one.known is not None
        ),
        unchanged=plan.unchanged,
        missing=tuple(
            RosterPerson(user=one.user.id, name=one.user.name, email=one.user.email)
            for one in plan.missing
        ),
        withdrawn=withdrawn,
        new_sections=tuple(plan.new_sections),
        problems=_lines(plan.problems),
        skipped=_lines(plan.skipped),
        notes=_lines(plan.notes),
        ignored_columns=plan.roster.ignored_columns,
    )


def _lines(problems: Collection[RowProblem]) -> tuple[RosterLine, ...]:
    return tuple(RosterLine(line=one.line, said=one.said) for one in problems)


def _errors(problems: Collection[RowProblem]) -> tuple[FieldError, ...]:
    return tuple(FieldError("row", one.said, line=one.line) for one in problems)
