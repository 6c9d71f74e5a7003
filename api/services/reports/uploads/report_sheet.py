"""Sheet of an assignment for reports: its problems with the numbers of a student."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.authorization import AssignedProblem, CourseMembership
from api.core.errors import InvalidInput
from api.db.models import Assignment, AssignmentProblem, ProblemVersion, Variant
from api.services.assignments.pinned_versions import PINNED_PROBLEMS
from api.services.engine.assigned_variant import load_current_draw
from api.services.engine.variant_identity import VariantIdentity, load_identity_at
from api.services.reports.sheets import MAX_SHEET_PARTS
from api.services.reports.uploads.reading_job import SheetProblem
from grader.reading import NumberStyle
from grader.reports.labels import Label
from grader.reports.sheet import label_parts

NO_PROBLEMS_MESSAGE: Final = "This assignment has no problems yet, so there is nothing to read."
TOO_LARGE_MESSAGE: Final = (
    f"This assignment has more than {MAX_SHEET_PARTS} parts, which is too many for a report. "
    "Type the answers on the pages of the problems."
)


@dataclass(frozen=True, slots=True)
class LabeledProblem:
    """Problem of an assignment, with the labels of its parts on the sheet."""

    problem: AssignmentProblem
    version: ProblemVersion
    labels: Mapping[str, Label]


@dataclass(frozen=True, slots=True)
class ReportSheet:
    """Sheet that a report answers, and the numbers of the student by problem."""

    problems: tuple[SheetProblem, ...]
    draws: Mapping[str, VariantIdentity | None]


def load_labeled_problems(session: Session, assignment_id: UUID) -> Sequence[LabeledProblem]:
    """Return the problems of an assignment in order, with the labels of their parts."""
    rows = session.execute(PINNED_PROBLEMS, {"assignments": [assignment_id]}).all()
    return [
        LabeledProblem(
            problem,
            version,
            label_parts(number, problem.labels or "", [part["id"] for part in version.parts]),
        )
        for number, (problem, version) in enumerate(rows, 1)
    ]


def load_report_sheet(
    session: Session, member: CourseMembership, assignment: Assignment
) -> ReportSheet:
    """Return the sheet of an assignment with the numbers of *member*.

    Raises `InvalidInput` if the assignment has no problems, or too many parts.
    """
    labeled_problems = load_labeled_problems(session, assignment.id)
    if not labeled_problems:
        raise InvalidInput(NO_PROBLEMS_MESSAGE)
    if sum(len(problem.labels) for problem in labeled_problems) > MAX_SHEET_PARTS:
        raise InvalidInput(TOO_LARGE_MESSAGE)
    problems: list[SheetProblem] = []
    draws: dict[str, VariantIdentity | None] = {}
    for item in labeled_problems:
        slug = item.problem.slug
        version, seed, draws[slug] = _load_draw(session, member, assignment, item)
        style: NumberStyle | None = member.course.numbers  # type: ignore[assignment]  # a style or none
        problems.append(
            SheetProblem(
                slug,
                version.source,
                seed,
                tuple(item.labels.items()),
                has_set_labels=bool(item.problem.labels),
                numbers=style,
            )
        )
    return ReportSheet(tuple(problems), draws)


def load_draw_identity(
    session: Session, member: CourseMembership, assignment: Assignment, item: LabeledProblem
) -> VariantIdentity | None:
    """Return the identity of the numbers that *member* has now in a problem."""
    return _load_draw(session, member, assignment, item)[2]


def _load_draw(
    session: Session, member: CourseMembership, assignment: Assignment, item: LabeledProblem
) -> tuple[ProblemVersion, int | None, VariantIdentity | None]:
    """Return the version, the seed and the identity of a student's numbers in a problem."""
    assigned = AssignedProblem(member, assignment, item.problem, item.version)
    draw, _ = load_current_draw(session, assigned, student=member.student_id)
    version = session.get_one(ProblemVersion, draw.version_id)
    seed = session.scalar(
        select(Variant.seed).where(
            Variant.version_id == draw.version_id, Variant.position == draw.position
        )
    )
    return version, seed, load_identity_at(session, draw.version_id, draw.position)
