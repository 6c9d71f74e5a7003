"""Problem session of a student: the rules that hold, and the assigned variant."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.authorization import PROBLEM_NOT_FOUND_MESSAGE, AssignedProblem, CourseMembership
from api.core.clock import to_micros
from api.core.errors import Forbidden, NotFound
from api.db.models import Assignment, AssignmentProblem, Draw
from api.db.upserts import insert_missing_rows
from api.services.assignments.release import (
    Visibility,
    compute_results_visibility,
    compute_solutions_visibility,
    solutions_hidden_until,
)
from api.services.assignments.rules import load_distinct_rules, load_student_rules
from api.services.engine.assigned_variant import load_current_draw
from api.services.engine.protected_numbers import load_rules_of_sharers
from api.services.engine.variants import ORIGINAL_POSITION, VariantCache, resolve_variant_position
from api.services.grades import ProgressKey
from api.services.submissions.variant_assignment import VariantAssignment
from grader.policy import SubmissionRules
from grader.reading.grammar.number_styles import NumberStyle
from grader.variants.variant import Variant


@dataclass(frozen=True, slots=True)
class VariantChoice:
    """Variant that staff choose to see, by its seed or by its position in the list."""

    seed: int | None = None
    position: int | None = None

    @property
    def is_set(self) -> bool:
        """Whether a seed or a position is given."""
        return self.seed is not None or self.position is not None


OWN_VARIANT: Final = VariantChoice()
"""Default choice: a student's own numbers, or the original for staff."""


@dataclass(frozen=True, slots=True)
class ProblemSession:
    """Problem session: a problem with the rules and the variant of one user.

    *opened_at* is the stored time when the student first saw these numbers; None before that.
    *preview* means that staff look at a variant that belongs to no student.
    """

    assigned: AssignedProblem
    rules: SubmissionRules
    draw: VariantAssignment
    opened_at: datetime | None
    preview: bool
    now: datetime

    @property
    def student_id(self) -> UUID:
        """Id of the student whose work it is."""
        return self.assigned.member.student_id

    @property
    def key(self) -> ProgressKey:
        """Key of the student's progress in the problem."""
        return ProgressKey(self.assigned.problem.id, self.student_id)

    @property
    def results_visibility(self) -> Visibility:
        """Whether the student sees verdicts now."""
        return compute_results_visibility(self.assigned.assignment, self.rules, now=self.now)

    @property
    def has_class_wide_numbers(self) -> bool:
        """Whether any other student of the class may have or get these numbers.

        With `each_after`, students draw new numbers, which can be those of anybody.
        """
        return (
            self.assigned.assignment.variants != "each" or self.draw.position == ORIGINAL_POSITION
        )

    @property
    def is_first_view(self) -> bool:
        """Whether the student sees the numbers for the first time, which must be recorded."""
        is_seen = self.opened_at is not None
        return not (is_seen or self.is_read_only)

    @property
    def is_read_only(self) -> bool:
        """Whether the caller only looks: staff, a view as a student, or a draft."""
        is_draft = not self.rules.is_released(to_micros(self.now))
        return self.preview or self.assigned.member.viewing or is_draft

    def load_variant(self, session: Session, variants: VariantCache) -> Variant:
        """Return the variant of this session."""
        return variants.get_variant(session, self.draw.version_id, self.draw.position)


def load_released_rules(
    session: Session, assigned: AssignedProblem, *, now: datetime
) -> SubmissionRules:
    """Return the rules for the student whose work it is.

    Raises `NotFound` for a student before the release, unless staff view as the test student.
    """
    member = assigned.member
    rules = load_student_rules(session, member, [assigned.assignment])[assigned.assignment.id]
    sees_drafts = member.is_staff or member.previews_drafts
    if not sees_drafts and not rules.is_released(to_micros(now)):
        raise NotFound(PROBLEM_NOT_FOUND_MESSAGE)
    return rules


def open_problem_session(
    session: Session,
    assigned: AssignedProblem,
    choice: VariantChoice = OWN_VARIANT,
    *,
    now: datetime,
) -> ProblemSession:
    """Return the session with the student's own variant; staff get the original or their *choice*.

    Raises `NotFound` before the release, and `Forbidden` if a student makes a choice.
    """
    rules = load_released_rules(session, assigned, now=now)
    if choice.is_set:
        assigned.member.require("see_key")
    if choice.is_set or assigned.member.is_staff:
        position = resolve_variant_position(
            session, assigned.version.id, seed=choice.seed, position=choice.position
        )
        chosen_draw = VariantAssignment(0, assigned.version.id, position)
        return ProblemSession(assigned, rules, chosen_draw, opened_at=None, preview=True, now=now)
    draw, opened_at = load_current_draw(session, assigned, student=assigned.member.student_id)
    return ProblemSession(assigned, rules, draw, opened_at=opened_at, preview=False, now=now)


def load_solutions_visibility(session: Session, problem_session: ProblemSession) -> Visibility:
    """Return whether the student sees keys and worked solutions now."""
    sharing = _load_sharing_rules(session, problem_session)
    return compute_solutions_visibility(
        problem_session.assigned.assignment,
        problem_session.rules,
        sharing=sharing,
        now=problem_session.now,
    )


def _load_sharing_rules(
    session: Session, problem_session: ProblemSession
) -> tuple[SubmissionRules, ...]:
    """Return the rules of students with the same numbers whose time may end later."""
    assigned = problem_session.assigned
    if problem_session.has_class_wide_numbers:
        return load_distinct_rules(session, assigned.assignment, assigned.member.course)
    own_end = solutions_hidden_until(assigned.assignment, problem_session.rules)
    if problem_session.preview or own_end is None:
        return ()
    return load_rules_of_sharers(
        session, assigned, problem_session.draw, own_end=own_end, now=problem_session.now
    )


def try_record_first_view(session: Session, problem_session: ProblemSession) -> bool:
    """Record when the student first saw the numbers, which now stay with the student.

    Returns False if the problem has another version by now, as its numbers may differ.
    """
    if not lock_and_compare_version(session, problem_session):
        return False
    row = {
        "problem_id": problem_session.assigned.problem.id,
        "student_id": problem_session.student_id,
        "number": problem_session.draw.number,
        "version_id": problem_session.draw.version_id,
        "position": problem_session.draw.position,
        "opened_at": problem_session.now,
    }
    insert_missing_rows(session, Draw, [row])
    return True


def lock_and_compare_version(session: Session, problem_session: ProblemSession) -> bool:
    """Return whether the problem still has the version of *problem_session*.

    Takes a shared lock on the assignment until the transaction ends. A change of the version takes
    an exclusive one, so the answer stays true.
    """
    session.execute(
        select(Assignment.id)
        .where(Assignment.id == problem_session.assigned.assignment.id)
        .with_for_update(read=True)
    )
    pinned = select(AssignmentProblem.version_id).where(
        AssignmentProblem.id == problem_session.assigned.problem.id
    )
    return session.scalar(pinned) == problem_session.assigned.version.id


def check_not_viewing_as_student(member: CourseMembership) -> None:
    """Raise `Forbidden` if staff view the course as a student, for whom they cannot write."""
    if member.viewing:
        raise Forbidden("You are viewing as a student. Only the test student can do this.")


def get_number_style(problem_session: ProblemSession, variant: Variant) -> NumberStyle | None:
    """Return the number style for answers: the problem's, otherwise the course's."""
    course_style: NumberStyle | None = problem_session.assigned.member.course.numbers  # type: ignore[assignment]
    return variant.problem.numbers or course_style
