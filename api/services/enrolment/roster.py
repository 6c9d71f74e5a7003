"""Roster import: a file of students read, planned, and applied in one transaction."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.core.errors import FieldError, InvalidInput
from api.core.ids import new_id
from api.db.models import Course, Enrolment, Section, User
from api.http.email_addresses import list_stored_spellings
from api.schemas.accounts.people import (
    RosterChange,
    RosterLine,
    RosterNew,
    RosterOut,
    RosterPerson,
)
from api.services.accounts.uniqueness import flush_new_accounts
from api.services.audit import recorder
from api.services.enrolment.roster_files import Roster, RowProblem, read_roster
from api.services.enrolment.roster_plan import (
    ACCOUNT_FIELDS,
    LMS_ID,
    SECTION,
    ExistingPerson,
    PlannedChange,
    RosterPlan,
    make_plan,
)
from api.services.enrolment.sections import (
    lock_assignments,
    recompute_grades_with_section_extensions,
)


def plan_import(session: Session, member: CourseMembership, file: bytes) -> RosterPlan:
    """Return the plan of what a roster *file* would do to the course.

    Raises `InvalidInput` if the file cannot be used at all.
    """
    roster = read_roster(file)
    if not roster.format:
        raise InvalidInput(roster.problems[0].message, errors=_to_field_errors(roster.problems))
    sections = _load_section_ids(session, member.course.id)
    return make_plan(roster, _load_existing_people(session, member.course.id, roster), sections)


def _check_importable(plan: RosterPlan, *, partial: bool, withdraw: bool) -> None:
    """Raise `InvalidInput` if rows cannot be used, unless the import is *partial*.

    A partial import withdraws nobody: a person who seems missing may be in one of those rows.
    """
    if plan.problems and withdraw:
        raise InvalidInput(
            "A file with invalid rows cannot withdraw people. Fix the rows first.",
            errors=_to_field_errors(plan.problems),
        )
    if plan.problems and not partial:
        raise InvalidInput(
            "Some rows are invalid, and nothing was changed. Fix them, or send the file with "
            "partial=true to import the others.",
            errors=_to_field_errors(plan.problems),
        )


def import_roster(
    session: Session,
    member: CourseMembership,
    file: bytes,
    *,
    partial: bool,
    withdraw: bool,
    now: datetime,
) -> RosterOut:
    """Apply a roster *file* to the course, and return its effects."""
    # One import per course at a time: two of the same file would add each person twice.
    session.get(Course, member.course.id, with_for_update=True)
    lock_assignments(session, member.course.id)
    plan = plan_import(session, member, file)
    _check_importable(plan, partial=partial, withdraw=withdraw)
    sections = _load_section_ids(session, member.course.id)
    for name in plan.new_sections:
        sections[name] = new_id()
        session.add(Section(id=sections[name], course_id=member.course.id, name=name))
    moved = _add_people(session, member, plan.new, sections, now=now)
    moved += _change_people(plan.changed, sections)
    if withdraw:
        _withdraw_people(plan.missing, now=now)
    flush_new_accounts(session)
    recompute_grades_with_section_extensions(session, member, moved, now=now)
    done = serialize_plan(plan, applied=True, withdrawn=withdraw)
    counts = {"new": len(plan.new), "changed": len(plan.changed)}
    counts["withdrawn"] = len(plan.missing) if withdraw else 0
    recorder.record_action(
        session,
        member,
        "roster.imported",
        now=now,
        target=("course", member.course.id),
        change=({}, counts | {"format": plan.roster.format}),
    )
    return done


def _load_section_ids(session: Session, course_id: UUID) -> dict[str, UUID]:
    query = select(Section.name, Section.id).where(Section.course_id == course_id)
    return {row.name: row.id for row in session.execute(query)}


def _load_existing_people(
    session: Session, course_id: UUID, roster: Roster
) -> list[ExistingPerson]:
    """Return the people of the course, and the owners of e-mail addresses in the file."""
    enrolled = {
        user.id: (user, enrolment, section)
        for enrolment, user, section in session.execute(
            select(Enrolment, User, Section.name)
            .join(User, User.id == Enrolment.user_id)
            .outerjoin(Section, Section.id == Enrolment.section_id)
            .where(Enrolment.course_id == course_id)
            .order_by(User.sort_name, User.id)
        )
    }
    emails = [one for row in roster.rows if row.email for one in list_stored_spellings(row.email)]
    others = session.scalars(select(User).where(User.email.in_(emails))).all()
    elsewhere = _load_members_of_other_courses(session, course_id, emails)
    in_course = [
        ExistingPerson(
            user, enrolment, section or "", is_protected=user.is_admin or user.id in elsewhere
        )
        for user, enrolment, section in enrolled.values()
    ]
    return in_course + [
        ExistingPerson(user, is_protected=user.is_admin or user.id in elsewhere)
        for user in others
        if user.id not in enrolled
    ]


def _load_members_of_other_courses(
    session: Session, course_id: UUID, emails: Collection[str]
) -> set[UUID]:
    """Return the people of this course and the owners of *emails* who are in another course."""
    course_people = select(Enrolment.user_id).where(Enrolment.course_id == course_id)
    return set(
        session.scalars(
            select(Enrolment.user_id)
            .join(User, User.id == Enrolment.user_id)
            .where(
                Enrolment.course_id != course_id,
                Enrolment.withdrawn_at.is_(None),
                or_(User.id.in_(course_people), User.email.in_(emails)),
            )
        )
    )


def _add_people(
    session: Session,
    member: CourseMembership,
    new: Collection[PlannedChange],
    sections: Mapping[str, UUID],
    *,
    now: datetime,
) -> list[UUID]:
    """Add people to the course or restore them; return those with an existing account."""
    users = {id(one): _create_or_update_account(one, now=now) for one in new}
    session.add_all(users.values())
    flush_new_accounts(session)
    for change in new:
        if change.person is not None and change.person.enrolment is not None:
            change.person.enrolment.withdrawn_at = None
            _update_enrolment(change, sections)
            continue
        row = change.row
        session.add(
            Enrolment(
                course_id=member.course.id,
                user_id=users[id(change)].id,
                role="student",
                section_id=sections[row.sections[0]] if row.sections else None,
                lms_id=row.lms_id,
                created_at=now,
            )
        )
    return [one.person.user.id for one in new if one.person is not None]


def _create_or_update_account(change: PlannedChange, *, now: datetime) -> User:
    if change.person is not None:
        _update_account(change)
        return change.person.user
    row = change.row
    return User(
        id=new_id(),
        name=row.name,
        family_name=row.family_name,
        email=row.email or None,
        student_number=row.student_number,
        login=row.login,
        created_at=now,
    )


def _change_people(changed: Collection[PlannedChange], sections: Mapping[str, UUID]) -> list[UUID]:
    """Change people of the course; return those who moved to another section."""
    for change in changed:
        _update_account(change)
        _update_enrolment(change, sections)
    return [one.person.user.id for one in changed if one.person and SECTION in one.changes]


def _update_account(change: PlannedChange) -> None:
    account_values = {
        name: after for name, (_, after) in change.changes.items() if name in ACCOUNT_FIELDS
    }
    if change.person is not None and account_values:
        for name, value in account_values.items():
            setattr(change.person.user, name, value)
        change.person.user.version += 1


def _update_enrolment(change: PlannedChange, sections: Mapping[str, UUID]) -> None:
    enrolment = change.person.enrolment if change.person else None
    if enrolment is None:
        return
    if SECTION in change.changes:
        enrolment.section_id = sections[change.changes[SECTION][1]]
    if LMS_ID in change.changes:
        enrolment.lms_id = change.changes[LMS_ID][1]
    enrolment.version += 1


def _withdraw_people(missing: Collection[ExistingPerson], *, now: datetime) -> None:
    for person in missing:
        if person.enrolment is not None:
            person.enrolment.withdrawn_at = now
            person.enrolment.version += 1


def serialize_plan(plan: RosterPlan, *, applied: bool, withdrawn: bool) -> RosterOut:
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
                known=one.person is not None,
            )
            for one in plan.new
        ),
        changed=tuple(
            RosterChange(
                line=one.row.line,
                user=one.person.user.id,
                name=one.row.name,
                changes=dict(one.changes),
            )
            for one in plan.changed
            if one.person is not None
        ),
        unchanged=plan.unchanged,
        missing=tuple(
            RosterPerson(user=one.user.id, name=one.user.name, email=one.user.email)
            for one in plan.missing
        ),
        withdrawn=withdrawn,
        new_sections=tuple(plan.new_sections),
        problems=_serialize_problems(plan.problems),
        skipped=_serialize_problems(plan.skipped),
        notes=_serialize_problems(plan.notes),
        ignored_columns=plan.roster.ignored_columns,
    )


def _serialize_problems(problems: Collection[RowProblem]) -> tuple[RosterLine, ...]:
    return tuple(RosterLine(line=problem.line, message=problem.message) for problem in problems)


def _to_field_errors(problems: Collection[RowProblem]) -> tuple[FieldError, ...]:
    return tuple(FieldError("row", problem.message, line=problem.line) for problem in problems)
