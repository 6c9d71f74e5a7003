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
from api.services.audit.recorder import record
from api.services.engine.variant_identity import NUMBERS, Numbers, variant_of, version_of
from api.services.engine.variants import Variants
from api.services.enrolment.display_names import names_of
from api.services.review.locations import Asked
from api.services.review.marking_items import hold, reckon, write
from api.services.review.marks.answer_similarity import alike
from api.services.review.marks.marking import criteria
from api.services.review.marks.values import Given
from api.services.review.queue import Queued, queue
from api.services.review.serializers import mark_view
from grader.reading import Typed

__all__ = ["group_cursor", "groups", "mark_group", "same_as"]

MOST: Final = 10**9
SAID: Final = (
    select(
        Answer.id,
        Answer.shown,
        Answer.value,
        Submission.answers,
        *NUMBERS,
    )
    .join(Submission, Submission.id == Answer.submission_id)
    .join(ProblemVersion, version_of(Submission))
    .join(Variant, variant_of(Submission))
    .where(Answer.id.in_(bindparam("answers", expanding=True)))
)


@dataclass(frozen=True, slots=True)
class _Member:
    """An answer in a group, with its text."""

    queued: Queued
    text: str


def _members(session: Session, asked: Asked, *, now: datetime) -> dict[UUID, list[_Member]]:
    """Return the answers in the queue of a part, grouped by their likeness."""
    queued = {one.answer: one for one in queue(session, asked, now=now)}
    rows = session.execute(SAID, {"answers": list(queued)})
    found: defaultdict[UUID, list[_Member]] = defaultdict(list)
    for answer, shown, value, answers, draw_hash, seed in rows.all():
        typed = answers.get(asked.part)
        group = alike(asked, typed, value, numbers=Numbers(draw_hash, seed))
        found[group].append(_Member(queued[answer], _whole(asked, typed, shown)))
    return found


def _whole(asked: Asked, typed: Typed | None, shown: str) -> str:
    """Return the full text of an answer; *shown* may be shortened for lists."""
    return typed.strip() if asked.kind == "text" and isinstance(typed, str) else shown


def groups(
    session: Session,
    asked: Asked,
    *,
    least: int,
    after: Cursor | None,
    limit: int,
    now: datetime,
) -> list[GroupView]:
    """Return a page of the groups with at least *least* answers, largest first."""
    found = {
        group: members
        for group, members in _members(session, asked, now=now).items()
        if len(members) >= least
    }
    order = sorted(found, key=lambda one: (_place(len(found[one])), one))
    if after is not None:
        end = (str(after.value), after.id)
        order = [one for one in order if (_place(len(found[one])), one) > end]
    order = order[:limit]
    marks = _marks(session, asked, order)
    return [_told(group, found[group], marks.get(group), asked) for group in order]


def group_cursor(group: GroupView) -> Cursor:
    """Return the pagination cursor of a page that ends with *group*."""
    return Cursor("groups", _place(group.answers), group.id)


def _place(size: int) -> str:
    return f"{MOST - size:010}"


def _told(group: UUID, members: Sequence[_Member], same: SameAs | None, asked: Asked) -> GroupView:
    me = asked.posed.member.caller.id
    waiting = [one.queued for one in members if one.queued.waiting]
    return GroupView(
        id=group,
        text=min(members, key=lambda one: one.queued.rank).text,
        answers=len(members),
        waiting=len(waiting),
        claimed=sum(one.claimed_by not in {None, me} for one in waiting),
        mark=same.mark if same else None,
    )


def _marks(session: Session, asked: Asked, likes: Collection[UUID]) -> dict[UUID, SameAs]:
    """Return the latest mark of each group."""
    rows = session.scalars(
        select(Review)
        .join(Answer, Answer.id == Review.answer_id)
        .where(
            Review.likeness.in_(likes),
            Review.marked_at.is_not(None),
            Answer.problem_id == asked.posed.problem.id,
            Answer.part == asked.part,
        )
        .order_by(Review.marked_at, Review.answer_id)
    ).all()
    last = {row.likeness: row for row in rows if row.likeness is not None}
    names = names_of(session, {row.marked_by for row in last.values()})
    return {
        group: SameAs(answer=row.answer_id, group=group, mark=mark)
        for group, row in last.items()
        if (mark := mark_view(row, names)) is not None
    }


def same_as(session: Session, asked: Asked, like: UUID) -> SameAs | None:
    """Return the latest mark of an equivalent answer, or None."""
    return _marks(session, asked, [like]).get(like)


def mark_group(
    session: Session,
    asked: Asked,
    group: UUID,
    given: MarkIn,
    *,
    variants: Variants,
    now: datetime,
) -> GroupMarked:
    """Grade all waiting answers of a group, except those that other markers hold."""
    members = _members(session, asked, now=now).get(group)
    if members is None:
        raise NotFound("There is no such group of answers.")
    rubric = criteria(session, asked, given, variants=variants)
    works = hold(session, [one.queued.answer for one in members if one.queued.waiting])
    me, wanted = asked.posed.member.caller.id, Given.of(given)
    waiting = [one for one in works if not one.answer.manual]
    free = [one for one in waiting if not _is_held(one.review, me, now)]
    marked = [
        (one, wanted, reckon(session, asked, one, wanted, rubric=rubric, variants=variants))
        for one in free
    ]
    write(session, asked, marked, now=now)
    record(
        session,
        asked.posed.member,
        "group.marked",
        now=now,
        target=("problem", asked.posed.problem.id),
        change=({}, {"part": asked.part, "answers": [str(one.answer.id) for one in free]}),
        reason=given.reason,
    )
    return GroupMarked(marked=len(free), claimed=len(waiting) - len(free))


def _is_held(review: Review, me: UUID, now: datetime) -> bool:
    until = review.claimed_until
    return review.claimed_by not in {None, me} and until is not None and until > now
