"""Problems of assignments with the versions to which they are pinned."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

from api.core.errors import InvalidInput
from api.db.engine import cache_in_snapshot
from api.db.models import AssignmentProblem, Course, Draw, Enrolment, ProblemVersion, Submission
from api.schemas.assignments.problems import AssignedProblemSettings, PartSummary, ProblemSettings
from api.schemas.shared.setting import collect_declared_settings
from api.services.problems.versions import BANK, load_newest_version, space_kind

PROBLEM_IDS: Final[BindParameter[Any]] = bindparam("problems", expanding=True)
PINNED_PROBLEMS: Final = (
    select(AssignmentProblem, ProblemVersion)
    .join(ProblemVersion, ProblemVersion.id == AssignmentProblem.version_id)
    .where(
        AssignmentProblem.assignment_id.in_(bindparam("assignments", expanding=True)),
        AssignmentProblem.removed_at.is_(None),
    )
    .order_by(AssignmentProblem.position, AssignmentProblem.id)
)
NEWEST_NUMBERS: Final = (
    select(ProblemVersion.space, ProblemVersion.problem, func.max(ProblemVersion.number))
    .where(ProblemVersion.problem.in_(PROBLEM_IDS), ProblemVersion.status == "published")
    .group_by(ProblemVersion.space, ProblemVersion.problem)
)
OPENED_PROBLEMS: Final = select(AssignmentProblem.id).where(
    AssignmentProblem.id.in_(PROBLEM_IDS),
    or_(
        exists().where(Draw.problem_id == AssignmentProblem.id),
        exists().where(Submission.problem_id == AssignmentProblem.id),
    ),
)
PROBLEMS_SEEN_BY_STUDENTS: Final = select(AssignmentProblem.id).where(
    AssignmentProblem.id.in_(PROBLEM_IDS),
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
class PinnedProblem:
    """Problem of an assignment, its version, and whether anybody has opened it."""

    row: AssignmentProblem
    version: ProblemVersion
    newest_number: int
    opened: bool


def load_problems(session: Session, assignment_id: UUID) -> Sequence[AssignmentProblem]:
    """Return the problems of an assignment in their order."""
    return session.scalars(
        select(AssignmentProblem)
        .where(
            AssignmentProblem.assignment_id == assignment_id,
            AssignmentProblem.removed_at.is_(None),
        )
        .order_by(AssignmentProblem.position, AssignmentProblem.id)
    ).all()


def load_pinned_problems(
    session: Session, assignments: Collection[UUID]
) -> Mapping[UUID, tuple[PinnedProblem, ...]]:
    """Return the problems of each of *assignments* in order, with three queries in total."""
    key = (PinnedProblem, frozenset(assignments))
    return cache_in_snapshot(
        session, key, lambda: _load_pinned_problems_uncached(session, assignments)
    )


def _load_pinned_problems_uncached(
    session: Session, assignments: Collection[UUID]
) -> Mapping[UUID, tuple[PinnedProblem, ...]]:
    rows = session.execute(PINNED_PROBLEMS, {"assignments": list(assignments)}).all()
    numbers = _load_newest_version_numbers(session, {version.problem for _, version in rows})
    opened = _load_opened_problems(session, [row.id for row, _ in rows])
    by_assignment: defaultdict[UUID, list[PinnedProblem]] = defaultdict(list)
    for row, version in rows:
        number = numbers.get((version.space, version.problem), version.number)
        problem = PinnedProblem(row, version, number, row.id in opened)
        by_assignment[row.assignment_id].append(problem)
    return {assignment: tuple(by_assignment[assignment]) for assignment in assignments}


def _load_newest_version_numbers(
    session: Session, problems: Iterable[str]
) -> dict[tuple[str, str], int]:
    rows = session.execute(NEWEST_NUMBERS, {"problems": list(problems)})
    return {(space, problem): number for space, problem, number in rows}


def _load_opened_problems(session: Session, problems: Sequence[UUID]) -> set[UUID]:
    return {*session.scalars(OPENED_PROBLEMS, {"problems": list(problems)})}


def has_been_opened(session: Session, problem: AssignmentProblem) -> bool:
    """Return whether anybody, even the test student, has opened a problem."""
    return bool(_load_opened_problems(session, [problem.id]))


def load_problems_seen_by_students(session: Session, problems: Collection[UUID]) -> frozenset[UUID]:
    """Return those of *problems* that a student other than the test student has opened."""
    return frozenset(session.scalars(PROBLEMS_SEEN_BY_STUDENTS, {"problems": list(problems)}))


def has_submissions(session: Session, problem: AssignmentProblem) -> bool:
    """Return whether anybody has submitted to a problem."""
    query = select(Submission.id).where(Submission.problem_id == problem.id)
    return session.scalar(query.limit(1)) is not None


def serialize_problem_settings(pinned_problem: PinnedProblem) -> AssignedProblemSettings:
    """Return a problem with its settings in the assignment, as staff see it."""
    row, version = pinned_problem.row, pinned_problem.version
    settings = {name: getattr(row, name) for name in collect_declared_settings(ProblemSettings)}
    settings["points"] = version.points if row.points is None else row.points
    return AssignedProblemSettings(
        **settings,
        problem=row.slug,
        version_id=version.id,
        number=version.number,
        newest=pinned_problem.newest_number,
        of=version.problem,
        space=space_kind(version),
        title=version.title,
        own_points=row.points,
        position=row.position,
        parts=tuple(PartSummary(**part) for part in version.parts),
        opened=pinned_problem.opened,
        version=row.version,
    )


def find_version_to_pin(
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
    has one; by default the course comes before the bank. Raises `InvalidInput` if there is none:
    the error names *field*, or ``version`` for an id. A version of another course does not count.
    """
    if version_id is None:
        candidates = (
            load_newest_version(session, of, space=one) for one in spaces or (str(course.id), BANK)
        )
        version = next((candidate for candidate in candidates if candidate is not None), None)
        message = "is not a published problem of the course or the bank"
    else:
        is_usable = or_(ProblemVersion.space == BANK, ProblemVersion.space == str(course.id))
        is_wanted = ProblemVersion.id == version_id
        version = session.scalar(
            select(ProblemVersion).where(is_wanted, is_usable, ProblemVersion.status == "published")
        )
        field, message = "version", "is not a published version of the course or the bank"
    if version is None:
        raise InvalidInput.for_field(field, message)
    return version
