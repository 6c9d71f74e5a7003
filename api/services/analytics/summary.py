"""Summary of wrong first answers: the most common one of each part."""

from typing import Any

from sqlalchemy.orm import Session

from api.schemas.analytics.assignment import WrongBrief
from api.services.analytics.queries.assignment import Sheet
from api.services.analytics.queries.groups import details_of
from api.services.analytics.wrong_answers import answer_in, mistakes_in

__all__ = ["wrong_briefly"]


def wrong_briefly(session: Session, sheet: Sheet) -> tuple[WrongBrief, ...]:
    """Return the most common wrong answer of each part that has any."""
    rows = sorted(sheet.rows["brief"], key=lambda row: row.item)
    found = details_of(session, [answer_in(row.who) for row in rows])
    return tuple(_told(sheet, row, found[answer_in(row.who)].shown) for row in rows)


def _told(sheet: Sheet, row: Any, shown: str) -> WrongBrief:
    item = sheet.items.items[row.item]
    return WrongBrief(
        problem=item.posed.row.slug,
        part=item.part,
        wrong=row.wrong,
        unexplained=row.unexplained,
        count=row.n,
        shown=shown if row.different == 1 else None,
        mistakes=mistakes_in(row.mistakes),
    )
