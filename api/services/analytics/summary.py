"""Summaries of wrong answers: the most common one of each part, and mistakes over a course."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from api.db.models import Answer, AssignmentProblem
from api.schemas.analytics.assignment import (
    AssignmentSummary,
    CourseMistake,
    MistakeShare,
    WrongBrief,
)
from api.services.analytics.queries.answer_filters import StudentQuery
from api.services.analytics.queries.assignment import AnalyticsData
from api.services.analytics.queries.groups import load_answer_details
from api.services.analytics.wrong_answers import extract_answer_id, split_mistakes
from problems.mistakes import MISTAKES

MAX_MISTAKES: Final = 10
"""Maximum number of mistakes of a course: those that most students made."""


def summarize_wrong_answers(session: Session, data: AnalyticsData) -> tuple[WrongBrief, ...]:
    """Return the most common wrong answer of each part that has any."""
    rows = sorted(data.rows["brief"], key=lambda row: row.item)
    details = load_answer_details(session, [extract_answer_id(row.who) for row in rows])
    return tuple(
        _serialize_summary(data, row, details[extract_answer_id(row.who)].shown) for row in rows
    )


def _serialize_summary(data: AnalyticsData, row: Any, text: str) -> WrongBrief:
    item = data.items.items[row.item]
    return WrongBrief(
        problem=item.problem.row.slug,
        part=item.part,
        wrong=row.wrong,
        unexplained=row.unexplained,
        count=row.n,
        shown=text if row.different == 1 else None,
        mistakes=split_mistakes(row.mistakes),
    )


def load_course_mistakes(
    session: Session, students: StudentQuery, assignments: Sequence[AssignmentSummary]
) -> tuple[CourseMistake, ...]:
    """Return the mistakes that most of *students* made in *assignments*, with one query."""
    rows = session.execute(
        select(AssignmentProblem.assignment_id, Answer.student_id, Answer.mistakes)
        .distinct()
        .join(AssignmentProblem, AssignmentProblem.id == Answer.problem_id)
        .where(
            AssignmentProblem.assignment_id.in_(bindparam("assignments", expanding=True)),
            AssignmentProblem.removed_at.is_(None),
            Answer.mistakes != "",
            Answer.student_id.in_(students),
        ),
        {"assignments": [one.assignment for one in assignments]},
    )
    students_by_mistake: defaultdict[str, dict[UUID, set[UUID]]] = defaultdict(dict)
    for assignment, student, mistakes in rows:
        for mistake in split_mistakes(mistakes):
            students_by_mistake[mistake].setdefault(assignment, set()).add(student)
    course_mistakes = [
        _build_course_mistake(mistake, students_by_assignment, assignments)
        for mistake, students_by_assignment in students_by_mistake.items()
    ]
    course_mistakes.sort(key=lambda item: (-item.students, item.mistake))
    return tuple(course_mistakes[:MAX_MISTAKES])


def _build_course_mistake(
    mistake: str,
    students_by_assignment: Mapping[UUID, set[UUID]],
    assignments: Sequence[AssignmentSummary],
) -> CourseMistake:
    return CourseMistake(
        mistake=mistake,
        description=MISTAKES[mistake].note if mistake in MISTAKES else "",
        students=len(set[UUID]().union(*students_by_assignment.values())),
        assignments=tuple(
            MistakeShare(
                assignment=one.assignment,
                students=len(students_by_assignment[one.assignment]),
                of=one.handed_in,
            )
            for one in assignments
            if one.assignment in students_by_assignment
        ),
    )
