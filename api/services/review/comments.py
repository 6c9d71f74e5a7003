"""Comments on answers: staff write them, students read the public ones with their results."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from api.auth.principal import Principal
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
from api.services.assignments.release import compute_results_visibility
from api.services.audit.recorder import record_action
from api.services.enrolment.display_names import load_display_names
from api.services.review.review_subjects import (
    AnswerContext,
    load_answer_unchecked,
    load_own_answer_rules,
)

COMMENT_NOT_FOUND_MESSAGE = "There is no such comment."
COMMENTS_QUERY: Final = (
    select(Comment)
    .where(
        Comment.answer_id.in_(bindparam("answers", expanding=True)), Comment.deleted_at.is_(None)
    )
    .order_by(Comment.created_at, Comment.id)
)


def load_comments(
    session: Session, caller: Principal, answer: UUID, *, now: datetime
) -> StaffComments | OwnComments:
    """Return the comments on an answer: all for staff, the visible ones for its student."""
    return load_comments_by_answer(session, caller, [answer], now=now)[answer]


def load_comments_by_answer(
    session: Session, caller: Principal, answers: Sequence[UUID], *, now: datetime
) -> Mapping[UUID, StaffComments | OwnComments]:
    """Return the comments on *answers*, which belong to one submission, by answer."""
    if not answers:
        return {}
    context = load_answer_unchecked(session, caller, answers[0])
    if not context.member.is_staff:
        return _load_student_comments(session, context, answers, now=now)
    context.member.require("see_submissions")
    rows = session.scalars(COMMENTS_QUERY, {"answers": answers}).all()
    names = load_display_names(session, {row.author_id for row in rows})
    views = {
        one: tuple(_serialize_staff_comment(row, names, caller.id) for row in those)
        for one, those in _group_by_answer(answers, rows).items()
    }
    return {view: StaffComments(comments=those) for view, those in views.items()}


def _load_student_comments(
    session: Session, context: AnswerContext, answers: Sequence[UUID], *, now: datetime
) -> dict[UUID, OwnComments]:
    rules = load_own_answer_rules(session, context, now=now)
    context.member.require("see_own_work")
    visibility = compute_results_visibility(
        context.part.assigned_problem.assignment, rules, now=now
    )
    rows = session.scalars(COMMENTS_QUERY, {"answers": answers}).all() if visibility.now else ()
    public = [row for row in rows if row.public]
    names = load_display_names(session, {row.author_id for row in public})
    return {
        one: OwnComments(
            comments=tuple(PublicComment(**_serialize_comment(row, names)) for row in those),
            results_shown=visibility.now,
            results_from=None if visibility.now else visibility.since,
        )
        for one, those in _group_by_answer(answers, public).items()
    }


def _group_by_answer(
    answers: Sequence[UUID], rows: Sequence[Comment]
) -> Mapping[UUID, list[Comment]]:
    comments_by_answer: dict[UUID, list[Comment]] = {answer: [] for answer in answers}
    for row in rows:
        comments_by_answer[row.answer_id].append(row)
    return comments_by_answer


def _serialize_comment(row: Comment, names: dict[UUID, str]) -> dict[str, Any]:
    by = Staff(id=row.author_id, name=names.get(row.author_id, ""))
    return {"id": row.id, "text": row.text, "by": by, "at": row.created_at}


def _serialize_staff_comment(row: Comment, names: dict[UUID, str], caller_id: UUID) -> CommentView:
    return CommentView(
        **_serialize_comment(row, names), public=row.public, mine=row.author_id == caller_id
    )


def add_comment(
    session: Session, context: AnswerContext, comment: CommentIn, *, now: datetime
) -> CommentView:
    """Add a comment to an answer, and record it in the audit log."""
    user = context.member.caller.user
    row = Comment(
        id=new_id(),
        answer_id=context.answer.id,
        author_id=user.id,
        text=comment.text,
        public=comment.public,
        created_at=now,
    )
    session.add(row)
    record_action(
        session,
        context.member,
        "comment.added",
        now=now,
        target=("answer", context.answer.id),
        change=({}, {"comment": str(row.id), "public": row.public}),
    )
    return _serialize_staff_comment(row, {user.id: user.name}, user.id)


def delete_comment(session: Session, caller: Principal, comment: UUID, *, now: datetime) -> None:
    """Delete the caller's own comment.

    Raises `NotFound` if the caller may not see it, and `Forbidden` if another person wrote it.
    """
    row = session.get(Comment, comment, with_for_update=True)
    if row is None or row.deleted_at is not None:
        raise NotFound(COMMENT_NOT_FOUND_MESSAGE)
    try:
        context = load_answer_unchecked(session, caller, row.answer_id)
    except NotFound as error:
        raise NotFound(COMMENT_NOT_FOUND_MESSAGE) from error
    if not context.member.is_staff:
        raise NotFound(COMMENT_NOT_FOUND_MESSAGE)
    context.member.require("mark")
    if row.author_id != caller.id:
        raise Forbidden("You can only delete your own comments.")
    row.deleted_at = now
    record_action(session, context.member, "comment.deleted", now=now, target=("comment", row.id))
