"""Totals without a class, described by the questions that a database is asked."""

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

from api.services.analytics.queries.distributions import numbered, spread_asked, spread_of
from api.services.analytics.queries.query_batch import ask
from grader.analysis import Distribution

TOTALS = Table("totals_of_a_class", MetaData(), Column("number", Float))


def describe(totals, maximum) -> Distribution:
    """Return the distribution of *totals*; None and NaN are students who opened nothing."""
    numbers = numbered(select(literal(0).label("key"), TOTALS.c.number), "totals")
    with Session(_engine()) as session:  # what it writes is undone
        session.execute(insert(TOTALS), [{"number": _number(one)} for one in (*totals, None)])
        found = ask(session, spread_asked("totals", numbers, maximum))
    return spread_of("totals", found, maximum, 0)


@cache
def _engine() -> Engine:
    engine = create_engine("sqlite://")
    TOTALS.metadata.create_all(engine)
    return engine


def _number(total) -> float | None:
    return None if total is None or total != total else float(total)  # noqa: PLR0124  (NaN)
