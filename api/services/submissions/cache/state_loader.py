"""Loader of students' states in problems, for many students at once."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, and_, bindparam, cast, null, select, union_all
from sqlalchemy.orm import Session

from api.db.models import Answer, Draw, ProblemProgress
from api.services.grades import POLICY_ANSWER_COLUMNS, ProgressKey, to_policy_answer
from api.services.submissions.cache.submission_cache import (
    NO_VERSION,
    ChangeCounters,
    StudentProblemState,
)
from api.services.submissions.variant_assignment import VariantAssignment
from grader.json_values import from_json
from grader.policy import StoredAnswer
from grader.values import Value

CarriedValues: TypeAlias = dict[int, dict[str, Value]]
DRAW_COLUMNS: Final = Draw.__table__.c
PROGRESS_COLUMNS: Final = ProblemProgress.__table__.c
ANSWER_COLUMNS: Final = Answer.__table__.c


def _students_condition(problem: Any, student: Any) -> ColumnElement[bool]:
    """Return the condition that a row is about the problem and one of the students."""
    students = student.in_(bindparam("students", expanding=True))
    return and_(problem == bindparam("problem"), students)


SELECT_DRAWS_AND_ROW_VERSIONS: Final = union_all(
    select(
        DRAW_COLUMNS.student_id,
        DRAW_COLUMNS.version_id,
        DRAW_COLUMNS.number.label("number"),
        DRAW_COLUMNS.position,
    ).where(_students_condition(DRAW_COLUMNS.problem_id, DRAW_COLUMNS.student_id)),
    select(
        PROGRESS_COLUMNS.student_id,
        cast(null(), Uuid),
        PROGRESS_COLUMNS.sequence,
        PROGRESS_COLUMNS.version,
    ).where(_students_condition(PROGRESS_COLUMNS.problem_id, PROGRESS_COLUMNS.student_id)),
).order_by("number")
"""Query for the draws of students and the rows of their progress, which have no version id."""
SELECT_ANSWERS: Final = (
    select(
        ANSWER_COLUMNS.student_id,
        *POLICY_ANSWER_COLUMNS,
        *(ANSWER_COLUMNS.draw, ANSWER_COLUMNS.carries),
    )
    .where(_students_condition(ANSWER_COLUMNS.problem_id, ANSWER_COLUMNS.student_id))
    .order_by(ANSWER_COLUMNS.sequence)
)
"""Query for the answers of students to one problem.

The queries here are built once. If they left the problem open, each call would build
them.
"""


def load_states(
    session: Session,
    variant_assignments: Mapping[ProgressKey, VariantAssignment],
    *,
    change_counters: ChangeCounters,
) -> dict[ProgressKey, StudentProblemState]:
    """Read the states of students in problems; *change_counters* are those of this transaction.

    *variant_assignments* has each student's draw, which applies if none is stored.
    """
    by_problem: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for key in variant_assignments:
        by_problem[key.problem_id].append(key.student_id)
    states: dict[ProgressKey, StudentProblemState] = {}
    for problem, students in by_problem.items():
        params = {"problem": problem, "students": students}
        stored_draws: dict[UUID, VariantAssignment] = {}
        row_versions: dict[UUID, tuple[int, int]] = {}
        for student, version_id, *numbers in session.execute(SELECT_DRAWS_AND_ROW_VERSIONS, params):
            if version_id is None:
                row_versions[student] = (numbers[0], numbers[1])
            else:
                stored_draws[student] = VariantAssignment(numbers[0], version_id, numbers[1])
        # A student with answers has a progress row: the writer inserts and locks it first.
        params["students"] = list(row_versions)
        answers, carried_values = _load_answers_and_carried_values(session, params)
        for student in students:
            key = ProgressKey(problem, student)
            sequence, version = row_versions.get(student, (0, NO_VERSION))
            states[key] = StudentProblemState(
                stored_draws.get(student, variant_assignments[key]),
                has_stored_draw=student in stored_draws,
                sequence=sequence,
                version=version,
                answers={part: tuple(rows) for part, rows in answers[student].items()},
                carried_values=carried_values[student],
                change_counters=change_counters,
            )
    return states


def _load_answers_and_carried_values(
    session: Session, params: Mapping[str, Any]
) -> tuple[Mapping[UUID, Mapping[str, list[StoredAnswer]]], Mapping[UUID, CarriedValues]]:
    """Return the answers by student and part, in order, and the last readable ones by draw."""
    answers: defaultdict[UUID, dict[str, list[StoredAnswer]]] = defaultdict(dict)
    carried_values: defaultdict[UUID, CarriedValues] = defaultdict(dict)
    if not params["students"]:
        return answers, carried_values
    for row in session.execute(SELECT_ANSWERS, params):
        answers[row.student_id].setdefault(row.part, []).append(to_policy_answer(row))
        if row.carries is not None:
            value = from_json(row.carries["value"])
            carried_values[row.student_id].setdefault(row.draw, {})[row.part] = value
    return answers, carried_values
