"""Version made by a regrade: a draft until the regrade is applied, retired when it is undone."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.core.errors import Conflict
from api.db.models import Assignment, AssignmentProblem, ProblemVersion, Regrade
from api.services.audit import recorder
from api.services.regrades.runs import ACTIVE_STATUSES

UNDO_STATUSES: Final = ("undoing", "undone")


def publish_regrade_version(
    session: Session, member: CourseMembership, run: Regrade, *, now: datetime
) -> None:
    """Publish the version that an applied regrade made."""
    version = session.get_one(ProblemVersion, run.to_version)
    if run.made and version.status == "draft":
        set_version_status(session, member, version, "published", now=now)


def retire_regrade_version_if_unused(
    session: Session, member: CourseMembership | None, run: Regrade, *, now: datetime
) -> None:
    """Retire the version that a regrade made, unless something else uses it."""
    version = session.get_one(ProblemVersion, run.to_version)
    if (
        run.made
        and version.status != "retired"
        and not _load_titles_by_used_version(session, [run.to_version])
    ):
        set_version_status(session, member, version, "retired", now=now)
        version.retired_at = now


def set_version_status(
    session: Session,
    member: CourseMembership | None,
    version: ProblemVersion,
    status: str,
    *,
    now: datetime,
    reason: str = "",
) -> None:
    """Change the status of a course's own version, and record it; *member* None is the service."""
    recorder.record_action(
        session,
        member,
        f"version.{status}",
        now=now,
        target=("version", version.id),
        change=({"status": version.status}, {"status": status}),
        reason=reason,
        course_id=UUID(version.space),
    )
    version.status = status


def check_no_pending_regrade(session: Session, version: ProblemVersion) -> None:
    """Raise `Conflict` for a draft that a regrade made and has not applied yet."""
    run = session.scalar(
        select(Regrade.id).where(
            Regrade.to_version == version.id, Regrade.made, Regrade.status.in_(ACTIVE_STATUSES)
        )
    )
    if version.status == "draft" and run is not None:
        raise Conflict(f"The regrade {run} created this version. Apply or cancel the regrade.")


def load_titles_using_undone_versions(
    session: Session, runs: Iterable[Regrade]
) -> dict[UUID, tuple[str, ...]]:
    """Return the assignments that still use a version made by a regrade that is undone.

    Returns titles by version, with one query for all *runs*.
    """
    versions = [run.to_version for run in runs if run.made and run.status in UNDO_STATUSES]
    return _load_titles_by_used_version(session, versions) if versions else {}


def _load_titles_by_used_version(
    session: Session, versions: Collection[UUID]
) -> dict[UUID, tuple[str, ...]]:
    """Return the titles of the assignments that use *versions*, directly or through a regrade.

    Ignores the regrade that made a version.
    """
    session.flush()
    problem, not_deleted = AssignmentProblem, Assignment.deleted_at.is_(None)
    used_directly = (
        select(problem.version_id, Assignment.title)
        .join(Assignment, Assignment.id == problem.assignment_id)
        .where(problem.version_id.in_(versions), problem.removed_at.is_(None), not_deleted)
    )
    used_by_regrade = (
        select(Regrade.to_version, Assignment.title)
        .join(problem, problem.id == Regrade.problem_id)
        .join(Assignment, Assignment.id == problem.assignment_id)
        .where(
            Regrade.to_version.in_(versions),
            Regrade.status.in_(ACTIVE_STATUSES),
            ~Regrade.made,
            not_deleted,
        )
    )
    titles_by_version: defaultdict[UUID, list[str]] = defaultdict(list)
    for version, title in session.execute(
        union(used_directly, used_by_regrade).order_by(Assignment.title)
    ):
        titles_by_version[version].append(title)
    return {version: tuple(titles) for version, titles in titles_by_version.items()}
