"""Points of each student in each part, as relations: no student's row is loaded.

A blank is 0 if the student opened the assignment and can earn no more credit. There is no value if
the part does not count for the student: excused, void, not yet graded, or still to be answered.
While an answer to a part waits for a person, the blanks of that part are not zeros either: they
would be its only values and make it look harder than it is.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    CTE,
    JSON,
    ColumnElement,
    Float,
    Integer,
    Select,
    String,
    Uuid,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    null,
    select,
    true,
    type_coerce,
    union_all,
)

from api.db.models import Answer, Assignment, Draw, Enrolment, Excuse, Standing
from api.services.analytics.items import Items
from api.services.analytics.queries.answers import Students
from api.services.analytics.queries.query_batch import (
    flag,
    hex_of,
    micros_of,
    number_of,
    ordered,
    text_of,
    unordered,
)
from grader.grading.result import FREE

__all__ = ["LABELS", "NO_LABELS", "Cells"]

LABELS: Final = {
    "right": Integer,
    "full_credit": Integer,
    "draw": Integer,
    "value": String,
    "mistakes": String,
    "came": String,
}
"""What groups of first answers are made by, and its type."""
NO_LABELS: Final[tuple[ColumnElement[Any], ...]] = tuple(
    cast(null(), kind) for kind in LABELS.values()
)
"""In place of the labels, where there is no first answer."""


@dataclass(frozen=True)
class Cells:
    """Relations of an assignment, each built on those before it.

    *students* are those who count. *over* is the condition on an enrollment that the student's time
    is over. *by_best*: measure the answer that counts instead of the first one.
    """

    assignment: Assignment
    items: Items
    students: Students
    over: ColumnElement[bool]
    by_best: bool

    @cached_property
    def parts(self) -> CTE:
        """The parts as rows, from `Items.table`."""
        return self.items.table(by_best=self.by_best)

    @cached_property
    def _problems(self) -> list[UUID]:
        return [one.row.id for one in self.items.problems]

    @cached_property
    def opened(self) -> CTE:
        """Students who opened a problem and are not excused from the assignment.

        *over* is 1 if the student's time is over.
        """
        draws = select(Draw.student_id).where(Draw.problem_id.in_(self._problems))
        return (
            self.students.with_only_columns(
                Enrolment.user_id.label("student_id"), flag(self.over).label("over")
            )
            .where(
                Enrolment.user_id.in_(draws),
                ~self._excused(Enrolment.user_id, Excuse.problem_id.is_(None)),
            )
            .cte("opened")
        )

    def _excused(self, student: Any, of: ColumnElement[bool]) -> ColumnElement[bool]:
        return exists().where(
            Excuse.assignment_id == self.assignment.id,
            Excuse.student_id == student,
            Excuse.withdrawn_at.is_(None),
            of,
        )

    def _counts(self, student: Any, problem: Any) -> tuple[ColumnElement[bool], ...]:
        """Return the conditions that a student is not excused from a problem."""
        return (
            ~self._excused(student, Excuse.problem_id.is_(None)),
            ~self._excused(student, Excuse.problem_id == problem),
        )

    @cached_property
    def firsts(self) -> CTE:
        """The first readable answer of each student to each part, and the result of later ones.

        *best* is the best credit of any answer. *solved_at* is the first attempt that was right;
        repeated answers are ignored. *came* sorts in the order in which answers arrived.
        """
        right = (Answer.credit_float >= 1) & Answer.repeats.is_(None)
        first = func.min(ordered(Answer.sequence, text_of(Answer.id)))
        each = (
            select(
                cast(unordered(first), Uuid).label("first"),
                func.max(Answer.credit_float).label("best"),
                func.min(case((right, func.coalesce(Answer.attempt, 1)))).label("solved_at"),
            )
            .where(
                Answer.problem_id.in_(self._problems),
                Answer.student_id.in_(self.students),
                Answer.status.not_in(FREE),
            )
            .group_by(Answer.problem_id, Answer.student_id, Answer.part)
            .subquery()
        )
        part = self.parts.c
        return (
            select(
                self.parts,
                Answer.student_id,
                Answer.draw,
                Answer.credit_float.label("credit"),
                flag(Answer.status == "follow_through").label("follows"),
                Answer.value,
                Answer.mistakes,
                micros_of(Answer.received_at).label("received_at"),
                text_of(micros_of(Answer.received_at)).concat(hex_of(Answer.id)).label("came"),
                each.c.best,
                each.c.solved_at,
            )
            .select_from(each)
            .join(Answer, Answer.id == each.c.first)
            .join(self.parts, (part.problem_id == Answer.problem_id) & (part.part == Answer.part))
            .where(*self._counts(Answer.student_id, Answer.problem_id))
            .cte("firsts")
        )

    @cached_property
    def each(self) -> CTE:
        """Points of a student in a part, and the columns by which first answers are grouped."""
        first = self.firsts.c
        measured = (first.of_first == 1) & (first.voided == 0)
        answered = select(
            first.item,
            first.student_id,
            case((measured, first.credit * first.most)).label("points"),
            flag(measured & first.credit.is_(None)).label("waits"),
            literal(0, Integer).label("blank"),
            case((first.follows == 0, flag(first.credit >= 1))).label("right"),
            case((first.credit.is_not(None), flag(first.credit >= 1))).label("full_credit"),
            *(first.draw, first.value, first.mistakes, first.came),
        ).where(first.credit.is_not(None) | measured)
        more = [*self._standing(), *self._blank()]
        if not more:
            return answered.cte("cells")
        every = union_all(answered, *more).subquery()
        own = (every.c.item, every.c.student_id)
        found = (
            select(*own, *(func.max(one).label(one.key) for one in every.c if one not in own))
            .group_by(*own)
            .cte("found")
        )
        waiting = select(found.c.item).where(found.c.waits == 1)
        zero = (found.c.blank == 1) & found.c.item.not_in(waiting)
        points = case((found.c.points.is_not(None), found.c.points), (zero, literal(0.0)))
        return select(
            *(one for one in found.c if one.key not in {"points", "waits", "blank"}),
            points.label("points"),
        ).cte("cells")

    def _standing(self) -> list[Select[Any]]:
        """Return the points that count, from the standings, for parts with *of_first* 0."""
        if not any(self.by_best or item.by_person for item in self.items.items):
            return []
        told = func.json_each(Standing.parts).table_valued("key", "value", name="told")
        own = type_coerce(told.c.value, JSON)
        raw = number_of(own["raw"].as_string())
        part = self.parts.c
        return [
            select(
                part.item,
                Standing.student_id,
                raw * part.most,
                flag(own["raw"].as_string().is_(None) & own["waiting"].as_boolean()),
                literal(0, Integer),
                *NO_LABELS,
            )
            .select_from(Standing)
            .join(told, true())
            .join(
                self.parts,
                (part.problem_id == Standing.problem_id) & (part.part == told.c.key),
            )
            .where(
                Standing.problem_id.in_(self._problems),
                Standing.student_id.in_(self.students),
                part.of_first == 0,
                part.voided == 0,
                *self._counts(Standing.student_id, Standing.problem_id),
            )
        ]

    def _blank(self) -> list[Select[Any]]:
        """Return the parts that a student whose time is over may have left blank."""
        if isinstance(self.over, type(false())):
            return []
        part, opened = self.parts.c, self.opened.c
        return [
            select(
                part.item,
                opened.student_id,
                cast(null(), Float),
                literal(0, Integer),
                literal(1, Integer),
                *NO_LABELS,
            )
            .select_from(self.opened)
            .join(self.parts, true())
            .where(
                opened.over == 1,
                part.voided == 0,
                ~self._excused(opened.student_id, Excuse.problem_id == part.problem_id),
            )
        ]
