"""The demo course without submissions: people, sections, assignments and extensions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.authorization import Caller, Member, Posed
from api.auth.roles import Role
from api.core.ids import new_id
from api.db.models import (
    Assignment,
    AssignmentProblem,
    Course,
    Enrolment,
    Extension,
    ProblemVersion,
    Section,
    User,
)
from api.demo.coursework.simulated_submissions import KEY
from api.demo.people import Classmate, Named, classmates, names
from api.demo.plan import SLUG, TITLE, ZONE, Planned
from api.schemas.assignments.settings import store_timeline
from api.schemas.assignments.timeline import ExtensionSpec
from api.services.assignments.settings import resolve_into
from api.services.audit import recorder
from api.services.problems.versions import newest
from grader.variants.draw import Stream
from problems.mistakes import MISTAKES

__all__ = ["LOGINS", "MADE", "Scenery", "Student", "build"]

MADE: Final = "demo.created"
"""The act in the audit log by which the demo course is known."""

LOGINS: Final[Mapping[Role, Named]] = {
    "student": Named("Sam Example", "student@example.edu"),
    "grader": Named("Gale Example", "grader@example.edu"),
    "instructor": Named("Iris Example", "instructor@example.edu"),
}
"""Those for whom a password is told at every start."""

SECOND_GRADER: Final = Named("Gus Example", "second.grader@example.edu")
TEST_STUDENT: Final = Named("Test student", "")
SECTIONS: Final = ("Monday", "Wednesday")
FIRST_NUMBER: Final = 4_000_000
SKILL: Final = 55


@dataclass(frozen=True, slots=True)
class Student:
    """Student of the demo: the account, and the working habits."""

    user: User
    section_id: UUID
    classmate: Classmate


@dataclass(frozen=True, slots=True)
class Scenery:
    """Course before the first submission; *posed* holds its problems by assignment."""

    course: Course
    students: tuple[Student, ...]
    instructor: User
    graders: tuple[User, ...]
    posed: tuple[tuple[Assignment, tuple[tuple[AssignmentProblem, ProblemVersion], ...]], ...]

    def posed_to(
        self, student: Student, assignment: Assignment, at: tuple[AssignmentProblem, ProblemVersion]
    ) -> Posed:
        """Return a problem as assigned to a student."""
        caller = Caller(student.user, None)
        member = Member(caller, self.course, "student", student.user.id, student.section_id)
        return Posed(member, assignment, *at)

    def posed_to_grader(
        self, grader: User, assignment: Assignment, at: tuple[AssignmentProblem, ProblemVersion]
    ) -> Posed:
        """Return a problem as a grader sees it."""
        member = Member(Caller(grader, None), self.course, "grader", grader.id)
        return Posed(member, assignment, *at)


def build(session: Session, plan: Sequence[Planned], *, students: int, now: datetime) -> Scenery:
    """Store the course with this number of *students* and without submissions."""
    began = now - timedelta(days=42)
    course = Course(
        id=new_id(),
        slug=SLUG,
        title=TITLE,
        zone=ZONE,
        secret=token_hex(32),
        late_day_budget=3,
        created_at=began,
    )
    sections = [Section(id=new_id(), course_id=course.id, name=name) for name in SECTIONS]
    session.add(course)
    session.flush()
    session.add_all(sections)
    session.flush()
    found = _students(session, course, sections, count=students, now=began)
    instructor, *graders = _staff(session, course, now=began)
    posed = tuple(_assignment(session, course, one, at=at, now=now) for at, one in enumerate(plan))
    _grant(session, course, found, instructor, posed[0][0], now=began)
    recorder.record(session, None, MADE, now=now, target=("course", course.id), course_id=course.id)
    session.flush()
    return Scenery(course, found, instructor, tuple(graders), posed)


def _students(
    session: Session, course: Course, sections: Sequence[Section], *, count: int, now: datetime
) -> tuple[Student, ...]:
    """Add the class; the first student is the one with a published login."""
    others = names(count - 1, Stream(KEY, "names"))
    habits = classmates(count, Stream(KEY, "class"), mistakes=tuple(MISTAKES))
    found = []
    for at, named in enumerate((LOGINS["student"], *others)):
        user = _user(session, named, now=now, student_number=str(FIRST_NUMBER + 37 * at))
        section = sections[at % len(sections)]
        _enrol(session, course, user, role="student", section_id=section.id, now=now)
        classmate = habits[at] if at else Classmate(SKILL)
        found.append(Student(user, section.id, classmate))
    test = _user(session, TEST_STUDENT, now=now)
    _enrol(session, course, test, role="student", is_test=True, now=now)
    return tuple(found)


def _staff(session: Session, course: Course, *, now: datetime) -> list[User]:
    """Add the instructor and the graders; return them in this order."""
    found = []
    for named, role in (
        (LOGINS["instructor"], "instructor"),
        (LOGINS["grader"], "grader"),
        (SECOND_GRADER, "grader"),
    ):
        found.append(_user(session, named, now=now))
        _enrol(session, course, found[-1], role=role, now=now)
    return found


def _user(session: Session, named: Named, *, now: datetime, **more: Any) -> User:
    user = User(id=new_id(), email=named.email or None, name=named.name, created_at=now, **more)
    session.add(user)
    session.flush()
    return user


def _enrol(
    session: Session, course: Course, user: User, *, role: str, now: datetime, **more: Any
) -> None:
    session.add(Enrolment(course_id=course.id, user_id=user.id, role=role, created_at=now, **more))


def _assignment(
    session: Session, course: Course, one: Planned, *, at: int, now: datetime
) -> tuple[Assignment, tuple[tuple[AssignmentProblem, ProblemVersion], ...]]:
    assignment = Assignment(
        id=new_id(),
        course_id=course.id,
        slug=one.slug,
        title=one.title,
        position=at,
        timeline=store_timeline(one.timeline(now)),
        attempts=one.attempts,
        regrade_days=30,
        regrade_limit=3,
    )
    resolve_into(assignment, course)
    made = (assignment.release_at or now) - timedelta(days=2)
    assignment.published_at = assignment.created_at = min(now, made)
    session.add(assignment)
    session.flush()
    posed = tuple(_posed(session, assignment, name, at=at) for at, name in enumerate(one.problems))
    session.flush()
    return assignment, posed


def _posed(
    session: Session, assignment: Assignment, name: str, *, at: int
) -> tuple[AssignmentProblem, ProblemVersion]:
    version = newest(session, name)
    if version is None:
        raise LookupError(f"{name} is not published; publish what the plan asks before")
    row = AssignmentProblem(
        id=new_id(),
        assignment_id=assignment.id,
        slug=name,
        version_id=version.id,
        position=at,
    )
    session.add(row)
    return row, version


def _grant(
    session: Session,
    course: Course,
    students: Sequence[Student],
    instructor: User,
    assignment: Assignment,
    *,
    now: datetime,
) -> None:
    """Grant one student a week more for *assignment*, and another unlimited attempts everywhere."""
    week = ExtensionSpec(days=7, reason="ill in the week before")
    limitless = ExtensionSpec(unlimited_attempts=True, reason="accommodation")
    for student, spec, where in (
        (students[-1], week, assignment.id),
        (students[-2 % len(students)], limitless, None),
    ):
        row = Extension(
            id=new_id(),
            course_id=course.id,
            assignment_id=where,
            student_id=student.user.id,
            spec=spec.model_dump(mode="json", exclude_none=True),
            reason=spec.reason,
            created_by=instructor.id,
            created_at=now,
        )
        session.add(row)
        recorder.record(
            session,
            None,
            "extension.granted",
            now=now,
            target=("extension", row.id),
            change=({}, row.spec),
            reason=spec.reason,
            course_id=course.id,
        )
