"""Preparation of a submission: identity, rules, variant and replays, before grading."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.authorization import NO_PROBLEM, Member, Posed
from api.core.clock import to_micros
from api.core.errors import FieldError, Forbidden, Invalid, NotFound, TooLarge
from api.services.assignments.rules import rules_of
from api.services.engine.assigned_variant import drawn
from api.services.engine.judging_pool import is_expensive
from api.services.engine.variants import Variants
from api.services.grades import Key
from api.services.submissions.cache.loading import known_of
from api.services.submissions.cache.memory import Known, Memory, Seat
from api.services.submissions.cache.states import seats_of
from api.services.submissions.entries import Accepted, Entry, fingerprint
from api.services.submissions.grading import Judging
from api.services.submissions.writer.writing import find_replay
from grader.definitions.names import near
from grader.definitions.problem import Problem
from grader.kinds import KINDS
from grader.reading import Typed
from grader.reading.grammar.number_styles import Style
from grader.reading.lengths import text_length
from grader.variants.variant import Variant

__all__ = [
    "PreparedSubmission",
    "Sent",
    "check_parts",
    "check_released",
    "prepare",
    "recall",
]


@dataclass(frozen=True, slots=True)
class Sent:
    """A request to submit: the answers, the idempotency key if any, and the time of receipt."""

    answers: Mapping[str, Typed]
    key: str | None
    at: datetime


class PreparedSubmission(NamedTuple):
    """A submission before grading: its student, problem and variant.

    *recalled*: the rules came from the cache and may be stale.
    """

    known: Known
    seat: Seat
    sent: Sent
    variant: Variant
    recalled: bool

    def is_expensive(self, judging: Judging) -> bool:
        """Tell whether grading may take long: then it must not run on the event loop."""
        return is_expensive(self.sent.answers) or judging.is_slow(
            self.seat.drawn, self.sent.answers
        )

    def judge(self, judging: Judging) -> Entry:
        """Grade the submission and return it ready for the writer."""
        known, seat, sent = self.known, self.seat, self.sent
        course, problem_id = known.here.course, known.problem.row.id
        numbers: Style | None = course.numbers  # type: ignore[assignment]  # a style or none
        carried = seat.carried.get(seat.drawn.number, {})
        return Entry(
            author_id=known.author_id,
            student_id=known.student_id,
            course_id=course.id,
            assignment_id=known.here.assignment.id,
            problem_id=problem_id,
            problem=known.problem.row.slug,
            token_id=known.secret.token_id,
            drawn=seat.drawn,
            received_at=sent.at,
            answers=sent.answers,
            key=sent.key,
            judged=judging.judge(
                self.variant, seat.drawn, sent.answers, carried=carried, numbers=numbers
            ),
            carried=carried,
            seen=seat.sequence,
            numbers=numbers,
            print=fingerprint(problem_id, known.student_id, sent.answers),
            known=known,
            recalled=self.recalled,
        )


def prepare(
    session: Session, posed: Posed, sent: Sent, *, variants: Variants, memory: Memory
) -> PreparedSubmission | Accepted:
    """Return a submission ready for grading, or the reply to the same request made before.

    Nothing is decided here that others could change before the write: the writer checks limits and
    the deadline, and numbers the submission. The identity and state are cached for the next
    request.
    """
    member, problem = posed.member, posed.problem
    _check_hands_in(member)
    print_ = fingerprint(problem.id, member.student_id, sent.answers)
    replayed = find_replay(session, member.caller.id, sent.key, print_)
    if replayed is not None:
        return replayed
    check_released(session, posed, now=sent.at)
    asked = variants.problem(posed.version)
    check_parts(asked, sent.answers)
    _check_size(asked, sent.answers)
    known = known_of(session, posed, memory, parts=[part.id for part in asked.parts])
    first = drawn(posed, 0, student=member.student_id)
    key = Key(problem.id, member.student_id)
    seat = seats_of(session, {key: first}, stamps=known.stamps)[key]
    variant = variants.variant(session, seat.drawn.version_id, seat.drawn.position)
    memory.sit(known.ids.standing, seat)
    if not member.caller.view_as:
        memory.learn(known)
    if member.caller.seen_at is not None:
        memory.see(known.secret.digest, member.caller.seen_at)
    return PreparedSubmission(known, seat, sent, variant, recalled=False)


def recall(
    digest: bytes,
    assignment: UUID,
    problem: str,
    sent: Sent,
    *,
    variants: Variants,
    memory: Memory,
) -> PreparedSubmission | None:
    """Prepare a submission from the cache alone; *digest* is that of the caller's credential.

    Return None if the cache lacks something or the request is unusual: then use `prepare`.
    """
    known = memory.known(digest, assignment, problem)
    if known is None or not known.secret.is_good(memory.seen(known.secret), now=sent.at):
        return None
    seat = memory.seat(known.ids.standing)
    if seat is None or not sent.answers.keys() <= known.parts:
        return None
    variant = variants.kept(seat.drawn.version_id, seat.drawn.position)
    if variant is None or not known.rules.released(to_micros(sent.at)):
        return None
    if is_expensive(sent.answers) and _excess(variant.problem, sent.answers):
        return None
    return PreparedSubmission(known, seat, sent, variant, recalled=True)


def _check_hands_in(member: Member) -> None:
    if member.viewing:
        raise Forbidden("You look as a student; only the test student can hand in.")
    if member.is_staff:
        raise Forbidden("Staff hand in as the test student: send the header X-View-As: test.")


def check_parts(problem: Problem, answers: Mapping[str, Typed]) -> None:
    """Raise `Invalid` if *answers* name a part that the problem does not have."""
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


def _check_size(problem: Problem, answers: Mapping[str, Typed]) -> None:
    """Raise `TooLarge` if *answers* have more characters than all parts accept together."""
    if _excess(problem, answers) > 0:
        raise TooLarge(
            f"The answers have {text_length(answers.values()):,} characters, and the parts of this "
            f"problem take at most {_max_characters(problem):,} together. Shorten them."
        )


def _excess(problem: Problem, answers: Mapping[str, Typed]) -> int:
    """Return the number of characters in *answers* above the limit, 0 if there are none."""
    return max(0, text_length(answers.values()) - _max_characters(problem))


def _max_characters(problem: Problem) -> int:
    return sum(KINDS[part.kind].max_characters for part in problem.parts)


def check_released(session: Session, posed: Posed, *, now: datetime) -> None:
    """Raise `NotFound` if a student may not see the problems of an assignment yet."""
    member = posed.member
    if member.is_staff:
        return
    held = rules_of(session, member, [posed.assignment])[posed.assignment.id]
    if not held.released(to_micros(now)):
        raise NotFound(NO_PROBLEM)
