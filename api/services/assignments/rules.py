"""Rules of an assignment for each student, including extensions and late days."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BindParameter, Row, bindparam, func, or_, select, union
from sqlalchemy.orm import Session

from api.auth.authorization import Member
from api.db.engine import once
from api.db.models import Assignment, Course, Enrolment, Extension, LateDays
from api.schemas.assignments.timeline import ExtensionSpec, TimelineSpec
from api.services.assignments import timeline
from api.services.courses.active_students import COUNTS
from grader.policy import Rules, Timeline

__all__ = [
    "GRANTED",
    "Granted",
    "default_rules",
    "excepted_students",
    "own_timeline",
    "rules_for",
    "rules_in_class",
    "rules_of",
]

SECOND: Final = 1_000_000
KEPT: Final = 4096
STUDENTS: Final[BindParameter[Any]] = bindparam("students", expanding=True)
GRANTED: Final = (
    Extension.course_id == bindparam("course"),
    or_(Extension.assignment_id.is_(None), Extension.assignment_id == bindparam("assignment")),
    Extension.withdrawn_at.is_(None),
)
EXTENSIONS: Final = select(Extension.student_id, Extension.section_id, Extension.spec).where(
    *GRANTED
)
# A union: with an OR of student and section, a database scans the whole class.
EXCEPTED: Final = union(
    select(Enrolment.user_id).where(
        Enrolment.course_id == bindparam("course"),
        Enrolment.user_id.in_(select(Extension.student_id).where(*GRANTED)),
        *COUNTS,
    ),
    select(Enrolment.user_id).where(
        Enrolment.section_id.in_(select(Extension.section_id).where(*GRANTED)), *COUNTS
    ),
    select(Enrolment.user_id).where(
        Enrolment.course_id == bindparam("course"),
        # A subquery: with a join, SQLite reads the enrollments of the whole course.
        Enrolment.user_id.in_(
            select(LateDays.student_id).where(
                LateDays.assignment_id == bindparam("assignment"),
                LateDays.days > bindparam("most_late_days"),
            )
        ),
        *COUNTS,
    ),
)
SECTIONS: Final = select(Enrolment.user_id, Enrolment.section_id).where(
    Enrolment.course_id == bindparam("course"), Enrolment.user_id.in_(STUDENTS)
)
LATE_DAYS: Final = select(LateDays.student_id, LateDays.days).where(
    LateDays.assignment_id == bindparam("assignment"), LateDays.student_id.in_(STUDENTS)
)
SPENT: Final = (
    select(LateDays.student_id, func.sum(LateDays.days))
    .join(Assignment, Assignment.id == LateDays.assignment_id)
    .where(
        Assignment.course_id == bindparam("course"),
        Assignment.deleted_at.is_(None),
        LateDays.student_id.in_(STUDENTS),
    )
    .group_by(LateDays.student_id)
)
OWN_EXTENSIONS: Final = select(Extension.assignment_id, Extension.spec).where(
    Extension.course_id == bindparam("course"),
    Extension.withdrawn_at.is_(None),
    or_(
        Extension.student_id == bindparam("student"),
        Extension.section_id == bindparam("section"),
    ),
)
OWN_LATE_DAYS: Final = (
    select(LateDays.assignment_id, LateDays.days)
    .join(Assignment, Assignment.id == LateDays.assignment_id)
    .where(
        Assignment.course_id == bindparam("course"),
        Assignment.deleted_at.is_(None),
        LateDays.student_id == bindparam("student"),
    )
)


@dataclass(frozen=True, slots=True)
class Granted:
    """Extensions and late days of one student in an assignment.

    *spent* counts the late days spent in the whole course, which reduce its budget.
    """

    extensions: tuple[ExtensionSpec, ...] = ()
    late_days: int = 0
    spent: int = 0


def own_timeline(assignment: Assignment, course: Course) -> Timeline:
    """Return the timeline of an assignment without extensions or late days."""
    return _timeline(_told(assignment.timeline), course.zone, "", 0)


def rules_for(
    session: Session, assignment: Assignment, course: Course, students: Collection[UUID]
) -> dict[UUID, Rules]:
    """Return the rules for each of *students* in an assignment of *course*."""
    granted = granted_to(session, assignment, students)
    found = {one: rules(assignment, course, one) for one in set(granted.values())}
    return {student: found[granted[student]] for student in students}


def rules_of(
    session: Session, member: Member, assignments: Sequence[Assignment]
) -> dict[UUID, Rules]:
    """Return the rules for the student of *member* in each of *assignments*, with two queries.

    A second call with the same session reuses the result of these queries.
    """
    key = (Granted, member.course.id, member.student_id)
    granted, days = once(session, key, lambda: _granted_in_course(session, member))
    spent = sum(days.values())
    return {
        one.id: rules(
            one,
            member.course,
            Granted((*granted[None], *granted[one.id]), days.get(one.id, 0), spent),
        )
        for one in assignments
    }


def _granted_in_course(
    session: Session, member: Member
) -> tuple[Mapping[UUID | None, list[ExtensionSpec]], Mapping[UUID, int]]:
    """Return a student's extensions and spent late days, each by assignment."""
    told = {"course": member.course.id, "student": member.student_id}
    granted: defaultdict[UUID | None, list[ExtensionSpec]] = defaultdict(list)
    for assignment, spec in session.execute(OWN_EXTENSIONS, told | {"section": member.section_id}):
        granted[assignment].append(_extension(_told(spec)))
    return granted, _pairs(session.execute(OWN_LATE_DAYS, told))


