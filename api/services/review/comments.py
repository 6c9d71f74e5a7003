"""Comments on answers: staff write them, students read the public ones with their results."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from api.auth.authorization import Caller
from api.core.errors import Forbidden, NotFound
from api.core.ids import new_id
from api.db.models import Comment
from api.schemas.grading.regrade_requests import (
    CommentIn,
    CommentView,
    OwnComments,
    PublicComment,
    StaffComments,
)
from api.schemas.grading.review import Staff
from api.services.assignments.release import results_shown
from api.services.audit.recorder import record
from api.services.enrolment.display_names import names_of
from api.services.review.locations import Found, own_rules, reach_answer

__all__ = ["add_comment", "comments", "comments_in", "delete_comment"]

NO_COMMENT = "There is no such comment."
COMMENTS: Final = (
    select(Comment)
    .where(
        Comment.answer_id.in_(bindparam("answers", expanding=True)), Comment.deleted_at.is_(None)
    )
    .order_by(Comment.created_at, Comment.id)
)


def comments(
    session: Session, caller: Caller, answer: UUID, *, now: datetime
) -> StaffComments | OwnComments:
    """Return the comments on an answer: all for staff, the visible ones for its student."""
    return comments_in(session, caller, [answer], now=now)[answer]


def comments_in(
    session: Session, caller: Caller, answers: Sequence[UUID], *, now: datetime
) -> Mapping[UUID, StaffComments | OwnComments]:
    """Return the comments on *answers*, which belong to one submission, by answer."""
    if not answers:
        return {}
    found = reach_answer(session, caller, answers[0])
    if not found.member.is_staff:
        return _own(session, found, answers, now=now)
    found.member.need("see_submissions")
    rows = session.scalars(COMMENTS, {"answers": answers}).all()
    names = names_of(session, {row.author_id for row in rows})
    views = {
        one: tuple(_view(row, names, caller.id) for row in those)
        for one, those in _by_answer(answers, rows).items()
    }
    return {one: StaffComments(comments=those) for one, those in views.items()}


def _own(
    session: Session, found: Found, answers: Sequence[UUID], *, now: datetime
) -> dict[UUID, OwnComments]:
    rules = own_rules(session, found, now=now)
    found.member.need("see_own_work")
    shown = results_shown(found.asked.posed.assignment, rules, now=now)
    rows = session.scalars(COMMENTS, {"answers": answers}).all() if shown.now else ()
    public = [one for one in rows if one.public]
    names = names_of(session, {row.author_id for row in public})
    return {
        one: OwnComments(
            comments=tuple(PublicComment(**_told(row, names)) for row in those),
            results_shown=shown.now,
            results_from=None if shown.now else shown.since,
        )
        for one, those in _by_answer(answers, public).items()
    }


def _by_answer(answers: Sequence[UUID], rows: Sequence[Comment]) -> Mapping[UUID, list[Comment]]:
    found: dict[UUID, list[Comment]] = {one: [] for one in answers}
    for row in rows:
        found[row.answer_id].append(row)
    return found


def _told(row: Comment, names: dict[UUID, str]) -> dict[str, Any]:
    by = Staff(id=row.author_id, name=names.get(row.author_id, ""))
    return {"id": row.id, "text": row.text, "by": by, "at": row.created_at}


def _view(row: Comment, names: dict[UUID, str], me: UUID) -> CommentView:
    return CommentView(**_told(row, names), public=row.public, mine=row.author_id == me)


def add_comment(session: Session, found: Found, given: CommentIn, *, now: datetime) -> CommentView:
    """Add a comment to an answer, and record it in the audit log."""
    user = found.member.caller.user
    row = Comment(
        id=new_id(),
        answer_id=found.answer.id,
        author_id=user.id,
        text=given.text,
        public=given.public,
        created_at=now,
    )
    session.add(row)
    record(
        session,
        found.member,
        "comment.added",
        now=now,
        target=("answer", found.answer.id),
        change=({}, {"comment": str(row.id), "public": row.public}),
    )
    return _view(row, {user.id: user.name}, user.id)


def delete_comment(session: Session, caller: Caller, comment: UUID, *, now: datetime) -> None:
    """Delete the caller's own comment.

    Raises `NotFound` if the caller may not see it, and `Forbidden` if another person wrote it.
    """
    row = session.get(Comment, comment, with_for_update=True)
    if row is None or row.deleted_at is not None:
        raise NotFound(NO_COMMENT)
    try:
        found = reach_answer(session, caller, row.answer_id)
    except NotFound as error:
        raise NotFound(NO_COMMENT) from error
    if not found.member.is_staff:
        raise NotFound(NO_COMMENT)
    found.member.need("mark")
    if row.author_id != caller.id:
        raise Forbidden("You can take back your own comments only.")
    row.deleted_at = now
    record(session, found.member, "comment.deleted", now=now, target=("comment", row.id))
