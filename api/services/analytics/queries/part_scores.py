"""Points of each student in each part, as relations: no student's row is loaded.

A blank is 0 if the student opened the assignment and can earn no more credit. There is no value if
the part does not count for the student: excused, void, not yet graded, or still to be answered.
While an answer to a part waits for a TA, the blanks of that part are not zeros either: they
would be its only values and make it look harder than it is.
"""

from collections.abc import Hashable
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

from api.db.models import Answer, Assignment, Draw, Enrolment, Excuse, ProblemProgress
from api.services.analytics.items import AssignmentItems
from api.services.analytics.queries.answer_filters import StudentQuery
from api.services.analytics.queries.query_batch import (
    cast_fraction_to_float,
    cast_id_to_hex,
    cast_timestamp_to_micros,
    cast_to_text,
    condition_to_integer,
    prefix_sort_number,
    statement_key,
    strip_sort_number,
)
from grader.grading.result import FREE_STATUSES

NO_ANSWER: Final[ColumnElement[str | None]] = cast(null(), String)
"""Null in place of `came`, for rows without a first answer."""


@dataclass(frozen=True)
class PartScoreQueries:
    """Relations of an assignment, each built on those before it.

    *students* are those who count. *past_deadline* is the condition on
    an enrollment that the student's time is over. *by_best*: measure the answer that counts instead
    of the first one.
    """

    assignment: Assignment
    items: AssignmentItems
    students: StudentQuery
    past_deadline: ColumnElement[bool]
    by_best: bool

    def to_key(self) -> Hashable:
        """Return everything on which the relations depend."""
        return (
            self.assignment.id,
            self.items.to_key(),
            statement_key(self.students),
            statement_key(self.past_deadline),
            self.by_best,
        )

    @cached_property
    def parts(self) -> CTE:
        """The parts as rows, from `AssignmentItems.to_cte`."""
        return self.items.to_cte(by_best=self.by_best)

    @cached_property
    def _problem_ids(self) -> list[UUID]:
        return [problem.row.id for problem in self.items.problems]

    @cached_property
    def opened_students(self) -> CTE:
        """Students who opened a problem and are not excused from the assignment.

        *over* is 1 if the student's time is over.
        """
        draws = select(Draw.student_id).where(Draw.problem_id.in_(self._problem_ids))
        return (
            self.students.with_only_columns(
                Enrolment.user_id.label("student_id"),
                condition_to_integer(self.past_deadline).label("over"),
            )
            .where(
                Enrolment.user_id.in_(draws),
                ~self._build_excused_condition(Enrolment.user_id, Excuse.problem_id.is_(None)),
            )
            .cte("opened")
        )

    def _build_excused_condition(
        self, student: Any, condition: ColumnElement[bool]
    ) -> ColumnElement[bool]:
        return exists().where(
            Excuse.assignment_id == self.assignment.id,
            Excuse.student_id == student,
            Excuse.withdrawn_at.is_(None),
            condition,
        )

    def _not_excused_conditions(
        self, student: Any, problem: Any
    ) -> tuple[ColumnElement[bool], ...]:
        """Return the conditions that a student is not excused from a problem."""
        return (
            ~self._build_excused_condition(student, Excuse.problem_id.is_(None)),
            ~self._build_excused_condition(student, Excuse.problem_id == problem),
        )

    @cached_property
    def first_answers(self) -> CTE:
        """The first readable answer of each student to each part, and the result of later ones.

        *best* is the best credit of any answer. *solved_at* is the first attempt that was right;
        repeated answers are ignored. *came* sorts in the order in which answers arrived.
        """
        right = (Answer.credit_float >= 1) & Answer.repeats.is_(None)
        first = func.min(prefix_sort_number(Answer.sequence, cast_to_text(Answer.id)))
        each = (
            select(
                cast(strip_sort_number(first), Uuid).label("first"),
                func.max(Answer.credit_float).label("best"),
                func.min(case((right, func.coalesce(Answer.attempt, 1)))).label("solved_at"),
            )
            .where(
                Answer.problem_id.in_(self._problem_ids),
                Answer.student_id.in_(self.students),
                Answer.status.not_in(FREE_STATUSES),
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
                condition_to_integer(Answer.status == "follow_through").label("follows"),
                cast_timestamp_to_micros(Answer.received_at).label("received_at"),
                cast_to_text(cast_timestamp_to_micros(Answer.received_at))
                .concat(cast_id_to_hex(Answer.id))
                .label("came"),
                each.c.best,
                each.c.solved_at,
            )
            .select_from(each)
            .join(Answer, Answer.id == each.c.first)
            .join(self.parts, (part.problem_id == Answer.problem_id) & (part.part == Answer.part))
            .where(*self._not_excused_conditions(Answer.student_id, Answer.problem_id))
            .cte("firsts")
        )

    @cached_property
    def part_points(self) -> CTE:
        """Points of a student in a part; *came* is that of the first answer, if there is one.

        *settled* is 1 unless an answer to the part waits for a TA.
        """
        first = self.first_answers.c
        measured = (first.of_first == 1) & (first.voided == 0)
        answered = select(
            first.item,
            first.student_id,
            case((measured, first.credit * first.most)).label("points"),
            condition_to_integer(measured & first.credit.is_(None)).label("waits"),
            literal(0, Integer).label("blank"),
            first.came,
        ).where(first.credit.is_not(None) | measured)
        more = [*self._select_progress_points(), *self._select_blanks()]
        if not more:
            alone = answered.cte("found")
            waiting = select(alone.c.item).where(alone.c.waits == 1)
            return select(
                alone, condition_to_integer(alone.c.item.not_in(waiting)).label("settled")
            ).cte("cells")
        every = union_all(answered, *more).subquery()
        key_columns = (every.c.item, every.c.student_id)
        merged = (
            select(
                *key_columns,
                *(func.max(one).label(one.key) for one in every.c if one not in key_columns),
            )
            .group_by(*key_columns)
            .cte("found")
        )
        waiting = select(merged.c.item).where(merged.c.waits == 1)
        zero = (merged.c.blank == 1) & merged.c.item.not_in(waiting)
        points = case((merged.c.points.is_not(None), merged.c.points), (zero, literal(0.0)))
        return select(
            *(one for one in merged.c if one.key not in {"points", "waits", "blank"}),
            points.label("points"),
            condition_to_integer(merged.c.item.not_in(waiting)).label("settled"),
        ).cte("cells")

    def _select_progress_points(self) -> list[Select[Any]]:
        """Return the points that count, from the stored progress, for parts with *of_first* 0."""
        if not any(self.by_best or item.by_person for item in self.items.items):
            return []
        stored_parts = func.json_each(ProblemProgress.parts).table_valued(
            "key", "value", name="told"
        )
        part_progress = type_coerce(stored_parts.c.value, JSON)
        raw = cast_fraction_to_float(part_progress["raw"].as_string())
        part = self.parts.c
        return [
            select(
                part.item,
                ProblemProgress.student_id,
                raw * part.most,
                condition_to_integer(
                    part_progress["raw"].as_string().is_(None)
                    & part_progress["waiting"].as_boolean()
                ),
                literal(0, Integer),
                NO_ANSWER,
            )
            .select_from(ProblemProgress)
            .join(stored_parts, true())
            .join(
                self.parts,
                (part.problem_id == ProblemProgress.problem_id) & (part.part == stored_parts.c.key),
            )
            .where(
                ProblemProgress.problem_id.in_(self._problem_ids),
                ProblemProgress.student_id.in_(self.students),
                part.of_first == 0,
                part.voided == 0,
                *self._not_excused_conditions(
                    ProblemProgress.student_id, ProblemProgress.problem_id
                ),
            )
        ]

    def _select_blanks(self) -> list[Select[Any]]:
        """Return the parts that a student whose time is over may have left blank."""
        if isinstance(self.past_deadline, type(false())):
            return []
        part, opened = self.parts.c, self.opened_students.c
        return [
            select(
                part.item,
                opened.student_id,
                cast(null(), Float),
                literal(0, Integer),
                literal(1, Integer),
                NO_ANSWER,
            )
            .select_from(self.opened_students)
            .join(self.parts, true())
            .where(
                opened.over == 1,
                part.voided == 0,
                ~self._build_excused_condition(
                    opened.student_id, Excuse.problem_id == part.problem_id
                ),
            )
        ]
