"""The demo course without submissions: people, sections, assignments and extensions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.authorization import AssignedProblem, CourseMembership
from api.auth.principal import Principal
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
from api.demo.coursework.simulated_submissions import STREAM_KEY
from api.demo.people import StudentProfile, SyntheticPerson, generate_people, generate_profiles
from api.demo.plan import (
    COURSE_SLUG,
    COURSE_TITLE,
    COURSE_ZONE,
    PROBLEMS_WITH_ATTACHMENTS,
    PlannedAssignment,
)
from api.schemas.assignments.settings import timeline_to_column
from api.schemas.assignments.timeline import ExtensionSpec
from api.services.assignments.settings import update_resolved_times
from api.services.audit import recorder
from api.services.problems.versions import load_newest_version
from grader.variants.random_stream import RandomStream
from problems.mistakes import MISTAKES

CREATED_ACTION: Final = "demo.created"
"""Action in the audit log that identifies the demo course."""

LOGIN_PEOPLE: Final[Mapping[Role, SyntheticPerson]] = {
    "student": SyntheticPerson("Sam Example", "student@example.edu"),
    "grader": SyntheticPerson("Gale Example", "grader@example.edu"),
    "instructor": SyntheticPerson("Iris Example", "instructor@example.edu"),
}
"""People whose passwords are printed at every start."""

SECOND_GRADER: Final = SyntheticPerson("Gus Example", "second.grader@example.edu")
TEST_STUDENT: Final = SyntheticPerson("Test student", "")
SECTION_NAMES: Final = ("Monday", "Wednesday")
FIRST_STUDENT_NUMBER: Final = 4_000_000
FIRST_STUDENT_SKILL: Final = 55


@dataclass(frozen=True, slots=True)
class DemoStudent:
    """Student of the demo: the account, and the working habits."""

    user: User
    section_id: UUID
    profile: StudentProfile


@dataclass(frozen=True, slots=True)
class DemoCourse:
    """Course before the first submission; *assignments* holds its problems by assignment."""

    course: Course
    students: tuple[DemoStudent, ...]
    instructor: User
    graders: tuple[User, ...]
    assignments: tuple[tuple[Assignment, tuple[tuple[AssignmentProblem, ProblemVersion], ...]], ...]

    def problem_for_student(
        self,
        student: DemoStudent,
        assignment: Assignment,
        problem: tuple[AssignmentProblem, ProblemVersion],
    ) -> AssignedProblem:
        """Return a problem as assigned to a student."""
        principal = Principal(student.user, None)
        member = CourseMembership(
            principal, self.course, "student", student.user.id, student.section_id
        )
        return AssignedProblem(member, assignment, *problem)

    def problem_for_grader(
        self,
        grader: User,
        assignment: Assignment,
        problem: tuple[AssignmentProblem, ProblemVersion],
    ) -> AssignedProblem:
        """Return a problem as a grader sees it."""
        member = CourseMembership(Principal(grader, None), self.course, "grader", grader.id)
        return AssignedProblem(member, assignment, *problem)


def create_course_without_submissions(
    session: Session, plan: Sequence[PlannedAssignment], *, students: int, now: datetime
) -> DemoCourse:
    """Store the course with this number of *students* and without submissions."""
    created_at = now - timedelta(days=42)
    course = Course(
        id=new_id(),
        slug=COURSE_SLUG,
        title=COURSE_TITLE,
        zone=COURSE_ZONE,
        secret=token_hex(32),
        late_day_budget=3,
        created_at=created_at,
    )
    sections = [Section(id=new_id(), course_id=course.id, name=name) for name in SECTION_NAMES]
    session.add(course)
    session.flush()
    session.add_all(sections)
    session.flush()
    demo_students = _add_students(session, course, sections, count=students, now=created_at)
    instructor, *graders = _add_staff(session, course, now=created_at)
    assignments = tuple(
        _add_assignment(session, course, one, position=index, now=now)
        for index, one in enumerate(plan)
    )
    _grant_extensions(session, course, demo_students, instructor, assignments[0][0], now=created_at)
    recorder.record_action(
        session, None, CREATED_ACTION, now=now, target=("course", course.id), course_id=course.id
    )
    session.flush()
    return DemoCourse(course, demo_students, instructor, tuple(graders), assignments)


def _add_students(
    session: Session, course: Course, sections: Sequence[Section], *, count: int, now: datetime
) -> tuple[DemoStudent, ...]:
    """Add the class; the first student is the one with a published login."""
    others = generate_people(count - 1, RandomStream(STREAM_KEY, "names"))
    profiles = generate_profiles(count, RandomStream(STREAM_KEY, "class"), mistakes=tuple(MISTAKES))
    demo_students = []
    for index, person in enumerate((LOGIN_PEOPLE["student"], *others)):
        user = _add_user(
            session, person, now=now, student_number=str(FIRST_STUDENT_NUMBER + 37 * index)
        )
        section = sections[index % len(sections)]
        _add_enrolment(session, course, user, role="student", section_id=section.id, now=now)
        profile = profiles[index] if index else StudentProfile(FIRST_STUDENT_SKILL)
        demo_students.append(DemoStudent(user, section.id, profile))
    test_student = _add_user(session, TEST_STUDENT, now=now)
    _add_enrolment(session, course, test_student, role="student", is_test=True, now=now)
    return tuple(demo_students)


def _add_staff(session: Session, course: Course, *, now: datetime) -> list[User]:
    """Add the instructor and the graders; return them in this order."""
    staff = []
    for person, role in (
        (LOGIN_PEOPLE["instructor"], "instructor"),
        (LOGIN_PEOPLE["grader"], "grader"),
        (SECOND_GRADER, "grader"),
    ):
        staff.append(_add_user(session, person, now=now))
        _add_enrolment(session, course, staff[-1], role=role, now=now)
    return staff


def _add_user(session: Session, person: SyntheticPerson, *, now: datetime, **columns: Any) -> User:
    user = User(
        id=new_id(), email=person.email or None, name=person.name, created_at=now, **columns
    )
    session.add(user)
    session.flush()
    return user


def _add_enrolment(
    session: Session, course: Course, user: User, *, role: str, now: datetime, **columns: Any
) -> None:
    session.add(
        Enrolment(course_id=course.id, user_id=user.id, role=role, created_at=now, **columns)
    )


def _add_assignment(
    session: Session, course: Course, planned: PlannedAssignment, *, position: int, now: datetime
) -> tuple[Assignment, tuple[tuple[AssignmentProblem, ProblemVersion], ...]]:
    assignment = Assignment(
        id=new_id(),
        course_id=course.id,
        slug=planned.slug,
        title=planned.title,
        position=position,
        timeline=timeline_to_column(planned.build_timeline(now)),
        attempts=planned.attempts,
        regrade_days=30,
        regrade_limit=3,
    )
    update_resolved_times(assignment, course)
    created_at = (assignment.release_at or now) - timedelta(days=2)
    assignment.published_at = assignment.created_at = min(now, created_at)
    session.add(assignment)
    session.flush()
    problems = tuple(
        _add_problem(session, assignment, name, position=index)
        for index, name in enumerate(planned.problems)
    )
    session.flush()
    return assignment, problems


def _add_problem(
    session: Session, assignment: Assignment, problem_id: str, *, position: int
) -> tuple[AssignmentProblem, ProblemVersion]:
    version = load_newest_version(session, problem_id)
    if version is None:
        raise LookupError(f"{problem_id} is not published; publish what the plan asks before")
    row = AssignmentProblem(
        id=new_id(),
        assignment_id=assignment.id,
        slug=problem_id,
        version_id=version.id,
        position=position,
        attachments=problem_id in PROBLEMS_WITH_ATTACHMENTS,
    )
    session.add(row)
    return row, version


def _grant_extensions(
    session: Session,
    course: Course,
    students: Sequence[DemoStudent],
    instructor: User,
    assignment: Assignment,
    *,
    now: datetime,
) -> None:
    """Grant one student a week more for *assignment*, and another unlimited attempts everywhere."""
    week = ExtensionSpec(days=7, reason="ill in the week before")
    limitless = ExtensionSpec(unlimited_attempts=True, reason="accommodation")
    for student, spec, assignment_id in (
        (students[-1], week, assignment.id),
        (students[-2 % len(students)], limitless, None),
    ):
        row = Extension(
            id=new_id(),
            course_id=course.id,
            assignment_id=assignment_id,
            student_id=student.user.id,
            spec=spec.model_dump(mode="json", exclude_none=True),
            reason=spec.reason,
            created_by=instructor.id,
            created_at=now,
        )
        session.add(row)
        recorder.record_action(
            session,
            None,
            "extension.granted",
            now=now,
            target=("extension", row.id),
            change=({}, row.spec),
            reason=spec.reason,
            course_id=course.id,
        )
