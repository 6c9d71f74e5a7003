"""Practice: other variants of a problem, graded without limit; nothing is stored."""

import hmac
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from api.core.clock import to_micros
from api.core.errors import NotReleased
from api.schemas.student.solution import PracticeOutcome, PracticeProblem, PracticeReply
from api.services.engine.protected_numbers import numbers_at_work
from api.services.engine.single_answer import student_record
from api.services.engine.variant_identity import numbers_had, numbers_in
from api.services.engine.variants import Variants
from api.services.student.problem_session import Seat, solutions_of
from api.services.student.questions import asked, numbers, statement
from api.services.student.times import moment_of
from api.services.submissions.preparation import check_parts
from grader.grading.grade import grade
from grader.reading import Style, Typed
from grader.variants.variant import Variant
from problems.book import BOOK

__all__ = ["practice_problem", "practice_variant", "practise"]


def practice_problem(
    session: Session, seat: Seat, number: int, *, variants: Variants
) -> PracticeProblem:
    """Return the problem with the numbers of practice *number*."""
    return _asked(number, practice_variant(session, seat, number, variants=variants))


def _asked(number: int, variant: Variant) -> PracticeProblem:
    return PracticeProblem(
        number=number,
        title=variant.problem.title,
        statement=statement(variant),
        numbers=numbers(variant),
        parts=tuple(asked(part, variant) for part in variant.problem.parts),
    )


def practise(
    variant: Variant, number: int, answers: Mapping[str, Typed], *, numbers: Style | None
) -> PracticeReply:
    """Grade *answers* to practice *number*, whose numbers are those of *variant*."""
    check_parts(variant.problem, answers)
    results = grade(variant, answers, book=BOOK, numbers=numbers)
    return PracticeReply(
        problem=_asked(number, variant),
        results=tuple(
            PracticeOutcome(**_seen(student_record(one, variant)), credit=one.credit)
            for one in results
            if one.part in answers
        ),
    )


def _seen(told: Mapping[str, Any]) -> dict[str, Any]:
    names = ("part", "status", "read_as", "notes", "feedback", "position", "cells", "place")
    return {name: told[name] for name in names}


def practice_variant(session: Session, seat: Seat, number: int, *, variants: Variants) -> Variant:
    """Return the variant of a practice number; not the student's own unless it is the only one."""
    _check_time(session, seat)
    others = _others(session, seat)
    if not others:
        _check_solutions(session, seat)
        return seat.variant(session, variants)
    told = f"practice|{seat.posed.problem.id}|{seat.student_id}".encode()
    digest = hmac.digest(bytes.fromhex(seat.posed.member.course.secret), told, "sha256")
    start = int.from_bytes(digest, "big") % len(others)
    position = others[(start + number) % len(others)]
    return variants.variant(session, seat.drawn.version_id, position)


def _check_time(session: Session, seat: Seat) -> None:
    """Raise `NotReleased` if the student may still submit, unless solutions are visible."""
    ends = seat.rules.ends_at
    if seat.preview or (ends is not None and ends < to_micros(seat.now)):
        return
    _check_solutions(session, seat)


def _check_solutions(session: Session, seat: Seat) -> None:
    shown = solutions_of(session, seat)
    if seat.preview or shown.now:
        return
    until = shown.since
    when = "later"
    if until is not None:
        when = f"after {moment_of(until, seat.posed.member.course.zone, now=seat.now).text}"
    raise NotReleased(f"There is practice on this problem {when}.", until=until)


def _others(session: Session, seat: Seat) -> list[int]:
    """Return the positions of all variants except the student's own and those still graded.

    Numbers of students who may still submit are left out, so that nobody tries answers for them.
    """
    listed = numbers_in(session, seat.drawn.version_id)
    had = numbers_had(session, seat.key.problem_id, seat.student_id)
    taken = {listed[seat.drawn.position], *had.values()}
    if not seat.preview:
        taken |= numbers_at_work(session, seat.posed, now=seat.now)
    return [position for position, numbers in listed.items() if numbers not in taken]
