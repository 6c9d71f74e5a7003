"""Admission of submissions: attempts, deadline and late days, decided under the writer's locks."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.authorization import NO_PROBLEM
from api.core.clock import from_micros, to_micros
from api.core.errors import Conflict, NotFound, RateLimited, ServiceError
from api.core.ids import new_id
from api.db.models import (
    Assignment,
    AssignmentProblem,
    Draw,
)
from api.services.assignments.release import Shown, results_shown
from api.services.assignments.visible_verdicts import visible_status
from api.services.engine.judging_pool import is_expensive
from api.services.engine.variant_identity import numbers_at
from api.services.engine.variants import Variants
from api.services.grades import Key, PosedProblem, WholeAssignment, among, load_assignment
from api.services.submissions import late_days
from api.services.submissions.allowed import Allowed
from api.services.submissions.cache.memory import Seat, Stamps
from api.services.submissions.cache.states import seats_of
from api.services.submissions.drawn import Drawn
from api.services.submissions.entries import Entry, receipt_digest
from api.services.submissions.grading import Judging, heard_values
from api.services.submissions.stored_answers import stored_answers
from grader.grading.result import FREE
from grader.policy import Admission, Refused, Rules, admit

__all__ = ["GradeAgain", "Ground", "Situation", "Taken", "take"]

MOST_SUBMISSIONS: Final = 1_000
"""How many submissions a student may hand in to one problem."""
CHANGED: Final = "The problem was changed just now; look at it again, then answer."


@dataclass(frozen=True, slots=True)
class Ground:
    """Data by which the writer decides about an entry.

    *here* is the assignment with the rules of the student, *version_id* the version that grades,
    *seat* the student's state in the problem. *stamps* validate the result in the cache; None if it
    must not be cached.
    """

    here: WholeAssignment
    problem: PosedProblem
    seat: Seat
    version_id: UUID
    stamps: Stamps | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """An admitted entry, with the *ground* of the decision.

    *name* is *id* as text, as responses show it. *results* says whether the student sees verdicts
    at the time of receipt. *late_days* is the total spent on the assignment, this submission
    included. *is_spared*: the submission came after the due time, late days are left, and none was
    spent.
    """

    id: UUID
    name: str
    entry: Entry
    ground: Ground
    sequence: int
    admission: Admission
    rules: Rules
    results: Shown
    late_days: int = 0
    is_spared: bool = False

    @property
    def seat(self) -> Seat:
        """The student's state in the problem before this submission."""
        return self.ground.seat

    @property
    def assignment(self) -> Assignment:
        """The assignment of the submission."""
        return self.ground.here.assignment

    @property
    def receipt(self) -> str:
        """The SHA-256 digest of the receipt."""
        one = self.entry
        key = one.ids.names[:2]
        return receipt_digest(self.name, key, self.sequence, one.received_at, self.stored_answers)

    @property
    def stored_answers(self) -> dict[str, object]:
        """The answers by part in their stored form."""
        return stored_answers(self.entry.answers, self.entry.judged)


@dataclass(frozen=True, slots=True)
class Situation:
    """Admission data of entries without valid cached data, read for all of them at once."""

    allowed: Allowed
    heres: Mapping[UUID, WholeAssignment]
    seats: Mapping[Key, Seat]
    versions: Mapping[Key, UUID]
    posed: Collection[UUID]

    @classmethod
    def of(cls, session: Session, entries: Sequence[Entry], *, now: datetime) -> "Situation":
        """Read the data for *entries* in this transaction; no two may concern the same standing."""
        students: defaultdict[UUID, set[UUID]] = defaultdict(set)
        for one in entries:
            students[one.assignment_id].add(one.student_id)
        return cls(
            Allowed.of(session, entries, now=now),
            {one: load_assignment(session, one, those) for one, those in students.items()},
            seats_of(session, {one.standing: one.drawn for one in entries}, stamps={}),
            _versions(session, entries),
            _posed(session, entries),
        )

    def ground(self, entry: Entry) -> Ground:
        """Return the data for *entry*; raise a `ServiceError` if its author may not submit it."""
        self.allowed.check(entry)
        if entry.problem_id not in self.posed:
            raise NotFound(NO_PROBLEM)
        here, key = self.heres[entry.assignment_id], entry.standing
        problem = next(one for one in here.problems if one.row.id == entry.problem_id)
        return Ground(here, problem, self.seats[key], self.versions[key])


def _posed(session: Session, entries: Sequence[Entry]) -> frozenset[UUID]:
    """Return the problems of *entries* that are not removed, in assignments that are published."""
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
    """Return the version that grades each entry; a regrade may just have replaced it."""
    pinned = session.execute(
        select(AssignmentProblem.id, AssignmentProblem.version_id).where(
            AssignmentProblem.id.in_({one.problem_id for one in entries})
        )
    )
    pins = {row[0]: row[1] for row in pinned}
    drawn = session.execute(
        select(Draw.problem_id, Draw.student_id, Draw.number, Draw.version_id).where(
            among(Draw.problem_id, Draw.student_id, [one.standing for one in entries])
        )
    )
    draws = {(row[0], row[1], row[2]): row[3] for row in drawn}
    return {
        one.standing: draws.get((*one.standing, one.drawn.number), pins[one.problem_id])
        for one in entries
    }


