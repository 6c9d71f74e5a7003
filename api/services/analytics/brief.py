"""The wrong first answers of an assignment in short: of each part the commonest one."""

from collections import Counter
from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.schemas.analytics import WrongBrief
from api.services.analytics.given import First, own_value
from api.services.analytics.reading import Hex
from api.services.analytics.sheet import Item, Sheet
from api.services.analytics.wrong import mistakes_of
from api.tables import Answer

__all__ = ["wrong_briefly"]


def wrong_briefly(session: Session, sheet: Sheet) -> tuple[WrongBrief, ...]:
    """Return the wrong answers to each part that has any, by one query for all parts."""
    groups = {
        item.place: (item, _groups(sheet, item)) for item in sheet.items if not item.by_person
    }
    commonest = {
        place: max(found.values(), key=len) for place, (_, found) in groups.items() if found
    }
    shown = _shown(session, [those[0].answer_id for those in commonest.values()])
    return tuple(
        _told(groups[place][0], groups[place][1], those, shown)
        for place, those in commonest.items()
    )


def _groups(sheet: Sheet, item: Item) -> dict[object, list[First]]:
    """Return the wrong answers that have one cause, or one value to the same numbers."""
    found: dict[object, list[First]] = {}
    for one in sheet.answers(item):
        if one.is_wrong:
            label = one.mistakes or (sheet.numbers(one).numbers, own_value(one))
            found.setdefault(label, []).append(one)
    return found


def _told(
    item: Item,
    groups: Mapping[object, list[First]],
    commonest: list[First],
    shown: Mapping[Hex, str],
) -> WrongBrief:
    every = [one for those in groups.values() for one in those]
    values = Counter(one.value for one in commonest)
    return WrongBrief(
        problem=item.posed.row.slug,
        part=item.part,
        wrong=len(every),
        unexplained=sum(not one.mistakes for one in every),
        count=len(commonest),
        shown=shown[commonest[0].answer_id] if len(values) == 1 else None,
        mistakes=mistakes_of(commonest[0]),
    )


def _shown(session: Session, answers: list[Hex]) -> dict[Hex, str]:
    if not answers:
        return {}
    rows = session.execute(
        select(Answer.id, Answer.shown).where(Answer.id.in_([UUID(one) for one in answers]))
    )
    return {answer.hex: shown for answer, shown in rows}
