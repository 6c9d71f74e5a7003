"""Submissions of the students of an assignment, for staff."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from api.db.models import Assignment, AssignmentProblem, Submission, User
from api.http.pagination import Cursor, apply_keyset
from api.schemas.grading.submissions import ListedSubmission
from api.schemas.student.work import PartOutcome
from api.services.analytics.queries.answer_filters import select_students
from api.services.assignments.release import Visibility
from api.services.enrolment.sections import check_section_exists
from api.services.student.outcomes import (
    load_graded_answers,
    serialize_outcome,
    serialize_submission_fields,
)

BATCH_SIZE: Final = 25
ALL_RESULTS: Final = Visibility(now=True)


@dataclass(frozen=True, slots=True)
class SubmissionFilters:
    """Filters of a list of submissions: one problem, one student, one section."""

    problem: str | None = None
    student: UUID | None = None
    section: UUID | None = None


def iter_assignment_submissions(
    session: Session,
    assignment: Assignment,
    filters: SubmissionFilters,
    *,
    after: Cursor | None,
    limit: int,
) -> Iterator[ListedSubmission]:
    """Yield up to *limit* submissions of the active students to *assignment*, newest first.

    Reads small batches: a submission may have 256 KiB, and a page ends at 1 MiB. Raises
    `InvalidInput` if the section does not belong to the course.
    """
    check_section_exists(session, assignment.course_id, filters.section)
    statement = _select_submissions(assignment, filters)
    while limit > 0:
        batch = apply_keyset(
            statement, Submission.received_at, Submission.id, after=after, order="descending"
        )
        rows = session.execute(batch.limit(min(limit, BATCH_SIZE))).all()
        answers = load_graded_answers(session, [submission for submission, _, _ in rows])
        for submission, problem, name in rows:
            graded = answers[submission.id]
            yield ListedSubmission(
                student=submission.student_id,
                name=name,
                results=tuple(
                    PartOutcome(**serialize_outcome(answer, submission, results=ALL_RESULTS))
                    for answer in graded
                ),
                **serialize_submission_fields(submission, graded, problem),
            )
        if len(rows) < BATCH_SIZE:
            return
        limit -= len(rows)
        last = rows[-1][0]
        after = Cursor("received_at", last.received_at, last.id)


def _select_submissions(
    assignment: Assignment, filters: SubmissionFilters
) -> Select[Submission, AssignmentProblem, str]:
    """Return the statement for the submissions that *filters* admit, in no order."""
    statement = (
        select(Submission, AssignmentProblem, User.name)
        .join(AssignmentProblem, AssignmentProblem.id == Submission.problem_id)
        .join(User, User.id == Submission.student_id)
        .where(
            AssignmentProblem.assignment_id == assignment.id,
            Submission.student_id.in_(select_students(assignment.course_id, filters.section)),
        )
    )
    if filters.problem is not None:
        statement = statement.where(AssignmentProblem.slug == filters.problem)
    if filters.student is not None:
        statement = statement.where(Submission.student_id == filters.student)
    return statement
