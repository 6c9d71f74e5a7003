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

from api.auth.authorization import CourseMembership
from api.db.engine import cache_in_snapshot
from api.db.models import Assignment, Course, Enrolment, Extension, LateDays
from api.schemas.assignments.timeline import ExtensionSpec, TimelineSpec
from api.services.assignments import timeline
from api.services.courses.active_students import ACTIVE_STUDENTS
from api.services.courses.time_zones import get_zone
from grader.policy import SubmissionRules, Timeline

MICROSECONDS_PER_SECOND: Final = 1_000_000
CACHE_SIZE: Final = 4096
STUDENTS: Final[BindParameter[Any]] = bindparam("students", expanding=True)
ACTIVE_EXTENSIONS: Final = (
    Extension.course_id == bindparam("course"),
    or_(Extension.assignment_id.is_(None), Extension.assignment_id == bindparam("assignment")),
    Extension.withdrawn_at.is_(None),
)
EXTENSIONS: Final = select(Extension.student_id, Extension.section_id, Extension.spec).where(
    *ACTIVE_EXTENSIONS
)
# A union: with an OR of student and section, a database scans the whole class.
EXCEPTED_STUDENTS: Final = union(
    select(Enrolment.user_id).where(
        Enrolment.course_id == bindparam("course"),
        Enrolment.user_id.in_(select(Extension.student_id).where(*ACTIVE_EXTENSIONS)),
        *ACTIVE_STUDENTS,
    ),
    select(Enrolment.user_id).where(
        Enrolment.section_id.in_(select(Extension.section_id).where(*ACTIVE_EXTENSIONS)),
        *ACTIVE_STUDENTS,
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
        *ACTIVE_STUDENTS,
    ),
)
SECTIONS: Final = select(Enrolment.user_id, Enrolment.section_id).where(
    Enrolment.course_id == bindparam("course"), Enrolment.user_id.in_(STUDENTS)
)
LATE_DAYS: Final = select(LateDays.student_id, LateDays.days).where(
    LateDays.assignment_id == bindparam("assignment"), LateDays.student_id.in_(STUDENTS)
)
SPENT_LATE_DAYS: Final = (
    select(LateDays.student_id, func.sum(LateDays.days))
    .join(Assignment, Assignment.id == LateDays.assignment_id)
    .where(
        Assignment.course_id == bindparam("course"),
        Assignment.deleted_at.is_(None),
        LateDays.student_id.in_(STUDENTS),
    )
    .group_by(LateDays.student_id)
)
STUDENT_EXTENSIONS: Final = select(Extension.assignment_id, Extension.spec).where(
    Extension.course_id == bindparam("course"),
    Extension.withdrawn_at.is_(None),
    or_(
        Extension.student_id == bindparam("student"),
        Extension.section_id == bindparam("section"),
    ),
)
STUDENT_LATE_DAYS: Final = (
    select(LateDays.assignment_id, LateDays.days)
    .join(Assignment, Assignment.id == LateDays.assignment_id)
    .where(
        Assignment.course_id == bindparam("course"),
        Assignment.deleted_at.is_(None),
        LateDays.student_id == bindparam("student"),
    )
)


@dataclass(frozen=True, slots=True)
class Accommodations:
    """Extensions and late days of one student in an assignment.

    *spent_late_days* counts the late days spent in the whole course, which reduce its budget.
    """

    extensions: tuple[ExtensionSpec, ...] = ()
    late_days: int = 0
    spent_late_days: int = 0


def build_base_timeline(assignment: Assignment, course: Course) -> Timeline:
    """Return the timeline of an assignment without extensions or late days."""
    return _resolve_timeline(_dump_spec(assignment.timeline), course.zone, "", 0)


def load_rules(
    session: Session, assignment: Assignment, course: Course, students: Collection[UUID]
) -> dict[UUID, SubmissionRules]:
    """Return the rules for each of *students* in an assignment of *course*."""
    accommodations = load_accommodations(session, assignment, students)
    rules_by_accommodations = {
        accommodation: build_rules(assignment, course, accommodation)
        for accommodation in set(accommodations.values())
    }
    return {student: rules_by_accommodations[accommodations[student]] for student in students}


def load_student_rules(
    session: Session, member: CourseMembership, assignments: Sequence[Assignment]
) -> dict[UUID, SubmissionRules]:
    """Return the rules for the student of *member* in each of *assignments*, with two queries.

    A second call with the same session reuses the result of these queries.
    """
    key = (Accommodations, member.course.id, member.student_id)
    extensions, days = cache_in_snapshot(
        session, key, lambda: _load_student_accommodations(session, member)
    )
    spent = sum(days.values())
    return {
        assignment.id: build_rules(
            assignment,
            member.course,
            Accommodations(
                (*extensions[None], *extensions[assignment.id]), days.get(assignment.id, 0), spent
            ),
        )
        for assignment in assignments
    }


def _load_student_accommodations(
    session: Session, member: CourseMembership
) -> tuple[Mapping[UUID | None, list[ExtensionSpec]], Mapping[UUID, int]]:
    """Return a student's extensions and spent late days, each by assignment."""
    params = {"course": member.course.id, "student": member.student_id}
    extensions: defaultdict[UUID | None, list[ExtensionSpec]] = defaultdict(list)
    for assignment, spec in session.execute(
        STUDENT_EXTENSIONS, params | {"section": member.section_id}
    ):
        extensions[assignment].append(_parse_extension(_dump_spec(spec)))
    return extensions, _pairs_to_dict(session.execute(STUDENT_LATE_DAYS, params))


