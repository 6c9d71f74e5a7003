"""Data of a chunk, loaded with a fixed number of queries: submissions, answers, variants."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Text, cast, select
from sqlalchemy.orm import Session

from api.core.errors import Conflict
from api.db.models import (
    Answer,
    Assignment,
    AssignmentProblem,
    Course,
    Grading,
    ProblemVersion,
    Submission,
    Variant,
)
from api.services.regrades.execution.grading_jobs import RegradeJob, SubmissionToGrade, VariantKey


class AnswerWithGrading(NamedTuple):
    """An answer with the grading that counts now."""

    id: UUID
    student: UUID
    submission: UUID
    part: str
    sequence: int
    received_at: datetime
    attempt: int | None
    late: Fraction
    manual: bool
    grading: UUID
    status: str
    credit: Fraction | None
    mistakes: str
    value: str
    rendered_value: str
    carries: dict[str, Any] | None
    record: Mapping[str, Any]
    feedback: Mapping[str, Any]


class CachingJsonParser:
    """Parser of JSON texts that parses each text once."""

    def __init__(self) -> None:
        self._cache: dict[str, Any] = {}

    def parse(self, text: str | None) -> Any:
        """Return the data of a text; None for None."""
        if text is None:
            return None
        if text not in self._cache:
            self._cache[text] = json.loads(text)
        return self._cache[text]


def load_submissions_to_grade(
    session: Session,
    problem_id: UUID,
    students: Collection[UUID],
    versions: Mapping[UUID, UUID],
) -> tuple[SubmissionToGrade, ...]:
    """Return the submissions of *students* in order, each with the version that grades it.

    *versions* maps the version of a submission to that version. Submissions to other versions are
    left out: their numbers come from another draw block.
    """
    rows = session.execute(
        select(
            Submission.id,
            Submission.student_id,
            Submission.version_id,
            Submission.position,
            Submission.draw,
            Submission.answers,
        )
        .where(
            Submission.problem_id == problem_id,
            Submission.student_id.in_(students),
            Submission.version_id.in_(versions),
        )
        .order_by(Submission.student_id, Submission.sequence)
    )
    return tuple(
        SubmissionToGrade(
            row.id, row.student_id, (versions[row.version_id], row.position), row.draw, row[5]
        )
        for row in rows
    )


def load_job(
    session: Session, problem_id: UUID, submissions: tuple[SubmissionToGrade, ...]
) -> RegradeJob:
    """Return a job of *submissions*, with the problems and variants needed to grade it."""
    keys = {submission.variant_key for submission in submissions}
    sources = session.execute(
        select(ProblemVersion.id, ProblemVersion.problem, ProblemVersion.source).where(
            ProblemVersion.id.in_({version for version, _ in keys})
        )
    )
    numbers = session.scalar(
        select(Course.numbers)
        .join(Assignment, Assignment.course_id == Course.id)
        .join(AssignmentProblem, AssignmentProblem.assignment_id == Assignment.id)
        .where(AssignmentProblem.id == problem_id)
    )
    return RegradeJob(
        {version: (name, text) for version, name, text in sources},
        _load_variants(session, keys),
        numbers,  # type: ignore[arg-type]  # the column holds a style or null
        submissions,
    )


def _load_variants(
    session: Session, keys: Collection[VariantKey]
) -> dict[VariantKey, Mapping[str, Any]]:
    variants: dict[VariantKey, Mapping[str, Any]] = {}
    for version in {version for version, _ in keys}:
        rows = session.execute(
            select(Variant.position, Variant.data).where(
                Variant.version_id == version,
                Variant.position.in_(sorted(at for of, at in keys if of == version)),
            )
        )
        variants |= {(version, position): data for position, data in rows}
    if len(variants) < len(keys):
        raise Conflict("The version lacks numbers that students have.")
    return variants


def load_graded_answers(
    session: Session, problem_id: UUID, students: Collection[UUID]
) -> list[AnswerWithGrading]:
    """Return the answers of *students* to a problem in order, with the gradings that count.

    Equal JSON texts become one object, which makes comparisons cheap: most answers do not change.
    """
    answer, grading = Answer.__table__.c, Grading.__table__.c
    rows = session.execute(
        select(
            answer.id,
            answer.student_id,
            answer.submission_id,
            answer.part,
            answer.sequence,
            answer.received_at,
            answer.attempt,
            answer.late,
            answer.manual,
            answer.grading_id,
            answer.status,
            answer.credit,
            answer.mistakes,
            answer.value,
            answer.shown,
            *(cast(column, Text) for column in (answer.carries, grading.record, grading.said)),
        )
        .join_from(Answer.__table__, Grading.__table__, grading.id == answer.grading_id)
        .where(answer.problem_id == problem_id, answer.student_id.in_(students))
        .order_by(answer.student_id, answer.sequence, answer.id)
    )
    parser = CachingJsonParser()
    return [AnswerWithGrading(*row[:15], *map(parser.parse, row[15:])) for row in rows]
