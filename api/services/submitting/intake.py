"""The way of a submission from a request to the writer: who, what, with which numbers, judged."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from api.clock import to_micros
from api.errors import FieldError, Forbidden, Invalid, NotFound
from api.services.access import NO_PROBLEM, Member, Posed
from api.services.draws import current_draw
from api.services.rules import rules_of
from api.services.standings import Key, earlier_answers
from api.services.submitting.entries import Accepted, Entry, fingerprint
from api.services.submitting.judging import carried_by, judge
from api.services.submitting.writing import find_replay
from api.services.variants import Variants
from grader.names import near
from grader.problem import Problem
from grader.reading import Typed

__all__ = ["check_parts", "check_released", "prepare"]


@dataclass(frozen=True, slots=True)
class _Sent:
    """What a request hands in, under which key, with its fingerprint, and when it came."""

    answers: Mapping[str, Typed]
    key: str | None
    print: str
    at: datetime


def prepare(
    session: Session,
    posed: Posed,
    answers: Mapping[str, Typed],
    *,
    variants: Variants,
    key: str | None,
    now: datetime,
) -> Entry | Accepted:
    """Return a submission judged and ready to be written, or what the same request gave before.

    Nothing is decided yet that others could change in between: limits, deadline and numbering are
    the writer's.
    """
    member = posed.member
    _check_hands_in(member)
    print_ = fingerprint(posed.problem.id, member.student_id, answers)
    replayed = find_replay(session, member.caller.id, key, print_)
    if replayed is not None:
        return replayed
    check_released(session, posed, now=now)
    check_parts(variants.problem(posed.version), answers)
    sent = _Sent(answers, key, print_, now)
    return _judged(session, posed, sent, variants=variants)


def _judged(session: Session, posed: Posed, sent: _Sent, *, variants: Variants) -> Entry:
    """Return what was *sent*, judged with the numbers that the student has now."""
    member = posed.member
    drawn, _ = current_draw(session, posed, student=member.student_id)
    standing = Key(posed.problem.id, member.student_id)
    earlier = earlier_answers(session, [standing])[standing]
    numbers = member.course.numbers
    judged = judge(
        variants.variant(session, drawn.version_id, drawn.position),
        sent.answers,
        carried=carried_by(earlier, draw=drawn.number),
        numbers=numbers,  # type: ignore[arg-type]  # a course holds a style or none
        draw=drawn.number,
    )
    return Entry(
        author_id=member.caller.id,
        student_id=member.student_id,
        course_id=member.course.id,
        assignment_id=posed.assignment.id,
        problem_id=posed.problem.id,
        problem=posed.problem.slug,
        token_id=member.caller.token_id,
        drawn=drawn,
        received_at=sent.at,
        answers=sent.answers,
        key=sent.key,
        judged=judged,
        seen=earlier[-1].sequence if earlier else 0,
        numbers=numbers,  # type: ignore[arg-type]
        print=sent.print,
    )


def _check_hands_in(member: Member) -> None:
    if member.viewing:
        raise Forbidden("You look as a student; only the test student can hand in.")
    if member.is_staff:
        raise Forbidden("Staff hand in as the test student: send the header X-View-As: test.")


def check_parts(problem: Problem, answers: Mapping[str, Typed]) -> None:
    """Raise `Invalid` where *answers* name a part that the problem does not have."""
    known = [part.id for part in problem.parts]
    wrong = [part for part in answers if part not in known]
    if wrong:
        raise Invalid(
            f"The problem has the parts {', '.join(known)}.",
            errors=tuple(
                FieldError(f"answers.{part[:80]}", f"is no part of the problem{near(part, known)}")
                for part in wrong[:20]
            ),
        )


def check_released(session: Session, posed: Posed, *, now: datetime) -> None:
    """Raise `NotFound` where a student may not see the problems of an assignment yet."""
    member = posed.member
    if member.is_staff:
        return
    held = rules_of(session, member, [posed.assignment])[posed.assignment.id]
    if not held.released(to_micros(now)):
        raise NotFound(NO_PROBLEM)
