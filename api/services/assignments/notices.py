"""Notices to students about corrections of a problem."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.authorization import AssignedProblem
from api.core.errors import InvalidInput, NotFound
from api.core.ids import new_id
from api.db.models import Notice, Regrade
from api.schemas.assignments.problems import NoticeIn, NoticeOut
from api.services.audit.change_context import ChangeContext


def post_notice(
    session: Session, act: ChangeContext, assigned: AssignedProblem, body: NoticeIn
) -> NoticeOut:
    """Post a notice on a problem to all its students.

    The notice of a regrade also shows each student what they gained by it.
    """
    if body.regrade is not None:
        regrade = session.get(Regrade, body.regrade)
        if regrade is None or regrade.problem_id != assigned.problem.id:
            raise InvalidInput.for_field("regrade", "is not a regrade of this problem")
    row = Notice(
        id=new_id(),
        problem_id=assigned.problem.id,
        regrade_id=body.regrade,
        text=body.text,
        created_by=assigned.member.caller.id,
        created_at=act.now,
    )
    session.add(row)
    act.record(session, "notice.posted", ("notice", row.id), change=({}, {"text": body.text}))
    return _serialize_notice(row, assigned)


def list_notices(session: Session, assigned: AssignedProblem) -> tuple[NoticeOut, ...]:
    """Return the notices on a problem that are not withdrawn, oldest first."""
    rows = session.scalars(
        select(Notice)
        .where(Notice.problem_id == assigned.problem.id, Notice.withdrawn_at.is_(None))
        .order_by(Notice.created_at, Notice.id)
    )
    return tuple(_serialize_notice(row, assigned) for row in rows)


def withdraw_notice(
    session: Session, act: ChangeContext, assigned: AssignedProblem, notice_id: UUID
) -> None:
    """Withdraw a notice on a problem."""
    row = session.get(Notice, notice_id)
    if row is None or row.problem_id != assigned.problem.id or row.withdrawn_at is not None:
        raise NotFound("There is no such notice on this problem.")
    row.withdrawn_at = act.now
    act.record(session, "notice.withdrawn", ("notice", row.id), change=({"text": row.text}, {}))


def _serialize_notice(row: Notice, assigned: AssignedProblem) -> NoticeOut:
    return NoticeOut(
        id=row.id,
        problem=assigned.problem.slug,
        text=row.text,
        regrade=row.regrade_id,
        created_at=row.created_at,
    )
