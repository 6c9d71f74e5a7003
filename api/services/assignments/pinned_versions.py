"""Problems of assignments with the versions to which they are pinned."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

from api.core.errors import Invalid
from api.db.engine import once
from api.db.models import AssignmentProblem, Course, Draw, Enrolment, ProblemVersion, Submission
from api.schemas.assignments.problems import PartSummary, PosedSettings, ProblemSettings
from api.schemas.shared.setting import settings_in
from api.services.problems.versions import BANK, newest, space_of

__all__ = [
    "Pinned",
    "is_answered",
    "is_opened",
    "pinned",
    "posed_in",
    "posed_settings",
    "seen_by_students",
    "version_to_pin",
]

PROBLEMS: Final[BindParameter[Any]] = bindparam("problems", expanding=True)
POSED: Final = (
    select(AssignmentProblem, ProblemVersion)
    .join(ProblemVersion, ProblemVersion.id == AssignmentProblem.version_id)
    .where(
        AssignmentProblem.assignment_id.in_(bindparam("assignments", expanding=True)),
        AssignmentProblem.removed_at.is_(None),
    )
    .order_by(AssignmentProblem.position, AssignmentProblem.id)
)
NEWEST: Final = (
    select(ProblemVersion.space, ProblemVersion.problem, func.max(ProblemVersion.number))
    .where(ProblemVersion.problem.in_(PROBLEMS), ProblemVersion.status == "published")
    .group_by(ProblemVersion.space, ProblemVersion.problem)
)
OPENED: Final = select(AssignmentProblem.id).where(
    AssignmentProblem.id.in_(PROBLEMS),
    or_(
        exists().where(Draw.problem_id == AssignmentProblem.id),
        exists().where(Submission.problem_id == AssignmentProblem.id),
    ),
)
SEEN: Final = select(AssignmentProblem.id).where(
    AssignmentProblem.id.in_(PROBLEMS),
    or_(
        *(
            exists().where(
                rows.problem_id == AssignmentProblem.id,
                ~exists().where(Enrolment.user_id == rows.student_id, Enrolment.is_test),
            )
            for rows in (Draw, Submission)
        )
    ),
)


@dataclass(frozen=True, slots=True)
class Pinned:
    """Problem of an assignment, its version, and whether anybody has opened it."""

    row: AssignmentProblem
    version: ProblemVersion
    newest: int
    opened: bool


def posed_in(session: Session, assignment_id: UUID) -> Sequence[AssignmentProblem]:
    """Return the problems of an assignment in their order."""
    return session.scalars(
        select(AssignmentProblem)
        .where(
            AssignmentProblem.assignment_id == assignment_id,
            AssignmentProblem.removed_at.is_(None),
        )
        .order_by(AssignmentProblem.position, AssignmentProblem.id)
    ).all()


def pinned(session: Session, assignments: Collection[UUID]) -> Mapping[UUID, tuple[Pinned, ...]]:
    """Return the problems of each of *assignments* in order, with three queries in total."""
    key = (Pinned, frozenset(assignments))
    return once(session, key, lambda: _pinned(session, assignments))


def _pinned(session: Session, assignments: Collection[UUID]) -> Mapping[UUID, tuple[Pinned, ...]]:
    rows = session.execute(POSED, {"assignments": list(assignments)}).all()
    numbers = _newest_numbers(session, {version.problem for _, version in rows})
    opened = _opened(session, [row.id for row, _ in rows])
    found: defaultdict[UUID, list[Pinned]] = defaultdict(list)
    for row, version in rows:
        number = numbers.get((version.space, version.problem), version.number)
        one = Pinned(row, version, number, row.id in opened)
        found[row.assignment_id].append(one)
    return {one: tuple(found[one]) for one in assignments}


def _newest_numbers(session: Session, problems: Iterable[str]) -> dict[tuple[str, str], int]:
    rows = session.execute(NEWEST, {"problems": list(problems)})
    return {(space, problem): number for space, problem, number in rows}


def _opened(session: Session, problems: Sequence[UUID]) -> set[UUID]:
    return {*session.scalars(OPENED, {"problems": list(problems)})}


def is_opened(session: Session, problem: AssignmentProblem) -> bool:
    """Return whether anybody, even the test student, has opened a problem."""
    return bool(_opened(session, [problem.id]))


def seen_by_students(session: Session, problems: Collection[UUID]) -> frozenset[UUID]:
    """Return those of *problems* that a student other than the test student has opened."""
    return frozenset(session.scalars(SEEN, {"problems": list(problems)}))


def is_answered(session: Session, problem: AssignmentProblem) -> bool:
    """Return whether anybody has submitted to a problem."""
    found = select(Submission.id).where(Submission.problem_id == problem.id)
    return session.scalar(found.limit(1)) is not None


def posed_settings(one: Pinned) -> PosedSettings:
    """Return a problem with its settings in the assignment, as staff see it."""
    row, version = one.row, one.version
    settings = {name: getattr(row, name) for name in settings_in(ProblemSettings)}
    settings["points"] = version.points if row.points is None else row.points
    return PosedSettings(
        **settings,
        problem=row.slug,
        version_id=version.id,
        number=version.number,
        newest=one.newest,
        of=version.problem,
        space=space_of(version),
        title=version.title,
        own_points=row.points,
        position=row.position,
        parts=tuple(PartSummary(**part) for part in version.parts),
        opened=one.opened,
        version=row.version,
    )


def version_to_pin(
    session: Session,
    course: Course,
    *,
    version_id: UUID | None = None,
    of: str = "",
    spaces: Sequence[str] = (),
    field: str = "problem",
) -> ProblemVersion:
    """Return a published version of the bank or of *course*, by its id or the newest of a problem.

    Without *version_id*, return the newest version of problem *of* in the first of *spaces* that
    has one; by default the course comes before the bank. Raises `Invalid` if there is none: the
    error names *field*, or ``version`` for an id. A version of another course does not count.
    """
    if version_id is None:
        looked = (newest(session, of, space=one) for one in spaces or (str(course.id), BANK))
        found = next((one for one in looked if one is not None), None)
        said = "is no published problem of the course or of the bank"
    else:
        either = or_(ProblemVersion.space == BANK, ProblemVersion.space == str(course.id))
        one = ProblemVersion.id == version_id
        found = session.scalar(
            select(ProblemVersion).where(one, either, ProblemVersion.status == "published")
        )
        field, said = "version", "is no published version of the course or of the bank"
    if found is None:
        raise Invalid.of(field, said)
    return found
