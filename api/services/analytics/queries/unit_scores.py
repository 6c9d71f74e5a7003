"""Points of each student in the parts and problems of an assignment, and their ranking."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from sqlalchemy import (
    CTE,
    Float,
    Integer,
    Numeric,
    Select,
    Subquery,
    case,
    cast,
    func,
    literal,
    select,
    union_all,
)

from api.services.analytics.queries.part_scores import NO_ANSWER, PartScoreQueries
from api.services.analytics.queries.query_batch import condition_to_integer

PART: Final = 0
PROBLEM: Final = 1
REST_DECIMALS: Final = 9
"""Number of decimals to which rests are compared, so that float errors do not matter."""
TOP_GROUP_DIVISOR: Final = 3
GROUP_COLUMNS: Final = (
    *("level", "unit", "points", "most", "settled"),
    *("earned", "possible", "graded", "graded_units"),
)
"""Columns of scores that are equal within a group of students."""


@dataclass(frozen=True)
class UnitScoreQueries:
    """Relations of parts and problems, each a *unit* of its *level*, built on those of cells."""

    part_scores: PartScoreQueries

    @cached_property
    def scores(self) -> CTE:
        """Points of a student in each unit, and in all units of its level.

        *total* is the student's share of the points of the parts that are there, times the maximum,
        plus extra points. It is meaningful for parts only, as is *came*. *graded* and
        *graded_units* are the points in the units that are *settled*, and their number.
        """
        each = union_all(self._select_part_scores(), self._select_problem_scores()).subquery()
        has_points = each.c.points.is_not(None)
        window: dict[str, Any] = {"partition_by": (each.c.level, each.c.student_id)}
        counts = has_points & (each.c.counts == 1)
        settled = case((each.c.settled == 1, each.c.points))
        earned = func.sum(case((counts, each.c.points))).over(**window)
        possible = func.sum(case((counts, each.c.most))).over(**window)
        extra = func.sum(case((has_points & (each.c.counts == 0), each.c.points))).over(**window)
        share = earned * self.part_scores.items.maximum / func.nullif(possible, 0.0, type_=Float)
        return select(
            each,
            func.sum(each.c.points).over(**window).label("earned"),
            func.sum(case((has_points, each.c.most))).over(**window).label("possible"),
            func.sum(settled).over(**window).label("graded"),
            func.count(settled).over(**window).label("graded_units"),
            (share + func.coalesce(extra, 0.0)).label("total"),
        ).cte("scored")

    def _select_part_scores(self) -> Select[Any]:
        cell, part = self.part_scores.part_points.c, self.part_scores.parts.c
        return select(
            literal(PART, Integer).label("level"),
            cell.item.label("unit"),
            cell.student_id,
            cell.points,
            *(part.most, part.counts, cell.settled, cell.came),
        ).join(self.part_scores.parts, part.item == cell.item)

    def _select_problem_scores(self) -> Select[Any]:
        """Return the problems; a student who lacks a part gets the share of the other parts."""
        cell, part = self.part_scores.part_points.c, self.part_scores.parts.c
        worth, possible = func.max(part.worth), func.sum(part.most)
        return (
            select(
                literal(PROBLEM, Integer),
                part.problem,
                cell.student_id,
                func.sum(cell.points) * worth / func.nullif(possible, 0.0, type_=Float),
                worth,
                literal(1, Integer),
                literal(1, Integer),
                NO_ANSWER,
            )
            .join(self.part_scores.parts, part.item == cell.item)
            .where(cell.points.is_not(None))
            .group_by(part.problem, cell.student_id)
        )

    @cached_property
    def ranked_scores(self) -> CTE:
        """Groups of *n* students with the same points in a unit, ranked by their *rest*.

        *rest* is the points in the other units. *before* counts the students in the groups before.
        *in_top* is 1 for the best third by *rest*, ties included: if the total included the unit
        itself, a wrong key would choose its own voters. *pairs* counts the students who have a
        rest, *full* those of them with all points.
        """
        columns = self._score_groups.c
        window: dict[str, Any] = {
            "partition_by": (columns.level, columns.unit, columns.rest.is_(None))
        }
        order = columns.compared_rest.desc()
        # As in a ranking of students, only those with a larger rest count for the place of a group.
        ahead = func.sum(columns.n).over(**window, order_by=order, groups=(None, -1))
        before = func.sum(columns.n).over(**window, order_by=order, rows=(None, -1))
        full = case((columns.points == columns.most, columns.n), else_=0)
        placed = select(
            self._score_groups,
            _count_expression(ahead).label("ahead"),
            _count_expression(before).label("before"),
            _count_expression(func.sum(columns.n).over(**window)).label("pairs"),
            _count_expression(func.sum(full).over(**window)).label("full"),
        ).subquery()
        best = placed.c.ahead <= (placed.c.pairs - 1) // TOP_GROUP_DIVISOR
        return select(
            placed, condition_to_integer(placed.c.rest.is_not(None) & best).label("in_top")
        ).cte("ranked")

    @cached_property
    def _score_groups(self) -> CTE:
        """Groups of *n* students with the same points in a unit and in its level.

        Points are few numbers, so a large class has far fewer groups than students.
        """
        key_columns = [self.scores.c[name] for name in GROUP_COLUMNS]
        groups = select(*key_columns, func.count().label("n")).group_by(*key_columns).subquery()
        rest = self._rest_expression(groups.c)
        return select(
            groups, rest.label("rest"), _compared_expression(rest).label("compared_rest")
        ).cte("score_groups")

    def _rest_expression(self, score: Any) -> Any:
        """Return the points in the other units, scaled to all of them; null if there are none."""
        whole = case(
            (score.level == PART, sum(item.max_points for item in self.part_scores.items.items)),
            else_=sum(self.part_scores.items.problem_max_points),
        )
        other = func.nullif(score.possible - score.most, 0.0, type_=Float)
        return (score.earned - score.points) * (whole - score.most) / other

    @cached_property
    def answers(self) -> Subquery:
        """First answers by *came*, with the *total* of their student and *in_top* as above."""
        score, ranked = self.scores.c, self.ranked_scores.c
        lowest = (
            select(ranked.unit, func.min(ranked.compared_rest).label("compared_rest"))
            .where(ranked.level == PART, ranked.in_top == 1)
            .group_by(ranked.unit)
            .cte("lowest_in_top")
            .prefix_with("MATERIALIZED", dialect="postgresql")  # else once for each answer
        )
        in_top = _compared_expression(self._rest_expression(score)) >= lowest.c.compared_rest
        return (
            select(
                score.unit.label("item"),
                score.came,
                score.total,
                condition_to_integer(in_top).label("in_top"),
            )
            .outerjoin(lowest, lowest.c.unit == score.unit)
            .where(score.level == PART, score.came.is_not(None))
            .subquery()
        )


def _compared_expression(rest: Any) -> Any:
    """Return a rest as it is compared with others."""
    return func.round(cast(rest, Numeric), REST_DECIMALS)


def _count_expression(number: Any) -> Any:
    """Return a sum of counts as an integer: PostgreSQL sums integers to decimals."""
    return func.coalesce(cast(number, Integer), 0)
