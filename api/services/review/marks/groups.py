"""Groups of equivalent answers, which are graded once.

Later answers are not graded automatically: the queue offers the mark of their group, to give with
one click.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from api.core.errors import NotFound
from api.db.models import Answer, ProblemVersion, Review, Submission, Variant
from api.http.pagination import Cursor
from api.schemas.grading.marks import GroupMarked, GroupView, MarkIn
from api.schemas.grading.review import SameAs
from api.services.audit.recorder import record_action
from api.services.engine.value_digest import is_attached
from api.services.engine.variant_identity import (
    IDENTITY_COLUMNS,
    VariantIdentity,
    variant_condition,
    version_condition,
)
from api.services.engine.variants import VariantCache
from api.services.enrolment.display_names import load_display_names
from api.services.review.identity_masks import NO_MASK
from api.services.review.marking_items import evaluate_mark, lock_marking_items, store_marks
from api.services.review.marks.answer_similarity import similarity_id_of_content
from api.services.review.marks.marking import lock_criteria_for_mark
from api.services.review.marks.values import MarkValues
from api.services.review.queue import QueuedAnswer, load_queue
from api.services.review.review_subjects import AssignedPart, load_student_masks
from api.services.review.serializers import serialize_mark
from grader.reading import RawAnswer

MAX_GROUP_SIZE: Final = 10**9
QUEUED_ANSWERS_QUERY: Final = (
    select(
        Answer.id,
        Answer.student_id,
        Answer.shown,
        Answer.value,
        Submission.answers,
        *IDENTITY_COLUMNS,
    )
    .join(Submission, Submission.id == Answer.submission_id)
    .join(ProblemVersion, version_condition(Submission))
    .join(Variant, variant_condition(Submission))
    .where(Answer.id.in_(bindparam("answers", expanding=True)))
)


@dataclass(frozen=True, slots=True)
class _GroupedAnswer:
    """An answer in a group, with its text."""

    queued: QueuedAnswer
    text: str


def _load_answer_groups(
    session: Session, part: AssignedPart, *, now: datetime
) -> dict[UUID, list[_GroupedAnswer]]:
    """Return the answers in the queue of a part, grouped by their likeness.

    Answers with attachments are left out: each image is looked at.
    """
    queued = {one.answer: one for one in load_queue(session, part, now=now)}
    rows = session.execute(QUEUED_ANSWERS_QUERY, {"answers": list(queued)}).all()
    masks = load_student_masks(session, part, {row.student_id for row in rows})
    answers_by_group: defaultdict[UUID, list[_GroupedAnswer]] = defaultdict(list)
    for answer, student, display_text, value, answers, draw_hash, seed in rows:
        if is_attached(value):
            continue
        typed = answers.get(part.part_id)
        group = similarity_id_of_content(
            part, typed, value, identity=VariantIdentity(draw_hash, seed)
        )
        answers_by_group[group].append(
            _GroupedAnswer(
                queued[answer],
                masks.get(student, NO_MASK).apply(_full_text(part, typed, display_text)),
            )
        )
    return answers_by_group


def _full_text(part: AssignedPart, typed: RawAnswer | None, display_text: str) -> str:
    """Return the full text of an answer; *display_text* may be shortened for lists."""
    return typed.strip() if part.kind == "text" and isinstance(typed, str) else display_text


def list_answer_groups(
    session: Session,
    part: AssignedPart,
    *,
    min_size: int,
    after: Cursor | None,
    limit: int,
    now: datetime,
) -> list[GroupView]:
    """Return a page of the groups with at least *min_size* answers, largest first."""
    members_by_group = {
        group: members
        for group, members in _load_answer_groups(session, part, now=now).items()
        if len(members) >= min_size
    }
    order = sorted(
        members_by_group, key=lambda item: (_descending_size_key(len(members_by_group[item])), item)
    )
    if after is not None:
        end = (str(after.value), after.id)
        order = [
            one for one in order if (_descending_size_key(len(members_by_group[one])), one) > end
        ]
    order = order[:limit]
    marks = _load_latest_marks(session, part, order)
    return [
        _serialize_group(group, members_by_group[group], marks.get(group), part) for group in order
    ]


def build_group_cursor(group: GroupView) -> Cursor:
    """Return the pagination cursor of a page that ends with *group*."""
    return Cursor("groups", _descending_size_key(group.answers), group.id)


def _descending_size_key(size: int) -> str:
    return f"{MAX_GROUP_SIZE - size:010}"


def _serialize_group(
    group: UUID,
    members: Sequence[_GroupedAnswer],
    equivalent_mark: SameAs | None,
    part: AssignedPart,
) -> GroupView:
    me = part.assigned_problem.member.caller.id
    waiting = [member.queued for member in members if member.queued.waiting]
    return GroupView(
        id=group,
        text=min(members, key=lambda item: item.queued.rank).text,
        answers=len(members),
        waiting=len(waiting),
        claimed=sum(one.claimed_by not in {None, me} for one in waiting),
        mark=equivalent_mark.mark if equivalent_mark else None,
    )


def _load_latest_marks(
    session: Session, part: AssignedPart, similarity_ids: Collection[UUID]
) -> dict[UUID, SameAs]:
    """Return the latest mark of each group."""
    rows = session.scalars(
        select(Review)
        .join(Answer, Answer.id == Review.answer_id)
        .where(
            Review.likeness.in_(similarity_ids),
            Review.marked_at.is_not(None),
            Answer.problem_id == part.assigned_problem.problem.id,
            Answer.part == part.part_id,
        )
        .order_by(Review.marked_at, Review.answer_id)
    ).all()
    last = {row.likeness: row for row in rows if row.likeness is not None}
    names = load_display_names(session, {row.marked_by for row in last.values()})
    return {
        group: SameAs(answer=row.answer_id, group=group, mark=mark)
        for group, row in last.items()
        if (mark := serialize_mark(row, names)) is not None
    }


def load_equivalent_mark(
    session: Session, part: AssignedPart, similarity_id: UUID
) -> SameAs | None:
    """Return the latest mark of an equivalent answer, or None."""
    return _load_latest_marks(session, part, [similarity_id]).get(similarity_id)


def grade_answer_group(
    session: Session,
    part: AssignedPart,
    group: UUID,
    request: MarkIn,
    *,
    variants: VariantCache,
    now: datetime,
) -> GroupMarked:
    """Grade all waiting answers of a group, except those that other markers hold."""
    members = _load_answer_groups(session, part, now=now).get(group)
    if members is None:
        raise NotFound("There is no such group of answers.")
    rubric = lock_criteria_for_mark(session, part, request, variants=variants)
    items = lock_marking_items(
        session, [member.queued.answer for member in members if member.queued.waiting]
    )
    me, mark_values = part.assigned_problem.member.caller.id, MarkValues.from_request(request)
    waiting = [item for item in items if not item.answer.manual]
    free = [one for one in waiting if not _is_claimed_by_other(one.review, me, now)]
    marked = [
        (
            one,
            mark_values,
            evaluate_mark(session, part, one, mark_values, rubric=rubric, variants=variants),
        )
        for one in free
    ]
    store_marks(session, part, marked, now=now)
    record_action(
        session,
        part.assigned_problem.member,
        "group.marked",
        now=now,
        target=("problem", part.assigned_problem.problem.id),
        change=({}, {"part": part.part_id, "answers": [str(one.answer.id) for one in free]}),
        reason=request.reason,
    )
    return GroupMarked(marked=len(free), claimed=len(waiting) - len(free))


def _is_claimed_by_other(review: Review, caller_id: UUID, now: datetime) -> bool:
    until = review.claimed_until
    return review.claimed_by not in {None, caller_id} and until is not None and until > now
