"""Creation of the demo course: a class works through past weeks, stored by the service's writer."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.core.clock import from_micros, to_micros
from api.core.errors import Conflict
from api.db.engine import Database
from api.db.models import (
    Assignment,
    AssignmentProblem,
    AuditEntry,
    Course,
    Draw,
    ProblemVersion,
    User,
)
from api.db.models import Variant as VariantRow
from api.db.upserts import insert_missing_rows
from api.demo.course_fixture import (
    CREATED_ACTION,
    DemoCourse,
    DemoStudent,
    create_course_without_submissions,
)
from api.demo.coursework.grading import grade_some_texts
from api.demo.coursework.regrade_requests import create_regrade_requests
from api.demo.coursework.simulated_submissions import (
    STREAM_KEY,
    GradedSubmission,
    SimulatedStudent,
    SimulationJob,
    run_simulation_job,
)
from api.demo.coursework.submission_times import choose_opening_time, draw_submission_times
from api.demo.plan import COURSE_SLUG, OPEN_ASSIGNMENT_SLUG, PlannedAssignment
from api.services.assignments.rules import load_rules
from api.services.engine.assigned_variant import compute_variant_assignment
from api.services.engine.variants import VariantCache
from api.services.submissions.pending_submissions import PendingSubmission, compute_fingerprint
from api.services.submissions.variant_assignment import VariantAssignment
from api.services.submissions.writer.write_transaction import write_submissions
from grader.policy import SubmissionRules
from grader.variants.random_stream import RandomStream

WRITE_BATCH_SIZE: Final = 100
"""Number of submissions per write."""
STUDENTS_PER_JOB: Final = 50
"""Number of students per job."""


@dataclass(frozen=True, slots=True)
class _DemoProblem:
    """Problem of an assignment with the data shared by all who work on it."""

    assignment: Assignment
    row: AssignmentProblem
    version: ProblemVersion
    rules: dict[UUID, SubmissionRules]


def find_demo_course(session: Session) -> Course | None:
    """Return the demo course; None if it does not exist yet."""
    created_courses = select(AuditEntry.course_id).where(AuditEntry.action == CREATED_ACTION)
    return session.scalar(select(Course).where(Course.id.in_(created_courses)).limit(1))


def get_or_create_demo_course(
    db: Database,
    plan: Sequence[PlannedAssignment],
    executor: Executor,
    *,
    students: int,
    now: datetime,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> UUID:
    """Create the demo course if it does not exist, in one transaction; return its id.

    The problems of *plan* must be published. Raises `Conflict` if the database is in use.
    """
    with db.transaction() as session:
        existing = find_demo_course(session)
        if existing is not None:
            return existing.id
        _check_database_unused(session)
        demo = create_course_without_submissions(session, plan, students=students, now=now)
        entries = sorted(
            _simulate_submissions(session, demo, executor, now=now), key=_get_received_at
        )
        _record_openings(session, demo, entries)
        _write_submissions_in_batches(session, entries, progress=progress)
        grade_some_texts(session, demo)
        create_regrade_requests(session, demo)
        return demo.course.id


def _check_database_unused(session: Session) -> None:
    if session.scalar(select(Course.id).limit(1)) or session.scalar(select(User.id).limit(1)):
        raise Conflict(
            f"The course {COURSE_SLUG!r} is made in an empty database only, and this one is in "
            "use. Set GRADER_DATABASE to another, or leave GRADER_DEMO out."
        )


def _get_received_at(entry: PendingSubmission) -> datetime:
    return entry.received_at


def _record_openings(
    session: Session, demo: DemoCourse, entries: Sequence[PendingSubmission]
) -> None:
    """Record for every student and problem that it was opened a while before the first answer."""
    releases = {assignment.id: assignment.release_at for assignment, _ in demo.assignments}
    first_entries = {entry.progress_key: entry for entry in reversed(entries)}
    insert_missing_rows(
        session,
        Draw,
        [_build_draw_row(entry, releases[entry.assignment_id]) for entry in first_entries.values()],
    )


def _build_draw_row(first: PendingSubmission, release: datetime | None) -> dict[str, object]:
    first_micros = to_micros(first.received_at)
    opened_at = from_micros(
        choose_opening_time(
            first_micros, RandomStream(STREAM_KEY, f"opened|{first.problem_slug}|{first_micros}")
        )
    )
    return {
        "problem_id": first.problem_id,
        "student_id": first.student_id,
        "number": first.variant_assignment.number,
        "version_id": first.variant_assignment.version_id,
        "position": first.variant_assignment.position,
        "opened_at": opened_at if release is None else max(release, opened_at),
    }


def _write_submissions_in_batches(
    session: Session, entries: Sequence[PendingSubmission], *, progress: Callable[[int, int], None]
) -> None:
    variants = VariantCache()
    for start in range(0, len(entries), WRITE_BATCH_SIZE):
        batch = entries[start : start + WRITE_BATCH_SIZE]
        write_submissions(session, batch, variants=variants, now=batch[-1].received_at)
        session.expunge_all()
        progress(start + len(batch), len(entries))


def _simulate_submissions(
    session: Session, demo: DemoCourse, executor: Executor, *, now: datetime
) -> Iterator[PendingSubmission]:
    """Yield all submissions of the class until *now*, those of a student to a problem in order."""
    problems = list(_load_problems(session, demo, now=now))
    jobs = [job for table in problems for job in _build_simulation_jobs(session, demo, table)]
    outcomes = executor.map(run_simulation_job, [sitting for _, sitting in jobs])
    for (problem, _), submissions in zip(jobs, outcomes, strict=True):
        yield from _build_problem_submissions(demo, problem, submissions, now=now)


def _load_problems(session: Session, demo: DemoCourse, *, now: datetime) -> Iterator[_DemoProblem]:
    ids = [student.user.id for student in demo.students]
    for assignment, problems in demo.assignments:
        if assignment.release_at is None or assignment.release_at > now:
            continue
        rules = load_rules(session, assignment, demo.course, ids)
        for row, version in problems:
            yield _DemoProblem(assignment, row, version, rules)


def _build_simulation_jobs(
    session: Session, demo: DemoCourse, problem: _DemoProblem
) -> Iterator[tuple[_DemoProblem, SimulationJob]]:
    data = {
        row.position: row.data
        for row in session.scalars(
            select(VariantRow).where(VariantRow.version_id == problem.version.id)
        )
    }
    students = [
        SimulatedStudent(
            number, student.profile, _compute_variant_of_student(demo, problem, student).position
        )
        for number, student in enumerate(demo.students)
        if number
        or problem.assignment.slug
        != OPEN_ASSIGNMENT_SLUG  # the reader works there as the first student
    ]
    for start in range(0, len(students), STUDENTS_PER_JOB):
        batch = tuple(students[start : start + STUDENTS_PER_JOB])
        variants = {position: data[position] for position in {seat.position for seat in batch}}
        yield (
            problem,
            SimulationJob(problem.version.problem, problem.version.source, variants, batch),
        )


def _compute_variant_of_student(
    demo: DemoCourse, problem: _DemoProblem, student: DemoStudent
) -> VariantAssignment:
    assigned_problem = demo.problem_for_student(
        student, problem.assignment, (problem.row, problem.version)
    )
    return compute_variant_assignment(assigned_problem, 0, student=student.user.id)


def _build_problem_submissions(
    demo: DemoCourse,
    problem: _DemoProblem,
    submissions: Iterable[GradedSubmission],
    *,
    now: datetime,
) -> Iterator[PendingSubmission]:
    for number, student_submissions in groupby(submissions, key=lambda item: item.number):
        yield from _build_student_submissions(
            demo, problem, number, list(student_submissions), now=now
        )


def _build_student_submissions(
    demo: DemoCourse,
    problem: _DemoProblem,
    number: int,
    submissions: Sequence[GradedSubmission],
    *,
    now: datetime,
) -> Iterator[PendingSubmission]:
    """Yield a student's submissions to a problem, at times that the timeline allows."""
    student = demo.students[number]
    times = draw_submission_times(
        problem.rules[student.user.id].timelines[-1],
        student.profile,
        RandomStream(STREAM_KEY, f"when|{problem.row.slug}|{number}"),
        count=len(submissions),
    )
    variant = _compute_variant_of_student(demo, problem, student)
    for earlier_count, (submission, received_micros) in enumerate(
        zip(submissions, times, strict=False)
    ):
        if received_micros > to_micros(now):
            return
        yield _build_pending_submission(
            demo,
            problem,
            student,
            submission,
            variant=variant,
            received_micros=received_micros,
            earlier_count=earlier_count,
        )


def _build_pending_submission(
    demo: DemoCourse,
    problem: _DemoProblem,
    student: DemoStudent,
    submission: GradedSubmission,
    *,
    variant: VariantAssignment,
    received_micros: int,
    earlier_count: int,
) -> PendingSubmission:
    return PendingSubmission(
        author_id=student.user.id,
        student_id=student.user.id,
        course_id=demo.course.id,
        assignment_id=problem.assignment.id,
        problem_id=problem.row.id,
        problem_slug=problem.row.slug,
        token_id=None,
        variant_assignment=variant,
        received_at=from_micros(received_micros),
        answers=submission.answers,
        idempotency_key=None,
        answer_results=submission.answer_results,
        last_sequence=earlier_count,
        number_style=None,
        fingerprint=compute_fingerprint(problem.row.id, student.user.id, submission.answers),
    )
