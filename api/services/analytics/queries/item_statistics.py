"""Item statistics of the parts and problems of an assignment, from sums over the class."""

from dataclasses import dataclass

from sqlalchemy import func, select

from api.services.analytics.attempts import Answered, answered_of, attempts_asked, times_of
from api.services.analytics.items import Items
from api.services.analytics.queries.distributions import numbered, spread_asked, spread_of
from api.services.analytics.queries.query_batch import Asked, Rows
from api.services.analytics.queries.unit_sums import table_of, units_asked
from api.services.analytics.queries.units import PART, PROBLEM, Units
from grader.analysis import (
    Distribution,
    ItemStatistics,
    Reliability,
    Times,
    item_statistics,
    reliability_of,
)

__all__ = ["Summed", "summed", "sums_asked"]


@dataclass(frozen=True, slots=True)
class Summed:
    """Statistics of all parts and problems of an assignment, each in their order.

    *opened* is the number of students measured; *over*: the time of all of them is over.
    """

    opened: int
    over: bool
    scores: Distribution
    reliability: Reliability
    parts: tuple[ItemStatistics, ...]
    answered: tuple[Answered, ...]
    problems: tuple[ItemStatistics, ...]
    times: tuple[Times, ...]


def sums_asked(units: Units) -> Asked:
    """Return the queries whose rows `summed` needs."""
    opened, scored = units.cells.opened.c, units.scored.c
    totals = (
        select(scored.level.label("key"), func.max(scored.total).label("number"))
        .where(scored.level == PART)
        .group_by(scored.level, scored.student_id)
    )
    return {
        "opened": select(func.count().label("n"), func.min(opened.over).label("over")),
        **units_asked(units),
        **attempts_asked(units.cells.firsts),
        **spread_asked("totals", numbered(totals, "totals"), units.cells.items.maximum),
    }


def summed(items: Items, rows: dict[str, Rows]) -> Summed:
    """Return the statistics from the rows of `sums_asked`."""
    parts = table_of([item.most for item in items.items], rows, PART)
    problems = table_of(items.worths, rows, PROBLEM)
    [opened] = rows["opened"]
    return Summed(
        opened=opened.n,
        over=bool(opened.over),
        scores=spread_of("totals", rows, items.maximum, PART),
        reliability=reliability_of(parts),
        parts=item_statistics(parts),
        answered=tuple(answered_of(at, rows) for at in range(len(items.items))),
        problems=item_statistics(problems),
        times=tuple(times_of(number, rows) for number in range(len(items.problems))),
    )
