"""Rubric updates, which also apply to answers that are already graded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.core.errors import FieldError, InvalidInput, NotFound
from api.core.ids import new_id
from api.db.models import Answer, Review, RubricItem
from api.db.models import Variant as VariantRow
from api.http.etags import IfMatchVersions
from api.schemas.grading.marks import (
    Remarked,
    RubricChange,
    RubricItemIn,
    RubricItemPatch,
    RubricItemView,
)
from api.services.audit.recorder import record_action
from api.services.engine.variants import VariantCache
from api.services.review.marking_items import (
    MarkingItem,
    evaluate_mark,
    load_marking_items,
    lock_marking_items,
    store_marks,
)
from api.services.review.marks.rubric import (
    Criterion,
    ensure_and_lock_rubric_items,
    find_phrases_by_item,
    load_current_rubric_items,
    serialize_rubric_item,
)
from api.services.review.marks.values import MarkOutcome, MarkValues
from api.services.review.review_subjects import AssignedPart
from grader.definitions.template import Template
from grader.errors import GraderError
from problems.registry import REGISTRY

ITEM_NOT_FOUND_MESSAGE = "The rubric of this part has no such item."


@dataclass(frozen=True, slots=True)
class RubricEdit:
    """An edit of the rubric of a part; a *dry_run* stores nothing."""

    part: AssignedPart
    variants: VariantCache
    now: datetime
    dry_run: bool = False


def add_rubric_item(session: Session, edit: RubricEdit, request: RubricItemIn) -> RubricItemView:
    """Add an item to a rubric. No answer has it yet."""
    part = edit.part
    _check_placeholders(session, edit, request.say)
    items = ensure_and_lock_rubric_items(session, part, variants=edit.variants, lock="own")
    last = max((item.position for item in items.values()), default=-1)
    row = RubricItem(
        id=new_id(),
        problem_id=part.assigned_problem.problem.id,
        part=part.part_id,
        position=last + 1 if request.position is None else request.position,
        label=request.label,
        say=request.say,
        points=request.points,
        version=1,
    )
    session.add(row)
    _record_rubric_change(
        session,
        edit,
        "rubric_item.added",
        row,
        change=({}, _serialize_criterion(Criterion.from_row(row))),
    )
    return serialize_rubric_item(row, used=0)


def update_rubric_item(
    session: Session,
    edit: RubricEdit,
    item: UUID,
    request: RubricItemPatch,
    *,
    expected: IfMatchVersions,
) -> RubricChange:
    """Change an item, and grade every answer that has it again."""
    row, rubric = _load_item_and_rubric(session, edit, item, expected)
    _check_placeholders(session, edit, request.say or "")
    before = Criterion.from_row(row)
    after = Criterion(
        item,
        row.label if request.label is None else request.label,
        row.say if request.say is None else request.say,
        row.points if request.points is None else request.points,
    )
    remarked = _mark_answers_again(session, edit, item, {**rubric, item: after}, without=None)
    values = {"label": after.label, "say": after.say, "points": after.points}
    values["position"] = row.position if request.position is None else request.position
    if not edit.dry_run:
        for name, value in values.items():
            setattr(row, name, value)
        row.version += 1
        change = (
            _serialize_criterion(before),
            _serialize_criterion(after) | {"answers": remarked.answers},
        )
        _record_rubric_change(session, edit, "rubric_item.changed", row, change=change)
    phrases = find_phrases_by_item(edit.part, edit.variants).get(item, ())
    view = serialize_rubric_item(row, used=remarked.answers, look_for=phrases)
    view = view.model_copy(update=values)
    return RubricChange(item=view, remarked=remarked)


def retire_rubric_item(
    session: Session, edit: RubricEdit, item: UUID, *, expected: IfMatchVersions
) -> RubricChange:
    """Remove an item from the rubric and from every mark that has it."""
    row, rubric = _load_item_and_rubric(session, edit, item, expected)
    remarked = _mark_answers_again(session, edit, item, rubric, without=item)
    if not edit.dry_run:
        row.retired_at = edit.now
        row.version += 1
        change = (_serialize_criterion(Criterion.from_row(row)), {"answers": remarked.answers})
        _record_rubric_change(session, edit, "rubric_item.retired", row, change=change)
    return RubricChange(item=None, remarked=remarked)


def _load_item_and_rubric(
    session: Session, edit: RubricEdit, item: UUID, expected: IfMatchVersions
) -> tuple[RubricItem, dict[UUID, Criterion]]:
    if edit.dry_run:
        live = load_current_rubric_items(session, edit.part, variants=edit.variants)
        items = {one.id: one for one in live}
    else:
        items = ensure_and_lock_rubric_items(session, edit.part, variants=edit.variants, lock="own")
    if item not in items:
        raise NotFound(ITEM_NOT_FOUND_MESSAGE)
    expected.check(items[item].version)
    return items[item], {one: Criterion.from_row(row) for one, row in items.items()}


def _check_placeholders(session: Session, edit: RubricEdit, say: str) -> None:
    """Raise `InvalidInput` if the placeholders of a text name numbers that the problem lacks."""
    if "{{" not in say:
        return
    version = edit.part.assigned_problem.version
    position = session.scalar(
        select(VariantRow.position)
        .where(VariantRow.version_id == version.id)
        .order_by(VariantRow.position)
        .limit(1)
    )
    if position is None:
        return
    scope = edit.variants.get_variant(session, version.id, position).student_scope(REGISTRY)
    try:
        Template.parse(say).fill(scope)
    except GraderError as error:
        raise InvalidInput(
            "The text of the rubric item names a number that the problem does not have.",
            errors=(FieldError("say", "must name numbers of the problem, as in {{K}}"),),
        ) from error


def _mark_answers_again(
    session: Session,
    edit: RubricEdit,
    item: UUID,
    rubric: Mapping[UUID, Criterion],
    *,
    without: UUID | None,
) -> Remarked:
    """Grade the answers that have *item* again by *rubric*, and return the effect."""
    answers = _load_answers_with_item(session, edit.part, item)
    marking_items = (
        load_marking_items(session, answers)
        if edit.dry_run
        else lock_marking_items(session, answers)
    )
    marks = []
    for marking_item in marking_items:
        if not marking_item.answer.manual:
            continue  # its mark was removed since
        mark_values = MarkValues.from_review(marking_item.review, without=without)
        marks.append(
            (
                marking_item,
                mark_values,
                _evaluate_again(session, edit, marking_item, mark_values, rubric),
            )
        )
    changed = [mark for mark in marks if _is_changed(mark[0], mark[2]) or without]
    if not edit.dry_run:
        store_marks(session, edit.part, changed, now=edit.now, keep_marker=True)
    return _summarize_new_marks(marks, dry_run=edit.dry_run)


def _evaluate_again(
    session: Session,
    edit: RubricEdit,
    marking_item: MarkingItem,
    mark_values: MarkValues,
    rubric: Mapping[UUID, Criterion],
) -> MarkOutcome:
    return evaluate_mark(
        session, edit.part, marking_item, mark_values, rubric=rubric, variants=edit.variants
    )


def _load_answers_with_item(session: Session, part: AssignedPart, item: UUID) -> list[UUID]:
    rows = session.execute(
        select(Review.answer_id, Review.items)
        .join(Answer, Answer.id == Review.answer_id)
        .where(
            Answer.problem_id == part.assigned_problem.problem.id,
            Answer.part == part.part_id,
            Review.marked_at.is_not(None),
        )
    )
    return [answer for answer, items in rows if str(item) in items]


def _is_changed(marking_item: MarkingItem, outcome: MarkOutcome) -> bool:
    return (
        marking_item.grading.credit != outcome.credit
        or marking_item.grading.said["feedback"] != outcome.feedback
    )


def _summarize_new_marks(
    marks: Sequence[tuple[MarkingItem, MarkValues, MarkOutcome]], *, dry_run: bool
) -> Remarked:
    pairs = [(work.grading.credit or Fraction(0), mark.credit) for work, _, mark in marks]
    return Remarked(
        answers=len(marks),
        raised=sum(old < new for old, new in pairs),
        lowered=sum(old > new for old, new in pairs),
        reworded=sum(
            work.grading.credit == mark.credit and _is_changed(work, mark)
            for work, _, mark in marks
        ),
        dry_run=dry_run,
    )


def _serialize_criterion(item: Criterion) -> dict[str, Any]:
    return {"label": item.label, "say": item.say, "points": str(item.points)}


def _record_rubric_change(
    session: Session,
    edit: RubricEdit,
    action: str,
    row: RubricItem,
    *,
    change: tuple[Mapping[str, Any], Mapping[str, Any]],
) -> None:
    record_action(
        session,
        edit.part.assigned_problem.member,
        action,
        now=edit.now,
        target=("rubric_item", row.id),
        change=change,
    )