def load_distinct_rules(
    session: Session, assignment: Assignment, course: Course
) -> tuple[SubmissionRules, ...]:
    """Return the distinct rules that hold for students of the course in an assignment.

    They are the default rules and those of each student with an exception. Test students and
    students who left the course do not count.
    """
    excepted = load_students_with_extended_time(session, assignment, course)
    exceptional = load_rules(session, assignment, course, excepted) if excepted else {}
    return tuple(dict.fromkeys((build_default_rules(assignment, course), *exceptional.values())))


def build_default_rules(assignment: Assignment, course: Course) -> SubmissionRules:
    """Return the rules for a student without extensions or late days."""
    return build_rules(assignment, course, Accommodations())


def load_students_with_extended_time(
    session: Session, assignment: Assignment, course: Course
) -> Collection[UUID]:
    """Return the students whose time may end later than the default rules allow.

    They have an extension, or spent late days before the instructor reduced the number allowed.
    """
    most_late_days = min(
        _max_late_days(_dump_spec(assignment.timeline)), max(0, course.late_day_budget)
    )
    params = {"course": course.id, "assignment": assignment.id, "most_late_days": most_late_days}
    return session.scalars(EXCEPTED_STUDENTS, params).all()


def load_accommodations(
    session: Session, assignment: Assignment, students: Collection[UUID]
) -> Mapping[UUID, Accommodations]:
    """Return the extensions and late days of each of *students*, with at most four queries."""
    key = (Accommodations, assignment.id, frozenset(students))
    return cache_in_snapshot(
        session, key, lambda: _load_accommodations_uncached(session, assignment, students)
    )


def _load_accommodations_uncached(
    session: Session, assignment: Assignment, students: Collection[UUID]
) -> Mapping[UUID, Accommodations]:
    params = {
        "course": assignment.course_id,
        "assignment": assignment.id,
        "students": list(students),
    }
    extensions = session.execute(EXTENSIONS, params).all()
    late_days = _pairs_to_dict(session.execute(LATE_DAYS, params))
    spends = assignment.timeline.get("late_days")
    spent = _pairs_to_dict(session.execute(SPENT_LATE_DAYS, params)) if spends else {}
    by_section = any(extension.section_id is not None for extension in extensions)
    members: defaultdict[UUID | None, list[UUID]] = defaultdict(list)
    for student, section in session.execute(SECTIONS, params) if by_section else ():
        members[section].append(student)
    granted: dict[UUID, list[ExtensionSpec]] = {student: [] for student in students}
    for extension in extensions:
        owners = members[extension.section_id] if extension.section_id else [extension.student_id]
        for student in granted.keys() & owners:
            granted[student].append(_parse_extension(_dump_spec(extension.spec)))
    return {
        student: Accommodations(tuple(specs), late_days.get(student, 0), spent.get(student, 0))
        for student, specs in granted.items()
    }


def _pairs_to_dict(rows: Iterable[Row[*tuple[Any, ...]]]) -> dict[UUID, Any]:
    return {row[0]: row[1] for row in rows}


def build_rules(
    assignment: Assignment, course: Course, accommodations: Accommodations
) -> SubmissionRules:
    """Return the rules for a student with *accommodations*; the most favorable one wins."""
    spec_json, zone, days = _dump_spec(assignment.timeline), course.zone, accommodations.late_days
    specs = ["", *(extension.model_dump_json() for extension in accommodations.extensions)]
    timelines = dict.fromkeys(_resolve_timeline(spec_json, zone, spec, days) for spec in specs)
    most_late_days = min(
        _max_late_days(spec_json),
        days + max(0, course.late_day_budget - accommodations.spent_late_days),
    )
    before = (
        [_resolve_timeline(spec_json, zone, spec, day).due for spec in specs] for day in range(days)
    )
    later = (
        (_resolve_timeline(spec_json, zone, spec, most_late_days) for spec in specs)
        if most_late_days > days
        else ()
    )
    return SubmissionRules(
        timelines=tuple(timelines),
        reserve=tuple(dict.fromkeys(later)),
        attempts=_max_attempts(assignment.attempts, accommodations.extensions),
        cool_down=_cool_down_microseconds(assignment, accommodations.extensions),
        by_attempt=tuple(Fraction(one) for one in assignment.by_attempt),
        bridged=tuple(max(due for due in dues if due is not None) for dues in before if all(dues)),
    )


def _max_attempts(base_attempts: int | None, extensions: Iterable[ExtensionSpec]) -> int | None:
    granted = list(extensions)
    if base_attempts is None or any(one.unlimited_attempts for one in granted):
        return None
    return base_attempts + max((one.attempts or 0 for one in granted), default=0)


def _cool_down_microseconds(assignment: Assignment, extensions: Iterable[ExtensionSpec]) -> int:
    if any(extension.no_cool_down for extension in extensions):
        return 0
    return assignment.cool_down_seconds * MICROSECONDS_PER_SECOND


def _dump_spec(spec: Mapping[str, Any]) -> str:
    return json.dumps(spec, sort_keys=True)


@lru_cache(maxsize=CACHE_SIZE)
def _parse_extension(spec_json: str) -> ExtensionSpec:
    return ExtensionSpec.model_validate_json(spec_json)


@lru_cache(maxsize=CACHE_SIZE)
def _max_late_days(spec_json: str) -> int:
    """Return the maximum number of late days for an assignment."""
    return TimelineSpec.model_validate_json(spec_json).late_days


@lru_cache(maxsize=CACHE_SIZE)
def _resolve_timeline(spec_json: str, zone_name: str, extension: str, late_days: int) -> Timeline:
    zone = get_zone(zone_name)
    spec = TimelineSpec.model_validate_json(spec_json)
    if extension:
        spec = timeline.apply_extension(spec, _parse_extension(extension), zone)
    if late_days:
        spec = timeline.with_late_days(spec, late_days, zone)
    return timeline.resolve_timeline(spec, zone)
