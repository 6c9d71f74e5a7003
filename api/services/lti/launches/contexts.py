"""Contexts and links of platforms: remembered at each launch, and connected to courses once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.core.errors import Conflict, NotFound
from api.core.ids import new_id, parse_id
from api.db.models import (
    Assignment,
    Course,
    LtiContext,
    LtiDeployment,
    LtiLaunch,
    LtiLineItem,
    LtiLink,
    LtiMember,
    LtiPlatform,
)
from api.db.upserts import upsert_rows
from api.services.audit import recorder
from api.services.lti.protocol.claims import LaunchClaims

RECENT_ROSTER: Final = timedelta(minutes=10)
CONNECTED_ELSEWHERE: Final = "This course of the learning platform is already connected."


def store_context(session: Session, launch: LtiLaunch, *, now: datetime) -> LtiContext:
    """Return the context of a verified launch, with the services that the launch offers."""
    claims = LaunchClaims(**launch.claims)
    context = session.scalar(
        select(LtiContext)
        .where(
            LtiContext.deployment_id == launch.deployment_id,
            LtiContext.context_id == claims.context_id,
        )
        .with_for_update()
    )
    if context is None:
        context = LtiContext(
            id=new_id(),
            deployment_id=launch.deployment_id,
            context_id=claims.context_id,
            created_at=now,
        )
        session.add(context)
    context.title = claims.context_title or context.title or ""
    # A launch may leave a service out, for example a preview; the address stays valid.
    context.line_items_url = claims.line_items_url or context.line_items_url or ""
    context.memberships_url = claims.memberships_url or context.memberships_url or ""
    context.scopes = list(claims.scopes) or context.scopes or []
    session.flush()
    return context


def store_member(session: Session, context_id: UUID, user_id: UUID, *, now: datetime) -> None:
    """Store that a user was seen in a context now: by a launch from there, or on its roster."""
    row = {"context_id": context_id, "user_id": user_id, "seen_at": now, "left_at": None}
    upsert_rows(session, LtiMember, [row])


def schedule_stale_roster(context: LtiContext, *, now: datetime) -> None:
    """Let the roster be compared now, if staff switched that on and it is not recent."""
    is_recent = context.roster_synced_at is not None and (
        now - context.roster_synced_at < RECENT_ROSTER
    )
    if context.roster_due_at is not None and not is_recent:
        context.roster_due_at = now


def store_resource_link(
    session: Session, context: LtiContext, claims: LaunchClaims, *, now: datetime
) -> Assignment | None:
    """Remember the link of a launch, and return the assignment that it opens, if any.

    A link names its assignment by a custom parameter, or staff chose one. In a copied course the
    parameter names an assignment of the original: the one with the same short name is meant.
    """
    link = session.scalar(
        select(LtiLink).where(LtiLink.context_id == context.id, LtiLink.link_id == claims.link_id)
    )
    if link is None:
        link = LtiLink(id=new_id(), context_id=context.id, link_id=claims.link_id, created_at=now)
        session.add(link)
    link.title = claims.link_title or link.title or ""
    if context.course_id is None:
        session.flush()
        return None
    assignment = _find_in_course(session, context.course_id, link.assignment_id)
    if assignment is None:
        assignment = _find_in_course(session, context.course_id, parse_id(claims.assignment))
    link.assignment_id = None if assignment is None else assignment.id
    session.flush()
    if assignment is not None and (claims.line_item_url or context.line_items_url):
        ensure_line_item(session, context, assignment.id, url=claims.line_item_url, now=now)
    return assignment


def _find_in_course(
    session: Session, course_id: UUID, assignment_id: UUID | None
) -> Assignment | None:
    """Return an assignment of a course, or the one with its short name; None if there is none."""
    named = None if assignment_id is None else session.get(Assignment, assignment_id)
    if named is not None and named.course_id != course_id:
        named = session.scalar(
            select(Assignment).where(
                Assignment.course_id == course_id, Assignment.slug == named.slug
            )
        )
    return None if named is None or named.deleted_at is not None else named


def ensure_line_item(
    session: Session, context: LtiContext, assignment_id: UUID, *, url: str, now: datetime
) -> LtiLineItem:
    """Return the line item of an assignment in a context; *url* is its address, "" if unknown."""
    item = session.scalar(
        select(LtiLineItem).where(
            LtiLineItem.context_id == context.id, LtiLineItem.assignment_id == assignment_id
        )
    )
    if item is None:
        item = LtiLineItem(
            id=new_id(), context_id=context.id, assignment_id=assignment_id, url="", created_at=now
        )
        session.add(item)
    item.url = url or item.url
    session.flush()
    return item


def connect_context(
    session: Session, member: CourseMembership, context_id: UUID, *, now: datetime
) -> LtiContext:
    """Connect a context to the course of *member*, for good.

    Raises `Forbidden` without the right to manage people, `NotFound`, and `Conflict` if the context
    is connected to another course.
    """
    member.require("manage_people")
    context = session.get(LtiContext, context_id, with_for_update=True)
    if context is None:
        raise NotFound("There is no such course of a learning platform.")
    if context.course_id is not None and context.course_id != member.course.id:
        raise Conflict(CONNECTED_ELSEWHERE)
    if context.course_id is None:
        context.course_id, context.connected_by = member.course.id, member.caller.id
        context.connected_at = now
        recorder.record_action(
            session,
            member,
            "lti_context.connected",
            now=now,
            change=({}, {"title": context.title, "context": context.context_id}),
        )
    return context


def find_copied_course(session: Session, claims: LaunchClaims) -> Course | None:
    """Return the course whose assignment a link opens, if another context is connected to it.

    A platform copies links with its courses, so such a launch comes from a copy. The link names the
    assignment, so the caller must check that the user may know the course.
    """
    assignment_id = parse_id(claims.assignment)
    assignment = None if assignment_id is None else session.get(Assignment, assignment_id)
    if assignment is None:
        return None
    is_connected = session.scalar(
        select(LtiContext.id).where(LtiContext.course_id == assignment.course_id).limit(1)
    )
    return None if is_connected is None else session.get_one(Course, assignment.course_id)


def list_contexts(session: Session, course_id: UUID) -> Sequence[Row[LtiContext, LtiPlatform]]:
    """Return the contexts that are connected to a course, with their platforms."""
    return session.execute(
        select(LtiContext, LtiPlatform)
        .join(LtiDeployment, LtiDeployment.id == LtiContext.deployment_id)
        .join(LtiPlatform, LtiPlatform.id == LtiDeployment.platform_id)
        .where(LtiContext.course_id == course_id)
        .order_by(LtiPlatform.name, LtiContext.title, LtiContext.id)
    ).all()
