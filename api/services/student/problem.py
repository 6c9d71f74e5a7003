"""A problem as one student sees it: the question with its numbers, and the student's progress."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from api.core.clock import from_micros
from api.db.engine import find_one
from api.db.models import Answer, GradeChange, Grading, Notice, Standing
from api.schemas.student.problem import LastAnswer, NoticeView, PartView, ProblemView
from api.schemas.student.submissions import ProblemScore
from api.services.assignments.visible_verdicts import visible_status
from api.services.engine.variants import Variants
from api.services.grades import answered, earlier_answers
from api.services.student.drafts import draft_of
from api.services.student.outcomes import misfit_of, stored
from api.services.student.points import Points, overrides_on
from api.services.student.problem_session import Seat, solutions_of
from api.services.student.questions import asked, numbers, statement
from api.services.student.times import times
from grader.json_values import from_json
from grader.policy import attempts_used, next_attempt_at
from grader.reading import Typed
from grader.variants.variant import Variant

__all__ = ["problem_view", "score_of"]

STANDING: Final = select(Standing).where(
    Standing.problem_id == bindparam("problem_id"), Standing.student_id == bindparam("student_id")
)
GRADINGS: Final = select(Grading).where(Grading.id.in_(bindparam("ids", expanding=True)))
NOTICES: Final = (
    select(Notice)
    .where(Notice.problem_id == bindparam("problem"), Notice.withdrawn_at.is_(None))
    .order_by(Notice.created_at, Notice.id)
)


@dataclass(frozen=True, slots=True)
class _Work:
    """A student's work on a problem: the answers by part, in order, and the progress.

    *typed* holds the answers of submissions as typed; *misfits* says, by answer, how the last
    answers differ from the expected form.
    """

    answers: Mapping[str, Sequence[Answer]]
    typed: Mapping[UUID, Mapping[str, Typed]]
    misfits: Mapping[UUID, str]
    standing: Standing | None


def problem_view(session: Session, seat: Seat, *, variants: Variants) -> ProblemView:
    """Return the problem of the session *seat*, limited to what its student may see now."""
    posed, variant = seat.posed, seat.variant(session, variants)
    work = _work(session, seat)
    points = Points.of(session, seat, work.standing)
    results, solutions = seat.results, solutions_of(session, seat)
    is_renewable = posed.assignment.variants == "each_after"
    return ProblemView(
        assignment=posed.assignment.id,
        course=posed.member.course.id,
        problem=posed.problem.slug,
        title=variant.problem.title,
        statement=statement(variant),
        numbers=numbers(variant),
        parts=_parts(seat, variant, work, points),
        draw=None if seat.preview else seat.drawn.number,
        opened_at=seat.now if seat.is_first_sight else seat.opened_at,
        draft=draft_of(session, seat.key),
        notices=_notices(session, seat),
        times=times(seat.rules, posed.member.course.zone, now=seat.now),
        attempts=seat.rules.attempts,
        cool_down_seconds=seat.rules.cool_down // 1_000_000,
        new_numbers_after=posed.assignment.new_after if is_renewable else None,
        results_shown=results.now,
        results_from=None if results.now else results.since,
        solutions_shown=solutions.now,
        solutions_from=None if solutions.now else solutions.since,
        standing=points.score if results.now else None,
        overrides=overrides_on(session, seat) if results.now else (),
    )


def score_of(standing: Standing | None) -> ProblemScore | None:
    """Return a student's score in a problem; None without a submission."""
    if standing is None or standing.score is None:
        return None
    return ProblemScore(
        score=standing.score, possible=standing.possible or Fraction(0), waiting=standing.waiting
    )


def _work(session: Session, seat: Seat) -> _Work:
    found: dict[str, list[Answer]] = {}
    for row in earlier_answers(session, [seat.key])[seat.key]:
        found.setdefault(row.part, []).append(row)
    answers = [rows[-1] for rows in found.values()]
    last = {row.submission_id for row in answers}
    typed = {
        one.id: {part: from_json(told) for part, told in one.answers.items()}
        for one in stored(session, last)
    }
    standing = find_one(session, STANDING, **seat.key._asdict())
    misfits = {} if seat.results.now else _misfits(session, answers)
    return _Work(found, typed, misfits, standing[0] if standing else None)


def _misfits(session: Session, answers: Sequence[Answer]) -> dict[UUID, str]:
    """Return, by answer, how its form differs from the expected one."""
    rows = session.scalars(GRADINGS, {"ids": [one.grading_id for one in answers]})
    gradings = {row.id: row for row in rows}
    return {one.id: misfit_of(one, gradings[one.grading_id]) for one in answers}


def _parts(seat: Seat, variant: Variant, work: _Work, points: Points) -> tuple[PartView, ...]:
    results = seat.results
    return tuple(
        PartView(
            **dict(asked(part, variant)),
            **_attempts(seat, work.answers.get(part.id, ())),
            voided=seat.posed.problem.voided.get(part.id, ""),
            standing=points.part(part.id) if results.now else None,
            last=_last(seat, work, part.id),
        )
        for part in variant.problem.parts
    )


def _attempts(seat: Seat, rows: Sequence[Answer]) -> dict[str, Any]:
    """Return how many attempts at a part are used and left, and when the cool-down ends."""
    earlier = [answered(row) for row in rows]
    used, then = attempts_used(earlier), next_attempt_at(seat.rules, earlier)
    wait = None if then is None else from_micros(then)
    return {
        "attempts_used": used,
        "attempts_left": seat.rules.attempts_left(used),
        "wait_until": wait if wait is not None and wait > seat.now else None,
    }


def _last(seat: Seat, work: _Work, part: str) -> LastAnswer | None:
    """Return the last answer to a part, unless it was for other numbers."""
    rows = work.answers.get(part, ())
    if not rows or rows[-1].draw != seat.drawn.number:
        return None
    row = rows[-1]
    return LastAnswer(
        submission=row.submission_id,
        sequence=row.sequence,
        received_at=row.received_at,
        typed=work.typed[row.submission_id].get(part),
        read_as=row.shown,
        status=visible_status(row.status, work.misfits.get(row.id, ""), results=seat.results),
    )


def _notices(session: Session, seat: Seat) -> tuple[NoticeView, ...]:
    """Return the notices, with what the student's grade gained by their regrades."""
    rows = session.scalars(NOTICES, {"problem": seat.posed.problem.id}).all()
    gains = _gains(session, seat, [row.regrade_id for row in rows if row.regrade_id is not None])
    return tuple(
        NoticeView(
            text=row.text,
            at=row.created_at,
            gained=gains.get(row.regrade_id) if row.regrade_id and seat.results.now else None,
        )
        for row in rows
    )


def _gains(session: Session, seat: Seat, regrades: Sequence[UUID]) -> dict[UUID, Fraction]:
    """Return by how much each regrade changed the student's assignment grade, after any undo."""
    found: dict[UUID, Fraction] = dict.fromkeys(regrades, Fraction(0))
    if not regrades:
        return found
    changes = session.scalars(
        select(GradeChange).where(
            GradeChange.assignment_id == seat.posed.assignment.id,
            GradeChange.student_id == seat.student_id,
            GradeChange.cause_id.in_(regrades),
        )
    )
    for change in changes:
        if change.cause_id is not None:
            found[change.cause_id] += (change.after or 0) - (change.before or 0)
    return found
