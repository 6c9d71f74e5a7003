"""Problem session of a student: the rules that hold, and the assigned variant."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.authorization import NO_PROBLEM, Member, Posed
from api.core.clock import to_micros
from api.core.errors import Forbidden, NotFound
from api.db.models import Assignment, AssignmentProblem, Draw
from api.db.upserts import insert_missing
from api.services.assignments.release import Shown, results_shown, solutions_end, solutions_shown
from api.services.assignments.rules import rules_in_class, rules_of
from api.services.engine.assigned_variant import current_draw
from api.services.engine.protected_numbers import rules_of_students_with
from api.services.engine.variants import ORIGINAL, Variants, chosen_position
from api.services.grades import Key
from api.services.submissions.drawn import Drawn
from grader.policy import Rules
from grader.reading.grammar.number_styles import Style
from grader.variants.variant import Variant

__all__ = [
    "OWN",
    "Choice",
    "Seat",
    "check_writes",
    "is_pinned",
    "note_opened",
    "numbers_of",
    "own_rules",
    "solutions_of",
    "take_seat",
]


@dataclass(frozen=True, slots=True)
class Choice:
    """Variant that staff choose to see, by its seed or by its position in the list."""

    seed: int | None = None
    position: int | None = None

    @property
    def is_made(self) -> bool:
        """Whether a seed or a position is given."""
        return self.seed is not None or self.position is not None


OWN: Final = Choice()
"""No choice: a student's own numbers, for staff the original."""


@dataclass(frozen=True, slots=True)
class Seat:
    """Problem session: a problem with the rules and the variant of one user.

    *opened_at* is the stored time when the student first saw these numbers; None before that.
    *preview* means that staff look at a variant that belongs to no student.
    """

    posed: Posed
    rules: Rules
    drawn: Drawn
    opened_at: datetime | None
    preview: bool
    now: datetime

    @property
    def student_id(self) -> UUID:
        """Id of the student whose work it is."""
        return self.posed.member.student_id

    @property
    def key(self) -> Key:
        """Key of the student's progress in the problem."""
        return Key(self.posed.problem.id, self.student_id)

    @property
    def results(self) -> Shown:
        """Whether the student sees verdicts now."""
        return results_shown(self.posed.assignment, self.rules, now=self.now)

    @property
    def has_class_wide_numbers(self) -> bool:
        """Whether any other student of the class may have or get these numbers.

        With `each_after`, students draw new numbers, which can be those of anybody.
        """
        return self.posed.assignment.variants != "each" or self.drawn.position == ORIGINAL

    @property
    def is_first_sight(self) -> bool:
        """Whether the student sees the numbers for the first time, which must be recorded."""
        is_seen = self.opened_at is not None
        return not (is_seen or self.preview or self.posed.member.viewing)

    def variant(self, session: Session, variants: Variants) -> Variant:
        """Return the variant of this session."""
        return variants.variant(session, self.drawn.version_id, self.drawn.position)


def own_rules(session: Session, posed: Posed, *, now: datetime) -> Rules:
    """Return the rules for the student whose work it is.

    Raises `NotFound` for a student before the release.
    """
    member = posed.member
    rules = rules_of(session, member, [posed.assignment])[posed.assignment.id]
    if not member.is_staff and not rules.released(to_micros(now)):
        raise NotFound(NO_PROBLEM)
    return rules


def take_seat(session: Session, posed: Posed, choice: Choice = OWN, *, now: datetime) -> Seat:
    """Return the session with the student's own variant; staff get the original or their *choice*.

    Raises `NotFound` before the release, and `Forbidden` if a student makes a choice.
    """
    rules = own_rules(session, posed, now=now)
    if choice.is_made:
        posed.member.need("see_key")
    if choice.is_made or posed.member.is_staff:
        position = chosen_position(
            session, posed.version.id, seed=choice.seed, position=choice.position
        )
        chosen = Drawn(0, posed.version.id, position)
        return Seat(posed, rules, chosen, opened_at=None, preview=True, now=now)
    drawn, opened_at = current_draw(session, posed, student=posed.member.student_id)
    return Seat(posed, rules, drawn, opened_at=opened_at, preview=False, now=now)


def solutions_of(session: Session, seat: Seat) -> Shown:
    """Return whether the student sees keys and worked solutions now."""
    sharing = _sharing_rules(session, seat)
    return solutions_shown(seat.posed.assignment, seat.rules, sharing=sharing, now=seat.now)


def _sharing_rules(session: Session, seat: Seat) -> tuple[Rules, ...]:
    """Return the rules of students with the same numbers whose time may end later."""
    posed = seat.posed
    if seat.has_class_wide_numbers:
        return rules_in_class(session, posed.assignment, posed.member.course)
    own_end = solutions_end(posed.assignment, seat.rules)
    if seat.preview or own_end is None:
        return ()
    return rules_of_students_with(session, posed, seat.drawn, own_end=own_end, now=seat.now)


def note_opened(session: Session, seat: Seat) -> bool:
    """Record when the student first saw the numbers, which now stay with the student.

    Returns False if the problem has another version by now, as its numbers may differ.
    """
    if not is_pinned(session, seat):
        return False
    row = {
        "problem_id": seat.posed.problem.id,
        "student_id": seat.student_id,
        "number": seat.drawn.number,
        "version_id": seat.drawn.version_id,
        "position": seat.drawn.position,
        "opened_at": seat.now,
    }
    insert_missing(session, Draw, [row])
    return True


def is_pinned(session: Session, seat: Seat) -> bool:
    """Return whether the problem still has the version of *seat*.

    Takes a shared lock on the assignment until the transaction ends. A change of the version takes
    an exclusive one, so the answer stays true.
    """
    session.execute(
        select(Assignment.id)
        .where(Assignment.id == seat.posed.assignment.id)
        .with_for_update(read=True)
    )
    pinned = select(AssignmentProblem.version_id).where(
        AssignmentProblem.id == seat.posed.problem.id
    )
    return session.scalar(pinned) == seat.posed.version.id


def check_writes(member: Member) -> None:
    """Raise `Forbidden` if staff view the course as a student, for whom they cannot write."""
    if member.viewing:
        raise Forbidden("You look as a student; only the test student can do this.")


def numbers_of(seat: Seat, variant: Variant) -> Style | None:
    """Return the number style for answers: the problem's, otherwise the course's."""
    own: Style | None = seat.posed.member.course.numbers  # type: ignore[assignment]
    return variant.problem.numbers or own
