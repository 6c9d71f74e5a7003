"""New numbers for a student with enough attempts at the old ones."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.core.clock import to_micros
from api.core.errors import Conflict, Forbidden
from api.db.models import Answer, Draw, Standing
from api.db.upserts import insert_missing
from api.schemas.student.work import NewNumbers
from api.services.engine.assigned_variant import draw_position
from api.services.engine.variant_identity import Numbers, numbers_had, numbers_in
from api.services.engine.variants import ORIGINAL
from api.services.grades import answered, earlier_answers
from api.services.student.problem_session import Seat, is_pinned
from api.services.submissions.late_days import with_late_days
from grader.policy import attempts_used

__all__ = ["new_numbers"]

FULL: Final = 1
TEXT: Final = "text"


def new_numbers(session: Session, seat: Seat) -> NewNumbers:
    """Assign numbers that are new to the student; raise `Conflict` if it is too early or too late.

    Earned credit stays, attempts continue to count, and later parts do not carry answers to the old
    numbers. Of two concurrent requests, one fails.
    """
    if seat.preview:
        raise Forbidden("Only students and the test student have numbers of their own.")
    if not is_pinned(session, seat):
        raise Conflict("The problem was changed just now; read it again.")
    _lock(session, seat)
    used = numbers_had(session, seat.key.problem_id, seat.student_id)
    if seat.drawn.number + 1 in used:
        raise Conflict("You have new numbers already; read the problem again.")
    _check_time(session, seat)
    number = seat.drawn.number + 1
    row = {
        **seat.key._asdict(),
        "number": number,
        "version_id": seat.posed.version.id,
        "position": _unused(session, seat, number, set(used.values())),
        "opened_at": seat.now,
    }
    insert_missing(session, Draw, [row])
    return NewNumbers(draw=number, opened_at=seat.now)


def _lock(session: Session, seat: Seat) -> None:
    """Lock the student's progress in the problem against concurrent requests."""
    session.execute(
        select(Standing.problem_id)
        .where(Standing.problem_id == seat.key.problem_id, Standing.student_id == seat.student_id)
        .with_for_update()
    )


def _check_time(session: Session, seat: Seat) -> None:
    """Raise `Conflict` unless the assignment gives new numbers now."""
    assignment = seat.posed.assignment
    if assignment.variants != "each_after" or not assignment.new_after:
        raise Conflict("This assignment gives no new numbers.")
    held, _ = with_late_days(session, assignment, student=seat.student_id, at=seat.now)
    if not held.is_open(to_micros(seat.now)):
        raise Conflict("The assignment is closed.", code="deadline_passed")
    answers = earlier_answers(session, [seat.key])[seat.key]
    here = [one for one in answers if one.draw == seat.drawn.number]
    tried = _tried(here, verdicts=seat.results.now)
    if tried < assignment.new_after:
        raise Conflict(
            f"New numbers come after {assignment.new_after} counted attempts at a part without "
            f"full credit; so far there are {tried}."
        )
    if not _has_attempts(seat, answers):
        raise Conflict(
            "No attempt is left at any part, so there is nothing to answer with new numbers.",
            code="attempts_exhausted",
        )


def _has_attempts(seat: Seat, answers: Sequence[Answer]) -> bool:
    """Return whether the student can still answer a part; a text part always accepts answers."""
    return any(
        part["kind"] == TEXT
        or seat.rules.attempts_left(
            attempts_used(answered(one) for one in answers if one.part == part["id"])
        )
        != 0
        for part in seat.posed.version.parts
    )


def _tried(answers: list[Answer], *, verdicts: bool) -> int:
    """Return the largest number of counted attempts at any part without full credit.

    If *verdicts* are hidden, parts with full credit count too, so that nothing is revealed.
    """
    full = {one.part for one in answers if verdicts and one.credit == FULL}
    counted = Counter(
        one.part for one in answers if one.attempt is not None and one.part not in full
    )
    return max(counted.values(), default=0)


def _unused(session: Session, seat: Seat, number: int, used: Collection[Numbers]) -> int:
    """Return the position of the drawn variant, or of the next one new to the student."""
    length = seat.posed.version.variants
    start = draw_position(seat.posed, number, student=seat.student_id)
    if start == ORIGINAL:
        raise Conflict("This problem has no other numbers.")
    listed = numbers_in(session, seat.posed.version.id)
    for step in range(length):
        position = (start + step) % length
        if listed[position] not in used:
            return position
    raise Conflict(f"You have had all {length} sets of numbers that there are.")
