"""Summaries of wrong answers: the most common one of each part, and mistakes over a course."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import String, Subquery, column, func, select, values
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


def _select_explained_answers(students: StudentQuery, assignments: Collection[UUID]) -> Subquery:
    """Select assignment, student and mistakes of the answers with a named mistake."""
    return (
        select(
            AssignmentProblem.assignment_id.label("assignment"),
            Answer.student_id.label("student"),
            Answer.mistakes.label("mistakes"),
        )
        .join(AssignmentProblem, AssignmentProblem.id == Answer.problem_id)
        .where(
            AssignmentProblem.assignment_id.in_(assignments),
            AssignmentProblem.removed_at.is_(None),
            Answer.mistakes != "",
            Answer.student_id.in_(students),
        )
        .subquery()
    )


def load_course_mistakes(
    session: Session, students: StudentQuery, assignments: Sequence[AssignmentSummary]
) -> tuple[CourseMistake, ...]:
    """Return the mistakes that most of *students* made in *assignments*.

    The database counts the students, so the number of rows that are read does not grow with them.
    """
    explained = _select_explained_answers(students, [one.assignment for one in assignments])
    combinations = session.scalars(select(explained.c.mistakes).distinct()).all()
    pairs = [(text, mistake) for text in combinations for mistake in split_mistakes(text)]
    if not pairs:
        return ()
    named = (
        values(column("mistakes", String), column("mistake", String), name="named")
        .data(pairs)
        .cte("named")
    )
    counted = func.count(explained.c.student.distinct())
    rows = select(named.c.mistake, counted).join(
        explained, explained.c.mistakes == named.c.mistakes
    )
    totals = sorted(
        session.execute(rows.group_by(named.c.mistake)),
        key=lambda row: (-row[1], row[0]),
    )[:MAX_MISTAKES]
    by_assignment = {
        (mistake, assignment): count
        for mistake, count, assignment in session.execute(
            rows.add_columns(explained.c.assignment).group_by(
                named.c.mistake, explained.c.assignment
            )
        )
    }
    return tuple(
        _build_course_mistake(mistake, count, by_assignment, assignments)
        for mistake, count in totals
    )


def _build_course_mistake(
    mistake: str,
    students: int,
    by_assignment: Mapping[tuple[str, UUID], int],
    assignments: Sequence[AssignmentSummary],
) -> CourseMistake:
    return CourseMistake(
        mistake=mistake,
        description=MISTAKES[mistake].note if mistake in MISTAKES else "",
        students=students,
        assignments=tuple(
            MistakeShare(
                assignment=one.assignment,
                students=by_assignment[mistake, one.assignment],
                of=one.handed_in,
            )
            for one in assignments
            if (mistake, one.assignment) in by_assignment
        ),
    )
