"""Where a student sits at a problem: the rules that hold there, and the numbers that are theirs."""

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
    """Which variant staff want to see, by its seed or by its place in the list."""

    seed: int | None = None
    position: int | None = None

    @property
    def is_made(self) -> bool:
        """Whether one of the two is given."""
        return self.seed is not None or self.position is not None


OWN: Final = Choice()
"""No choice: a student's own numbers, for staff the original."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A problem as somebody has it: the rules, and which numbers.

    *opened_at* is when the student saw these numbers first, which is written; None before that.
    *preview*: staff look at a variant, which is nobody's.
    """

    posed: Posed
    rules: Rules
    drawn: Drawn
    opened_at: datetime | None
    preview: bool
    now: datetime

    @property
    def student_id(self) -> UUID:
        """Whose work it is."""
        return self.posed.member.student_id

    @property
    def key(self) -> Key:
        """Whose standing it is, and where."""
        return Key(self.posed.problem.id, self.student_id)

    @property
    def results(self) -> Shown:
        """Whether the student sees verdicts now."""
        return results_shown(self.posed.assignment, self.rules, now=self.now)

    @property
    def has_class_wide_numbers(self) -> bool:
        """Whether any student of the class may have these numbers or get them.

        With `each_after` students draw new numbers, which can be those of anybody.
        """
        return self.posed.assignment.variants != "each" or self.drawn.position == ORIGINAL

    @property
    def is_first_sight(self) -> bool:
        """Whether the student sees the numbers for the first time, which is to be noted."""
        is_seen = self.opened_at is not None
        return not (is_seen or self.preview or self.posed.member.viewing)

    def variant(self, session: Session, variants: Variants) -> Variant:
        """Return the variant with these numbers."""
        return variants.variant(session, self.drawn.version_id, self.drawn.position)


def own_rules(session: Session, posed: Posed, *, now: datetime) -> Rules:
    """Return the rules for whose work it is; `NotFound` for a student before the release."""
    member = posed.member
    rules = rules_of(session, member, [posed.assignment])[posed.assignment.id]
    if not member.is_staff and not rules.released(to_micros(now)):
        raise NotFound(NO_PROBLEM)
    return rules


def take_seat(session: Session, posed: Posed, choice: Choice = OWN, *, now: datetime) -> Seat:
    """Return the problem with the student's own numbers; staff get the original or their *choice*.

    Raises `NotFound` before the release, `Forbidden` for a student who wants to choose.
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
    """Return the rules of students with the same numbers, whose time may end after the seat's."""
    posed = seat.posed
    if seat.has_class_wide_numbers:
        return rules_in_class(session, posed.assignment, posed.member.course)
    own_end = solutions_end(posed.assignment, seat.rules)
    if seat.preview or own_end is None:
        return ()
    return rules_of_students_with(session, posed, seat.drawn, own_end=own_end, now=seat.now)


def note_opened(session: Session, seat: Seat) -> bool:
    """Write that the student has seen the numbers, and when; they stay with the student.

    False where the problem has another version by now: it may have other numbers.
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
    """Tell whether the problem still has the version of *seat*; it stays so until the end.

    Who brings another version holds the assignment alone; here it is held in common.
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
    """Raise `Forbidden` where staff look as a student, for whom they can write nothing."""
    if member.viewing:
        raise Forbidden("You look as a student; only the test student can do this.")


def numbers_of(seat: Seat, variant: Variant) -> Style | None:
    """Return how decimals are marked: as the problem says, else as the course does."""
    own: Style | None = seat.posed.member.course.numbers  # type: ignore[assignment]
    return variant.problem.numbers or own
