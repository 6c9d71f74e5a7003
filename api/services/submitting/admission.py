"""Whether a submission is taken, decided by what the writer's transaction sees."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from api.clock import from_micros, to_micros
from api.errors import Conflict, NotFound, RateLimited, ServiceError
from api.ids import new_id
from api.services.access import NO_PROBLEM
from api.services.rules import rules_for
from api.services.standings import Key, answered, earlier_answers
from api.services.submitting import late_days
from api.services.submitting.allowed import Allowed
from api.services.submitting.entries import Drawn, Entry, receipt_digest
from api.services.submitting.judging import carried_by, judge
from api.services.variants import Variants
from api.tables import (
    Answer,
    Assignment,
    AssignmentProblem,
    Course,
    Draw,
    ProblemVersion,
)
from grader.json_values import to_json
from grader.policy import Admission, Refused, Rules, admit

__all__ = ["MOST_SUBMISSIONS", "Situation", "Taken", "take"]

MOST_SUBMISSIONS: Final = 1_000
"""How many submissions a student may hand in to one problem."""
CHANGED: Final = "The problem was changed just now; look at it again, then answer."


@dataclass(frozen=True, slots=True)
class Taken:
    """An entry that is admitted, for which *late_days* were spent, all in all."""

    id: UUID
    entry: Entry
    assignment: Assignment
    sequence: int
    admission: Admission
    rules: Rules
    late_days: int = 0

    @property
    def receipt(self) -> str:
        """The digest of the receipt."""
        one = self.entry
        answers = {part: to_json(typed) for part, typed in one.answers.items()}
        return receipt_digest(self.id, one.standing, self.sequence, one.received_at, answers)


@dataclass(frozen=True, slots=True)
class Situation:
    """What a turn of entries is decided by, read at once for all of them."""

    allowed: Allowed
    assignments: Mapping[UUID, Assignment]
    rules: Mapping[tuple[UUID, UUID], Rules]
    earlier: Mapping[Key, Sequence[Answer]]
    versions: Mapping[Key, UUID]
    posed: Collection[UUID]

    @classmethod
    def of(cls, session: Session, entries: Sequence[Entry], *, now: datetime) -> "Situation":
        """Return what holds for *entries* in this transaction."""
        assignments: dict[UUID, Assignment] = {}
        held: dict[tuple[UUID, UUID], Rules] = {}
        for assignment_id in {one.assignment_id for one in entries}:
            assignment = session.get_one(Assignment, assignment_id)
            course = session.get_one(Course, assignment.course_id)
            students = {one.student_id for one in entries if one.assignment_id == assignment_id}
            assignments[assignment_id] = assignment
            found = rules_for(session, assignment, course, students)
            held |= {(assignment_id, student): one for student, one in found.items()}
        earlier = earlier_answers(session, [entry.standing for entry in entries])
        versions = _versions(session, entries)
        allowed, posed = Allowed.of(session, entries, now=now), _posed(session, entries)
        return cls(allowed, assignments, held, earlier, versions, posed)


def _posed(session: Session, entries: Sequence[Entry]) -> frozenset[UUID]:
    """Return the problems that students may still answer: others may have been taken away."""
    found = session.scalars(
        select(AssignmentProblem.id)
        .join(Assignment, Assignment.id == AssignmentProblem.assignment_id)
        .where(
            AssignmentProblem.id.in_({one.problem_id for one in entries}),
            AssignmentProblem.removed_at.is_(None),
            Assignment.deleted_at.is_(None),
            Assignment.published_at.is_not(None),
        )
    )
    return frozenset(found)


def _versions(session: Session, entries: Sequence[Entry]) -> dict[Key, UUID]:
    """Return the version that judges each entry: a regrade may just have brought another."""
    pinned = session.execute(
        select(AssignmentProblem.id, AssignmentProblem.version_id).where(
            AssignmentProblem.id.in_({one.problem_id for one in entries})
        )
    )
    pins = {row[0]: row[1] for row in pinned}
    drawn = session.execute(
        select(Draw.problem_id, Draw.student_id, Draw.number, Draw.version_id).where(
            tuple_(Draw.problem_id, Draw.student_id).in_([one.standing for one in entries])
        )
    )
    draws = {(row[0], row[1], row[2]): row[3] for row in drawn}
    return {
        one.standing: draws.get((*one.standing, one.drawn.number), pins[one.problem_id])
        for one in entries
    }


def take(session: Session, entry: Entry, here: Situation, *, variants: Variants) -> Taken:
    """Return *entry* admitted, judged again where an answer came since it was judged."""
    here.allowed.check(entry)
    if entry.problem_id not in here.posed:
        raise NotFound(NO_PROBLEM)
    earlier = here.earlier[entry.standing]
    sequence = earlier[-1].sequence if earlier else 0
    if sequence >= MOST_SUBMISSIONS:
        raise Conflict(
            f"There are {MOST_SUBMISSIONS} submissions to this problem; ask your instructor."
        )
    version = here.versions[entry.standing]
    if version != entry.drawn.version_id:
        entry = replace(entry, drawn=_moved(session, entry, version), seen=-1)
    if sequence != entry.seen:
        entry = _judged_again(session, entry, earlier, variants=variants)
    assignment = here.assignments[entry.assignment_id]
    held, days = here.rules[entry.assignment_id, entry.student_id], 0
    if _is_new(entry, earlier) and held.late_credit(to_micros(entry.received_at)) != 1:
        held, days = late_days.with_late_days(
            session, assignment, student=entry.student_id, at=entry.received_at
        )
    admission = _admit(held, entry, earlier)
    if days:
        late_days.spend(session, assignment, entry.student_id, days=days, at=entry.received_at)
    return Taken(new_id(), entry, assignment, sequence + 1, admission, held, days)


def _moved(session: Session, entry: Entry, version_id: UUID) -> Drawn:
    """Return the numbers of an entry in another version, which came while it was judged."""
    old = session.get_one(ProblemVersion, entry.drawn.version_id)
    if session.get_one(ProblemVersion, version_id).draw_hash != old.draw_hash:
        raise Conflict(CHANGED)
    return replace(entry.drawn, version_id=version_id)


def _is_new(entry: Entry, earlier: Sequence[Answer]) -> bool:
    """Tell whether there is an answer that may count: readable, and not given before."""
    given = {(row.part, row.value) for row in earlier}
    return any(one.value and (part, one.value) not in given for part, one in entry.judged.items())


def _judged_again(
    session: Session, entry: Entry, earlier: Sequence[Answer], *, variants: Variants
) -> Entry:
    drawn = entry.drawn
    judged = judge(
        variants.variant(session, drawn.version_id, drawn.position),
        entry.answers,
        carried=carried_by(earlier, draw=drawn.number),
        numbers=entry.numbers,
        draw=drawn.number,
    )
    if judged.keys() != entry.answers.keys():
        raise Conflict(CHANGED)
    return replace(entry, judged=judged, seen=earlier[-1].sequence if earlier else 0)


def _admit(held: Rules, entry: Entry, earlier: Sequence[Answer]) -> Admission:
    """Return how *entry* is admitted, or raise the error that its author reads."""
    by_part = {
        part: [answered(row) for row in earlier if row.part == part] for part in entry.judged
    }
    try:
        return admit(
            held,
            to_micros(entry.received_at),
            answers={part: one.offered for part, one in entry.judged.items()},
            earlier=by_part,
        )
    except Refused as refused:
        raise _refusal(refused, entry) from refused


def _refusal(refused: Refused, entry: Entry) -> ServiceError:
    match refused.code:
        case "not_released":
            return NotFound(NO_PROBLEM)
        case "deadline_passed" | "attempts_exhausted":
            return Conflict(refused.said, code=refused.code)
        case "cool_down":
            again = from_micros(refused.retry_at or 0)
            wait = max(1, -int((entry.received_at - again).total_seconds() // 1))
            return RateLimited(refused.said, code="cool_down", retry_after=wait)
