"""What each student has in each part, as relations of the database: nobody's row is read.

A blank is 0 where nothing may earn credit for the student any more, for who opened the assignment;
nothing stands where the part does not count for the student: excused, void, not yet marked, or
still to be answered. While an answer to a part waits for a person, its blanks are no zeros either:
they would be the whole part, and have it look harder than it is.
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
    Numeric,
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

from api.services.analytics.asking import flag, hex_of, number_of, text_of
from api.services.analytics.items import Items
from api.services.analytics.reading import Students, micros_of
from api.tables import Answer, Assignment, Draw, Enrolment, Excuse, Standing
from grader.result import FREE

__all__ = ["ORDERED", "PART", "PROBLEM", "Cells"]

ORDERED: Final = 1_000_000_000
"""Added to a smaller number, so that texts stand in the order of the numbers."""
DIGITS: Final = 10
EXACT: Final = 9
"""Rests that are equal to so many decimals are equal, whatever floats make of them."""
THIRD: Final = 3
PART: Final = 0
PROBLEM: Final = 1


@dataclass(frozen=True)
class Cells:
    """The relations of an assignment, each made of those before it.

    *students* are those who count; *over* is the condition, of an enrolment, that the time of its
    student is over. *by_best*: the answer that counts is measured in place of the first one.
    """

    assignment: Assignment
    items: Items
    students: Students
    over: ColumnElement[bool]
    by_best: bool

    @cached_property
    def _table(self) -> CTE:
        return self.items.table(by_best=self.by_best)

    @cached_property
    def _problems(self) -> list[UUID]:
        return [one.row.id for one in self.items.problems]

    @cached_property
    def opened(self) -> CTE:
        """Who opened a problem and is not excused from all; *over* is 1 where the time is over."""
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
        """Return the conditions that a student has to do a problem."""
        return (
            ~self._excused(student, Excuse.problem_id.is_(None)),
            ~self._excused(student, Excuse.problem_id == problem),
        )

    @cached_property
    def firsts(self) -> CTE:
        """The first readable answer of each student to each part, and what came of later ones.

        *best* is the best credit of any answer, *solved_at* the attempt that was right first; a
        repeated answer tells nothing new. *came* stands in the order in which answers came.
        """
        right = (Answer.credit_float >= 1) & Answer.repeats.is_(None)
        first = func.min(text_of(ORDERED + Answer.sequence).concat(text_of(Answer.id)))
        each = (
            select(
                cast(func.substr(first, DIGITS + 1), Uuid).label("first"),
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
        table = self._table.c
        return (
            select(
                self._table,
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
            .join(
                self._table, (table.problem_id == Answer.problem_id) & (table.part == Answer.part)
            )
            .where(*self._counts(Answer.student_id, Answer.problem_id))
            .cte("firsts")
        )

    @cached_property
    def cells(self) -> CTE:
        """What a student has of a part: *points*, and of the first answer what groups are by."""
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
        """Return what counts of the parts of which that is measured, as the standings keep it."""
        if not any(self.by_best or item.by_person for item in self.items.items):
            return []
        told = func.json_each(Standing.parts).table_valued("key", "value", name="told")
        own = type_coerce(told.c.value, JSON)
        raw = number_of(own["raw"].as_string())
        table = self._table.c
        return [
            select(
                table.item,
                Standing.student_id,
                raw * table.most,
                flag(own["raw"].as_string().is_(None) & own["waiting"].as_boolean()),
                literal(0, Integer),
                *_NO_LABELS,
            )
            .select_from(Standing)
            .join(told, true())
            .join(
                self._table,
                (table.problem_id == Standing.problem_id) & (table.part == told.c.key),
            )
            .where(
                Standing.problem_id.in_(self._problems),
                Standing.student_id.in_(self.students),
                table.of_first == 0,
                table.voided == 0,
                *self._counts(Standing.student_id, Standing.problem_id),
            )
        ]

    def _blank(self) -> list[Select[Any]]:
        """Return the parts in which who opened the assignment may have nothing."""
        if isinstance(self.over, type(false())):
            return []
        table, opened = self._table.c, self.opened.c
        return [
            select(
                table.item,
                opened.student_id,
                cast(null(), Float),
                literal(0, Integer),
                literal(1, Integer),
                *_NO_LABELS,
            )
            .select_from(self.opened)
            .join(self._table, true())
            .where(
                opened.over == 1,
                table.voided == 0,
                ~self._excused(opened.student_id, Excuse.problem_id == table.problem_id),
            )
        ]

    @cached_property
    def scored(self) -> CTE:
        """The points of a student in each *unit*, a part or a problem, and in all of its *level*.

        *total* is the share of the parts that are there times the maximum, and what is extra; it is
        of the parts, as are the answers.
        """
        each = union_all(self._parts(), self._whole()).subquery()
        here = each.c.points.is_not(None)
        own: dict[str, Any] = {"partition_by": (each.c.level, each.c.student_id)}
        counts = here & (each.c.counts == 1)
        earned = func.sum(case((counts, each.c.points))).over(**own)
        possible = func.sum(case((counts, each.c.most))).over(**own)
        extra = func.sum(case((here & (each.c.counts == 0), each.c.points))).over(**own)
        share = earned * self.items.maximum / func.nullif(possible, 0.0, type_=Float)
        return select(
            each,
            func.sum(each.c.points).over(**own).label("earned"),
            func.sum(case((here, each.c.most))).over(**own).label("possible"),
            func.count(each.c.points).over(**own).label("there"),
            (share + func.coalesce(extra, 0.0)).label("total"),
        ).cte("scored")

    def _parts(self) -> Select[Any]:
        cell, table = self.cells.c, self._table.c
        return select(
            literal(PART, Integer).label("level"),
            cell.item.label("unit"),
            cell.student_id,
            cell.points,
            *(table.most, table.counts, table.problem_id),
            *(cell.right, cell.full_credit, cell.draw, cell.value, cell.mistakes, cell.came),
        ).join(self._table, table.item == cell.item)

    def _whole(self) -> Select[Any]:
        """Return the problems; who lacks a part of one has the share of the others."""
        cell, table = self.cells.c, self._table.c
        worth, possible = func.max(table.worth), func.sum(table.most)
        return (
            select(
                literal(PROBLEM, Integer),
                table.problem,
                cell.student_id,
                func.sum(cell.points) * worth / func.nullif(possible, 0.0, type_=Float),
                worth,
                literal(1, Integer),
                cast(null(), Uuid),
                *_NO_LABELS,
            )
            .join(self._table, table.item == cell.item)
            .where(cell.points.is_not(None))
            .group_by(table.problem, cell.student_id)
        )

    @cached_property
    def ranked(self) -> CTE:
        """The same with the points in the others (*rest*), and the *place* by these, from 1.

        *in_top* is 1 for who belongs to the best third by them, ties included: with the unit itself
        in the total, a wrong key would choose its own voters. *pairs* have a rest.
        """
        one = self.scored.c
        whole = case(
            (one.level == PART, sum(item.most for item in self.items.items)),
            else_=sum(self.items.worths),
        )
        other = func.nullif(one.possible - one.most, 0.0, type_=Float)
        rest = (one.earned - one.points) * (whole - one.most) / other
        each = select(self.scored, rest.label("rest")).subquery()
        own: dict[str, Any] = {"partition_by": (each.c.level, each.c.unit, each.c.rest.is_(None))}
        order = func.round(cast(each.c.rest, Numeric), EXACT).desc()
        placed = select(
            each,
            func.row_number(type_=Integer).over(**own, order_by=order).label("place"),
            func.rank(type_=Integer).over(**own, order_by=order).label("tied"),
            func.count().over(**own).label("pairs"),
            func.sum(flag(each.c.points == each.c.most)).over(**own).label("full"),
        ).subquery()
        best = (placed.c.tied - 1) <= (placed.c.pairs - 1) // THIRD
        return select(placed, flag(placed.c.rest.is_not(None) & best).label("in_top")).cte("ranked")


_NO_LABELS: Final = (
    cast(null(), Integer),
    cast(null(), Integer),
    cast(null(), Integer),
    cast(null(), String),
    cast(null(), String),
    cast(null(), String),
)
"""In place of `right`, `full_credit`, the draw, value and mistakes of an answer, and `came`."""
