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

from api.auth.authorization import Posed
from api.core.clock import to_micros
from api.db.models import Draw, Enrolment, ProblemVersion, Variant
from api.services.assignments.rules import default_rules, excepted_students, rules_for
from api.services.courses.active_students import COUNTS
from api.services.engine.assigned_variant import first_positions
from api.services.engine.variant_identity import (
    DRAW_HASH,
    NUMBERS,
    SEED,
    Numbers,
    numbers_at,
    numbers_in,
    position_in,
    variant_of,
    version_of,
)
from api.services.submissions.drawn import Drawn
from grader.policy import Rules

__all__ = ["numbers_at_work", "rules_of_students_with"]

CLASS: Final = select(Enrolment.user_id).where(Enrolment.course_id == bindparam("course"), *COUNTS)
SOME: Final = CLASS.where(Enrolment.user_id.in_(bindparam("students", expanding=True)))


@dataclass(frozen=True, slots=True)
class _Group:
    """Students of a course: the whole class, or those in *parameters*.

    The statements are module constants, because building one takes longer than running it.
    """

    students: Select[UUID]
    parameters: Mapping[str, Any]

    def numbers(self, session: Session) -> set[Numbers]:
        """Return the numbers of the students who opened the problem."""
        rows = session.execute(OPENED_NUMBERS[self.students], self.parameters)
        return {Numbers(row.draw_hash, row.seed) for row in rows}

    def with_numbers(self, session: Session, numbers: Numbers) -> set[UUID]:
        """Return the students who opened the problem and have *numbers*."""
        parameters = {**self.parameters, **numbers._asdict()}
        return set(session.scalars(SHARERS[self.students], parameters))

    def unopened(self, session: Session) -> Collection[UUID]:
        """Return the students who have not opened the problem."""
        return session.scalars(UNOPENED[self.students], self.parameters).all()


def _numbers_of(students: Select[UUID]) -> Select[str, int]:
    return (
        select(*NUMBERS)
        .distinct()
        .select_from(Draw)
        .join(ProblemVersion, version_of(Draw))
        .join(Variant, variant_of(Draw))
        .where(Draw.problem_id == bindparam("problem"), Draw.student_id.in_(students))
    )


def _sharers_among(students: Select[UUID]) -> Select[UUID]:
    has_numbers = (bindparam("draw_hash") == DRAW_HASH, bindparam("seed") == SEED)
    return _numbers_of(students).with_only_columns(Draw.student_id).where(*has_numbers)


def _unopened_among(students: Select[UUID]) -> Select[UUID]:
    opened = exists().where(
        Draw.problem_id == bindparam("problem"), Draw.student_id == Enrolment.user_id
    )
    return students.where(~opened)


OPENED_NUMBERS: Final = {students: _numbers_of(students) for students in (CLASS, SOME)}
SHARERS: Final = {students: _sharers_among(students) for students in (CLASS, SOME)}
UNOPENED: Final = {students: _unopened_among(students) for students in (CLASS, SOME)}


def rules_of_students_with(
    session: Session, posed: Posed, drawn: Drawn, *, own_end: datetime, now: datetime
) -> tuple[Rules, ...]:
    """Return the rules of students with the numbers *drawn* who may answer after *own_end*.

    *own_end* is the end of the requesting student's time. Before it, the rules only serve to
    announce when the solution comes, so the assignment's rules stand for the class, which is not
    searched.
    """
    default = default_rules(posed.assignment, posed.member.course)
    if not _accepts_after(default, max(own_end, now)):
        return _rules_of_sharers(session, posed, drawn, _excepted(session, posed))
    if own_end < now:
        return _rules_of_sharers(session, posed, drawn, _class(posed))
    return (default, *_rules_of_sharers(session, posed, drawn, _excepted(session, posed)))


def numbers_at_work(session: Session, posed: Posed, *, now: datetime) -> frozenset[Numbers]:
    """Return the numbers that students at work have or may get.

    While the rules of the assignment admit answers, the whole class counts as at work.
    """
    if _accepts_after(default_rules(posed.assignment, posed.member.course), now):
        group: _Group | None = _class(posed)
    else:
        group = _excepted(session, posed, at_work=now)
    if group is None:
        return frozenset()
    numbers, listed = group.numbers(session), numbers_in(session, posed.version.id)
    if posed.assignment.variants == "each_after":
        return frozenset(listed.values()).union(numbers)
    positions = set(first_positions(posed, group.unopened(session)).values())
    return frozenset(numbers).union(listed[one] for one in positions if one in listed)


def _accepts_after(rules: Rules, instant: datetime) -> bool:
    """Return whether an answer may be accepted after *instant*.

    Without an end, a solution is shown only once all students see theirs, so no numbers need
    protection.
    """
    return rules.ends_at is not None and to_micros(instant) <= rules.ends_at


def _class(posed: Posed) -> _Group:
    return _Group(CLASS, {"course": posed.member.course.id, "problem": posed.problem.id})


def _excepted(session: Session, posed: Posed, *, at_work: datetime | None = None) -> _Group | None:
    """Return the students with exceptions, or those *at_work* at a time; None if there are none."""
    assignment, course = posed.assignment, posed.member.course
    students = list(excepted_students(session, assignment, course))
    if students and at_work is not None:
        rules = rules_for(session, assignment, course, students)
        students = [student for student, own in rules.items() if _accepts_after(own, at_work)]
    if not students:
        return None
    return _Group(SOME, {**_class(posed).parameters, "students": students})


def _rules_of_sharers(
    session: Session, posed: Posed, drawn: Drawn, group: _Group | None
) -> tuple[Rules, ...]:
    """Return the distinct rules of the students of a group who have the numbers *drawn*."""
    numbers = numbers_at(session, drawn.version_id, drawn.position)
    if group is None or numbers is None:
        return ()
    sharers = group.with_numbers(session, numbers)
    position = position_in(session, posed.version.id, numbers)
    computed = first_positions(posed, group.unopened(session))
    sharers.update(student for student, its in computed.items() if its == position)
    if not sharers:
        return ()
    rules = rules_for(session, posed.assignment, posed.member.course, sharers)
    return tuple(dict.fromkeys(rules.values()))