def take(
    session: Session, entry: Entry, ground: Ground, *, variants: Variants, judging: Judging
) -> Taken:
    """Admit *entry*; grade it again if the student submitted an earlier part in the meantime.

    The entry was graded outside of the transaction, from a snapshot. Its version or the answers
    that it carries forward may have changed since.
    """
    seat, here = ground.seat, ground.here
    if seat.sequence >= MOST_SUBMISSIONS:
        raise Conflict(
            f"There are {MOST_SUBMISSIONS} submissions to this problem; ask your instructor."
        )
    if ground.version_id != entry.drawn.version_id:
        entry = entry._replace(drawn=_moved(session, entry, ground.version_id), seen=-1)
    if seat.sequence != entry.seen:
        entry = _judged_again(session, entry, seat, variants=variants, judging=judging)
    admitted = _admitted(session, entry, ground)
    if admitted.late_days:
        late_days.spend(
            session,
            here.assignment,
            entry.student_id,
            days=admitted.late_days,
            at=entry.received_at,
        )
    made = new_id()
    return Taken(made, str(made), entry, ground, seat.sequence + 1, **admitted._asdict())


class _Admitted(NamedTuple):
    """The admission of an entry: the rules applied, and the total of late days spent."""

    admission: Admission
    rules: Rules
    results: Shown
    late_days: int = 0
    is_spared: bool = False


def _admitted(session: Session, entry: Entry, ground: Ground) -> _Admitted:
    """Return the admission of *entry*; raise the error that its author reads.

    Late days are spent on an answer that may count. While some are left, an answer that does not
    count, such as an unreadable one, is admitted without spending them. Whether it may count
    depends on the results that the student would see after spending them: they may be hidden again.
    """
    assignment, seat = ground.here.assignment, ground.seat
    rules, days = ground.here.rules[entry.student_id], 0
    results = results_shown(assignment, rules, now=entry.received_at)
    credit = rules.late_credit(to_micros(entry.received_at))
    if credit == 1 or not assignment.timeline.get("late_days"):
        return _Admitted(_admit(rules, entry, seat, results=results), rules, results)
    bridged, days = late_days.with_late_days(
        session, assignment, student=entry.student_id, at=entry.received_at
    )
    afterwards = results_shown(assignment, bridged, now=entry.received_at)
    admission = _admit(bridged, entry, seat, results=afterwards)
    if _is_new(entry, seat, afterwards):
        return _Admitted(admission, bridged, afterwards, days)
    late = credit or Fraction(0)
    return _Admitted(replace(admission, late=late), rules, results, is_spared=days > 0)


def _moved(session: Session, entry: Entry, version_id: UUID) -> Drawn:
    """Return the draw in the new version; raise `Conflict` if the numbers differ there."""
    old = entry.drawn
    mine = numbers_at(session, old.version_id, old.position)
    if numbers_at(session, version_id, old.position) != mine:
        raise Conflict(CHANGED)
    return replace(old, version_id=version_id)


def _is_new(entry: Entry, seat: Seat, results: Shown) -> bool:
    """Tell whether any answer may count: readable, and different from all earlier ones."""
    return any(
        visible_status(one.status, one.misfit, results=results) not in FREE
        and all(one.value != other.value for other in seat.given.get(part, ()))
        for part, one in entry.judged.items()
    )


class GradeAgain(Exception):  # noqa: N818  # it asks for another try
    """An entry has to be graded again, which takes too long for a transaction of the writer."""


def _judged_again(
    session: Session, entry: Entry, seat: Seat, *, variants: Variants, judging: Judging
) -> Entry:
    """Grade *entry* again with the answers stored since; skip it if the parts use none of them.

    Raises `GradeAgain` if grading may take long, because the writer holds its locks meanwhile.
    """
    drawn, carried = entry.drawn, seat.carried.get(entry.drawn.number, {})
    variant = variants.variant(session, drawn.version_id, drawn.position)
    if entry.seen >= 0:
        before, now = (
            heard_values(variant, entry.answers, one) for one in (entry.carried, carried)
        )
        if before == now:
            return entry._replace(seen=seat.sequence)
    if is_expensive(entry.answers) or judging.is_slow(drawn, entry.answers):
        raise GradeAgain
    judged = judging.judge(variant, drawn, entry.answers, carried=carried, numbers=entry.numbers)
    if judged.keys() != entry.answers.keys():
        raise Conflict(CHANGED)
    return entry._replace(judged=judged, carried=carried, seen=seat.sequence)


def _admit(held: Rules, entry: Entry, seat: Seat, *, results: Shown) -> Admission:
    """Apply the policy to *entry*; raise the error that its author reads if it refuses."""
    try:
        return admit(
            held,
            to_micros(entry.received_at),
            answers={
                part: one.offered(results_shown=results.now) for part, one in entry.judged.items()
            },
            earlier=seat.given,
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
