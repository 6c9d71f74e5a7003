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

from api.services.analytics.queries.cells import LABELS, NO_LABELS, Cells
from api.services.analytics.queries.query_batch import flag

__all__ = ["PART", "PROBLEM", "Units"]

PART: Final = 0
PROBLEM: Final = 1
EXACT: Final = 9
"""Rests that are equal to so many decimals are equal, whatever floats make of them."""
THIRD: Final = 3


@dataclass(frozen=True)
class Units:
    """Relations of parts and problems, each a *unit* of its *level*, built on those of cells."""

    cells: Cells

    @cached_property
    def scored(self) -> CTE:
        """Points of a student in each unit, and in all units of its level.

        *total* is the student's share of the points of the parts that are there, times the maximum,
        plus extra points. It is meaningful for parts only, as are the columns of answers.
        """
        each = union_all(self._parts(), self._whole()).subquery()
        here = each.c.points.is_not(None)
        own: dict[str, Any] = {"partition_by": (each.c.level, each.c.student_id)}
        counts = here & (each.c.counts == 1)
        earned = func.sum(case((counts, each.c.points))).over(**own)
        possible = func.sum(case((counts, each.c.most))).over(**own)
        extra = func.sum(case((here & (each.c.counts == 0), each.c.points))).over(**own)
        share = earned * self.cells.items.maximum / func.nullif(possible, 0.0, type_=Float)
        return select(
            each,
            func.sum(each.c.points).over(**own).label("earned"),
            func.sum(case((here, each.c.most))).over(**own).label("possible"),
            func.count(each.c.points).over(**own).label("there"),
            (share + func.coalesce(extra, 0.0)).label("total"),
        ).cte("scored")

    def _parts(self) -> Select[Any]:
        cell, part = self.cells.each.c, self.cells.parts.c
        return select(
            literal(PART, Integer).label("level"),
            cell.item.label("unit"),
            cell.student_id,
            cell.points,
            *(part.most, part.counts, part.problem_id),
            *(cell[name] for name in LABELS),
        ).join(self.cells.parts, part.item == cell.item)

    def _whole(self) -> Select[Any]:
        """Return the problems; a student who lacks a part gets the share of the other parts."""
        cell, part = self.cells.each.c, self.cells.parts.c
        worth, possible = func.max(part.worth), func.sum(part.most)
        return (
            select(
                literal(PROBLEM, Integer),
                part.problem,
                cell.student_id,
                func.sum(cell.points) * worth / func.nullif(possible, 0.0, type_=Float),
                worth,
                literal(1, Integer),
                cast(null(), Uuid),
                *NO_LABELS,
            )
            .join(self.cells.parts, part.item == cell.item)
            .where(cell.points.is_not(None))
            .group_by(part.problem, cell.student_id)
        )

    @cached_property
    def ranked(self) -> CTE:
        """`scored` with the points in the other units (*rest*) and the *place* by them, from 1.

        *in_top* is 1 for the best third by *rest*, ties included: if the total included the unit
        itself, a wrong key would choose its own voters. *pairs* counts the rows that have a rest.
        """
        one = self.scored.c
        whole = case(
            (one.level == PART, sum(item.most for item in self.cells.items.items)),
            else_=sum(self.cells.items.worths),
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
