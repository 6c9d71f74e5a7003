"""Data of a chunk, loaded with a fixed number of queries: submissions, answers, variants."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, Text, bindparam, cast, select, type_coerce
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
from api.db.models.base import IdTextType, RecurringIdType, parse_exact
from api.services.regrades.execution.grading_jobs import RegradeJob, SubmissionToGrade, VariantKey


@dataclass(frozen=True, slots=True, eq=False)
class StoredResult:
    """Result of an answer as it is stored now; equal results of a chunk are one object."""

    part: str
    status: str
    credit: Fraction | None
    mistakes: str
    value: str
    rendered_value: str
    carries: dict[str, Any] | None
    record: Mapping[str, Any]
    feedback: Mapping[str, Any]


class AnswerWithGrading(NamedTuple):
    """An answer with the grading that counts now.

    *submitted_at* counts microseconds since 1970 in UTC.
    """

    id: UUID
    student: UUID
    submission: str
    sequence: int
    submitted_at: int
    attempt: int | None
    late: Fraction
    manual: bool
    grading: UUID
    result: StoredResult


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
            type_coerce(Submission.id, IdTextType),
            type_coerce(Submission.student_id, RecurringIdType),
            type_coerce(Submission.version_id, RecurringIdType),
            Submission.position,
            Submission.draw,
            cast(Submission.answers, Text),
        )
        .where(
            Submission.problem_id == problem_id,
            Submission.student_id.in_(students),
            Submission.version_id.in_(versions),
        )
        .order_by(Submission.student_id, Submission.sequence)
    )
    parser = CachingJsonParser()
    return tuple(
        SubmissionToGrade(
            submission, student, (versions[version], position), draw, parser.parse(answers)
        )
        for submission, student, version, position, draw, answers in rows
    )


def load_regrade_job(
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

    Equal results become one object, which makes comparisons cheap: most answers of a class repeat
    others.
    """
    rows = session.execute(GRADED_ANSWERS_QUERY, {"problem": problem_id, "students": students})
    results: dict[Any, StoredResult] = {}
    answers = []
    for row in rows:
        key: tuple[Any, ...] = row[9:]
        result = results.get(key)
        if result is None:
            result = results[key] = _parse_result(key)
        answers.append(AnswerWithGrading._make((*row[:9], result)))
    return answers


def _parse_result(texts: tuple[Any, ...]) -> StoredResult:
    """Return the result whose columns are *texts*, with its exact number and JSON parsed."""
    part, status, credit, mistakes, value, rendered_value, carries, record, feedback = texts
    return StoredResult(
        part,
        status,
        None if credit is None else parse_exact(credit),
        mistakes,
        value,
        rendered_value,
        None if carries is None else json.loads(carries),
        json.loads(record),
        json.loads(feedback),
    )


ANSWER: Final = Answer.__table__.c
GRADING: Final = Grading.__table__.c
GRADED_ANSWERS_QUERY: Final = (
    select(
        ANSWER.id,
        type_coerce(ANSWER.student_id, RecurringIdType),
        type_coerce(ANSWER.submission_id, IdTextType),
        ANSWER.sequence,
        type_coerce(ANSWER.received_at, BigInteger),
        ANSWER.attempt,
        ANSWER.late,
        ANSWER.manual,
        ANSWER.grading_id,
        ANSWER.part,
        ANSWER.status,
        type_coerce(ANSWER.credit, Text),
        ANSWER.mistakes,
        ANSWER.value,
        ANSWER.shown,
        *(cast(column, Text) for column in (ANSWER.carries, GRADING.record, GRADING.said)),
    )
    .join_from(Answer.__table__, Grading.__table__, GRADING.id == ANSWER.grading_id)
    .where(
        ANSWER.problem_id == bindparam("problem"),
        ANSWER.student_id.in_(bindparam("students", expanding=True)),
    )
    .order_by(ANSWER.student_id, ANSWER.sequence, ANSWER.id)
)
