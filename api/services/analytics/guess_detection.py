"""Guess detection: answers of one student that bisect an interval until they hit. For staff.

The database finds five consecutive answers that halve an interval, up to rounding. The answers of
only those students are then loaded and checked exactly.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import Float, Select, and_, case, func, or_, select, tuple_
from sqlalchemy.orm import Session

from api.db.models import Answer, Grading
from api.schemas.analytics.problem import SearchOut
from api.services.analytics.queries.answer_filters import StudentQuery, readable_answer_conditions
from api.services.analytics.queries.query_batch import cast_fraction_to_float
from api.services.grades import VersionedProblem
from grader.analysis import looks_like_bisection
from grader.analysis.guess_detection import HALF_STEP_RANGE, MIN_SHRINK_FACTOR
from grader.grading.result import FREE_STATUSES
from grader.json_values import from_json
from grader.values import is_number

MIN_ANSWERS: Final = 5
"""Minimum number of answers in a search."""
MAX_LISTED_SEARCHES: Final = 50
MAX_CANDIDATES: Final = 100
"""Maximum number of sequences, each of one part, student and draw, that are read."""
MAX_LISTED_ANSWERS: Final = 12
"""Number of answers of a search that are shown, the last ones."""
STEP_TOLERANCE: Final = 1e-6
"""Tolerance for steps that float errors make slightly too large or too small."""
MIN_RATIO, MAX_RATIO = map(float, HALF_STEP_RANGE)
SequenceKey: TypeAlias = tuple[str, UUID, int]
"""Key of a sequence of answers: the part, the student and the draw number."""
SEQUENCE_KEY_COLUMNS: Final = (Answer.part, Answer.student_id, Answer.draw)


def find_bisection_searches(
    session: Session, problem: VersionedProblem, students: StudentQuery
) -> dict[str, tuple[SearchOut, ...]]:
    """Return the suspected searches by part, each with the last submission of its student."""
    searches_by_part: defaultdict[str, list[SearchOut]] = defaultdict(list)
    for (part, _, _), rows in _load_suspect_sequences(session, problem, students).items():
        numbers = [
            (Fraction(value), row)
            for row in rows
            if row.value is not None and is_number(value := from_json(row.value))
        ]
        if looks_like_bisection([value for value, _ in numbers]):
            last = numbers[-1][1]
            searches_by_part[part].append(
                SearchOut(
                    submission=last.submission_id,
                    answers=len(numbers),
                    shown=tuple(row.shown for _, row in numbers[-MAX_LISTED_ANSWERS:]),
                    solved=any(row.credit_float == 1 for _, row in numbers),
                )
            )
    return {
        part: tuple(searches[:MAX_LISTED_SEARCHES]) for part, searches in searches_by_part.items()
    }


def _load_suspect_sequences(
    session: Session, problem: VersionedProblem, students: StudentQuery
) -> Mapping[SequenceKey, Sequence[Any]]:
    """Return the answers of each suspect in order of submission."""
    keys = session.execute(_select_halving_sequences(problem, students)).all()
    if not keys:
        return {}
    rows = session.execute(
        select(
            *SEQUENCE_KEY_COLUMNS,
            Answer.submission_id,
            Answer.shown,
            Answer.credit_float,
            Grading.record["value"].label("value"),
        )
        .join(Grading, Grading.id == Answer.grading_id)
        .where(
            Answer.problem_id == problem.row.id,
            tuple_(*SEQUENCE_KEY_COLUMNS).in_([tuple(row) for row in keys]),
            Answer.status.not_in(FREE_STATUSES),
        )
        .order_by(Answer.student_id, Answer.sequence)
    )
    sequences: defaultdict[SequenceKey, list[Any]] = defaultdict(list)
    for row in rows:
        sequences[row.part, row.student_id, row.draw].append(row)
    return sequences


def _select_halving_sequences(problem: VersionedProblem, students: StudentQuery) -> Select[Any]:
    """Return the query for places where five consecutive numbers may halve an interval."""
    answer_conditions = readable_answer_conditions(problem, students)
    many = (
        select(*SEQUENCE_KEY_COLUMNS)
        .where(*answer_conditions)
        .group_by(*SEQUENCE_KEY_COLUMNS)
        .having(func.count(Answer.value.distinct()) >= MIN_ANSWERS)
    )
    text = _number_text_expression(Grading.record["value"])
    each = (
        select(*SEQUENCE_KEY_COLUMNS, Answer.sequence, cast_fraction_to_float(text).label("number"))
        .join(Grading, Grading.id == Answer.grading_id)
        .where(*answer_conditions, tuple_(*SEQUENCE_KEY_COLUMNS).in_(many), text.is_not(None))
        .subquery()
    )
    window = _sequence_window(each.c)
    moved = select(each, func.lag(each.c.number).over(**window).label("before")).subquery()
    changed = (
        select(moved)
        .where(moved.c.before.is_(None) | (moved.c.before != moved.c.number))
        .subquery()
    )
    values = [
        changed.c.number
        if not back
        else func.lag(changed.c.number, back).over(**_sequence_window(changed.c))
        for back in range(MIN_ANSWERS - 1, -1, -1)
    ]
    labelled = select(
        *(changed.c[column.key] for column in SEQUENCE_KEY_COLUMNS),
        *(value.label(f"value_{index}") for index, value in enumerate(values)),
    ).subquery()
    key_columns = [labelled.c[column.key] for column in SEQUENCE_KEY_COLUMNS]
    return (
        select(*key_columns)
        .where(_halving_condition(labelled.c))
        .distinct()
        .order_by(*key_columns[1:])
        .limit(MAX_CANDIDATES)
    )


def _number_text_expression(json_value: Any) -> Any:
    """Return the number in the value of a record as text, or null if it is not a number."""
    plain, fraction = json_value.as_string(), json_value["fraction"].as_string()
    is_whole = func.rtrim(plain, "0123456789").in_(["", "-"]) & plain.not_in(["", "-"])
    return case((fraction.is_not(None), fraction), (is_whole, plain))


def _sequence_window(columns: Any) -> dict[str, Any]:
    return {
        "partition_by": [columns[column.key] for column in SEQUENCE_KEY_COLUMNS],
        "order_by": columns["sequence"],
    }


def _halving_condition(columns: Any) -> Any:
    """Return the condition that the steps between values halve each time, up to rounding."""
    values = [columns[f"value_{index}"] for index in range(MIN_ANSWERS)]
    steps = [after - before for before, after in pairwise(values)]
    sizes = [func.abs(step, type_=Float) for step in steps]
    half = [
        (after >= before * (MIN_RATIO - STEP_TOLERANCE))
        & (after <= before * (MAX_RATIO + STEP_TOLERANCE))
        | (func.abs(2 * after - before, type_=Float) <= 1 + STEP_TOLERANCE)
        for before, after in pairwise(sizes)
    ]
    both_ways = or_(*(step > 0 for step in steps)) & or_(*(step < 0 for step in steps))
    return and_(both_ways, sizes[0] > MIN_SHRINK_FACTOR * (1 - STEP_TOLERANCE) * sizes[-1], *half)
