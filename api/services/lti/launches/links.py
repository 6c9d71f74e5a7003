"""Links of a course's contexts, and the assignments that staff choose for them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.core.errors import InvalidInput, NotFound
from api.db.models import Assignment, LtiContext, LtiLink
from api.services.audit import recorder
from api.services.lti.launches.contexts import ensure_line_item


def list_links(session: Session, course_id: UUID) -> Sequence[Row[LtiLink, LtiContext]]:
    """Return the links that were opened in the contexts of a course, by title."""
    return session.execute(
        select(LtiLink, LtiContext)
        .join(LtiContext, LtiContext.id == LtiLink.context_id)
        .where(LtiContext.course_id == course_id)
        .order_by(LtiLink.title, LtiLink.id)
    ).all()


def choose_assignment(
    session: Session,
    member: CourseMembership,
    link_id: UUID,
    assignment_id: UUID | None,
    *,
    now: datetime,
) -> None:
    """Choose the assignment that a link opens; None lets it open the course.

    Raises `Forbidden` without the right to manage assignments, `NotFound` for a link of another
    course, and `InvalidInput` for such an assignment.
    """
    member.require("manage_assignments")
    row = session.execute(
        select(LtiLink, LtiContext)
        .join(LtiContext, LtiContext.id == LtiLink.context_id)
        .where(LtiLink.id == link_id, LtiContext.course_id == member.course.id)
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such link in this course.")
    link, context = row
    assignment = None if assignment_id is None else session.get(Assignment, assignment_id)
    if assignment_id is not None and (
        assignment is None
        or assignment.course_id != member.course.id
        or assignment.deleted_at is not None
    ):
        raise InvalidInput.for_field("assignment", "is not an assignment of this course")
    link.assignment_id = assignment_id
    if assignment_id is not None and context.line_items_url:
        ensure_line_item(session, context, assignment_id, url="", now=now)
    recorder.record_action(
        session,
        member,
        "lti_context.changed",
        now=now,
        target=("assignment", assignment_id) if assignment_id else ("", ""),
        change=({}, {"link": link.title or link.link_id}),
    )
