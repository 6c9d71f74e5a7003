"""New numbers for a student with enough attempts at the old ones."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.core.clock import to_micros
from api.core.errors import Conflict, Forbidden
from api.db.models import Answer, Draw, ProblemProgress
from api.db.upserts import insert_missing_rows
from api.schemas.student.work import NewNumbers
from api.services.engine.assigned_variant import compute_draw_position
from api.services.engine.variant_identity import (
    VariantIdentity,
    load_identities,
    load_past_identities,
)
from api.services.engine.variants import ORIGINAL_POSITION
from api.services.grades import load_answers, to_policy_answer
from api.services.student.problem_session import ProblemSession, lock_and_compare_version
from api.services.submissions.late_days import resolve_rules_and_late_days
from grader.policy import count_used_attempts

NO_NEW_NUMBERS: Final = "This assignment does not offer new numbers."
FULL_CREDIT: Final = 1
TEXT_KIND: Final = "text"


def assign_new_numbers(session: Session, problem_session: ProblemSession) -> NewNumbers:
    """Assign numbers that are new to the student; raise `Conflict` if it is too early or too late.

    Earned credit stays, attempts continue to count, and later parts do not carry answers to the old
    numbers. Of two concurrent requests, one fails.
    """
    if problem_session.preview:
        raise Forbidden("Only students and the test student have their own numbers.")
    if not lock_and_compare_version(session, problem_session):
        raise Conflict("The problem has just changed. Reload it.")
    _lock_progress(session, problem_session)
    used = load_past_identities(session, problem_session.key.problem_id, problem_session.student_id)
    if problem_session.draw.number + 1 in used:
        raise Conflict("You already have new numbers. Reload the problem.")
    _check_renewable(session, problem_session)
    number = problem_session.draw.number + 1
    row = {
        **problem_session.key._asdict(),
        "number": number,
        "version_id": problem_session.assigned.version.id,
        "position": _find_unused_position(session, problem_session, number, set(used.values())),
        "opened_at": problem_session.now,
    }
    insert_missing_rows(session, Draw, [row])
    return NewNumbers(draw=number, opened_at=problem_session.now)


def _lock_progress(session: Session, problem_session: ProblemSession) -> None:
    """Lock the student's progress in the problem against concurrent requests."""
    session.execute(
        select(ProblemProgress.problem_id)
        .where(
            ProblemProgress.problem_id == problem_session.key.problem_id,
            ProblemProgress.student_id == problem_session.student_id,
        )
        .with_for_update()
    )


def _check_renewable(session: Session, problem_session: ProblemSession) -> None:
    """Raise `Conflict` unless the assignment gives new numbers now."""
    assignment = problem_session.assigned.assignment
    if assignment.variants != "each_after" or not assignment.new_after:
        raise Conflict(NO_NEW_NUMBERS)
    rules, _ = resolve_rules_and_late_days(
        session, assignment, student=problem_session.student_id, received_at=problem_session.now
    )
    if not rules.is_open(to_micros(problem_session.now)):
        raise Conflict("The assignment is closed.", code="deadline_passed")
    answers = load_answers(session, [problem_session.key])[problem_session.key]
    current_answers = [answer for answer in answers if answer.draw == problem_session.draw.number]
    attempts = _max_attempts_without_full_credit(
        current_answers, verdicts_visible=problem_session.results_visibility.now
    )
    if attempts < assignment.new_after:
        raise Conflict(
            f"New numbers are available after {assignment.new_after} counted attempts at a part "
            f"without full credit; you have {attempts}."
        )
    if not _has_attempts_left(problem_session, answers):
        raise Conflict(
            "No attempts are left, so new numbers would not help.",
            code="attempts_exhausted",
        )


def _has_attempts_left(problem_session: ProblemSession, answers: Sequence[Answer]) -> bool:
    """Return whether the student can still answer a part; a text part always accepts answers."""
    return any(
        part["kind"] == TEXT_KIND
        or problem_session.rules.attempts_left(
            count_used_attempts(
                to_policy_answer(answer) for answer in answers if answer.part == part["id"]
            )
        )
        != 0
        for part in problem_session.assigned.version.parts
    )


def _max_attempts_without_full_credit(answers: list[Answer], *, verdicts_visible: bool) -> int:
    """Return the largest number of counted attempts at any part without full credit.

    If *verdicts_visible* are hidden, parts with full credit count too, so that nothing is revealed.
    """
    full = {answer.part for answer in answers if verdicts_visible and answer.credit == FULL_CREDIT}
    counted = Counter(
        answer.part for answer in answers if answer.attempt is not None and answer.part not in full
    )
    return max(counted.values(), default=0)


def _find_unused_position(
    session: Session,
    problem_session: ProblemSession,
    number: int,
    used: Collection[VariantIdentity],
) -> int:
    """Return the position of the drawn variant, or of the next one new to the student."""
    length = problem_session.assigned.version.variants
    start = compute_draw_position(
        problem_session.assigned, number, student=problem_session.student_id
    )
    if start == ORIGINAL_POSITION:
        raise Conflict("This problem has no other numbers.")
    listed = load_identities(session, problem_session.assigned.version.id)
    for step in range(length):
        position = (start + step) % length
        if listed[position] not in used:
            return position
    raise Conflict(f"You have used all {length} sets of numbers.")
