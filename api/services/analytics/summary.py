"""Summary of wrong first answers: the most common one of each part."""

from typing import Any

from sqlalchemy.orm import Session

from api.schemas.analytics.assignment import WrongBrief
from api.services.analytics.queries.assignment import AnalyticsData
from api.services.analytics.queries.groups import load_answer_details
from api.services.analytics.wrong_answers import extract_answer_id, split_mistakes


def summarize_wrong_answers(session: Session, data: AnalyticsData) -> tuple[WrongBrief, ...]:
    """Return the most common wrong answer of each part that has any."""
    rows = sorted(data.rows["brief"], key=lambda row: row.item)
    details = load_answer_details(session, [extract_answer_id(row.who) for row in rows])
    return tuple(
        _serialize_summary(data, row, details[extract_answer_id(row.who)].shown) for row in rows
    )


def _serialize_summary(data: AnalyticsData, row: Any, text: str) -> WrongBrief:
    item = data.items.items[row.item]
    return WrongBrief(
        problem=item.problem.row.slug,
        part=item.part,
        wrong=row.wrong,
        unexplained=row.unexplained,
        count=row.n,
        shown=text if row.different == 1 else None,
        mistakes=split_mistakes(row.mistakes),
    )
