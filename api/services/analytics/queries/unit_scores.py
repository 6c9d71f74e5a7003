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
    Uuid,
    case,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)

from api.services.analytics.queries.part_scores import (
    GROUPING_COLUMN_TYPES,
    NULL_GROUPING_COLUMNS,
    PartScoreQueries,
)
from api.services.analytics.queries.query_batch import condition_to_integer

PART: Final = 0
PROBLEM: Final = 1
REST_DECIMALS: Final = 9
"""Number of decimals to which rests are compared, so that float errors do not matter."""
TOP_GROUP_DIVISOR: Final = 3


@dataclass(frozen=True)
class UnitScoreQueries:
    """Relations of parts and problems, each a *unit* of its *level*, built on those of cells."""

    part_scores: PartScoreQueries

    @cached_property
    def scores(self) -> CTE:
        """Points of a student in each unit, and in all units of its level.

        *total* is the student's share of the points of the parts that are there, times the maximum,
        plus extra points. It is meaningful for parts only, as are the columns of answers. *graded*
        and *graded_units* are the points in the units that are *settled*, and their number.
        """
        each = union_all(self._select_part_scores(), self._select_problem_scores()).subquery()
        has_points = each.c.points.is_not(None)
        window: dict[str, Any] = {"partition_by": (each.c.level, each.c.student_id)}
        counts = has_points & (each.c.counts == 1)
        earned = func.sum(case((counts, each.c.points))).over(**window)
        possible = func.sum(case((counts, each.c.most))).over(**window)
        extra = func.sum(case((has_points & (each.c.counts == 0), each.c.points))).over(**window)
        share = earned * self.part_scores.items.maximum / func.nullif(possible, 0.0, type_=Float)
        return select(
            each,
            func.sum(each.c.points).over(**window).label("earned"),
            func.sum(case((has_points, each.c.most))).over(**window).label("possible"),
            func.sum(case((each.c.settled == 1, each.c.points))).over(**window).label("graded"),
            func.count(case((each.c.settled == 1, each.c.points)))
            .over(**window)
            .label("graded_units"),
            (share + func.coalesce(extra, 0.0)).label("total"),
        ).cte("scored")

    def _select_part_scores(self) -> Select[Any]:
        cell, part = self.part_scores.part_points.c, self.part_scores.parts.c
        return select(
            literal(PART, Integer).label("level"),
            cell.item.label("unit"),
            cell.student_id,
            cell.points,
            *(part.most, part.counts, cell.settled, part.problem_id),
            *(cell[name] for name in GROUPING_COLUMN_TYPES),
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
                cast(null(), Uuid),
                *NULL_GROUPING_COLUMNS,
            )
            .join(self.part_scores.parts, part.item == cell.item)
            .where(cell.points.is_not(None))
            .group_by(part.problem, cell.student_id)
        )

    @cached_property
    def ranked_scores(self) -> CTE:
        """`scores` with the points in the other units (*rest*) and the *place* by them, from 1.

        *in_top* is 1 for the best third by *rest*, ties included: if the total included the unit
        itself, a wrong key would choose its own voters. *pairs* counts the rows that have a rest.
        """
        columns = self.scores.c
        whole = case(
            (columns.level == PART, sum(item.max_points for item in self.part_scores.items.items)),
            else_=sum(self.part_scores.items.problem_max_points),
        )
        other = func.nullif(columns.possible - columns.most, 0.0, type_=Float)
        rest = (columns.earned - columns.points) * (whole - columns.most) / other
        each = select(self.scores, rest.label("rest")).subquery()
        window: dict[str, Any] = {
            "partition_by": (each.c.level, each.c.unit, each.c.rest.is_(None))
        }
        order = func.round(cast(each.c.rest, Numeric), REST_DECIMALS).desc()
        placed = select(
            each,
            func.row_number(type_=Integer).over(**window, order_by=order).label("place"),
            func.rank(type_=Integer).over(**window, order_by=order).label("tied"),
            func.count().over(**window).label("pairs"),
            func.sum(condition_to_integer(each.c.points == each.c.most))
            .over(**window)
            .label("full"),
        ).subquery()
        best = (placed.c.tied - 1) <= (placed.c.pairs - 1) // TOP_GROUP_DIVISOR
        return select(
            placed, condition_to_integer(placed.c.rest.is_not(None) & best).label("in_top")
        ).cte("ranked")
