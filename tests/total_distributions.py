"""Distributions of totals without a class, from the service's database queries."""

from functools import cache

from sqlalchemy import (
    Column,
    Engine,
    Float,
    MetaData,
    Table,
    create_engine,
    insert,
    literal,
    select,
)
from sqlalchemy.orm import Session

from api.services.analytics.queries.distributions import (
    build_distribution_queries,
    read_distribution,
    select_ranked_numbers,
)
from api.services.analytics.queries.query_batch import run_queries
from grader.analysis import ScoreDistribution

TOTALS = Table("totals_of_a_class", MetaData(), Column("number", Float))


def compute_distribution(totals, maximum) -> ScoreDistribution:
    """Return the distribution of *totals*; None and NaN are students without any work."""
    numbers = select_ranked_numbers(select(literal(0).label("key"), TOTALS.c.number), "totals")
    with Session(_engine()) as session:  # what it writes is undone
        session.execute(insert(TOTALS), [{"number": _number(one)} for one in (*totals, None)])
        found = run_queries(session, build_distribution_queries("totals", numbers, maximum))
    return read_distribution("totals", found, maximum, 0)


@cache
def _engine() -> Engine:
    engine = create_engine("sqlite://")
    TOTALS.metadata.create_all(engine)
    return engine


def _number(total) -> float | None:
    return None if total is None or total != total else float(total)  # noqa: PLR0124  (NaN)
