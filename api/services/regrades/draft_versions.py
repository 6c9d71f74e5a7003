"""Version made by a regrade: a draft until the regrade is applied, retired when it is undone."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from api.auth.authorization import Member
from api.core.errors import Conflict
from api.db.models import Assignment, AssignmentProblem, ProblemVersion, Regrade
from api.services.audit import recorder
from api.services.regrades.runs import ACTIVE

__all__ = ["bring_out", "check_not_waiting", "kept_in", "set_status", "take_back"]

TAKEN_BACK: Final = ("undoing", "undone")


def bring_out(session: Session, member: Member, run: Regrade, *, now: datetime) -> None:
    """Publish the version that an applied regrade made."""
    version = session.get_one(ProblemVersion, run.to_version)
    if run.made and version.status == "draft":
        set_status(session, member, version, "published", now=now)


def take_back(session: Session, member: Member | None, run: Regrade, *, now: datetime) -> None:
    """Retire the version that a regrade made, unless something else uses it."""
    version = session.get_one(ProblemVersion, run.to_version)
    if run.made and version.status != "retired" and not _users(session, [run.to_version]):
        set_status(session, member, version, "retired", now=now)
        version.retired_at = now


def set_status(
    session: Session,
    member: Member | None,
    version: ProblemVersion,
    status: str,
    *,
    now: datetime,
    reason: str = "",
) -> None:
    """Change the status of a course's own version, and record it; *member* None is the service."""
    recorder.record(
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


def check_not_waiting(session: Session, version: ProblemVersion) -> None:
    """Raise `Conflict` for a draft that a regrade made and has not applied yet."""
    run = session.scalar(
        select(Regrade.id).where(
            Regrade.to_version == version.id, Regrade.made, Regrade.status.in_(ACTIVE)
        )
    )
    if version.status == "draft" and run is not None:
        raise Conflict(f"The regrade {run} made this version; apply or cancel that.")


def kept_in(session: Session, runs: Iterable[Regrade]) -> dict[UUID, tuple[str, ...]]:
    """Return the assignments that still use a version made by a regrade that is undone.

    Returns titles by version, with one query for all *runs*.
    """
    versions = [run.to_version for run in runs if run.made and run.status in TAKEN_BACK]
    return _users(session, versions) if versions else {}


def _users(session: Session, versions: Collection[UUID]) -> dict[UUID, tuple[str, ...]]:
    """Return the titles of the assignments that use *versions*, directly or through a regrade.

    Ignores the regrade that made a version.
    """
    session.flush()
    problem, there = AssignmentProblem, Assignment.deleted_at.is_(None)
    posed = (
        select(problem.version_id, Assignment.title)
        .join(Assignment, Assignment.id == problem.assignment_id)
        .where(problem.version_id.in_(versions), problem.removed_at.is_(None), there)
    )
    wanted = (
        select(Regrade.to_version, Assignment.title)
        .join(problem, problem.id == Regrade.problem_id)
        .join(Assignment, Assignment.id == problem.assignment_id)
        .where(Regrade.to_version.in_(versions), Regrade.status.in_(ACTIVE), ~Regrade.made, there)
    )
    found: defaultdict[UUID, list[str]] = defaultdict(list)
    for version, title in session.execute(union(posed, wanted).order_by(Assignment.title)):
        found[version].append(title)
    return {version: tuple(titles) for version, titles in found.items()}
