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
from api.services.analytics.queries.answers import Students, answers_to
from api.services.analytics.queries.query_batch import number_of
from api.services.grades import PosedProblem
from grader.analysis import looks_like_search
from grader.analysis.searching import NEAR, SHRUNK
from grader.grading.result import FREE
from grader.json_values import from_json
from grader.values import is_number

__all__ = ["searches_of"]

FEWEST: Final = 5
"""Fewer answers are no search, and are not looked at."""
MOST: Final = 50
MOST_READ: Final = 100
"""Of so many students to a part and its numbers the answers are read."""
LAST: Final = 12
"""So many of the answers are shown."""
SLACK: Final = 1e-6
"""Steps that floats make a little too large or small are looked at too."""
LOW, HIGH = map(float, NEAR)
Place: TypeAlias = tuple[str, UUID, int]
"""A part, a student and the number of the draw."""
PLACE: Final = (Answer.part, Answer.student_id, Answer.draw)


def searches_of(
    session: Session, posed: PosedProblem, students: Students
) -> dict[str, tuple[SearchOut, ...]]:
    """Return the suspected searches by part, each with the last submission of its student."""
    found: defaultdict[str, list[SearchOut]] = defaultdict(list)
    for (part, _, _), rows in _sequences(session, posed, students).items():
        numbers = [(Fraction(value), row) for row in rows if is_number(value := _value(row))]
        if looks_like_search([value for value, _ in numbers]):
            last = numbers[-1][1]
            found[part].append(
                SearchOut(
                    submission=last.submission_id,
                    answers=len(numbers),
                    shown=tuple(row.shown for _, row in numbers[-LAST:]),
                    solved=any(row.credit_float == 1 for _, row in numbers),
                )
            )
    return {part: tuple(searches[:MOST]) for part, searches in found.items()}


def _value(row: Any) -> Any:
    return None if row.value is None else from_json(row.value)


def _sequences(
    session: Session, posed: PosedProblem, students: Students
) -> Mapping[Place, Sequence[Any]]:
    """Return the answers of each suspect in order of submission."""
    places = session.execute(_suspects(posed, students)).all()
    if not places:
        return {}
    rows = session.execute(
        select(
            *PLACE,
            Answer.submission_id,
            Answer.shown,
            Answer.credit_float,
            Grading.record["value"].label("value"),
        )
        .join(Grading, Grading.id == Answer.grading_id)
        .where(
            Answer.problem_id == posed.row.id,
            tuple_(*PLACE).in_([tuple(row) for row in places]),
            Answer.status.not_in(FREE),
        )
        .order_by(Answer.student_id, Answer.sequence)
    )
    found: defaultdict[Place, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.part, row.student_id, row.draw].append(row)
    return found


def _suspects(posed: PosedProblem, students: Students) -> Select[Any]:
    """Return the query for places where five consecutive numbers may halve an interval."""
    own = answers_to(posed, students)
    many = (
        select(*PLACE)
        .where(*own)
        .group_by(*PLACE)
        .having(func.count(Answer.value.distinct()) >= FEWEST)
    )
    text = _number_in(Grading.record["value"])
    each = (
        select(*PLACE, Answer.sequence, number_of(text).label("number"))
        .join(Grading, Grading.id == Answer.grading_id)
        .where(*own, tuple_(*PLACE).in_(many), text.is_not(None))
        .subquery()
    )
    window = _window(each.c)
    moved = select(each, func.lag(each.c.number).over(**window).label("before")).subquery()
    changed = (
        select(moved)
        .where(moved.c.before.is_(None) | (moved.c.before != moved.c.number))
        .subquery()
    )
    values = [
        changed.c.number
        if not back
        else func.lag(changed.c.number, back).over(**_window(changed.c))
        for back in range(FEWEST - 1, -1, -1)
    ]
    named = select(
        *(changed.c[one.key] for one in PLACE),
        *(one.label(f"value_{at}") for at, one in enumerate(values)),
    ).subquery()
    place = [named.c[one.key] for one in PLACE]
    return select(*place).where(_halves(named.c)).distinct().order_by(*place[1:]).limit(MOST_READ)


def _number_in(told: Any) -> Any:
    """Return the number in the value of a record as text, or null if it is not a number."""
    plain, fraction = told.as_string(), told["fraction"].as_string()
    is_whole = func.rtrim(plain, "0123456789").in_(["", "-"]) & plain.not_in(["", "-"])
    return case((fraction.is_not(None), fraction), (is_whole, plain))


def _window(columns: Any) -> dict[str, Any]:
    return {
        "partition_by": [columns[one.key] for one in PLACE],
        "order_by": columns["sequence"],
    }


def _halves(columns: Any) -> Any:
    """Return the condition that the steps between values halve each time, up to rounding."""
    values = [columns[f"value_{at}"] for at in range(FEWEST)]
    steps = [after - before for before, after in pairwise(values)]
    sizes = [func.abs(step, type_=Float) for step in steps]
    half = [
        (after >= before * (LOW - SLACK)) & (after <= before * (HIGH + SLACK))
        | (func.abs(2 * after - before, type_=Float) <= 1 + SLACK)
        for before, after in pairwise(sizes)
    ]
    both_ways = or_(*(step > 0 for step in steps)) & or_(*(step < 0 for step in steps))
    return and_(both_ways, sizes[0] > SHRUNK * (1 - SLACK) * sizes[-1], *half)
