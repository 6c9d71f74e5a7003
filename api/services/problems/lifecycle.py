"""Lifecycle of problem versions: publish and retire."""

from datetime import datetime

from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.core.errors import Conflict, Forbidden
from api.db.models import ProblemVersion
from api.services.problems.versions import BANK
from api.services.regrades.draft_versions import check_no_pending_regrade, set_version_status


def publish_version(
    session: Session,
    member: CourseMembership,
    version: ProblemVersion,
    *,
    reason: str,
    now: datetime,
) -> None:
    """Publish a draft or a retired version, so that assignments can use it.

    Raises `Conflict` if the version waits for the regrade that created it.
    """
    if version.status == "published":
        raise Conflict("This version is already published.")
    check_no_pending_regrade(session, version)
    _lock_course_version(session, version)
    set_version_status(session, member, version, "published", reason=reason, now=now)
    version.retired_at = None


def retire_version(
    session: Session,
    member: CourseMembership,
    version: ProblemVersion,
    *,
    reason: str,
    now: datetime,
) -> None:
    """Retire a version: no further assignment can use it; those that have it keep it."""
    if version.status == "retired":
        raise Conflict("This version is already retired.")
    check_no_pending_regrade(session, version)
    _lock_course_version(session, version)
    set_version_status(session, member, version, "retired", reason=reason, now=now)
    version.retired_at = now


def _lock_course_version(session: Session, version: ProblemVersion) -> None:
    if version.space == BANK:
        raise Forbidden("The bank is the same for all courses. Upload your own version.")
    session.refresh(version, with_for_update=True)
