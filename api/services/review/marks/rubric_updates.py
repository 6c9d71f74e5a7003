"""Rubric updates, which also apply to answers that are already graded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.core.errors import FieldError, Invalid, NotFound
from api.core.ids import new_id
from api.db.models import Answer, Review, RubricItem
from api.db.models import Variant as VariantRow
from api.http.etags import Expected
from api.schemas.grading.marks import (
    Remarked,
    RubricChange,
    RubricItemIn,
    RubricItemPatch,
    RubricItemView,
)
from api.services.audit.recorder import record
from api.services.engine.variants import Variants
from api.services.review.locations import Asked
from api.services.review.marking_items import Work, hold, load, reckon, write
from api.services.review.marks.rubric import Criterion, item_view, live_items, own_items
from api.services.review.marks.values import Given, Outcome
from grader.definitions.template import Template
from grader.errors import GraderError
from problems.book import BOOK

__all__ = ["Edit", "add_item", "change_item", "retire_item"]

NO_ITEM = "The rubric of this part has no such item."


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit of the rubric of a part; a *dry_run* stores nothing."""

    asked: Asked
    variants: Variants
    now: datetime
    dry_run: bool = False


def add_item(session: Session, edit: Edit, wanted: RubricItemIn) -> RubricItemView:
    """Add an item to a rubric. No answer has it yet."""
    asked = edit.asked
    _check_words(session, edit, wanted.say)
    items = own_items(session, asked, variants=edit.variants, lock="own")
    last = max((one.position for one in items.values()), default=-1)
    row = RubricItem(
        id=new_id(),
        problem_id=asked.posed.problem.id,
        part=asked.part,
        position=last + 1 if wanted.position is None else wanted.position,
        label=wanted.label,
        say=wanted.say,
        points=wanted.points,
        version=1,
    )
    session.add(row)
    _note(session, edit, "rubric_item.added", row, change=({}, _told(Criterion.of(row))))
    return item_view(row, used=0)


def change_item(
    session: Session, edit: Edit, item: UUID, wanted: RubricItemPatch, *, expected: Expected
) -> RubricChange:
    """Change an item, and grade every answer that has it again."""
    row, rubric = _item(session, edit, item, expected)
    _check_words(session, edit, wanted.say or "")
    before = Criterion.of(row)
    after = Criterion(
        item,
        row.label if wanted.label is None else wanted.label,
        row.say if wanted.say is None else wanted.say,
        row.points if wanted.points is None else wanted.points,
    )
    remarked = _remark(session, edit, item, {**rubric, item: after}, without=None)
    values = {"label": after.label, "say": after.say, "points": after.points}
    values["position"] = row.position if wanted.position is None else wanted.position
    if not edit.dry_run:
        for name, value in values.items():
            setattr(row, name, value)
        row.version += 1
        change = (_told(before), _told(after) | {"answers": remarked.answers})
        _note(session, edit, "rubric_item.changed", row, change=change)
    shown = item_view(row, used=remarked.answers).model_copy(update=values)
    return RubricChange(item=shown, remarked=remarked)


def retire_item(session: Session, edit: Edit, item: UUID, *, expected: Expected) -> RubricChange:
    """Remove an item from the rubric and from every mark that has it."""
    row, rubric = _item(session, edit, item, expected)
    remarked = _remark(session, edit, item, rubric, without=item)
    if not edit.dry_run:
        row.retired_at = edit.now
        row.version += 1
        change = (_told(Criterion.of(row)), {"answers": remarked.answers})
        _note(session, edit, "rubric_item.retired", row, change=change)
    return RubricChange(item=None, remarked=remarked)


def _item(
    session: Session, edit: Edit, item: UUID, expected: Expected
) -> tuple[RubricItem, dict[UUID, Criterion]]:
    if edit.dry_run:
        live = live_items(session, edit.asked, variants=edit.variants)
        items = {one.id: one for one in live}
    else:
        items = own_items(session, edit.asked, variants=edit.variants, lock="own")
    if item not in items:
        raise NotFound(NO_ITEM)
    expected.check(items[item].version)
    return items[item], {one: Criterion.of(row) for one, row in items.items()}


def _check_words(session: Session, edit: Edit, say: str) -> None:
    """Raise `Invalid` if the placeholders of a text name numbers that the problem lacks."""
    if "{{" not in say:
        return
    version = edit.asked.posed.version
    position = session.scalar(
        select(VariantRow.position)
        .where(VariantRow.version_id == version.id)
        .order_by(VariantRow.position)
        .limit(1)
    )
    if position is None:
        return
    scope = edit.variants.variant(session, version.id, position).scope(BOOK)
    try:
        Template.parse(say).fill(scope)
    except GraderError as error:
        raise Invalid(
            "The words of the rubric item name a number that the problem does not have.",
            errors=(FieldError("say", "must name numbers of the problem, as in {{K}}"),),
        ) from error


def _remark(
    session: Session,
    edit: Edit,
    item: UUID,
    rubric: Mapping[UUID, Criterion],
    *,
    without: UUID | None,
) -> Remarked:
    """Grade the answers that have *item* again by *rubric*, and return the effect."""
    answers = _with_item(session, edit.asked, item)
    works = load(session, answers) if edit.dry_run else hold(session, answers)
    found = []
    for work in works:
        if not work.answer.manual:
            continue  # its mark was removed meanwhile
        given = Given.kept(work.review, without=without)
        found.append((work, given, _again(session, edit, work, given, rubric)))
    changed = [one for one in found if _differs(one[0], one[2]) or without]
    if not edit.dry_run:
        write(session, edit.asked, changed, now=edit.now, remark=True)
    return _counted(found, dry_run=edit.dry_run)


def _again(
    session: Session, edit: Edit, work: Work, given: Given, rubric: Mapping[UUID, Criterion]
) -> Outcome:
    return reckon(session, edit.asked, work, given, rubric=rubric, variants=edit.variants)


def _with_item(session: Session, asked: Asked, item: UUID) -> list[UUID]:
    rows = session.execute(
        select(Review.answer_id, Review.items)
        .join(Answer, Answer.id == Review.answer_id)
        .where(
            Answer.problem_id == asked.posed.problem.id,
            Answer.part == asked.part,
            Review.marked_at.is_not(None),
        )
    )
    return [answer for answer, items in rows if str(item) in items]


def _differs(work: Work, found: Outcome) -> bool:
    return work.grading.credit != found.credit or work.grading.said["feedback"] != found.feedback


def _counted(found: Sequence[tuple[Work, Given, Outcome]], *, dry_run: bool) -> Remarked:
    pairs = [(work.grading.credit or Fraction(0), one.credit) for work, _, one in found]
    return Remarked(
        answers=len(found),
        raised=sum(old < new for old, new in pairs),
        lowered=sum(old > new for old, new in pairs),
        reworded=sum(
            work.grading.credit == one.credit and _differs(work, one) for work, _, one in found
        ),
        dry_run=dry_run,
    )


def _told(item: Criterion) -> dict[str, Any]:
    return {"label": item.label, "say": item.say, "points": str(item.points)}


def _note(
    session: Session,
    edit: Edit,
    action: str,
    row: RubricItem,
    *,
    change: tuple[Mapping[str, Any], Mapping[str, Any]],
) -> None:
    record(
        session,
        edit.asked.posed.member,
        action,
        now=edit.now,
        target=("rubric_item", row.id),
        change=change,
    )
