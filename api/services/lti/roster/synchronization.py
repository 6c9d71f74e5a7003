"""Synchronization of rosters: the worker fetches those that are due, and compares them."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.core.clock import Clock
from api.db.engine import Database
from api.db.models import Course, LtiContext, LtiDeployment, LtiPlatform
from api.services.lti.protocol.addresses import PlatformError
from api.services.lti.protocol.claims import MAX_TEXT_CHARACTERS, MEMBERSHIP_SCOPE
from api.services.lti.protocol.grade_service import RateLimitError, TokenExpiredError
from api.services.lti.protocol.membership_service import RosterMember, fetch_members
from api.services.lti.roster.enrollment import (
    RosterTarget,
    enroll_members,
    mark_people_who_left,
    select_members_with_role,
)
from api.services.lti.tool import LtiTool

INTERVAL: Final = timedelta(hours=6)
RETRY_AFTER_ERROR: Final = timedelta(minutes=30)
CLAIM_TIME: Final = timedelta(minutes=10)
"""Time after which another worker takes over a comparison that did not end."""
NOBODY: Final = "the roster of the platform has no people with a role in the course"

log = logging.getLogger("api.lti")


@dataclass(frozen=True, slots=True)
class _DueRoster:
    target: RosterTarget
    platform: LtiPlatform
    url: str


def synchronize_next_roster(db: Database, tool: LtiTool, clock: Clock) -> bool:
    """Compare the roster that is due first; return False if none is due.

    Nothing is locked while the platform responds. An error is stored with the context.
    """
    now = clock()
    with db.transaction() as session:
        due = _claim_roster(session, now=now)
    if due is None:
        return False
    try:
        people = select_members_with_role(_fetch_roster(db, tool, due, now=now))
        if not people:
            # A mistake of the platform must not look as if everybody had left.
            raise PlatformError(NOBODY)  # noqa: TRY301
        counts = enroll_members(db, due.target, people, now=now)
    except PlatformError as error:
        log.warning("the roster of %s: %s", due.platform.issuer, error)
        pause = error.compute_wait(now) if isinstance(error, RateLimitError) else RETRY_AFTER_ERROR
        with db.transaction() as session:
            context = _lock_context(session, due)
            context.roster_error = str(error)[:MAX_TEXT_CHARACTERS]
            _schedule_next_comparison(context, now + pause)
        return True
    with db.transaction() as session:
        context = _lock_context(session, due)
        counts.left = mark_people_who_left(session, context.id, now=now)
        context.roster_counts, context.roster_error = counts.to_json(), ""
        context.roster_synced_at = now
        _schedule_next_comparison(context, now + INTERVAL)
    return True


def _claim_roster(session: Session, *, now: datetime) -> _DueRoster | None:
    row = session.execute(
        select(LtiContext, LtiPlatform)
        .join(LtiDeployment, LtiDeployment.id == LtiContext.deployment_id)
        .join(LtiPlatform, LtiPlatform.id == LtiDeployment.platform_id)
        .join(Course, Course.id == LtiContext.course_id)
        .where(
            LtiContext.roster_due_at <= now,
            LtiContext.memberships_url != "",
            LtiPlatform.disabled_at.is_(None),
            Course.archived_at.is_(None),
        )
        .order_by(LtiContext.roster_due_at, LtiContext.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=LtiContext)
    ).one_or_none()
    if row is None:
        return None
    context, platform = row
    context.roster_due_at = now + CLAIM_TIME
    session.flush()
    session.expunge(platform)
    return _DueRoster(RosterTarget(context.id, platform.id), platform, context.memberships_url)


def _lock_context(session: Session, due: _DueRoster) -> LtiContext:
    return session.get_one(LtiContext, due.target.context_id, with_for_update=True)


def _schedule_next_comparison(context: LtiContext, due_at: datetime) -> None:
    """Plan the next comparison, unless staff switched it off in between."""
    if context.roster_due_at is not None:
        context.roster_due_at = due_at


def _fetch_roster(
    db: Database, tool: LtiTool, due: _DueRoster, *, now: datetime
) -> Sequence[RosterMember]:
    """Return the members of a context; with an expired token once more with another one."""
    scopes = (MEMBERSHIP_SCOPE,)
    try:
        token = tool.fetch_token(db, due.platform, scopes, now=now)
        return fetch_members(tool.http, due.url, token)
    except TokenExpiredError:
        tool.forget_token(due.platform, scopes)
        token = tool.fetch_token(db, due.platform, scopes, now=now)
        return fetch_members(tool.http, due.url, token)