def rules_in_class(session: Session, assignment: Assignment, course: Course) -> tuple[Rules, ...]:
    """Return the distinct rules that hold for students of the course in an assignment.

    They are the default rules and those of each student with an exception. Test students and
    students who left the course do not count.
    """
    excepted = excepted_students(session, assignment, course)
    held = rules_for(session, assignment, course, excepted) if excepted else {}
    return tuple(dict.fromkeys((default_rules(assignment, course), *held.values())))


def default_rules(assignment: Assignment, course: Course) -> Rules:
    """Return the rules for a student without extensions or late days."""
    return rules(assignment, course, Granted())


def excepted_students(session: Session, assignment: Assignment, course: Course) -> Collection[UUID]:
    """Return the students whose time may end later than the default rules allow.

    They have an extension, or spent late days before the instructor reduced the number allowed.
    """
    most = min(_most_late_days(_told(assignment.timeline)), max(0, course.late_day_budget))
    where = {"course": course.id, "assignment": assignment.id, "most_late_days": most}
    return session.scalars(EXCEPTED, where).all()


def granted_to(
    session: Session, assignment: Assignment, students: Collection[UUID]
) -> Mapping[UUID, Granted]:
    """Return the extensions and late days of each of *students*, with at most four queries."""
    key = (Granted, assignment.id, frozenset(students))
    return once(session, key, lambda: _granted(session, assignment, students))


def _granted(
    session: Session, assignment: Assignment, students: Collection[UUID]
) -> Mapping[UUID, Granted]:
    told = {
        "course": assignment.course_id,
        "assignment": assignment.id,
        "students": list(students),
    }
    found = session.execute(EXTENSIONS, told).all()
    late_days = _pairs(session.execute(LATE_DAYS, told))
    spends = assignment.timeline.get("late_days")
    spent = _pairs(session.execute(SPENT, told)) if spends else {}
    by_section = any(one.section_id is not None for one in found)
    members: defaultdict[UUID | None, list[UUID]] = defaultdict(list)
    for student, section in session.execute(SECTIONS, told) if by_section else ():
        members[section].append(student)
    specs: dict[UUID, list[ExtensionSpec]] = {one: [] for one in students}
    for one in found:
        for student in [one.student_id] if one.section_id is None else members[one.section_id]:
            if student in specs:
                specs[student].append(_extension(_told(one.spec)))
    return {
        one: Granted(tuple(given), late_days.get(one, 0), spent.get(one, 0))
        for one, given in specs.items()
    }


def _pairs(rows: Iterable[Row[*tuple[Any, ...]]]) -> dict[UUID, Any]:
    return {row[0]: row[1] for row in rows}


def rules(assignment: Assignment, course: Course, granted: Granted) -> Rules:
    """Return the rules for a student with the exceptions *granted*; the most favorable wins."""
    told, zone, days = _told(assignment.timeline), course.zone, granted.late_days
    specs = ["", *(one.model_dump_json() for one in granted.extensions)]
    timelines = dict.fromkeys(_timeline(told, zone, spec, days) for spec in specs)
    most = min(_most_late_days(told), days + max(0, course.late_day_budget - granted.spent))
    before = ([_timeline(told, zone, spec, day).due for spec in specs] for day in range(days))
    later = (_timeline(told, zone, spec, most) for spec in specs) if most > days else ()
    return Rules(
        timelines=tuple(timelines),
        reserve=tuple(dict.fromkeys(later)),
        attempts=_attempts(assignment.attempts, granted.extensions),
        cool_down=_cool_down(assignment, granted.extensions),
        by_attempt=tuple(Fraction(one) for one in assignment.by_attempt),
        bridged=tuple(max(due for due in dues if due is not None) for dues in before if all(dues)),
    )


def _attempts(own: int | None, extensions: Iterable[ExtensionSpec]) -> int | None:
    given = list(extensions)
    if own is None or any(one.unlimited_attempts for one in given):
        return None
    return own + max((one.attempts or 0 for one in given), default=0)


def _cool_down(assignment: Assignment, extensions: Iterable[ExtensionSpec]) -> int:
    if any(one.no_cool_down for one in extensions):
        return 0
    return assignment.cool_down_seconds * SECOND


def _told(spec: Mapping[str, Any]) -> str:
    return json.dumps(spec, sort_keys=True)


@lru_cache(maxsize=KEPT)
def _extension(told: str) -> ExtensionSpec:
    return ExtensionSpec.model_validate_json(told)


@lru_cache(maxsize=KEPT)
def _most_late_days(told: str) -> int:
    """Return the maximum number of late days for an assignment."""
    return TimelineSpec.model_validate_json(told).late_days


@lru_cache(maxsize=KEPT)
def _timeline(told: str, zone_name: str, extension: str, late_days: int) -> Timeline:
    zone = timeline.zone(zone_name)
    spec = TimelineSpec.model_validate_json(told)
    if extension:
        spec = timeline.extended(spec, _extension(extension), zone)
    if late_days:
        spec = timeline.with_late_days(spec, late_days, zone)
    return timeline.resolve(spec, zone)
