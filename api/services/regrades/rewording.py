"""New wording of a problem that students have opened, without a regrade.

A version that differs from the pinned one only in its wording grades every answer as before, so
students see its texts with their own numbers, and no grade changes.
"""

from typing import Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.core.errors import Conflict
from api.db.models import AssignmentProblem, Draw, ProblemVersion
from api.services.regrades.runs import check_no_active_regrade, load_compatible_versions
from problems.files.wording import find_changes_beyond_wording

MAX_NAMED_FIELDS: Final = 5
MAX_LISTED_VERSIONS: Final = 20
VERSION_IS_FIXED: Final = (
    "Students have opened this problem, so only a regrade can change its version."
)
ONLY_WORDING: Final = "Only a version that changes nothing but the wording can be taken without one"


def find_non_wording_changes(
    session: Session, before: ProblemVersion, after: ProblemVersion
) -> tuple[str, ...]:
    """Return what *after* changes besides the wording of *before*: fields, numbers, the engine."""
    if before.problem != after.problem:
        return ("the problem",)
    obstacles = []
    if before.engine != after.engine:
        obstacles.append("the version of Grader")
    has_same_draws = before.draw_hash == after.draw_hash
    if not has_same_draws or before.id not in load_compatible_versions(session, after):
        obstacles.append("the numbers of students")
    return (*obstacles, *find_changes_beyond_wording(before.source, after.source))


def is_rewording(session: Session, before: ProblemVersion, after: ProblemVersion) -> bool:
    """Return whether *after* is another version that differs from *before* only in its wording."""
    return before.id != after.id and not find_non_wording_changes(session, before, after)


def list_rewordings(
    session: Session, before: ProblemVersion, course_id: UUID
) -> tuple[ProblemVersion, ...]:
    """Return the published versions that differ from *before* only in their wording, newest first.

    They belong to the course, or to the bank as *before* does.
    """
    candidates = session.scalars(
        select(ProblemVersion)
        .where(
            ProblemVersion.problem == before.problem,
            ProblemVersion.space.in_({before.space, str(course_id)}),
            ProblemVersion.status == "published",
            ProblemVersion.draw_hash == before.draw_hash,
            ProblemVersion.engine == before.engine,
        )
        .order_by(ProblemVersion.created_at.desc(), ProblemVersion.id.desc())
        .limit(MAX_LISTED_VERSIONS)
    ).all()
    return tuple(version for version in candidates if is_rewording(session, before, version))


def reword_opened_problem(
    session: Session, row: AssignmentProblem, before: ProblemVersion, after: ProblemVersion
) -> None:
    """Move the problem and the draws of its students from *before* to *after*.

    The assignment must be locked. Raises `Conflict` if *after* changes more than the wording, or
    while a regrade of the problem is active.
    """
    obstacles = find_non_wording_changes(session, before, after)
    if obstacles:
        named = ", ".join(obstacles[:MAX_NAMED_FIELDS])
        raise Conflict(f"{VERSION_IS_FIXED} {ONLY_WORDING}; this one also changes {named}.")
    check_no_active_regrade(session, row.id)
    row.version_id = after.id
    session.execute(
        update(Draw)
        .where(Draw.problem_id == row.id, Draw.version_id == before.id)
        .values(version_id=after.id),
        execution_options={"synchronize_session": False},
    )
