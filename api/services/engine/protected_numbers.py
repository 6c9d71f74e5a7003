"""Protected numbers: those that a student may still answer, so others get no solution or practice.

A student is *at work* on an assignment until the last instant at which an answer may be accepted,
with every extension and every late day that the student has left. The numbers of a student who has
not opened the problem are computed, so they are protected too.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, bindparam, exists, select
from sqlalchemy.orm import Session

from api.auth.authorization import AssignedProblem
from api.core.clock import to_micros
from api.db.models import Draw, Enrolment, ProblemVersion, Variant
from api.services.assignments.rules import (
    build_default_rules,
    load_rules,
    load_students_with_extended_time,
)
from api.services.courses.active_students import ACTIVE_STUDENTS
from api.services.engine.assigned_variant import compute_first_positions
from api.services.engine.variant_identity import (
    DRAW_HASH,
    IDENTITY_COLUMNS,
    SEED,
    VariantIdentity,
    find_variant_position,
    load_identities,
    load_identity_at,
    variant_condition,
    version_condition,
)
from api.services.submissions.variant_assignment import VariantAssignment
from grader.policy import SubmissionRules

CLASS_QUERY: Final = select(Enrolment.user_id).where(
    Enrolment.course_id == bindparam("course"), *ACTIVE_STUDENTS
)
SELECTED_STUDENTS_QUERY: Final = CLASS_QUERY.where(
    Enrolment.user_id.in_(bindparam("students", expanding=True))
)


@dataclass(frozen=True, slots=True)
class _StudentGroup:
    """Students of a course: the whole class, or those in *parameters*.

    The statements are module constants, because building one takes longer than running it.
    """

    students: Select[UUID]
    parameters: Mapping[str, Any]

    def load_opened_numbers(self, session: Session) -> set[VariantIdentity]:
        """Return the numbers of the students who opened the problem."""
        rows = session.execute(OPENED_NUMBERS_QUERIES[self.students], self.parameters)
        return {VariantIdentity(row.draw_hash, row.seed) for row in rows}

    def load_sharers(self, session: Session, numbers: VariantIdentity) -> set[UUID]:
        """Return the students who opened the problem and have *numbers*."""
        parameters = {**self.parameters, **numbers._asdict()}
        return set(session.scalars(SHARERS_QUERIES[self.students], parameters))

    def load_students_without_opening(self, session: Session) -> Collection[UUID]:
        """Return the students who have not opened the problem."""
        return session.scalars(UNOPENED_QUERIES[self.students], self.parameters).all()


def _opened_numbers_query(students: Select[UUID]) -> Select[str, int]:
    return (
        select(*IDENTITY_COLUMNS)
        .distinct()
        .select_from(Draw)
        .join(ProblemVersion, version_condition(Draw))
        .join(Variant, variant_condition(Draw))
        .where(Draw.problem_id == bindparam("problem"), Draw.student_id.in_(students))
    )


def _students_with_numbers_query(students: Select[UUID]) -> Select[UUID]:
    has_numbers = (bindparam("draw_hash") == DRAW_HASH, bindparam("seed") == SEED)
    return _opened_numbers_query(students).with_only_columns(Draw.student_id).where(*has_numbers)


def _students_without_opening_query(students: Select[UUID]) -> Select[UUID]:
    opened = exists().where(
        Draw.problem_id == bindparam("problem"), Draw.student_id == Enrolment.user_id
    )
    return students.where(~opened)


OPENED_NUMBERS_QUERIES: Final = {
    students: _opened_numbers_query(students) for students in (CLASS_QUERY, SELECTED_STUDENTS_QUERY)
}
SHARERS_QUERIES: Final = {
    students: _students_with_numbers_query(students)
    for students in (CLASS_QUERY, SELECTED_STUDENTS_QUERY)
}
UNOPENED_QUERIES: Final = {
    students: _students_without_opening_query(students)
    for students in (CLASS_QUERY, SELECTED_STUDENTS_QUERY)
}


def load_rules_of_sharers(
    session: Session,
    assigned: AssignedProblem,
    draw: VariantAssignment,
    *,
    own_end: datetime,
    now: datetime,
) -> tuple[SubmissionRules, ...]:
    """Return the rules of students with the numbers *draw* who may answer after *own_end*.

    *own_end* is the end of the requesting student's time. Before it, the rules only serve to
    announce when the solution comes, so the assignment's rules stand for the class, which is not
    searched.
    """
    default = build_default_rules(assigned.assignment, assigned.member.course)
    if not _accepts_after(default, max(own_end, now)):
        return _load_rules_of_group_with_same_numbers(
            session, assigned, draw, _load_excepted_group(session, assigned)
        )
    if own_end < now:
        return _load_rules_of_group_with_same_numbers(
            session, assigned, draw, _class_group(assigned)
        )
    return (
        default,
        *_load_rules_of_group_with_same_numbers(
            session, assigned, draw, _load_excepted_group(session, assigned)
        ),
    )


def load_protected_numbers(
    session: Session, assigned: AssignedProblem, *, now: datetime
) -> frozenset[VariantIdentity]:
    """Return the numbers that students at work have or may get.

    While the rules of the assignment admit answers, the whole class counts as at work.
    """
    if _accepts_after(build_default_rules(assigned.assignment, assigned.member.course), now):
        group: _StudentGroup | None = _class_group(assigned)
    else:
        group = _load_excepted_group(session, assigned, at_work=now)
    if group is None:
        return frozenset()
    numbers, listed = (
        group.load_opened_numbers(session),
        load_identities(session, assigned.version.id),
    )
    if assigned.assignment.variants == "each_after":
        return frozenset(listed.values()).union(numbers)
    positions = set(
        compute_first_positions(assigned, group.load_students_without_opening(session)).values()
    )
    return frozenset(numbers).union(
        listed[position] for position in positions if position in listed
    )


def _accepts_after(rules: SubmissionRules, instant: datetime) -> bool:
    """Return whether an answer may be accepted after *instant*.

    Without an end, a solution is shown only once all students see theirs, so no numbers need
    protection.
    """
    return (
        rules.closes_at_with_late_days is not None
        and to_micros(instant) <= rules.closes_at_with_late_days
    )


def _class_group(assigned: AssignedProblem) -> _StudentGroup:
    return _StudentGroup(
        CLASS_QUERY, {"course": assigned.member.course.id, "problem": assigned.problem.id}
    )


def _load_excepted_group(
    session: Session, assigned: AssignedProblem, *, at_work: datetime | None = None
) -> _StudentGroup | None:
    """Return the students with exceptions, or those *at_work* at a time; None if there are none."""
    assignment, course = assigned.assignment, assigned.member.course
    students = list(load_students_with_extended_time(session, assignment, course))
    if students and at_work is not None:
        rules = load_rules(session, assignment, course, students)
        students = [student for student, own in rules.items() if _accepts_after(own, at_work)]
    if not students:
        return None
    return _StudentGroup(
        SELECTED_STUDENTS_QUERY, {**_class_group(assigned).parameters, "students": students}
    )


def _load_rules_of_group_with_same_numbers(
    session: Session,
    assigned: AssignedProblem,
    draw: VariantAssignment,
    group: _StudentGroup | None,
) -> tuple[SubmissionRules, ...]:
    """Return the distinct rules of the students of a group who have the numbers *draw*."""
    numbers = load_identity_at(session, draw.version_id, draw.position)
    if group is None or numbers is None:
        return ()
    sharers = group.load_sharers(session, numbers)
    position = find_variant_position(session, assigned.version.id, numbers)
    computed = compute_first_positions(assigned, group.load_students_without_opening(session))
    sharers.update(student for student, its in computed.items() if its == position)
    if not sharers:
        return ()
    rules = load_rules(session, assigned.assignment, assigned.member.course, sharers)
    return tuple(dict.fromkeys(rules.values()))
